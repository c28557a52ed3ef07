#!/bin/bash
# Makes sure that the images' base is there: pulls debian:bookworm-slim, and where no
# registry can be reached makes a stand-in of the same name with debootstrap (as root),
# cut down as Debian's slim image is. The stand-in is kept: docker rmi removes it.
#   tests/docker/base-image.sh [IMAGE]          (default debian:bookworm-slim)
set -euo pipefail

image=${1:-debian:bookworm-slim}

docker image inspect "$image" >/dev/null 2>&1 && exit 0
why=$(timeout 120 docker pull "$image" 2>&1) && exit 0
echo "base-image: can't pull $image (${why##*$'\n'}); making a stand-in"
[[ $(id -u) -eq 0 ]] || { echo "base-image: debootstrap needs root" >&2; exit 1; }

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
debootstrap --variant=minbase bookworm "$root" ${APT_MIRROR:+"$APT_MIRROR"} >"$root.log" 2>&1 || {
	tail -n 20 "$root.log" >&2
	rm -f "$root.log"
	exit 1
}
rm -f "$root.log"
mirror=$(awk '$1 == "deb" { print $2; exit }' "$root/etc/apt/sources.list")	# as debootstrap used it
cat >"$root/etc/dpkg/dpkg.cfg.d/docker" <<'CFG'
path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/man/*
path-exclude /usr/share/locale/*
path-exclude /usr/share/info/*
path-exclude /usr/share/groff/*
path-exclude /usr/share/lintian/*
CFG
printf 'deb %s bookworm main\ndeb %s bookworm-updates main\ndeb %s bookworm-security main\n' \
	"$mirror" "$mirror" "${mirror%/debian}/debian-security" >"$root/etc/apt/sources.list"
find "$root/usr/share/doc" -type f ! -name copyright -delete
find "$root/usr/share/doc" -type l -delete
rm -rf "$root"/usr/share/{man,locale,info,groff,lintian}/* "$root"/var/cache/apt/* \
	"$root"/var/lib/apt/lists/* "$root"/var/log/*
tar -C "$root" -c . | docker import --change 'CMD ["bash"]' \
	--change 'LABEL trading-bot.stand-in=1' - "$image" >/dev/null
echo "base-image: $image is a stand-in made from $mirror"
