"""docker/proxy/nginx.conf with a real nginx: TLS, WebSocket, events, uploads, whose request it is."""
import base64
import http.client
import json
import os
import re
import socket
import ssl
import struct
import subprocess
import time

import attacker
import forms
import harness

CONF = os.path.join(harness.ROOT, "docker/proxy/nginx.conf")
NGINX = os.path.join(harness.ROOT, "build/tools/nginx")
NAME = "bot.example.org"
ALICE, BOB = "127.0.0.9", "127.0.0.10"	# callers; nginx itself comes from 127.0.0.1


class Through:
    """The API behind nginx, as callers see it."""

    def __init__(self, test, bot, **replace):
        self.folder = test.folder()
        self.port, self.plain = harness.free_port(), harness.free_port()
        cert, key = (os.path.join(self.folder, n) for n in ("cert.pem", "key.pem"))
        attacker.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                         "-nodes", "-keyout", key, "-out", cert, "-days", "30", "-subj", "/CN=" + NAME,
                         "-addext", "subjectAltName=DNS:" + NAME)
        self.context = ssl.create_default_context(cafile=cert)
        with open(CONF, encoding="utf-8") as f:
            text = f.read()
        temporary = "".join("\t%s_temp_path %s/%s;\n" % (kind, self.folder, kind) for kind in (
            "client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        changes = {
            "/etc/letsencrypt/live/bot.example.org/fullchain.pem": cert,
            "/etc/letsencrypt/live/bot.example.org/privkey.pem": key,
            "listen 80;": "listen 127.0.0.1:%d;" % self.plain,
            "listen 443 ssl": "listen 127.0.0.1:%d ssl" % self.port,
            "server 127.0.0.1:1337;": "server 127.0.0.1:%d;" % bot.port,
            "worker_processes auto;": "worker_processes 2;\ndaemon off;\npid %s/pid;\n"
                                      "error_log %s/error.log;\n%s" % (
                                          self.folder, self.folder,
                                          # its workers write below a folder of ours
                                          "user root;\n" if os.getuid() == 0 else ""),
            "http {\n": "http {\n" + temporary,
        }
        changes.update(replace)
        for old, new in changes.items():
            test.assertIn(old, text)
            text = text.replace(old, new)
        self.conf = os.path.join(self.folder, "nginx.conf")
        with open(self.conf, "w", encoding="utf-8") as f:
            f.write(text)
        checked = subprocess.run([NGINX, "-t", "-c", self.conf, "-e", self.folder + "/early.log"],
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        test.assertEqual(checked.returncode, 0, checked.stdout)
        test.assertNotIn("[warn]", checked.stdout)
        self.server = subprocess.Popen([NGINX, "-c", self.conf, "-e", self.folder + "/early.log"],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        test.addCleanup(self.server.wait)
        test.addCleanup(self.server.terminate)
        test.wait(self.listens, "nginx listens")

    def listens(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
            return True
        except OSError:
            return False

    def connect(self, caller=ALICE, name=NAME):
        s = socket.create_connection(("127.0.0.1", self.port), timeout=60 * harness.SLOW,
                                     source_address=(caller, 0))
        return self.context.wrap_socket(s, server_hostname=name)

    def request(self, method, path, body=None, caller=ALICE, token=harness.TOKEN, **headers):
        connection = http.client.HTTPConnection(NAME)
        connection.sock = self.connect(caller)
        try:
            headers = {k.replace("_", "-"): v for k, v in headers.items()}
            if token:
                headers["Authorization"] = "Bearer " + token
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return harness.Answer(answer.status, answer.headers,
                                  answer.read().decode("utf-8", "replace"))
        finally:
            connection.close()


def read_until(s, text, limit=60):
    """What came up to and with "text"; the connection stays open."""
    data = b""
    end = time.monotonic() + limit * harness.SLOW
    while text not in data:
        piece = s.recv(65536)
        if not piece or time.monotonic() > end:
            raise AssertionError("no %r in %r" % (text, data[-2000:]))
        data += piece
    return data


def frame(text):
    """A client's masked text frame of up to 125 bytes."""
    data, mask = text.encode(), os.urandom(4)
    return struct.pack("!BB", 0x81, 0x80 | len(data)) + mask + \
        bytes(b ^ mask[i % 4] for i, b in enumerate(data))


class Proxy(harness.TestCase):

    def behind(self, replace=None, **env):
        settings = {"API_ALLOWED_HOSTS": NAME, "API_TRUSTED_PROXIES": "127.0.0.1"}
        settings.update(env)
        bot = self.bot(**settings)
        bot.start_api()
        return bot, Through(self, bot, **(replace or {}))

    def test_rest(self):
        bot, proxy = self.behind()
        answer = proxy.request("GET", "/api/v1/bots")
        self.assertEqual(answer.status, 200, answer)
        self.assertIn("max-age", answer.headers["Strict-Transport-Security"])
        self.assertTrue(answer.headers["X-Correlation-Id"])
        self.assertEqual(proxy.request("GET", "/api/v1/bots", token=None).status, 401)
        self.assertEqual(proxy.request("GET", "/").status, 200)
        # the page's own requests, and another page's
        made = proxy.request("POST", "/api/v1/bots", '{"name": "x"}', Content_Type="application/json",
                             Origin="https://" + NAME)
        self.assertEqual(made.status, 201, made)
        for origin in ("https://evil.example.org", "http://" + NAME + ".evil.example.org", "null"):
            foreign = proxy.request("POST", "/api/v1/bots", '{"name": "y"}', Origin=origin,
                                    Content_Type="application/json")
            self.assertEqual(foreign.status, 403, foreign)
        # names
        self.assertEqual(proxy.request("GET", "/api/v1/bots", Host="evil.example.org").status, 421)
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            proxy.connect(name="evil.example.org")
        plain = http.client.HTTPConnection("127.0.0.1", proxy.plain, timeout=30 * harness.SLOW)
        plain.request("GET", "/api/v1/bots?limit=1", headers={"Host": NAME})
        answer = plain.getresponse()
        self.assertEqual((answer.status, answer.headers["Location"]),
                         (301, "https://%s/api/v1/bots?limit=1" % NAME))
        plain.close()
        # figures stay on the machine
        self.assertEqual(proxy.request("GET", "/metrics").status, 403)
        self.assertEqual(proxy.request("GET", "/metrics", caller="127.0.0.1").status, 200)
        bot.api.stop()
        self.assertEqual(proxy.request("GET", "/api/v1/bots").status, 502)

    def test_websocket_and_events_come_as_they_happen(self):
        bot, proxy = self.behind(API_MAX_PER_ADDRESS=4)
        bot.start_worker()
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
        key = base64.b64encode(os.urandom(16)).decode()
        head = "GET %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n%s\r\n"
        upgrade = ("Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                   "Sec-WebSocket-Key: %s\r\nOrigin: https://%s\r\n" % (key, NAME))
        sockets, events = [], []
        try:
            for _ in range(8):		# twice what one address may hold
                s = proxy.connect()
                s.sendall((head % ("/api/v1/ws", NAME, harness.TOKEN, upgrade)).encode())
                self.assertIn(b" 101 ", read_until(s, b"\r\n\r\n"))
                s.sendall(frame('{"op":"subscribe","topics":["status"],"bot":1}'))
                read_until(s, b'"subscribed"')
                sockets.append(s)
            for _ in range(3):
                s = proxy.connect()
                s.sendall((head % ("/api/v1/events?topics=status", NAME, harness.TOKEN, "")).encode())
                self.assertIn(b"text/event-stream", read_until(s, b"snapshot"))
                events.append(s)
            self.assertEqual(proxy.request("POST", "/api/v1/bot/pause").status, 200)
            for s in sockets + events:
                read_until(s, b'"PAUSED"')
        finally:
            for s in sockets + events:
                s.close()
        foreign = upgrade.replace("https://" + NAME, "https://evil.example.org")
        with proxy.connect() as s:
            s.sendall((head % ("/api/v1/ws", NAME, harness.TOKEN, foreign)).encode())
            self.assertIn(b" 403 ", read_until(s, b"\r\n\r\n"))

    def test_uploads(self):
        bot, proxy = self.behind()
        bot.start_worker()
        self.wait(lambda: bot.value("SELECT count(*) FROM models"), "the sample model is there", 90)
        with open(os.path.join(bot.data_dir, bot.value("SELECT path FROM models")), "rb") as f:
            sample = json.loads(f.read())
        sample["padding"] = "x" * 3_000_000		# more than API_MAX_BODY_BYTES
        model = forms.retrained(json.dumps(sample))
        answer = proxy.request("POST", "/api/v1/models/upload", Content_Type=forms.TYPE,
                               body=forms.form(model, name="through", symbol="BTCUSDT"))
        self.assertEqual(answer.status, 201, answer)
        self.assertEqual(answer.json["size_bytes"], len(model))
        # the API's own answers to what is too large reach the caller
        large = forms.form(b"{" * (64 * 1024 * 1024 + 1), name="large", symbol="BTCUSDT")
        for path, body in (("/api/v1/models/upload", large), ("/api/v1/bots", b"x" * 2_000_000)):
            answer = proxy.request("POST", path, body, Content_Type=forms.TYPE)
            self.assertEqual((answer.status, answer.json["error"]["code"]), (413, "too_large"), answer)

    def addresses(self, bot):
        return [r["address"] for r in bot.rows("SELECT address FROM audit_log ORDER BY id")]

    def test_whose_request_it_is(self):
        bot, proxy = self.behind(API_RATE_LIMIT=2)
        body = '{"name": "%s"}'

        def make(name, **kw):
            answer = proxy.request("POST", "/api/v1/bots", body % name, Content_Type="application/json",
                                   **kw)
            self.assertEqual(answer.status, 201, answer)
        make("a")
        make("b", caller=BOB)
        # a caller that claims to be another one, through the proxy and past it
        make("c", X_Forwarded_For="198.51.100.7")
        make("d", X_Forwarded_For="127.0.0.1", caller=BOB)
        self.wait(lambda: len(self.addresses(bot)) == 4, "the audit rows are there")
        self.assertEqual(self.addresses(bot), [ALICE, BOB, ALICE, BOB])
        for caller in (ALICE, "127.0.0.1"):
            direct = http.client.HTTPConnection("127.0.0.1", bot.port, source_address=(caller, 0),
                                                timeout=30 * harness.SLOW)
            direct.request("POST", "/api/v1/bots", body % ("direct " + caller), {
                "Content-Type": "application/json", "Authorization": "Bearer " + harness.TOKEN,
                "X-Forwarded-For": "198.51.100.7"})
            self.assertEqual(direct.getresponse().status, 201)
            direct.close()
        self.wait(lambda: len(self.addresses(bot)) == 6, "the audit rows are there")
        # only who is a trusted proxy is believed
        self.assertEqual(self.addresses(bot)[4:], [ALICE, "198.51.100.7"])

        # who floods does not use up what others may have, whatever he claims to be
        def statuses(caller, n, **kw):
            return {proxy.request("GET", "/api/v1/status", token=None, caller=caller, **kw).status
                    for _ in range(n)}
        seen = set()
        self.wait(lambda: seen.update(statuses(ALICE, 20)) or 429 in seen, "the flood is slowed")
        n = iter(range(1_000_000))

        def claims():
            return statuses(ALICE, 1, X_Forwarded_For="198.51.100.%d" % (next(n) % 250)) == {429}
        self.wait(claims, "claims do not help")
        self.assertEqual(statuses(BOB, 1), {401})

    def test_without_trust_all_are_the_proxy(self):
        bot, proxy = self.behind(API_TRUSTED_PROXIES="")
        self.assertEqual(proxy.request("POST", "/api/v1/bots", '{"name": "a"}',
                                       Content_Type="application/json").status, 201)
        self.wait(lambda: self.addresses(bot), "the audit row is there")
        self.assertEqual(self.addresses(bot), ["127.0.0.1"])

    def test_a_wrong_list_stops_the_start(self):
        bot = self.bot(API_TRUSTED_PROXIES="10.0.0.0/8 everybody")
        process = bot.launch("trading-bot-api")
        self.assertEqual(process.wait(), 1)
        self.assertIn("API_TRUSTED_PROXIES: everybody is neither an address nor a network",
                      process.output())

    def test_the_file_says_what_the_api_does(self):
        """Paths of the example exist in the API."""
        with open(CONF, encoding="utf-8") as f:
            text = f.read()
        known = {path for _, path, _ in attacker.routes()}
        for path in ("/api/v1/ws", "/api/v1/events", "/api/v1/models/upload", "/metrics"):
            self.assertIn(path, known)
            pattern = [p for p in re.findall(r"location (?:~ |= )(\S+) \{", text)
                       if re.search(p, path)]
            self.assertTrue(pattern, path)
        # nothing is kept back, and a silent connection lives until the API's next sign of life
        live = re.search(r"location ~ \S*\(ws\|events\)\S* \{(.*?)\n\t\t\}", text, re.S).group(1)
        self.assertIn("proxy_buffering off;", live)
        with open(os.path.join(harness.ROOT, "docs/PUSH.md"), encoding="utf-8") as f:
            pings_s = int(re.search(r"pings every (\d+) s", f.read()).group(1))
        for direction in ("read", "send"):
            limit_s = int(re.search(r"proxy_%s_timeout (\d+)s;" % direction, live).group(1))
            self.assertGreater(limit_s, 3 * pings_s)


if __name__ == "__main__":
    harness.main()
