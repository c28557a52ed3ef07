# shellcheck shell=bash
# deploy.sh --native: systemd instead of Docker. Sourced by deploy.sh.

native() {
	fail "--native $1 is not in this version yet"
}
