#!/bin/bash
# Installs the Debian packages that are missing, by group:
#   scripts/install-deps.sh [GROUP ...]      (the groups stand below; default: build)
# Asks dpkg first: when all is there it neither needs the network nor root. The group
# test also has packages of npm (tests/node/package-lock.json), which stay below tests/node,
# and programs that are only unpacked (scripts/fetch-tools.sh), below build/tools.
set -euo pipefail

declare -A GROUPS_=(
	[build]="gcc libc6-dev make libevent-dev libcurl4-openssl-dev libssl-dev libsqlite3-dev
		libcjson-dev libxgboost-dev libwslay-dev zlib1g-dev sqlite3 ca-certificates curl"
	[test]="libcmocka-dev python3 nodejs npm"
	[lint]="clang clang-format clang-tidy cppcheck shellcheck"
	[fuzz]="clang libclang-rt-14-dev"
	[coverage]="gcovr"
	[bench]="wrk nginx-light python3-fastapi python3-uvicorn python3-uvloop
		python3-httptools valgrind"
	[engine]="docker.io docker-compose"
	[docker]="docker.io docker-compose debootstrap iptables python3"
	# what the programs need to run, as docker/Dockerfile puts them into its images
	[runtime]="ca-certificates sqlite3 libsqlite3-0 libcjson1 libssl3 libevent-2.1-7"
	[runtime-api]="libevent-openssl-2.1-7 libwslay1"
	[runtime-worker]="libxgboost0 libgomp1 zlib1g libcurl4"
)

fail() {
	echo "install-deps: $*" >&2
	exit 1
}

installed() {
	[[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]] && return
	# nginx-light may be there as another nginx
	[[ $1 == nginx-light ]] && command -v nginx >/dev/null && return
	# Docker may come from elsewhere, with its own compose
	[[ $1 == docker.io ]] && command -v dockerd >/dev/null && return
	[[ $1 == docker-compose ]] && docker compose version >/dev/null 2>&1 && return
	# node and npm may come from elsewhere, which Debian's npm would not go with
	[[ $1 == nodejs ]] && command -v node >/dev/null && return
	[[ $1 == npm ]] && command -v npm >/dev/null
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
as_root=()
apt() {
	"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o Acquire::Retries=3 \
		-o DPkg::Lock::Timeout=120 -o APT::Update::Error-Mode=any "$@" >"$log" 2>&1 && return
	tail -n 20 "$log" >&2
	return 1
}

debian_packages() {
	local by_hand="install them by hand: apt-get install $*"
	if [[ $(id -u) -ne 0 ]]; then
		command -v sudo >/dev/null ||
			fail "these packages are missing and this is neither root nor is there sudo; as root, $by_hand"
		as_root=(sudo)
	fi
	echo "install-deps: installing $*" >&2
	# The package lists may be old but good enough; only a failure without them counts.
	apt update || echo "install-deps: apt-get update failed (above); trying with the lists at hand" >&2
	apt install -y --no-install-recommends "$@" ||
		fail "apt-get could not install the packages (above); check the network and /etc/apt, or $by_hand"
}

# What was installed last is noted beside it: no network unless the list has changed.
node_packages() {
	cmp -s package-lock.json node_modules/.installed && return
	echo "install-deps: installing the npm packages of tests/node" >&2
	local pause
	for pause in 5 20 0; do		# a registry may be away for a moment
		if npm ci --ignore-scripts >"$log" 2>&1; then
			cp package-lock.json node_modules/.installed
			return
		fi
		sleep $pause
	done
	# the other tests are worth running; the ones that need these say so
	tail -n 20 "$log" >&2
	echo "install-deps: npm failed (above); test_openapi.py, test_clients.py and test_delivery.py will fail" >&2
}

# The package lists may be missing: a fresh container has none.
tools() {
	scripts/fetch-tools.sh 2>"$log" && return
	apt update || true
	scripts/fetch-tools.sh ||
		echo "install-deps: no tools (above); test_monitoring.py and test_proxy.py will fail" >&2
}

missing=()
node=''
for group in "${@:-build}"; do
	[[ -v GROUPS_[$group] ]] || fail "no group '$group'; there are: ${!GROUPS_[*]}"
	[[ $group != test ]] || node=yes
	for package in ${GROUPS_[$group]}; do
		command -v dpkg-query >/dev/null ||
			fail "this system has no dpkg; install by hand what Debian calls: ${GROUPS_[$group]}"
		installed "$package" || missing+=("$package")
	done
done
[[ ${#missing[@]} -eq 0 ]] || debian_packages "${missing[@]}"
if [[ $node ]]; then
	cd "$(dirname "$0")/.."
	tools
	cd tests/node
	node_packages
fi
