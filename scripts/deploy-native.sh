# shellcheck shell=bash
# deploy.sh --native: compiled on this machine and run by systemd. Sourced by deploy.sh,
# whose functions and variables it uses.
# shellcheck disable=SC2154,SC2034

etc=/etc/trading-bot
state=/var/lib/trading-bot
bin=/usr/local/bin
programs=(trading-bot-api trading-bot-worker trading-bot)
services=(trading-bot-worker.service trading-bot-api.service)

native_ready() {
	[[ -d /run/systemd/system ]] ||
		fail "--native needs systemd, which does not run here; make run works without it"
	[[ $(id -u) -eq 0 ]] || fail "--native $1 needs root: sudo $self --native $1"
}

installed_mode() { sed -n 's/^TRADING_MODE=//p' "$etc/variant.env" 2>/dev/null; }

# A command as the bot's user, with the services' settings. The current folder is the data's.
as_bot() {
	systemd-run --quiet --pipe --wait --collect --uid=trading-bot --gid=trading-bot \
		-p EnvironmentFile=-"$etc/settings.env" -p EnvironmentFile="$etc/variant.env" \
		-p WorkingDirectory=-"$state" -p UMask=0077 "$@"
}

native_build() {
	step "building"
	(cd "$root" && scripts/install-deps.sh build && make --no-print-directory -j"$(nproc)" build) ||
		fail "the programs could not be built (above)"
}

# tried_well FOLDER ENV...: both programs that run there are well
tried_well() {
	local folder=$1
	shift
	(cd "$folder" && "$@" "$root/build/trading-bot-api" --healthcheck &&
		"$@" "$root/build/trading-bot" healthcheck) >/dev/null 2>&1
}

