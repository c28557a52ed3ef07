#!/bin/bash
# Files of one folder that need each other in a circle: by #include, or because the object of
# one refers to a symbol of the other. x.c and x.h are one file here. A circle fails in the
# folders that are free of them; those of the others are listed.
#   scripts/check-circles.sh [BUILD]      objects below BUILD (default: build)
#   scripts/check-circles.sh --self-test  finds what is planted, and nothing else
set -uo pipefail

FREE="api api/http api/openapi api/pending api/push api/routes api/store api/view common common/db common/registry"

# "folder/a folder/b": a includes b's header
by_include() {
	find api common worker -name '*.[ch]' 2>/dev/null | sort | xargs -r grep -HE '^#include "' |
		sed -E 's|^(.*)\.[ch]:#include "(.*)\.h".*|\1 \2|'
}

# "folder/a folder/b": a's object refers to a symbol that b's defines
by_symbol() {
	find api common worker -name '*.c' 2>/dev/null | sort | sed "s|.*|$1/obj/&|; s|c\$|o|" |
		xargs -r nm -A -g 2>/dev/null | awk -v skip="$1/obj/" '
		{ n = split($0, part, /[: ]+/); file = substr(part[1], length(skip) + 1); sub(/\.o$/, "", file)
			symbol = part[n]; kind = part[n - 1] }
		kind == "U" { wants[file, symbol] = 1; next }
		{ at[symbol] = file }
		END { for (w in wants) { split(w, side, SUBSEP)
			if (side[2] in at) print side[1], at[side[2]] } }'
}

# The members of each circle inside a folder, a line each: "folder: a b c"
circles() {
	sort -u | awk '
		{ a = $1; b = $2; fa = a; fb = b; sub(/\/[^\/]*$/, "", fa); sub(/\/[^\/]*$/, "", fb)
			if (fa != fb || a == b) next
			folder[a] = folder[b] = fa; reach[a, b] = 1; files[a] = files[b] = 1 }
		END {
			for (k in files) for (i in files) if ((i, k) in reach)
				for (j in files) if ((k, j) in reach) reach[i, j] = 1
			for (i in files) if ((i, i) in reach) {
				first = i
				for (j in files) if ((i, j) in reach && (j, i) in reach && j < first) first = j
				name = i; sub(/.*\//, "", name); circle[first] = circle[first] " " name }
			for (c in circle) print folder[c] ":" circle[c] }' | sort
}

check() {
	local status=0 folder rest
	while IFS=: read -r folder rest; do
		if [[ " $FREE " == *" $folder "* ]]; then
			echo "$folder: these need each other in a circle:$rest"
			status=1
		else
			echo "(still a circle in $folder:$rest)" >&2
		fi
	done < <({ by_include; by_symbol "$1"; } | circles)
	return $status
}

self_test() {
	local scratch found listed status=0
	scratch=$(mktemp -d)
	cd "$scratch" || exit 1
	mkdir -p api/http api/push worker/loop build/obj/api/push
	# a -> b -> c -> a by include; d and e by symbol only; f below all
	for pair in 'a b' 'b c' 'c a' 'a f'; do
		echo "#include \"api/http/${pair#* }.h\"" >>"api/http/${pair% *}.c"
	done
	echo '#include "worker/loop/y.h"' >worker/loop/x.h
	echo '#include "worker/loop/x.h"' >worker/loop/y.h
	echo 'int e(void); int d(void); int d(void) { return e(); }' >api/push/d.c
	echo 'int e(void); int d(void); int e(void) { return d(); }' >api/push/e.c
	for file in d e; do
		"${CC:-cc}" -c "api/push/$file.c" -o "build/obj/api/push/$file.o" || exit 1
	done
	found=$(check build 2>listed)
	listed=$(<listed)
	[[ $found == *"api/http: "*" a"* && $found == *" b"* && $found == *" c"* && $found != *" f"* &&
		$found == *"api/push: "*" d"* && $found == *" e"* && $(wc -l <<<"$found") -eq 2 &&
		$listed == *"worker/loop:"* && $(wc -l <<<"$listed") -eq 1 ]] || status=1
	[[ $status -eq 0 ]] || printf 'check-circles: the self-test found:\n%s\n%s\n' "$found" "$listed" >&2
	cd / && rm -rf "$scratch"
	exit $status
}

[[ ${1:-} == --self-test ]] && self_test
check "${1:-build}"
