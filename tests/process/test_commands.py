"""Every way to tell a bot something, and what happens when it can't be done."""
import subprocess
import time

import harness

COMMANDS = ("start", "stop", "pause", "resume", "emergency-stop")

# status -> command -> (HTTP status, status after). DESIGN section 5.
ARROWS = {
    "RUNNING": {"start": (200, "RUNNING"), "pause": (200, "PAUSED"), "resume": (200, "RUNNING"),
                "stop": (200, "STOPPED"), "emergency-stop": (200, "STOPPED")},
    "PAUSED": {"start": (200, "RUNNING"), "pause": (200, "PAUSED"), "resume": (200, "RUNNING"),
               "stop": (200, "STOPPED"), "emergency-stop": (200, "STOPPED")},
    "STOPPED": {"start": (200, "RUNNING"), "pause": (409, "STOPPED"), "resume": (409, "STOPPED"),
                "stop": (200, "STOPPED"), "emergency-stop": (200, "STOPPED")},
}


class Commands(harness.TestCase):

    def started(self, holding_s=0, **env):
        bot = self.bot(**env)
        if holding_s:
            bot.quick_trades(holding_s)
        bot.start()
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
        return bot

    def without_trades(self):
        """A bot that holds nothing and enters nothing: each command is one event."""
        bot = self.started()
        answer = bot.put("/api/v1/trading/bots/1/config", {"confidence_threshold": 0.9999})
        self.assertEqual(answer.status, 200, answer)
        self.wait(lambda: bot.value("SELECT applied_config_version FROM bot_state WHERE bot_id = 1")
                  == answer.json["version"], "the settings are in force")
        bot.post("/api/v1/bot/stop", {"positions": "close"})
        self.wait(lambda: not bot.rows("SELECT id FROM trading_orders WHERE status != 'closed'"),
                  "nothing is open")
        return bot

    def start(self, bot):
        """An emergency stop closes positions first: no start until they are gone."""
        self.wait(lambda: bot.post("/api/v1/bot/start").status == 200, "bot 1 starts")

    def bring_to(self, bot, status):
        self.start(bot)
        if status == "PAUSED":
            bot.post("/api/v1/bot/pause")
        elif status == "STOPPED":
            bot.post("/api/v1/bot/stop")
        self.assertEqual(bot.bot_status(), status)

    def test_a_start_from_before_an_emergency_stop(self):
        """Both wait for the worker: the stop comes first, and the start may not undo it."""
        bot = self.started()
        bot.worker.stop()
        old = bot.write("INSERT INTO commands(kind, bot_id) VALUES ('start', 1)")
        resume = bot.write("INSERT INTO commands(kind) VALUES ('resume')")
        stop = bot.write("INSERT INTO commands(kind, bot_id) VALUES ('emergency-stop', 1)")
        bot.start_worker()
        self.wait(lambda: bot.command(stop)["status"] == "done", "the emergency stop is done", 60)
        self.wait(lambda: bot.command(resume)["status"] != "queued", "all are answered")
        self.assertEqual(bot.command(old)["status"], "failed")
        self.assertIn("emergency stop", bot.command(old)["message"])
        self.assertEqual(bot.command(resume)["status"], "failed")
        self.assertEqual(bot.bot_status(), "STOPPED")
        self.start(bot)
        self.assertEqual(bot.bot_status(), "RUNNING")

    def test_more_commands_than_one_turn_takes(self):
        bot = self.started()
        bot.stop()
        for kind in ["pause", "resume"] * 100:
            last = bot.write("INSERT INTO commands(kind, bot_id) VALUES (?, 1)", kind)
        bot.start_worker()
        self.wait(lambda: bot.command(last)["status"] == "done", "the last is done", 60)
        self.assertEqual(bot.value("SELECT count(*) FROM commands WHERE status = 'queued'"), 0)

    def test_commands_for_bots_of_another_worker(self):
        """A worker of one bot leaves theirs, however many there are, and finds its own."""
        bot = self.started()
        bot.stop()
        for _ in range(100):
            bot.write("INSERT INTO commands(kind, bot_id) VALUES ('pause', 2)")
        mine = bot.write("INSERT INTO commands(kind, bot_id) VALUES ('pause', 1)")
        bot.start_worker("--bot-id", "1")
        self.wait(lambda: bot.command(mine)["status"] == "done", "its own is done", 60)
        self.assertEqual(bot.value("SELECT count(*) FROM commands WHERE status = 'queued'"), 100)

    def test_every_transition_and_conflict(self):
        bot = self.without_trades()
        for status, arrows in ARROWS.items():
            for command in COMMANDS:
                with self.subTest(status=status, command=command):
                    self.bring_to(bot, status)
                    events = bot.value("SELECT count(*) FROM bot_events")
                    answer = bot.post("/api/v1/bot/" + command)
                    code, after = arrows[command]
                    self.assertEqual(answer.status, code, answer)
                    self.assertEqual(bot.bot_status(), after)
                    if code == 409:
                        self.assertFalse(answer.json["success"])
                        self.assertEqual(answer.json["error"]["code"], "conflict", answer)
                        self.assertIn(status, answer.json["error"]["message"])
                        continue
                    self.assertTrue(answer.json["success"])
                    self.assertEqual(answer.json["status"], after.lower())
                    for key in ("message", "timestamp", "command_id", "correlation_id"):
                        self.assertIn(key, answer.json)
                    if after != status:
                        event = bot.rows("SELECT * FROM bot_events ORDER BY id DESC LIMIT 1")[0]
                        self.assertEqual((event["from_status"], event["to_status"]), (status, after))
                        self.assertEqual(event["correlation_id"], answer.json["correlation_id"])
                        self.assertTrue(event["requested_by"])
                        self.assertEqual(bot.value("SELECT count(*) FROM bot_events"), events + 1)

    def test_per_bot_and_other_base(self):
        bot = self.started()
        for path in ("/api/v1/bots/1/pause", "/api/bots/1/resume", "/api/bot/pause"):
            answer = bot.post(path)
            self.assertEqual(answer.status, 200, (path, answer))
        self.assertEqual(bot.bot_status(), "PAUSED")
        self.assertEqual(bot.post("/api/v1/bots/99/pause").status, 404)

    def test_emergency_stop_of_all_bots(self):
        bot = self.started()
        made = bot.post("/api/v1/bots", {"name": "second"})
        self.assertEqual(made.status, 201, made)
        second = made.json["id"]
        config = bot.put("/api/v1/trading/bots/%d/config" % second, {"strategy": "ema_cross"})
        self.assertEqual(config.status, 200, config)
        self.wait(lambda: bot.post("/api/v1/bots/%d/start" % second).status == 200,
                  "the second bot starts")
        answer = bot.post("/api/v1/positions/close-all")
        self.assertEqual((answer.status, answer.json["status"]), (200, "running"), answer)
        self.assertEqual(bot.post("/api/v1/bots/%d/pause" % second).status, 200)
        answer = bot.post("/api/v1/positions/close-all")	# no word is true of both
        self.assertEqual((answer.status, answer.json["status"]), (200, None), answer)
        answer = bot.post("/api/v1/bots/emergency-stop")
        self.assertEqual((answer.status, answer.json["status"]), (200, "stopped"), answer)
        for bot_id in (1, second):
            self.wait(lambda i=bot_id: bot.bot_status(i) == "STOPPED", "bot %d is stopped" % bot_id)

    def test_emergency_stop_flattens_and_latches(self):
        bot = self.started(holding_s=1000)
        self.wait(lambda: bot.value("SELECT count(*) FROM trading_orders WHERE status = 'active'"),
                  "a position is open", 90)
        self.assertEqual(bot.post("/api/v1/bot/emergency-stop").status, 200)
        self.wait(lambda: bot.value("SELECT emergency FROM bot_state WHERE bot_id = 1") == 2,
                  "flat and latched")
        self.assertEqual(
            bot.rows("SELECT id FROM trading_orders WHERE bot_id = 1 AND status != 'closed'"), [])
        bot.worker.stop()
        bot.start_worker()
        self.wait(bot.worker_is_up, "the worker is back")
        self.wait(lambda: bot.bot_status() == "STOPPED", "the bot stays stopped")
        self.assertEqual(bot.post("/api/v1/bot/start").status, 200)
        self.assertEqual(bot.value("SELECT emergency FROM bot_state WHERE bot_id = 1"), 0)

    def test_stop_closes_positions_when_asked(self):
        bot = self.started(holding_s=1000)
        self.wait(lambda: bot.value("SELECT count(*) FROM trading_orders WHERE status = 'active'"),
                  "a position is open", 90)
        answer = bot.post("/api/v1/bot/stop", {"positions": "close"})
        self.assertEqual(answer.status, 200, answer)
        self.wait(lambda: not bot.rows("SELECT id FROM trading_orders WHERE status != 'closed'"),
                  "all positions are closed")

    def test_idempotency_key(self):
        bot = self.started()
        headers = {"Idempotency-Key": "key-1"}
        one = bot.post("/api/v1/bot/pause", headers=headers)
        self.assertEqual(one.status, 200, one)
        self.assertEqual(bot.post("/api/v1/bot/resume").status, 200)
        two = bot.post("/api/v1/bot/pause", headers=headers)
        self.assertEqual(two.json["command_id"], one.json["command_id"])
        self.assertEqual(bot.bot_status(), "RUNNING")	# the second time did nothing
        other = bot.post("/api/v1/bot/stop", headers=headers)
        self.assertEqual(other.status, 409, other)

    def test_insert_by_hand(self):
        bot = self.started()
        subprocess.run(["sqlite3", bot.db_path,
                        "insert into commands(kind, bot_id) values ('pause', 1);"], check=True)
        command = bot.value("SELECT max(id) FROM commands")
        self.wait(lambda: bot.command(command)["status"] != "queued", "the command is answered")
        answered = bot.command(command)
        self.assertEqual(answered["status"], "done", answered)
        self.assertEqual(answered["requested_by"], "shell")
        self.assertTrue(answered["message"])
        self.assertEqual(bot.bot_status(), "PAUSED")
        command = bot.write("INSERT INTO commands(kind, bot_id) VALUES ('pause', 4711)")
        self.wait(lambda: bot.command(command)["status"] == "failed", "an unknown bot is refused")
        self.assertEqual(bot.command(command)["code"], "not_found")
        command = bot.write("INSERT INTO commands(kind, bot_id, args) VALUES ('stop', 1, '{broken}')")
        self.wait(lambda: bot.command(command)["status"] == "failed", "broken args are refused")
        self.assertEqual(bot.command(command)["code"], "invalid")
        # every bot
        command = bot.write("INSERT INTO commands(kind) VALUES ('stop')")
        self.wait(lambda: bot.command(command)["status"] == "done", "stop for every bot")
        self.assertEqual(bot.bot_status(), "STOPPED")

    def test_expired_command_is_not_done(self):
        bot = self.started()
        bot.worker.stop()
        command = bot.write("INSERT INTO commands(kind, bot_id, expires_us) VALUES ('pause', 1, ?)",
                            int(time.time() * 1e6) - 1)
        bot.start_worker()
        self.wait(lambda: bot.command(command)["status"] == "expired", "the command expired")
        self.wait(lambda: bot.bot_status() == "RUNNING", "nothing happened")

    def test_worker_away(self):
        bot = self.started()
        bot.worker.stop()
        commands = bot.value("SELECT count(*) FROM commands")
        answer = bot.post("/api/v1/bot/pause")
        self.assertEqual(answer.status, 503, answer)
        self.assertEqual(answer.json["error"]["code"], "worker_unavailable")
        self.assertIn("Retry-After", answer.headers)
        self.assertEqual(bot.value("SELECT count(*) FROM commands"), commands)

        emergency = bot.post("/api/v1/bot/emergency-stop")
        self.assertEqual(emergency.status, 202, emergency)
        row = bot.rows("SELECT * FROM commands ORDER BY id DESC LIMIT 1")[0]
        self.assertEqual((row["kind"], row["status"]), ("emergency-stop", "queued"))
        self.assertIsNone(row["expires_us"])

        bot.start_worker()
        self.wait(lambda: bot.command(row["id"])["status"] == "done", "the emergency stop is done")
        self.assertEqual(bot.bot_status(), "STOPPED")
        # first: no order was made by the new worker
        boot = bot.value("SELECT started_us FROM worker_heartbeat")
        self.assertEqual(bot.rows("SELECT id FROM trading_orders WHERE created_us >= ?", boot), [])

    def test_worker_killed_is_away_after_five_seconds(self):
        bot = self.started(COMMAND_WAIT_MS=100)
        bot.worker.kill9()
        self.wait(lambda: bot.post("/api/v1/bot/pause").status == 503, "the API notices", 20)

    def test_correlation_id_from_request_to_log(self):
        bot = self.started()
        headers = {"X-Correlation-Id": "test-42"}
        answer = bot.post("/api/v1/bot/pause", headers=headers)
        self.assertEqual(answer.headers["X-Correlation-Id"], "test-42")
        self.assertEqual(answer.json["correlation_id"], "test-42")
        self.assertEqual(bot.command(answer.json["command_id"])["correlation_id"], "test-42")
        self.assertEqual(bot.value("SELECT correlation_id FROM bot_events ORDER BY id DESC LIMIT 1"),
                         "test-42")

        def logged(process):
            return any(r.get("correlation_id") == "test-42" for r in process.log())
        self.wait(lambda: logged(bot.worker), "the worker's log has the id")
        self.wait(lambda: logged(bot.api), "the API's log has the id")


if __name__ == "__main__":
    harness.main()