native_test() {
	step "testing the programs"
	local folder settings=() pids=() name well=''
	for name in "${programs[@]}"; do
		[[ -x $root/build/$name ]] || fail "there is no build/$name: run $self --native build"
	done
	folder=$(mktemp -d)
	if [[ -r $env_file ]]; then
		cp "$env_file" "$folder/.env"
		(cd "$folder" && "$root/build/trading-bot-api" --check-config >/dev/null) ||
			{ rm -rf "$folder"; fail "the settings of $env_file can't be used (above); nothing was changed"; }
		rm "$folder/.env"
	fi
	settings=(env -i PATH="$PATH" DATA_DIR="$folder/data" MARKET_DATA=synthetic
		API_PORT=$((20000 + RANDOM % 10000)))
	for name in trading-bot-worker trading-bot-api; do
		(cd "$folder" && exec "${settings[@]}" "$root/build/$name" >"$folder/$name.log" 2>&1) &
		pids+=($!)
	done
	if wait_for 120 tried_well "$folder" "${settings[@]}"; then
		well=yes
	fi
	kill "${pids[@]}" 2>/dev/null || true
	wait "${pids[@]}" 2>/dev/null || true
	[[ $well ]] || tail -n 15 "$folder"/*.log >&2
	rm -rf "$folder"
	[[ $well ]] || fail "the programs start, but don't get well within two minutes (above)"
	say "both programs start, and are well"
}

# The new programs beside the old ones: nothing uses them yet.
native_stage() {
	local name
	for name in "${programs[@]}"; do
		install -m 755 "$root/build/$name" "$bin/.$name.new"
	done
}

native_unstage() { rm -f "$bin"/.trading-bot{,-api,-worker}.new; }

# native_check BEFORE AFTER (of the programs' names): would the programs start with the services' settings?
native_check() {
	local name
	for name in trading-bot-api trading-bot-worker; do
		as_bot "$bin/$1$name$2" --check-config >/dev/null || return 1
	done
}

# The staged programs, with the settings that they are to have and on the backup just taken.
native_try() {
	step "trying the new version: settings${copy:+, and that backup}"
	native_check . .new || {
		native_unstage
		fail "the settings can't be used by the new version (above); nothing was changed"
	}
	[[ ! $copy ]] || as_bot "$bin/.trading-bot.new" backup try "$copy" || {
		native_unstage
		fail "the new version can't use this database (above); nothing was changed, the one of before goes on"
	}
}

native_install() {
	local mode=simulation folder=$state
	step "installing to $bin and $etc"
	if [[ $variant == live ]]; then
		mode=live folder=$state/live
	fi
	id trading-bot >/dev/null 2>&1 ||
		useradd --system --home-dir "$state" --shell /usr/sbin/nologin trading-bot
	install -d -m 750 -o root -g trading-bot "$etc" "$etc/secrets"
	[[ -e $etc/settings.env ]] || install -m 640 -o root -g trading-bot "$root/config.example.env" "$etc/settings.env"
	[[ $env_file == "$etc/settings.env" || ! -e $env_file ]] || install -m 640 -o root -g trading-bot "$env_file" "$etc/settings.env"
	printf '%s\n' "# written by deploy.sh" "DATA_DIR=$folder" "DB_PATH=$folder/app.db" "TRADING_MODE=$mode" \
		"SECRETS_DIR=$etc/secrets" >"$etc/variant.env"
	find "$etc/secrets" -type f -exec chown root:trading-bot {} + -exec chmod 640 {} +
	# a program that runs can be replaced, not overwritten
	local name
	native_stage
	for name in "${programs[@]}"; do
		[[ ! -e $bin/$name ]] || cp -p "$bin/$name" "$bin/.$name.old"
		mv "$bin/.$name.new" "$bin/$name"
	done
	install -m 644 "$root"/scripts/systemd/*.service /etc/systemd/system/
	systemctl daemon-reload
}

native_well() {
	as_bot "$bin/trading-bot-api" --healthcheck >/dev/null 2>&1 &&
		as_bot "$bin/trading-bot" healthcheck >/dev/null 2>&1
}

native_start() {
	[[ -e $etc/variant.env ]] || fail "nothing is installed: run $self --native deploy"
	native_check '' '' || fail "the settings can't be used (above); nothing was changed"
	step "starting ($(installed_mode))"
	local name
	systemctl enable --quiet "${services[@]}"
	systemctl reset-failed "${services[@]}" 2>/dev/null || true
	for name in "${services[@]}"; do
		systemctl restart "$name" || {
			journalctl -u "$name" -n 15 --no-pager >&2
			fail "$name could not be started (above)"
		}
	done
	wait_for 240 native_well || {
		journalctl -u trading-bot-worker -u trading-bot-api -n 20 --no-pager >&2
		fail "not healthy (above); $self --native logs shows more"
	}
	say "healthy: ${services[*]}"
	native_link
}

native_backup_first() {
	local said
	step "upgrading: a backup first"
	if said=$(as_bot "$bin/trading-bot" backup); then
		copy=$(backup_path "$said")
		say "${said%%$'\n'*}"
	else
		[[ $yes ]] || fail "no backup was made (above), and nothing was changed; --yes goes on without"
	fi
}

native_deploy() {
	if [[ $(installed_mode) == live && $variant != live ]]; then
		[[ ! $variant || $yes ]] ||
			fail "live trading is installed; this would stop it, and leave its positions to the exchange: add --yes"
		variant=${variant:-live}
	fi
	check_mode
	native_build
	native_test
	if ! systemctl is-active --quiet trading-bot-worker; then
		native_install
		native_start
		return
	fi
	native_backup_first
	native_stage
	native_try
	native_install
	(native_start) || native_go_back
	rm -f "$bin"/.trading-bot{,-api,-worker}.old
}

native_stop() {
	systemctl stop "${services[@]}"
	say "stopped; the data is kept"
}

native_restart() { native_start; }

# The programs of before again, and what to do if they can't.
native_go_back() {
	local name found=''
	for name in "${programs[@]}"; do
		[[ ! -e $bin/.$name.old ]] || { mv "$bin/.$name.old" "$bin/$name"; found=yes; }
	done
	[[ $found ]] || exit 1
	step "going back to the programs of before"
	if (native_start); then
		printf 'deploy: the new version did not get well (above); the one of before runs again\n' >&2
		exit 1
	fi
	printf '%s\n' "deploy: the new version did not get well, and the one of before does not on its data (above)." \
		"The programs of before are in place again. The way back to the data of before:" \
		"  $self --native restore ${copy:-FILE} --yes" >&2
	exit 1
}

native_status() {
	systemctl --no-pager --lines 0 status "${services[@]}" || true
	as_bot "$bin/trading-bot" status
}

native_logs() {
	[[ ${#arguments[@]} -gt 0 ]] || arguments=(-n 50)
	journalctl -u trading-bot-api -u trading-bot-worker --no-pager -o cat "${arguments[@]}"
}

native_health() {
	local status=0
	printf 'trading-bot-api: '
	as_bot "$bin/trading-bot-api" --healthcheck || status=1
	printf 'trading-bot-worker: '
	as_bot "$bin/trading-bot" healthcheck || status=1
	return $status
}

native_cli() { as_bot "$bin/trading-bot" "${arguments[@]}"; }

native_emergency-stop() {
	as_bot "$bin/trading-bot" emergency-stop "${arguments[@]}" && return
	[[ ${#arguments[@]} -eq 0 ]] || fail "not every bot was told (above); without a number all bots are stopped"
	systemctl kill --kill-whom=main -s USR1 trading-bot-worker.service ||
		systemctl kill --kill-who=main -s USR1 trading-bot-worker.service || fail "no bot was told (above)"
	say "all bots: the worker was told by signal; $self --native logs says what it did"
}

native_link() {
	local token='' port bind folder
	port=$(setting API_PORT) bind=$(setting API_BIND)
	folder=$(sed -n 's/^DATA_DIR=//p' "$etc/variant.env")
	[[ $(setting API_TOKEN) || -s $etc/secrets/api_token ]] || token=$(cat "$folder/api_token" 2>/dev/null) || true
	[[ ${bind:-127.0.0.1} != 127.0.0.1 && $bind != 0.0.0.0 && $bind != :: ]] || bind=localhost
	say "Dashboard: http$([[ ! $(setting API_TLS_CERT) ]] || echo s)://$bind:${port:-1337}/${token:+#token=$token}"
}

native_backup() {
	local file inside
	file=$(backup_file)
	inside=$state/$(copy_name "$file")
	as_bot "$bin/trading-bot" backup "$inside" || fail "no backup was made (above)"
	install -m 600 "$inside" "$file"
	rm "$inside"
	say "backup: $file"
}

native_restore() {
	local file=${arguments[0]:-} inside=$state/.restore status=0
	[[ $file ]] || fail "which copy? $self --native restore FILE"
	[[ -r $file ]] || fail "can't read $file"
	[[ $yes ]] || fail "this replaces the database by $file (the one of now is kept beside it): add --yes"
	step "looking at the file"
	install -m 600 -o trading-bot -g trading-bot "$file" "$inside"
	as_bot "$bin/trading-bot" backup verify "$inside" || {
		rm -f "$inside"
		fail "$file can't be restored (above); nothing was changed"
	}
	native_stop
	as_bot "$bin/trading-bot" restore "$inside" --yes || status=1
	rm -f "$inside"
	[[ $status -eq 0 ]] || fail "not restored (above); $self --native start goes on with the database as it was"
	native_start
}

native_cleanup() {
	if [[ ! $yes ]]; then
		say "would remove: the services, ${programs[*]/#/$bin/}${data:+, $state, $etc and the user trading-bot}"
		fail "nothing was done; add --yes${data:+ (the data is lost then: $self --native backup first)}"
	fi
	systemctl disable --quiet --now "${services[@]}" 2>/dev/null || true
	rm -f "${services[@]/#//etc/systemd/system/}" "${programs[@]/#/$bin/}"
	systemctl daemon-reload
	if [[ $data ]]; then
		rm -rf "$state" "$etc"
		! id trading-bot >/dev/null 2>&1 || userdel trading-bot
	fi
	say "removed the services and programs${data:+, and the data}"
	[[ $data ]] || say "the data is kept: $state and $etc"
}

native() {
	[[ $1 == test || $1 == build ]] || native_ready "$1"
	[[ $variant != dev ]] || fail "--native has no --dev: make run is made for that"
	secrets=$etc/secrets
	[[ $env_file_given || ! -e $etc/settings.env ]] || env_file=$etc/settings.env
	"native_$1"
}
