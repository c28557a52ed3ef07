"""docker/monitoring with Prometheus' own tools: rules, their tests, dashboard, a real scrape."""
import json
import os
import re
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request

import exposition
import harness

FOLDER = os.path.join(harness.ROOT, "docker/monitoring")
ALERTS = os.path.join(FOLDER, "alerts.yml")
TESTS = os.path.join(FOLDER, "alerts_test.yml")
BOARD = os.path.join(FOLDER, "grafana/dashboards/trading-bot.json")
OPERATIONS = os.path.join(harness.ROOT, "docs/OPERATIONS.md")
TOOLS = os.path.join(harness.ROOT, "build/tools")
METRIC = re.compile(r"\btradingbot_[a-z_]+")


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def run(tool, *args, **kw):
    return subprocess.run([os.path.join(TOOLS, tool)] + list(args), stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False, **kw)


def expressions():
    """(panel, expression) of the dashboard."""
    board = json.loads(read(BOARD))
    found = [(a["name"], a["expr"]) for a in board["annotations"]["list"] if "expr" in a]
    for panel in board["panels"]:
        found += [(panel["title"], t["expr"]) for t in panel.get("targets", [])]
    return found


class Files(harness.TestCase):

    def test_promtool_takes_the_rules(self):
        self.assertEqual(run("promtool", "check", "rules", ALERTS).returncode, 0)
        config = run("promtool", "check", "config", "--syntax-only",
                     os.path.join(FOLDER, "prometheus.yml"))
        self.assertEqual(config.returncode, 0, config.stdout)

    def test_each_alert_fires_when_it_should_and_only_then(self):
        done = run("promtool", "test", "rules", TESTS)
        self.assertEqual(done.returncode, 0, done.stdout)
        alerts = re.findall(r"- alert: (\w+)", read(ALERTS))
        self.assertEqual(len(alerts), len(set(alerts)))
        tests = read(TESTS)
        for alert in alerts:
            quiet = re.findall(r"alertname: %s, exp_alerts: \[\]" % alert, tests)
            fires = re.findall(r"alertname: %s\n\s+exp_alerts:\n\s+- exp_labels" % alert, tests)
            self.assertGreaterEqual(len(quiet), 3, alert + " is never seen quiet")
            self.assertGreaterEqual(len(fires), 1, alert + " never fires")
        # and a rule that is broken on purpose is noticed
        folder = self.folder()
        for path, text in ((ALERTS, read(ALERTS).replace("tradingbot_worker_up == 0", "tradingbot_worker_up == 2")),
                           (TESTS, tests)):
            with open(os.path.join(folder, os.path.basename(path)), "w", encoding="utf-8") as f:
                f.write(text)
        self.assertNotEqual(run("promtool", "test", "rules",
                                os.path.join(folder, "alerts_test.yml")).returncode, 0)

    def test_each_alert_says_what_to_do(self):
        rules = read(ALERTS)
        for block in rules.split("- alert: ")[1:]:
            name = block.split("\n", 1)[0]
            self.assertRegex(block, r"labels: \{severity: (critical|warning)\}", name)
            self.assertRegex(block, r"summary: \S", name)
            self.assertIn("runbook: docs/OPERATIONS.md#%s\n" % name.lower(), block)
            if os.path.exists(OPERATIONS):
                self.assertIn("\n### %s\n" % name, read(OPERATIONS))

    def test_the_dashboard_is_one(self):
        board = json.loads(read(BOARD))
        self.assertEqual(board["uid"], "trading-bot")
        self.assertGreaterEqual(board["schemaVersion"], 30)
        ids, cells = [], {}
        for panel in board["panels"]:
            ids.append(panel["id"])
            self.assertIn(panel["type"], ("row", "stat", "timeseries"))
            self.assertTrue(panel["title"])
            grid = panel["gridPos"]
            self.assertLessEqual(grid["x"] + grid["w"], 24, panel["title"])
            for x in range(grid["x"], grid["x"] + grid["w"]):
                for y in range(grid["y"], grid["y"] + grid["h"]):
                    self.assertNotIn((x, y), cells, "%s over another" % panel["title"])
                    cells[x, y] = panel["title"]
            refs = [t["refId"] for t in panel.get("targets", [])]
            self.assertEqual(len(refs), len(set(refs)))
            self.assertEqual(bool(refs), panel["type"] != "row")
            for target in panel.get("targets", []):
                self.assertEqual(target["datasource"]["uid"], "prometheus")
        self.assertEqual(len(ids), len(set(ids)))
        source = read(os.path.join(FOLDER, "grafana/provisioning/datasources/prometheus.yml"))
        self.assertIn("uid: prometheus\n", source)
        # what Prometheus takes as a recording rule parses
        rules = "groups:\n  - name: board\n    rules:\n" + "".join(
            "      - record: board:%d\n        expr: %s\n" % (i, json.dumps(e))
            for i, (_, e) in enumerate(expressions()))
        with tempfile.NamedTemporaryFile("w", suffix=".yml", encoding="utf-8") as f:
            f.write(rules)
            f.flush()
            done = run("promtool", "check", "rules", f.name)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("%d rules found" % len(expressions()), done.stdout)

    def test_only_metrics_that_exist(self):
        table = set(re.findall(r"(?m)^\| `(\w+)` \|",
                               read(os.path.join(harness.ROOT, "docs/METRICS.md"))))
        table |= {t + s for t in table for s in ("_bucket", "_sum", "_count")
                  if t.endswith("_duration_seconds")}
        for name, text in (("alerts.yml", read(ALERTS)), ("alerts_test.yml", read(TESTS)),
                           ("dashboard", "\n".join(e for _, e in expressions()))):
            used = set(METRIC.findall(text))
            self.assertTrue(used)
            self.assertEqual(used - table, set(), "in " + name)


