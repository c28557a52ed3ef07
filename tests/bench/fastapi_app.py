"""What the API is compared with: the same answers by FastAPI, uvicorn and sqlite3.

    DATA_DIR=... API_TOKEN=... python3 -m uvicorn fastapi_app:app --app-dir tests/bench

One worker process. Handlers are coroutines that ask SQLite right there: for queries of
some microseconds that takes half of the time of handing them to FastAPI's threads. A write
has the durability of ours: WAL, synchronous=FULL, one commit and its fsync before the
answer. It changes bot_state itself, where ours asks another process to.
"""
import hashlib
import hmac
import os
import sqlite3
import time
import uuid
from datetime import datetime, timezone

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

STATUS = """
    SELECT b.id, coalesce(s.status, 'STOPPED') AS status, s.emergency, s.error, s.mode, s.start_us,
        s.last_execution_us, c.version AS config_wanted, s.applied_config_version, s.config_error,
        s.applied_model_id, s.model_error, s.pending_orders, s.open_positions, s.equity, s.last_price,
        h.pid, h.beat_us, h.version, h.market_data, h.feed_state, h.feed_message,
        coalesce(a.model_id, c.model_id) AS model_wanted
    FROM bots b LEFT JOIN bot_state s ON s.bot_id = b.id
        LEFT JOIN trading_configs c ON c.bot_id = b.id
        LEFT JOIN model_assignments a ON a.bot_id = b.id
        LEFT JOIN worker_heartbeat h ON h.id = 1 WHERE b.id = ?"""
ORDERS = """
    SELECT id, bot_id, order_id, symbol, side, status, phase, limit_price, entry_price, take_profit,
        stop_loss, exit_price, quantity, filled, fees, gross, pnl, confidence, close_reason, strategy,
        mode, model_id, config_version, correlation_id, created_us, opened_us, closed_us, expires_us,
        updated_us
    FROM trading_orders WHERE bot_id = ? AND status = 'closed' ORDER BY closed_us DESC, id DESC LIMIT ?"""
TIMES = ("created", "opened", "closed", "expires", "updated")

app = FastAPI()
bearer = HTTPBearer()
token_hash = hashlib.sha256(os.environ["API_TOKEN"].encode()).hexdigest()
db = sqlite3.connect(os.path.join(os.environ["DATA_DIR"], "app.db"), timeout=2, isolation_level=None)
db.row_factory = sqlite3.Row
db.execute("PRAGMA synchronous = FULL")
db.execute("PRAGMA foreign_keys = ON")


async def caller(request: Request, response: Response,
                 credentials: HTTPAuthorizationCredentials = Depends(bearer)):
    """Checks the token; sets the headers here, for a middleware would cost as much as the rest."""
    given = hashlib.sha256(credentials.credentials.encode()).hexdigest()
    if not hmac.compare_digest(given, token_hash):
        raise HTTPException(401, "unauthorized")
    response.headers["X-Correlation-Id"] = request.headers.get("X-Correlation-Id") or uuid.uuid4().hex
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"


def now_us():
    return time.time_ns() // 1000


def text(us):
    if not us:
        return None
    return datetime.fromtimestamp(us / 1e6, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@app.get("/api/v1/status")
async def status(_=Depends(caller)):
    row = db.execute(STATUS, (1,)).fetchone()
    now = now_us()
    up = max(0, now - row["start_us"])
    return {
        "bot_id": row["id"], "status": row["status"].lower(), "bot_status": row["status"],
        "last_execution": text(row["last_execution_us"]), "uptime": "%ds" % (up // 1_000_000),
        "uptime_seconds": up // 1000 / 1000, "start_time": text(row["start_us"]),
        "error": row["error"] or None, "mode": row["mode"], "emergency": bool(row["emergency"]),
        "config_version": {"wanted": row["config_wanted"], "applied": row["applied_config_version"],
                           "error": row["config_error"] or None},
        "model": {"wanted": row["model_wanted"], "applied": row["applied_model_id"],
                  "error": row["model_error"] or None},
        "pending_orders": row["pending_orders"], "open_positions": row["open_positions"],
        "equity": row["equity"], "last_price": row["last_price"],
        "worker": {"status": "running", "last_beat_age_ms": (now - row["beat_us"]) // 1000,
                   "pid": row["pid"], "version": row["version"], "market_data": row["market_data"],
                   "feed_state": row["feed_state"], "feed_message": row["feed_message"] or None},
        "timestamp": text(now)}


@app.get("/api/v1/trading/bots/{bot_id}/orders/history")
async def orders(bot_id: int, limit: int = 50, _=Depends(caller)):
    rows = []
    for row in db.execute(ORDERS, (bot_id, limit)):
        order = {"source": "worker", **row}
        for name in TIMES:
            order[name] = text(order.pop(name + "_us"))
        rows.append(order)
    last = rows[-1] if len(rows) == limit else None
    return {"orders": rows, "next_cursor": last and "%s-%d" % (last["closed"], last["id"])}


def move(to, kind):
    """The change, its event and the command that asked for it, in one transaction."""
    now = now_us()
    db.execute("BEGIN IMMEDIATE")
    try:
        was = db.execute("SELECT status FROM bot_state WHERE bot_id = 1").fetchone()["status"]
        command = db.execute("INSERT INTO commands(kind, bot_id, args, requested_by, correlation_id,"
                             " created_us, status, message, answered_us)"
                             " VALUES (?, 1, '{}', 'bench', '', ?, 'done', ?, ?)",
                             (kind, now, "bot is " + to, now)).lastrowid
        db.execute("UPDATE bot_state SET status = ? WHERE bot_id = 1", (to,))
        db.execute("INSERT INTO bot_events(bot_id, from_status, to_status, event, requested_by, at_us)"
                   " VALUES (1, ?, ?, ?, 'bench', ?)", (was, to, kind, now))
        db.execute("COMMIT")
    except BaseException:
        db.execute("ROLLBACK")
        raise
    return {"success": True, "message": "bot is " + to, "status": to.lower(), "timestamp": text(now),
            "command_id": command}


@app.post("/api/v1/bot/pause")
async def pause(_=Depends(caller)):
    return move("PAUSED", "pause")


@app.post("/api/v1/bot/resume")
async def resume(_=Depends(caller)):
    return move("RUNNING", "resume")
