/*
 * engine_stage.h - a session that plays a script of engine_script.h and keeps what it reports:
 * its rows, and one line of text for each.
 */
#ifndef TESTS_UNIT_ENGINE_STAGE_H
#define TESTS_UNIT_ENGINE_STAGE_H

#include "tests/unit/engine_script.h"

struct stage {
	const struct script *script;
	struct session *s;
	struct engine *e;
	struct brain brain[SCRIPT_BOTS + 1];
	struct bot_config config[SCRIPT_BOTS + 1];	/* that the engine took last */
	struct rows rows;
	struct world paper;
	struct fanout fanout;
	struct digest *digest;
	int64_t drift_us;
	int64_t gift_e8[SCRIPT_BOTS + 1];	/* losses beyond the account that the market bore */
	char **log;			/* what was reported, as text; when logging */
	size_t log_n;
	bool logging;
};

HELPER void PRINTF_LIKE(2, 3) stage_log(struct stage *g, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	if (!g->logging)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	GROW(g->log, g->log_n);
	g->log[g->log_n++] = xstrdup(text);
}

#define LL(x) ((long long)(x))

HELPER void log_order(void *ctx, const struct order *o)
{
	stage_log(ctx, "order %lld bot %lld %s %s %s %s %s limit %lld tp %lld sl %lld qty %lld "
		  "filled %lld exited %lld basefees %lld dust %lld in %lld out %lld fees %lld %lld "
		  "funding %lld gross %lld pnl %lld v %lld hold %lld %lld cid %s close %s at "
		  "%lld %lld %lld upd %lld crossed %lld retry %lld %d debt %lld bare %lld %lld "
		  "taken %lld for %lld, dust for %lld",
		  LL(o->id), LL(o->bot_id), o->symbol,
		  side_name(o->side), order_status_name(o->status), order_phase_name(o->phase),
		  close_reason_name(o->reason), LL(price_units(o->limit_price)),
		  LL(price_units(o->take_profit)), LL(price_units(o->stop_loss)),
		  LL(qty_units(o->quantity)), LL(qty_units(o->filled)), LL(qty_units(o->exited)),
		  LL(qty_units(o->base_fees)), LL(qty_units(o->dust)),
		  LL(money_units(o->entry_notional)), LL(money_units(o->exit_notional)),
		  LL(money_units(o->quote_fees)), LL(money_units(o->base_fees_value)),
		  LL(money_units(o->funding)), LL(money_units(o->gross)),
		  LL(money_units(o->pnl)), LL(o->config_version),
		  LL(o->holding_us), LL(o->maker_timeout_us), o->correlation_id,
		  o->close_correlation_id, LL(o->created_us), LL(o->opened_us), LL(o->closed_us),
		  LL(o->updated_us), LL(o->stop_crossed_us), LL(o->retry_us), o->retries,
		  LL(money_units(o->bad_debt)), LL(o->uncovered_us), LL(o->uncovered_from_us),
		  LL(qty_units(o->dust_taken)), LL(money_units(o->dust_taken_cost)),
		  LL(money_units(o->dust_cost)));
}

HELPER void log_leg(void *ctx, const struct order *o, const struct leg *l)
{
	stage_log(ctx, "leg %lld %s list %s order %lld %s %s %d price %lld stop %lld qty %lld "
		  "filled %lld %s cancel %d ex %s reason %s cid %s at %lld %lld %lld", LL(l->id),
		  l->client_order_id, l->list_id, LL(o->id), side_name(l->side),
		  leg_type_name(l->type),
		  l->reduce_only, LL(price_units(l->price)), LL(price_units(l->stop_price)),
		  LL(qty_units(l->quantity)), LL(qty_units(l->filled)),
		  leg_status_name(leg_status(l)),
		  l->state == LEG_CANCELLING, l->exchange_id, l->reject_reason, l->correlation_id,
		  LL(l->requested_us), LL(l->acked_us), LL(l->done_us));
}

HELPER void log_fill(void *ctx, const struct fill_report *f)
{
	stage_log(ctx, "fill %lld %s order %lld trade %lld price %lld qty %lld fee %lld %s %d "
		  "at %lld",
		  LL(f->id), f->leg->client_order_id, LL(f->order->id), LL(f->trade_id),
		  LL(price_units(f->price)), LL(qty_units(f->quantity)), LL(f->fee_e8),
		  f->fee_asset, f->maker, LL(f->at_us));
}

HELPER void log_status(void *ctx, const struct status_report *s)
{
	stage_log(ctx, "status bot %lld %s -> %s %s: %s by %s cid %s at %lld", LL(s->bot_id),
		  bot_status_name(s->from), bot_status_name(s->to), s->event, s->reason,
		  s->requested_by, s->correlation_id, LL(s->at_us));
}

