/* The engine's reports as messages: their kind, their text, and JSON that can be read. */
#include "worker/trade/order.h"
#include "worker/report/notify_report.h"

#include "common/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NOW INT64_C(1770000000000000)

static struct notify_report report;
static struct reporter to;
static bool wants[NOTIFY_KINDS];
static int told;
static enum notify_kind kind;
static int64_t bot;
static char text[600], data[1200], correlation_id[CORRELATION_ID_MAX];

static bool wanted(void *ctx, enum notify_kind k, int64_t bot_id)
{
	(void)ctx;
	(void)bot_id;
	return wants[k];
}

static void tell(void *ctx, const struct message *m)
{
	cJSON *root = NULL;
	struct err e;

	(void)ctx;
	told++;
	kind = m->kind;
	bot = m->bot_id;
	snprintf(text, sizeof(text), "%s", m->text);
	snprintf(data, sizeof(data), "{%s}", m->data);
	snprintf(correlation_id, sizeof(correlation_id), "%s", m->correlation_id);
	assert_int_equal(json_read(data, strlen(data), &root, &e), 0);
	cJSON_Delete(root);
}

static int setup(void **state)
{
	(void)state;
	report = (struct notify_report){ .wanted = wanted, .tell = tell };
	to = notify_reporter(&report);
	for (int i = 0; i < NOTIFY_KINDS; i++)
		wants[i] = true;
	told = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	notify_report_fini(&report);
	return 0;
}

static struct order *order(void)
{
	static struct order o;

	o = (struct order){
		.id = 7, .bot_id = 2, .symbol = "BTCUSDT", .side = SIDE_BUY, .confidence = 0.5,
		.strategy = "model", .correlation_id = "c-1", .created_us = NOW,
	};
	assert_int_equal(price_parse("61000.5", &o.limit_price), 0);
	assert_int_equal(price_parse("61100", &o.take_profit), 0);
	assert_int_equal(price_parse("60900", &o.stop_loss), 0);
	assert_int_equal(qty_parse("0.004", &o.quantity), 0);
	return &o;
}

static void fill(struct order *o)
{
	o->filled = o->quantity;
	o->opened_us = NOW + 1000000;
	assert_int_equal(money_notional(o->limit_price, o->filled, ROUND_NEAREST,
					&o->entry_notional), 0);
}

static void a_trade_from_entry_to_result(void **state)
{
	struct order *o = order();
	struct order_event decided = { .order = o, .from = "", .to = "entering" };
	struct leg l = { .kind = LEG_ENTRY, .state = LEG_ENDED, .end = END_FILLED,
			 .done_us = NOW };

	(void)state;
	to.order(to.ctx, o);
	to.move(to.ctx, &decided);
	assert_true(told == 1 && kind == NOTIFY_ENTRY && bot == 2);
	assert_string_equal(text, "Bot 2: BTCUSDT long, entry placed\n"
			    "0.004 at 61000.5, confidence 0.5000, trade 7");
	assert_string_equal(correlation_id, "c-1");
	to.order(to.ctx, o);		/* the same order again is no news, and no later move */
	decided.from = "entering";
	to.move(to.ctx, &decided);
	assert_int_equal(told, 1);
	fill(o);
	l.filled = o->filled;
	o->status = ORDER_ACTIVE;
	to.leg(to.ctx, o, &l);
	to.order(to.ctx, o);
	assert_true(told == 2 && kind == NOTIFY_ENTRY_FILL);
	assert_string_equal(text, "Bot 2: BTCUSDT long opened\n0.004 of 0.004 at 61000.5, "
			    "target 61100, stop 60900, trade 7");
	o->status = ORDER_CLOSED;
	o->reason = CLOSE_TAKE_PROFIT;
	o->exited = o->filled;
	o->closed_us = o->opened_us + 42000000;
	assert_int_equal(money_parse("244.4", &o->exit_notional), 0);
	assert_int_equal(money_parse("0.39", &o->pnl), 0);
	to.order(to.ctx, o);
	assert_true(told == 3 && kind == NOTIFY_EXIT_FILL);
	assert_string_equal(text, "Bot 2: BTCUSDT long closed, +0.39\ntake_profit; 0.004 from "
			    "61000.5 to 61100 in 42 s, trade 7");
	assert_non_null(strstr(data, "\"pnl\":0.39,\"close_reason\":\"take_profit\""));
}

