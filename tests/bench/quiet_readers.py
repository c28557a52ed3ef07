"""Clients of the live push that read nothing: what they cost the API, and what stays."""
import json
import socket
import struct
import time

import figures
from figures import harness, resident, show
from subscribers import HEAD, UPGRADE

CLIENTS = 500
SECONDS = 10
LINES = 200
TARGET = "< 64 MB above the start"
SUBSCRIBE = json.dumps({"op": "subscribe", "topics": ["log", "signal", "status", "order"]}).encode()
FRAME = struct.pack(">BB4x", 0x81, 0x80 | len(SUBSCRIBE)) + SUBSCRIBE


def log_line(bot, text):
    bot.write("INSERT INTO logs(at_us, level, service, logger, message) VALUES (?, 20, 'bench', 'bench', ?)",
              int(time.time() * 1e6), text)


def connect(bot, websocket):
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(("127.0.0.1", bot.port))
    kind, lines = ("ws", UPGRADE) if websocket else ("events", "")
    head = HEAD.replace("topics=", "topics=log,") % (kind, harness.TOKEN, lines)
    client.sendall(head.encode())
    client.setblocking(False)
    return client


def ask_again(clients):
    for client in clients:
        try:
            client.send(FRAME * 3)
        except OSError:		# its buffer is full, or it was dropped
            pass


def measure(bot, websocket):
    """(at the start, most, after all are gone) in MB."""
    start = most = resident(bot.api.pid)
    clients = []
    for i in range(CLIENTS):
        clients.append(connect(bot, websocket))
        if i % 20 == 0:		# so that the snapshots differ
            log_line(bot, "y" * 2000)
            time.sleep(0.1)
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        if websocket:
            ask_again(clients)
        log_line(bot, "z" * 500)
        most = max(most, resident(bot.api.pid))
        time.sleep(0.1)
    for client in clients:
        client.close()
    time.sleep(5)
    return start, most, resident(bot.api.pid)


def bench_readers(_):
    for websocket in (True, False):
        with figures.new_bot(API_MAX_CONNECTIONS="2000", API_MAX_PER_ADDRESS="0") as bot:
            figures.started(bot)
            for _ in range(LINES):
                log_line(bot, "y" * 2000)
            start, most, after = measure(bot, websocket)
            kind = "WebSockets that ask again and again" if websocket else "event streams"
            show("API with %d %s and read nothing" % (CLIENTS, kind),
                 "%.1f -> %.1f MB" % (start, most), TARGET)
            show("    after they left", "%.1f MB" % after)
