#!/bin/bash
# Runs the bot in containers, or with --native as system services. `deploy.sh help` says how.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
self=scripts/deploy.sh
api=trading-bot-api
worker=trading-bot-worker
data_volumes=(trading-bot-data trading-bot-live-data trading-bot-dev-data)
variant=''		# simulation, dev, prod, live; empty: what is deployed, else simulation
native='' yes='' data='' fresh=''
env_file=$root/.env env_file_given=''
secrets=$root/docker/secrets
command='' arguments=()
docker=docker
compose=()

usage() {
	cat <<TEXT
Usage: $self [OPTION...] COMMAND

  deploy           build, test, start, wait until healthy; what runs already is upgraded:
                   backup, the new version tried on it, and the old one again if it fails
  build            make the images trading-bot-api and trading-bot-worker
  test             try the images on a volume of their own: settings, start, health
  start            start what was built; settings that were changed are taken over
  stop             stop both, state stored, data kept
  restart          stop and start
  status           containers and bots
  logs [-f]        the newest lines of both (docker's options for logs are passed on)
  health           ask both; exit code 0 when both are well
  link             the dashboard's address, with the token in it
  emergency-stop   cancel and close everything of all bots, now (BOT-ID ...: of these); by a
                   signal to the worker where the database takes no command
  cli ...          the bot's own commands: cli status, cli doctor, cli help; also while the
                   worker is down
  backup [FILE]    database and models to FILE (default backups/trading-bot-TIME.tar.gz)
                   while it runs; FILE.db: the database alone
  restore FILE     put such a backup in place of the database (asks for --yes)
  cleanup          remove containers, network and images (asks for --yes)

  --dev            source mounted; rebuilt and restarted on every change
  --prod           paper trading as in production: no build tools, quieter
  --live           real money: needs TRADING_APPROVED=true and the exchange keys
  --simulation     back to the default variant from one of the above
  --native         no Docker: compiled here, run by systemd (needs root)
  --env-file FILE  settings (default .env, made from config.example.env)
  --fresh          build: the newest base image and packages, nothing from the cache
  --data           cleanup: the database and everything else that was kept, too
  --yes            do what can't be undone

Settings: docs/CONFIGURATION.md. Operating: docs/OPERATIONS.md.
TEXT
}

say() { printf '%s\n' "$*"; }
step() { printf '== %s\n' "$*"; }
fail() {
	printf 'deploy: %s\n' "$*" >&2
	put_back
	exit 1
}

# Ctrl-C: what was asked for is not done; a command that was cut short says nothing more.
interrupted() {
	trap '' INT TERM
	if [[ $command == restore ]]; then
		printf 'deploy: interrupted: the old database or the restored one is in place, whole; %s start goes on with it\n' "$self" >&2
	else
		printf 'deploy: interrupted; %s %s can be given again\n' "$self" "$command" >&2
	fi
	put_back
	exit 130
}

parse() {
	while [[ $# -gt 0 ]]; do
		if [[ $command == cli ]]; then	# what is behind it is not ours
			arguments+=("$@")
			return
		fi
		case $1 in
		--dev | --prod | --live) variant=${1#--} ;;
		--simulation) variant=simulation ;;
		--native) native=yes ;;
		--yes | -y) yes=yes ;;
		--data) data=yes ;;
		--fresh) fresh=yes ;;
		--env-file)
			[[ $# -ge 2 ]] || fail "--env-file needs a file name"
			[[ -r $2 ]] || fail "can't read $2"
			env_file=$(realpath "$2") env_file_given=yes
			shift
			;;
		-h | --help) command=help ;;
		-*)
			[[ $command ]] || fail "there is no option $1; $self help lists them"
			arguments+=("$1")
			;;
		*)
			if [[ $command ]]; then arguments+=("$1"); else command=$1; fi
			;;
		esac
		shift
	done
}

