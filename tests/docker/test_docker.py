#!/usr/bin/env python3
"""The images, the compose files and scripts/deploy.sh on a real engine.

Works on a copy of the source, with the names that users get (containers, volumes, port
1337); where a deployment of that name exists already, it is left alone and all is skipped.
The tests are steps of one story and run in their order.
"""
import http.client
import json
import os
import re
import signal
import subprocess
import time
import unittest

import engine
from deployment import API, ROOT, WORKER, Deployment, docker, everything, inspect, names, request, \
    run, sql, token, trades

NATIVE = "trading-bot-native-test"
SETTINGS = "MARKET_DATA=synthetic\nSYNTHETIC_SEED=7\nAPI_RATE_LIMIT=0\nCOMMAND_WAIT_MS=30000\n"
SLOW = 3		# every limit is multiplied: the machine may have much else to do
WORLD = {}		# the deployment


def setUpModule():
    try:
        WORLD["deployment"] = Deployment(SETTINGS)
    except engine.Unavailable as why:
        raise unittest.SkipTest(str(why)) from None
    unittest.addModuleCleanup(WORLD["deployment"].close)


def deploy(*args, **kw):
    return WORLD["deployment"].run(*args, **kw)


def tree(*names_below):
    return os.path.join(WORLD["deployment"].tree, *names_below)


def status():
    return request("GET", "/api/v1/status", token())[1]["bot_status"]


