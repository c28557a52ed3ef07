#!/bin/bash
# Installs the Debian packages that are missing, by group:
#   scripts/install-deps.sh [build] [test] [lint] [fuzz] [bench]      (default: build)
# Asks dpkg first: when all is there it neither needs the network nor root.
set -euo pipefail

declare -A GROUPS_=(
	[build]="gcc libc6-dev make libevent-dev libcurl4-openssl-dev libssl-dev libsqlite3-dev
		libcjson-dev libxgboost-dev libwslay-dev zlib1g-dev sqlite3 ca-certificates curl"
	[test]="libcmocka-dev python3"
	[lint]="clang clang-format clang-tidy cppcheck shellcheck"
	[fuzz]="clang libclang-rt-14-dev"
	[bench]="wrk nginx-light"
)

fail() {
	echo "install-deps: $*" >&2
	exit 1
}

installed() {
	[[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]] && return
	# nginx-light may be there as another nginx
	[[ $1 == nginx-light ]] && command -v nginx >/dev/null
}

missing=()
for group in "${@:-build}"; do
	[[ -v GROUPS_[$group] ]] || fail "no group '$group'; there are: ${!GROUPS_[*]}"
	for package in ${GROUPS_[$group]}; do
		command -v dpkg-query >/dev/null ||
			fail "this system has no dpkg; install by hand what Debian calls: ${GROUPS_[$group]}"
		installed "$package" || missing+=("$package")
	done
done
[[ ${#missing[@]} -gt 0 ]] || exit 0

by_hand="install them by hand: apt-get install ${missing[*]}"
as_root=()
if [[ $(id -u) -ne 0 ]]; then
	command -v sudo >/dev/null ||
		fail "these packages are missing and this is neither root nor is there sudo; as root, $by_hand"
	as_root=(sudo)
fi

echo "install-deps: installing ${missing[*]}" >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt() {
	"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o Acquire::Retries=3 \
		-o DPkg::Lock::Timeout=120 -o APT::Update::Error-Mode=any "$@" >"$log" 2>&1 && return
	tail -n 20 "$log" >&2
	return 1
}
# The package lists may be old but good enough; only a failure without them counts.
apt update || echo "install-deps: apt-get update failed (above); trying with the lists at hand" >&2
apt install -y --no-install-recommends "${missing[@]}" ||
	fail "apt-get could not install the packages (above); check the network and /etc/apt, or $by_hand"
