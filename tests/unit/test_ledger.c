/* The books: what balances, what is refused, what is reported. */
#include "tests/unit/sim_world.h"

#include <sys/wait.h>
#include <unistd.h>

#include "worker/venue/sim/ledger.h"

struct books {
	struct ledger ledger;
	struct ledger_book book;
	struct sim_store store;
	struct world w;
};

static int setup(void **state)
{
	struct books *b = xcalloc(1, sizeof(*b));

	b->store = (struct sim_store){ .ctx = &b->w, .ledger = world_ledger,
				       .balance = world_balance };
	b->ledger = (struct ledger){ .store = &b->store, .next_entry = 7 };
	ledger_book_init(&b->book, 3, 2, "BTC", "USDT");
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct books *b = *state;

	free(b->w.rows);
	free(b);
	return 0;
}

static void deposit(struct books *b, int64_t amount)
{
	struct ledger_entry en;

	ledger_begin(&en, LEDGER_DEPOSIT, "", T0);
	ledger_move(&en, LEDGER_QUOTE, LEDGER_CAPITAL, LEDGER_FREE, amount);
	ledger_commit(&b->ledger, &b->book, &en);
}

static void rows_of_an_entry(void **state)
{
	struct books *b = *state;

	deposit(b, 500);
	assert_int_equal(b->w.rows_n, 2);
	assert_int_equal(b->w.rows[0].account, LEDGER_CAPITAL);
	assert_int_equal(b->w.rows[0].amount_e8, -500);
	assert_int_equal(b->w.rows[1].account, LEDGER_FREE);
	assert_int_equal(b->w.rows[1].amount_e8, 500);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(b->w.rows[i].entry_id, 7);
		assert_int_equal(b->w.rows[i].bot_id, 3);
		assert_int_equal(b->w.rows[i].epoch, 2);
		assert_int_equal(b->w.rows[i].kind, LEDGER_DEPOSIT);
		assert_string_equal(b->w.rows[i].asset, "USDT");
		assert_int_equal(b->w.rows[i].at_us, T0);
	}
	assert_int_equal(b->ledger.next_entry, 8);
	assert_int_equal(ledger_sum(&b->book, LEDGER_QUOTE), 0);
	assert_int_equal(world_sum(&b->w, 3, LEDGER_FREE, "USDT"), 500);
}

static void both_assets_in_one_entry(void **state)
{
	struct books *b = *state;
	struct ledger_entry en;

	deposit(b, 500);
	ledger_begin(&en, LEDGER_FILL, "tb1-3-1-e-1", T0 + 1);
	ledger_move(&en, LEDGER_QUOTE, LEDGER_FREE, LEDGER_MARKET, 300);
	ledger_move(&en, LEDGER_BASE, LEDGER_MARKET, LEDGER_FREE, 20);
	ledger_commit(&b->ledger, &b->book, &en);
	assert_int_equal(b->w.rows_n, 6);
	assert_string_equal(b->w.rows[2].asset, "BTC");
	assert_string_equal(b->w.rows[2].client_order_id, "tb1-3-1-e-1");
	assert_int_equal(world_sum(&b->w, 3, LEDGER_FREE, "USDT"), 200);
	assert_int_equal(world_sum(&b->w, 3, LEDGER_FREE, "BTC"), 20);
	assert_int_equal(world_sum(&b->w, 3, LEDGER_MARKET, "BTC"), -20);
}

static void nothing_uses_no_number(void **state)
{
	struct books *b = *state;
	struct ledger_entry en;

	ledger_begin(&en, LEDGER_FEE, "", T0);
	ledger_move(&en, LEDGER_QUOTE, LEDGER_FREE, LEDGER_FEES, 0);
	ledger_move(&en, LEDGER_QUOTE, LEDGER_FREE, LEDGER_FEES, 5);
	ledger_move(&en, LEDGER_QUOTE, LEDGER_FREE, LEDGER_FEES, -5);
	ledger_commit(&b->ledger, &b->book, &en);
	assert_int_equal(b->w.rows_n, 0);
	assert_int_equal(b->ledger.next_entry, 7);
}

