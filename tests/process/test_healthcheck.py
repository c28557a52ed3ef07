"""What containers and supervisors ask: trading-bot-api --healthcheck, trading-bot healthcheck."""
import signal
import subprocess

import attacker
import harness


class Healthcheck(harness.TestCase):

    def ask_api(self, bot):
        done = subprocess.run([harness.program("trading-bot-api"), "--healthcheck"], cwd=bot.folder,
                              env=bot.environment(), capture_output=True, text=True,
                              timeout=60 * harness.SLOW, check=False)
        return done.returncode, done.stdout

    def test_the_api_over_http(self):
        bot = self.bot()
        code, text = self.ask_api(bot)
        self.assertEqual(code, 1)
        self.assertIn("nothing answers HTTP on 127.0.0.1 port %d" % bot.port, text)
        bot.start_api()
        code, text = self.ask_api(bot)
        self.assertEqual(code, 0, "the API is well without a worker: " + text)
        self.assertIn('"database":{"status":"healthy"}', text)
        bot.env["API_BIND"] = "0.0.0.0"		# as in a container: asked on this machine
        self.assertEqual(self.ask_api(bot)[0], 0)

    def test_the_api_over_https(self):
        bot = self.bot()
        bot.env["API_TLS_CERT"], bot.env["API_TLS_KEY"] = attacker.certificate(bot.folder)
        bot.launch("trading-bot-api")
        self.wait(lambda: self.ask_api(bot)[0] == 0, "the API is well over HTTPS", 30)
        bot.env["API_TLS_CERT"] = bot.env["API_TLS_KEY"] = ""
        code, text = self.ask_api(bot)
        self.assertEqual(code, 1, "plain HTTP on that port: " + text)

    def test_an_api_that_hangs(self):
        bot = self.bot()
        api = bot.start_api()
        api.signal(signal.SIGSTOP)
        try:
            self.assertEqual(self.ask_api(bot)[0], 1)
        finally:
            api.signal(signal.SIGCONT)
        self.wait(lambda: self.ask_api(bot)[0] == 0, "it is well again", 30)

    def test_the_worker_by_its_loop(self):
        bot = self.bot()
        self.assertEqual(bot.cli("healthcheck").returncode, 1)
        worker = bot.start_worker()
        self.wait(lambda: bot.cli("healthcheck").returncode == 0, "the loop beats", 60)
        self.assertIn("healthy: last beat", bot.cli("healthcheck").stdout)
        worker.signal(signal.SIGSTOP)
        try:
            self.wait(lambda: bot.cli("healthcheck").returncode == 1, "a loop that stands is seen", 60)
            # it holds the database, so it is there: whether it hangs or waits, its log says
            self.assertRegex(bot.cli("healthcheck").stdout, r"^unhealthy: the worker runs, but has "
                             r"stored nothing for \d+ ms: .*, or it hangs or just starts: its log")
        finally:
            worker.signal(signal.SIGCONT)
        self.wait(lambda: bot.cli("healthcheck").returncode == 0, "it beats again", 60)
        self.assertEqual(worker.stop(), 0)
        done = bot.cli("healthcheck")
        self.assertEqual(done.returncode, 1)
        self.assertIn("was stopped", done.stdout)

    def test_a_worker_that_died(self):
        """None holds the database, and the last one said no goodbye: its beat only gets old."""
        bot = self.bot()
        worker = bot.start_worker()
        self.wait(lambda: bot.cli("healthcheck").returncode == 0, "the loop beats", 60)
        worker.kill9()
        self.wait(lambda: bot.cli("healthcheck").returncode == 1, "it is seen", 60)
        self.assertRegex(bot.cli("healthcheck").stdout,
                         r"^unhealthy: the trading loop's last beat is \d+ ms old\n$")


if __name__ == "__main__":
    harness.main()
