#!/bin/bash
# Does every file that the dashboard's pages name exist?
#   scripts/check-assets.sh [FOLDER]          (default api/dashboard)
set -euo pipefail

folder=${1:-api/dashboard}
missing=0
shopt -s nullglob
pages=("$folder"/*.html)
[[ ${#pages[@]} -gt 0 ]] || { echo "check-assets: no page in $folder" >&2; exit 1; }
for page in "${pages[@]}"; do
	while read -r name; do
		[[ $name == api/* || -e $folder/$name ]] && continue	# api/: the API's own answers
		echo "check-assets: $page names $name, which is not in $folder" >&2
		missing=1
	done < <(grep -oE '(src|href)="[^"#:?]+\.[a-z0-9]+"' "$page" | sed -E 's/^[a-z]+="\/?//; s/"$//')
done
exit $missing
