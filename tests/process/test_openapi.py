"""Every route is asked, in every way that its description names, and each answer is
held against the description by public validators (tests/node/openapi.mjs).

A route that nothing asked, or a status that it is said to answer and never did, fails.
"""
import base64
import http.client
import json
import os
import re
import signal
import subprocess
import time
import urllib.parse

import attacker
import harness
from forms import TYPE, form, retrained

NODE = os.path.join(harness.ROOT, "tests/node")
METHODS = ("get", "put", "post", "delete")
NO_ROW = {"id": "999999", "order": "999999", "botId": "999999", "symbol": "NOPE", "file": "no.txt"}

# Described, but not to be had from here: our own mistakes.
UNREACHED = {500}
HOUR_US = 3_600_000_000


def has_body(method):
    return method in ("POST", "PUT")


def resolve(description, o):
    if "$ref" not in o:
        return o
    for key in o["$ref"][2:].split("/"):
        description = description[key]
    return description


def text_of(value):
    return value if isinstance(value, str) else json.dumps(value)


def wrong(schema):
    """Values that a schema forbids; for a query as well, so none that only JSON can tell."""
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    if "enum" in schema or schema.get("format") or "anyOf" in schema:
        yield "nope nope"
    if "integer" in types:
        yield 1.5
    if "boolean" in types or "integer" in types or "number" in types:
        yield "many"
    if "minimum" in schema:
        yield schema["minimum"] - 1
        yield schema["maximum"] * 2 + 1
    if schema.get("minLength", 0) > 0:
        yield ""
    if "maxLength" in schema:
        yield "x" * (schema["maxLength"] + 1)


class Recorder:
    """Asks through a bot and keeps what was answered."""

    def __init__(self, description):
        self.description = description
        self.answers = []
        self.operations = {}		# "GET /api/v1/bots/{id}" -> operation
        self.patterns = []
        for path, item in description["paths"].items():
            # the one with fewer {} wins, as in the API
            pattern = re.compile("^" + re.sub(r"\\{\w+\\}", "([^/]+)", re.escape(path)) + "$")
            self.patterns.append((path.count("{"), pattern, path))
            for method in METHODS:
                if method in item:
                    self.operations["%s %s" % (method.upper(), path)] = item[method]
        self.patterns.sort(key=lambda p: p[0])

    def template(self, path):
        bare = path.split("?")[0]
        return next((p for _, pattern, p in self.patterns if pattern.match(bare)), None)

    def note(self, method, path, status, headers, body, sent=None):
        self.answers.append({
            "method": method, "path": path, "template": self.template(path), "status": status,
            "headers": {k.lower(): v for k, v in headers.items()}, "body": body, "sent": sent})

    def ask(self, bot, method, path, body=None, **kw):
        answer = bot.request(method, path, body, **kw)
        self.note(method, path, answer.status, answer.headers, answer.body,
                  body if isinstance(body, dict) else None)
        return answer

    def seen(self):
        return {("%s %s" % (a["method"], a["template"]), a["status"]) for a in self.answers}