static void an_entry_that_ends_and_one_that_is_rejected(void **state)
{
	struct order *o = order();
	struct leg l = { .kind = LEG_ENTRY, .state = LEG_ENDED, .end = END_REJECTED,
			 .done_us = NOW,
			 .client_order_id = "tb1-2-7-e-1", .reject_reason = "LOT_SIZE <x>" };

	(void)state;
	o->side = SIDE_SELL;
	o->status = ORDER_CLOSED;
	o->reason = CLOSE_MAKER_TIMEOUT;
	to.order(to.ctx, o);
	assert_true(told == 1 && kind == NOTIFY_ENTRY_CANCEL);
	assert_string_equal(text, "Bot 2: BTCUSDT short, entry ended without a fill\n"
			    "maker_timeout, trade 7");
	to.leg(to.ctx, o, &l);
	assert_true(told == 2 && kind == NOTIFY_WARNING && strstr(text, "LOT_SIZE <x>"));
	l.kind = LEG_STOP;
	l.state = LEG_LIVE;
	to.leg(to.ctx, o, &l);
	assert_int_equal(told, 2);
}

static void statuses_and_notices(void **state)
{
	struct status_report s = { .bot_id = 1, .from = BOT_RUNNING, .to = BOT_STOPPED,
				   .event = "stop", .reason = "", .requested_by = "telegram:5",
				   .correlation_id = "c-2", .at_us = NOW };

	(void)state;
	to.status(to.ctx, &s);
	assert_true(kind == NOTIFY_STATUS);
	assert_string_equal(text, "Bot 1: RUNNING -> STOPPED\nstop by telegram:5");
	snprintf(s.event, sizeof(s.event), "%s", "emergency-stop");
	snprintf(s.reason, sizeof(s.reason), "%s", "flat");
	to.status(to.ctx, &s);
	assert_true(kind == NOTIFY_EMERGENCY && strstr(text, ": flat"));
	snprintf(s.event, sizeof(s.event), "%s", "failure");
	s.to = BOT_ERROR;
	to.status(to.ctx, &s);
	assert_true(kind == NOTIFY_WARNING);
	to.notice(to.ctx, 3, "c-3", "a \"quote\"\nand a line");
	assert_true(told == 4 && kind == NOTIFY_WARNING && bot == 3);
	assert_string_equal(text, "Bot 3 needs a look\na \"quote\"\nand a line");
	to.notice(to.ctx, 0, "", "the backup failed");
	assert_string_equal(text, "The worker needs a look\nthe backup failed");
}

static void settings_and_models(void **state)
{
	struct bot_report b = { .bot_id = 1, .config_version = 4, .model_id = 2 };

	(void)state;
	to.bot(to.ctx, &b);		/* what it starts with is no news */
	to.bot(to.ctx, &b);
	assert_int_equal(told, 0);
	b.config_version = 5;
	to.bot(to.ctx, &b);
	assert_true(told == 1 && kind == NOTIFY_RELOAD);
	assert_string_equal(text, "Bot 1: settings, version 5, are in force");
	snprintf(b.config_error, sizeof(b.config_error), "symbol X is unknown");
	to.bot(to.ctx, &b);
	to.bot(to.ctx, &b);
	assert_int_equal(told, 2);
	assert_string_equal(text, "Bot 1: new settings are not all in force\nsymbol X is unknown");
	b.config_error[0] = '\0';
	b.model_id = 3;
	to.bot(to.ctx, &b);
	assert_string_equal(text, "Bot 1: model 3 is in force");
	snprintf(b.model_error, sizeof(b.model_error), "no such file");
	to.bot(to.ctx, &b);
	assert_true(told == 4 && strstr(text, "refused\nno such file"));
}

static void a_day(void **state)
{
	struct day_stats s = { .bot_id = 1, .day = "2026-02-01", .trades = 9, .wins = 5,
			       .losses = 4 };

	(void)state;
	assert_int_equal(money_parse("-1.5", &s.net), 0);
	notify_summary(&report, &s, NOW);
	assert_true(told == 1 && kind == NOTIFY_SUMMARY);
	assert_string_equal(text, "Bot 1: 2026-02-01, net -1.5\n9 trades, 5 won, 4 lost, fees 0, "
			    "drawdown 0");
}

static void what_nobody_wants_is_not_composed(void **state)
{
	struct order *o = order();

	(void)state;
	wants[NOTIFY_ENTRY] = wants[NOTIFY_WARNING] = false;
	to.order(to.ctx, o);
	to.notice(to.ctx, 1, "", "x");
	assert_int_equal(told, 0);
}

#define REPORTED(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		REPORTED(a_trade_from_entry_to_result),
		REPORTED(an_entry_that_ends_and_one_that_is_rejected),
		REPORTED(statuses_and_notices),
		REPORTED(settings_and_models),
		REPORTED(a_day),
		REPORTED(what_nobody_wants_is_not_composed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
