#!/bin/bash
# A handler must not be able to name the loop's database connection, because it may run in
# another thread: with what the files of api/routes include, these lines don't compile.
#   scripts/check-reach.sh              compiles them
#   scripts/check-reach.sh --self-test  and finds that it would notice one that compiles
set -uo pipefail

compiles() {
	printf '%s\n' '#include "api/routes/table.h"' 'void *reach(struct request *r);' \
		"void *reach(struct request *r) { return (void *)$1; }" |
		"${CC:-cc}" -std=gnu17 -D_GNU_SOURCE -I. -Werror=implicit-function-declaration \
			-fsyntax-only -x c - 2>/dev/null
}

# what a handler may use, then what it may not
allowed='r->db'
refused=('r->app->db' 'r->app->database->db' 'app_db(r->app)' 'r->app->database->generation')

check() {
	local status=0 line
	compiles "$allowed" || { echo "check-reach: $allowed does not compile"; status=1; }
	for line in "${refused[@]}"; do
		! compiles "$line" || { echo "a handler can reach $line"; status=1; }
	done
	return $status
}

if [[ ${1:-} == --self-test ]]; then
	refused+=('r->app->cfg')
	[[ $(check) == "a handler can reach r->app->cfg" ]] || { echo "check-reach: blind" >&2; exit 1; }
	exit 0
fi
check
