/*
 * metric.h - measures how good probabilities are, against labels 0 or 1.
 */
#ifndef WORKER_MODEL_TRAIN_METRIC_H
#define WORKER_MODEL_TRAIN_METRIC_H

#include <stddef.h>

/*
 * Area under the ROC curve: the share of (positive, negative) pairs in which the
 * positive has the higher probability, ties counting half; 0.5 without any pair.
 * By ranks, O(n log n). Source: James A. Hanley and Barbara J. McNeil, "The Meaning
 * and Use of the Area under a Receiver Operating Characteristic (ROC) Curve".
 */
double metric_auc(const float *p, const float *label, size_t n);

/* Mean of -log(p of the label), p kept within 1e-7 of 0 and 1; 0 for n = 0. */
double metric_log_loss(const float *p, const float *label, size_t n);

/* The largest probability that at least "rows" of the n rows reach. rows 0 counts as 1; n 0: 1. */
double metric_reached(const float *p, size_t n, size_t rows);

#endif
