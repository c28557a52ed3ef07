#!/bin/bash
# Inside an image's build, around an installation of packages.
#   prepare-apt.sh           APT_MIRROR in force; certificates of docker/ca trusted by apt
#   prepare-apt.sh --clean   what a layer does not need to carry
set -euo pipefail

if [[ ${1:-} == --clean ]]; then
	rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/cache/apt/archives/*.deb \
		/var/log/apt /var/log/dpkg.log /var/log/alternatives.log /var/cache/debconf/*-old \
		/var/cache/ldconfig/aux-cache
	exit 0
fi

if [[ ${APT_MIRROR:-} ]]; then
	for list in /etc/apt/sources.list /etc/apt/sources.list.d/debian.sources; do
		[[ ! -e $list ]] || sed -i "s#https\?://[^[:space:]]*/debian/\?\([[:space:]]\|\$\)#${APT_MIRROR%/}\1#" "$list"
	done
fi

# an https mirror behind a company's proxy, before the package ca-certificates is there
shopt -s nullglob
extra=(/usr/local/share/ca-certificates/*.crt)
if [[ ${#extra[@]} -gt 0 && ! -e /etc/ssl/certs/ca-certificates.crt ]]; then
	install -d /etc/ssl/extra
	cat "${extra[@]}" >/etc/ssl/extra/ca.pem
	echo 'Acquire::https::CaInfo "/etc/ssl/extra/ca.pem";' >/etc/apt/apt.conf.d/90extra-ca
elif [[ -e /etc/ssl/certs/ca-certificates.crt ]]; then
	rm -f /etc/apt/apt.conf.d/90extra-ca
	[[ ${#extra[@]} -eq 0 ]] || update-ca-certificates >/dev/null
fi
