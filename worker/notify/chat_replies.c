#include "worker/notify/chat_replies.h"

#include "common/clock.h"
#include "common/json.h"
#include "common/log.h"
#include "common/registry/bot_config.h"
#include "common/span.h"
#include "common/view/bot_view.h"
#include "worker/store/notify.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define LOGS_N 10
#define LOGS_MAX 50
#define LOG_TEXT_MAX 220

/* ---- figures ---- */

const char *reply_number(double v, int decimals, char out[40])
{
	size_t n;

	if (!isfinite(v) || fabs(v) > 1e15) {
		snprintf(out, 40, "%g", v);
		return out;
	}
	snprintf(out, 40, "%.*f", decimals, v);
	n = strlen(out);
	if (strchr(out, '.'))
		while (out[n - 1] == '0')
			out[--n] = '\0';
	if (out[n - 1] == '.')
		out[--n] = '\0';
	if (strcmp(out, "-0") == 0)
		snprintf(out, 40, "0");
	return out;
}

/* "+1.25", "-3": of the quote asset. */
static const char *gain(double v, char out[40])
{
	char text[40];

	reply_number(v, 4, text);
	snprintf(out, 40, "%s%.38s", v > 0 && strcmp(text, "0") != 0 ? "+" : "", text);
	return out;
}

static double percent(double part, double whole)
{
	return whole > 0 ? part / whole * 100 : 0;
}

static double loss_percent(struct money now, struct money before)
{
	return percent(money_double(before) - money_double(now), money_double(before));
}

/* ---- one bot after the other ---- */

typedef int bot_fn(const struct chat_replies *a, const struct bot_view *b, struct buf *out,
		   struct err *e);

static int each_bot(const struct chat_replies *a, bot_fn *show, struct buf *out, struct err *e)
{
	struct bot_view b;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < a->bots_n; i++) {
		memset(&b, 0, sizeof(b));
		rc = bot_view_get(a->db, a->bots[i], 0, &b, e);
		if (rc == ERR_NOT_FOUND) {
			rc = 0; /* gone since the list was read */
			continue;
		}
		if (rc == 0)
			rc = show(a, &b, out, e);
	}
	return rc;
}

static void head(const struct bot_view *b, struct buf *out)
{
	buf_printf(out, "Bot %lld %s", (long long)b->bot_id, b->name);
}

/* ---- status ---- */

struct trades {
	struct buf text;
	int64_t now_us;
};

static void trade_line(void *ctx, const struct answer_trade *t)
{
	struct trades *trades = ctx;
	struct buf *out = &trades->text;
	double change = t->entry_price > 0 && t->last_price > 0
				? (t->last_price / t->entry_price - 1) * 100 : 0;
	bool is_short = strcmp(t->side, "SELL") == 0;
	int64_t since_us = t->opened_us ? t->opened_us : t->created_us;
	char span[SPAN_TEXT_MAX];

	span_units((trades->now_us - since_us) / US_PER_S, 2, " ", span);
	if (t->opened_us)
		buf_printf(out, "%6lld %c %-10s %-10s %+.2f%%\n", (long long)t->id,
			   is_short ? 'S' : 'L', t->symbol, span, is_short ? -change : change);
	else
		buf_printf(out, "%6lld*%c %-10s %-10s -\n", (long long)t->id, is_short ? 'S' : 'L',
			   t->symbol, span);
}

static int show_status(const struct chat_replies *a, const struct bot_view *b, struct buf *out,
		       struct err *e)
{
	static const char *const emergency[] = { "", ", emergency stop: closing all",
						 ", emergency stopped" };
	char equity[40], price[40];
	struct trades trades = { .now_us = a->now_us };
	int rc;

	head(b, out);
	buf_printf(out, ": %s%s\n%s %s, equity %s, price %s\n", b->status,
		   b->emergency >= 0 && b->emergency <= 2 ? emergency[b->emergency] : "", b->symbol,
		   b->strategy, reply_number(money_double(b->equity), 2, equity),
		   reply_number(price_double(b->last_price), 8, price));
	if (*b->error)
		buf_printf(out, "error: %s\n", b->error);
	rc = store_answer_trades(a->db, b->bot_id, trade_line, &trades, e);
	if (rc == 0 && trades.text.len)
		buf_printf(out, "    ID L/S Pair     Since      Profit\n%s",
			   buf_text(&trades.text));
	else if (rc == 0)
		buf_puts(out, "no open trade\n");
	buf_free(&trades.text);
	return rc;
}

