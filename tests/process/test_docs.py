"""What the operator's pages say is what the programs say: messages, commands, links."""
import glob
import os
import re
import signal
import subprocess

import harness

DOCS = os.path.join(harness.ROOT, "docs")


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as f:
        return f.read()


def c_strings(text):
    """String literals of C source, neighbours joined; a macro between two parts them."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    found = []
    for run in re.findall(r'(?:"(?:[^"\\\n]|\\.)*"\s*)+', text):
        parts = re.findall(r'"((?:[^"\\\n]|\\.)*)"', run)
        found.append("".join(parts).replace('\\"', '"').replace("\\n", "\n"))
    return found


def said():
    """Everything that the programs and scripts can say, as one text."""
    texts = []
    for folder in ("api", "api/*", "common", "common/*", "worker/*", "worker/*/*"):
        for path in sorted(glob.glob(os.path.join(harness.ROOT, folder, "*.c"))):
            texts += c_strings(read(path))
    for path in sorted(glob.glob(os.path.join(harness.ROOT, "scripts/*.sh"))):
        texts.append(read(path))
    return "\n".join(texts)


def quotes(text):
    """Code spans of the paragraphs that begin with "You see:"."""
    found = []
    for paragraph in re.split(r"\n\s*\n", text):
        if paragraph.startswith("You see:"):
            found += [" ".join(q.split()) for q in re.findall(r"`([^`]+)`", paragraph)]
    return found


def anchors(text):
    """The anchors that GitHub gives a page's headings."""
    return {re.sub(r"[^\w -]", "", h.lower()).strip().replace(" ", "-")
            for h in re.findall(r"(?m)^#+ (.+)$", text)}


