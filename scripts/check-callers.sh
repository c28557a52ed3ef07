#!/bin/bash
# Every exported symbol of api/, common/ and worker/ has a caller in the product: what
# promises something and is never called is worse than what is not there.
#   scripts/check-callers.sh [BUILD]      looks into the objects below BUILD (default: build)
#   scripts/check-callers.sh --self-test  finds what is planted, and nothing else
# What only tests and benches need says so in its header, on its line or in the comment before
# it: "(tests" or "for tests". What neither another file nor a test uses must be static.
set -uo pipefail

self_test() {
	local scratch found status=0
	scratch=$(mktemp -d)
	mkdir -p "$scratch"/{api,common,worker,tests} "$scratch"/build/obj/{api,common,worker}
	cd "$scratch" || exit 1
	printf '%s\n' 'int planted(void);' 'int called(void);' 'int own(void);' \
		'int seam(void);	/* (tests) */' 'int untested(void);	/* (tests) */' >common/a.h
	printf '%s\n' '#include "common/a.h"' '/* planted planted own */' 'int planted(void) { return 1; }' \
		'int own(void) { return 2; }' 'int called(void) { return own(); }' \
		'int seam(void) { return 3; }' 'int untested(void) { return 4; }' >common/a.c
	printf '%s\n' '#include "common/a.h"' 'int main(void) { return called(); }' >worker/main.c
	printf '%s\n' 'planted(); seam();' >tests/test_a.c
	for file in common/a worker/main; do
		"${CC:-cc}" -I. -c "$file.c" -o "build/obj/$file.o" || exit 1
	done
	found=$("$1" build)
	[[ $found == *"common/a.c: planted"* && $found == *"common/a.c: own"* &&
		$found == *"common/a.c: untested"* && $(wc -l <<<"$found") -eq 3 ]] || status=1
	[[ $status -eq 0 ]] || printf 'check-callers: the self-test found:\n%s\n' "$found" >&2
	rm -rf "$scratch"
	exit $status
}

script=$(realpath "$0")
[[ ${1:-} == --self-test ]] && self_test "$script"
build=${1:-build}

objects=()
while read -r file; do
	object=$build/obj/${file%.c}.o
	[[ -e $object ]] || { echo "check-callers: $object is missing: make build" >&2; exit 1; }
	objects+=("$object")
done < <(find api common worker -name '*.c' | sort)

plain() { perl -0pe 's{/\*.*?\*/|"(?:\\.|[^"\\\n])*"}{}gs' "$1"; }

# file symbol: no other object refers to it
unreferred() {
	nm -A -g "${objects[@]}" "$build"/obj/gen/*.o 2>/dev/null | awk -v skip="$build/obj/" '
		{ n = split($0, part, /[: ]+/); symbol = part[n]; kind = part[n - 1] }
		kind == "U" { used[symbol] = 1; next }
		kind ~ /[TDBRVW]/ { at[symbol] = substr(part[1], length(skip) + 1) }
		END { for (s in at) if (!(s in used) && s != "main") { sub(/\.o$/, ".c", at[s]); print at[s], s } }
	' | sort
}

# The header says of it: (tests
for_tests() {
	# shellcheck disable=SC2016
	grep -rlw --include='*.h' "$1" api common worker | xargs -r awk -v name="$1" '
		/^\/\*/ { note = "" }
		/^(\/\*| \*)/ { note = note $0; next }
		$0 ~ "(^|[^a-z_])" name "[^a-z_0-9]" && (note $0) ~ /\(tests|[Ff]or tests/ { found = 1 }
		{ note = "" }
		END { exit !found }'
}

failed=0
while read -r file symbol; do
	[[ -e $file ]] || continue	# gen/
	tested=$(grep -rlw --include='*.[ch]' "$symbol" tests 2>/dev/null | head -n 1)
	if grep -qE "^[[:space:]]*(\.global|\").*\b$symbol\b|asm|INCBIN" "$file" &&
		grep -q "incbin" "$file"; then
		continue	# a label of the assembler
	fi
	if [[ $(plain "$file" | grep -cw "$symbol") -gt 1 ]]; then
		[[ -n $tested ]] || { echo "$file: $symbol is used in its own file only: static"; failed=1; }
	elif ! for_tests "$symbol"; then
		echo "$file: $symbol has no caller in the product"
		failed=1
	elif [[ -z $tested ]]; then
		echo "$file: $symbol is for tests and no test uses it"
		failed=1
	fi
done < <(unreferred)
exit $failed
