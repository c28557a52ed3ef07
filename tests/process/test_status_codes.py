"""Every status that the API answers with, through the real programs, as a table: what is asked,
where, and what the answer must carry.

Where: "alone" has no worker, "worker" a live one, "held" one that lives but is stopped in its
tracks, "away" one that ended, "limited" a rate limit, "lost" no database, "locked" one that
somebody holds, "broken" a mistake of ours (fault injection of the sanitizer build).
"""
import json
import os
import re
import signal
import sqlite3
import unittest

import attacker
import harness
from forms import TYPE, form, retrained

SAN = "build/san"
CONFIG = "/api/v1/trading/bots/1/config"
BOTS = "/api/v1/bots"
JSON = {"Content-Type": "application/json"}
LINK = {"Location": r"^/api/v1/(commands|jobs)/\d+$"}
LATER = {"Retry-After": r"^[1-9]\d*$"}
ETAG = {"ETag": r'^"\d+"$'}


def case(status, code, where, method, path, body=None, headers=None, token=harness.TOKEN, has=None,
         says=""):
    """One row: what comes back is checked in Codes.check."""
    return dict(status=status, code=code, where=where, method=method, path=path, body=body,
                headers=headers, token=token, has=has or {}, says=says)


TABLE = [
    # done
    case(200, None, "alone", "GET", BOTS),
    case(200, None, "alone", "GET", CONFIG, has=ETAG),
    case(200, None, "alone", "HEAD", CONFIG, has={**ETAG, "Content-Length": r"^[1-9]\d+$"}),
    case(200, None, "alone", "HEAD", "/", token=None),
    case(200, None, "alone", "PUT", CONFIG, {"holding_time": 99}, {"If-Match": '"1"'},
         has={"ETag": '^"2"$'}),
    case(200, None, "alone", "PUT", CONFIG, {"holding_time": 98}, {"If-Match": "*"},
         has={"ETag": '^"3"$'}),
    case(200, None, "worker", "GET", "/api/v1/models/1", has={"ETag": '^"1"$'}),
    case(200, None, "worker", "PUT", "/api/v1/models/1", {"description": "x"}, {"If-Match": '"1"'},
         has={"ETag": '^"2"$'}),
    case(200, None, "worker", "POST", "/api/v1/bot/pause"),
    # made
    case(201, None, "alone", "POST", BOTS, {"name": "second"}, has={"Location": "^%s/2$" % BOTS}),
    case(201, None, "alone", "POST", "/api/v1/tokens", {"name": "t", "role": "viewer"},
         has={"Location": r"^/api/v1/tokens/\d+$"}),
    case(201, None, "alone", "POST", "/api/v1/trading/bots/1/orders",
         {"order_id": "a", "symbol": "BTCUSDT", "side": "BUY", "quantity": 1},
         has={"Location": "^/api/v1/trading/bots/1/orders$"}),
    case(201, None, "worker", "POST", "/api/v1/models/upload", "another model", {"Content-Type": TYPE},
         has={"Location": r"^/api/v1/models/2$", **ETAG}),
    # accepted: with a link to what it became
    case(202, None, "held", "POST", "/api/v1/bot/start", has=LINK, says='"link":"/api/v1/commands/'),
    case(202, None, "alone", "POST", "/api/v1/bot/emergency-stop", has=LINK, says="worker is not running"),
    case(202, None, "alone", "DELETE", "/api/v1/jobs/1", has=LINK, says='"link":"/api/v1/jobs/1"'),
    # what the caller has already
    case(304, None, "alone", "GET", CONFIG, headers={"If-None-Match": "*"}, has=ETAG),
    # OPTIONS
    case(204, None, "alone", "OPTIONS", BOTS + "/1",
         has={"Allow": "^GET, HEAD, PUT, DELETE, OPTIONS$"}, token=None),
    # malformed
    case(400, "malformed_json", "alone", "POST", BOTS, "{", JSON),
    case(400, "malformed_json", "alone", "PUT", CONFIG, "[" * 5000, JSON),
    case(400, "malformed_json", "alone", "PUT", CONFIG),
    case(400, "bad_query", "alone", "GET", BOTS + "?limit=0", says='"field":"limit"'),
    case(400, "bad_query", "alone", "GET", BOTS + "?cursor=nonsense"),
    case(400, "bad_query", "alone", "GET", BOTS + "?nonsense=1", says='"field":"nonsense"'),
    case(400, "bad_query", "alone", "GET", BOTS + "?limit=1%00"),
    case(400, "bad_header", "alone", "POST", "/api/v1/bot/start", headers={"Idempotency-Key": "x" * 99}),
    case(400, "bad_header", "alone", "POST", "/api/v1/bot/start", headers={"Idempotency-Key": "\xe4"}),
    case(400, "malformed_request", "alone", "GET", BOTS, headers={"Transfer-Encoding": "gzip"}),
    # who asks
    case(401, "unauthorized", "alone", "GET", BOTS, token=None, has={"WWW-Authenticate": "^Bearer "}),
    case(401, "unauthorized", "alone", "POST", "/api/v1/models/upload", "x", {"Content-Type": TYPE},
         token="tb_wrong", has={"WWW-Authenticate": "^Bearer "}),
    case(403, "forbidden", "alone", "POST", BOTS, {"name": "x"}, token="viewer"),
    case(403, "host_not_allowed", "alone", "GET", BOTS, headers={"Host": "evil.example"}),
    case(403, "origin_not_allowed", "alone", "POST", BOTS, {"name": "x"},
         headers={"Origin": "http://evil.example"}),
    # what is not there
    case(404, "not_found", "alone", "GET", "/api/v1/nothing"),
    case(404, "not_found", "alone", "GET", BOTS + "/99"),
    case(404, "not_found", "alone", "DELETE", "/api/v1/jobs/99"),
    case(404, "not_found", "alone", "GET", "/nothing.css", token=None),
    case(405, "method_not_allowed", "alone", "PUT", "/api/v1/status",
         has={"Allow": "^GET, HEAD, OPTIONS$"}),
    case(405, "method_not_allowed", "alone", "DELETE", BOTS, has={"Allow": "^GET, HEAD, POST, OPTIONS$"}),
    # the state forbids it
    case(409, "conflict", "alone", "POST", BOTS, {"name": "second"}),
    case(409, "conflict", "alone", "DELETE", BOTS + "/1"),
    case(409, "conflict", "alone", "PUT", CONFIG, {"holding_time": 97}, {"If-Match": '"1"'}),
    case(409, "conflict", "worker", "PUT", "/api/v1/models/1", {"description": "y"}, {"If-Match": '"1"'}),
    case(409, "conflict", "worker", "DELETE", "/api/v1/models/1", says="used by bot 1"),
    case(409, "conflict", "worker", "POST", "/api/v1/simulation/reset", {"bot_id": 1}, says='"status":"'),
    case(409, "conflict", "alone", "DELETE", "/api/v1/jobs/2", says="done already"),
    # too much, or of the wrong sort
    case(413, "too_large", "alone", "POST", BOTS, b"x" * 70_000, JSON),
    case(413, "too_large", "alone", "GET", "/api/v1/" + "x" * 8100),
    case(413, "too_large", "worker", "POST", "/api/v1/models/upload", b"x" * 400_000,
         {"Content-Type": TYPE}, says="MODEL_MAX_BYTES"),
    case(415, "unsupported_media_type", "alone", "POST", BOTS, b"name=x", {"Content-Type": "text/plain"}),
    case(415, "unsupported_media_type", "worker", "POST", "/api/v1/models/upload", {"a": 1}),
    case(415, "unsupported_media_type", "alone", "POST", BOTS, b"\x1f\x8b\x08\x00",
         {**JSON, "Content-Encoding": "gzip"}, says="Content-Encoding is gzip"),
    case(417, "expectation_failed", "alone", "POST", BOTS, {"name": "x"}, {"Expect": "a miracle"}),
    # field errors
    case(422, "invalid_fields", "alone", "POST", BOTS, {"bot_type": "x", "y": 1}, says='"field":"bot_type"'),
    case(422, "invalid_fields", "alone", "PUT", CONFIG, {"holding_time": -1}, says='"field":"holding_time"'),
    case(422, "model_refused", "worker", "POST", "/api/v1/models/upload", "no model",
         {"Content-Type": TYPE}),
    case(426, "upgrade_required", "alone", "GET", "/api/v1/ws", has={"Upgrade": "^websocket$"}),
    case(429, "rate_limited", "limited", "GET", BOTS, has=LATER),
    # ours
    case(500, "internal", "broken", "GET", BOTS),
    case(500, "internal", "broken", "GET", "/api/v1/trading/bots/1/stats"),
    case(500, "internal", "broken", "POST", BOTS, {"name": "x"}),
    case(405, "method_not_allowed", "alone", "BREW", BOTS, has={"Allow": "GET, HEAD, POST, OPTIONS"}),
    case(501, "not_implemented", "alone", "GET", "/api/v1/backtests"),
    # away
    case(503, "worker_unavailable", "alone", "POST", "/api/v1/bot/start", has=LATER),
    case(503, "worker_unavailable", "away", "POST", "/api/v1/bot/start", has=LATER),
    case(503, None, "lost", "GET", "/api/v1/health", token=None),
    case(503, "database_unavailable", "lost", "GET", BOTS, has=LATER),
    case(503, "database_unavailable", "lost", "GET", "/api/v1/trading/bots/1/stats", has=LATER),
    case(503, "database_unavailable", "lost", "POST", "/api/v1/bot/emergency-stop", has=LATER),
    case(503, "database_unavailable", "locked", "POST", BOTS, {"name": "x"}, has=LATER),
]
# As the specification of the API lists them; the others are HTTP's own.
SPECIFIED = {200, 201, 202, 400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 500, 503}