class Docs(harness.TestCase):

    def test_messages_are_the_programs(self):
        everything = said()
        messages = quotes(read(DOCS, "TROUBLESHOOTING.md"))
        self.assertGreater(len(messages), 50)
        wrong = []
        for message in messages:
            parts = [p.strip() for p in message.split("...")]
            self.assertTrue(any(len(p) > 10 for p in parts), "too short to be found: " + message)
            wrong += ["%s  (%s)" % (message, part) for part in parts if part not in everything]
        self.assertEqual(wrong, [], "nobody says these")

    def test_the_check_can_fail(self):
        self.assertEqual(quotes("You see: `a b`,\n`c`\n\nDocker says: `d`\n\nor `e`"), ["a b", "c"])
        self.assertEqual(c_strings('x("one " "two", "a\\"b" /* "no" */ M "c");'), ["one two", 'a"b', "c"])
        self.assertNotIn("a message that nobody has written", said())

    def test_commands_exist(self):
        help_text = self.bot_help()
        known = set(re.findall(r"(?m)^  ([a-z-]+) ", help_text))
        deploy = set(re.findall(r"(?m)^  ([a-z-]+) ", read(harness.ROOT, "scripts/deploy.sh")))
        for name in ("OPERATIONS.md", "TROUBLESHOOTING.md", "SECURITY.md", "DATABASE.md"):
            text = read(DOCS, name)
            for command in re.findall(r"(?:`|-worker |data/drill |drill )trading-bot ([a-z][a-z-]+)", text):
                self.assertIn(command, known, name)
            for command in re.findall(r"scripts/deploy\.sh (?:--\w+ )?([a-z][a-z-]+)", text):
                self.assertIn(command, deploy, name)

    def bot_help(self):
        done = self.bot().cli("--help")
        self.assertEqual(done.returncode, 0)
        return done.stdout

    def test_settings_and_tables_exist(self):
        keys = set(re.findall(r"(?m)^\| `([A-Z][A-Z0-9_]+)` \|", read(DOCS, "CONFIGURATION.md")))
        others = {"GRAFANA_PASSWORD", "DEBIAN_IMAGE", "APT_MIRROR", "NAME", "ROLE", "FILE", "KEY", "DIR"}
        for name in ("OPERATIONS.md", "TROUBLESHOOTING.md"):
            for key in re.findall(r"`([A-Z][A-Z0-9]*_[A-Z0-9_]+)(?:=[^`]*)?`", read(DOCS, name)):
                if key not in others and not key.startswith("SELF_SIGNED"):
                    self.assertIn(key, keys, name)

    def test_the_script_that_hears_an_emergency_stop(self):
        """The example of OPERATIONS.md as it stands: once for each bot, whoever gives the stop."""
        text = read(DOCS, "OPERATIONS.md").split("## Run a script at an emergency stop")[1]
        script = text.split("```bash\n")[1].split("```")[0]
        self.assertLessEqual(len(script.splitlines()), 10)
        bot = self.bot()
        bot.start()
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
        heard = os.path.join(bot.folder, "heard")
        for name, body in (("on-emergency-stop.sh", script),
                           ("my-script", "#!/bin/bash\necho \"$1 $2\" >>%s\n" % heard)):
            with open(os.path.join(bot.folder, name), "w", encoding="utf-8") as f:
                f.write(body)
            os.chmod(os.path.join(bot.folder, name), 0o755)
        follower = subprocess.Popen(["./on-emergency-stop.sh"], cwd=bot.folder, env=bot.environment(),
                                    stdin=subprocess.DEVNULL, start_new_session=True)
        self.addCleanup(follower.wait)
        self.addCleanup(os.killpg, follower.pid, signal.SIGKILL)
        logs = os.path.join(bot.data_dir, "logs", "trading-bot-worker.log")
        self.wait(lambda: self.followed(logs), "the file is followed")

        def lines():
            return read(heard).splitlines() if os.path.exists(heard) else []
        self.assertEqual(bot.post("/api/v1/bots/emergency-stop").status, 200)
        self.wait(lines, "my-script ran")
        bot.post("/api/v1/bots/1/start")
        os.rename(logs, logs + ".1")		# as a rotation does
        self.wait(lambda: os.path.exists(logs) or bot.post("/api/v1/bots/1/pause") is None, "a new file")
        self.wait(lambda: self.followed(logs), "the new file is followed")
        bot.post("/api/v1/bots/1/start")
        self.assertEqual(bot.cli("emergency-stop").returncode, 0)
        self.wait(lambda: len(lines()) > 1, "it ran again")
        self.assertEqual([line.split()[0] for line in lines()], ["1", "1"], lines())
        self.assertIn("emergency-stop by", lines()[0])

    @staticmethod
    def followed(path):
        """Does a tail have it open?"""
        for fd in glob.glob("/proc/[0-9]*/fd/*"):
            try:
                if os.readlink(fd) == path and "tail" in read(os.path.dirname(fd), "../comm"):
                    return True
            except OSError:
                continue
        return False

    def test_kubernetes_is_not_scraped_without_a_token(self):
        text = read(harness.ROOT, "docker/kubernetes/trading-bot.yaml")
        settings = re.sub(r"(?m)^\s*#.*$", "", text)
        if "prometheus.io/scrape" in settings:
            self.assertIn('METRICS_PUBLIC: "true"', settings)
        name, space = re.search(r"kind: Service\nmetadata:\n  name: (\S+)\n  namespace: (\S+)", text).groups()
        self.assertIn("%s.%s.svc:8000" % (name, space), read(DOCS, "OPERATIONS.md"))

    def test_what_docs_say_of_the_dashboard(self):
        """A sentence that sends its reader to the page names nothing that the page has not."""
        page = read(harness.ROOT, "api/dashboard/app.js") + read(harness.ROOT, "api/dashboard/index.html")
        needs = {r"\bjobs?\b": "/jobs", r"\bsettings?\b": "/config", r"\bwarnings?\b": "/logs",
                 r"\bclose it\b": "/close", r"\bbot's orders\b": "/orders?", r"\bupload": "/models",
                 r"\bbackups?\b": "/backup", r"\blog lines\b": "/logs"}
        wrong = []
        for name in ("OPERATIONS.md", "TROUBLESHOOTING.md", "SECURITY.md", "DEPLOYMENT.md"):
            text = re.sub(r"```.*?```", "", read(DOCS, name), flags=re.S)
            for sentence in re.split(r"(?<=[.:;|])\s", text):
                if "dashboard" not in sentence.lower():
                    continue
                wrong += ["%s: %s" % (name, " ".join(sentence.split())) for word, path in needs.items()
                          if re.search(word, sentence, re.I) and path not in page]
        self.assertEqual(wrong, [])

    def test_links_lead_somewhere(self):
        for path in glob.glob(os.path.join(DOCS, "*.md")) + [os.path.join(harness.ROOT, "README.md")]:
            for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", read(path)):
                if "://" not in target:
                    self.assertTrue(os.path.exists(os.path.join(os.path.dirname(path), target)),
                                    "%s in %s" % (target, path))
            for page in re.findall(r"\bdocs/([A-Z]+\.md)", read(path)):
                self.assertTrue(os.path.exists(os.path.join(DOCS, page)), "%s in %s" % (page, path))
            for page, anchor in re.findall(r"\]\(([^):#]*)#([^)]+)\)", read(path)):
                target = os.path.join(os.path.dirname(path), page) if page else path
                self.assertIn(anchor, anchors(read(target)), "%s#%s in %s" % (page, anchor, path))


if __name__ == "__main__":
    harness.main()
