"""One test per threat of docs/SECURITY.md, against the real programs."""
import http.client
import json
import os
import re
import socket
import ssl
import stat
import time
import unittest
import warnings

import attacker
import forms
import harness

DOC = os.path.join(harness.ROOT, "docs/SECURITY.md")
CONFIG = "/api/v1/trading/bots/1/config"
SECRETS = ("api_key", "secret_key", "telegram_token")


class Security(harness.TestCase):

    def api(self, **env):
        bot = self.bot(**env)
        bot.start_api()
        return bot

    def token(self, bot, role, **more):
        answer = bot.post("/api/v1/tokens", {"name": "a " + role, "role": role, **more})
        self.assertEqual(answer.status, 201, answer)
        return answer.json["id"], answer.json["token"]

    def metric(self, bot, sample):
        text = bot.get("/metrics").body
        match = re.search(r"(?m)^%s (\S+)$" % re.escape(sample), text)
        return float(match.group(1)) if match else None

    # who may call what

    def test_every_route_needs_a_token(self):
        bot = self.api()
        for method, path, role in attacker.routes():
            for token in (None, "", "tb_" + "A" * 43, "undefined"):
                answer = bot.request(method, path, token=None, headers={} if token is None else
                                     {"Authorization": "Bearer " + token})
                if role == "none":
                    self.assertNotIn(answer.status, (401, 403), (path, answer))
                else:
                    self.assertEqual(answer.status, 401, (method, path, answer))
                    self.assertIn("Bearer", answer.headers["WWW-Authenticate"])
        # the same tree under its other name, and in other spellings
        for path in ("/api/bots", "/api/v1//bots", "/api/v1/bots/", "/API/V1/bots", "/api/v1/%62ots",
                     "/api/v1/./bots"):
            self.assertIn(bot.get(path, token=None).status, (401, 404), path)

    def test_roles_limit_every_route(self):
        bot = self.api()
        ranks = {"none": 0, "viewer": 1, "trader": 2, "admin": 3}
        for role in ("viewer", "trader"):
            _, token = self.token(bot, role)
            for method, path, needed in attacker.routes():
                if ranks[needed] <= ranks[role]:
                    continue
                answer = bot.request(method, path, token=token)
                self.assertEqual(answer.status, 403, (role, method, path, answer))
                self.assertEqual(answer.json["error"]["code"], "forbidden")
        # nor does a token make a stronger one
        self.assertEqual(bot.post("/api/v1/tokens", {"name": "x", "role": "admin"},
                                  token=token).status, 403)

    def test_guessed_tokens_are_slowed_and_seen(self):
        bot = self.api(API_RATE_LIMIT=2)
        statuses = [bot.get("/api/v1/status", token="tb_guess%d" % i) for i in range(60)]
        refused = [a for a in statuses if a.status == 429]
        self.assertTrue(refused)
        self.assertGreaterEqual(int(refused[0].headers["Retry-After"]), 1)
        self.assertEqual({a.status for a in statuses}, {401, 429})
        # another caller is not hurt: the owner's token counts on its own
        self.assertEqual(bot.get("/api/v1/status").status, 200)
        self.assertEqual(self.metric(bot, 'tradingbot_api_auth_failures_total{reason="bad_token"}'),
                         len(statuses) - len(refused))
        self.assertEqual(self.metric(bot, "tradingbot_api_rate_limited_total"), len(refused))
        self.assertIn("- 401", {"%s %d" % (r["actor"], r["status"])
                                for r in bot.rows("SELECT actor, status FROM audit_log")})

    def test_revoked_and_expired_tokens_end_at_once(self):
        bot = self.api()
        number, token = self.token(bot, "trader")
        self.assertEqual(bot.get("/api/v1/status", token=token).status, 200)
        with attacker.connect(bot) as stream:		# one that listens already
            stream.sendall(attacker.head(bot, "GET", "/api/v1/events?topics=status", token=token))
            self.assertIn(b"200 OK", stream.recv(65536))
            self.assertEqual(bot.request("DELETE", "/api/v1/tokens/%d" % number).status, 200)
            self.assertEqual(bot.get("/api/v1/status", token=token).status, 401)
            attacker.read_all(stream)		# it ends: else this waits for ever and fails
        # expiry
        begin = time.monotonic()
        _, token = self.token(bot, "viewer", expires_in_s=2)
        status = bot.get("/api/v1/status", token=token).status
        self.assertEqual(status, 200 if time.monotonic() < begin + 2 else status)
        self.wait(lambda: bot.get("/api/v1/status", token=token).status == 401, "it expires", 10)
        # from another process
        made = bot.cli("token", "create", "laptop", "viewer")
        token = made.stdout.split()[0]
        self.assertEqual(bot.get("/api/v1/status", token=token).status, 200)
        number = bot.value("SELECT id FROM api_tokens WHERE name = 'laptop'")
        self.assertEqual(bot.cli("token", "revoke", str(number)).returncode, 0)
        self.assertEqual(bot.get("/api/v1/status", token=token).status, 401)
        # an API_TOKEN that is not set any more
        bot.api.stop()
        bot.env["API_TOKEN"] = "tb_another_token_for_this_start"
        bot.start_api()
        self.assertEqual(bot.get("/api/v1/status").status, 401)

    # other web pages

    def test_foreign_hosts_are_refused(self):
        bot = self.api(API_ALLOWED_HOSTS="bot.example.org")
        for host in ("evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "[::1]evil",
                     "localhost:1337:evil", "evil.example:%d" % bot.port, ""):
            answer = attacker.ask(bot, "GET", "/api/v1/status", host=host)
            self.assertEqual(answer.status, 403, (host, answer))
            self.assertIn(b"host_not_allowed", answer.body)
        for host in ("localhost", "127.0.0.1:%d" % bot.port, "[::1]:80", "bot.example.org"):
            self.assertEqual(attacker.ask(bot, "GET", "/api/v1/status", host=host).status, 200, host)
        self.assertEqual(attacker.ask(bot, "GET", "/api/v1/status", host=None).status, 400)

    def test_other_pages_can_not_call(self):
        bot = self.api()
        own = "http://127.0.0.1:%d" % bot.port
        for origin in ("http://evil.example", "null", "http://localhost:1", "file://",
                       own + ".evil.example", "http://evil@127.0.0.1:%d" % bot.port):
            for method, path in (("POST", "/api/v1/bot/stop"), ("PUT", CONFIG),
                                 ("DELETE", "/api/v1/bots/1")):
                answer = bot.request(method, path, headers={"Origin": origin})
                self.assertEqual(answer.status, 403, (origin, answer))
                self.assertEqual(answer.json["error"]["code"], "origin_not_allowed")
            answer = bot.get("/api/v1/ws", headers={
                "Origin": origin, "Upgrade": "websocket", "Connection": "Upgrade",
                "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="})
            self.assertEqual(answer.status, 403, (origin, answer))
            # and what it reads it may not see
            for method in ("GET", "OPTIONS"):
                answer = bot.request(method, "/api/v1/status", headers={"Origin": origin})
                self.assertFalse([h for h in answer.headers if "access-control" in h.lower()])
        self.assertNotEqual(bot.put(CONFIG, {}, headers={"Origin": own}).status, 403)
        # a form's body is no JSON
        answer = bot.request("POST", "/api/v1/bots", b"name=x", headers={
            "Content-Type": "text/plain"})
        self.assertEqual(answer.status, 415)

    def test_pages_hold_no_foreign_script(self):
        bot = self.api()
        for path in ("/", "/docs"):
            page = bot.get(path, token=None)
            if page.status == 501:
                continue
            self.assertEqual(page.status, 200, page)
            policy = page.headers["Content-Security-Policy"]
            self.assertNotIn("unsafe", policy)
            self.assertIn("frame-ancestors 'none'", policy)
            self.assertIn("default-src 'none'", policy)
            self.assertEqual(page.headers["X-Frame-Options"], "DENY")
            self.assertEqual(page.headers["Referrer-Policy"], "no-referrer")
            self.assertEqual(page.headers["Cross-Origin-Opener-Policy"], "same-origin")
            self.assertEqual(re.findall(r"<script(?![^>]*\bsrc=)", page.body), [])
            self.assertEqual(re.findall(r"\bon\w+\s*=", page.body), [])
            self.assertEqual(re.findall(r"""(?:src|href)=["'](?:https?:)?//""", page.body), [])
        # what a person typed comes back as data, never as a page
        name = "<script>alert(1)</script>"
        self.assertEqual(bot.post("/api/v1/bots", {"name": name}).status, 201)
        for answer in (bot.get("/api/v1/bots"), bot.get("/" + name.replace("/", "%2f"), token=None),
                       bot.get("/api/v1/" + name)):
            self.assertEqual(answer.headers["Content-Type"], "application/json")
            self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff")
            self.assertEqual(answer.headers["Cache-Control"], "no-store")

    # who listens on the way

    def tls(self, **env):
        bot = self.bot(**env)
        bot.env["API_TLS_CERT"], bot.env["API_TLS_KEY"] = attacker.certificate(bot.folder)
        return bot

    def test_tls_only_in_its_safe_forms(self):
        bot = self.tls(API_TOKEN="")
        bot.start_api("--print-link")
        self.assertIn("Dashboard: https://127.0.0.1:%d/#token=" % bot.port, bot.api.output())
        with open(os.path.join(bot.data_dir, "api_token"), encoding="utf-8") as f:
            token = f.read().strip()
        answer = bot.get("/api/v1/status", token=token)
        self.assertEqual(answer.status, 200)
        self.assertIn("max-age=", answer.headers["Strict-Transport-Security"])
        for version, name in ((ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")):
            context = ssl.create_default_context(cafile=bot.env["API_TLS_CERT"])
            context.minimum_version = context.maximum_version = version
            with attacker.connect(bot, context=context) as s:
                self.assertEqual(s.version(), name)
                self.assertTrue(re.search("GCM|CHACHA20", s.cipher()[0]), s.cipher())
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname = False
        old.verify_mode = ssl.CERT_NONE
        old.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)		# that is the point
            old.minimum_version = ssl.TLSVersion.TLSv1
            old.maximum_version = ssl.TLSVersion.TLSv1_1
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            attacker.connect(bot, context=old)
        weak = ssl.create_default_context(cafile=bot.env["API_TLS_CERT"])
        weak.maximum_version = ssl.TLSVersion.TLSv1_2
        weak.set_ciphers("AES128-SHA:AES256-SHA:ECDHE-ECDSA-AES128-SHA")
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            attacker.connect(bot, context=weak)
        # plain HTTP gets nothing, least of all an answer
        self.assertEqual(attacker.ask(bot, "GET", "/api/v1/health").status, 0)
        plain = self.api()
        self.assertIsNone(plain.get("/api/v1/health").headers["Strict-Transport-Security"])

    def served(self, bot):
        """The certificate that a new connection is shown."""
        return ssl.get_server_certificate(("127.0.0.1", bot.port)).strip()

    def test_a_bad_new_certificate_changes_nothing(self):
        bot = self.tls()
        bot.start_api()
        first = self.served(bot)
        context = ssl.create_default_context(cafile=bot.env["API_TLS_CERT"])
        cert, key = attacker.certificate(bot.folder, "next")

        def put(source, target):
            os.replace(source, bot.env[target])

        with attacker.connect(bot, context=context) as kept:
            logged = len(bot.api.log())
            with open(cert, encoding="ascii") as f:
                new = f.read().strip()
            put(cert, "API_TLS_CERT")		# its key is still the old one
            bot.api.signal(1)
            self.wait(lambda: any("does not belong" in r["message"] and r["level"] == "ERROR"
                                  for r in bot.api.log()[logged:]), "the log says why")
            self.assertEqual(self.served(bot), first)
            put(key, "API_TLS_KEY")
            bot.api.signal(1)
            self.wait(lambda: self.served(bot) == new, "the new one is served")
            # a connection goes on with what it began with
            kept.sendall(attacker.head(bot, "GET", "/api/v1/status"))
            self.assertIn(b"200 OK", kept.recv(65536))
        os.remove(bot.env["API_TLS_CERT"])
        bot.api.signal(1)
        self.wait(lambda: any("no such file" in r["message"] for r in bot.api.log()), "it is missed")
        self.assertEqual(self.served(bot), new)

    def test_tls_mistakes_stop_the_start(self):
        bot = self.bot()
        cert, key = attacker.certificate(bot.folder)
        _, other = attacker.certificate(bot.folder, "other")
        locked, text = os.path.join(bot.folder, "locked.pem"), os.path.join(bot.folder, "text.pem")
        attacker.openssl("pkey", "-in", key, "-aes256", "-passout", "pass:secret", "-out", locked)
        with open(text, "w", encoding="ascii") as f:
            f.write("not a certificate\n")
        for env, words in ((dict(API_TLS_CERT=cert), "API_TLS_KEY"),
                           (dict(API_TLS_KEY=key), "API_TLS_CERT"),
                           (dict(API_TLS_CERT="/none.pem", API_TLS_KEY=key), "/none.pem"),
                           (dict(API_TLS_CERT=cert, API_TLS_KEY="/none.pem"), "API_TLS_KEY"),
                           (dict(API_TLS_CERT=cert, API_TLS_KEY=other), "does not belong"),
                           (dict(API_TLS_CERT=text, API_TLS_KEY=key), "no certificate"),
                           (dict(API_TLS_CERT=cert, API_TLS_KEY=text), "no private key"),
                           (dict(API_TLS_CERT=cert, API_TLS_KEY=locked), "passphrase")):
            process = bot.launch("trading-bot-api", **env)
            self.assertEqual(process.wait(), 1, words)
            self.assertIn(words, process.output())
        # open to others: it starts, and says so
        os.chmod(key, 0o644)
        bot.env.update(API_TLS_CERT=cert, API_TLS_KEY=key)
        bot.start_api()
        self.assertTrue([r for r in bot.api.log() if "chmod 600" in r["message"]])

    # who wants it down

    def test_slow_clients_are_cut(self):
        bot = self.tls(API_TIMEOUT_S=1)
        bot.start_api()
        context = ssl.create_default_context(cafile=bot.env["API_TLS_CERT"])
        post = attacker.head(bot, "POST", "/api/v1/bots", "Content-Length: 1000",
                             "Content-Type: application/json")

        def connect():
            """We may be slow as well: a handshake that took too long is made again."""
            return self.patient(lambda: attacker.connect(bot, context=context), "a connection")

        def dripped(text):
            """Sends a byte five times a second; is it ended before the text is?"""
            with connect() as s:
                s.settimeout(0.2)
                end = time.monotonic() + 20 * harness.SLOW
                for byte in text:
                    try:
                        s.sendall(bytes([byte]))
                        if not s.recv(1):
                            return True
                    except TimeoutError:
                        pass
                    except OSError:
                        return True
                    if time.monotonic() > end:
                        break
            return False

        self.assertTrue(dripped(b"GET /" + b"a" * 4000))		# a byte now and then: the head
        self.assertTrue(dripped(post + b" " * 900))			# the body
        for text in (b"", b"GET / HTTP/1.1\r\n", post, attacker.head(bot, "GET", "/api/v1/health")):
            with connect() as s:		# nothing more comes
                attacker.send(s, text)
                attacker.read_all(s)
        with attacker.connect(bot) as s:		# no TLS handshake at all
            attacker.read_all(s)
        with connect() as s:		# never reads its answers
            one = attacker.head(bot, "GET", "/app.js")
            s.settimeout(30 * harness.SLOW)
            with self.assertRaises(OSError):
                while True:
                    s.sendall(one * 100)
        self.assertGreaterEqual(self.patient(
            lambda: self.metric(bot, "tradingbot_api_connections_cut_total"), "the figure"), 6)
        self.assertEqual(self.patient(lambda: bot.get("/api/v1/status"), "an answer").status, 200)

    def patient(self, ask, what):
        """Asks until there is an answer: the API may cut us as well."""
        def once():
            try:
                return ask()
            except (OSError, http.client.HTTPException):
                return None
        return self.wait(once, what)

    def test_greedy_clients_leave_room(self):
        bot = self.api(API_MAX_CONNECTIONS=20, API_MAX_PER_ADDRESS=10, API_MAX_BODY_BYTES=2048,
                       API_TIMEOUT_S=3)
        greedy = [attacker.connect(bot) for _ in range(30)]
        try:
            # all but its share are ended, the owner (elsewhere: 127.0.0.2) gets in
            self.wait(lambda: sum(self.ended(s) for s in greedy) >= 20, "the others are closed")
            with socket.create_connection(("127.0.0.1", bot.port), 30 * harness.SLOW,
                                          source_address=("127.0.0.2", 0)) as s:
                s.sendall(attacker.head(bot, "GET", "/api/v1/status", "Connection: close"))
                self.assertEqual(attacker.Answer(attacker.read_all(s)).status, 200)
        finally:
            for s in greedy:
                s.close()
        self.assertTrue([r for r in bot.api.log() if "API_MAX_PER_ADDRESS" in r["message"]])
        # as soon as it has seen that the others are gone
        self.assertGreaterEqual(self.patient(
            lambda: self.metric(bot, "tradingbot_api_connections_refused_total"), "the figure"), 20)
        many = ["X-%d: y" % i for i in range(150)]
        for answer in (attacker.ask(bot, "GET", "/api/v1/status", *many),
                       attacker.ask(bot, "GET", "/" + "a" * 9000),
                       attacker.raw(bot, attacker.head(bot, "POST", "/api/v1/bots",
                                                       "Content-Length: 5000",
                                                       "Connection: close") + b"x" * 5000)):
            self.assertEqual(answer.status, 413, answer)
        # announced and not sent: it is ended after its time
        self.assertIn(attacker.ask(bot, "POST", "/api/v1/bots", "Content-Length: 3000000000").status,
                      (0, 413))
        self.assertIn(attacker.ask(bot, "GET", "/api/v1/status", "X: " + "y" * 20000).status,
                      (400, 413))
        self.assertEqual(bot.get("/api/v1/status").status, 200)

    @staticmethod
    def ended(s):
        s.setblocking(False)
        try:
            return s.recv(1) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True

    def test_deep_and_wide_json_costs_little(self):
        bot = self.api()
        for body in ("[" * 100_000, '{"a":' * 100_000, "{" + '"k":1,' * 100_000,
                     "{" + ",".join('"k%d":1' % i for i in range(80_000)) + "}",
                     "[" + "1," * 400_000 + "1]", '"' + "\\u0000" * 150_000 + '"', "9" * 900_000):
            begin = self.processor_s(bot.api)
            answer = bot.request("POST", "/api/v1/bots", body, headers={
                "Content-Type": "application/json"})
            self.assertIn(answer.status, (400, 422), (body[:20], answer))
            self.assertLess(self.processor_s(bot.api) - begin, 2 * harness.SLOW, body[:20])

    @staticmethod
    def processor_s(process):
        """Processor time that it has taken, however long others made it wait."""
        with open("/proc/%d/stat" % process.pid, encoding="ascii") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def test_doubtful_requests_end_the_connection(self):
        bot = self.api()
        hidden = b"POST /api/v1/bot/emergency-stop HTTP/1.1\r\nHost: localhost\r\n" \
                 b"Authorization: Bearer " + harness.TOKEN.encode() + b"\r\n\r\n"
        for lines in (["Content-Length: 0", "Content-Length: %d" % len(hidden)],
                      ["Content-Length: %d" % len(hidden), "Transfer-Encoding: chunked"],
                      ["Transfer-Encoding: chunked", "Transfer-Encoding: identity"],
                      ["Transfer-Encoding: gzip"], ["Transfer-Encoding: xchunked"],
                      ["Content-Length : %d" % len(hidden)], ["Content-Length: +3"],
                      ["Content-Length: -1"], ["Content-Length: 1e1"],
                      ["Host: evil.example"], ["Authorization: Bearer other"]):
            for method in ("POST", "GET"):
                request = attacker.head(bot, method, "/api/v1/status", *lines)
                answer = attacker.raw(bot, request + hidden)
                self.assertEqual(answer.status, 400, (method, lines, answer))
                self.assertEqual(answer.data.count(b"HTTP/1.1 "), 1, (method, lines, answer))
        # a body that is right in either reading
        both = b"0\r\n\r\n" + hidden
        for lines in (["Content-Length: %d" % len(both), "Transfer-Encoding: chunked"],
                      ["Transfer-Encoding: chunked", "Content-Length: %d" % len(both)],
                      ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"]):
            answer = attacker.raw(bot, attacker.head(bot, "POST", "/api/v1/status", *lines) + both)
            self.assertEqual((answer.status, answer.data.count(b"HTTP/1.1 ")), (400, 1), (lines, answer))
        # sizes that another program reads in another way: 0, or the digits before the blank
        for size in (b"0x0", b"+0", b"0 ", b"0\0"):
            answer = attacker.raw(bot, attacker.head(
                bot, "POST", "/api/v1/status", "Transfer-Encoding: chunked") + size + b"\r\n\r\n" + hidden)
            self.assertEqual((answer.status, answer.data.count(b"HTTP/1.1 ")), (400, 1), (size, answer))
        for method in ("HEAD", "OPTIONS", "TRACE", "BREW"):	# bodies that nobody reads
            answer = attacker.raw(bot, attacker.head(
                bot, method, "/api/v1/nothing", "Connection: close",
                "Content-Length: %d" % len(hidden)) + hidden)
            self.assertEqual(answer.data.count(b"HTTP/1.1 "), 1, (method, answer))
        for version, status in (("0.1", 400), ("2.0", 400), ("1.7", 200), ("1.0", 200)):
            answer = attacker.raw(bot, attacker.head(bot, "GET", "/api/v1/status", "Connection: close")
                                  .replace(b"HTTP/1.1", b"HTTP/" + version.encode(), 1))
            self.assertRegex(answer.head, r"^HTTP/1\.[01] %d " % status)
        answer = attacker.raw(bot, b"GET / HTTP/1.112\r\nno header\r\n\r\n")
        self.assertRegex(answer.head, r"^HTTP/1\.1 400 ")
        self.assertIn(b"malformed_request", answer.body)
        answer = attacker.raw(bot, attacker.head(bot, "GET", "/api/v1/health") + b"garbage\r\n\r\n")
        self.assertEqual(answer.data.count(b"HTTP/1.1 "), 2, answer)
        self.assertIn(b"malformed_request", answer.data)	# ours, not evhttp's page
        self.assertEqual(bot.rows("SELECT * FROM commands WHERE kind = 'emergency-stop'"), [])

    # who sends more than was asked for

    def test_hostile_model_files_leave_nothing(self):
        bot = self.bot()
        bot.start()
        self.wait(lambda: bot.value("SELECT count(*) FROM models") == 1, "the sample is there", 60)
        folder = os.path.join(bot.data_dir, "models")
        with open(os.path.join(folder, os.listdir(folder)[0]), "rb") as f:
            sample = f.read()
        for trap in traps(sample):
            answer = bot.request("POST", "/api/v1/models/upload",
                                 forms.form(trap, name="../../x", symbol="BTCUSDT"),
                                 {"Content-Type": forms.TYPE})
            self.assertEqual((answer.status, answer.json["error"]["code"]), (422, "model_refused"),
                             answer)
        self.assertEqual(len(os.listdir(folder)), 1)
        self.assertEqual(bot.value("SELECT count(*) FROM models"), 1)
        self.assertTrue(bot.api.alive() and bot.worker.alive())

    def test_sql_in_values_stays_text(self):
        bot = self.api()
        tables = bot.value("SELECT count(*) FROM sqlite_master")
        for text in ("x'; DROP TABLE bots; --", "1 OR 1=1", '"; DELETE FROM api_tokens; --',
                     "' UNION SELECT hash FROM api_tokens --", "%' OR '1'='1"):
            made = bot.post("/api/v1/bots", {"name": text, "description": text})
            self.assertEqual(made.status, 201, made)
            self.assertEqual(bot.get("/api/v1/bots/%d" % made.json["id"]).json["name"], text)
            quoted = "".join("%%%02x" % b for b in text.encode())
            for path in ("/api/v1/bots/" + quoted, "/api/v1/logs?service=" + quoted,
                         "/api/v1/audit?actor=" + quoted, "/api/v1/bots?cursor=" + quoted,
                         "/api/v1/models?symbol=" + quoted,
                         "/api/v1/trading/bots/1/orders/history?reason=" + quoted):
                answer = bot.get(path)
                self.assertIn(answer.status, (200, 400, 404), (path, answer))
                self.assertNotRegex(answer.body, "[0-9a-f]{64}")
                self.assertNotIn("SQL", answer.body)
        self.assertEqual(bot.value("SELECT count(*) FROM sqlite_master"), tables)
        self.assertEqual(bot.value("SELECT count(*) FROM bots"), 6)

    def test_no_file_but_the_pages(self):
        bot = self.bot()
        folder = os.path.join(bot.folder, "pages")
        os.makedirs(os.path.join(folder, "deeper"))
        for name in ("index.html", ".hidden.html", "deeper/x.html", "notes", "key.pem"):
            with open(os.path.join(folder, name), "w", encoding="ascii") as f:
                f.write("text of " + name)
        with open(os.path.join(bot.folder, "outside.html"), "w", encoding="ascii") as f:
            f.write("outside")
        bot.env["DASHBOARD_DIR"] = folder
        bot.start_api()
        self.assertIn("text of index.html", bot.get("/", token=None).body)
        for path in ("/../outside.html", "/..%2foutside.html", "/%2e%2e/outside.html",
                     "/deeper/x.html", "/deeper%2fx.html", "/.hidden.html", "/notes", "/key.pem",
                     "/../data/api_token", "/..%5coutside.html", "/index.html%00.png",
                     "/" + folder + "/index.html"):
            answer = attacker.ask(bot, "GET", path, token=None)
            self.assertIn(answer.status, (400, 404), (path, answer))
            self.assertNotIn(b"outside\n", answer.body)
            self.assertNotIn(b"text of", answer.body)

    def test_logs_and_headers_can_not_be_forged(self):
        bot = self.api()
        forged = '","level":"INFO","message":"owner logged in'
        for value in ("x\tforged", "a" * 65, "x y", 'x"y', "x\x7f", forged):
            answer = attacker.ask(bot, "GET", "/api/v1/status", "X-Correlation-Id: " + value)
            self.assertEqual(answer.status, 200)
            self.assertRegex(answer.header("X-Correlation-Id"), r"^c-[0-9a-f]{16}$")
        answer = attacker.ask(bot, "GET", "/api/v1/nothing%0d%0aSet-Cookie:%20a=b")
        self.assertEqual(answer.status, 404)
        self.assertIsNone(answer.header("Set-Cookie"))
        for name in ("line\nforged line", "\x1b[2Jforged", " "):
            answer = bot.post("/api/v1/bots", {"name": name})
            self.assertEqual(answer.status, 422, answer)
        answer = bot.post("/api/v1/bots", {"name": forged, "description": "line\nforged line"})
        self.assertEqual(answer.status, 201, answer)
        # a token's name stands in the lines that tell what it did
        answer = bot.post("/api/v1/tokens", {"name": forged, "role": "viewer"})
        self.assertEqual(bot.post("/api/v1/bots", {}, token=answer.json["token"]).status, 403)
        self.assertIn(forged, [r["actor"] for r in bot.get("/api/v1/audit").json["audit"]])
        for line in bot.api.output().splitlines():
            if line.startswith("{"):
                self.assertTrue(line.endswith("}"), line)
        self.assertFalse([r for r in bot.api.log() if r["message"] == "owner logged in"])
        self.assertFalse([line for line in bot.api.output().splitlines()
                          if line.startswith("forged")])

    def test_hostile_market_data_is_counted_and_survived(self):
        import recording
        bot = self.bot(MARKET_DATA="replay", REPLAY_SPEED="max", REPLAY_LOOP="false",
                       RECORDING=os.path.join("/nowhere", "x"))
        path = os.path.join(bot.folder, "hostile.gz")
        hostile(path, recording)
        bot.env["RECORDING"] = path
        bot.start_worker()
        self.wait(lambda: bot.value("SELECT decode_errors FROM worker_heartbeat") or
                  not bot.worker.alive(), "refused frames are counted", 60)
        self.assertTrue(bot.worker.alive())
        self.wait(lambda: bot.value("SELECT events FROM worker_heartbeat") > 100,
                  "the good ones are used", 60)
        self.assertEqual(bot.worker.stop(), 0)

    # who finds files

    def test_files_are_for_their_owner_only(self):
        bot = self.bot(API_TOKEN="")
        old = os.umask(0)			# the worst that a system may have set
        try:
            bot.start()
            self.wait(bot.worker_is_up, "the worker is up")
        finally:
            os.umask(old)
        backup = os.path.join(bot.folder, "copy.db")
        self.assertEqual(bot.cli("backup", backup).returncode, 0)
        paths = [bot.data_dir, backup]
        for folder, folders, files in os.walk(bot.data_dir):
            paths += [os.path.join(folder, n) for n in folders + files]
        for path in paths:
            try:
                mode = stat.S_IMODE(os.stat(path).st_mode)
            except FileNotFoundError:
                continue
            self.assertEqual(mode & 0o077, 0, "%s has mode %03o" % (path, mode))
        # a key that was opened to others is used, and both say so
        self.assertEqual(bot.stop(), [0, 0])
        self.assertFalse([p for p in bot.processes if "chmod 600" in p.output()])
        key = os.path.join(bot.data_dir, "master.key")
        os.chmod(key, 0o640)
        bot.start()
        self.wait(bot.worker_is_up, "the worker is up")
        for process in (bot.api, bot.worker):
            self.assertTrue([r for r in process.log() if r["level"] == "WARNING" and key in r["message"]
                             and "chmod 600" in r["message"]], process.name)
        self.assertIn("readable by its owner only", bot.cli("doctor").stdout)

    def plant(self, bot):
        """Marker secrets in every place that takes one; their texts."""
        markers = {}
        for i, key in enumerate(SECRETS):
            markers[key] = "marker-%d-%s-of-bot-1" % (i, key.replace("_", "-"))
        answer = bot.put(CONFIG, markers)
        self.assertEqual(answer.status, 200, answer)
        return list(markers.values())

    def test_secrets_appear_nowhere(self):
        env = {"BINANCE_API_KEY": "marker-env-key", "BINANCE_API_SECRET": "marker-env-secret",
               "TELEGRAM_BOT_TOKEN": "123:marker-env-telegram", "API_TOKEN": "tb_marker_env_token"}
        bot = self.bot(**env, DEBUG_MODE="true", REPORT_STDOUT="true")

        def call(method, path, body=None):
            return bot.request(method, path, body, token=env["API_TOKEN"])

        bot.request = lambda method, path, body=None, headers=None, token=env["API_TOKEN"], limit=30, \
            ask=bot.request: ask(method, path, body, headers, token, limit)
        bot.start()
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
        markers = self.plant(bot) + list(env.values())
        _, viewer = self.token(bot, "viewer")
        markers.append(viewer)
        seen = []
        # every answer, also to what is wrong with a secret in it
        for method, path, _ in attacker.routes():
            if method == "GET" and not path.endswith(("/ws", "/events")) or "/ws" in path:
                seen.append(call(method, path).body)
        for body in ({"api_key": "marker-refused", "symbol": 1}, {"secret_key": "marker-refused" * 300},
                     {"telegram_token": ["marker-refused"]}, '{"api_key":"marker-refused",',
                     {"unknown": 1, "api_key": "marker-refused"}):
            for method, path in (("PUT", CONFIG), ("POST", CONFIG + "/validate")):
                seen.append(call(method, path, body).body)
        markers.append("marker-refused")
        for version in (1, 2):
            seen.append(call("POST", CONFIG + "/rollback", {"version": version}).body)
        seen.append(bot.get("/api/v1/status", token="tb_marker_wrong").body)
        markers.append("tb_marker_wrong")
        with attacker.connect(bot) as stream:
            stream.sendall(attacker.head(bot, "GET", "/api/v1/events?topics=all", token=viewer))
            self.assertEqual(bot.put(CONFIG, {"holding_time": 333}).status, 200)
            heard = len(seen)
            end = time.monotonic() + 5
            while time.monotonic() < end or "snapshot" not in "".join(seen[heard:]):
                seen.append(stream.recv(65536).decode("utf-8", "replace"))
                self.assertTrue(seen[-1], "the stream goes on")
        # the command line
        for args in (("status",), ("doctor",), ("token", "list")):
            done = bot.cli(*args)
            seen.append(done.stdout + done.stderr)
        for name in ("trading-bot-api", "trading-bot-worker"):
            process = bot.launch(name, "--check-config")
            process.wait()
            seen.append(process.output())
        # logs, and every file that was written, deleted rows included
        self.assertEqual(bot.stop(), [0, 0])
        seen += [p.output() for p in bot.processes]
        for folder, _, files in os.walk(bot.data_dir):
            for name in files:
                with open(os.path.join(folder, name), "rb") as f:
                    seen.append("%s: %s" % (name, f.read().decode("latin-1")))
        for marker in markers:
            for text in seen:
                at = text.find(marker)
                self.assertEqual(at, -1, "%s in %r" % (marker, text[max(0, at - 300):at + 100]))

    def test_a_stolen_database_opens_nothing(self):
        bot = self.api()
        self.plant(bot)
        _, token = self.token(bot, "admin")
        copy = os.path.join(bot.folder, "stolen.db")
        self.assertEqual(bot.cli("backup", copy).returncode, 0)
        with open(copy, "rb") as f:
            data = f.read()
        for secret in (b"marker-", token.encode(), harness.TOKEN.encode()):
            self.assertNotIn(secret, data)
        for row in bot.rows("SELECT api_key, secret_key, telegram_token FROM trading_configs"
                            " WHERE bot_id = 1"):
            for sealed in row.values():
                self.assertRegex(sealed, r"^v1:[A-Za-z0-9+/=]+$")
        # a sealed text in another row, or changed by one character, is refused
        bot.post("/api/v1/bots", {"name": "thief"})
        bot.write("UPDATE trading_configs SET api_key = (SELECT api_key FROM trading_configs"
                  " WHERE bot_id = 1) WHERE bot_id = 2")
        answer = bot.get("/api/v1/trading/bots/2/config")
        self.assertEqual(answer.status, 503, answer)
        self.assertIn("does not open", answer.body)
        # somebody else's key opens nothing
        with open(os.path.join(bot.folder, "other.key"), "w", encoding="ascii") as f:
            f.write("ab" * 32 + "\n")
        bot.api.stop()
        bot.start_api(MASTER_KEY_FILE=os.path.join(bot.folder, "other.key"))
        self.assertEqual(bot.get(CONFIG).status, 503)

    def test_the_master_key_can_be_changed(self):
        bot = self.bot()
        bot.start()
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
        self.plant(bot)
        key_path = os.path.join(bot.data_dir, "master.key")
        with open(key_path, encoding="ascii") as f:
            old = f.read()
        before = bot.rows("SELECT api_key FROM trading_configs WHERE bot_id = 1")
        done = bot.cli("rotate-key")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("3 secrets", done.stdout)
        self.assertEqual(os.listdir(bot.data_dir).count("master.key.new"), 0)
        with open(key_path, encoding="ascii") as f:
            self.assertNotEqual(f.read(), old)
        self.assertNotEqual(bot.rows("SELECT api_key FROM trading_configs WHERE bot_id = 1"), before)
        # the API reads and writes with the new one, the worker takes the change over
        self.assertEqual(bot.get(CONFIG).json["config"]["api_key"], "********")
        changed = bot.put(CONFIG, {"api_key": "sealed-later", "holding_time": 77})
        self.assertEqual(changed.status, 200, changed)
        self.wait(lambda: bot.value("SELECT applied_config_version FROM bot_state WHERE bot_id = 1")
                  == changed.json["version"], "the worker has applied it")
        self.assertEqual(bot.value("SELECT config_error FROM bot_state WHERE bot_id = 1"), "")
        # an interrupted one: nothing is sealed until it is finished
        with open(key_path + ".new", "w", encoding="ascii") as f:
            f.write("cd" * 32 + "\n")
        self.assertEqual(bot.put(CONFIG, {"holding_time": 78}).status, 503)
        self.assertEqual(bot.get(CONFIG).status, 200)
        self.assertIn("interrupted", bot.cli("rotate-key").stdout)
        self.assertEqual(bot.put(CONFIG, {"holding_time": 78}).status, 200)
        # the old key opens nothing of it
        self.assertEqual(bot.stop(), [0, 0])
        with open(key_path, "w", encoding="ascii") as f:
            f.write(old)
        bot.start_api()
        self.assertEqual(bot.get(CONFIG).status, 503)

    # what stays

    def test_errors_tell_no_internals(self):
        bot = self.api()
        os.rename(bot.db_path, bot.db_path + ".away")
        self.wait(lambda: bot.get("/api/v1/health", token=None).status == 503, "it is missed")
        for method, path, _ in attacker.routes():
            for token in (None, "tb_wrong"):
                answer = bot.request(method, path, token=token)
                for internal in (bot.folder, "sqlite", "SELECT", ".c:", "app.db"):
                    if path != "/api/v1/openapi.json":
                        self.assertNotIn(internal, answer.body, (path, answer))
                self.assertIsNone(answer.headers["Server"])
        # a mistake of ours: whoever asks learns a correlation id, the log knows the rest
        if os.path.exists(harness.program("trading-bot-api", "build/san")):
            bot = self.bot("build/san")
            bot.start_api(FAULT_REQUEST=2)	# the first one asked whether it is up
            answer = bot.get("/api/v1/bots")
            self.assertEqual(answer.status, 500, answer)
            for internal in (bot.folder, "sqlite", "SELECT", ".c:", "app.db"):
                self.assertNotIn(internal, answer.body)
            self.assertIn("SELECT", next(r["message"] for r in bot.api.log() if r["correlation_id"]
                                         == answer.headers["X-Correlation-Id"]))

    def test_claimed_addresses_are_not_believed(self):
        claim = {"X-Forwarded-For": "198.51.100.7", "X-Real-IP": "198.51.100.7",
                 "Forwarded": "for=198.51.100.7"}
        for trusted, address in (("", "127.0.0.1"), ("10.0.0.0/8", "127.0.0.1"),
                                 ("127.0.0.0/8", "198.51.100.7")):
            bot = self.api(API_TRUSTED_PROXIES=trusted, API_RATE_LIMIT=1)
            self.assertEqual(bot.post("/api/v1/bots", {"name": "x"}, headers=claim).status, 201)
            row = self.wait(lambda: bot.rows("SELECT address FROM audit_log"), "the audit row")[0]
            self.assertEqual(row["address"], address, "trusted: " + trusted)
            # another name for each call does not get more calls than one caller may make
            seen = [bot.get("/api/v1/status", token=None, headers={
                "X-Forwarded-For": "198.51.100.%d" % i}).status for i in range(60)]
            self.assertEqual(429 in seen, address == "127.0.0.1", "trusted: " + trusted)

    def test_changes_and_refusals_are_recorded(self):
        bot = self.api()
        _, viewer = self.token(bot, "viewer")
        calls = (("PUT", CONFIG, {"holding_time": 99}, harness.TOKEN, 200, "environment"),
                 ("PUT", CONFIG, {"holding_time": -1}, harness.TOKEN, 422, "environment"),
                 ("PUT", CONFIG, {"holding_time": 99}, viewer, 403, "a viewer"),
                 ("GET", "/api/v1/audit", None, viewer, 403, "a viewer"),
                 ("GET", "/api/v1/audit", None, None, 401, "-"),
                 ("POST", "/api/v1/bot/stop", None, "tb_wrong", 401, "-"))
        for i, (method, path, body, token, status, actor) in enumerate(calls):
            answer = bot.request(method, path, body, token=token,
                                 headers={"X-Correlation-Id": "call-%d" % i})
            self.assertEqual(answer.status, status, answer)
            rows = self.wait(lambda i=i: bot.rows("SELECT * FROM audit_log WHERE correlation_id = ?",
                                                  "call-%d" % i), "the audit row of call %d" % i)
            self.assertEqual([(r["actor"], r["status"], r["address"]) for r in rows],
                             [(actor, status, "127.0.0.1")], (method, path))
        # by hand as well: what failed is not told as done
        self.assertEqual(bot.cli("token", "create", "grafana", "viewer", "30").returncode, 0)
        number = bot.value("SELECT id FROM api_tokens WHERE name = 'grafana'")
        self.assertNotEqual(bot.cli("token", "create", "grafana", "viewer").returncode, 0)
        self.assertEqual(bot.cli("token", "revoke", "grafana").returncode, 0)
        self.assertNotEqual(bot.cli("token", "revoke", "nobody").returncode, 0)
        self.assertNotEqual(bot.cli("token", "revoke", "environment").returncode, 0)	# the last admin
        self.assertEqual(bot.cli("rotate-key").returncode, 0)
        uid = "uid %d" % os.getuid()
        self.assertEqual(
            [(r["action"], r["target"], r["detail"], r["address"]) for r in bot.rows(
                "SELECT * FROM audit_log WHERE actor = 'command line' ORDER BY id")],
            [("token create", str(number), "grafana, viewer", uid),
             ("token revoke", str(number), "grafana, viewer", uid), ("rotate-key", "", "", uid)])
        # who asks for ever does not fill the disk, but is counted
        for _ in range(150):
            bot.get("/api/v1/audit", token=None)
        self.assertLessEqual(bot.value("SELECT count(*) FROM audit_log WHERE actor = '-'"), 100)
        self.assertGreater(
            self.metric(bot, 'tradingbot_api_auth_failures_total{reason="no_token"}'), 149)
        listed = bot.get("/api/v1/audit?limit=500").json["audit"]
        self.assertIn("GET /audit", {r["action"] for r in listed})

    def test_live_trading_takes_two_words(self):
        bot = self.bot(TRADING_MODE="live")
        process = bot.launch("trading-bot-worker")
        self.assertNotEqual(process.wait(), 0)
        self.assertIn("TRADING_APPROVED", process.output())


def hostile(path, recording):
    """A good recording with every second line replaced by what an attacker would send."""
    import gzip
    import json
    good = os.path.join(os.path.dirname(path), "good.gz")
    recording.write(good, 60)
    evil = ('{"e":"trade","s":"' + "A" * 5000 + '"}', "[" * 100_000, '{"stream":"btcusdt@trade"}',
            '{"e":"trade","E":1,"s":"BTCUSDT","t":1,"p":"1e400","q":"-1","T":1,"m":true}',
            '{"e":"trade","E":1,"s":"BTCUSDT","t":99999999999999999999,"p":"1","q":"1","T":1,"m":true}',
            '{"e":"depthUpdate","s":"BTCUSDT","U":-1,"u":-1,"b":[["NaN","1"]],"a":[]}',
            '{"u":1,"s":"BTCUSDT","b":"0","B":"0","a":"-5","A":"1"}', "\\u0000\x00\x01", "null", "",
            json.dumps({"data": {"e": "trade", "p": "9" * 400}}))
    with gzip.open(good, "rt", encoding="utf-8") as f, gzip.open(path, "wt", encoding="utf-8") as out:
        for i, line in enumerate(f):
            out.write(line)
            out.write("%s %s\n" % (line.split(" ", 1)[0], evil[i % len(evil)]))


def traps(sample):
    """Files that look like models, and would hurt who trusts what they say."""
    for column, value in (("left_children", 1_000_000), ("split_indices", 60_000),
                          ("right_children", 0), ("left_children", -2)):
        model = json.loads(sample)
        tree = model["learner"]["gradient_booster"]["model"]["trees"][0]
        tree[column][0] = value
        yield json.dumps(model).encode()
    yield sample[:-200]
    yield b"[" * 1_000_000
    yield b"{L" + b"\x7f" * 4000
    yield b"binf" + b"\xff" * 4000


class Page(unittest.TestCase):

    def test_the_threat_model_and_the_tests_are_one(self):
        with open(DOC, encoding="utf-8") as f:
            named = re.findall(r"`(test_\w+)`", f.read())
        tests = [n for n in dir(Security) if n.startswith("test_")]
        self.assertEqual(sorted(named), sorted(tests))
        self.assertEqual(len(named), len(set(named)))


if __name__ == "__main__":
    harness.main()
