#include "worker/market/indicator.h"

#include <math.h>

static double sum_back(const double *x, size_t n, size_t period)
{
	double sum = 0;

	for (size_t i = 0; i < period; i++)
		sum += x[n - 1 - i];
	return sum;
}

double indicator_sma(const double *x, size_t n, size_t period)
{
	return sum_back(x, n, period) / (double)period;
}

double indicator_stddev(const double *x, size_t n, size_t period)
{
	double mean = indicator_sma(x, n, period);
	double sum = 0;

	for (size_t i = 0; i < period; i++) {
		double d = x[n - 1 - i] - mean;

		sum += d * d;
	}
	return sqrt(sum / (double)period);
}

/* Without a branch, because no processor can predict the sign of a price step. Both are exact. */
static double step_up(double step)
{
	return (fabs(step) + step) * 0.5;
}

static double step_down(double step)
{
	return (fabs(step) - step) * 0.5;
}

double indicator_rsi(const double *x, size_t n, size_t period)
{
	double keep = (double)(period - 1) / (double)period;
	double take = 1.0 / (double)period;
	double gain = 0, loss = 0;

	for (size_t i = 1; i <= period; i++) {
		double step = x[i] - x[i - 1];

		gain += step_up(step);
		loss += step_down(step);
	}
	gain *= take;
	loss *= take;
	for (size_t i = period + 1; i < n; i++) {
		double step = x[i] - x[i - 1];

		gain = gain * keep + step_up(step) * take;
		loss = loss * keep + step_down(step) * take;
	}
	return gain + loss > 0 ? 100.0 * (gain / (gain + loss)) : 50.0;
}

void indicator_ema(const double *x, size_t n, size_t period, double *out)
{
	double k = 2.0 / ((double)period + 1.0);

	out[period - 1] = indicator_sma(x, period, period);
	for (size_t i = period; i < n; i++)
		out[i] = out[i - 1] + k * (x[i] - out[i - 1]);
}

double indicator_momentum(const double *x, size_t n, size_t period)
{
	return x[n - 1] - x[n - 1 - period];
}