class OpenApi(harness.TestCase):

    def setUp(self):
        super().setUp()
        self.recorder = None

    def expect(self, bot, method, path, status, body=None, **kw):
        """One request to /api/v1 (or, with root, to the top) that must be answered so."""
        full = path if kw.pop("root", False) else "/api/v1" + path
        answer = self.recorder.ask(bot, method, full, body, **kw)
        self.assertEqual(answer.status, status, "%s %s: %s" % (method, path, answer))
        return answer

    def each(self, wanted=lambda name, op: True):
        """(name, method, path with rows that do not exist, operation)"""
        for name, op in self.recorder.operations.items():
            if wanted(name, op):
                method, path = name.split(" ")
                yield name, method, re.sub(r"{(\w+)}", lambda m: NO_ROW[m.group(1)], path), op

    def start_with_description(self, **env):
        bot = self.bot(API_MAX_BODY_BYTES=8192, **env)
        bot.start()
        first = bot.get("/api/v1/openapi.json", token=None)
        self.assertEqual(first.status, 200, first)
        self.assertEqual(bot.get("/api/openapi.json", token=None).body, first.body)
        self.recorder = Recorder(first.json)
        self.description = first.body
        return bot

    # what every route has in common

    def strangers(self, bot):
        viewer = self.expect(bot, "POST", "/tokens", 201, {"name": "v", "role": "viewer"})
        for name, method, path, op in self.each():
            if op["security"]:
                answer = self.recorder.ask(bot, method, path, token=None)
                self.assertEqual(answer.status, 401, (name, answer))
            if op["x-role"] in ("trader", "admin"):
                answer = self.recorder.ask(bot, method, path, token=viewer.json["token"])
                self.assertEqual(answer.status, 403, (name, answer))
            answer = self.recorder.ask(bot, method, path, headers={"Host": "evil.example"})
            self.assertEqual(answer.status, 403, (name, answer))

    def nonsense(self, bot):
        later = lambda op: "501" in op["responses"]
        for name, method, path, op in self.each():
            if later(op):
                answer = self.recorder.ask(bot, method, path)
                self.assertEqual(answer.status, 501, (name, answer))
                continue
            answer = self.recorder.ask(bot, method, path + "?nonsense=1")
            self.assertEqual(answer.status, 400, (name, answer))
            if "404" in op["responses"] and "{" in name:
                body = op.get("requestBody", {}).get("content", {}).get(
                    "application/json", {}).get("example")
                answer = self.recorder.ask(bot, method, path, body)
                self.assertEqual(answer.status, 404, (name, answer))
            if has_body(method):
                self.bad_bodies(bot, name, method, path, op)

    def bad_bodies(self, bot, name, method, path, op):
        json_type = {"Content-Type": "application/json"}
        for status, body, headers in (
                (415, "<x/>", {"Content-Type": "text/xml"}), (400, "{\"a\":", json_type),
                (422, {"nonsense": 1}, {}), (413, "{\"a\":\"%s\"}" % ("x" * 9000), json_type)):
            if str(status) not in op["responses"]:
                continue
            if status != 415 and "multipart/form-data" in str(op.get("requestBody")):
                continue        # test_models sends it wrong forms
            # a row that exists, so that nothing else is wrong
            answer = self.recorder.ask(bot, method, path.replace("999999", "1"), body,
                                       headers=headers)
            self.assertEqual(answer.status, status, (name, answer))

    def wrong_values(self, bot):
        """What the description forbids, field by field, the API refuses."""
        schemas = self.recorder.description["components"]["schemas"]
        n = 0
        for name, method, path, op in self.each(lambda _, op: "501" not in op["responses"]):
            path = path.replace("999999", "1")
            for p in op["parameters"]:
                p = resolve(self.recorder.description, p)
                for value in wrong(p["schema"]) if p["in"] == "query" else ():
                    query = urllib.parse.urlencode({p["name"]: text_of(value)})
                    answer = self.recorder.ask(bot, method, path + "?" + query)
                    self.assertEqual(answer.status, 400, (name, query, answer))
                    n += 1
            schema = op.get("requestBody", {}).get("content", {}).get(
                "application/json", {}).get("schema", {})
            if "$ref" in schema:
                schema = schemas["BotConfigChange"]
            for field, s in schema.get("properties", {}).items():
                for value in wrong(s):
                    answer = self.recorder.ask(bot, method, path, {field: value})
                    self.assertEqual(answer.status, 422, (name, field, value, answer))
                    self.assertIn(field, [f["field"] for f in answer.json["error"]["fields"]])
                    n += 1
        self.assertGreater(n, 250)

    def greedy_heads(self, bot):
        for headers, status in (({"X-Large": "x" * 20000}, 400),
                                ({"X-%d" % i: "1" for i in range(120)}, 413)):
            for name, method, path, _ in self.each():
                answer = self.recorder.ask(bot, method, path, headers=headers)
                self.assertEqual(answer.status, status, (name, answer))

    def other_methods(self, bot):
        for path, item in self.recorder.description["paths"].items():
            there = {m.upper() for m in METHODS if m in item}
            full = re.sub(r"{(\w+)}", lambda m: NO_ROW[m.group(1)], path)
            answer = bot.request("OPTIONS", full)
            self.assertEqual(answer.status, 204, (path, answer))
            self.assertEqual(set(answer.headers["Allow"].split(", ")),
                             there | {"OPTIONS"} | ({"HEAD"} if "GET" in there else set()), path)
            for method in ("PATCH", "DELETE", "PUT"):
                if method not in there:
                    answer = self.recorder.ask(bot, method, full)
                    self.assertEqual(answer.status, 405, (path, answer))
            if "GET" in there and "101" not in item["get"]["responses"] and "events" not in path:
                self.assertEqual(bot.request("HEAD", full).body, "", path)

    # with real rows

    def reads(self, bot):
        for path in ("/status", "/bots/1/status", "/commands/1", "/health", "/status/health",
                     "/status/health/detailed", "/status/info", "/status/metrics", "/bots",
                     "/bots/1", "/bots/1/events", "/trading/bots/1/config",
                     "/trading/bots/1/config/history", "/trading/bots/1/orders",
                     "/trading/bots/1/orders/history", "/trading/bots/1/signals",
                     "/trading/bots/1/signals?taken=true", "/trading/bots/1/stats",
                     "/positions", "/trading/bots/1/positions", "/simulation/status",
                     "/simulation/performance", "/simulation/portfolio", "/simulation/ledger",
                     "/equity", "/markets", "/data", "/data/candles?symbol=BTCUSDT", "/models", "/models/1",
                     "/models/symbol/BTCUSDT", "/models?symbol=BTCUSDT", "/jobs", "/logs",
                     "/logs?level=warning", "/tokens", "/audit", "/openapi.json"):
            answer = self.expect(bot, "GET", path, 200)
            if "ETag" in answer.headers:
                self.expect(bot, "GET", path, 304, headers={"If-None-Match": "*"})
        self.expect(bot, "GET", "/models/1/download", 304, headers={"If-None-Match": "*"})
        for by in ("day", "week", "month", "symbol", "reason"):
            self.expect(bot, "GET", "/trading/bots/1/stats/pnl?by=" + by, 200)
        for path in ("/", "/docs", "/docs.js", "/docs.css", "/app.js", "/metrics"):
            self.expect(bot, "GET", path, 200, root=True)
        for path in ("/simulation/status", "/simulation/performance", "/simulation/portfolio",
                     "/simulation/ledger", "/equity"):
            self.expect(bot, "GET", path + "?bot_id=999999", 404)
        self.expect(bot, "GET", "/nothing.here", 404, root=True)

    def pages(self, bot):
        """Lists go on where their cursor says."""
        for path, key in (("/trading/bots/1/signals", "signals"), ("/logs", "logs"),
                          ("/simulation/ledger", "ledger"), ("/bots/1/events", "events")):
            first = self.expect(bot, "GET", path + "?limit=1", 200).json
            self.assertEqual(len(first[key]), 1, path)
            if first["next_cursor"] is None:
                self.assertEqual(key, "events")
                continue
            then = self.expect(bot, "GET", path + "?limit=1&cursor=" + first["next_cursor"], 200)
            self.assertLess(then.json[key][0]["id"], first[key][0]["id"])

    def page_of_the_api(self, bot):
        """It shows the description and loads nothing from anywhere else."""
        page = self.expect(bot, "GET", "/docs", 200, root=True, token=None)
        policy = page.headers["Content-Security-Policy"]
        self.assertIn("default-src 'none'", policy)
        self.assertNotIn("unsafe", policy)
        self.assertNotIn("http", page.body)
        for part in re.findall(r'(?:src|href)="(/[^"]*)"', page.body):
            text = self.expect(bot, "GET", part, 200, root=True, token=None).body
            if part.endswith((".js", ".css")):
                self.assertNotIn("http", text)
        for inline in ("<script>", "<style", "style=", " on"):
            self.assertNotIn(inline, page.body)

    def bots_and_settings(self, bot):
        made = self.expect(bot, "POST", "/bots", 201,
                           {"name": "Second", "config": {"symbol": "ethusdt"}}).json["id"]
        self.expect(bot, "POST", "/bots", 409, {"name": "Second"})
        self.expect(bot, "PUT", "/bots/%d" % made, 200, {"description": "x"})
        self.expect(bot, "PUT", "/bots/1", 409, {"name": "Second"})
        self.expect(bot, "GET", "/bots/%d" % made, 200)
        self.expect(bot, "GET", "/bots/%d/status" % made, 200)
        self.expect(bot, "GET", "/simulation/status?bot_id=%d" % made, 200)
        self.expect(bot, "GET", "/trading/bots/%d/stats" % made, 200)
        path = "/trading/bots/%d/config" % made
        for patch in ({"confidence_threshold": 0.5, "capital_per_trade": "250.5"},
                      {"api_key": "k", "telegram_token": "t"}, {"symbol": "ETHUSDT"},
                      {"exchange": "binance_futures", "side_mode": "both", "leverage": 3}):
            self.expect(bot, "PUT", path, 200, patch)
        self.expect(bot, "PUT", path, 409, {"leverage": 2}, headers={"If-Match": '"1"'})
        self.expect(bot, "GET", path, 200)
        self.expect(bot, "POST", path + "/validate", 200, {"stop_loss_pct": 0.02})
        self.expect(bot, "POST", path + "/validate", 200, {"stop_loss_pct": 7})
        self.expect(bot, "GET", path + "/history", 200)
        self.expect(bot, "POST", path + "/rollback", 200, {"version": 1})
        self.expect(bot, "POST", path + "/rollback", 409, {"version": 1},
                    headers={"If-Match": '"1"'})
        self.expect(bot, "DELETE", "/bots/1", 409)
        self.expect(bot, "DELETE", "/bots/%d" % made, 200)

    def reports(self, bot):
        made = self.expect(bot, "POST", "/bots", 201,
                           {"name": "Outside", "bot_type": "external"}).json["id"]
        base = "/trading/bots/%d" % made
        order = {"order_id": "a-1", "symbol": "BTCUSDT", "side": "BUY", "quantity": 0.01}
        self.expect(bot, "POST", base + "/orders", 201, order)
        self.expect(bot, "GET", base + "/orders", 200)
        self.expect(bot, "POST", base + "/orders", 200,
                    {"order_id": "a-1", "status": "closed", "pnl": 1.5, "exit_price": 65000,
                     "take_profit": None, "created": "2026-01-31", "confidence": 0.6})
        self.expect(bot, "GET", base + "/orders/history", 200)
        self.expect(bot, "POST", base + "/stats/update", 200, {"trades": 4, "wins": 3, "net": 12.5})
        self.expect(bot, "GET", base + "/stats", 200)
        self.expect(bot, "GET", base + "/stats/pnl", 200)

    def story(self, bot):
        """Each fill, leg and move of a trade that has ended is told, and where it came from."""
        order = bot.value("SELECT min(id) FROM trading_orders WHERE bot_id = 1 AND filled > 0"
                          " AND status = 'closed'")
        told = self.expect(bot, "GET", "/trading/bots/1/orders/%d" % order, 200).json
        self.assertEqual(told["order"]["id"], order)
        self.assertEqual(told["decision"]["order_id"], order)
        self.assertEqual(len(told["fills"]),
                         bot.value("SELECT count(*) FROM fills WHERE order_id = ?", order))
        ids = {leg["client_order_id"] for leg in told["legs"]}
        self.assertEqual({move["client_order_id"] for move in told["moves"]}, ids | {None})
        trade = [move["to"] for move in told["moves"] if not move["client_order_id"]]
        self.assertEqual((trade[0], trade[-1]), ("entering", "done"))
        for leg in told["legs"]:
            states = [(move["from"], move["to"]) for move in told["moves"]
                      if move["client_order_id"] == leg["client_order_id"]]
            self.assertEqual([before for before, _ in states[1:]], [after for _, after in states[:-1]])
            self.assertEqual(states[-1][1], leg["status"])
        self.expect(bot, "GET", "/trading/bots/1/orders/%d" % (order + 10**6), 404)

    def confirmations(self, bot):
        now = int(time.time() * 1e6)
        for order, answer in ((9001, "confirm"), (9002, "reject")):
            bot.write("INSERT INTO confirmations(order_id, bot_id, question, asked_us, expires_us)"
                      " VALUES (?, 1, 'buy?', ?, ?)", order, now, now + HOUR_US)
            path = "/trading/bots/1/orders/%d/%s" % (order, answer)
            self.expect(bot, "POST", path, 200)
            self.expect(bot, "POST", path, 409)

    def models(self, bot):
        model = bot.value("SELECT max(id) FROM models")
        other = bot.write(
            "INSERT INTO models(name, symbol, format, sha256, size_bytes, path, features, origin,"
            " created_us, updated_us) VALUES ('b', 'BTCUSDT', 'xgboost-json', 'f', 1,"
            " 'models/none', 'features-1', 'upload', 1, 1)")
        self.expect(bot, "GET", "/models/%d" % model, 200)
        self.expect(bot, "PUT", "/models/%d" % model, 200, {"description": "sample"})
        self.expect(bot, "PUT", "/models/%d" % model, 409, {"description": "late"},
                    headers={"If-Match": '"1"'})
        self.expect(bot, "PUT", "/models/assign/1", 200, {"model_id": model})
        self.expect(bot, "PUT", "/models/%d" % other, 200, {"status": "retired"})
        self.expect(bot, "PUT", "/models/assign/1", 409, {"model_id": other})
        self.expect(bot, "DELETE", "/models/%d" % model, 409)
        self.expect(bot, "DELETE", "/models/%d" % other, 200)
        self.model_files(bot, model)

    def model_files(self, bot, model):
        with open(os.path.join(bot.data_dir, "models", bot.value(
                "SELECT sha256 FROM models WHERE id = ?", model)), "rb") as f:
            sample = f.read()
        for status, content in ((201, retrained(sample)), (200, sample), (422, b"nonsense")):
            self.expect(bot, "POST", "/models/upload", status,
                        form(content, name="a", symbol="BTCUSDT"), headers={"Content-Type": TYPE})
        self.expect(bot, "GET", "/models/%d/download" % model, 200)
        self.expect(bot, "POST", "/models/%d/predict" % model, 200, {"features": {"rsi_14": 31.5}})

    def jobs(self, bot):
        add = ("INSERT INTO jobs(kind, state, requested_by, created_us, started_us, pid)"
               " VALUES ('backtest', ?, 'v', 1, 1, NULL)")
        running, done = bot.write(add, "running"), bot.write(add, "done")
        self.expect(bot, "GET", "/jobs/%d" % running, 200)
        self.expect(bot, "GET", "/jobs?state=done", 200)
        self.expect(bot, "DELETE", "/jobs/%d" % running, 202)
        self.expect(bot, "DELETE", "/jobs/%d" % done, 409)

    def tokens(self, bot):
        made = self.expect(bot, "POST", "/tokens", 201,
                           {"name": "phone", "role": "trader", "expires_in_s": 60}).json
        self.expect(bot, "POST", "/tokens", 409, {"name": "phone", "role": "viewer"})
        self.expect(bot, "DELETE", "/tokens/%d" % made["id"], 200)
        own = bot.value("SELECT id FROM api_tokens WHERE name = 'environment'")
        self.expect(bot, "DELETE", "/tokens/%d" % own, 409)
        self.expect(bot, "GET", "/tokens", 200)
        self.expect(bot, "GET", "/audit", 200)

    # commands

    def close_a_position(self, bot):
        def closed():
            order = bot.value("SELECT max(id) FROM trading_orders WHERE position != 0")
            return order and self.recorder.ask(
                bot, "POST", "/api/v1/positions/%d/close" % order).status == 200

        self.wait(closed, "a position is open and is closed", 90)
        order = bot.value("SELECT max(id) FROM trading_orders WHERE status = 'closed'")
        self.expect(bot, "POST", "/positions/%d/close" % order, 409)

    def start_again(self, bot, base):
        """An emergency stop closes positions first: no start until they are gone."""
        self.wait(lambda: self.recorder.ask(bot, "POST", "/api/v1%s/start" % base).status == 200,
                  "it starts again")

    def commands(self, bot):
        for base in ("/bot", "/bots/1"):
            for kind in ("pause", "resume", "stop", "emergency-stop"):
                self.expect(bot, "POST", "%s/%s" % (base, kind), 200)
            self.start_again(bot, base)
            self.expect(bot, "POST", base + "/stop", 200, {"positions": "close"})
            self.expect(bot, "POST", base + "/pause", 409)
            self.expect(bot, "POST", base + "/resume", 409)
            self.start_again(bot, base)
        self.expect(bot, "POST", "/simulation/reset", 409, {"bot_id": 1})
        self.expect(bot, "POST", "/simulation/reset", 200, {"bot_id": 1, "force": True})
        self.expect(bot, "POST", "/positions/close-all", 200, {"bot_id": 1})
        self.expect(bot, "POST", "/positions/close-all", 200)
        for path in ("/positions/close-all", "/simulation/reset"):
            self.expect(bot, "POST", path, 404, {"bot_id": 999999})
        self.expect(bot, "POST", "/bots/emergency-stop", 200)

    def command_paths(self):
        """Every route that sends a command; of bot 1 and order 1."""
        for name, op in self.recorder.operations.items():
            if "CommandQueued" in json.dumps(op["responses"]):
                yield name.split(" ")[1].replace("{id}", "1").replace("{order}", "1")

    def same_key_twice(self, bot):
        """A key that stands for another command is a conflict."""
        key = {"Idempotency-Key": "once"}
        self.start_again(bot, "/bot")
        self.expect(bot, "POST", "/bot/start", 200, headers=key)
        self.expect(bot, "POST", "/bot/start", 200, headers=key)
        for path in self.command_paths():
            if not path.endswith(("/bot/start", "/bots/1/start", "/positions/1/close")):
                self.expect(bot, "POST", path, 409, headers=key, root=True)
        for name, method, path, op in self.each(
                lambda _, op: "Idempotency-Key" in json.dumps(op["parameters"])):
            example = op.get("requestBody", {}).get("content", {}).get(
                "application/json", {}).get("example")
            if "CommandQueued" not in json.dumps(op["responses"]):
                self.recorder.ask(bot, method, path, example, headers=key)
                answer = self.recorder.ask(bot, method, path, example, headers=key)
                self.assertEqual(answer.status, 409, (name, answer))
        self.expect(bot, "POST", "/bot/pause", 200, headers={"Idempotency-Key": "other"})
        for path in ("/bot/start", "/bots/1/start"):
            self.expect(bot, "POST", path, 409, headers={"Idempotency-Key": "other"})

    def hold_worker(self, bot):
        """Holds it while there is an open order; the order's number."""
        order = bot.hold_worker() and bot.value("SELECT max(id) FROM trading_orders"
                                                " WHERE status != 'closed'")
        if not order:
            bot.worker.signal(signal.SIGCONT)
        return order

    def slow_worker(self, bot):
        """The worker lives but does not answer: 202 with a link."""
        self.start_again(bot, "/bot")
        self.assertEqual(bot.api.stop(), 0)
        bot.start_api(COMMAND_WAIT_MS=0)
        order = self.wait(lambda: self.hold_worker(bot), "bot 1 has an open order", 60)
        for path in self.command_paths():
            # it can't beat, and is not to be taken for dead
            bot.write("UPDATE worker_heartbeat SET beat_us = ?", int(time.time() * 1e6))
            answer = self.expect(bot, "POST", path.replace("/1/close", "/%d/close" % order), 202,
                                 root=True)
        self.expect(bot, "GET", answer.json["link"], 200, root=True)
        bot.worker.signal(signal.SIGCONT)

    # push

    def streams(self, bot):
        connection = bot.connection()
        try:
            path = "/api/v1/events?topics=status"
            connection.request("GET", path, headers={"Authorization": "Bearer " + harness.TOKEN})
            answer = connection.getresponse()
            self.recorder.note("GET", path, answer.status, answer.headers,
                               answer.read(64).decode())
        finally:
            connection.close()
        self.expect(bot, "GET", "/events?bot=999999", 404)
        self.expect(bot, "GET", "/ws", 426)
        self.handshake(bot, "/api/v1/ws?bot=999999", 404)
        self.handshake(bot, "/api/v1/ws", 101)

    def handshake(self, bot, path, status):
        lines = ["GET %s HTTP/1.1" % path, "Host: 127.0.0.1:%d" % bot.port, "Upgrade: websocket",
                 "Connection: Upgrade", "Sec-WebSocket-Version: 13",
                 "Sec-WebSocket-Key: " + base64.b64encode(os.urandom(16)).decode(),
                 "Authorization: Bearer " + harness.TOKEN, "", ""]
        with attacker.connect(bot) as s:
            s.sendall("\r\n".join(lines).encode())
            answer = http.client.HTTPResponse(s)
            answer.begin()
            self.assertEqual(answer.status, status)
            body = "" if status == 101 else answer.read().decode()
            self.recorder.note("GET", path, answer.status, answer.headers, body)

    # when things are away

    def if_limited(self, answer):
        return answer if answer.status == 429 else None

    def too_many_requests(self):
        bot = self.bot(API_RATE_LIMIT=1)
        bot.start_api()
        for name, method, path, _ in self.each():
            answer = self.wait(lambda m=method, p=path: self.if_limited(bot.request(m, p)),
                               name + ": 429")
            self.recorder.note(method, path, answer.status, answer.headers, answer.body)

    def nothing_there(self):
        """No worker ever, another dashboard folder, and then no database."""
        folder = self.folder()
        bot = self.bot(DASHBOARD_DIR=folder, METRICS_PUBLIC="true")
        bot.start_api()
        self.expect(bot, "GET", "/metrics", 200, root=True, token=None)
        self.expect(bot, "GET", "/", 404, root=True)
        self.expect(bot, "GET", "/app.js", 404, root=True)
        for path in ("/docs", "/docs.js", "/docs.css"):
            self.expect(bot, "GET", path, 200, root=True)
        for path in ("/status", "/health", "/status/health", "/status/health/detailed",
                     "/status/metrics", "/simulation/status", "/simulation/performance",
                     "/simulation/portfolio", "/positions", "/models", "/data"):
            self.expect(bot, "GET", path, 200)
        self.expect(bot, "POST", "/bot/pause", 503)
        self.expect(bot, "POST", "/bot/emergency-stop", 202)
        os.rename(bot.db_path, bot.db_path + ".away")
        self.wait(lambda: bot.get("/api/v1/status").status == 503, "the API misses its file")
        for name, method, path, op in self.each(lambda _, op: "503" in op["responses"]):
            example = op.get("requestBody", {}).get("content", {}).get(
                "application/json", {}).get("example")
            answer = self.recorder.ask(bot, method, self.with_query(op, path), example)
            self.assertEqual(answer.status, 503, (name, answer))

    def with_query(self, op, path):
        needed = ["%s=BTCUSDT" % p["name"] for p in op["parameters"] if p.get("required")
                  and p["in"] == "query"]
        return path + ("?" + "&".join(needed) if needed else "")

    def test_every_answer_is_as_described(self):
        bot = self.start_with_description()
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
        self.expect(bot, "PUT", "/trading/bots/1/config", 200,
                    {"holding_time": 5, "decision_interval_ms": 200, "max_positions": 20,
                     "confidence_threshold": 0})
        self.wait(lambda: bot.value("SELECT 1 FROM trading_orders WHERE status = 'closed'"),
                  "the first trade is over", 90)
        self.close_a_position(bot)
        for step in (self.reads, self.pages, self.strangers, self.nonsense, self.wrong_values,
                     self.greedy_heads, self.other_methods, self.bots_and_settings,
                     self.story, self.reports, self.confirmations, self.models, self.jobs, self.tokens,
                     self.streams, self.page_of_the_api, self.commands, self.same_key_twice, self.slow_worker):
            step(bot)
        self.too_many_requests()
        self.nothing_there()
        self.validate()
        self.covered()

    def validate(self):
        folder = self.folder()
        paths = [os.path.join(folder, name) for name in ("openapi.json", "answers.json")]
        for path, text in zip(paths, (self.description, json.dumps(self.recorder.answers))):
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
        self.assertTrue(os.path.isdir(os.path.join(NODE, "node_modules")),
                        "tests/node/node_modules is missing: scripts/install-deps.sh test")
        done = subprocess.run(["node", "openapi.mjs"] + paths, cwd=NODE, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.assertEqual(done.returncode, 0, done.stdout[-20000:])
        print(done.stdout.splitlines()[-1])

    def covered(self):
        seen = self.recorder.seen()
        missing = []
        for name, op in self.recorder.operations.items():
            for status in map(int, op["responses"]):
                if status not in UNREACHED and (name, status) not in seen:
                    missing.append("%s -> %d" % (name, status))
        self.assertEqual(missing, [], "never answered: " + ", ".join(missing))


if __name__ == "__main__":
    harness.main()
