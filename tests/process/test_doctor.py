"""doctor: what does not work is said, with what to do, and nothing that works is called a failure."""
import os
import re

import harness


class Doctor(harness.TestCase):

    def doctor(self, bot, code, **env):
        """Its lines, as (word, text, what to do)."""
        done = bot.cli("doctor", **env)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        found = re.findall(r"(?m)^(ok|FAIL|note) +(.*)(?:\n      do: (.*))?$", done.stdout)
        self.assertEqual(len(found) + 1 + done.stdout.count("\n      do: "),
                         len(done.stdout.splitlines()), done.stdout)
        for word, text, todo in found:
            self.assertEqual(word == "FAIL", bool(todo), text)
        failed = len([1 for word, _, _ in found if word == "FAIL"])
        self.assertEqual(done.stdout.splitlines()[-1],
                         "%d checks failed" % failed if failed else "all checks passed")
        return found

    def failures(self, bot, **env):
        return [(text, todo) for word, text, todo in self.doctor(bot, 1, **env) if word == "FAIL"]

    def running(self):
        bot = self.bot()
        bot.start()
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
        return bot

    def test_what_the_settings_ask_for_and_nobody_has(self):
        bot = self.running()
        self.doctor(bot, 0)
        (text, todo), = self.failures(bot, MARKET_DATA="binance")
        self.assertIn("MARKET_DATA=binance is not built in yet", text)
        self.assertIn("MARKET_DATA=auto", todo)
        failures = self.failures(bot, TRADING_MODE="live", TRADING_APPROVED="true",
                                 MARKET_DATA="binance")
        texts = " ".join(text for text, _ in failures)
        self.assertIn("TRADING_MODE=live: live trading is not in this version yet", texts)
        self.assertIn("MARKET_DATA=binance", texts)
        self.assertIn("TRADING_MODE=live: 1 bots have no exchange key", texts)
        failures = self.failures(bot, TRADING_MODE="live", TRADING_APPROVED="true",
                                 MARKET_DATA="auto", BINANCE_API_KEY="k", BINANCE_API_SECRET="s")
        self.assertNotIn("exchange key", str(failures))
        text, = [text for text, _ in self.failures(bot, MARKET_DATA="replay", RECORDING="gone.gz")]
        self.assertIn("gone.gz", text)

    def test_a_bot_in_error(self):
        bot = self.running()
        bot.worker.stop()
        bot.write("UPDATE bot_state SET status = 'ERROR', error = 'order x is in no book',"
                  " config_error = 'holding_time: too short', model_error = 'model 9 is gone'")
        failures = dict(self.failures(bot))
        texts = "\n".join(failures)
        self.assertRegex(texts, r"bot 1 \(Bot 1\) is in ERROR and makes no entries: order x is in no book")
        self.assertRegex(texts, r"its newest settings are not in use: holding_time: too short")
        self.assertRegex(texts, r"its assigned model is not in use: model 9 is gone")
        self.assertRegex(texts, r"(?m)^worker: it was stopped \d+ s ago$")
        self.assertIn("trading-bot start", str(failures))

    def test_no_failure_reads_as_its_opposite(self):
        bot = self.running()
        bot.worker.kill9()
        key = os.path.join(bot.data_dir, "master.key")
        os.chmod(key, 0o644)
        os.unlink(bot.db_path + ".reserve")
        path, = bot.rows("SELECT path FROM models LIMIT 1")[0].values()
        with open(os.path.join(bot.data_dir, path), "wb") as f:
            f.write(b"not a model")
        bot.write("UPDATE trading_configs SET holding_time = -5, version = version + 1")
        bot.write("UPDATE trading_orders SET filled = filled + 1 WHERE id = (SELECT min(id) FROM"
                  " trading_orders WHERE status != 'closed')")
        self.wait(lambda: any("does not run" in text for text, _ in self.failures(bot)),
                  "the last beat is old")
        failures = self.failures(bot)
        texts = "\n".join(text for text, _ in failures)
        for wrong in (r"^master key \S+ can be read or changed by others \(mode 644\)$",
                      r"^the reserve of 4 MiB for a full disk is missing",
                      r"^bot 1 \(Bot 1\): its settings can't be used: .*holding_time",
                      r"^bot 1 \(Bot 1\): model \d+ can't be used: ",
                      r"^worker: it does not run, its last beat was \d+ s ago$"):
            self.assertRegex(texts, "(?m)" + wrong)
        for opposite in ("readable", "writable", "is there", "can be used", "loads", "is whole",
                         "sums to zero", "equals", "plausible", "valid"):
            self.assertNotIn(opposite, texts)


if __name__ == "__main__":
    harness.main()
