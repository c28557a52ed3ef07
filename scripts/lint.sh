#!/bin/bash
# All that a machine can check about the source. compile_flags.txt tells clang-tidy
# (and editors) how the code is compiled.
#   scripts/lint.sh [FILE.c ...]      clang-tidy on these only (default: all)
set -uo pipefail

mapfile -t sources < <(git ls-files -co --exclude-standard 'api/*.c' 'common/*.c' 'worker/*.c' 'tests/*.c')
mapfile -t scripts < <(git ls-files -co --exclude-standard 'scripts/*.sh' 'docker/*.sh' \
	'tests/*.sh' '.ci/*')
tidy_files=("${sources[@]}")
[[ $# -gt 0 ]] && tidy_files=("$@")

failed=()
step() {
	local name=$1 started=$SECONDS
	shift
	if "$@"; then
		echo "ok   $name  $((SECONDS - started)) s"
	else
		echo "FAIL $name"
		failed+=("$name")
	fi
}

tidy() {
	local found
	found=$(printf '%s\0' "${tidy_files[@]}" |
		xargs -0 -P "$(nproc)" -n 1 sh -c 'clang-tidy --quiet "$@" 2>/dev/null' tidy \
			2>&1 | grep -v 'warnings generated') || true
	printf '%s' "$found"
	[[ -z $found ]]
}

check_cpp() {
	local off=(missingIncludeSystem arrayIndexThenCheck internalAstError normalCheckLevelMaxBranches)
	cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr \
		"${off[@]/#/--suppress=}" '-DcJSON_ArrayForEach(e,a)=for(e=(a)->child;e;e=e->next)' \
		--error-exitcode=1 -j "$(nproc)" -I. -D_GNU_SOURCE -DVERSION='""' "${sources[@]}"
}

# of the objects that `make lint` has built
check_callers() { scripts/check-callers.sh --self-test && scripts/check-callers.sh; }

check_sizes() { scripts/check-sizes.sh --self-test && scripts/check-sizes.sh; }

check_arrows() { scripts/check-arrows.sh --self-test && scripts/check-arrows.sh; }

step "house rules" scripts/check-greps.sh
step "callers" check_callers
step "arrows" check_arrows
step "sizes" check_sizes
step shellcheck shellcheck -x "${scripts[@]}"
step clang-format scripts/format.sh --check
step cppcheck check_cpp
step clang-tidy tidy

if [[ ${#failed[@]} -gt 0 ]]; then
	echo "lint: ${failed[*]} failed" >&2
	exit 1
fi
