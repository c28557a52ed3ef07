#!/usr/bin/env python3
"""Runs the unit tests (cmocka binaries) and the process tests, several side by side.

    tests/run.py [--unit] [--process] [--docker] [NAME ...]

NAME picks the tests whose file name contains it. Output of what passed is not
shown. At the end the last words of each failed test are repeated, for records that
keep only the end; then the last line is "N passed, N failed, N skipped";
the exit code is 1 when anything failed or nothing ran. TEST_BUILD=build/san uses
that build for everything; else the unit tests of all builds run (of build/tsan those
with threads), and the process tests choose. --docker runs
tests/docker instead (they use the engine and port 1337).

Process tests mostly wait, so more of them run at once than there are processors; unit
tests compute, and have lanes of their own. The longest begin first. Every line tells how
long a test took and how much processor time it and its programs used.
"""
import argparse
import glob
import os
import re
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILDS = [os.environ["TEST_BUILD"]] if os.environ.get("TEST_BUILD") else [
    "build", "build/san", "build/tsan"]
PROCESS_PATTERN = "tests/process/test_*.py"
UNIT_LIMIT_S = 600	# for a slow machine: none of them takes a tenth on a quiet one
PROCESS_LIMIT_S = 1200
DOCKER_PATTERN = "tests/docker/test_*.py"
DOCKER_LIMIT_S = 3600
CORES = len(os.sched_getaffinity(0))
UNIT_LANES = CORES
PROCESS_LANES = 2 * CORES + 1
DOCKER_LANES = 2
# Those that take longest, on a quiet machine, begin first.
LONGEST = """
    test_crash test_telegram_commands test_telegram test_replay_cut test_webhook test_isolation
    test_commands test_restore test_roster test_models test_backup test_security test_jobs
    test_api_helper test_api_push_ends test_api_database test_synthetic_figures test_model test_engine_random test_engine_cut
    test_api_trading test_model_refused test_replay
""".split()

CMOCKA_OK = re.compile(r"^\[ +OK \]", re.M)
CMOCKA_COUNT = re.compile(r"^\[ +(SKIPPED|FAILED) +\] (\d+) test\(s\)", re.M)
UNITTEST_RAN = re.compile(r"^Ran (\d+) tests? in", re.M)
UNITTEST_COUNT = re.compile(r"(failures|errors|skipped)=(\d+)")

LAST_WORDS = 15		# lines of each failed test that are repeated at the end
WIDTH = 400
# A block of unittest's: its name's line, a line, the traceback.
UNITTEST_BLOCK = re.compile(
    r"^={70}\n((?:FAIL|ERROR): .*\n(?:.*\n)*?)-{70}\n((?:.*\n)*?)(?=^[=-]{70}$)", re.M)
CMOCKA_WORDS = re.compile(
    r"^\[ +(?:ERROR|LINE|FAILED) +\].*|^(?:ERROR:|==|SUMMARY|.*runtime error).*", re.M)
PASSED_LINE = re.compile(r" \.\.\. ok$|^\[ +(?:RUN|OK) +\]")


class Result:
    """Counts of one test file, and its output."""

    def __init__(self, name):
        self.name = name
        self.passed = self.failed = self.skipped = 0
        self.output = ""
        self.note = ""
        self.seconds = self.cpu_seconds = 0.0


def count_cmocka(result):
    result.passed = len(CMOCKA_OK.findall(result.output))
    for kind, n in CMOCKA_COUNT.findall(result.output):
        if kind == "SKIPPED":
            result.skipped += int(n)
        else:
            result.failed += int(n)


def count_unittest(result):
    ran = UNITTEST_RAN.search(result.output)
    counts = {"failures": 0, "errors": 0, "skipped": 0}
    for key, n in UNITTEST_COUNT.findall(result.output.rsplit("Ran ", 1)[-1]):
        counts[key] = int(n)
    result.failed = counts["failures"] + counts["errors"]
    result.skipped = counts["skipped"]
    if ran:
        result.passed = max(0, int(ran.group(1)) - result.failed - result.skipped)


