#!/bin/sh
# Prints a C file that holds the given SQL files as "migrations[]", in order.
# A file's leading number is its version: 0001_init.sql is version 1.
set -eu
echo '/* Made by scripts/embed-migrations.sh from schema/: do not edit. */'
echo '#include "common/db/migrate.h"'
echo 'const struct migration migrations[] = {'
for f in "$@"; do
	name=$(basename "$f" .sql)
	version=$(echo "${name%%_*}" | sed 's/^0*//')
	printf '\t{ .version = %s, .name = "%s", .sql =\n' "$version" "$name"
	sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/\t"/' -e 's/$/\\n"/' "$f"
	echo '	},'
done
echo '};'
printf 'const unsigned migrations_count = %s;\n' "$#"