class Codes(harness.TestCase):

    def setUp(self):
        super().setUp()
        self.viewer = None

    def rows(self, where):
        found = [c for c in TABLE if c["where"] == where]
        self.assertTrue(found)
        return found

    def check(self, bot, c, other=None):
        """The answer; other: another status that it may have as well, and no more is said of."""
        name = "%(status)d %(where)s: %(method)s %(path).60s" % c
        body, headers = c["body"], dict(c["headers"] or {})
        if c["path"].endswith("/upload") and isinstance(body, str):
            body = form(self.model(bot) if body == "another model" else body.encode(), name="m",
                        symbol="BTCUSDT")
        answer = bot.request(c["method"], c["path"], body, headers,
                             token=self.viewer if c["token"] == "viewer" else c["token"])
        if answer.status == other:
            return answer
        self.assertEqual(answer.status, c["status"], "%s: %s" % (name, answer))
        for header, pattern in c["has"].items():
            self.assertRegex(answer.headers[header] or "", pattern, name)
        self.assertRegex(answer.headers["X-Correlation-Id"] or "", r"^c-[0-9a-f]{16}$", name)
        if c["method"] in ("HEAD", "OPTIONS"):
            self.assertEqual(answer.body, "", name)
            return answer
        self.assertEqual(answer.headers["Content-Type"], "application/json", name)
        self.assertIn(c["says"], answer.body, name)
        if c["code"]:
            self.error_form(answer, c["code"], name)
        if c["status"] in (201, 202) and c["path"].endswith(("/bots", "/start", "/emergency-stop")):
            self.assertEqual(bot.get(answer.headers["Location"]).status, 200, name)
        return answer

    def error_form(self, answer, code, name):
        said = answer.json
        self.assertEqual(sorted(set(said) - {"status"}),
                         ["correlation_id", "error", "success", "timestamp"], name)
        self.assertIs(said["success"], False, name)
        self.assertEqual(sorted(said["error"]), ["code", "fields", "message"], name)
        self.assertEqual(said["error"]["code"], code, name)
        self.assertGreater(len(said["error"]["message"]), 10, name)
        self.assertEqual(said["correlation_id"], answer.headers["X-Correlation-Id"], name)
        self.assertRegex(said["timestamp"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$", name)

    def model(self, bot):
        with open(os.path.join(bot.data_dir, bot.value("SELECT path FROM models WHERE id = 1")), "rb") as f:
            return retrained(f.read())

    def api(self, build=None, **env):
        bot = self.bot(build, **env)
        bot.start_api()
        return bot

    def test_the_table_has_every_status(self):
        told = {c["status"] for c in TABLE}
        self.assertLessEqual(SPECIFIED, told)
        description = self.api().get("/api/v1/openapi.json", token=None).json
        described = {int(status) for item in description["paths"].values() for operation in item.values()
                     for status in operation["responses"]}
        self.assertLessEqual(described - {101}, told)		# 101: test_openapi.py

    def test_alone(self):
        bot = self.api(API_MAX_BODY_BYTES=65536)
        self.viewer = bot.post("/api/v1/tokens", {"name": "v", "role": "viewer"}).json["token"]
        bot.write("INSERT INTO jobs(kind, created_us, state) VALUES ('check', 1, 'queued')")
        bot.write("INSERT INTO jobs(kind, created_us, state) VALUES ('check', 1, 'done')")
        for c in self.rows("alone"):
            self.check(bot, c)

    def test_what_http_clients_can_not_ask(self):
        bot = self.api()
        for text, status in ((b"nonsense\r\n\r\n", 400), (b"GET / HTTP/9.9\r\n\r\n", 400),
                             (attacker.head(bot, "GET", BOTS, "Connection: close", host=None), 400),
                             (attacker.head(bot, "GET", BOTS, "X: " + "x" * 20_000), 400),
                             (attacker.head(bot, "GET", BOTS, *["X%d: y" % i for i in range(101)]), 413),
                             (attacker.head(bot, "GET", BOTS, "Host: localhost"), 400)):
            answer = attacker.raw(bot, text)
            self.assertEqual(answer.status, status, (text[:60], answer))
            said = json.loads(answer.body)
            self.assertIs(said["success"], False)
            self.assertEqual(said["correlation_id"], answer.header("X-Correlation-Id"))
        # each 405 names what is possible, and OPTIONS says the same
        for method, path, _ in attacker.routes():
            options = bot.request("OPTIONS", path, token=None)
            self.assertEqual((options.status, options.body), (204, ""), path)
            self.assertIn(method, options.headers["Allow"].split(", "), path)
            refused = bot.request("PATCH", path, token=None)
            self.assertEqual((refused.status, refused.headers["Allow"]), (405, options.headers["Allow"]))
            if method == "GET" and not path.endswith(("/ws", "/events")):
                head, get = bot.request("HEAD", path), bot.get(path)
                self.assertEqual((head.status, head.body), (get.status, ""), path)
                self.assertEqual(head.headers["Content-Type"], get.headers["Content-Type"], path)

    def test_with_a_worker(self):
        bot = self.bot(MODEL_MAX_BYTES=200_000)
        bot.start()
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
        for c in self.rows("worker"):
            self.check(bot, c)
        self.assertEqual(bot.api.stop(), 0)
        bot.start_api(COMMAND_WAIT_MS=0)
        for c in self.rows("held"):
            self.wait(bot.hold_worker, "the worker is held")
            self.check(bot, c)
            bot.worker.signal(signal.SIGCONT)
        self.assertEqual(bot.worker.stop(), 0)
        for c in self.rows("away"):
            self.check(bot, c)

    def test_rate_limit(self):
        bot = self.api(API_RATE_LIMIT=1)
        for c in self.rows("limited"):
            # a second later one more may pass
            self.wait(lambda c=c: self.check(bot, c, 200).status == 429, "the limit")

    def test_database_lost(self):
        bot = self.api()
        os.rename(bot.db_path, bot.db_path + ".away")
        self.wait(lambda: bot.get("/api/v1/health", token=None).status == 503, "it is missed")
        for c in self.rows("lost"):
            self.check(bot, c)
        self.assertFalse(os.path.exists(bot.db_path))

    def test_database_locked(self):
        bot = self.api()
        connection = sqlite3.connect(bot.db_path)
        connection.execute("BEGIN IMMEDIATE")
        for c in self.rows("locked"):
            self.check(bot, c)
        connection.close()

    @unittest.skipUnless(os.path.exists(harness.program("trading-bot-api", SAN)), "make FLAVOR=san programs")
    def test_a_mistake_of_ours(self):
        for c in self.rows("broken"):
            bot = self.bot(SAN)
            bot.start_api(FAULT_REQUEST=2)	# the first one asked whether it is up
            answer = self.check(bot, c)
            for internal in (bot.folder, "SELECT", "sqlite", ".c:", "server.c"):
                self.assertNotIn(internal, answer.body)
            told = [r for r in bot.api.log() if r["level"] == "ERROR"
                    and r["correlation_id"] == answer.headers["X-Correlation-Id"]]
            self.assertEqual(len(told), 1, answer)
            self.assertIn("SELECT", told[0]["message"])
            self.assertEqual(bot.get(BOTS).status, 200)


if __name__ == "__main__":
    harness.main()
