#!/bin/bash
# Runs the tests on the build that counts lines (make FLAVOR=cov) and says which of ours
# they ran: build/coverage/index.html for a person, cobertura.xml for a CI server.
#   scripts/coverage.sh [arguments of tests/run.py]
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

# counts of an earlier run would be added
find build/cov -name '*.gcda' -delete
TEST_BUILD=build/cov tests/run.py "$@"
status=$?
rm -rf build/coverage
mkdir -p build/coverage
# what a killed process leaves half written is no reason to have no report
gcovr --root . --object-directory build/cov/obj --filter '(api|common|worker)/' \
	--exclude-unreachable-branches --gcov-ignore-parse-errors -j "$(nproc)" \
	--html-details build/coverage/index.html --xml build/coverage/cobertura.xml \
	--txt build/coverage/summary.txt --print-summary || status=1
echo "coverage: build/coverage/index.html"
exit $status