int reply_status(const struct chat_replies *a, struct buf *out, struct err *e)
{
	return each_bot(a, show_status, out, e);
}

static int show_count(const struct chat_replies *a, const struct bot_view *b, struct buf *out,
		      struct err *e)
{
	(void)a;
	(void)e;
	head(b, out);
	buf_printf(out, ": %lld of %lld open, %lld pending\n", (long long)b->open_positions,
		   (long long)b->max_positions, (long long)b->pending_orders);
	return 0;
}

int reply_count(const struct chat_replies *a, struct buf *out, struct err *e)
{
	int rc = each_bot(a, show_count, out, e);

	if (rc == 0)
		buf_printf(out, "MAX_OPEN_POSITIONS over all bots: %lld\n",
			   (long long)a->config->max_open_positions);
	return rc;
}

/* ---- money ---- */

static void balance_line(void *ctx, const char *account, const char *asset, double amount)
{
	char text[40];

	buf_printf(ctx, "  %-8s %-6s %s\n", account, asset, reply_number(amount, 8, text));
}

/* The gain since the day's first equity; the newest day with one may not be today. */
static const char *day_gain(const struct chat_replies *a, const struct bot_view *b, char out[80])
{
	char today[CLOCK_TEXT_MAX], text[40];

	gain(money_double(b->equity) - money_double(b->day_equity), text);
	if (strcmp(b->day, clock_day(a->now_us, today)) == 0)
		snprintf(out, 80, "today %s", text);
	else
		snprintf(out, 80, "since %s %s, today not known yet", b->day, text);
	return out;
}

static int show_balance(const struct chat_replies *a, const struct bot_view *b, struct buf *out,
			struct err *e)
{
	char equity[40], day[80], peak[40];

	head(b, out);
	if (!*b->day) {
		buf_printf(out, " (%s): equity not known yet\n", *b->mode ? b->mode : "never ran");
		return store_answer_balances(a->db, b->bot_id, balance_line, out, e);
	}
	buf_printf(out, " (%s): equity %s\n", *b->mode ? b->mode : "never ran",
		   reply_number(money_double(b->equity), 4, equity));
	buf_printf(out, "  %s, under its peak %s%%\n", day_gain(a, b, day),
		   reply_number(loss_percent(b->equity, b->peak_equity), 2, peak));
	return store_answer_balances(a->db, b->bot_id, balance_line, out, e);
}

int reply_balance(const struct chat_replies *a, struct buf *out, struct err *e)
{
	return each_bot(a, show_balance, out, e);
}

static void profit_lines(void *ctx, const struct answer_sum *s)
{
	char net[40], each[40], fees[40], volume[40], best[40], worst[40];

	if (s->trades == 0) {
		buf_puts(ctx, "no closed trade\n");
		return;
	}
	buf_printf(ctx, "net %s in %lld trades, %s each, since %s\n", gain(s->net, net),
		   (long long)s->trades, gain(s->net / (double)s->trades, each), s->name);
	buf_printf(ctx, "won %lld, lost %lld, win rate %.1f%%\n", (long long)s->wins,
		   (long long)s->losses, percent((double)s->wins, (double)s->trades));
	buf_printf(ctx, "best day %s, worst day %s\nfees %s, volume %s\n", gain(s->best, best),
		   gain(s->worst, worst), reply_number(s->fees, 4, fees),
		   reply_number(s->volume, 2, volume));
}

static int show_profit(const struct chat_replies *a, const struct bot_view *b, struct buf *out,
		       struct err *e)
{
	char since[CLOCK_TEXT_MAX] = "";

	if (a->n)
		clock_day(a->now_us - (a->n - 1) * 86400 * US_PER_S, since);
	head(b, out);
	buf_puts(out, ": ");
	return store_answer_periods(a->db, b->bot_id, PERIOD_ALL, since, 1, profit_lines, out, e);
}

int reply_profit(const struct chat_replies *a, struct buf *out, struct err *e)
{
	return each_bot(a, show_profit, out, e);
}

