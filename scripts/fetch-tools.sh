#!/bin/bash
# Puts promtool, prometheus and nginx of Debian's packages into build/tools, for the tests
# of docker/monitoring and docker/proxy. Unpacked, not installed: a package would start a
# server. What is installed already is used.
set -euo pipefail
cd "$(dirname "$0")/.."

tools=$PWD/build/tools
PATH=$PATH:/usr/sbin
mkdir -p "$tools"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
chmod 755 "$scratch"

# fetch PACKAGE FILE...: in place only when whole
fetch() {
	local package=$1 missing='' file
	shift
	for file in "$@"; do
		[[ -x $tools/${file##*/} ]] && continue
		if command -v "${file##*/}" >/dev/null; then
			ln -sf "$(command -v "${file##*/}")" "$tools/"
		else
			missing=yes
		fi
	done
	[[ $missing ]] || return 0
	mkdir "$scratch/$package"
	cd "$scratch/$package"
	apt-get -o Acquire::Retries=3 download "$package" >log 2>&1 || {
		tail -n 5 log >&2
		echo "fetch-tools: apt-get could not download the package $package (above)" >&2
		exit 1
	}
	dpkg-deb --fsys-tarfile "$package"_*.deb | tar -x "${@/#/.}"
	for file in "$@"; do
		[[ -x $tools/${file##*/} ]] || {
			cp ".$file" "$tools/${file##*/}.part"
			mv "$tools/${file##*/}.part" "$tools/${file##*/}"
		}
	done
	cd "$OLDPWD"
}

fetch prometheus /usr/bin/promtool /usr/bin/prometheus
fetch nginx /usr/sbin/nginx
