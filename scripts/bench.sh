#!/bin/bash
# Prints what is measured: every build/bench/bench_*, then the running programs.
set -uo pipefail

for bench in build/bench/bench_*; do
	[[ -x $bench && -e tests/bench/$(basename "$bench").c ]] || continue
	"$bench" || echo "bench: $bench ended with $?"
done
python3 tests/bench/system.py
exec python3 tests/bench/many_bots.py
