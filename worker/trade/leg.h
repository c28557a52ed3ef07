/*
 * leg.h - ground floor of the engine: one order at a venue, as a state machine.
 *
 *	planned --sent--> sent --acknowledged, part filled--> live --cancel--> cancelling
 *	   |                |  `--no answer in time--> unknown -'|                 |
 *	   |                |         (asked about by its id)    `--trigger--> firing
 *	   `----------------`-- filled, cancelled, rejected, expired --> ended <---'
 *
 * leg_next() is the table of arrows; leg_move() is the only function that changes a state.
 * A fill is booked in every state, "ended" included, because a venue may tell of it late
 * (docs/ARCHITECTURE.md, "A leg's life"). Each state that waits for an answer has a deadline
 * (leg_await), after which the venue is asked about the leg.
 */
#ifndef WORKER_ENGINE_LEG_H
#define WORKER_ENGINE_LEG_H

#include "common/crypto.h"
#include "common/money.h"
#include "worker/trade/effects.h"
#include "worker/market/order_type.h"

#include <stdbool.h>
#include <stdint.h>

#define LEG_ANSWER_US INT64_C(2000000)	/* time that a venue has to answer a request */
#define ASK_AGAIN_US INT64_C(500000)	/* first wait between two questions; doubles */
#define ASK_MOST_US INT64_C(30000000)
#define UNKNOWN_ALARM_US INT64_C(30000000)	/* then a notice says that it is unknown */
#define LEG_KINDS 4

enum leg_kind { LEG_ENTRY = 'e', LEG_TAKE_PROFIT = 't', LEG_STOP = 's', LEG_CLOSE = 'c' };

enum leg_state {
	LEG_PLANNED,		/* its row is written, nothing was sent */
	LEG_SENT,		/* the request is out, the venue has not answered */
	LEG_UNKNOWN,		/* the answer is overdue: whether the venue has it isn't known */
	LEG_LIVE,		/* the venue has it; perhaps filled in part */
	LEG_CANCELLING,		/* we have asked the venue to cancel it */
	LEG_FIRING,		/* it was set off (a stop, a target of a list), no fill is known */
	LEG_ENDED		/* see enum leg_end */
};
#define LEG_STATES 7

enum leg_end { END_NONE, END_FILLED, END_CANCELLED, END_REJECTED, END_EXPIRED };

enum leg_event {
	LEG_EV_SENT,		/* the request left */
	LEG_EV_ACKNOWLEDGED,	/* the venue has it and it works or rests */
	LEG_EV_PART_FILLED,
	LEG_EV_FILLED,		/* wholly */
	LEG_EV_CANCEL,		/* we ask the venue to cancel it */
	LEG_EV_CANCEL_REFUSED,	/* the venue did not cancel it */
	LEG_EV_NO_ANSWER,	/* the deadline passed */
	LEG_EV_TRIGGERED,
	LEG_EV_CANCELLED,
	LEG_EV_REJECTED,	/* refused, or it never arrived */
	LEG_EV_EXPIRED		/* ended by the venue */
};
#define LEG_EVENTS 11

/* Its status in the words of exchanges: column exchange_orders.state. */
enum leg_status {
	STATUS_PLANNED, STATUS_NEW, STATUS_PARTIALLY_FILLED, STATUS_FILLED, STATUS_CANCELLED,
	STATUS_REJECTED, STATUS_EXPIRED, STATUS_UNKNOWN
};

struct leg {
	char client_order_id[CLIENT_ORDER_ID_MAX];	/* tb<installation>-<order>-<leg><n> */
	char list_id[CLIENT_ORDER_ID_MAX];	/* tb<installation>-<order>-l<n>; "" in no list */
	int64_t id;			/* row number, given by the engine, never reused */
	enum leg_kind kind;
	int n;				/* count of this kind, from 1 */
	enum side side;
	enum leg_type type;
	enum tif tif;			/* of TYPE_LIMIT; else TIF_GTC */
	bool reduce_only;
	struct price price;		/* 0 at market */
	struct price stop_price;	/* trigger; of a target in a list its stop's; else 0 */
	struct qty quantity, filled;
	enum leg_state state;
	enum leg_end end;		/* of LEG_ENDED, else END_NONE */
	char exchange_id[32];
	char reject_reason[96];		/* why it ended */
	char correlation_id[CORRELATION_ID_MAX];
	int64_t requested_us, acked_us, done_us;	/* ours, UTC; 0 not yet */
	/* Not stored: a start asks about every live leg at once. */
	int64_t ask_us;			/* when the venue is asked about it; 0: no answer is due */
	int64_t unknown_us;		/* since when the venue does not say; 0 it does */
	int asks;			/* since its answer was due */
	bool alarmed;			/* the notice of UNKNOWN_ALARM_US was sent */
	bool cancel_refused;		/* and whether it lives isn't known yet */
	bool asked;			/* a question about it is open */
	struct qty told;		/* what the venue says it filled */
	struct price told_price;	/* near which that was; 0 not known */
	enum leg_event told_end;	/* how the venue says it ended; LEG_EV_SENT: it has not */
	char told_why[96];		/* why */
	bool reported;			/* its row is in the effects of this step already */
};

/* Where an event leads. ERR_CONFLICT: no arrow, the event is known already or impossible. */
MUST_CHECK int leg_next(enum leg_state from, enum leg_event event, enum leg_state *to);

/*
 * The only way to another state. from: the state that the caller knows it to be in (a bug
 * otherwise). why: for its history, "" none. False: there is no arrow, nothing has changed.
 */
bool leg_move(const struct step *s, struct order *of, struct leg *l, enum leg_state from,
	      enum leg_event event, const char *why);
/* It is new and planned: its first row, and the first of its history. */
void leg_begins(const struct step *s, struct order *of, struct leg *l);
/* Its row must be written at the end of the step. */
void leg_changed(const struct step *s, struct order *of, struct leg *l);

bool leg_done(const struct leg *l);
struct qty leg_rest(const struct leg *l);	/* what it has not filled */
enum leg_status leg_status(const struct leg *l);
/* What was traded at one time: adds to filled and moves the leg. Fills of ended legs too. */
void leg_fill(const struct step *s, struct order *of, struct leg *l, struct qty quantity);

/*
 * Sets when the venue is asked about the leg, LEG_ANSWER_US from now, or never if no answer is
 * due. Call it when a request goes out or an answer comes. An answer is due in every state
 * that waits for the venue, and from a live leg that must end at once (market, IOC, FOK).
 */
void leg_await(struct leg *l, int64_t now_us);
bool leg_awaits(const struct leg *l);
/*
 * The venue does not say what became of it: it is unknown from now on. True, once, when it
 * has been so for UNKNOWN_ALARM_US.
 */
bool leg_no_answer(const struct step *s, struct order *of, struct leg *l);
/* The venue says that it filled more than we have booked. */
bool leg_lacks_fills(const struct leg *l);
/* The venue is asked about it: sets when it is asked again, after a wait that doubles. */
void leg_asked(struct leg *l, int64_t now_us);

/* Names as they stand in the database; pinned by a test. ERR_INVALID: no such name. */
const char *leg_state_name(enum leg_state s);
const char *leg_status_name(enum leg_status s);
MUST_CHECK int leg_state_parse(const char *name, enum leg_state *out);
MUST_CHECK int leg_status_parse(const char *name, enum leg_status *out);
int leg_kind_index(enum leg_kind k);	/* 0..LEG_KINDS-1 */

#endif
