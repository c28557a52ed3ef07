#!/bin/bash
# Prints what is measured: every build/bench/bench_*, the running programs, and where a
# Docker engine runs the containers.
set -uo pipefail

first=
failed()
{
	echo "bench: $1"
	first=${first:-$1}
}

for bench in build/bench/bench_*; do
	[[ -x $bench && -e tests/bench/$(basename "$bench").c ]] || continue
	"$bench" || failed "$bench ended with $?"
done
for part in system many_bots million_orders; do
	python3 "tests/bench/$part.py" || failed "tests/bench/$part.py ended with $?"
done
if docker info >/dev/null 2>&1; then
	python3 tests/bench/docker_bench.py start || failed "tests/bench/docker_bench.py ended with $?"
fi
[[ -z $first ]] || echo "bench: first failure: $first; all other parts ran"
