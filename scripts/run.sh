#!/bin/bash
# Starts the worker and the API, shows their logs, and stops both on Ctrl-C or TERM.
# Settings come from the environment and .env (docs/CONFIGURATION.md). Exit code 0
# after a stop that was asked for, 1 when a program could not start or ended by itself.
set -uo pipefail

bin=${BUILD_DIR:-build}
worker_pid='' api_pid='' asked=''
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

say() { printf '%s\n' "$*"; }
fail() {
	say "run: $*" >&2
	exit 1
}

# The programs know their defaults and .env; asking them avoids a second truth.
effective=$("$bin/trading-bot-api" --check-config) || fail "the configuration is not usable (see above)"
setting() { sed -n "s/^$1=//p" <<<"$effective" | head -n 1; }
data_dir=$(setting DATA_DIR)
port=$(setting API_PORT)
bind=$(setting API_BIND)
case $bind in
'' | 0.0.0.0 | :: | 127.0.0.1) host=127.0.0.1 shown=localhost ;;
*:*) host=[$bind] shown=$host ;;
*) host=$bind shown=$bind ;;
esac

mkdir -p "$data_dir" || fail "cannot make the data directory '$data_dir'; choose another: make run DATA_DIR=..."
# two seconds: an address that is not this machine's may not answer at all
if timeout 2 bash -c "exec 3<>/dev/tcp/${host//[\[\]]/}/$port" 2>/dev/null; then
	fail "port $port is in use by another program: stop it (ss -ltnp 'sport = :$port' shows it)," \
		"or choose another port: make run API_PORT=$((port + 1))"
fi

# A session of its own, so that Ctrl-C reaches only this script and each program gets
# one TERM. Output goes through a pipe that also keeps the last lines.
launch() {
	mkfifo "$scratch/$1"
	(
		trap '' INT TERM HUP
		exec tee >(exec tail -n 8 >"$scratch/$1.last") <"$scratch/$1"
	) &
	setsid "$bin/$1" >"$scratch/$1" 2>&1 &
}

stop_both() {
	local pid
	for pid in $api_pid $worker_pid; do
		kill -TERM "$pid" 2>/dev/null
	done
	(
		for ((i = 0; i < 300; i++)); do
			kill -0 $api_pid 2>/dev/null || kill -0 $worker_pid 2>/dev/null || exit 0
			sleep 0.1
		done
		say "run: still not stopped after 30 s, killing" >&2
		kill -KILL $api_pid $worker_pid 2>/dev/null
	) &
	wait
}

# $1 the program, $2 its exit code
died() {
	trap '' INT TERM HUP
	stop_both
	say "run: $1 ended by itself with code $2; its last lines:" >&2
	sed 's/^/    /' "$scratch/$1.last" >&2
	exit 1
}

# shellcheck disable=SC2317  # called by the trap
on_signal() {
	trap '' INT TERM HUP
	asked=yes
	say "run: stopping both programs ..."
	stop_both
	say "run: stopped. The data stays in $data_dir; the next start goes on from there."
	exit 0
}
trap on_signal INT TERM HUP

launch trading-bot-worker
worker_pid=$!
launch trading-bot-api
api_pid=$!

alive() {
	local code
	kill -0 "$2" 2>/dev/null && return
	wait "$2"
	code=$?
	died "$1" "$code"
}

certificate=$(setting API_TLS_CERT)
url=http${certificate:+s}://
ready=''
for ((i = 0; i < 300; i++)); do
	alive trading-bot-worker "$worker_pid"
	alive trading-bot-api "$api_pid"
	# 503 is an answer too: the API is up, the worker may still be starting
	# (-k: a certificate for another name; nothing secret is sent)
	# and no proxy of the environment is asked, because it knows another localhost
	code=$(curl -sk --noproxy '*' -o /dev/null -m 2 -w '%{http_code}' "$url$host:$port/api/v1/health") || true
	if [[ $code == 200 || $code == 503 ]]; then
		ready=yes
		break
	fi
	sleep 0.1
done
[[ $ready ]] || died trading-bot-api "no answer within 30 s"

token_file=$(setting API_TOKEN_FILE)
token_file=${token_file:-$data_dir/api_token}
token=$(head -n 1 "$token_file" 2>/dev/null)
token=${token%$'\r'}
show_token="TOKEN=\$(cat $token_file)"
curl="curl -s${certificate:+ --cacert $certificate}"
[[ ! ${http_proxy:-}${https_proxy:-}${all_proxy:-}${HTTPS_PROXY:-}${ALL_PROXY:-} ]] || curl+=" --noproxy '*'"
if [[ $certificate ]]; then
	shown=$url$shown
fi
# A token of the environment may end in a log as little as any other secret.
if [[ $(setting API_TOKEN) ]]; then
	token=''
	show_token='TOKEN=... (your API_TOKEN)'
fi
cat <<TEXT

  The bot is running. Dashboard: $url${shown#"$url"}:$port/${token:+#token=$token}
  In another terminal, try:

    $show_token
    $curl -H "Authorization: Bearer \$TOKEN" $shown:$port/api/v1/status
    $curl -X POST -H "Authorization: Bearer \$TOKEN" $shown:$port/api/v1/bot/pause
    sqlite3 $data_dir/app.db 'select * from v_orders order by id desc limit 5'

  Ctrl-C stops both programs.

TEXT

ended=''
wait -n -p ended "$worker_pid" "$api_pid"
code=$?
[[ $asked ]] && exit 0
if [[ $ended == "$worker_pid" ]]; then
	died trading-bot-worker "$code"
else
	died trading-bot-api "$code"
fi
