#!/bin/bash
# Which folder may include which: arrows point down, and there is no circle. docs/ARCHITECTURE.md
# tells what each folder holds. Prints each #include that has no arrow, and each arrow that no
# #include needs any more, and circles of files inside a folder (check-circles.sh); exit 1 with any.
#   scripts/check-arrows.sh              checks the tree
#   scripts/check-arrows.sh --self-test  finds what is planted, and nothing else
set -uo pipefail

# folder: folders that it may include beside itself and common/. api/app.h, what all of the API
# shares, may be included anywhere in api/; api/app_db.h, the loop's connection, only where no
# code runs in another thread: what may, must not be able to name it.
arrows() {
	cat <<'END'
common:
common/db:
common/log:
common/registry: common/db
common/view: common/db common/registry
api/view: common/registry common/view api/store
api/store: common/db common/registry
api/http: common/registry api/view
api/pending: common/db common/registry api/http api/store
api/push: common/db common/registry api/http api/store api/view
api/dashboard:
api/routes: common/db common/registry common/view api/http api/pending api/push api/store api/view api/dashboard
api/openapi: api/http api/routes api/store
api: common/db common/log common/registry api/http api/pending api/push api/store api/view api/openapi
worker/market: common/registry
worker/strategy: common/registry worker/market
worker/account:
worker/venue: worker/account worker/market
worker/venue/sim: worker/account worker/market worker/venue
worker/trade: common/registry worker/market worker/strategy worker/venue
worker/engine: common/registry worker/account worker/market worker/strategy worker/trade worker/venue
worker/feed: common/registry worker/market
worker/model/format:
worker/model: worker/market worker/model/format
worker/model/train: worker/market worker/model
worker/session: common/db worker/market worker/strategy worker/venue worker/engine worker/feed worker/model
worker/net:
worker/store: common/db common/registry worker/engine worker/trade worker/feed worker/market worker/venue worker/venue/sim
worker/report: worker/trade worker/venue/sim
worker/notify: common/db common/registry common/view worker/net worker/report worker/store
worker/backup: common/db common/registry worker/store
worker/job: common/db worker/store
worker/job/kinds: common/db worker/backup worker/job
worker/cli: common/db common/registry common/view worker/backup worker/feed worker/job worker/market worker/model worker/report worker/session worker/store worker/venue/sim
worker/loop: common/db common/log common/registry worker/backup worker/feed worker/job worker/market worker/model/train worker/notify worker/report worker/session worker/store worker/venue/sim
END
}

# "folder other file line" of each #include that leaves its folder
includes() {
	find api common worker -name '*.[ch]' 2>/dev/null | sort | while read -r file; do
		grep -nE '^#include "' "$file" | sed -E "s|^([0-9]+):#include \"(.*)/([^/]*)\".*|${file%/*} \2 $file:\1 \3|"
	done | awk '$1 != $2 && !($1 ~ /^api/ && $2 == "api" && $4 == "app.h") &&
		!($1 ~ /^api\/(http|pending|push)$/ && $2 == "api" && $4 == "app_db.h")'
}

check() {
	awk -F'[ ]' '
		NR == FNR { folder = $1; sub(/:$/, "", folder); known[folder] = 1
			for (i = 2; i <= NF; i++) if ($i != "") allowed[folder, $i] = $0; next }
		{ used[$1, $2] = 1 }
		$2 == "common" && ($1 in known) { next }
		!(($1, $2) in allowed) { print $3 ": " $1 " may not include " $2; bad = 1 }
		END {
			for (arrow in allowed) if (!(arrow in used)) {
				split(arrow, side, SUBSEP)
				print side[1] " -> " side[2] ": no #include needs this arrow"; bad = 1 }
			exit bad
		}' <(arrows) <(includes)
}

self_test() {
	local scratch found status=0
	scratch=$(mktemp -d)
	cd "$scratch" || exit 1
	mkdir -p api/http common worker/engine worker/loop
	arrows() { printf '%s\n' 'api: api/http' 'api/http:' 'common:' 'worker/engine:' 'worker/loop: worker/engine'; }
	echo '#include "api/http/a.h"' >api/main.c
	printf '%s\n' '#include "api/app.h"' '#include "common/x.h"' >api/http/a.c
	mkdir -p api/routes api/pending
	echo '#include "api/app_db.h"' | tee api/pending/room.c >api/routes/orders.c
	echo '#include "worker/loop/l.h"' >worker/engine/e.c
	found=$(check)
	[[ $found == *"worker/engine/e.c:1: worker/engine may not include worker/loop"* &&
		$found == *"api/routes/orders.c:1: api/routes may not include api"* &&
		$found == *"worker/loop -> worker/engine: no #include"* && $(wc -l <<<"$found") -eq 3 ]] || status=1
	[[ $status -eq 0 ]] || printf 'check-arrows: the self-test found:\n%s\n' "$found" >&2
	rm -rf "$scratch"
	return $status
}

here=$(dirname "$(realpath "$0")")
if [[ ${1:-} == --self-test ]]; then
	(self_test) && "$here/check-circles.sh" --self-test && "$here/check-reach.sh" --self-test
	exit
fi
status=0
check || status=1
"$here/check-circles.sh" || status=1
"$here/check-reach.sh" || status=1
exit $status
