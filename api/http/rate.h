/*
 * rate.h - limits how often one caller may ask: a token bucket per address and token.
 *
 * Allows "rate" requests/s and bursts of twice that. The table has a fixed size; when a row of
 * it is full, the caller that was silent longest is dropped, because its bucket is the one
 * that is most likely full again.
 */
#ifndef API_HTTP_RATE_H
#define API_HTTP_RATE_H

#include <stdbool.h>
#include <stdint.h>

struct rate;

struct rate *rate_new(int64_t per_s);	/* 0: everything may pass */
void rate_free(struct rate *r);
/* May this request pass? If not, *wait_s says after how many seconds the next may. */
bool rate_take(struct rate *r, const char *address, int64_t token_id, int64_t mono_us,
	       int64_t *wait_s);

#endif
