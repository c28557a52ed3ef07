"""The Makefile: what must be made again when a file changes."""
import glob
import os
import re
import subprocess

import harness

FOLDERS = ("api", "api/*", "common", "common/*", "worker/*", "worker/*/*")


class Build(harness.TestCase):

    def test_a_new_version_reaches_the_programs(self):
        """What `echo 9.9.9 >VERSION; make build` would compile (make -W: as if VERSION were new)."""
        done = subprocess.run(["make", "-n", "-W", "VERSION", "build"], cwd=harness.ROOT, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120 * harness.SLOW,
                              check=False)
        self.assertEqual(done.returncode, 0, done.stdout[-2000:])
        compiled = set(re.findall(r"-c (\S+\.c)", done.stdout))
        say_it = set()
        for folder in FOLDERS:
            for path in glob.glob(os.path.join(harness.ROOT, folder, "*.[ch]")):
                with open(path, encoding="utf-8") as f:
                    text = re.sub(r"/\*.*?\*/", "", f.read(), flags=re.S)
                if re.search(r"(?<!_)\bVERSION\b(?!_)", re.sub(r'"(?:\\.|[^"\\\n])*"', '""', text)):
                    self.assertTrue(path.endswith(".c"), "a header can't name what depends on it: " + path)
                    say_it.add(os.path.relpath(path, harness.ROOT))
        self.assertGreater(len(say_it), 8)
        self.assertEqual(say_it - compiled, set(), "these keep the old version")
        for program in ("trading-bot-api", "trading-bot-worker", "trading-bot"):
            self.assertRegex(done.stdout, r"-o build/%s\s" % program)


if __name__ == "__main__":
    harness.main()
