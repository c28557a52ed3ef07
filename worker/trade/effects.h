/*
 * effects.h - what one event gives to the floors of the engine (struct step), and what they
 * give back beside their new state (struct effects).
 *
 *	engine	time, markets, the list of bots; carries the effects out
 *	bot	decides, counts, has a status
 *	order	a trade: entries, protection, exits
 *	leg	one order at a venue
 *
 * A floor calls those below it, never one above, and neither venue nor reporter. So each can
 * be tested by itself: state and event in, new state and effects out.
 *
 * The rows of an order and of its legs are written once per step, as they are at its end.
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

struct next_ids {			/* row numbers that are free, over all bots */
	int64_t order, leg, fill, signal;
};

struct conditions {			/* what holds for all bots of an engine */
	const struct risk_limits *limits;
	char installation[INSTALLATION_MAX];	/* client order ids begin with it */
	int64_t drift_us;		/* of the machine's clock */
	int64_t behind_us;		/* of the clock, are the events that come now */
	int64_t target_us;		/* the clock that the engine is being brought to */
	bool disk_full;
	int64_t open_all;		/* open orders of paper bots that are no remainders */
	int64_t open_live;		/* the same of bots on an exchange's account */
	int64_t equity_interval_us;	/* between samples; 0 none */
	int64_t signal_repeat_us;	/* equal refusals are one row for so long */
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
	EFFECT_SEND, EFFECT_CANCEL,	/* a leg goes to the venue, is taken back */
	EFFECT_ASK, EFFECT_ASK_TRADES,	/* what became of a leg, what was traded for it */
	EFFECT_ASK_OPEN_ORDERS, EFFECT_ASK_ACCOUNT,	/* all that the bot has at the venue */
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
	bool looks_moved;		/* no row, but prices or times at which a bot looks again */
};

/* A new one at the end, zeroed but for these. Valid until the next. */
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
