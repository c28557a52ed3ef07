/*
 * effects.h - what one event gives to the floors of the engine (struct step), and what they
 * give back beside their new state (struct effects).
 *
 *	engine	time, markets, the list of bots; carries the effects out
 *	bot	decides, counts, has a status
 *	order	a trade: entries, protection, exits
 *	leg	one order at a venue
 *
 * A floor calls those below it, never one above, and neither venue nor reporter. It returns
 * requests as effects, because a venue may refuse at once, and the refusal would call the
 * floor again in the middle of its change. So each floor can be tested by itself: state and
 * event in, new state and effects out.
 *
 * The rows of an order and of its legs are reported once per step, as they are at its end.
 */
#ifndef WORKER_ENGINE_EFFECTS_H
#define WORKER_ENGINE_EFFECTS_H

#include "worker/trade/report.h"

struct order;
struct leg;
struct market;
struct venue;
struct venue_caps;
struct risk_limits;

struct next_ids {			/* the next free row numbers, over all bots */
	int64_t order, leg, fill, signal;
};

struct conditions {			/* what holds for all bots of an engine */
	const struct risk_limits *limits;
	char installation[INSTALLATION_MAX];	/* client order ids begin with it */
	int64_t drift_us;		/* the machine's clock minus the exchange's */
	int64_t behind_us;		/* how far the present events are behind the clock */
	int64_t target_us;		/* the clock that the engine is being brought to */
	bool disk_full;
	int64_t open_all;		/* open orders of paper bots that are no remainders */
	int64_t open_live;		/* the same of bots on an exchange's account */
	int64_t equity_interval_us;	/* between samples; 0 none */
	int64_t signal_repeat_us;	/* equal refusals within it share one row */
};

struct step {				/* one event; borrowed for the call */
	int64_t now_us;
	int64_t venue_us;		/* its time by the venue's clock; 0: it is ours */
	const struct market *market;	/* the bot's */
	const struct venue *venue;	/* asked if it would trade now */
	const struct venue_caps *caps;	/* what the bot's venue can do */
	const struct conditions *all;
	struct next_ids *ids;
	struct effects *effects;
};

enum effect_kind {
	EFFECT_SEND, EFFECT_CANCEL,	/* requests to the venue: send a leg, cancel it */
	EFFECT_ASK, EFFECT_ASK_TRADES,	/* questions: a leg's state, a leg's trades */
	EFFECT_ASK_OPEN_ORDERS, EFFECT_ASK_ACCOUNT,	/* questions about the bot */
	EFFECT_ORDER, EFFECT_LEG, EFFECT_MOVE, EFFECT_FILL,	/* rows of an order */
	EFFECT_SIGNAL, EFFECT_STATUS, EFFECT_STATS, EFFECT_EQUITY,	/* rows of a bot */
	EFFECT_NOTICE			/* something a person should know */
};

struct effect {
	enum effect_kind kind;
	struct order *order;		/* SEND to FILL; valid until the effects are carried out */
	int64_t leg_id;			/* of it; 0: none */
	int64_t at_us;			/* of the step */
	union {
		struct order_event move;
		struct fill_report fill;
		struct signal_report signal;
		struct status_report status;
		struct { struct day_stats day, trade; } stats;
		struct equity_report equity;
		struct { char correlation_id[CORRELATION_ID_MAX], text[NOTICE_MAX]; } notice;
	} u;
};

struct effects {
	size_t n, max;
	struct effect *list;		/* in the order in which they are carried out */
	size_t gone_n;
	struct order **gone;		/* closed orders: freed when all is carried out */
	bool closes_wait;		/* a close at market waits for a book */
	bool looks_moved;		/* no row changed, but bot_quiet() or bot_due() may have */
};

/* Adds an effect, zeroed except for these members. The pointer is valid until the next one. */
struct effect *effects_add(const struct step *s, enum effect_kind kind, struct order *o,
			   int64_t leg_id);
/* A row of history; the caller fills in what moved: leg, from, to, correlation id. */
struct order_event *effects_move(const struct step *s, struct order *o, int64_t leg_id,
				 const char *event, const char *why);
void effects_gone(const struct step *s, struct order *o);	/* takes o */
void effects_notice(const struct step *s, const char *correlation_id, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
void effects_fini(struct effects *fx);

#endif