class Live(harness.TestCase):

    def prometheus(self, bot, token):
        """The real server on our files, with shorter times and this bot as target."""
        folder = self.folder()
        port = harness.free_port()
        secret = os.path.join(folder, "token")
        with open(secret, "w", encoding="ascii") as f:
            f.write(token + "\n")
        config = read(os.path.join(FOLDER, "prometheus.yml"))
        for old, new in (("scrape_interval: 15s", "scrape_interval: 1s"),
                         ("scrape_timeout: 10s", "scrape_timeout: 1s"),
                         ("evaluation_interval: 15s", "evaluation_interval: 1s"),
                         ("/run/secrets/prometheus_token", secret),
                         ("trading-bot-api:8000", "127.0.0.1:%d" % bot.port)):
            self.assertIn(old, config)
            config = config.replace(old, new)
        rules = re.sub(r"for: \d+[sm]", "for: 2s", read(ALERTS))
        for name, text in (("prometheus.yml", config), ("alerts.yml", rules)):
            with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
                f.write(text)
        with open(os.path.join(folder, "log"), "wb") as log:
            server = subprocess.Popen(
                [os.path.join(TOOLS, "prometheus"), "--config.file=" + folder + "/prometheus.yml",
                 "--storage.tsdb.path=" + folder + "/data", "--web.listen-address=127.0.0.1:%d" % port,
                 "--web.console.templates=" + folder, "--web.console.libraries=" + folder],
                cwd=folder, stdout=log, stderr=log)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)

        def ask(path, **query):
            url = "http://127.0.0.1:%d/api/v1/%s?%s" % (port, path, urllib.parse.urlencode(query))
            with urllib.request.urlopen(url, timeout=30 * harness.SLOW) as answer:
                return json.load(answer)["data"]

        def ready():
            try:
                return ask("targets")
            except OSError:
                self.assertIsNone(server.poll(), read(os.path.join(folder, "log")))
                return None
        self.wait(ready, "Prometheus answers", 60)
        return ask

    def test_scrape_alert_and_dashboard(self):
        bot = self.bot(BACKUP_INTERVAL="3600")
        bot.start()
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
        self.assertEqual(bot.cli("backup").returncode, 0)
        text = bot.get("/metrics").body
        exposition.read(text)
        done = run("promtool", "check", "metrics", input=text)
        self.assertEqual((done.returncode, done.stdout), (0, ""))
        token = bot.post("/api/v1/tokens", {"name": "prometheus", "role": "viewer"}).json["token"]
        ask = self.prometheus(bot, token)
        self.wait(lambda: [t["health"] for t in ask("targets")["activeTargets"]] == ["up"],
                  "the bot is scraped", 60)
        # every panel has something to show
        pending = dict(enumerate(expressions()))
        end = time.monotonic() + 60 * harness.SLOW

        def shown():
            for i, (_, expression) in list(pending.items()):
                if ask("query", query=expression)["result"]:
                    del pending[i]
            quiet = [e for _, e in pending.values() if "changes(" not in e and "wins_total /" not in e]
            return not quiet or time.monotonic() > end
        self.wait(shown, "all panels have data", 120)
        # before the first trade there is no win rate, before a second start no mark
        self.assertEqual([p for p, _ in pending.values() if p not in ("Worker started", "Win rate")], [])

        def alerts():
            return {a["labels"]["alertname"]: a["state"] for a in ask("alerts")["alerts"]}
        self.wait(lambda: all(r["health"] == "ok" for g in ask("rules")["groups"] for r in g["rules"]),
                  "every rule is evaluated", 60)
        # a false alarm of a busy machine ends, a wrong rule's does not
        self.wait(lambda: not {"TradingBotWorkerAway", "TradingBotBackupTooOld"} & set(alerts()),
                  "these do not fire")
        bot.worker.kill9()
        self.wait(lambda: alerts().get("TradingBotWorkerAway") == "firing", "it is noticed", 60)
        bot.start_worker()
        self.wait(lambda: "TradingBotWorkerAway" not in alerts(), "it is well again", 60)
        bot.api.kill9()
        self.wait(lambda: alerts().get("TradingBotApiAway") == "firing", "it is noticed", 60)


if __name__ == "__main__":
    harness.main()
