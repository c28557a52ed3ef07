"""The curl examples of README.md and docs/ are run as they stand against both programs.

Each must be answered with a 2xx, or with the status that the comment behind it names
("... # 501"). What an example needs to make sense (a running bot, a row with the number
that it names) is prepared before it.
"""
import glob
import os
import re
import shutil
import subprocess
import time

import harness

# In place of curl: the port of the test, an end, and the status for us.
CURL = r"""#!/bin/bash
limit=%d
[[ $1 != -sN ]] || limit=5	# a stream, which has no end
for word in "$@"; do args+=("${word//localhost:1337/127.0.0.1:$TEST_PORT}"); done
exec %s -m $limit -w '%%{stderr}status %%{http_code}\n' "${args[@]}"
"""
STATUS = re.compile(r"^status (\d+)$", re.M)
HOUR_US = 3_600_000_000
# The examples before changed what bot 1 trades: soon there has to be a position.
EAGER = {"confidence_threshold": 0.01, "decision_interval_ms": 200, "max_positions": 20,
         "profit_target_pct": 0.003, "stop_loss_pct": 0.001, "capital_per_trade": 200,
         "ignore_risk_reward": True}


class Block:
    """A block of code in a page, with what its curls are to be answered."""

    def __init__(self, path, line, text):
        self.where = "%s:%d" % (os.path.relpath(path, harness.ROOT), line)
        self.text = text
        self.expected = []
        for command in text.replace("\\\n", " ").splitlines():
            if re.match(r"\s*curl ", command):
                named = re.search(r"\s# (\d{3})\b", command)
                self.expected.append(int(named.group(1)) if named else None)


def blocks(path):
    with open(path, encoding="utf-8") as f:
        parts = f.read().split("\n```")
    line = 1
    for i, part in enumerate(parts):
        if i % 2 and re.search(r"^\s*curl ", part, re.M):
            yield Block(path, line, part.split("\n", 1)[1])
        line += part.count("\n") + 1


class Examples(harness.TestCase):

    def started(self):
        # the first start writes the token to a file; no job of the worker's own takes a number
        bot = self.bot(API_TOKEN="", BACKUP_INTERVAL=0, SCRUB_INTERVAL=0)
        shim = os.path.join(bot.folder, "bin", "curl")
        os.makedirs(os.path.dirname(shim))
        real = subprocess.run(["which", "curl"], capture_output=True, text=True, check=True)
        with open(shim, "w", encoding="utf-8") as f:
            f.write(CURL % (30 * harness.SLOW, real.stdout.strip()))
        os.chmod(shim, 0o755)
        bot.start()
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
        with open(os.path.join(bot.data_dir, "api_token"), encoding="utf-8") as f:
            self.token = f.read().strip()
        return bot

    def running(self, bot):
        """As most commands want it; an emergency stop closes positions first."""
        self.wait(lambda: bot.post("/api/v1/bot/start", token=self.token).status == 200,
                  "bot 1 starts")

    def add(self, bot, table, number, **columns):
        """A row with the number that an example names."""
        if bot.value("SELECT 1 FROM %s WHERE id = ?" % table, number):
            return
        names = ["id"] + list(columns)
        bot.write("INSERT INTO %s(%s) VALUES (%s)" % (
            table, ", ".join(names), ", ".join("?" * len(names))), number, *columns.values())

    def prepare(self, bot, text):
        """Returns the text; only an order's number has to be another one."""
        if "/bot/" in text or re.search(r"-X POST.*/bots/\d+/", text, re.S):
            self.running(bot)
        now = int(time.time() * 1e6)
        for order in re.findall(r"/orders/(\d+)/(?:confirm|reject)", text):
            bot.write("INSERT OR REPLACE INTO confirmations(order_id, bot_id, question, asked_us,"
                      " expires_us) VALUES (?, 1, 'buy?', ?, ?)", int(order), now, now + HOUR_US)
        for number in re.findall(r"/bots/(\d+)", text):
            self.add(bot, "bots", int(number), name="bot " + number, created_us=1, updated_us=1)
        for number in re.findall(r"/jobs/(\d+)", text):
            self.add(bot, "jobs", int(number), kind="backtest", state="running", created_us=1)
        for number in re.findall(r"/models/(\d+)", text):
            self.add(bot, "models", int(number), name="m", symbol="BTCUSDT", format="xgboost-json",
                     sha256="x" + number, size_bytes=1, path="models/none", features="features-1",
                     origin="upload", created_us=1, updated_us=1)
        for number in re.findall(r"/tokens/(\d+)", text):
            self.add(bot, "api_tokens", int(number), name="t" + number, role="viewer",
                     hash="h" + number, created_us=1)
        if "@model.json" in text:
            sample = bot.value("SELECT path FROM models WHERE origin = 'sample'")
            shutil.copy(os.path.join(bot.data_dir, sample), os.path.join(bot.folder, "model.json"))
        if "/positions/" in text:
            self.running(bot)
            eager = bot.put("/api/v1/trading/bots/1/config", EAGER, token=self.token)
            self.assertEqual(eager.status, 200, eager)
            open_order = self.wait(lambda: bot.value(
                "SELECT max(id) FROM trading_orders WHERE position != 0"), "a position is open", 90)
            text = re.sub(r"/positions/\d+/", "/positions/%d/" % open_order, text)
        return text

    def run_block(self, bot, text):
        env = bot.environment({"TEST_PORT": bot.port, "TOKEN": self.token})
        env["PATH"] = os.path.join(bot.folder, "bin") + ":" + env["PATH"]
        done = subprocess.run(["bash", "-c", text], cwd=bot.folder, env=env, check=False,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120 * harness.SLOW)
        return [int(s) for s in STATUS.findall(done.stderr)], done.stdout + done.stderr

    def as_expected(self, block, statuses):
        return len(statuses) == len(block.expected) and all(
            s == e if e else 200 <= s < 300 for s, e in zip(statuses, block.expected))

    def test_every_example(self):
        bot = self.started()
        pages = [os.path.join(harness.ROOT, "README.md")]
        pages += sorted(glob.glob(os.path.join(harness.ROOT, "docs/*.md")))
        examples = [b for page in pages for b in blocks(page)]
        for block in examples:
            with self.subTest(example=block.where):
                for _ in range(3 if "/positions/" in block.text else 1):
                    # a position may close by itself before the example closes it
                    statuses, output = self.run_block(bot, self.prepare(bot, block.text))
                    if self.as_expected(block, statuses):
                        break
                self.assertTrue(self.as_expected(block, statuses), "%s answered %s: %s\n%s" % (
                    block.where, statuses, block.text, output))
        self.assertGreater(len(examples), 50)
        print("%d blocks with %d requests" % (len(examples), sum(len(b.expected) for b in examples)))


if __name__ == "__main__":
    harness.main()
