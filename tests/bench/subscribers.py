"""A set of readers of the live push: event streams and WebSockets, in a thread of their own."""
import os
import selectors
import socket
import struct
import threading

HEAD = ("GET /api/v1/%s?topics=status,price,order,position,signal,stats HTTP/1.1\r\n"
        "Host: localhost\r\nAuthorization: Bearer %s\r\n%s\r\n")
UPGRADE = ("Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n")
PING, PONG, CLOSE = 9, 10, 8


class Reader:
    """One connection; counts its messages."""

    def __init__(self, port, token, websocket):
        self.websocket = websocket
        self.data = b""
        self.messages = 0
        self.ended = False
        self.socket = socket.create_connection(("127.0.0.1", port))
        kind, lines = ("ws", UPGRADE) if websocket else ("events", "")
        self.socket.sendall((HEAD % (kind, token, lines)).encode())
        while b"\r\n\r\n" not in self.data:
            piece = self.socket.recv(65536)
            if not piece:
                raise RuntimeError("no stream: %r" % self.data)
            self.data += piece
        head, _, self.data = self.data.partition(b"\r\n\r\n")
        if head.split()[1] != (b"101" if websocket else b"200"):
            raise RuntimeError("no stream: %r" % head)

    def read(self):
        try:
            piece = self.socket.recv(262144)
        except OSError:
            piece = b""
        if not piece:
            self.ended = True
            return
        self.data += piece
        if self.websocket:
            while self.take_frame():
                pass
        else:
            *events, self.data = self.data.split(b"\n\n")
            self.messages += sum(b"data:" in event for event in events)

    def take_frame(self):
        """A server's frame has no mask. False: it is not complete."""
        if len(self.data) < 2:
            return False
        code, size, at = self.data[0] & 15, self.data[1], 2
        if size >= 126:
            form, at = (">H", 4) if size == 126 else (">Q", 10)
            if len(self.data) < at:
                return False
            size = struct.unpack(form, self.data[2:at])[0]
        if len(self.data) < at + size:
            return False
        body, self.data = self.data[at:at + size], self.data[at + size:]
        if code == PING:
            self.socket.sendall(struct.pack(">BB4x", 128 | PONG, 128 | len(body)) + body)
        elif code == CLOSE:
            self.ended = True
        else:
            self.messages += 1
        return True


class Subscribers:
    """"each" event streams and as many WebSockets, read until ended."""

    def __init__(self, port, token, each):
        self.readers = [Reader(port, token, websocket) for websocket in (True, False) for _ in range(each)]
        self.wake, self.stop = os.pipe()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        selector = selectors.DefaultSelector()
        selector.register(self.wake, selectors.EVENT_READ)
        for reader in self.readers:
            selector.register(reader.socket, selectors.EVENT_READ, reader)
        while True:
            for key, _ in selector.select():
                if key.data is None:
                    return
                key.data.read()
                if key.data.ended:
                    selector.unregister(key.data.socket)

    def end(self):
        """(messages, fewest messages of one reader, readers that were cut off)"""
        os.write(self.stop, b"x")
        self.thread.join()
        for reader in self.readers:
            reader.socket.close()
        os.close(self.wake)
        os.close(self.stop)
        counts = [reader.messages for reader in self.readers]
        return sum(counts), min(counts), sum(reader.ended for reader in self.readers)