static void one_sided(struct books *b)
{
	struct ledger_entry en;

	ledger_begin(&en, LEDGER_DEPOSIT, "", T0);
	ledger_add(&en, LEDGER_QUOTE, LEDGER_FREE, 5);
	ledger_commit(&b->ledger, &b->book, &en);
}

static void across_assets(struct books *b)
{
	struct ledger_entry en;

	ledger_begin(&en, LEDGER_FILL, "", T0);
	ledger_add(&en, LEDGER_QUOTE, LEDGER_MARKET, -5);
	ledger_add(&en, LEDGER_BASE, LEDGER_FREE, 5);
	ledger_commit(&b->ledger, &b->book, &en);
}

static void overdrawn(struct books *b, enum ledger_account from)
{
	struct ledger_entry en;

	deposit(b, 5);
	ledger_begin(&en, LEDGER_FEE, "", T0);
	ledger_move(&en, LEDGER_QUOTE, from, LEDGER_FEES, 6);
	ledger_commit(&b->ledger, &b->book, &en);
}

static void overdrawn_free(struct books *b) { overdrawn(b, LEDGER_FREE); }
static void overdrawn_reserved(struct books *b) { overdrawn(b, LEDGER_RESERVED); }
static void overdrawn_margin(struct books *b) { overdrawn(b, LEDGER_MARGIN); }

static void overflow(struct books *b)
{
	deposit(b, INT64_MAX);
	deposit(b, 1);
}

static void same_assets(struct books *b)
{
	ledger_book_init(&b->book, 1, 1, "BTC", "BTC");
}

/* What would be a wrong booking stops the program before anything is written. */
static void bugs_abort(void **state)
{
	void (*const bug[])(struct books *) = { one_sided, across_assets, overdrawn_free,
		overdrawn_reserved, overdrawn_margin, overflow, same_assets };

	for (size_t i = 0; i < sizeof(bug) / sizeof(bug[0]); i++) {
		pid_t pid = fork();
		int status;

		assert_true(pid >= 0);
		if (pid == 0) {
			signal(SIGABRT, SIG_DFL);
			if (!freopen("/dev/null", "w", stderr))
				_exit(2);
			bug[i](*state);
			_exit(0);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), SIGABRT);
	}
}

/* These reach the database: a change needs a migration. */
static void names_are_pinned(void **state)
{
	static const char *const accounts[] = { "capital", "free", "reserved", "margin", "fees",
		"market", "funding", "pnl" };
	static const char *const kinds[] = { "deposit", "reserve", "release", "fill", "fee",
		"funding", "liquidation", "reset" };
	static const char *const stages[] = { "travelling", "resting", "cancelling" };

	(void)state;
	for (size_t i = 0; i < LEDGER_ACCOUNTS; i++) {
		enum ledger_account a;

		assert_string_equal(ledger_account_name((enum ledger_account)i), accounts[i]);
		assert_int_equal(ledger_account_parse(accounts[i], &a), 0);
		assert_int_equal(a, i);
	}
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		assert_string_equal(ledger_kind_name((enum ledger_kind)i), kinds[i]);
	for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++) {
		enum sim_stage s;

		assert_string_equal(sim_stage_name((enum sim_stage)i), stages[i]);
		assert_int_equal(sim_stage_parse(stages[i], &s), 0);
		assert_int_equal(s, i);
	}
	assert_int_equal(ledger_account_parse("frei", &(enum ledger_account){ 0 }), ERR_INVALID);
	assert_int_equal(sim_stage_parse("", &(enum sim_stage){ 0 }), ERR_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(rows_of_an_entry, setup, teardown),
		cmocka_unit_test_setup_teardown(both_assets_in_one_entry, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_uses_no_number, setup, teardown),
		cmocka_unit_test_setup_teardown(bugs_abort, setup, teardown),
		cmocka_unit_test(names_are_pinned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
