"""What the tests of Telegram have in common: a worker, and a Bot API on loopback."""
import sqlite3

import botapi
import harness

KINDS = ("STARTUP", "STATUS", "WARNING", "ENTRY", "ENTRY_FILL", "ENTRY_CANCEL", "EXIT_FILL",
         "EMERGENCY", "FEED", "SUMMARY", "RELOAD")
# So that a test sees its own messages only.
QUIET = {"TELEGRAM_NOTIFY_" + k: "off" for k in KINDS}


class TelegramCase(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.api = self.server()

    def server(self, *args):
        api = botapi.BotApi(*args)
        self.addCleanup(api.close)
        return api

    def telegram_bot(self, **env):
        return self.bot(**dict(self.api.env(), **env))

    def started(self, quick=False, **env):
        """A worker that trades, with nothing to say of itself."""
        bot = self.telegram_bot(**dict(QUIET, **env))
        if quick:
            bot.quick_trades(holding_s=60)
        bot.start_worker()
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs")
        return bot

    def insert(self, bot, *texts, chat=botapi.CHAT):
        """Rows as the worker writes them, at once: while they are written one may wait for us."""
        connection = sqlite3.connect(bot.db_path, timeout=harness.LOCK_S)
        with connection:
            connection.executemany(
                "INSERT INTO notifications(channel, target, kind, text, created_us)"
                " VALUES ('telegram', ?, 'status', ?, 1)", [(str(chat), text) for text in texts])
        connection.close()

    def wait_empty(self, bot):
        self.wait(lambda: bot.value("SELECT count(*) FROM notifications WHERE state = 'queued'")
                  == 0, "nothing is queued")

    def lane(self, bot):
        return bot.rows("SELECT * FROM notification_lanes WHERE channel = 'telegram'")[0]


def words(texts):
    return [w for t in texts for w in t.split()]


def first_times(items):
    return list(dict.fromkeys(items))


class CommandCase(TelegramCase):
    def ask(self, text, *parts, **kw):
        """Says text; the first new answer that holds all parts."""
        before = len(self.api.texts())
        self.api.say(text, **kw)
        return self.wait(lambda: next((t for t in self.api.texts()[before:]
                                       if all(p in t for p in parts)), None),
                         "%s is answered with %s" % (text, parts))

    def commands(self, bot):
        return bot.rows("SELECT kind, bot_id, args, status, requested_by FROM commands"
                        " WHERE requested_by LIKE 'telegram:%' ORDER BY id")
