#!/bin/bash
# Runs each fuzz target of build/fuzz for some seconds, two at a time:
#   scripts/fuzz.sh [SECONDS] [NAME ...]
# Inputs that reach new code are kept in build/fuzz/found/<name> and used again; what
# breaks a target stays as build/fuzz/<name>-crash-*. The committed corpus is only read.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-20}
shift || true
names=("$@")
if [[ ${#names[@]} -eq 0 ]]; then
	for source in tests/fuzz/fuzz_*.c; do
		name=${source##*/fuzz_}
		names+=("${name%.c}")
	done
fi

run_one() {
	local name=$1 log=build/fuzz/$1.log found=build/fuzz/found/$1 dictionary=()
	mkdir -p "$found"
	[[ ! -f tests/fuzz/$name.dict ]] || dictionary=("-dict=tests/fuzz/$name.dict")
	if build/fuzz/fuzz_"$name" -max_total_time="$seconds" -timeout=60 -rss_limit_mb=1024 \
		-artifact_prefix="build/fuzz/$name-" -print_final_stats=1 "${dictionary[@]}" \
		"$found" "tests/fuzz/corpus/$name" >"$log" 2>&1; then
		awk -v name="$name" '/number_of_executed_units/ { n = $2 } /new_units_added/ { a = $2 }
			/ cov: / { cov = $4 } END {
			printf "ok    fuzz_%-12s %10d inputs, %5d of them new paths, %s edges\n", name, n, a, cov }' \
			"$log"
	else
		echo "FAIL  fuzz_$name: the input is kept as build/fuzz/$name-*, the log is $log"
		tail -n 40 "$log"
		return 1
	fi
}

failed=0
running=0
for name in "${names[@]}"; do
	if ((running == 2)); then
		wait -n || failed=1
		running=1
	fi
	run_one "$name" &
	running=$((running + 1))
done
while ((running > 0)); do
	wait -n || failed=1
	running=$((running - 1))
done
exit $failed
