"""What the API refuses, when it says so, and what nobody may read."""
import json
import socket
import time

import attacker
import harness
from forms import TYPE

UPLOAD = "/api/v1/models/upload"


class Refusals(harness.TestCase):

    def api(self, **env):
        bot = self.bot(**env)
        bot.start_api()
        return bot

    def begin(self, bot, *lines, path=UPLOAD, **kw):
        """A request whose body never comes; its open connection."""
        s = attacker.connect(bot, limit=10)
        attacker.send(s, attacker.head(bot, "POST", path, *lines, **kw))
        return s

    def test_refused_bodies_are_not_waited_for(self):
        """The answer comes while the body is still on its way, and the sender can read it."""
        bot = self.api(API_TIMEOUT_S=30, MODEL_MAX_BYTES=300_000)
        form = "Content-Type: " + TYPE
        for status, path, lines, token in (
                (401, UPLOAD, [form, "Content-Length: 100000"], None),
                (415, UPLOAD, ["Content-Type: text/plain", "Content-Length: 100000"], harness.TOKEN),
                (413, UPLOAD, [form, "Content-Length: 9000000"], harness.TOKEN),
                (413, "/api/v1/bots", ["Content-Length: 9000000"], harness.TOKEN),
                (401, "/api/v1/bots", ["Content-Length: 9000000"], None),
                (404, "/api/v1/nothing", ["Content-Length: 9000000"], harness.TOKEN),
                (400, "/api/v1/bots", ["Content-Length: 99999999999999999999"], harness.TOKEN)):
            began = time.monotonic()
            with self.begin(bot, *lines, path=path, token=token) as s:
                data = s.recv(65536)
                self.assertIn(b"HTTP/1.1 %d " % status, data, (path, lines))
                self.assertIn(b"Connection: close", data)
                self.assertLess(time.monotonic() - began, 10, "the answer waited for the body")
                # who goes on sending is heard out, not cut off by a reset
                for _ in range(20):
                    s.sendall(b"x" * 4096)
                self.assertEqual(s.recv(1), b"", "it says no more")

    def test_a_form_that_is_wrong_at_its_begin_is_not_read_on(self):
        bot = self.api(API_TIMEOUT_S=30)
        with self.begin(bot, "Content-Type: " + TYPE, "Content-Length: 5000000") as s:
            part = "--%s\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nx\r\n"
            attacker.send(s, (part % TYPE.split("boundary=")[1] * 3).encode())
            self.assertIn(b" 422 ", s.recv(65536))
            self.assertEqual(s.recv(1), b"")

    def test_refused_uploads_take_no_place(self):
        """Many connections without a token hold bodies back; an upload with one gets through."""
        bot = self.api(API_TIMEOUT_S=60)
        held = [self.begin(bot, "Content-Type: " + TYPE, "Content-Length: 100000", token=None)
                for _ in range(12)]
        for s in held:
            self.assertIn(b" 401 ", s.recv(65536))
        with self.begin(bot, "Content-Type: " + TYPE, "Content-Length: 100000", "Connection: close",
                        "Expect: 100-continue") as s:
            self.assertIn(b"100 Continue", s.recv(65536))
        for s in held:
            s.close()

    def test_two_slashes(self):
        bot = self.api(METRICS_PUBLIC="true")
        for path in ("//x/metrics", "//metrics", "//x/api/v1/health"):
            answer = attacker.ask(bot, "GET", path)
            self.assertEqual(answer.status, 400, (path, answer))
        self.assertEqual(attacker.ask(bot, "GET", "/metrics").status, 200)

    def test_viewers_read_no_audit_lines(self):
        bot = self.api()
        viewer = bot.post("/api/v1/tokens", {"name": "v", "role": "viewer"}).json["token"]
        bot.post("/api/v1/bots", {"name": "x"})
        self.assertEqual(bot.post("/api/v1/bots", {"name": "y"}, token=viewer).status, 403)
        bot.get("/api/v1/logs")
        self.wait(lambda: bot.value("SELECT count(*) FROM logs"), "lines are written")
        bot.api.stop()
        bot.start_api()
        for token in (viewer, harness.TOKEN):
            lines = bot.get("/api/v1/logs?limit=500", token=token).json["logs"]
            self.assertTrue(lines)
            self.assertEqual([line for line in lines if line["logger"] == "audit"], [])
        self.assertIn("POST /bots", bot.get("/api/v1/audit").body)

    def test_a_secret_as_a_members_name_is_not_kept(self):
        bot = self.api()
        secret = "tb_secretAsAMembersName"
        for method, path in (("POST", "/api/v1/bots"), ("PUT", "/api/v1/trading/bots/1/config"),
                             ("POST", "/api/v1/models/1/predict")):
            answer = bot.request(method, path, {secret: 1, "name": "n"})
            self.assertIn(answer.status, (404, 422), answer)
        self.assertEqual(bot.post("/api/v1/bots", {"name": "\n"}).status, 422)
        details = [row["detail"] for row in bot.get("/api/v1/audit").json["audit"]]
        self.assertNotIn(secret, json.dumps(details))
        self.assertIn("a member is not known here", details)
        self.assertIn("name: must have no control characters", details)
        self.assertNotIn(secret, json.dumps([list(r) for r in bot.rows("SELECT message FROM logs")]))

    def test_not_modified(self):
        bot = self.api()
        path = "/api/v1/trading/bots/1/config"
        etag = bot.get(path).headers["ETag"]
        for given, status in ((etag, 304), ('"99", W/%s' % etag, 304), ("*", 304), ('"99"', 200)):
            answer = bot.get(path, headers={"If-None-Match": given})
            self.assertEqual((answer.status, answer.headers["ETag"]), (status, etag), given)
            self.assertEqual(answer.body == "", status == 304)
        self.assertEqual(bot.put(path, {"holding_time": 77}).status, 200)
        self.assertEqual(bot.get(path, headers={"If-None-Match": etag}).status, 200)

    def test_a_change_that_changes_nothing_makes_no_version(self):
        bot = self.api()
        path = "/api/v1/trading/bots/1/config"
        one = bot.put(path, {"holding_time": 77, "api_key": "key"})
        for body in ({"holding_time": 77}, {}, {"api_key": "********"}):
            two = bot.put(path, body)
            self.assertEqual((two.status, two.json["version"]), (200, one.json["version"]), two)
            self.assertIn("no version was made", two.json["message"])
        self.assertEqual(bot.put(path, {"api_key": "other"}).json["version"],
                         one.json["version"] + 1)

    def test_a_bot_id_in_the_settings(self):
        bot = self.api()
        path = "/api/v1/trading/bots/1/config"
        for bot_id, status in ((1, 200), ("1", 200), (2, 422), ("x", 422)):
            answer = bot.put(path, {"bot_id": bot_id, "symbol": "BTCUSDT"})
            self.assertEqual(answer.status, status, (bot_id, answer))
            if status == 422:
                self.assertEqual(answer.json["error"]["fields"][0]["field"], "bot_id")
        self.assertTrue(bot.post(path + "/validate", {"bot_id": 1}).json["valid"])
        self.assertFalse(bot.post(path + "/validate", {"bot_id": 7}).json["valid"])

    def test_symbols_in_small_letters_and_cursors_of_other_lists(self):
        bot = self.api()
        base = "/api/v1/trading/bots/1/orders"
        for i in range(3):
            bot.post(base, {"order_id": str(i), "symbol": "BTCUSDT", "side": "BUY", "quantity": 1,
                            "status": "closed"})
        history = bot.get(base + "/history?limit=1&symbol=btcusdt").json
        self.assertEqual(len(history["orders"]), 1)
        cursor = history["next_cursor"]
        self.assertEqual(len(bot.get(base + "/history?cursor=" + cursor).json["orders"]), 2)
        for path in (base, "/api/v1/bots", "/api/v1/logs", "/api/v1/equity",
                     "/api/v1/trading/bots/1/signals", "/api/v1/audit"):
            answer = bot.get(path + "?cursor=" + cursor)
            self.assertEqual(answer.status, 400, (path, answer))


if __name__ == "__main__":
    harness.main()
