/* A model's row: every column as it was given, and each file once. */
#include "common/registry/model_row.h"
#include "tests/unit/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#define NOW_US INT64_C(1723104000000000)

static const char SQL_ROW[] =
	"SELECT name || '|' || symbol || '|' || format || '|' || sha256 || '|' || size_bytes"
	" || '|' || path || '|' || features || '|' || feature_names || '|' || metrics || '|' ||"
	" origin || '|' || description || '|' || status || '|' || version || '|' || created_us"
	" || '|' || updated_us || '|' || objective || '|' || writer || '|' || trees || '|' ||"
	" trees_used || '|' || trial FROM models WHERE id = ?1";

static const struct model_new model = {
	.name = "One", .symbol = "BTCUSDT", .format = "xgboost-json", .sha256 = "ab12",
	.path = "models/ab12", .features = "features-1", .feature_names = "[\"a\"]",
	.metrics = "{\"auc\":0.5}", .origin = "upload", .description = "for a test",
	.objective = "binary:logistic", .writer = "XGBoost 3.1.0", .trial = "{\"zeros\":0.5}",
	.size_bytes = 77, .trees = 60, .trees_used = 41,
};

static struct err e;

/* As the role that has the least rights and must do it. */
static struct db *opened(void)
{
	struct db *db = NULL;

	memset(&e, 0, sizeof(e));
	if (db_open(scratch_path("app.db"), DB_API, &db, &e))
		fail_msg("%s", e.msg);
	return db;
}

static int64_t add(struct db *db, const struct model_new *m, int expected)
{
	int64_t id = 0;
	int rc;

	assert_int_equal(db_begin(db, &e), 0);
	rc = store_model_add_tx(db, m, NOW_US, &id, &e);
	assert_int_equal(db_end(db, rc, &e), expected);
	return id;
}

static void the_row_is_what_was_given(void **state)
{
	struct db *db = opened();
	struct stmt *s;

	(void)state;
	assert_int_equal(db_stmt(db, SQL_ROW, &s, &e), 0);
	stmt_bind_int(s, 1, add(db, &model, 0));
	assert_int_equal(stmt_step(s, &e), STMT_ROW);
	assert_string_equal(stmt_text(s, 0),
			    "One|BTCUSDT|xgboost-json|ab12|77|models/ab12|features-1|[\"a\"]|"
			    "{\"auc\":0.5}|upload|for a test|ready|1|1723104000000000|"
			    "1723104000000000|binary:logistic|XGBoost 3.1.0|60|41|{\"zeros\":0.5}");
	stmt_done(s);
	db_close(db);
}

/* A row of before says nothing of its file until the file comes again. */
static void a_row_of_before_is_explained(void **state)
{
	struct model_new old = model;
	struct db *db = opened();
	bool known = true;
	int64_t id;

	(void)state;
	old.objective = old.writer = "";
	old.trees = old.trees_used = 0;
	old.trial = "{}";
	id = add(db, &old, 0);
	assert_int_equal(store_model_explained(db, id, &known, &e), 0);
	assert_false(known);
	assert_int_equal(db_begin(db, &e), 0);
	assert_int_equal(store_model_explain_tx(db, &model, &e), 0);
	assert_int_equal(db_end(db, 0, &e), 0);
	assert_int_equal(store_model_explained(db, id, &known, &e), 0);
	assert_true(known);
	assert_int_equal(store_model_explained(db, id + 1, &known, &e), 0);
	assert_false(known);
	db_close(db);
}

static void each_file_once(void **state)
{
	struct model_new other = model;
	struct db *db = opened();
	int64_t id = -1, first, second;

	(void)state;
	assert_int_equal(store_model_by_hash(db, "ab12", &id, &e), 0);
	assert_int_equal(id, 0);
	first = add(db, &model, 0);
	other.sha256 = "cd34";
	second = add(db, &other, 0);
	assert_true(first > 0 && second > 0 && first != second);
	assert_int_equal(add(db, &model, ERR_CONFLICT), 0);
	assert_int_equal(store_model_by_hash(db, "ab12", &id, &e), 0);
	assert_int_equal(id, first);
	assert_int_equal(store_model_by_hash(db, "cd34", &id, &e), 0);
	assert_int_equal(id, second);
	db_close(db);
}

#define WITH_FOLDER(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FOLDER(the_row_is_what_was_given),
		WITH_FOLDER(each_file_once),
		WITH_FOLDER(a_row_of_before_is_explained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
