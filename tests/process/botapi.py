"""A Telegram Bot API and a webhook receiver on loopback, with scripted faults.

    api = botapi.BotApi()                   # api.url is TELEGRAM_API_URL
    api.script(429, 3)                      # the next send is answered with retry_after 3
    api.script("cut")                       # the one after: the connection ends
    api.texts()                             # what was delivered
    api.say("/status")                      # a user writes; getUpdates hands it out

Faults of a send: an HTTP status (400, 429, 500, ...), "effect" (500, but the message
counts as delivered), "cut" (no answer), "half" (delivered, half an answer), "json" (200
with something else), "slow" (takes it and answers after release()), "hold" (delivered,
answers after release()). api.refuse(body) may return why it does not like a message: 400.
"""
import hashlib
import hmac
import json
import socket
import ssl
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOKEN = "4711:process-test-telegram-token"
CHAT = 100200300
BOT_NAME = "process_test_bot"


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        """Cut connections are part of the tests."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, status, body, headers=None):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def cut(self):
        """A reset, as when a proxy dies."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def half(self, body):
        data = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[:len(data) // 2])
        self.wfile.flush()
        self.cut()

    def do_POST(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if self.server.owner.closed:
            self.cut()
        else:
            self.server.owner.post(self, self.path, body)


class Faulty:
    """A server with a list of faults for the next requests that count."""

    scheme = "http"
    closed = False

    def __init__(self, certificate=None, key=None, port=0):
        self.lock = threading.Condition()
        self.faults = []
        self.released = threading.Event()
        self.server = Server(("127.0.0.1", port), Handler)
        self.server.owner = self
        if certificate:
            self.scheme = "https"
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)
            # each connection's handshake in its own thread
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True,
                                                     do_handshake_on_connect=False)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    @property
    def port(self):
        return self.server.server_address[1]

    def script(self, *fault):
        with self.lock:
            self.faults.append(fault)

    def next_fault(self):
        with self.lock:
            return self.faults.pop(0) if self.faults else None

    def release(self):
        """Lets "slow" answers go."""
        self.released.set()

    def close(self):
        self.released.set()
        with self.lock:
            self.closed = True
            self.lock.notify_all()
        self.server.shutdown()
        self.server.server_close()


