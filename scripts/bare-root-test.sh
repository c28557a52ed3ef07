#!/bin/bash
# Proves "make run" and "make test" on a machine where nothing is installed: a fresh
# Debian 12 in a folder, entered with chroot. Needs root, debootstrap and the network.
#   scripts/bare-root-test.sh [FOLDER]          (default /tmp/bare-root; kept, see below)
# FOLDER is thrown away first when it exists and holds a former run.
set -euo pipefail
cd "$(dirname "$0")/.."

root=${1:-/tmp/bare-root}
marker=$root/.bare-root-test
port=${API_PORT:-13379}

[[ $(id -u) -eq 0 ]] || { echo "bare-root-test: needs root (chroot, mount)" >&2; exit 1; }
command -v debootstrap >/dev/null || { echo "bare-root-test: apt-get install debootstrap" >&2; exit 1; }

unmount() {
	local m
	for m in proc dev/shm dev; do
		! mountpoint -q "$root/$m" || umount -l "$root/$m"
	done
}
trap unmount EXIT

if [[ -e $root ]]; then
	[[ -e $marker ]] || { echo "bare-root-test: $root is not a former run's folder" >&2; exit 1; }
	unmount
	rm -rf "$root"
fi
mkdir -p "$root"
touch "$marker"

echo "== a bare Debian 12 in $root"
debootstrap --variant=minbase bookworm "$root" >"$root/.debootstrap.log" 2>&1 ||
	{ tail "$root/.debootstrap.log" >&2; exit 1; }
# how this machine reaches its package mirror: sources, proxies, certificates
mkdir -p "$root/etc/apt/apt.conf.d" "$root/etc/ssl/certs"
cp -r /etc/apt/apt.conf.d/. "$root/etc/apt/apt.conf.d/"
[[ ! -e /etc/apt/sources.list.d/debian.sources ]] || {
	rm -f "$root/etc/apt/sources.list"
	cp /etc/apt/sources.list.d/debian.sources "$root/etc/apt/sources.list.d/"
}
cp /etc/resolv.conf /etc/hosts "$root/etc/"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --make-rslave "$root/dev"

in_root=(env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb)
for v in http_proxy https_proxy; do
	[[ ! -v $v ]] || in_root+=("$v=${!v}")
done
if [[ -r ${NODE_EXTRA_CA_CERTS:-} ]]; then	# behind a proxy that opens TLS
	cp "$NODE_EXTRA_CA_CERTS" "$root/etc/ssl/machine-ca.crt"
	in_root+=(NODE_EXTRA_CA_CERTS=/etc/ssl/machine-ca.crt)
fi
in_root+=(chroot "$root")

echo "== only make and git"
"${in_root[@]}" sh -c 'apt-get update && apt-get install -y --no-install-recommends make git' \
	>"$root/.apt.log" 2>&1 || { tail "$root/.apt.log" >&2; exit 1; }
git clone --quiet . "$root/src"
"${in_root[@]}" git config --global --add safe.directory /src

echo "== make run"
"${in_root[@]}" make -C /src run API_PORT="$port" >"$root/run.log" 2>&1 &
run=$!
started=$SECONDS
trades=''
until [[ $trades -gt 0 ]]; do
	if ! kill -0 $run 2>/dev/null; then
		tail -n 40 "$root/run.log"
		echo "bare-root-test: make run ended by itself" >&2
		exit 1
	fi
	[[ $((SECONDS - started)) -lt 900 ]] || { echo "bare-root-test: no trade in 15 minutes" >&2; kill $run; exit 1; }
	sleep 0.5
	trades=$("${in_root[@]}" sqlite3 -readonly /src/data/app.db \
		"select count(*) from trading_orders where filled > 0" 2>/dev/null) || trades=0
done
echo "first trade $((SECONDS - started)) s after the command, installing and building included"
"${in_root[@]}" bash -c "TOKEN=\$(cat /src/data/api_token)
	curl -s -H \"Authorization: Bearer \$TOKEN\" localhost:$port/api/v1/status; echo
	curl -s -X POST -H \"Authorization: Bearer \$TOKEN\" localhost:$port/api/v1/bot/pause; echo
	sqlite3 /src/data/app.db 'select * from trading_orders order by id desc limit 5'"
kill -TERM $run
wait $run || true
grep -q 'run: stopped' "$root/run.log" || { echo "bare-root-test: make run did not stop cleanly" >&2; exit 1; }

echo "== make test"
"${in_root[@]}" make -C /src test | tee "$root/test.log" | tail -n 15
[[ $(tail -n 1 "$root/test.log") =~ ^[0-9]+\ passed,\ 0\ failed ]]