HELPER void log_stats(void *ctx, const struct day_stats *s, const struct day_stats *trade)
{
	(void)trade;
	stage_log(ctx, "stats bot %lld %s %lld %lld %lld gross %lld fees %lld net %lld vol %lld dd "
		  "%lld peak %lld at %lld", LL(s->bot_id), s->day, LL(s->trades), LL(s->wins),
		  LL(s->losses), LL(money_units(s->gross)), LL(money_units(s->fees)),
		  LL(money_units(s->net)), LL(money_units(s->volume)),
		  LL(money_units(s->max_drawdown)), LL(money_units(s->peak_net)),
		  LL(s->updated_us));
}

HELPER void log_bot(void *ctx, const struct bot_report *b)
{
	stage_log(ctx, "bot %lld %s %d err %s start %lld v %lld cerr %s pending %lld open %lld "
		  "equity %lld peak %lld day %s %lld price %lld decided %lld streak %lld cool %lld",
		  LL(b->bot_id), bot_status_name(b->status), b->emergency, b->error,
		  LL(b->start_us), LL(b->config_version), b->config_error, LL(b->pending_orders),
		  LL(b->open_positions), LL(money_units(b->equity)),
		  LL(money_units(b->peak_equity)), b->day, LL(money_units(b->day_equity)),
		  LL(price_units(b->last_price)), LL(b->last_decision_us), LL(b->loss_streak),
		  LL(b->cooldown_until_us));
}

HELPER void log_equity(void *ctx, const struct equity_report *q)
{
	stage_log(ctx, "equity bot %lld at %lld %lld %lld %lld", LL(q->bot_id), LL(q->at_us),
		  LL(money_units(q->equity)), LL(money_units(q->balance)),
		  LL(money_units(q->unrealized)));
}

HELPER void log_candle(void *ctx, const struct candle_report *r)
{
	const struct candle *c = r->candle;

	stage_log(ctx, "candle %s %s %lld close %lld volume %lld", r->symbol, r->interval,
		  LL(c->open_us), LL(price_units(c->close)), LL(qty_units(c->volume)));
}

/* Rows of the paper venue, to its world and to the log. */
HELPER void both_account(void *ctx, const struct sim_account *r)
{
	struct stage *g = ctx;

	world_account(&g->paper, r);
	stage_log(g, "account %lld epoch %lld position %lld entry %lld funding %lld", LL(r->bot_id),
		  LL(r->epoch), LL(qty_units(r->position)), LL(price_units(r->entry_price)),
		  LL(r->next_funding_us));
}

HELPER void both_ledger(void *ctx, const struct sim_ledger_row *r)
{
	struct stage *g = ctx;

	digest_sim_store(g->digest).ledger(g->digest, r);
	if (r->kind == LEDGER_RESET)
		g->gift_e8[r->bot_id] = 0;
	if (r->kind == LEDGER_LIQUIDATION && r->account == LEDGER_MARKET && !r->client_order_id[0])
		g->gift_e8[r->bot_id] -= r->amount_e8;
	stage_log(g, "ledger %lld bot %lld %lld %s %s %lld %s %s at %lld", LL(r->entry_id),
		  LL(r->bot_id), LL(r->epoch), ledger_account_name(r->account), r->asset,
		  LL(r->amount_e8), ledger_kind_name(r->kind), r->client_order_id, LL(r->at_us));
}

HELPER void both_balance(void *ctx, const struct sim_balance *r)
{
	struct stage *g = ctx;

	world_balance(&g->paper, r);
	stage_log(g, "balance bot %lld %lld %s %s %lld", LL(r->bot_id), LL(r->epoch),
		  ledger_account_name(r->account), r->asset, LL(r->amount_e8));
}

HELPER void both_order(void *ctx, const struct sim_order *r)
{
	struct stage *g = ctx;

	world_order(&g->paper, r);
	stage_log(g, "simorder %s seq %lld filled %lld ahead %lld reserved %lld %s due %lld "
		  "ex %lld",
		  r->client_order_id, LL(r->seq), LL(qty_units(r->filled)),
		  LL(qty_units(r->queue_ahead)), LL(r->reserved_e8), sim_stage_name(r->stage),
		  LL(r->due_us), LL(r->exchange_id));
}

HELPER void both_gone(void *ctx, const char *id)
{
	struct stage *g = ctx;

	world_order_gone(&g->paper, id);
	stage_log(g, "gone %s", id);
}

HELPER void both_counter(void *ctx, const char *name, int64_t next)
{
	struct stage *g = ctx;

	world_counter(&g->paper, name, next);
	stage_log(g, "counter %s %lld", name, LL(next));
}

