"""Makes recordings: raw Binance frames of a random but repeatable spot market.

One frame a line: receive time in ns, a blank, the exact JSON. There are trades,
bookTicker, depth differences every 100 ms and one REST snapshot, as the
recorder of a real session would have written them.
"""
import gzip
import json
import random

START_MS = 1_723_161_600_000		# 2024-08-09T00:00:00Z
LEVELS = 12				# price levels on each side of the book
GRID = 50				# cents between levels
LATENCY_MS = 40


class Market:
    """A two-sided book around a wandering middle, and the frames it causes."""

    def __init__(self, seed, symbol):
        self.random = random.Random(seed)
        self.symbol = symbol
        self.stream = symbol.lower()
        self.mid = 60_000_00		# cents
        self.drift = 0.0
        self.update = 1000
        self.last_sent = 1000		# newest update id of a depth frame
        self.trade = 500_000
        self.book = {"b": {}, "a": {}}
        self.sent = {"b": {}, "a": {}}
        self.refill()

    def refill(self):
        """The levels that belong to the middle as it stands now."""
        for side, sign in (("b", -1), ("a", 1)):
            first = self.mid // GRID * GRID + (GRID if sign > 0 else 0)
            wanted = [first + sign * GRID * i for i in range(LEVELS)]
            book = self.book[side]
            for price in [p for p in book if p not in wanted]:
                del book[price]
            for price in wanted:
                if price not in book:
                    book[price] = self.random.randint(20_000, 3_000_000)	# 1e-6
        self.update += 1

    def step(self, ms):
        """One step of 100 ms: the middle moves, trades happen."""
        r = self.random
        if r.random() < 0.004:
            self.drift = r.uniform(-1, 1) * 60
        self.mid += int(r.gauss(self.drift, 220))
        self.refill()
        frames = [(ms, self.ticker())]
        for _ in range(r.choice((0, 0, 1, 1, 2, 4))):
            ms += r.randint(0, 20)
            frames.append((ms, self.hit(ms)))
            frames.append((ms, self.ticker()))
        return frames

    def best(self, side):
        book = self.book[side]
        price = max(book) if side == "b" else min(book)
        return price, book[price]

    def ticker(self):
        bid, bid_qty = self.best("b")
        ask, ask_qty = self.best("a")
        return self.frame("bookTicker", {"u": self.update, "s": self.symbol, "b": cents(bid),
                                         "B": micro(bid_qty), "a": cents(ask), "A": micro(ask_qty)})

    def hit(self, ms):
        seller = self.random.random() < 0.5
        side = "b" if seller else "a"
        price, there = self.best(side)
        qty = min(there, int(self.random.expovariate(1 / 60_000)) + 10)
        self.book[side][price] -= qty
        if not self.book[side][price]:
            del self.book[side][price]
            self.refill()
        self.update += 1
        self.trade += 1
        return self.frame("trade", {"e": "trade", "E": ms, "s": self.symbol, "t": self.trade,
                                    "p": cents(price), "q": micro(qty), "T": ms, "m": seller,
                                    "M": True})

    def depth(self, ms):
        changes = {}
        for side in ("b", "a"):
            new, old = self.book[side], self.sent[side]
            levels = [[cents(p), micro(new.get(p, 0))] for p in sorted(set(new) | set(old))
                      if new.get(p) != old.get(p)]
            changes[side] = levels
            self.sent[side] = dict(new)
        first, self.last_sent = self.last_sent + 1, max(self.update, self.last_sent + 1)
        self.update = self.last_sent
        return self.frame("depth@100ms", {"e": "depthUpdate", "E": ms, "s": self.symbol, "U": first,
                                          "u": self.last_sent, **changes})

    def snapshot(self):
        def levels(side, down):
            return [[cents(p), micro(q)] for p, q in sorted(self.sent[side].items(), reverse=down)]
        return json.dumps({"lastUpdateId": self.last_sent, "bids": levels("b", True),
                           "asks": levels("a", False)}, separators=(",", ":"))

    def frame(self, kind, data):
        return json.dumps({"stream": "%s@%s" % (self.stream, kind), "data": data},
                          separators=(",", ":"))


def cents(v):
    return "%d.%02d000000" % (v // 100, v % 100)


def micro(v):
    return "%d.%06d00" % (v // 1_000_000, v % 1_000_000)


def lines(seconds, seed=1, symbol="BTCUSDT", start_ms=START_MS):
    """The recording's lines, without newline."""
    market = Market(seed, symbol)
    for step in range(seconds * 10):
        ms = start_ms + step * 100
        frames = market.step(ms)
        frames.append((ms + 95, market.depth(ms + 95)))
        if step == 3:
            frames.append((ms + 96, market.snapshot()))
        for i, (at, text) in enumerate(sorted(frames, key=lambda f: f[0])):
            yield "%d %s" % ((at + LATENCY_MS) * 1_000_000 + i, text)


def write(path, seconds, seed=1, symbol="BTCUSDT", edit=None, start_ms=START_MS):
    """Writes a gzip recording. edit: takes the list of lines, returns another."""
    text = list(lines(seconds, seed, symbol, start_ms))
    if edit:
        text = edit(text)
    with gzip.GzipFile(path, "wb", compresslevel=1, mtime=0) as f:
        f.write(("\n".join(text) + "\n").encode())
    return path
