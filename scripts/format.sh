#!/bin/bash
# Formats function bodies with clang-format; with --check only says what differs.
# It looks at statements that stand on one line. How a longer one is broken, tables,
# structs, declarations and the columns of comments are laid out by hand for the
# reader, which clang-format 14 can't leave alone.
#   scripts/format.sh [--check] [FILE ...]       (default: every .c file)
set -euo pipefail

check=''
[[ ${1:-} == --check ]] && check=yes && shift
files=("$@")
[[ $# -gt 0 ]] || mapfile -t files < <(git ls-files -co --exclude-standard '*.c')

# --lines options: the one-line statements between "{" and "}" in the first column,
# without the tables inside ("... = {" to "};").
bodies() {
	awk '
		function count(text, c) { return gsub(c, "", text) }
		/^\{$/ { body = 1; whole = 1; next }
		/^\}/ { body = 0; table = 0; next }
		!body { next }
		table { if (/^\t+\}.*;$/) { table = 0; whole = 1 } next }
		{
			text = $0
			sub(/[ \t]*\/\*.*\*\/$/, "", text)
			if (text == "") next
			if (text ~ /(=.*[^)] |\)|= |return.*\)|struct( [a-z_]+)? )\{$/) { table = 1; next }
			balanced = count(text, "[(]") == count(text, "[)]")
			head = text ~ /^\t+(\} )?((else )?if|while|for|switch) \(.*\)$/ || text ~ /(^\t+else|\} else|^\t+do)$/
			end = balanced && (head || text ~ /[;{}]$/ || text ~ /^\t*(case .*|[a-z_]+):$/)
			if (whole && end && count(text, "[?]") < 2 && text !~ /; \)|case .*: case/) printf "--lines=%d:%d\n", NR, NR
			whole = end
		}
	' "$1"
}

plain_comments() { sed -E 's,[ \t]+/\*, /*,'; }

# A line of which only the comment's column differs stays as it is.
keep_columns() {
	paste -d '\1' "$1" "$2" | perl -ne '
		chomp; my ($old, $new) = split /\x01/, $_, 2;
		my ($a, $b) = map { s{[ \t]+/\*}{ /*}r } $old, $new;
		print $a eq $b ? $old : $new, "\n"' >"$2.kept"
	if [[ $(wc -l <"$1") -eq $(wc -l <"$2") ]]; then
		cat "$2.kept" >"$1"
	else
		cat "$2" >"$1"
	fi
	rm -f "$2.kept"
}

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
	elif ! cmp -s <(plain_comments <"$file") <(plain_comments <"$scratch"); then
		keep_columns "$file" "$scratch"
	fi
done
[[ $status -eq 0 ]] || echo "format: make format repairs this" >&2
exit $status
