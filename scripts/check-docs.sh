#!/bin/bash
# Do docs/CONFIGURATION.md and config.example.env say what the tables in code say?
#   scripts/check-docs.sh            says what differs, exit code 1
#   scripts/check-docs.sh --write    puts the keys' rows and blocks right; a new key
#                                    goes to the end, from where you move it
set -euo pipefail
cd "$(dirname "$0")/.."

tool=${BUILD_DIR:-build}/tests/test_config_docs
doc=docs/CONFIGURATION.md
example=config.example.env
make -s "$tool" >/dev/null

if [[ ${1:-} == --write ]]; then
	scratch=$(mktemp -d)
	trap 'rm -rf "$scratch"' EXIT
	"$tool" --print doc >"$scratch/rows"
	"$tool" --print example >"$scratch/blocks"
	# A row is found again by its key, a block of the example by the line that ends it.
	awk -F'`' '
		NR == FNR { row[$2] = $0; order[n++] = $2; next }
		/^\| `/ { if ($2 in row) print row[$2]; seen[$2] = 1; next }
		{ print }
		END { for (i = 0; i < n; i++) if (!(order[i] in seen)) print row[order[i]] }
	' "$scratch/rows" "$doc" >"$scratch/doc"
	awk '
		function key(line) { sub(/^#/, "", line); sub(/=.*/, "", line); return line }
		NR == FNR && /^# / { block = block $0 "\n"; next }
		NR == FNR { name = key($0); text[name] = block $0; order[n++] = name; block = ""; next }
		/^#[A-Z]/ { name = key($0); if (name in text) print text[name]; seen[name] = 1; held = ""; next }
		/^# / { held = held $0 "\n"; next }
		{ printf "%s", held; held = ""; print }
		END {
			printf "%s", held
			for (i = 0; i < n; i++) if (!(order[i] in seen)) print "\n" text[order[i]]
		}
	' "$scratch/blocks" "$example" >"$scratch/example"
	cat "$scratch/doc" >"$doc"
	cat "$scratch/example" >"$example"
fi
"$tool"