static void period_line(void *ctx, const struct answer_sum *s)
{
	char net[40];

	buf_printf(ctx, "%-10s %12s %5lld trades %3.0f%% won\n", s->name, gain(s->net, net),
		   (long long)s->trades, percent((double)s->wins, (double)s->trades));
}

static int periods(const struct chat_replies *a, enum answer_period p, int64_t n, struct buf *out,
		   struct err *e)
{
	struct bot_view b;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < a->bots_n; i++) {
		size_t before;

		memset(&b, 0, sizeof(b));
		if (bot_view_get(a->db, a->bots[i], 0, &b, NULL))
			continue;
		head(&b, out);
		buf_putc(out, '\n');
		before = out->len;
		rc = store_answer_periods(a->db, b.bot_id, p, "", a->n ? a->n : n, period_line, out,
					  e);
		if (out->len == before)
			buf_puts(out, "no closed trade\n");
	}
	return rc;
}

int reply_daily(const struct chat_replies *a, struct buf *out, struct err *e)
{
	return periods(a, PERIOD_DAY, 7, out, e);
}

int reply_weekly(const struct chat_replies *a, struct buf *out, struct err *e)
{
	return periods(a, PERIOD_WEEK, 8, out, e);
}

int reply_monthly(const struct chat_replies *a, struct buf *out, struct err *e)
{
	return periods(a, PERIOD_MONTH, 6, out, e);
}

static int show_performance(const struct chat_replies *a, const struct bot_view *b,
			    struct buf *out, struct err *e)
{
	head(b, out);
	buf_printf(out, ", newest %d trades at most\n", ANSWER_TRADES_MAX);
	return store_answer_symbols(a->db, b->bot_id, period_line, out, e);
}

int reply_performance(const struct chat_replies *a, struct buf *out, struct err *e)
{
	return each_bot(a, show_performance, out, e);
}

/* ---- what holds entries back ---- */

static int show_locks(const struct chat_replies *a, const struct bot_view *b, struct buf *out,
		      struct err *e)
{
	double day_loss = loss_percent(b->equity, b->day_equity);
	double drawdown = loss_percent(b->equity, b->peak_equity);
	size_t before;
	char span[SPAN_TEXT_MAX];

	(void)e;
	head(b, out);
	buf_puts(out, ":\n");
	before = out->len;
	if (b->emergency)
		buf_puts(out, "  emergency stopped until /start\n");
	if (strcmp(b->status, "RUNNING") != 0)
		buf_printf(out, "  %s\n", b->status);
	if (b->cooldown_until_us > a->now_us)
		buf_printf(out, "  rests for %s after losses\n",
			   span_units((b->cooldown_until_us - a->now_us) / US_PER_S, 2, " ",
				      span));
	if (a->config->max_daily_loss_pct > 0 && day_loss >= a->config->max_daily_loss_pct)
		buf_printf(out, "  daily loss %.2f%% of at most %.2f%%\n", day_loss,
			   a->config->max_daily_loss_pct);
	if (a->config->max_drawdown_pct > 0 && drawdown >= a->config->max_drawdown_pct)
		buf_printf(out, "  drawdown %.2f%% of at most %.2f%%\n", drawdown,
			   a->config->max_drawdown_pct);
	if (b->max_positions && b->open_positions >= b->max_positions)
		buf_printf(out, "  %lld of %lld positions are open\n", (long long)b->open_positions,
			   (long long)b->max_positions);
	if (out->len == before)
		buf_puts(out, "  nothing holds entries back\n");
	return 0;
}

int reply_locks(const struct chat_replies *a, struct buf *out, struct err *e)
{
	return each_bot(a, show_locks, out, e);
}

/* ---- the worker ---- */

static void log_line(void *ctx, int64_t at_us, int level, const char *logger, const char *message)
{
	char time[CLOCK_TEXT_MAX];

	clock_text(at_us, time);
	buf_printf(ctx, "%.8s %s %s: %.*s\n", time + 11, log_level_name((enum log_level)level),
		   logger, LOG_TEXT_MAX, message);
}

int reply_logs(const struct chat_replies *a, struct buf *out, struct err *e)
{
	int64_t n = a->n ? a->n : LOGS_N;

	return store_answer_logs(a->db, n < LOGS_MAX ? n : LOGS_MAX, log_line, out, e);
}