# A setting of the environment, else of the settings' file. (Services don't see our
# environment.)
setting() {
	local value=''
	[[ $native ]] || value=${!1-}
	if [[ ! $value && -r $env_file ]]; then
		value=$(sed -n "s/^[[:space:]]*\(export[[:space:]]\+\)\?$1=//p" "$env_file" | tail -n 1)
		value=${value%$'\r'}
		value=${value%\"} value=${value#\"}
		value=${value%\'} value=${value#\'}
	fi
	printf '%s' "$value"
}

make_env_file() {
	[[ -e $env_file ]] && return 0
	(umask 077 && cp "$root/config.example.env" "$env_file") ||
		fail "can't write $env_file"
	say "made $env_file: every setting stands in it with its default"
}

check_mode() {
	local mode
	mode=$(setting TRADING_MODE)
	if [[ $variant != live ]]; then
		[[ $native || $yes || $(deployed_variant) != live ]] ||
			fail "live trading is deployed; this would stop it, and leave its positions to the exchange: add --yes"
		[[ ${mode,,} != live ]] ||
			fail "TRADING_MODE=live is set, and this would trade paper money: use $self --live, or unset it"
		return 0
	fi
	local key where="in the environment, in $env_file"
	[[ ! $native ]] || where="in $env_file"
	[[ $(setting TRADING_APPROVED) =~ ^([Tt][Rr][Uu][Ee]|[Yy][Ee][Ss]|[Oo][Nn]|1)$ ]] ||
		fail "live trading needs your approval: set TRADING_APPROVED=true $where"
	for key in BINANCE_API_KEY BINANCE_API_SECRET; do
		[[ $(setting $key) || -s $secrets/${key,,} ]] ||
			fail "live trading needs $key: $where, or as the file ${secrets#"$root/"}/${key,,}"
	done
}

# ---- Docker ----

# A fresh machine gets Debian's engine, as `make run` gets what it needs.
install_engine() {
	if [[ $command == deploy && ! $(type -aP docker) ]] && command -v apt-get >/dev/null; then
		"$root/scripts/install-deps.sh" engine
		hash -r
	fi
}

find_engine() {
	local candidate why='' said
	install_engine
	[[ $(type -aP docker) ]] ||
		fail "Docker is not installed: apt-get install docker.io docker-compose; or do without: $self --native $command"
	while read -r candidate; do
		if said=$("$candidate" info 2>&1 >/dev/null); then
			docker=$candidate
			break
		fi
		why+=$said	# of every docker on the PATH: one may be a client without an engine
		docker=''
	done < <(type -aP docker)
	if [[ ! $docker ]]; then
		[[ ${why,,} != *"permission denied"* ]] ||
			fail "you may not use the Docker engine: sudo usermod -aG docker $(id -un), then log in again"
		fail "the Docker engine does not answer: systemctl start docker; or do without: $self --native $command"
	fi
	if "$docker" compose version >/dev/null 2>&1; then
		compose=("$docker" compose)
	elif command -v docker-compose >/dev/null; then
		compose=(docker-compose)
	else
		fail "neither 'docker compose' nor 'docker-compose' is installed: apt-get install docker-compose"
	fi
}

# docker-compose 1 renames a container that it replaces, and leaves it under that name, perhaps
# running, when the new one can't start.
left_over() {
	"$docker" ps -a --filter label=com.docker.compose.project=trading-bot --format '{{.Names}}' |
		grep -E "^[0-9a-f]+_($api|$worker)$" || true
}

exists() { "$docker" container inspect "$1" >/dev/null 2>&1; }
field() { "$docker" container inspect -f "$2" "$1" 2>/dev/null || true; }
running() { [[ $(field "$1" '{{.State.Running}}') == true ]]; }

deployed_variant() { field $worker '{{index .Config.Labels "trading-bot.variant"}}'; }

choose_variant() {
	[[ $variant ]] || variant=$(deployed_variant)
	variant=${variant:-simulation}
}

# Compose with the variant's file; one project, so that a variant replaces another.
run_compose() {
	local file="docker-compose.$variant.yml"
	[[ $variant != simulation ]] || file="docker-compose.yml"
	[[ $variant != live || $(setting BINANCE_API_KEY) ]] || file="docker-compose.live-files.yml"
	local options=(-p trading-bot -f "$root/docker/$file")
	[[ ! -r $env_file ]] || options+=(--env-file "$env_file")
	[[ $1 == build ]] || built_with
	local cpus
	cpus=$(nproc)
	export WORKER_CPUS=${WORKER_CPUS:-$((cpus > 2 ? 2 : cpus)).0}
	DEV_USER=${DEV_USER:-$(stat -c %u:%g "$root")}
	export DEV_USER
	export API_PUBLIC_URL=${API_PUBLIC_URL:-$(public_url)}
	TRADING_BOT_SECRETS=$(secrets_state)
	export TRADING_BOT_SECRETS
	"${compose[@]}" "${options[@]}" "$@"
}

# The build's values are part of what docker-compose 1 compares: with others it would make
# containers anew that nothing has changed for, and their logs would be gone.
built_with() {
	local label='{{index .Config.Labels "org.opencontainers.image.'
	read -r TRADING_BOT_VERSION TRADING_BOT_REVISION TRADING_BOT_CREATED < <("$docker" image inspect \
		-f "${label}version\"}} ${label}revision\"}} ${label}created\"}}" "$(image_of api)" 2>/dev/null) || true
	export TRADING_BOT_VERSION TRADING_BOT_REVISION TRADING_BOT_CREATED
}

# Changes with each secret that is added, changed or removed. It is a label of the containers, so
# that compose makes them anew: the programs read their secrets when they start.
secrets_state() {
	local file
	for file in "$secrets"/*; do
		[[ -f $file && $file != *.md && $file != */prometheus_* && $file != */grafana_* ]] || continue
		stat -c '%n %s %y' "$file"
	done | sha256sum | cut -c 1-16
}

