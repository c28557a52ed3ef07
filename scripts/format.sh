#!/bin/bash
# Formats function bodies with clang-format; with --check only says what differs.
# Tables, structs and declarations are aligned by hand for the reader, and so are
# the columns of trailing comments: this looks at none of them.
#   scripts/format.sh [--check] [FILE ...]       (default: every .c file)
set -euo pipefail

check=''
[[ ${1:-} == --check ]] && check=yes && shift
files=("$@")
[[ $# -gt 0 ]] || mapfile -t files < <(git ls-files -co --exclude-standard '*.c')

# --lines options: what stands between "{" and "}" in the first column, without the
# tables inside ("... = {" to "};").
bodies() {
	awk '
		function close_range(last) {
			if (start && last >= start) printf "--lines=%d:%d\n", start, last
			start = 0
		}
		/^\{$/ { body = 1; start = NR + 1; next }
		/^\}/ { close_range(NR - 1); body = 0; table = 0; next }
		!body { next }
		!table && /= \{$/ { close_range(NR - 1); table = 1; next }
		table && /^\t+\};?$/ { table = 0; start = NR + 1 }
	' "$1"
}

plain_comments() { sed -E 's,[ \t]+/\*, /*,'; }

status=0
scratch=$(mktemp)
trap 'rm -f "$scratch"' EXIT
for file in "${files[@]}"; do
	mapfile -t lines < <(bodies "$file")
	[[ ${#lines[@]} -gt 0 ]] || continue
	clang-format --style=file --assume-filename="$file" "${lines[@]}" <"$file" >"$scratch"
	if [[ $check ]]; then
		diff -u --label "$file" --label "$file (formatted)" \
			<(plain_comments <"$file") <(plain_comments <"$scratch") || status=1
	else
		cmp -s "$file" "$scratch" || cp "$scratch" "$file"
	fi
done
[[ $status -eq 0 ]] || echo "format: make format repairs this" >&2
exit $status
