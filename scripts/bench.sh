#!/bin/bash
# Prints what is measured: every build/bench/bench_*, the running programs, and where a
# Docker engine runs the containers.
set -uo pipefail

for bench in build/bench/bench_*; do
	[[ -x $bench && -e tests/bench/$(basename "$bench").c ]] || continue
	"$bench" || echo "bench: $bench ended with $?"
done
python3 tests/bench/system.py
python3 tests/bench/many_bots.py
python3 tests/bench/million_orders.py
! docker info >/dev/null 2>&1 || python3 tests/bench/docker_bench.py start