def hears_sigint():
    """A suite in the background was told to ignore it, and its children with it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Docker(unittest.TestCase):
    """One story: the methods run in the order of their names."""

    def setUp(self):
        self.begun = time.monotonic()

    def tearDown(self):
        print("(%.0f s) " % (time.monotonic() - self.begun), end="", flush=True)

    def wait(self, condition, what, limit=120):
        limit *= SLOW
        until = time.monotonic() + limit
        while True:
            try:
                if condition():
                    return
            except (OSError, AssertionError, ValueError, TypeError, KeyError, http.client.HTTPException):
                pass
            if time.monotonic() > until:
                logs = "\n".join("%s:\n%s" % (n, run("docker", "logs", "--tail", "8", n)[1])
                                 for n in (API, WORKER))
                self.fail("not within %d s: %s\n%s" % (limit, what, logs))
            time.sleep(0.2)

    def deployed(self, *args, **kw):
        code, text = deploy(*args, **kw)
        self.assertEqual(code, 0, text)
        return text

    def refused(self, *args, **kw):
        code, text = deploy(*args, **kw)
        self.assertNotEqual(code, 0, text)
        return text

    # ---- from nothing ----

    def test_01_nothing_is_there_yet(self):
        self.assertIn("there is no image trading-bot-api:latest: run scripts/deploy.sh build",
                      self.refused("start"))
        self.assertIn("nothing runs", self.deployed("stop"))
        self.assertIn("does not run", self.refused("health"))
        self.assertIn("there is no command 'deplyo'", self.refused("deplyo"))

    def test_02_deploy(self):
        text = self.deployed("deploy")
        link = re.search(r"Dashboard: http://localhost:1337/#token=(\S+)", text)
        self.assertTrue(link, text)
        self.assertEqual(link.group(1), token())
        code, health = request("GET", "/api/v1/health")
        self.assertEqual((code, health["database"]["status"]), (200, "healthy"))
        self.wait(lambda: status() == "RUNNING", "bot 1 runs")

    # ---- images ----

    def test_03_images_are_small_and_hold_no_tools(self):
        for name, limit_mb in ((API, 150), (WORKER, 350)):
            size = inspect(name + ":latest", ".Size") / 1e6
            self.assertLess(size, limit_mb, name)
            found = docker("exec", name, "sh", "-c", "for t in gcc cc clang make g++ python3 git curl "
                           "npm node; do command -v $t; done; ls -d /usr/include/* /opt/setup 2>/dev/null; true")
            self.assertEqual(found, "", name)
            missing = docker("exec", name, "sh", "-c", "ldd /usr/local/bin/* | grep 'not found'; true")
            self.assertEqual(missing, "")

    def test_04_labels_and_health_checks(self):
        with open(os.path.join(ROOT, "VERSION"), encoding="ascii") as f:
            version = f.read().strip()
        for name, test, seconds in ((API, ["CMD", "trading-bot-api", "--healthcheck"], 30),
                                    (WORKER, ["CMD", "trading-bot", "healthcheck"], 60)):
            config = inspect(name + ":latest", ".Config")
            self.assertEqual(config["User"], "10001:10001")
            labels = config["Labels"]
            self.assertEqual(labels["org.opencontainers.image.title"], name)
            self.assertEqual(labels["org.opencontainers.image.version"], version)
            self.assertRegex(labels["org.opencontainers.image.created"], r"^20\d\d-\d\d-\d\dT")
            self.assertEqual(config["Healthcheck"]["Test"], test)
            self.assertEqual(config["Healthcheck"]["Interval"], seconds * 10**9)
            self.assertEqual(config["Healthcheck"]["Timeout"], 10 * 10**9)

    def test_05_list_of_parts(self):
        for name in (API, WORKER):
            parts = json.loads(docker("exec", name, "cat", "/usr/share/doc/trading-bot/sbom.spdx.json"))
            self.assertEqual(parts["spdxVersion"], "SPDX-2.3")
            packages = {p["name"]: p for p in parts["packages"]}
            wanted = docker("exec", name, "dpkg-query", "-W", "-f", "${Package} ${Version}\n").splitlines()
            self.assertEqual(len(packages), len(wanted) + 1)
            for line in wanted:
                package, version = line.split()
                self.assertEqual(packages[package]["versionInfo"], version)
            self.assertTrue(packages["libssl3"]["externalRefs"][0]["referenceLocator"]
                            .startswith("pkg:deb/debian/libssl3@"))
            ids = {p["SPDXID"] for p in parts["packages"]} | {"SPDXRef-DOCUMENT"}
            self.assertEqual(len(ids), len(packages) + 1)
            for link in parts["relationships"]:
                self.assertIn(link["relatedSpdxElement"], ids)

    # ---- containers ----

    def test_06_containers_are_as_asked_for(self):
        for name in (API, WORKER):
            host = inspect(name, ".HostConfig")
            self.assertEqual(host["RestartPolicy"], {"Name": "on-failure", "MaximumRetryCount": 5})
            self.assertEqual(host["LogConfig"], {"Type": "json-file",
                                                 "Config": {"max-size": "50m", "max-file": "5"}})
            self.assertTrue(host["ReadonlyRootfs"])
            self.assertEqual(host["CapDrop"], ["ALL"])
            self.assertTrue(any(o.startswith("no-new-privileges") for o in host["SecurityOpt"]))
            self.assertGreater(host["Memory"], 0)
            self.assertGreater(host["NanoCpus"], 0)
            self.assertGreater(host["PidsLimit"], 0)
            self.assertEqual(inspect(name, ".Config.StopTimeout"), 30)
            self.assertEqual(list(inspect(name, ".NetworkSettings.Networks")), ["trading-bot-network"])
            mounts = {m["Destination"]: m for m in inspect(name, ".Mounts")}
            self.assertEqual(mounts["/data"]["Name"], "trading-bot-data")
            self.assertFalse(mounts["/run/secrets"]["RW"])
            self.assertEqual(docker("exec", name, "id", "-u"), "10001")
            code, _ = run("docker", "exec", name, "touch", "/usr/local/bin/x")
            self.assertNotEqual(code, 0, "the root file system is read-only")
        self.assertEqual(inspect("trading-bot-network", ".Driver"), "bridge")
        self.assertEqual(inspect(API, ".HostConfig.PortBindings"),
                         {"8000/tcp": [{"HostIp": "127.0.0.1", "HostPort": "1337"}]})
        self.assertFalse(inspect(WORKER, ".HostConfig.PortBindings"))

    def test_07_one_database_in_two_containers(self):
        """Commands travel through the WAL of one file: 100 there and back, while both read."""
        bearer = token()
        self.wait(lambda: trades() > 0, "the first paper trade")
        for i in range(100):
            word, wanted = (("pause", "paused"), ("resume", "running"))[i % 2]
            code, answer = request("POST", "/api/v1/bot/" + word, bearer)
            self.assertEqual((code, answer["status"]), (200, wanted), answer)
            if i % 10 == 0:
                for name in (API, WORKER):
                    self.assertEqual(sql(name, "SELECT lower(status) FROM bot_state WHERE bot_id = 1"),
                                     wanted)
        for name in (API, WORKER):
            self.assertEqual(sql(name, "PRAGMA integrity_check"), "ok")
            self.assertEqual(sql(name, "PRAGMA journal_mode"), "wal")
        slow = int(sql(API, "SELECT max(answered_us - created_us) FROM commands WHERE kind = 'pause'"))
        print("slowest of 50 pauses through two containers: %.1f ms" % (slow / 1000))

    def test_08_what_an_operator_asks(self):
        text = self.deployed("status")
        for word in (API, WORKER, "variant: simulation", "RUNNING"):
            self.assertIn(word, text)
        text = self.deployed("logs", "--tail", "20")
        self.assertIn("api\t| {", text)
        self.assertIn("worker\t| {", text)
        text = self.deployed("health")
        self.assertIn("healthy: last beat", text)
        self.assertIn(token(), self.deployed("link"))

    def test_09_healthy_says_the_engine(self):
        for name in (API, WORKER):
            self.wait(lambda n=name: inspect(n, ".State.Health.Status") == "healthy",
                      "the engine calls %s healthy" % name, 180)

    def test_10_kill_9_inside(self):
        for name in (WORKER, API):
            docker("exec", name, "sh", "-c", "kill -9 $(pidof %s)" % name)
            self.wait(lambda n=name: inspect(n, ".RestartCount") == 1 and inspect(n, ".State.Running"),
                      "the engine starts %s again" % name)
            self.wait(lambda: deploy("health")[0] == 0, "both are well again")
        self.wait(lambda: status() == "RUNNING", "the bot goes on")
        docker("exec", WORKER, "trading-bot", "doctor")

    def test_11_stop_and_start(self):
        self.assertEqual(request("POST", "/api/v1/bot/pause", token())[0], 200)
        before, bearer = trades(), token()
        containers = [inspect(n, ".Id") for n in (API, WORKER)]
        self.assertIn("stopped; the data is kept", self.deployed("stop"))
        for name in (API, WORKER):
            self.assertEqual(inspect(name, ".State.ExitCode"), 0, "stopped in its own time: " + name)
        self.assertIn("does not run", self.refused("health"))
        self.assertIn("PAUSED", self.deployed("cli", "status"), "also while the worker is down")
        self.deployed("start")
        self.assertIn("bot 1: Bot is already PAUSED", self.deployed("cli", "pause", "--all"))
        self.assertIn("no command", self.refused("cli", "dance"))
        self.assertEqual(token(), bearer)
        self.assertGreaterEqual(trades(), before)
        self.assertEqual(status(), "PAUSED", "the bot is in the state it was told to be in")
        self.assertEqual(request("POST", "/api/v1/bot/resume", token())[0], 200)
        for name, former in zip((API, WORKER), containers):
            self.assertNotEqual(inspect(name, ".Id"), former, "it was started again: made anew")
            self.assertEqual(inspect(name, ".RestartCount"), 0, "so that its count begins again")
        containers = [inspect(n, ".Id") for n in (API, WORKER)]
        self.deployed("stop")
        self.deployed("start")
        self.assertEqual([inspect(n, ".Id") for n in (API, WORKER)], containers,
                         "nothing was changed: the logs of before are still there")

    def test_12_deploy_again_is_an_upgrade(self):
        """Nothing was edited, but an image of another build time is another image."""
        before, bearer, image = trades(), token(), inspect(WORKER, ".Image")
        text = self.deployed("deploy")
        self.assertIn("upgrading: a backup first", text)
        self.assertNotEqual(inspect(WORKER, ".Image"), image)
        self.assertEqual(token(), bearer)
        self.assertGreaterEqual(trades(), before)
        self.assertIn("1 backups in /data/backups", docker("exec", WORKER, "trading-bot", "backup", "list"))

    def test_13_bad_settings_change_nothing(self):
        image, tested = inspect(API, ".Id"), inspect(WORKER + ":latest", ".Id")
        text = self.refused("deploy", env={"MAX_OPEN_POSITIONS": "many"})
        self.assertEqual(inspect(WORKER + ":latest", ".Id"), tested,
                         "the next start does not take what failed its test")
        self.assertIn("MAX_OPEN_POSITIONS", text)
        self.assertIn("nothing was changed", text)
        self.assertEqual(inspect(API, ".Id"), image)
        begun = inspect(WORKER, ".State.StartedAt")
        for command in ("start", "restart"):
            self.assertIn("nothing was changed", self.refused(command, env={"MAX_OPEN_POSITIONS": "many"}))
        self.assertEqual(inspect(WORKER, ".State.StartedAt"), begun, "what ran runs on")
        self.deployed("health")

    def test_14_backup_and_restore(self):
        file = tree("kept.tar.gz")
        self.assertIn("backup: " + file, self.deployed("backup", file))
        self.assertEqual(os.stat(file).st_mode & 0o777, 0o600)
        code, _ = request("POST", "/api/v1/bots", token(), '{"name": "made after the backup"}')
        self.assertEqual(code, 201)
        self.assertIn("add --yes", self.refused("restore", file))
        bearer = token()
        self.deployed("restore", file, "--yes")
        self.assertEqual(token(), bearer)
        self.assertNotIn("made after the backup", json.dumps(request("GET", "/api/v1/bots", bearer)[1]))
        self.assertEqual(status(), "PAUSED", "what was restored waits for a person")
        self.assertEqual(request("POST", "/api/v1/bot/resume", bearer)[0], 200)
        folder = tree("kept") + "/"
        self.deployed("backup", folder)
        kept = [os.path.join(folder, f) for f in os.listdir(folder)]
        self.assertEqual(len(kept), 1)
        self.assertRegex(kept[0], r"/trading-bot-[0-9-]+\.tar\.gz$")
        begun = inspect(WORKER, ".State.StartedAt")
        with open(file, "r+b") as f:
            f.truncate(1000)
        self.assertIn("nothing was changed", self.refused("restore", file, "--yes"))
        self.assertEqual(status(), "RUNNING", "a bad file changes nothing")
        self.assertEqual(inspect(WORKER, ".State.StartedAt"), begun)

    def interrupted(self, ready, *args):
        """Ctrl-C as soon as ready(): exit code and output."""
        with subprocess.Popen([tree("scripts/deploy.sh"), "--env-file", tree("test.env"), *args],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, start_new_session=True,
                              preexec_fn=hears_sigint) as process:
            self.wait(lambda: ready() or process.poll() is not None, "it is under way")
            os.killpg(process.pid, signal.SIGINT)
            text = process.communicate(timeout=120)[0]
        return process.returncode, text

    def test_15_interrupted(self):
        """Ctrl-C leaves no copies behind, and nothing is claimed that is not so."""
        docker("exec", WORKER, "sqlite3", "/data/app.db", "PRAGMA busy_timeout = 20000; WITH RECURSIVE"
               " n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000)"
               " INSERT INTO audit_log(at_us, actor, action, detail)"
               " SELECT i, 'a', 'b', hex(randomblob(100)) FROM n")
        file = tree("large.tar.gz")
        self.deployed("backup", file)
        helper = lambda: docker("ps", "-q", "--filter", "volume=trading-bot-data", "--filter", "status=running",
                                "--filter", "network=none")
        for args in (("backup", tree("cut.tar.gz")), ("restore", file, "--yes")):
            code, text = self.interrupted(helper, *args)
            self.assertEqual(code, 130, text)
            self.assertIn("interrupted", text)
            self.assertNotIn("(above)", text)
            self.wait(lambda: not helper(), "the helper has ended")
        self.assertEqual([f for f in os.listdir(tree()) if f.startswith("cut")], [])
        self.deployed("start")
        left = docker("exec", WORKER, "ls", "-A", "/data", "/data/backups").split()
        self.assertEqual([f for f in left if f.startswith((".copy", ".restore", ".verify"))], [])

    # ---- live ----

    def test_20_live_needs_approval_and_keys(self):
        running = inspect(WORKER, ".Id")
        approved = {"TRADING_APPROVED": "true"}
        keys = {"BINANCE_API_KEY": "k", "BINANCE_API_SECRET": "s"}
        self.assertIn("set TRADING_APPROVED=true", self.refused("--live", "deploy"))
        self.assertIn("needs BINANCE_API_KEY", self.refused("--live", "start", env=approved))
        self.assertIn("needs BINANCE_API_SECRET", self.refused("--live", "start",
                                                                env=dict(approved, BINANCE_API_KEY="k")))
        self.assertIn("TRADING_MODE=live is set", self.refused("deploy", env={"TRADING_MODE": "live"}))
        self.assertEqual(inspect(WORKER, ".Id"), running, "what ran runs on")
        compose = "docker compose" if run("docker", "compose", "version")[0] == 0 else "docker-compose"
        command = compose.split() + ["-f", tree("docker/docker-compose.live.yml"),
                                     "config"]
        for env, word in (({}, "set TRADING_APPROVED=true"), (keys, "set TRADING_APPROVED=true"),
                          (approved, "set BINANCE_API_KEY"),
                          (dict(approved, BINANCE_API_KEY="k", BINANCE_API_SECRET=""),
                           "set BINANCE_API_SECRET")):
            code, text = run(*command, env=env)
            self.assertNotEqual(code, 0)
            self.assertIn(word, text)
        code, text = run(*command, env=dict(approved, **keys))
        self.assertEqual(code, 0, text)
        self.assertIn("trading-bot-live-data", text)

    def test_21_the_programs_refuse_as_well(self):
        for name in (API, WORKER):
            code, text = run("docker", "run", "--rm", "-e", "TRADING_MODE=live", name + ":latest")
            self.assertEqual(code, 1, text)
            self.assertIn("TRADING_APPROVED=true", text)

    def test_22_secrets_are_files(self):
        path = tree("docker/secrets/api_token")
        with open(path, "w", encoding="ascii") as f:
            f.write("tb_token_of_a_file_secret\n")
        os.chmod(path, 0o600)
        self.deployed("test")
        text = self.deployed("restart")
        self.assertNotIn("tb_token", text, "a token that was given is not shown")
        self.assertEqual(request("GET", "/api/v1/status", "tb_token_of_a_file_secret")[0], 200)
        self.assertEqual(os.stat(path).st_uid, 10001)
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o400)
        self.assertNotIn("tb_token_of_a_file", docker("inspect", API, WORKER))
        os.unlink(path)
        self.deployed("restart")

    # ---- variants ----

    def test_30_prod_takes_the_data_over(self):
        before = trades()
        self.deployed("--prod", "deploy")
        self.assertIn("variant: prod", self.deployed("status"))
        self.assertGreaterEqual(trades(), before)
        settings = docker("exec", API, API, "--check-config")
        self.assertIn("ENVIRONMENT=production\n", settings)
        self.assertIn("SIMULATION_INITIAL_CAPITAL=50000", settings)
        self.assertIn("starting (prod)", self.deployed("start"), "what is deployed stays what it is")

    def test_31_dev_rebuilds_on_change(self):
        self.deployed("--dev", "deploy")
        for name in (API, WORKER):
            volumes = [m["Name"] for m in inspect(name, ".Mounts") if m["Destination"] == "/data"]
            self.assertEqual(volumes, ["trading-bot-dev-data"], "another variant, other data")
        self.wait(lambda: status() == "RUNNING", "bot 1 runs")
        source = tree("api/dashboard/index.html")
        with open(source, "a", encoding="utf-8") as f:
            f.write("<!-- changed while it runs -->\n")
        self.wait(lambda: "changed while it runs" in request("GET", "/")[1], "the API serves the change", 240)
        broken = tree("common/clock.c")
        with open(broken, encoding="utf-8") as f:
            good = f.read()
        with open(broken, "a", encoding="utf-8") as f:
            f.write("this is no C\n")
        self.wait(lambda: "does not compile" in docker("logs", "--tail", "40", API), "the log says so", 240)
        self.assertEqual(request("GET", "/api/v1/health")[0], 200, "the program from before runs on")
        with open(broken, "w", encoding="utf-8") as f:
            f.write(good)
        self.deployed("stop")
        self.assertEqual(inspect(WORKER, ".State.ExitCode"), 0)

    # ---- without Docker: a machine with systemd, here a container ----

    def native(self, script, good=True):
        code, text = run("docker", "exec", "-w", "/source", NATIVE, "bash", "-c", script)
        self.assertEqual(code == 0, good, text)
        return text.strip()

    def machine(self):
        docker("build", "-q", "-t", NATIVE, "-f", os.path.join(ROOT, "tests/docker/native.Dockerfile"),
               os.path.join(ROOT, "tests/docker"))
        self.addCleanup(run, "docker", "image", "rm", "-f", NATIVE)
        self.addCleanup(run, "docker", "rm", "-f", "-v", NATIVE)
        docker("run", "-d", "--name", NATIVE, "--cap-add", "SYS_ADMIN", "--security-opt",
               "seccomp=unconfined", "--security-opt", "apparmor=unconfined", "--tmpfs", "/run",
               "--tmpfs", "/run/lock", "-v", "/sys/fs/cgroup:/sys/fs/cgroup", "-v",
               tree() + ":/mounted:ro", NATIVE)
        try:
            self.wait(lambda: run("docker", "exec", NATIVE, "systemctl", "is-system-running")[1].strip()
                      in ("running", "degraded"), "systemd is up", 60)
        except AssertionError:
            self.skipTest("systemd does not come up in a container here: "
                          + run("docker", "logs", "--tail", "3", NATIVE)[1])
        self.native("cp -a /mounted/. /source && cp -a /build /source/build")

    def restarts(self, name):
        return int(self.native("systemctl show -P NRestarts " + name))

    def test_40_native(self):
        self.machine()
        script = "scripts/deploy.sh --native "
        text = self.native(script + "--env-file test.env deploy")
        bearer = re.search(r"Dashboard: http://localhost:1337/#token=(\S+)", text).group(1)
        ask = "curl -s -H 'Authorization: Bearer %s' localhost:1337/api/v1/status" % bearer
        self.wait(lambda: json.loads(self.native(ask))["bot_status"] == "RUNNING", "bot 1 runs")
        for name in (API, WORKER):
            self.assertEqual(self.native("systemctl show -P WatchdogUSec " + name), "30s")
            pid = self.native("systemctl show -P MainPID " + name)
            self.assertEqual(self.native("stat -c %U /proc/" + pid), "trading-bot")
            self.native("kill -9 " + pid)
            self.wait(lambda n=name: self.restarts(n) == 1, name + " is started again")
        self.wait(lambda: self.native(script + "health"), "both are well again")
        self.assertIn("RUNNING", self.native(script + "status"))
        self.assertIn("bot 1: Bot paused successfully", self.native(script + "cli pause --all"))
        self.assertIn("bot 1: Bot started successfully", self.native(script + "cli start --all"))
        self.assertIn("listening on", self.native(script + "logs -n 100"))
        # a hang: the watchdog ends it (with less patience than the unit has)
        self.native("for u in api worker; do d=/run/systemd/system/trading-bot-$u.service.d; mkdir -p $d;"
                    " printf '[Service]\nWatchdogSec=10\n' >$d/fast.conf; done; systemctl daemon-reload;"
                    + script + "restart")
        for name in (API, WORKER):
            self.native("kill -STOP $(systemctl show -P MainPID %s)" % name)
            self.wait(lambda n=name: self.restarts(n) >= 1, "the watchdog ends " + name, 60)
        self.wait(lambda: self.native(script + "health"), "both are well again")
        self.native(script + "backup kept.tar.gz")
        self.assertIn("upgrading: a backup first", self.native(script + "deploy"))
        self.native(script + "restore kept.tar.gz --yes")
        self.assertEqual(json.loads(self.native(ask))["bot_status"], "PAUSED")
        self.assertIn("needs your approval", self.native(script + "--live deploy", good=False))
        self.native(script + "stop")
        for name in (API, WORKER):
            self.assertEqual(self.native("systemctl show -P Result " + name), "success")
        self.assertIn("add --yes", self.native(script + "cleanup --data", good=False))
        self.native(script + "cleanup --data --yes")
        left = self.native("ls /usr/local/bin /etc/systemd/system; ls -d /var/lib/trading-bot* "
                           "/etc/trading-bot* 2>/dev/null; true")
        self.assertNotIn("trading-bot", left)

    # ---- the end ----

    def test_90_cleanup_asks_first(self):
        text = self.refused("cleanup", "--data")
        self.assertIn("add --yes", text)
        self.assertIn("trading-bot-data", text)
        self.assertLessEqual({API, WORKER}, names("container"))

    def test_91_cleanup_keeps_the_data(self):
        # what docker-compose 1 leaves when a container was replaced and did not start
        docker("create", "--name", "0123456789ab_" + API, "--label", "com.docker.compose.project=trading-bot",
               "-v", "trading-bot-data:/data", "debian:bookworm-slim")
        self.deployed("cleanup", "--yes")
        self.assertEqual([n for n in names("container") if n.endswith(API)], [])
        self.assertIn("trading-bot-data", names("volume"))
        self.assertFalse({API, WORKER} & names("container"))

    def test_92_live_is_not_left_by_a_slip(self):
        docker("create", "--name", WORKER, "--label", "trading-bot.variant=live", "debian:bookworm-slim")
        try:
            self.assertIn("set TRADING_APPROVED=true", self.refused("start"), "live stays live")
            self.assertIn("live trading is deployed", self.refused("--simulation", "start"))
        finally:
            docker("rm", WORKER)

    def test_93_cleanup_leaves_nothing(self):
        self.deployed("cleanup", "--data", "--yes")
        now = everything()
        for kind, before in WORLD["deployment"].before.items():
            self.assertEqual(now[kind] - before, set(), kind)


if __name__ == "__main__":
    unittest.main(verbosity=2, failfast=True)