int reply_health(const struct chat_replies *a, struct buf *out, struct err *e)
{
	struct heartbeat h = { 0 };
	int64_t queued = 0;
	char up[SPAN_TEXT_MAX];
	int rc = store_heartbeat_get(a->db, &h, e);

	if (rc == 0)
		rc = store_notes_queued(a->db, &queued, e);
	if (rc)
		return rc;
	buf_printf(out, "Worker: up for %s, pid %lld\n",
		   span_units((a->machine_us - h.started_us) / US_PER_S, 2, " ", up),
		   (long long)h.pid);
	buf_printf(out, "loop p50 %lld us, p99 %lld us, memory %lld MiB\n",
		   (long long)h.loop_p50_us, (long long)h.loop_p99_us,
		   (long long)(h.rss_bytes >> 20));
	buf_printf(out, "market data %s: %s, last event %lld ms ago%s%s\n", h.market_data,
		   h.feed_state, (long long)h.feed_age_ms, *h.feed_message ? "; " : "",
		   h.feed_message);
	buf_printf(out, "trades: %lld late, %lld repeated, %lld refused; gaps %lld\n",
		   (long long)h.trades_late, (long long)h.trades_repeated,
		   (long long)h.trades_refused, (long long)h.feed_gaps);
	buf_printf(out, "clock drift %lld ms, refused frames %lld, messages waiting %lld\n",
		   (long long)h.clock_drift_ms, (long long)h.decode_errors, (long long)queued);
	return 0;
}

int reply_version(const struct chat_replies *a, struct buf *out, struct err *e)
{
	(void)e;
	buf_printf(out, "trading-bot %s, database schema %d\n", VERSION, db_schema_version(a->db));
	return 0;
}

/* ---- settings ---- */

static int show_config(const struct chat_replies *a, const struct bot_view *b, struct buf *out,
		       struct err *e)
{
	char meaning[BOT_FRACTION_TEXT_MAX];
	struct buf text = { 0 };
	struct bot_config c;
	cJSON *root = NULL;
	const cJSON *m;
	bool known = false;
	int rc = store_answer_config(a->db, b->bot_id, &text, e);

	if (rc == 0)
		rc = json_read(buf_text(&text), text.len, &root, e);
	if (rc == 0)
		known = bot_config_parse(buf_text(&text), &c) == 0;
	buf_free(&text);
	if (rc)
		return rc == ERR_NOT_FOUND ? 0 : rc;
	head(b, out);
	buf_printf(out, ", version %lld\n", (long long)b->config_wanted);
	cJSON_ArrayForEach(m, root) {
		const struct bot_key *k = bot_key_find(m->string);
		char *value = cJSON_IsString(m) ? NULL : cJSON_PrintUnformatted(m);

		buf_printf(out, "  %s: %s", m->string, value ? value : cJSON_GetStringValue(m));
		if (known && bot_config_fraction(&c, m->string, meaning))
			buf_printf(out, " (%s)", meaning);
		else if (k && bot_key_fraction(k))
			buf_printf(out, " (%.10g %%)", m->valuedouble * 100);
		buf_putc(out, '\n');
		cJSON_free(value);
	}
	cJSON_Delete(root);
	return 0;
}

int reply_config(const struct chat_replies *a, struct buf *out, struct err *e)
{
	return each_bot(a, show_config, out, e);
}

static int show_reload(const struct chat_replies *a, const struct bot_view *b, struct buf *out,
		       struct err *e)
{
	(void)a;
	(void)e;
	head(b, out);
	buf_printf(out, ": version %lld of %lld is in force\n", (long long)b->config_applied,
		   (long long)b->config_wanted);
	if (*b->config_error)
		buf_printf(out, "  not in force: %s\n", b->config_error);
	if (*b->model_error)
		buf_printf(out, "  model: %s\n", b->model_error);
	else if (*b->model_warning)
		buf_printf(out, "  model: %s\n", b->model_warning);
	return 0;
}

int reply_reload(const struct chat_replies *a, struct buf *out, struct err *e)
{
	buf_puts(out, "Settings of bots are taken over as soon as they change.\n");
	return each_bot(a, show_reload, out, e);
}
