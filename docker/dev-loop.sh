#!/bin/bash
# In a development container: builds PROGRAM from the mounted source, runs it, and builds
# and restarts it whenever a source file changes. A source that doesn't compile leaves
# the program that runs alone.
#   dev-loop trading-bot-api|trading-bot-worker
set -uo pipefail

program=$1
pid='' running=''
stamp=$(mktemp)

say() { echo "dev-loop: $*"; }

changed() {
	[[ -n $(find /src/Makefile /src/VERSION /src/api /src/common /src/worker /src/schema /src/scripts \
		-newer "$stamp" \( -type f -o -type d \) -print -quit 2>/dev/null) ]]
}

# Both containers build in one folder: one after the other.
build() {
	touch "$stamp"
	flock "$BUILD_DIR/.lock" make -C /src --no-print-directory OUT="$BUILD_DIR" -j"$(nproc)" \
		"$BUILD_DIR/$program" "$BUILD_DIR/trading-bot"
}

stop() {
	[[ $pid ]] || return 0
	kill -TERM "$pid" 2>/dev/null
	wait "$pid"
	pid=''
}

# shellcheck disable=SC2317  # called by the trap
ended() {
	stop
	exit 0
}
trap ended TERM INT

start() {
	"$BUILD_DIR/$program" &
	pid=$!
	running=$(stat -c %Y.%s "$BUILD_DIR/$program")
}

while true; do
	if build; then
		if [[ ! $pid || $running != $(stat -c %Y.%s "$BUILD_DIR/$program") ]]; then
			[[ ! $pid ]] || say "$program was rebuilt, restarting it"
			stop
			start
		fi
	else
		say "the source does not compile (above)${pid:+; the program from before runs on}"
	fi
	until changed; do
		if [[ $pid ]] && ! kill -0 "$pid" 2>/dev/null; then
			wait "$pid"
			say "$program ended with code $?; it starts again after the next change"
			pid=''
		fi
		sleep 1 &
		wait $!		# a signal ends this at once
	done
done
