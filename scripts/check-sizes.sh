#!/bin/bash
# What has grown too long to be read: functions over 60 lines, files over 600 lines, folders of
# more than 25 modules, in the product's source. Those listed below are known and may only
# shrink; anything else fails.
#   scripts/check-sizes.sh              checks the tree
#   scripts/check-sizes.sh --self-test  finds what is planted, and nothing else
set -uo pipefail

FUNCTION_MAX=60 FILE_MAX=600 FOLDER_MAX=25

# path: lines that it may have until it is parted
known() {
	cat <<'END'
END
}

sources() { find api common worker -name "*.$1" 2>/dev/null | sort; }

long_functions() {
	sources c | xargs -r awk -v max="$FUNCTION_MAX" '
		FNR == 1 { start = 0 }
		/^\{$/ { start = FNR }
		/^\}/ && start {
			if (FNR - start - 1 > max)
				print FILENAME ":" start ": a function of " FNR - start - 1 " lines"
			start = 0 }'
}

long_files() {
	{ sources c; sources h; } | xargs -r wc -l | awk -v max="$FILE_MAX" '
		FILENAME != "-" { split($0, side, ": "); allowed[side[1]] = side[2]; next }
		$2 == "total" { next }
		$1 > ($2 in allowed ? allowed[$2] : max) { print $2 ": " $1 " lines" }
		$2 in allowed && $1 <= max { print $2 ": take it out of the list of known ones" }' \
		<(known) -
}

full_folders() {
	sources c | sed 's|/[^/]*$||' | sort | uniq -c | awk -v max="$FOLDER_MAX" '
		$1 > max { print $2 ": " $1 " modules" }'
}

check() {
	local found
	found=$(long_functions; long_files; full_folders)
	[[ -z $found ]] || { echo "$found"; return 1; }
}

self_test() {
	local scratch found status=0
	scratch=$(mktemp -d)
	cd "$scratch" || exit 1
	mkdir -p api common/db worker
	known() { echo 'common/known.c: 700'; echo 'common/short.c: 700'; }
	{ printf 'int f(void)\n{\n'; yes '	g();' | head -n 61; printf '}\n'; } >api/long.c
	{ printf 'int f(void)\n{\n'; yes '	g();' | head -n 60; printf '}\n'; } >api/just.c
	yes '' | head -n 601 >worker/file.h
	yes '' | head -n 600 >worker/just.h
	yes '' | head -n 650 >common/known.c
	echo >common/short.c
	for i in {1..26}; do echo >"common/db/$i.c"; done
	found=$(check)
	[[ $found == *"api/long.c:2: a function of 61 lines"* && $found == *"worker/file.h: 601 lines"* &&
		$found == *"common/short.c: take it out"* && $found == *"common/db: 26 modules"* &&
		$(wc -l <<<"$found") -eq 4 ]] || status=1
	known() { :; }
	[[ $(long_files) == *"worker/file.h: 601 lines"* ]] || status=1	# also without known ones
	[[ $status -eq 0 ]] || printf 'check-sizes: the self-test found:\n%s\n' "$found" >&2
	cd / && rm -rf "$scratch"
	exit $status
}

[[ ${1:-} == --self-test ]] && self_test
check
