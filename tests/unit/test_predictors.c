/* Models loaded in threads of their own: shared, refused, and given up. */
#include "worker/session/predictors.h"

#include "common/crypto.h"
#include "tests/unit/scratch.h"
#include "worker/market/features.h"
#include "worker/model/xgb.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define COLUMNS 53	/* of features-1 */
#define ROWS 40
#define MODELS 6	/* 1..6; 5 is not the registered file, 6 has no file */

static struct db *db;
static struct predictors *all;

static void set(BoosterHandle b, const char *name, const char *value)
{
	assert_int_equal(XGBoosterSetParam(b, name, value), 0);
}

/* A small model whose answers tell it apart: base_score is number / 10. */
static void train(int number)
{
	static float x[ROWS * COLUMNS], y[ROWS];
	DMatrixHandle rows = NULL;
	BoosterHandle b = NULL;
	char path[128], score[16];
	struct err e;

	for (int i = 0; i < ROWS * COLUMNS; i++)
		x[i] = (float)(i * 7 % 11);
	for (int i = 0; i < ROWS; i++)
		y[i] = (float)(i % 2);
	snprintf(score, sizeof(score), "%.1f", number / 10.0);
	snprintf(path, sizeof(path), "%s/m%d.json", scratch_folder, number);
	assert_int_equal(xgb_matrix_new(x, ROWS, COLUMNS, &rows, &e), 0);
	assert_int_equal(XGDMatrixSetFloatInfo(rows, "label", y, ROWS), 0);
	assert_int_equal(xgb_booster_new(rows, &b, &e), 0);
	set(b, "objective", "binary:logistic");
	set(b, "base_score", score);
	set(b, "tree_method", "hist");
	set(b, "min_child_weight", "1e9");
	assert_int_equal(XGBoosterUpdateOneIter(b, 0, rows), 0);
	assert_int_equal(XGBoosterSaveModel(b, path), 0);
	XGBoosterFree(b);
	XGDMatrixFree(rows);
}

static void add_row(int number)
{
	char sql[600], path[128], sha[SHA256_HEX_MAX] = "none";

	snprintf(path, sizeof(path), "%s/m%d.json", scratch_folder, number);
	if (number == MODELS)
		assert_int_equal(unlink(path), 0);
	else
		assert_int_equal(crypto_sha256_file(path, sha, NULL), 0);
	if (number == MODELS - 1)
		sha[0] ^= 1;
	snprintf(sql, sizeof(sql),
		 "INSERT INTO models(id, name, symbol, format, sha256, size_bytes,"
		 " path, features, origin, created_us, updated_us) VALUES (%d, 'm', 'BTCUSDT',"
		 " 'xgboost-json', '%s', 1, 'm%d.json', 'features-1', 'upload', 1, 1)",
		 number, sha, number);
	assert_int_equal(db_exec(db, sql, NULL), 0);
}

static int setup(void **state)
{
	if (scratch_setup(state) || db_open(scratch_path("app.db"), DB_WORKER, &db, NULL))
		return -1;
	for (int i = 1; i <= MODELS; i++) {
		train(i);
		add_row(i);
	}
	all = predictors_new(scratch_folder);
	return 0;
}

static int teardown(void **state)
{
	predictors_free(all);
	db_close(db);
	return scratch_teardown(state);
}

static void asks(const struct predictor *p, int number)
{
	float x[COLUMNS] = { 0 }, out = 0;

	assert_int_equal(p->model_id, number);
	assert_string_equal(p->features, "features-1");
	assert_int_equal(p->predict(p->ctx, x, COLUMNS, &out, NULL), 0);
	assert_true(fabsf(out - (float)number / 10) < 1e-3f);
}

/* As the loop does: turn after turn, until it is there. */
static int take(int number, struct predictor *p, struct err *e)
{
	int rc;

	while ((rc = predictors_take(all, db, number, false, p, e)) == ERR_BUSY)
		usleep(500);
	return rc;
}

static void shared(void **state)
{
	struct predictor p, q;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(predictors_take(all, db, 1, true, &p, &e), 0);
	asks(&p, 1);
	assert_int_equal(take(1, &q, &e), 0);
	assert_ptr_equal(p.ctx, q.ctx);
	assert_int_equal(take(2, &q, &e), 0);
	asks(&q, 2);
	predictors_drop(all, 1);
	asks(&p, 1);
	predictors_drop(all, 1);
	assert_int_equal(predictors_count(all), 1);
	predictors_drop(all, 1);
	predictors_drop(all, 0);
	asks(&q, 2);
	assert_int_equal(take(1, &p, &e), 0);
	asks(&p, 1);
}

static void refused(void **state)
{
	struct predictor p;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(take(5, &p, &e), ERR_CORRUPT);
	assert_non_null(strstr(e.msg, "model 5 (m)"));
	assert_non_null(strstr(e.msg, "sha256"));
	assert_int_equal(take(6, &p, &e), ERR_NOT_FOUND);
	assert_int_equal(take(7, &p, &e), ERR_NOT_FOUND);
	assert_non_null(strstr(e.msg, "not registered"));
	assert_int_equal(predictors_take(all, db, 5, true, &p, &e), ERR_CORRUPT);
	/* nothing of it stays: the right file is taken as soon as it is there */
	assert_int_equal(predictors_count(all), 0);
	assert_int_equal(db_exec(db, "UPDATE models SET status = 'retired' WHERE id = 1", NULL), 0);
	assert_int_equal(take(1, &p, &e), ERR_NOT_FOUND);
}

/* Begun for a bot that wants another one before it is there. */
static void changed_minds(void **state)
{
	const int64_t three[] = { 3 };
	struct predictor p;
	struct err e = { 0 };
	int rc;

	(void)state;
	for (int round = 0; round < 20; round++) {
		for (int i = 1; i <= 5; i++) {
			rc = predictors_take(all, db, i, false, &p, &e);
			if (rc == 0)
				predictors_drop(all, i);
		}
	}
	while (predictors_count(all) > 1) {
		predictors_sweep(all, three, 1);
		usleep(500);
	}
	assert_int_equal(take(3, &p, &e), 0);
	asks(&p, 3);
	predictors_sweep(all, NULL, 0);	/* in use: stays */
	asks(&p, 3);
	predictors_drop(all, 3);
	assert_int_equal(predictors_count(all), 0);
}

/* The worker ends while threads are at it. */
static void end_while_loading(void **state)
{
	struct predictor p;
	struct err e = { 0 };

	(void)state;
	for (int round = 0; round < 20; round++) {
		for (int i = 1; i <= MODELS; i++)
			if (predictors_take(all, db, i, false, &p, &e) == 0)
				asks(&p, i);
		predictors_free(all);
		all = predictors_new(scratch_folder);
	}
	predictors_free(NULL);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(shared),
		TEST(refused),
		TEST(changed_minds),
		TEST(end_while_loading),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