/* Session and markets, no bots yet; rows and ids go on where "rows" stands. */
HELPER void stage_open(struct stage *g, const struct script *script)
{
	struct reporter rows = rows_reporter(&g->rows), digest;
	struct reporter text = {
		.ctx = g, .order = log_order, .leg = log_leg, .fill = log_fill,
		.status = log_status, .stats = log_stats, .bot = log_bot, .equity = log_equity,
		.candle = log_candle,
	};
	struct sim_store paper = { .ctx = g, .account = both_account, .ledger = both_ledger,
				   .balance = both_balance, .order = both_order,
				   .order_gone = both_gone, .counter = both_counter };
	struct session_args a = {
		.config = &script->config,
		.first_order_id = (int64_t)g->rows.orders_n + 1,
		.first_leg_id = (int64_t)g->rows.legs_n + 1,
		.first_fill_id = (int64_t)g->rows.fills_n + 1,
		.first_signal_id = (int64_t)g->rows.signals_n + 1,
	};
	struct err e;

	g->script = script;
	g->digest = digest_new();
	digest = digest_reporter(g->digest);
	fanout_add(&g->fanout, &rows);
	fanout_add(&g->fanout, &digest);
	fanout_add(&g->fanout, &text);
	a.reporter = fanout_reporter(&g->fanout);
	assert_int_equal(paper_session(&a, &paper, &g->s, &e), 0);
	g->e = session_engine(g->s);
	for (int m = 0; m < SCRIPT_MARKETS; m++)
		session_market_add(g->s, &script->markets[m]);
}

HELPER void stage_bot(struct stage *g, int64_t bot, const struct bot_restore *r)
{
	struct predictor p = { .model_id = 7, .ctx = &g->brain[bot], .predict = brain_predict };
	struct err e;

	assert_int_equal(session_account(g->s, bot, &g->config[bot], g->script->steps[0].now,
					 &e), 0);
	assert_int_equal(engine_bot_add(g->e, bot, &g->config[bot], r, &e), 0);
	engine_bot_model(g->e, bot, &p, NULL);
}

HELPER void stage_close(struct stage *g)
{
	session_free(g->s);
	rows_free(&g->rows);
	free(g->paper.rows);
	free(g->paper.ups);
	digest_free(g->digest);
	for (size_t i = 0; i < g->log_n; i++)
		free(g->log[i]);
	free(g->log);
	free(g);
}

HELPER void stage_command(struct stage *g, const struct script_step *p)
{
	struct engine_command c = {
		.event = p->event, .close_positions = p->flag, .requested_by = "script",
		.correlation_id = "c",
	};
	struct engine_answer a;
	struct err e;
	int64_t n;
	int rc = 0;			/* refusals are part of the script */

	if (p->kind == STEP_COMMAND)
		rc = engine_bot_command(g->e, p->bot, &c, p->now, &a, &e);
	else if (p->kind == STEP_CLOSE)
		rc = engine_close(g->e, p->bot, 0, "c", p->now, &n, &e);
	else if (p->kind == STEP_FAIL)
		engine_bot_fail(g->e, p->bot, p->now, "a fault of the script");
	else if (p->kind == STEP_RESET)
		rc = session_account_reset(g->s, p->bot, &g->config[p->bot], p->flag, p->now, &e);
	else if (engine_bot_config(g->e, p->bot, &p->config, &e) == 0)
		g->config[p->bot] = p->config;
	assert_true(rc == 0 || rc == ERR_CONFLICT);
}

HELPER void stage_play(struct stage *g, const struct script_step *p, const struct feed_sink *sink)
{
	int market = sink->market(sink->ctx, g->script->markets[p->market].symbol);

	switch (p->kind) {
	case STEP_TRADE:
		sink->trade(sink->ctx, market, &p->trade, p->now);
		break;
	case STEP_BOOK:
		sink->book(sink->ctx, market, &p->book, p->now);
		break;
	case STEP_TIME:
		sink->time(sink->ctx, market, p->exchange_us, p->now);
		break;
	case STEP_GAP:
		sink->gap(sink->ctx, market, p->now);
		break;
	case STEP_VALID:
		sink->book_valid(sink->ctx, market, p->flag, p->now);
		break;
	case STEP_ADVANCE:
		engine_advance(g->e, p->now);
		break;
	case STEP_DRIFT:
		engine_clock_drift(g->e, p->drift_us);
		g->drift_us = p->drift_us;
		break;
	case STEP_BRAIN:
		g->brain[p->bot].probability = p->probability;
		g->brain[p->bot].exits = p->exits;
		g->brain[p->bot].share = p->share;
		g->brain[p->bot].stop_to = p->stop_to;
		g->brain[p->bot].side = p->side;
		break;
	case STEP_COMMAND:
	case STEP_CLOSE:
	case STEP_FAIL:
	case STEP_CONFIG:
	case STEP_RESET:
		stage_command(g, p);
		break;
	}
}

#define STEPS 4000
#define SEEDS 40		/* RANDOM_SEEDS in the environment: more, or fewer */

HELPER uint64_t seeds(void)
{
	const char *more = getenv("RANDOM_SEEDS");

	return more ? strtoull(more, NULL, 10) : SEEDS;
}

HELPER struct stage *open_stage(const struct script *script)
{
	struct stage *g = xcalloc(1, sizeof(*g));

	g->paper.next_trade = g->paper.next_entry = g->paper.next_order = 1;
	stage_open(g, script);
	for (int64_t b = 1; b <= SCRIPT_BOTS; b++) {
		g->config[b] = script->bots[b];
		g->config[b].version = 1;
		stage_bot(g, b, NULL);
	}
	return g;
}

#endif