public_url() {
	local url port
	url=$(setting API_PUBLIC_URL)
	port=$(setting API_PORT)
	[[ $url ]] || url=http$([[ ! $(setting API_TLS_CERT) ]] || echo s)://localhost:${port:-1337}
	printf '%s' "$url"
}

# The containers' user reads the secrets, nobody else does. The engine may change owners
# where this user may not.
own_secrets() {
	local file foreign=() user=10001
	[[ $variant != dev ]] || user=$(stat -c %u "$root")
	for file in "$secrets"/*; do
		[[ -f $file && $file != *.md && $file != */prometheus_* && $file != */grafana_* ]] || continue
		[[ $(stat -c %u:%a "$file") == "$user:400" ]] || foreign+=("/secrets/${file##*/}")
	done
	[[ ${#foreign[@]} -gt 0 ]] || return 0
	# shellcheck disable=SC2016  # for the shell inside
	"$docker" run --rm --user 0 --network none --entrypoint sh -v "$secrets:/secrets" \
		"$(image_of worker)" -c 'user=$1; shift; chown "$user" "$@" && chmod 400 "$@"' sh "$user" "${foreign[@]}" ||
		fail "can't give docker/secrets to the containers' user ($user)"
}

image_of() {
	local target=$1
	[[ $variant == dev ]] && target=dev
	printf 'trading-bot-%s:%s' "$target" "${TRADING_BOT_TAG:-latest}"
}

cmd_build() {
	step "building the images ($variant)"
	TRADING_BOT_VERSION=$(<"$root/VERSION")
	TRADING_BOT_REVISION=$(git -C "$root" rev-parse HEAD 2>/dev/null || echo unknown)
	TRADING_BOT_CREATED=$(date -u +%Y-%m-%dT%H:%M:%SZ)
	export TRADING_BOT_VERSION TRADING_BOT_REVISION TRADING_BOT_CREATED
	local log options=()
	[[ ! $fresh ]] || options=(--pull --no-cache)
	log=$(mktemp)
	if ! run_compose build "${options[@]}" >"$log" 2>&1; then
		tail -n 40 "$log" >&2
		rm -f "$log"
		fail "the images could not be built (above). Behind a proxy with its own certificate put that into docker/ca/; a mirror goes into APT_MIRROR"
	fi
	rm -f "$log"
	"$docker" image ls --filter 'reference=trading-bot-*' --format '{{.Repository}}:{{.Tag}}  {{.Size}}'
}

have_images() {
	local target
	for target in api worker; do
		"$docker" image inspect "$(image_of $target)" >/dev/null 2>&1 ||
			fail "there is no image $(image_of $target): run $self build"
	done
}

# wait_for SECONDS CONDITION...: true as soon as the condition is
wait_for() {
	local until=$((SECONDS + $1))
	shift
	until "$@"; do
		[[ $SECONDS -lt $until ]] || return 1
		sleep 0.3
	done
}

api_well() { "$docker" exec "$1" $api --healthcheck >/dev/null 2>&1; }
worker_well() { "$docker" exec "$1" trading-bot healthcheck >/dev/null 2>&1; }

# Before anything is stopped: would the programs start with these?
check_settings() {
	local image log
	check_mode
	have_images
	own_secrets
	[[ $variant != dev ]] || return 0
	log=$(mktemp)
	for image in api worker; do
		run_compose run --rm --no-deps -T trading-bot-$image --check-config >"$log" 2>&1 || {
			grep -Ev '^(Creating .*|[0-9]+)$' "$log" >&2
			rm -f "$log"
			fail "the settings can't be used (above); nothing was changed"
		}
	done
	rm -f "$log"
}

cmd_test() {
	step "testing the images"
	check_settings
	[[ $variant != dev ]] || return 0
	local id=trading-bot-test-$$ image
	# shellcheck disable=SC2064  # the values of now
	trap "$docker rm -f -v $id-api $id-worker >/dev/null 2>&1; $docker volume rm -f $id >/dev/null 2>&1" EXIT
	for image in worker api; do
		"$docker" run -d --name "$id-$image" --init --network none --read-only --tmpfs /tmp \
			--cap-drop ALL --security-opt no-new-privileges -v "$id:/data" \
			-e MARKET_DATA=synthetic "$(image_of $image)" >/dev/null
	done
	if ! wait_for 120 api_well "$id-api" || ! wait_for 120 worker_well "$id-worker"; then
		"$docker" logs --tail 15 "$id-api" >&2
		"$docker" logs --tail 15 "$id-worker" >&2
		fail "the images start, but don't get well within two minutes (above)"
	fi
	"$docker" rm -f -v "$id-api" "$id-worker" >/dev/null
	"$docker" volume rm -f "$id" >/dev/null
	trap - EXIT
	say "both programs start, and are well"
}

# What a container that does not get well has to say.
explain() {
	say "---- the last lines of $1 ($(field "$1" '{{.State.Status}}, exit code {{.State.ExitCode}}')):" >&2
	"$docker" logs --tail 15 "$1" >&2 2>&1 || true
}

gave_up() {
	[[ $(field "$1" '{{.RestartCount}}') -ge 2 || $(field "$1" '{{.State.Status}}') == exited ]] ||
		{ [[ $variant == dev ]] && "$docker" logs --tail 3 "$1" 2>&1 | grep 'does not compile (above)$' >/dev/null; }
}
both_well() { api_well $api && worker_well $worker; }
decided() { both_well || gave_up $api || gave_up $worker; }

# What would be in the way of a start: containers that a failed one left under another name, and
# those that have used up some of their restarts, because "on-failure:5" counts a container's
# whole life. The data is in the volume.
make_room() {
	local name old=()
	mapfile -t old < <(left_over)
	for name in $api $worker; do
		[[ ! $(field "$name" '{{.RestartCount}}') =~ ^[1-9] ]] || old+=("$name")
	done
	[[ ${#old[@]} -gt 0 ]] || return 0
	"$docker" stop "${old[@]}" >/dev/null
	"$docker" rm "${old[@]}" >/dev/null
}

start_containers() {
	step "starting ($variant)"
	local log before
	before=$(deployed_variant)
	if [[ $before && $before != "$variant" ]]; then
		cmd_stop >/dev/null
		"$docker" rm $api $worker >/dev/null 2>&1 || true	# nothing of the other variant is taken over
	fi
	make_room
	log=$(mktemp)
	run_compose up -d --no-build >"$log" 2>&1 || {
		cat "$log" >&2
		! grep -Eq 'port is already allocated|address already in use' "$log" ||
			say "deploy: another program uses the port: end it, or set API_PORT; then $self start" >&2
		rm -f "$log"
		fail "the containers could not be started (above)"
	}
	rm -f "$log"
	# the first start in development compiles
	wait_for "$([[ $variant == dev ]] && echo 900 || echo 240)" decided || true
	if ! both_well; then
		api_well $api || explain $api
		worker_well $worker || explain $worker
		fail "not healthy (above); $self logs shows more"
	fi
	say "healthy: $api and $worker"
	cmd_link
}

cmd_start() {
	check_settings
	start_containers
}

# Images that fail their test are not what the next start takes: those of before are.
tested=''	# lines of "IMAGE ID"
put_back() {
	local image id
	while read -r image id; do
		[[ ! $id ]] || "$docker" tag "$id" "$image" || true
	done <<<"$tested"
}

note_images() {
	local target image id
	for target in api worker; do
		image=$(image_of $target)
		id=$("$docker" image inspect -f '{{.Id}}' "$image" 2>/dev/null) || continue
		printf '%s %s\n' "$image" "$id"
	done
}

# The backup that an upgrade begins with; its path in the volume is in $copy then.
copy=''
backup_first() {
	local said
	step "upgrading: a backup first"
	if said=$("$docker" exec $worker trading-bot backup); then
		copy=$(backup_path "$said")
		say "${said%%$'\n'*}"
	else
		[[ $yes ]] || fail "no backup was made (above), and nothing was changed; --yes goes on without"
	fi
}

# "backup of /data/app.db: /data/backups/x.tar.gz, 123 bytes, 1 model files": the file
backup_path() { sed -n 's/^backup of .*: \(.*\), [0-9]* bytes, .*/\1/p' <<<"${1%%$'\n'*}"; }

# Would the new version's migration go through? Tried on the backup, before anything is replaced.
try_migration() {
	[[ $copy ]] || return 0
	step "trying the new version on that backup"
	# shellcheck disable=SC2016  # for the shell inside
	in_volume "$(image_of worker)" 'trading-bot backup try "$2"' /data/.try "$copy" ||
		fail "the new version can't use this database (above); nothing was changed, the one of before goes on"
}

# The new containers don't get well: those of before again, and what to do if they can't.
go_back() {
	local images=$tested
	[[ $images ]] || exit 1
	step "going back to the images of before"
	put_back
	tested=''
	if (start_containers); then
		printf 'deploy: the new version did not get well (above); the one of before runs again\n' >&2
		exit 1
	fi
	printf '%s\n' "deploy: the new version did not get well, and the one of before does not on its data (above)." \
		"The images of before are in place again. The way back to the data of before:" >&2
	if [[ $copy ]]; then
		printf '  %s\n' "$docker cp $worker:$copy ./before.tar.gz" "$self restore ./before.tar.gz --yes" >&2
	else
		printf '  %s\n' "$self restore FILE --yes   (the newest backup that you have)" >&2
	fi
	exit 1
}

cmd_deploy() {
	local upgrade=''
	make_env_file
	check_mode
	tested=$(note_images)
	cmd_build
	cmd_test
	if running $worker; then
		upgrade=yes
		backup_first
		try_migration
	fi
	if [[ ! $upgrade ]]; then
		tested=''
		start_containers
		return
	fi
	(start_containers) || go_back
	tested=''
}

cmd_stop() {
	local found=() name
	mapfile -t found < <(left_over)
	for name in $api $worker; do
		! exists "$name" || found+=("$name")
	done
	[[ ${#found[@]} -gt 0 ]] || { say "nothing runs"; return; }
	"$docker" stop "${found[@]}" >/dev/null	# the grace period is the container's own
	say "stopped; the data is kept"
}

cmd_restart() {
	check_settings
	cmd_stop
	start_containers
}

# Docker counts the restarts of a container's whole life, and gives up after the fifth.
restarts() {
	local name n
	for name in $api $worker; do
		n=$(field "$name" '{{.RestartCount}}')
		[[ ! $n =~ ^[1-9] ]] ||
			say "$name: crashed and was started again $n of 5 times in this container's life, then it" \
				"stays down; $self start makes it anew, and the count begins again"
	done
}

cmd_status() {
	"$docker" ps -a --filter "name=^$api\$" --filter "name=^$worker\$" \
		--format 'table {{.Names}}\t{{.Image}}\t{{.Status}}\t{{.Ports}}'
	restarts
	running $worker || { say "the worker does not run: $self start"; return 1; }
	say "variant: $(deployed_variant)"
	"$docker" exec $worker trading-bot status
}

cmd_logs() {
	local name status=0
	[[ ${#arguments[@]} -gt 0 ]] || arguments=(--tail 50)
	# what is in the background does not hear Ctrl-C; the first of each pipe ends it
	trap 'kill $(jobs -p) 2>/dev/null; exit 0' INT TERM
	for name in $api $worker; do
		exists "$name" || { say "there is no container $name"; status=1; continue; }
		"$docker" logs "${arguments[@]}" "$name" 2>&1 | sed -u "s/^/${name#trading-bot-}	| /" &
	done
	wait
	return $status
}

cmd_health() {
	local status=0 name
	for name in $api $worker; do
		running "$name" || { say "$name: does not run"; status=1; continue; }
		printf '%s (docker says %s): ' "$name" "$(field "$name" '{{if .State.Health}}{{.State.Health.Status}}{{end}}')"
		if [[ $name == "$api" ]]; then
			"$docker" exec $api $api --healthcheck || status=1
		else
			"$docker" exec $worker trading-bot healthcheck || status=1
		fi
	done
	return $status
}

cmd_link() {
	local token='' url
	running $api || fail "the API does not run: $self start"
	url=$(field $api '{{range .Config.Env}}{{println .}}{{end}}' | sed -n 's/^API_PUBLIC_URL=//p')
	# A token of the environment may end in a terminal's history as little as in a log.
	[[ $(setting API_TOKEN) || -s $secrets/api_token ]] ||
		token=$("$docker" exec $api cat /data/api_token 2>/dev/null) || true
	say "Dashboard: ${url%/}/${token:+#token=$token}"
}

# The programs' command line on the deployed data, whether the worker runs or not.
cmd_cli() {
	if running $worker; then
		"$docker" exec $worker trading-bot "${arguments[@]}"
		return
	fi
	exists $worker || fail "there is no container $worker: run $self deploy first"
	"$docker" run --rm --network none --volumes-from $worker --user "$(field $worker '{{.Config.User}}')" \
		--entrypoint trading-bot "$(field $worker '{{.Image}}')" "${arguments[@]}"
}

# Whatever is wrong inside, the engine can still send the worker the signal.
cmd_emergency-stop() {
	local ids=("${arguments[@]}")
	arguments=(emergency-stop "${ids[@]}")
	cmd_cli && return
	[[ ${#ids[@]} -eq 0 ]] || fail "not every bot was told (above); without a number all bots are stopped"
	running $worker || fail "no bot was told (above), and the worker does not run"
	"$docker" kill --signal USR1 $worker >/dev/null || fail "no bot was told (above)"
	say "all bots: the worker was told by signal; $self logs says what it did"
}

# in_volume IMAGE SCRIPT TEMPORARY: a shell with the programs and the data. Files whose
# names begin with TEMPORARY ($1 in it) are gone in the end, also after Ctrl-C.
in_volume() {
	# shellcheck disable=SC2016  # for the shell inside
	local image=$1 script='umask 077; trap "exit 130" INT TERM HUP; trap "rm -f \"\$1\"*" EXIT; '$2 volume
	shift 2
	volume=$(field $worker '{{range .Mounts}}{{if eq .Destination "/data"}}{{.Name}}{{end}}{{end}}')
	[[ $volume ]] || fail "there is no container $worker to take the volume from: run $self start first"
	"$docker" run --rm -i --network none --init -e TINI_KILL_PROCESS_GROUP=1 --entrypoint sh -v "$volume:/data" \
		--user "$(field $worker '{{.Config.User}}')" "$image" -c "$script" sh "$@"
}

# Where a backup goes: the file or folder that was named, else the folder backups.
backup_file() {
	local file=${arguments[0]:-$root/backups/} name
	name=trading-bot-$(date -u +%Y%m%d-%H%M%S).tar.gz
	[[ $file != */ && ! -d $file ]] || file=${file%/}/$name
	mkdir -p "$(dirname "$file")" || fail "no backup was made: its folder can't be made (above)"
	printf '%s' "$file"
}

# The same ending, for the copy that is made beside the database.
copy_name() { printf '.copy-%s.%s' $$ "$([[ $1 == *.db ]] && echo db || echo tar.gz)"; }

cmd_backup() {
	local file inside
	exists $worker || fail "there is no container $worker: nothing to copy"
	file=$(backup_file)
	inside=/data/backups/$(copy_name "$file")
	# shellcheck disable=SC2064  # the value of now
	trap "rm -f ${file@Q}.part" EXIT
	(
		umask 077
		# shellcheck disable=SC2016  # for the shell inside
		in_volume "$(field $worker '{{.Image}}')" 'mkdir -p /data/backups && trading-bot backup "$1" >&2 && cat "$1"' \
			"$inside" >"$file.part"
	) || fail "no backup was made (above)"
	mv "$file.part" "$file"
	say "backup: $file"
	say "Keep a copy of the volume's master.key as well, in another place: it opens the stored keys."
}

cmd_restore() {
	local file=${arguments[0]:-}
	[[ $file ]] || fail "which copy? $self restore FILE"
	[[ -r $file ]] || fail "can't read $file"
	exists $worker || fail "there is no container $worker: run $self deploy first"
	[[ $yes ]] || fail "this replaces the database by $file (the one of now is kept beside it): add --yes"
	variant=$(deployed_variant)
	check_settings
	step "looking at the file"
	# by the programs that are started then: they may be older ones
	# shellcheck disable=SC2016  # for the shell inside
	in_volume "$(image_of worker)" 'cat >"$1" && trading-bot backup verify "$1"' /data/.restore <"$file" ||
		fail "$file can't be restored (above); nothing was changed"
	cmd_stop
	# shellcheck disable=SC2016  # for the shell inside
	in_volume "$(image_of worker)" 'cat >"$1" && trading-bot restore "$1" --yes' /data/.restore <"$file" ||
		fail "not restored (above); $self start goes on with the database as it was"
	start_containers
}

# Which of these volumes there are.
existing() {
	local volume
	for volume in "$@"; do
		! "$docker" volume inspect "$volume" >/dev/null 2>&1 || printf '%s ' "$volume"
	done
}

cmd_cleanup() {
	local containers images volumes name
	# also those that a start which was cut short has left under another name
	containers=$({
		"$docker" ps -aq --filter "name=^$api\$" --filter "name=^$worker\$"
		"$docker" ps -aq --filter label=com.docker.compose.project=trading-bot
	} | sort -u)
	images=$("$docker" image ls -q --filter 'reference=trading-bot-api' --filter 'reference=trading-bot-worker' \
		--filter 'reference=trading-bot-dev' | sort -u)
	volumes=$(existing trading-bot-dev-build)
	[[ ! $data ]] || volumes+=$(existing "${data_volumes[@]}")
	if [[ ! $yes ]]; then
		say "would remove: $(wc -w <<<"$containers") containers, $(wc -w <<<"$images") images, the network" \
			"${volumes:+and the volumes $volumes}"
		fail "nothing was done; add --yes${data:+ (the data is lost then: $self backup first)}"
	fi
	! running $worker || cmd_stop
	# shellcheck disable=SC2086  # lists of ids
	{
		[[ ! $containers ]] || "$docker" rm -f -v $containers >/dev/null
		[[ ! $images ]] || "$docker" image rm -f $images >/dev/null
		"$docker" image prune -f --filter label=trading-bot >/dev/null	# stages, older builds
		[[ ! $volumes ]] || "$docker" volume rm $volumes >/dev/null
	}
	for name in $("$docker" network ls --format '{{.Name}}' --filter 'name=^trading-bot-network$'); do
		"$docker" network rm "$name" >/dev/null 2>&1 ||
			say "the network $name is kept: other containers use it"
	done
	say "removed containers, network and images${data:+, and the data}"
	[[ $data ]] || say "the data is kept: volumes $(existing "${data_volumes[@]}")"
}

parse "$@"
trap interrupted INT TERM
case ${command:-none} in
help)
	usage
	exit 0
	;;
none)
	usage >&2
	exit 2
	;;
deploy | build | test | start | stop | restart | status | logs | health | link | emergency-stop | cli | backup | restore | cleanup) ;;
*) fail "there is no command '$command'; $self help lists them" ;;
esac

if [[ $native ]]; then
	# shellcheck source=scripts/deploy-native.sh
	. "$root/scripts/deploy-native.sh"
	native "$command"
else
	find_engine
	choose_variant
	"cmd_$command"
fi
