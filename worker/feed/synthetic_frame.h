/*
 * synthetic_frame.h - writes events of a made-up market as the text that Binance sends.
 */
#ifndef WORKER_FEED_SYNTHETIC_FRAME_H
#define WORKER_FEED_SYNTHETIC_FRAME_H

#include "common/buf.h"
#include "worker/feed/synthetic_market.h"

#define SYNTHETIC_LATENCY_US 5000	/* received so long after the exchange's time */

/* The market's peeked event as a frame into out (cleared first). */
void synthetic_frame_write(struct synthetic_market *m, struct buf *out);

/* The market's peeked TRADE as frame_decode would read it from its frame. */
void synthetic_frame_trade(struct synthetic_market *m, struct trade *out);

#endif
