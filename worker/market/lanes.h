/*
 * lanes.h - indicators of LANES neighbouring windows at once, for the batches of strategies.
 * Lane l is the window that begins l candles after the first.
 *
 * Each lane does the operations of indicator.h in the same order, so its result has the same
 * bits. The compiler turns the lanes into vector instructions. Vectors are passed by pointer,
 * because how they are passed by value depends on the processor.
 */
#ifndef WORKER_MARKET_LANES_H
#define WORKER_MARKET_LANES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define LANES 8
typedef double lanes __attribute__((vector_size(LANES * sizeof(double))));
typedef int64_t lanes_bits __attribute__((vector_size(LANES * sizeof(int64_t))));

/* Value 0 of each window: x[0] .. x[LANES - 1]. */
static inline void lanes_load(lanes *v, const double *x)
{
	memcpy(v, x, sizeof(*v));
}

/* The simple mean of the first "period" values of each window, as indicator_sma. */
static inline void lanes_mean(lanes *out, const double *x, size_t period)
{
	lanes sum = { 0 }, v;

	for (size_t i = 0; i < period; i++) {
		lanes_load(&v, x + period - 1 - i);
		sum += v;
	}
	*out = sum / (double)period;
}

/* Adds one more value to the exponential mean with factor k, as indicator_ema. */
static inline void lanes_follow(lanes *ema, double k, const double *x)
{
	lanes v;

	lanes_load(&v, x);
	*ema += k * (v - *ema);
}

/* Splits a step into its gain and its loss, of which one is 0, as indicator_rsi. */
static inline void lanes_steps(lanes *up, lanes *down, const double *x)
{
	lanes before, step, size;
	lanes_bits bits;

	lanes_load(&before, x - 1);
	lanes_load(&step, x);
	step -= before;
	memcpy(&bits, &step, sizeof(bits));
	bits &= INT64_MAX;
	memcpy(&size, &bits, sizeof(size));
	*up = (size + step) * 0.5;
	*down = (size - step) * 0.5;
}

#endif
