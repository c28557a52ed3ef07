"""What the API refuses, when it says so, and what nobody may read."""
import json
import socket
import time

import attacker
import harness
from forms import TYPE

CONFIG = "/api/v1/trading/bots/1/config"
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

    def chunks(self, bot, *pieces, path="/api/v1/bots", lines=(), token=harness.TOKEN):
        """The answer to a POST of these bytes as its chunks; it comes though more could follow."""
        lines = ("Content-Type: application/json", "Transfer-Encoding: chunked") + lines
        with self.begin(bot, *lines, path=path, token=token) as s:
            for piece in pieces:
                attacker.send(s, piece)
            try:
                return attacker.Answer(s.recv(65536))
            except socket.timeout:
                self.fail("no answer to %r" % (pieces,))

    def test_doubtful_chunks(self):
        """Another program may read another size: refused at once, and the connection ends."""
        bot = self.api(API_TIMEOUT_S=60)
        body = b'{"name":"x"}'
        right = b"c\r\n" + body + b"\r\n0\r\n\r\n"
        for size in (b"0xc", b"+c", b"c ", b" c", b"c\t", b"c\0", b"c x", b"\r\nc", b"c\rc"):
            for text in (right.replace(b"c\r\n", size + b"\r\n", 1),
                         right.replace(b"\r\n0\r\n", b"\r\n" + size.replace(b"c", b"0") + b"\r\n", 1)):
                for pieces in ((text,), [bytes([b]) for b in text]):
                    answer = self.chunks(bot, *pieces)
                    self.assertEqual(answer.status, 400, (pieces, answer))
                    self.assertEqual(answer.header("Connection"), "close")
                    self.assertIn(b"malformed_request", answer.body)
        for text in (right.replace(b"\r\n", b"\n", 1), right.replace(b"}\r\n", b"}\n"),
                     right.replace(b"}\r\n", b"}"), right.replace(b"}", b"}}"),
                     right.replace(b"\r\n\r\n", b"\r\nX: a\0b\r\n\r\n")):
            answer = self.chunks(bot, text)
            self.assertEqual(answer.status, 400, (text, answer))
            self.assertIn(b"chunk", answer.body)
        self.assertEqual(bot.value("SELECT count(*) FROM bots WHERE name = 'x'"), 0)
        self.assertEqual(self.chunks(bot, right).status, 201)

    def test_a_nul_in_a_head(self):
        bot = self.api(API_TIMEOUT_S=60)
        good = attacker.head(bot, "GET", "/api/v1/status", "X: a1b")
        post = attacker.head(bot, "POST", "/api/v1/bots", "X: a1b", "Content-Length: 100000")
        for head in (good, post):
            for bad in (head.replace(b"1b", b"\0b"), head.replace(b"1b", b"\0"),
                        head.replace(b"X: a1", b"\0"), head.replace(b"1b", b"\rb"),
                        head.replace(b"1b", b"b\r"), head.replace(b"/api/v1", b"/\0pi/v1"),
                        head.replace(b" HTTP", b"\0 HTTP"), b"\0" + head):
                for before in (b"", good):
                    with attacker.connect(bot, limit=10) as s:
                        attacker.send(s, before + bad)
                        data = attacker.read_all(s)
                    self.assertEqual(data.count(b"HTTP/1.1 200"), bool(before), (bad, data))
                    self.assertEqual(data.count(b"HTTP/1.1 400"), 1, (bad, data))
                    self.assertIn(b"Connection: close", data)

    def test_chunk_extensions_are_passed_over(self):
        bot = self.api()
        text = b'8;a=b\r\n{"name":\r\n6 ; q="x;y"\r\n"ext"}\r\n0;last\r\n\r\n'
        self.assertEqual(self.chunks(bot, text).status, 201)
        text = text.replace(b"ext", b"two")
        self.assertEqual(self.chunks(bot, *[bytes([b]) for b in text]).status, 201)
        self.assertEqual(bot.value("SELECT count(*) FROM bots WHERE name IN ('ext', 'two')"), 2)
        answer = self.chunks(bot, b"8;" + b"a" * 5000 + b"\r\n")
        self.assertEqual(answer.status, 400, answer)

    def test_trailers_are_no_headers(self):
        bot = self.api()
        text = b'c\r\n{"name":"x"}\r\n0\r\nAuthorization: Bearer %s\r\n\r\n' % harness.TOKEN.encode()
        self.assertEqual(self.chunks(bot, text, token=None).status, 401)
        self.assertEqual(self.chunks(bot, text).status, 201)

    def test_empty_lines_before_a_request(self):
        bot = self.api()
        get = attacker.head(bot, "GET", "/api/v1/health")
        last = attacker.head(bot, "GET", "/api/v1/health", "Connection: close")
        body = b'{}'
        post = attacker.head(bot, "PUT", CONFIG, "Content-Type: application/json",
                             "Content-Length: %d" % len(body)) + body
        for text in (b"\r\n" + get, b"\r\n\r\n" + get, b"\n" + get, b"\r\n" + post, post + b"\r\n" + get):
            answer = attacker.raw(bot, text + b"\r\n" + last)
            self.assertEqual(answer.data.count(b"HTTP/1.1 20"), 1 + text.count(b" HTTP/1.1"), answer)
        with attacker.connect(bot) as s:
            for b in b"\r\n\r\n" + last:
                s.sendall(bytes([b]))
            self.assertEqual(attacker.Answer(attacker.read_all(s)).status, 200)
        self.assertEqual(attacker.raw(bot, b"\r\n" * 100 + last).status, 400)

    def test_unknown_methods(self):
        bot = self.api()
        for method in ("PROPFIND", "BREW", "get"):
            answer = attacker.ask(bot, method, "/api/v1/bots")
            self.assertEqual(answer.status, 405, (method, answer))
            self.assertEqual(answer.header("Allow"), "GET, HEAD, POST, OPTIONS")
            self.assertIn(b"method_not_allowed", answer.body)
            self.assertEqual(attacker.ask(bot, method, "/api/v1/nothing").status, 404)
            self.assertEqual(attacker.ask(bot, method, "/", host="evil.example").status, 403)

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
