"""scripts/run.sh, which "make run" ends in: start, link, logs, clean stop, clear failures."""
import os
import re
import signal
import socket
import subprocess

import attacker
import harness


class RunScript(harness.TestCase):

    def run_script(self, bot, **env):
        log = os.path.join(bot.folder, "run.log")
        with open(log, "wb") as f:
            process = subprocess.Popen([os.path.join(harness.ROOT, "scripts/run.sh")], cwd=bot.folder,
                                       env=bot.environment(dict(env, BUILD_DIR=harness.program(""))),
                                       stdin=subprocess.DEVNULL, stdout=f, stderr=f)
        self.addCleanup(self.end_script, process)

        def text():
            with open(log, encoding="utf-8", errors="replace") as f:
                return f.read()
        return process, text

    @staticmethod
    def end_script(process):
        if process.poll() is None:
            process.terminate()
            process.wait(60 * harness.SLOW)

    def worker_pid(self, bot):
        return bot.value("SELECT pid FROM worker_heartbeat")

    def alive(self, pid):
        try:
            os.kill(pid, 0)
            return True
        except ProcessLookupError:
            return False

    def test_start_link_and_clean_stop(self):
        bot = self.bot(API_TOKEN="")
        process, text = self.run_script(bot)
        self.wait(lambda: "Ctrl-C stops both" in text() or process.poll() is not None,
                  "the script says that all runs", 60)
        self.assertIsNone(process.poll(), text())
        link = re.search(r"http://localhost:(\d+)/#token=(\S+)", text())
        self.assertEqual(int(link.group(1)), bot.port)
        self.assertEqual(bot.get("/api/v1/status", token=link.group(2)).status, 200)
        self.wait(lambda: self.worker_pid(bot), "the worker is up", 60)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(60 * harness.SLOW), 0, text())
        self.assertIn("run: stopped", text())
        self.assertFalse(self.alive(self.worker_pid(bot)))
        self.assertIsNotNone(bot.value("SELECT stopped_us FROM worker_heartbeat"))
        self.assertTrue(any(line.startswith("{") for line in text().splitlines()))

    def test_with_a_proxy_in_the_environment(self):
        """It would be asked for localhost, and is not there."""
        bot = self.bot()
        process, text = self.run_script(bot, http_proxy="http://127.0.0.1:9", https_proxy="http://127.0.0.1:9")
        self.wait(lambda: "Ctrl-C stops both" in text() or process.poll() is not None,
                  "the script says that all runs", 60)
        self.assertIsNone(process.poll(), text())
        self.assertIn("curl -s --noproxy '*' -H", text())

    def test_addresses(self):
        bot = self.bot(API_BIND="[::1]", API_TOKEN="")
        process, text = self.run_script(bot)
        self.wait(lambda: "Ctrl-C stops both" in text() or process.poll() is not None,
                  "the script says that all runs", 60)
        self.assertIsNone(process.poll(), text())
        self.assertGreaterEqual(len(re.findall(r"http://\[::1\]:%d/#token=tb_" % bot.port, text())), 1)
        done = subprocess.run([harness.program("trading-bot-api"), "--healthcheck"], cwd=bot.folder,
                              env=bot.environment(), capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.end_script(process)
        for bad, why in (("127.0.0.300", "API_BIND=127.0.0.300 is no address"),
                         ("192.0.2.1", "no network interface of this machine has that address")):
            process, text = self.run_script(self.bot(API_BIND=bad))
            self.assertEqual(process.wait(60 * harness.SLOW), 1)
            self.assertIn(why, text())
            self.assertNotIn("another program", text())

    def test_https_and_a_token_of_the_environment(self):
        bot = self.bot(API_TOKEN="tb_of_the_environment")
        bot.env["API_TLS_CERT"], bot.env["API_TLS_KEY"] = attacker.certificate(bot.folder)
        process, text = self.run_script(bot)
        self.wait(lambda: "Ctrl-C stops both" in text() or process.poll() is not None,
                  "the script says that all runs", 60)
        self.assertIsNone(process.poll(), text())
        self.assertIn("Dashboard: https://localhost:%d/\n" % bot.port, text())
        self.assertNotIn("tb_of_the_environment", text())
        command = re.search(r"curl -s .*/api/v1/status", text()).group(0)
        done = subprocess.run(["bash", "-c", "TOKEN=tb_of_the_environment; " + command],
                              capture_output=True, text=True, check=False)
        self.assertIn('"bot_status"', done.stdout, done.stderr)

    def test_a_program_that_dies_takes_the_other_along(self):
        bot = self.bot()
        process, text = self.run_script(bot)
        self.wait(lambda: "Ctrl-C stops both" in text() or process.poll() is not None,
                  "the script says that all runs", 60)
        pid = self.wait(lambda: self.worker_pid(bot), "the worker is up", 60)
        os.kill(pid, signal.SIGKILL)
        self.assertEqual(process.wait(60 * harness.SLOW), 1)
        self.assertIn("trading-bot-worker ended by itself with code 137", text())
        self.assertFalse(bot.answers())

    def test_port_in_use(self):
        bot = self.bot()
        with socket.socket() as s:
            s.bind(("127.0.0.1", bot.port))
            s.listen()
            process, text = self.run_script(bot)
            self.assertEqual(process.wait(60 * harness.SLOW), 1)
        self.assertIn("port %d is in use" % bot.port, text())
        self.assertFalse(os.path.exists(bot.db_path))

    def test_bad_setting(self):
        bot = self.bot(API_PORT="http")
        process, text = self.run_script(bot)
        self.assertEqual(process.wait(60 * harness.SLOW), 1)
        self.assertIn("API_PORT", text())


if __name__ == "__main__":
    harness.main()