def end_group(process):
    """A test that is over, or over its time, leaves nothing running."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def run_one(path):
    unit = not path.endswith(".py")
    result = Result(path)
    limit = UNIT_LIMIT_S if unit else PROCESS_LIMIT_S
    if path.startswith("tests/docker/"):
        limit = DOCKER_LIMIT_S
    env = dict(os.environ, CMOCKA_MESSAGE_OUTPUT="STDOUT", PYTHONDONTWRITEBYTECODE="1")
    env["TSAN_OPTIONS"] = "suppressions=" + os.path.join(ROOT, "tests/tsan.supp")
    env.setdefault("SHARED_DATA", os.path.join(ROOT, "../shared/data"))
    env.update(TEST_LIMIT_S=str(limit), PYTHONUNBUFFERED="1")
    command = [path] if unit else [sys.executable, path]
    started = time.monotonic()
    process = subprocess.Popen(command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               start_new_session=True)
    # A program that a test left behind keeps the pipe open: the timer ends those too.
    timer = threading.Timer(limit, end_group, [process])
    timer.start()
    result.output = process.stdout.read().decode("utf-8", "replace")
    _, status, usage = os.wait4(process.pid, 0)
    code = process.returncode = os.waitstatus_to_exitcode(status)
    timed_out = not timer.is_alive()
    timer.cancel()
    result.seconds = time.monotonic() - started
    result.cpu_seconds = usage.ru_utime + usage.ru_stime
    if unit:
        count_cmocka(result)
    else:
        count_unittest(result)
    if timed_out:
        result.note = "ended after its limit of %d s" % limit
    elif code < 0:
        result.note = "killed by signal %s" % signal.Signals(-code).name
    elif code > 0 and not result.failed:
        result.note = "exit code %d" % code
    elif not result.passed and not result.failed and not result.skipped:
        result.note = "ran no test"
    if result.note and not result.failed:
        result.failed = 1
    return result


def find(args):
    paths = []
    if args.docker:
        return sorted(glob.glob(DOCKER_PATTERN))
    if args.process or not args.unit:
        paths += sorted(glob.glob(PROCESS_PATTERN))
    if args.unit or not args.process:
        for build in BUILDS:
            # a binary whose source is gone is an old build's
            paths += [p for p in sorted(glob.glob(build + "/tests/test_*"))
                      if os.path.exists("tests/unit/%s.c" % os.path.basename(p))]
    if args.names:
        paths = [p for p in paths if any(n in p for n in args.names)]
    return paths


def kind(path):
    return "unit" if not path.endswith(".py") else os.path.basename(os.path.dirname(path))


def longest_first(path):
    """Those of LONGEST in its order, then the others."""
    name = os.path.splitext(os.path.basename(path))[0]
    return LONGEST.index(name) if name in LONGEST else len(LONGEST)


def run_all(paths, work):
    """Each kind of test in lanes of its own, side by side."""
    lanes = {"unit": UNIT_LANES, "process": PROCESS_LANES, "docker": DOCKER_LANES}
    pools = {k: ThreadPoolExecutor(n) for k, n in lanes.items()}
    ends = [pools[kind(p)].submit(work, p) for p in sorted(paths, key=longest_first)]
    for end in ends:
        end.result()


def show(result):
    print("%-4s %-44s %4d passed%s%s  %.1f s, CPU %.1f s%s" % (
        "FAIL" if result.failed else "ok", result.name, result.passed,
        ", %d failed" % result.failed if result.failed else "",
        ", %d skipped" % result.skipped if result.skipped else "",
        result.seconds, result.cpu_seconds, "  (%s)" % result.note if result.note else ""), flush=True)
    if result.skipped and result.name.startswith("tests/docker/"):
        print("\n".join(re.findall(r"skipped '.*'|skipped \".*\"", result.output)), flush=True)
    if result.failed:
        print("\n".join(line[:4 * WIDTH] for line in result.output.splitlines()
                        if not PASSED_LINE.search(line)))
        print("---- end of %s" % result.name, flush=True)


def last_words(result):
    """For each failure of a file its name and last lines; else the end of its output."""
    parts = [(head.splitlines()[0], text) for head, text in UNITTEST_BLOCK.findall(result.output)]
    if not parts:
        words = [] if result.name.endswith(".py") else CMOCKA_WORDS.findall(result.output)
        parts = [("the end of its output:", "\n".join(words) or result.output)]
    for head, text in parts:
        lines = [line[:WIDTH] for line in text.splitlines() if line.strip()]
        yield "\n".join([head] + ["    " + line for line in lines[-LAST_WORDS:]])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--unit", action="store_true", help="unit tests only")
    parser.add_argument("--process", action="store_true", help="process tests only")
    parser.add_argument("--docker", action="store_true", help="tests/docker only, and all of it")
    parser.add_argument("names", nargs="*")
    args = parser.parse_args()
    os.chdir(ROOT)
    results = []
    lock = threading.Lock()

    def work(path):
        result = run_one(path)
        with lock:
            results.append(result)
            show(result)

    run_all(find(args), work)
    totals = [sum(getattr(r, k) for r in results) for k in ("passed", "failed", "skipped")]
    failed = [r for r in results if r.failed]
    for result in failed:
        print("---- FAILED %s%s" % (result.name, "  (%s)" % result.note if result.note else ""))
        print("\n".join(last_words(result)))
    if failed:
        print("failed: " + " ".join(r.name for r in failed))
    if not results:
        print("no tests found: run them with `make test`, which builds them")
    print("%d passed, %d failed, %d skipped" % tuple(totals), flush=True)
    ran = totals[0] or (args.docker and totals[2])
    return 1 if failed or not ran else 0


if __name__ == "__main__":
    sys.exit(main())
