#include "worker/model/train/metric.h"

#include "common/err.h"

#include <math.h>
#include <stdlib.h>

#define P_MIN 1e-7

struct scored {
	float p, label;
};

static int scored_order(const void *a, const void *b)
{
	const struct scored *x = a, *y = b;

	return (x->p > y->p) - (x->p < y->p);
}

double metric_auc(const float *p, const float *label, size_t n)
{
	struct scored *s = xcalloc(n, sizeof(*s));
	double won = 0, positives = 0, negatives = 0;

	for (size_t i = 0; i < n; i++)
		s[i] = (struct scored){ p[i], label[i] };
	qsort(s, n, sizeof(*s), scored_order);
	for (size_t i = 0, end; i < n; i = end) {
		double here_positives = 0, here_negatives = 0;

		for (end = i; end < n && !(s[end].p > s[i].p); end++) {
			here_positives += s[end].label > 0;
			here_negatives += !(s[end].label > 0);
		}
		won += here_positives * (negatives + here_negatives / 2);
		positives += here_positives;
		negatives += here_negatives;
	}
	free(s);
	return positives > 0 && negatives > 0 ? won / (positives * negatives) : 0.5;
}

double metric_log_loss(const float *p, const float *label, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++) {
		double right = label[i] > 0 ? (double)p[i] : 1.0 - (double)p[i];

		sum -= log(fmin(fmax(right, P_MIN), 1 - P_MIN));
	}
	return n ? sum / (double)n : 0;
}

static int float_order(const void *a, const void *b)
{
	const float *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

double metric_reached(const float *p, size_t n, size_t rows)
{
	float *sorted = xcalloc(n, sizeof(*sorted));
	double reached;

	for (size_t i = 0; i < n; i++)
		sorted[i] = p[i];
	qsort(sorted, n, sizeof(*sorted), float_order);
	reached = n ? (double)sorted[n - (rows ? rows : 1)] : 1;
	free(sorted);
	return reached;
}
