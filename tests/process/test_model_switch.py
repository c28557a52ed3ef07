"""Models assigned while a bot trades: no decision is missed, what can't be used changes nothing."""
import hashlib
import json
import os
import threading

import harness
from forms import TYPE, form, retrained

MODELS = "/api/v1/models"
SWITCHES = 8


def edited(sample, features=None, names=None):
    """The sample, saying something else about its columns."""
    model = json.loads(sample)
    if features:
        model["learner"]["attributes"]["feature_list"] = features
    if names:
        model["learner"]["feature_names"] = names(model["learner"]["feature_names"])
    return json.dumps(model).encode()


class ModelSwitch(harness.TestCase):

    def started(self):
        """Bot 1 decides at each second's close and never enters."""
        bot = self.bot()
        bot.start()
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
        path = bot.value("SELECT path FROM models WHERE id = 1")
        with open(os.path.join(bot.data_dir, path), "rb") as f:
            self.sample = f.read()
        answer = bot.put("/api/v1/trading/bots/1/config",
                         {"confidence_threshold": 0.9999, "decision_interval_ms": 1})
        self.assertEqual(answer.status, 200, answer)
        version = bot.value("SELECT version FROM trading_configs WHERE bot_id = 1")
        self.wait(lambda: bot.value("SELECT applied_config_version FROM bot_state") == version,
                  "the settings are in use")
        self.wait(lambda: any(s["rule"] == "threshold" for s in self.decisions(bot)),
                  "decisions by the model", 90)
        return bot

    def upload(self, bot, model):
        answer = bot.request("POST", MODELS + "/upload", form(model, name="mine", symbol="BTCUSDT"),
                             {"Content-Type": TYPE})
        self.assertEqual(answer.status, 201, answer)
        return answer.json["id"]

    def register(self, bot, content, **columns):
        """Past the API's checks, as a damaged disk or a hand in the database can do it."""
        sha = hashlib.sha256(content).hexdigest()
        path = os.path.join(bot.data_dir, "models", sha)
        if not os.path.exists(path):
            with open(path, "wb") as f:
                f.write(content)
        row = {"name": "by hand", "symbol": "BTCUSDT", "format": "xgboost-json", "sha256": sha,
               "size_bytes": len(content), "path": "models/" + sha, "features": "features-1",
               "origin": "upload", "created_us": 1, "updated_us": 1, **columns}
        return bot.write("INSERT INTO models(%s) VALUES (%s)" % (", ".join(row), ", ".join("?" * len(row))),
                         *row.values())

    def assign(self, bot, model):
        answer = bot.put(MODELS + "/assign/1", {"model_id": model})
        self.assertEqual(answer.status, 200, answer)

    def state(self, bot):
        return bot.rows("SELECT applied_model_id, model_error, status, error FROM bot_state WHERE bot_id = 1")[0]

    def applied(self, bot, model):
        self.wait(lambda: self.state(bot)["applied_model_id"] == model, "model %d is used" % model)

    def decisions(self, bot, after=0):
        """Signals that came after row number "after", oldest first."""
        return bot.rows("SELECT * FROM signals WHERE bot_id = 1 AND id > ? ORDER BY id", after)

    def test_no_decision_is_missed(self):
        bot = self.started()
        other = self.upload(bot, retrained(self.sample))
        begin = self.decisions(bot)[-1]["id"]
        for i in range(SWITCHES):
            model = (other, 1)[i % 2]
            self.assign(bot, model)
            self.applied(bot, model)
            self.wait(lambda m=model: self.decisions(bot, begin)[-1:] and
                      self.decisions(bot, begin)[-1]["model_id"] == m, "a decision by model %d" % model)
        answer = bot.post("/api/v1/bot/pause")		# the newest count is written
        self.assertEqual(answer.status, 200, answer)
        rows = self.decisions(bot, begin - 1)
        self.assertEqual({r["rule"] for r in rows}, {"threshold"}, rows)
        self.assertGreaterEqual(len(rows), SWITCHES)
        self.assertEqual({r["model_id"] for r in rows}, {1, other})
        # one for each second that closed; new settings may be decided on within one
        seconds = rows[-1]["last_us"] // 1_000_000 - rows[0]["at_us"] // 1_000_000 + 1
        self.assertEqual(sum(r["repeats"] for r in rows), seconds, rows)
        events = bot.rows("SELECT event FROM bot_events WHERE bot_id = 1 ORDER BY id")
        self.assertEqual([e["event"] for e in events], ["start", "pause"])

    def test_a_row_by_hand(self):
        """Whichever of the two tables a person changes in a sqlite3 shell: it is what the bot asks."""
        bot = self.started()
        other = self.upload(bot, retrained(self.sample))
        for sql, model in (("UPDATE trading_configs SET model_id = ? WHERE bot_id = 1", other),
                           ("UPDATE model_assignments SET model_id = ? WHERE bot_id = 1", 1),
                           ("INSERT OR REPLACE INTO model_assignments VALUES (1, ?, 1, 'shell')", other)):
            bot.write(sql, model)
            self.applied(bot, model)
            self.assertEqual(bot.get("/api/v1/trading/bots/1/config").json["config"]["model_id"], model)
            self.assertEqual(bot.get("/api/v1/bots/1").json["model_id"], model)
            assigned = {m["id"]: m["assigned_to"] for m in bot.get(MODELS).json["models"]}
            self.assertEqual(assigned, {model: [1], 1 + other - model: []})

    def test_loading_is_beside_the_loop(self):
        """A file that gives nothing while it is read: the bot goes on with its old model."""
        bot = self.started()
        content = retrained(self.sample)
        model = self.register(bot, content)
        path = os.path.join(bot.data_dir, "models", hashlib.sha256(content).hexdigest())
        os.unlink(path)
        os.mkfifo(path)
        self.assign(bot, model)
        with open(path, "wb") as fifo:		# returns when the worker reads it
            newest = self.decisions(bot)[-1]
            self.wait(lambda: self.decisions(bot, newest["id"] - 1)[-1]["last_us"]
                      > newest["last_us"] + 3_000_000, "the bot decides meanwhile")
            self.assertEqual(bot.post("/api/v1/bot/pause").status, 200)
            self.assertEqual(bot.post("/api/v1/bot/resume").status, 200)
            self.assertEqual(self.state(bot), {"applied_model_id": 1, "model_error": "", "status": "RUNNING",
                                               "error": ""})
            # The checksum will be right, and then the model itself is read: from another
            # pipe, or a quick feeder would add to what the first reader still has to get.
            os.mkfifo(path + ".next")
            os.rename(path + ".next", path)
            fifo.write(content)
        second = threading.Thread(target=lambda: self.feed(path, content))
        second.start()
        self.applied(bot, model)
        second.join()
        self.assertEqual(self.state(bot)["model_error"], "")

    def feed(self, path, content):
        with open(path, "wb") as fifo:
            fifo.write(content)

    def test_what_cant_be_used_changes_nothing(self):
        bot = self.started()
        swapped = edited(self.sample, names=lambda n: [n[1], n[0]] + n[2:])
        changed = self.register(bot, retrained(self.sample))
        path = bot.value("SELECT path FROM models WHERE id = ?", changed)
        with open(os.path.join(bot.data_dir, path), "ab") as f:
            f.write(b" ")
        for model, word in (
                (self.register(bot, b"no model at all"), "model"),
                (self.register(bot, edited(self.sample, features="features-9")), "features-9"),
                (self.register(bot, swapped), "column 1 is \"high\""),
                (self.register(bot, self.sample + b"\n", features="features-7"), "features-7"),
                (self.register(bot, self.sample + b" \n", path="models/gone"), "gone"),
                (changed, "not the file that was registered")):
            self.assign(bot, model)
            self.wait(lambda w=word: w in self.state(bot)["model_error"], "the reason is told: " + word)
            state = self.state(bot)
            self.assertEqual((state["applied_model_id"], state["status"], state["error"]), (1, "RUNNING", ""))
            newest = self.decisions(bot)[-1]
            self.wait(lambda n=newest: self.decisions(bot, n["id"] - 1)[-1]["last_us"] > n["last_us"],
                      "the bot decides")
            self.assertEqual(self.decisions(bot)[-1]["model_id"], 1)
            told = bot.status()["model"]
            self.assertEqual((told["wanted"], told["applied"]), (model, 1), told)
            self.assertIn(word, told["error"])
        good = self.upload(bot, retrained(self.sample)[:-1] + b"\n}")
        self.assign(bot, good)
        self.applied(bot, good)
        self.assertEqual(self.state(bot)["model_error"], "")

    def test_upload_says_what_the_file_says(self):
        bot = self.started()
        for model, word in ((edited(self.sample, features="features-9"), "features-9"),
                            (edited(self.sample, names=lambda n: n[::-1]), "column 1 is")):
            answer = bot.request("POST", MODELS + "/upload", form(model, name="a", symbol="BTCUSDT"),
                                 {"Content-Type": TYPE})
            self.assertEqual(answer.status, 422, answer)
            self.assertIn(word, answer.json["error"]["message"])
        numbered = edited(self.sample, names=lambda n: ["f%d" % i for i in range(len(n))])
        self.upload(bot, numbered)


if __name__ == "__main__":
    harness.main()
