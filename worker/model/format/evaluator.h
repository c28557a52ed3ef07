/*
 * evaluator.h - what a reader of model files hands over: a description, and what predicts.
 *
 * Each format ends in these structs, whatever its trees look like inside, so that the caller
 * (model.c) and the registry of models know no format.
 */
#ifndef WORKER_MODEL_FORMAT_EVALUATOR_H
#define WORKER_MODEL_FORMAT_EVALUATOR_H

#include <stdbool.h>
#include <stddef.h>

struct model_info {
	char format[24];	/* xgboost-json, xgboost-ubj, xgboost-binary, lightgbm-text */
	char objective[48];	/* as the file names it: binary:logistic, binary sigmoid:1 */
	char writer[32];	/* library and version that wrote it: "XGBoost 3.1.0"; "" unknown */
	char feature_list[32];	/* "features-1": as our training stores it; "" by others */
	size_t features;	/* columns it was trained on */
	size_t trees;		/* in the file; 0: it has none (a linear model) */
	size_t trees_used;	/* of these, the first so many predict */
	size_t outputs;		/* values per row, 1 for a bot's model */
	bool probability;	/* its objective gives a probability: a bot may use it */
	bool fast;		/* our own evaluator predicts, not libxgboost */
	bool reference;		/* libxgboost reads this file as its writer did */
};

/* Predicts one row with one output. */
struct evaluator {
	/* row: info.features values, NAN = missing. May be called from several threads. */
	float (*predict)(const void *ctx, const float *row);
	void (*free)(void *ctx);
	void *ctx;		/* NULL: there is none */
};

/* A model that has been read. Whoever fills one in gives away ctx and columns. */
struct model_read {
	struct model_info info;
	struct evaluator evaluator;
	char **columns;		/* names in the file, info.features and a NULL; NULL: it has none */
};

#endif