class BotApi(Faulty):
    def __init__(self, certificate=None, key=None, port=0):
        super().__init__(certificate, key, port)
        self.sent = []              # every sendMessage that took effect: its JSON
        self.tries = []             # (time, JSON) of every sendMessage
        self.calls = []             # (method, JSON) of everything else
        self.updates = []
        self.update_id = 5000
        self.tokens = set()         # that were used
        self.refuse = lambda body: None
        self.offsets = []

    @property
    def url(self):
        return "%s://127.0.0.1:%d" % (self.scheme, self.port)

    def env(self, **more):
        env = {"TELEGRAM_ENABLED": "true", "TELEGRAM_BOT_TOKEN": TOKEN,
               "TELEGRAM_CHAT_ID": str(CHAT), "TELEGRAM_API_URL": self.url}
        env.update(more)
        return env

    def texts(self, chat=None):
        with self.lock:
            return [m["text"] for m in self.sent if chat in (None, m["chat_id"])]

    def said(self, *parts, chat=None):
        """The first delivered text that holds all the parts."""
        for text in self.texts(chat):
            if all(p in text for p in parts):
                return text
        return None

    # what users do

    def put(self, update):
        with self.lock:
            self.update_id += 1
            self.updates.append(dict(update, update_id=self.update_id))
            self.lock.notify_all()
            return self.update_id

    def say(self, text, chat=CHAT, user=77, age_s=0, topic=None):
        message = {"message_id": 1, "date": int(time.time()) - age_s, "text": text,
                   "from": {"id": user, "is_bot": False, "first_name": "A"},
                   "chat": {"id": chat, "type": "supergroup" if topic else "private"}}
        if topic:
            message.update(message_thread_id=topic, is_topic_message=True)
        return self.put({"message": message})

    def press(self, data, chat=CHAT, user=77):
        return self.put({"callback_query": {
            "id": "press-1", "data": data, "chat_instance": "1",
            "from": {"id": user, "is_bot": False, "first_name": "A"},
            "message": {"message_id": 9, "date": int(time.time()),
                        "chat": {"id": chat, "type": "private"}}}})

    # what the worker does

    def post(self, handler, path, body):
        parts = path.split("/")
        token, method = parts[1][3:], parts[2]
        data = json.loads(body) if body else {}
        with self.lock:
            self.tokens.add(token)
        if method == "sendMessage":
            self.send_message(handler, data)
        elif method == "getUpdates":
            self.get_updates(handler, data)
        else:
            with self.lock:
                self.calls.append((method, data))
            result = {"id": 4711, "is_bot": True, "first_name": "B", "username": BOT_NAME} \
                if method == "getMe" else True
            handler.answer(200, {"ok": True, "result": result})

    def take(self, data):
        with self.lock:
            self.sent.append(data)
            return {"ok": True, "result": {"message_id": len(self.sent), "date": 1,
                                           "chat": {"id": data["chat_id"], "type": "private"}}}

    def send_message(self, handler, data):
        with self.lock:
            self.tries.append((time.monotonic(), data))
        why = self.refuse(data)
        fault = (400, why) if why else self.next_fault()
        if not fault:
            handler.answer(200, self.take(data))
        elif fault[0] == 429:
            handler.answer(429, {"ok": False, "error_code": 429, "description":
                                 "Too Many Requests: retry after %d" % fault[1],
                                 "parameters": {"retry_after": fault[1]}})
        elif fault[0] == "effect":
            self.take(data)
            handler.answer(500, b"<html>bad gateway</html>")
        elif fault[0] == "cut":
            handler.cut()
        elif fault[0] == "half":
            handler.half(self.take(data))
        elif fault[0] == "json":
            handler.answer(200, b"[1, 2, 3]")
        elif fault[0] == "slow":
            self.released.wait(600)
            handler.answer(200, self.take(data))
        elif fault[0] == "hold":
            body = self.take(data)
            self.released.wait(600)
            handler.answer(200, body)
        else:
            handler.answer(fault[0], {"ok": False, "error_code": fault[0],
                                      "description": fault[1] if len(fault) > 1 else "no"})

    def get_updates(self, handler, data):
        until = time.monotonic() + min(int(data.get("timeout", 0)), 5)
        offset = int(data.get("offset", 0))
        with self.lock:
            self.offsets.append(offset)
            self.updates = [u for u in self.updates if u["update_id"] >= offset]
            while not self.updates and time.monotonic() < until and not self.closed:
                self.lock.wait(max(0.0, until - time.monotonic()))
            result = self.updates[:int(data.get("limit", 100))]
        if self.closed:
            handler.cut()
            return
        handler.answer(200, {"ok": True, "result": result})


class Receiver(Faulty):
    """A webhook's other end, which checks signatures."""

    def __init__(self, secret=None):
        super().__init__()
        self.secret = secret
        self.events = []            # bodies that took effect
        self.wrong = []             # why a signature was refused
        self.tries = []

    @property
    def url(self):
        return "http://127.0.0.1:%d/hook/process-test-path" % self.port

    def signature_fault(self, handler, body):
        if not self.secret:
            return "unsigned expected" if handler.headers.get("X-TradingBot-Signature") else None
        fields = dict(f.split("=", 1) for f in handler.headers["X-TradingBot-Signature"].split(","))
        want = hmac.new(self.secret.encode(), fields["t"].encode() + b"." + body,
                        hashlib.sha256).hexdigest()
        if not hmac.compare_digest(want, fields["v1"]):
            return "signature"
        if fields["t"] != handler.headers["X-TradingBot-Timestamp"]:
            return "timestamp"
        return None

    def post(self, handler, path, body):
        event = json.loads(body)
        why = self.signature_fault(handler, body)
        with self.lock:
            self.tries.append(event)
            if why:
                self.wrong.append(why)
        fault = self.next_fault()
        if fault and fault[0] == "cut":
            handler.cut()
        elif fault and fault[0] != "effect":
            handler.answer(fault[0], {}, {"Retry-After": str(fault[1])} if len(fault) > 1 else {})
        else:
            with self.lock:
                self.events.append(event)
            handler.answer(500 if fault else 204, b"")
