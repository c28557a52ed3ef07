#include "common/registry/bot_config.h"

#include "common/registry/quote_asset.h"

#include <ctype.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONFIRM_WIDE "confirm_wide"	/* a member of requests, no setting */
static void *field(struct bot_config *c, const struct bot_key *k)
{
	return (char *)c + k->offset;
}

static const void *const_field(const struct bot_config *c, const struct bot_key *k)
{
	return (const char *)c + k->offset;
}

static bool in_range(const struct bot_key *k, double v)
{
	return isfinite(v) && v >= k->min && v <= k->max;
}

/* "0.9%", "0.9 %": the nearest double of the fraction. */
static bool set_percent(const struct bot_key *k, const char *text, double *out)
{
	size_t whole = strspn(text, "0123456789"), n = whole;
	char number[48];
	double v;

	if (text[n] == '.')
		n += 1 + strspn(text + n + 1, "0123456789");
	if (!whole || text[n - 1] == '.' || n > 40 ||
	    (strcmp(text + n, "%") != 0 && strcmp(text + n, " %") != 0))
		return false;
	snprintf(number, sizeof(number), "%.*se-2", (int)n, text);
	v = strtod(number, NULL);
	if (!in_range(k, v))
		return false;
	*out = v;
	return true;
}

static bool set_number(const struct bot_key *k, const cJSON *v, double *out)
{
	if (!cJSON_IsNumber(v) || !in_range(k, v->valuedouble))
		return false;
	*out = v->valuedouble;
	return true;
}

static bool set_int(const struct bot_key *k, const cJSON *v, int64_t *out)
{
	double d;

	if (!set_number(k, v, &d) || d != floor(d))
		return false;
	*out = (int64_t)d;
	return true;
}

/* A number that is not the nearest double of 8 decimals has more of them. */
static bool set_money(const struct bot_key *k, const cJSON *v, struct money *out)
{
	struct money m;
	double stored;

	if (cJSON_IsString(v)) {
		if (money_parse(v->valuestring, &m))
			return false;
	} else if (!cJSON_IsNumber(v) || money_from_real(v->valuedouble, &m)) {
		return false;
	}
	/* A value that the database's column can't hold exactly would fail later. */
	if (money_to_real(m, &stored) || !in_range(k, stored) ||
	    (cJSON_IsNumber(v) && stored != v->valuedouble))
		return false;
	*out = m;
	return true;
}

static bool set_bool(const cJSON *v, bool *out)
{
	if (!cJSON_IsBool(v))
		return false;
	*out = cJSON_IsTrue(v);
	return true;
}

static bool is_graphic(const char *s)
{
	while (isgraph((unsigned char)*s))
		s++;
	return !*s;
}

static bool set_text(const struct bot_key *k, const cJSON *v, char *out)
{
	size_t len;

	if (!cJSON_IsString(v))
		return false;
	len = strlen(v->valuestring);
	if ((double)len < k->min || (double)len > k->max || !is_graphic(v->valuestring))
		return false;
	if (k->choices) {
		for (size_t i = 0; i < len; i++)
			if (!strchr(k->choices, toupper((unsigned char)v->valuestring[i])))
				return false;
		for (size_t i = 0; i < len; i++)
			out[i] = (char)toupper((unsigned char)v->valuestring[i]);
		out[len] = '\0';
	} else {
		snprintf(out, k->size, "%s", v->valuestring);
	}
	return true;
}

/* Several lines of visible characters and blanks, as PEM text is. */
static bool is_lines(const char *s)
{
	if (!strchr(s, '\n'))
		return false;
	while (isprint((unsigned char)*s) || *s == '\n' || *s == '\r')
		s++;
	return !*s;
}

static bool set_secret(const struct bot_key *k, const cJSON *v, bool *out)
{
	const char *text = cJSON_GetStringValue(v);

	if (!text || (double)strlen(text) > k->max ||
	    (!is_graphic(text) && !(k->choices && is_lines(text))))
		return false;
	if (strcmp(text, BOT_SECRET_MASK) != 0)
		*out = *text;
	return true;
}

static bool set_choice(const struct bot_key *k, const cJSON *v, char *out)
{
	if (!cJSON_IsString(v))
		return false;
	for (const char *p = k->choices; *p; p += *p == '|') {
		size_t n = strcspn(p, "|");

		if (n == strlen(v->valuestring) && strncmp(p, v->valuestring, n) == 0) {
			snprintf(out, k->size, "%s", v->valuestring);
			return true;
		}
		p += n;
	}
	return false;
}

static bool set_any(const struct bot_key *k, const cJSON *v, void *out)
{
	switch (k->type) {
	case BOT_TEXT: return set_text(k, v, out);
	case BOT_INT: return set_int(k, v, out);
	case BOT_REAL:
		return bot_key_fraction(k) && cJSON_IsString(v) ?
		       set_percent(k, v->valuestring, out) : set_number(k, v, out);
	case BOT_MONEY: return set_money(k, v, out);
	case BOT_BOOL: return set_bool(v, out);
	case BOT_SECRET: return set_secret(k, v, out);
	case BOT_CHOICE: return set_choice(k, v, out);
	case BOT_JSON: break; /* its own function says what is wrong with which member */
	}
	return false;
}

/* Applies one member; false, with a field error, when it can't be applied. */
static bool apply_member(struct bot_config *c, const cJSON *v, struct field_errors *f)
{
	const struct bot_key *k = bot_key_find(v->string);
	struct buf allowed = { 0 };

	if (!k) {
		field_error(f, v->string, "is not a key of a bot's configuration");
		return false;
	}
	if (k->type == BOT_JSON)
		return k->json->set(c, v, f);
	if (set_any(k, v, field(c, k)))
		return true;
	bot_key_allowed(k, &allowed);
	field_error(f, k->name, "must be %s", buf_text(&allowed));
	buf_free(&allowed);
	return false;
}

const char *bot_config_source(const struct bot_config *c, const char *market_data,
			      char out[MARKET_SOURCE_MAX])
{
	bool demo = strcmp(c->socket_type, "demo") == 0;

	if (!c->live)
		return market_source(market_data, bot_config_futures(c), out);
	snprintf(out, MARKET_SOURCE_MAX, "%s%s", c->exchange,
		 c->testnet ? "_testnet" : demo ? "_demo" : "");
	return out;
}

int64_t bot_config_account(const struct bot_config *c)
{
	return c->live ? c->account_id : 0;
}

bool bot_config_futures(const struct bot_config *c)
{
	return strcmp(c->exchange, "binance_futures") == 0;
}

/* As freqtrade has it: the offset is where the nearer stop begins, so it lies above it. */
static bool check_trailing(const struct bot_config *c, struct field_errors *f)
{
	double offset = c->trailing_stop_positive_offset;

	if (!c->trailing_stop)
		return true;
	if (offset > 0 && offset <= c->trailing_stop_positive) {
		field_error(f, "trailing_stop_positive_offset", "must be more than "
			    "trailing_stop_positive: the stop would lie below the entry when it "
			    "begins");
		return false;
	}
	if (c->trailing_only_offset_is_reached && offset <= 0) {
		field_error(f, "trailing_stop_positive_offset", "must be more than 0 with "
			    "trailing_only_offset_is_reached");
		return false;
	}
	return true;
}

static bool check_live(const struct bot_config *c, struct field_errors *f)
{
	if (!c->live)
		return true;
	if (!c->account_id)
		field_error(f, "account_id", "must name the account that a live bot trades");
	if (money_sign(c->allocation) <= 0)
		field_error(f, "allocation", "must say what a live bot may use of its account");
	return c->account_id && money_sign(c->allocation) > 0;
}

static bool check_together(const struct bot_config *c, struct field_errors *f)
{
	if (!check_trailing(c, f) || !check_live(c, f))
		return false;
	if (bot_config_futures(c))
		return true;
	if (strcmp(c->side_mode, "long") != 0)
		field_error(f, "side_mode", "\"%s\" needs exchange \"binance_futures\": a spot "
			    "account can't sell what it doesn't have", c->side_mode);
	if (c->leverage > 1)
		field_error(f, "leverage", "must be 1 unless exchange is \"binance_futures\"");
	return strcmp(c->side_mode, "long") == 0 && c->leverage <= 1;
}

/* A stop of 0.5 must be confirmed, because somebody who writes 0.5 may mean half a percent. */
static bool check_wide(const struct bot_config *old, const struct bot_config *c,
		       struct field_errors *f)
{
	bool ok = true;

	for (size_t i = 0; i < bot_keys_count; i++) {
		const struct bot_key *k = &bot_keys[i];
		double now, before;

		if (!bot_key_fraction(k))
			continue;
		now = *(const double *)const_field(c, k);
		before = *(const double *)const_field(old, k);
		if (now <= BOT_WIDE || now == before)
			continue;
		field_error(f, k->name, "of %.10g is %.10g %% of the entry price; over %g %% it "
			    "needs \"confirm_wide\": true (did you mean %.10g, which is %.10g %%?)",
			    now, now * 100, BOT_WIDE * 100, now / 100, now);
		ok = false;
	}
	return ok;
}

static bool is_json(const cJSON *member)
{
	const struct bot_key *k = bot_key_find(member->string);

	return k && k->type == BOT_JSON;
}

static void json_default(struct bot_config *c, const char *name, struct field_errors *f)
{
	const cJSON none = { .type = cJSON_NULL };

	ASSERT(bot_key_find(name)->json->set(c, &none, f));
}

/* Objects and lists come last: what they take may depend on the others. */
static bool apply_members(struct bot_config *c, const cJSON *patch, bool *confirmed,
			  struct field_errors *f)
{
	char strategy[STRATEGY_NAME_MAX];
	const cJSON *m;
	bool ok = true;

	memcpy(strategy, c->strategy, sizeof(strategy));
	cJSON_ArrayForEach(m, patch) {
		if (strcmp(m->string, CONFIRM_WIDE) == 0 && cJSON_IsBool(m)) {
			*confirmed = *confirmed || cJSON_IsTrue(m);
		} else if (strcmp(m->string, CONFIRM_WIDE) == 0) {
			field_error(f, CONFIRM_WIDE, "must be true or false");
			ok = false;
		} else if (!is_json(m)) {
			ok = apply_member(c, m, f) && ok;
		}
	}
	if (strcmp(strategy, c->strategy) != 0)
		json_default(c, "strategy_params", f);
	cJSON_ArrayForEach(m, patch)
		if (is_json(m))
			ok = apply_member(c, m, f) && ok;
	return ok;
}

static int apply(struct bot_config *c, const cJSON *patch, bool stored, struct field_errors *f)
{
	struct bot_config fresh = *c;
	bool ok = cJSON_IsObject(patch), confirmed = stored;

	if (!ok)
		field_error(f, "body", "must be a JSON object");
	else
		ok = apply_members(&fresh, patch, &confirmed, f);
	if (ok && !stored && !c->minimal_roi.n && fresh.minimal_roi.n &&
	    !cJSON_HasObjectItem(patch, "profit_target_pct"))
		fresh.profit_target_pct = 0;
	ok = ok && check_together(&fresh, f);
	ok = (confirmed || check_wide(c, &fresh, f)) && ok;
	if (ok)
		*c = fresh;
	return ok ? 0 : ERR_INVALID;
}

int bot_config_apply(struct bot_config *c, const cJSON *patch, struct field_errors *f)
{
	return apply(c, patch, false, f);
}

int bot_config_read(struct bot_config *c, const cJSON *patch, struct field_errors *f)
{
	return apply(c, patch, true, f);
}

/*
 * Writes the meaning of a fraction of the entry price for a person: "0.9 % = 1.80 USDT", for
 * one entry of capital_per_trade (times leverage on futures). quote: "" when not known.
 */
static const char *fraction_text(const struct bot_config *c, const struct bot_key *k,
				 const char *quote, char text[BOT_FRACTION_TEXT_MAX])
{
	double fraction = *(const double *)const_field(c, k);
	double amount = money_double(c->capital_per_trade) * fraction *
			(bot_config_futures(c) ? c->leverage : 1);

	snprintf(text, BOT_FRACTION_TEXT_MAX, "%.10g %% = %.*f%s%s", fraction * 100,
		 amount >= 0.1 ? 2 : 8, amount, *quote ? " " : "", quote);
	return text;
}

const char *bot_exits_text(const struct bot_config *c, const char *quote,
			   char text[BOT_EXITS_TEXT_MAX])
{
	char target[BOT_FRACTION_TEXT_MAX], stop[BOT_FRACTION_TEXT_MAX];

	snprintf(text, BOT_EXITS_TEXT_MAX, "target %s, stop %s",
		 fraction_text(c, bot_key_find("profit_target_pct"), quote, target),
		 fraction_text(c, bot_key_find("stop_loss_pct"), quote, stop));
	return text;
}

void bot_config_meaning(const struct bot_config *c, const char *quote, struct json *j)
{
	char text[BOT_FRACTION_TEXT_MAX];

	for (size_t i = 0; i < bot_keys_count; i++)
		if (bot_key_fraction(&bot_keys[i]))
			json_string(j, bot_keys[i].name,
				    fraction_text(c, &bot_keys[i], quote, text));
}

int bot_config_parse(const char *stored, struct bot_config *out)
{
	struct field_errors *f = xcalloc(1, sizeof(*f));
	cJSON *root = NULL;
	int rc = json_read(stored, strlen(stored), &root, NULL);

	bot_config_defaults(out);
	if (rc == 0)
		rc = bot_config_read(out, root, f);
	cJSON_Delete(root);
	free(f);
	return rc ? ERR_INVALID : 0;
}

bool bot_config_fraction(const struct bot_config *c, const char *name,
			 char text[BOT_FRACTION_TEXT_MAX])
{
	const struct bot_key *k = bot_key_find(name);
	const char *quote = quote_asset_of(c->symbol);

	if (!k || !bot_key_fraction(k))
		return false;
	(void)fraction_text(c, k, quote ? quote : "", text);
	return true;
}

void bot_config_meaning_json(struct json *j, const char *key, const char *stored)
{
	char text[BOT_FRACTION_TEXT_MAX];
	struct bot_config c;
	cJSON *root = NULL;
	const cJSON *m;

	if (!stored || bot_config_parse(stored, &c) ||
	    json_read(stored, strlen(stored), &root, NULL)) {
		json_null(j, key);
		return;
	}
	json_object(j, key);
	cJSON_ArrayForEach(m, root)
		if (bot_config_fraction(&c, m->string, text))
			json_string(j, m->string, text);
	json_object_end(j);
	cJSON_Delete(root);
}

/* Leverage of a spot account is 1, whatever the row says. */
static bool leverage_moves(const struct bot_config *a, const struct bot_config *b)
{
	return bot_config_futures(a) && bot_config_futures(b) && a->leverage != b->leverage;
}

/* Is the market of another source? Then "moves" says of which. */
static bool source_moves(const struct bot_config *a, const struct bot_config *b,
			 char from[MARKET_SOURCE_MAX], char to[MARKET_SOURCE_MAX])
{
	return strcmp(bot_config_source(a, "paper", from), bot_config_source(b, "paper", to)) != 0;
}

bool bot_config_moves(const struct bot_config *a, const struct bot_config *b)
{
	char from[MARKET_SOURCE_MAX], to[MARKET_SOURCE_MAX];

	return strcmp(a->symbol, b->symbol) != 0 || source_moves(a, b, from, to) ||
	       bot_config_account(a) != bot_config_account(b) || leverage_moves(a, b);
}

const char *bot_config_move_text(const struct bot_config *a, const struct bot_config *b,
				 char text[BOT_CONFIG_MOVE_MAX])
{
	char from[MARKET_SOURCE_MAX], to[MARKET_SOURCE_MAX];
	size_t n = 0;

	text[0] = '\0';
	if (strcmp(a->symbol, b->symbol) != 0)
		n += (size_t)snprintf(text + n, BOT_CONFIG_MOVE_MAX - n, ", symbol %s -> %s",
				      a->symbol, b->symbol);
	if (strcmp(a->exchange, b->exchange) != 0)
		n += (size_t)snprintf(text + n, BOT_CONFIG_MOVE_MAX - n, ", exchange %s -> %s",
				      a->exchange, b->exchange);
	else if (source_moves(a, b, from, to))
		n += (size_t)snprintf(text + n, BOT_CONFIG_MOVE_MAX - n, ", market %s -> %s",
				      from, to);
	if (bot_config_account(a) != bot_config_account(b))
		n += (size_t)snprintf(text + n, BOT_CONFIG_MOVE_MAX - n, ", account %lld -> %lld",
				      (long long)bot_config_account(a),
				      (long long)bot_config_account(b));
	if (leverage_moves(a, b))
		n += (size_t)snprintf(text + n, BOT_CONFIG_MOVE_MAX - n, ", leverage %g -> %g",
				      a->leverage, b->leverage);
	memmove(text, text + (n ? 2 : 0), n ? n - 1 : 1);
	return text;
}

void bot_config_hold(const struct bot_config *a, const struct bot_config *b,
		     struct bot_config *out)
{
	struct bot_config c = *b;

	c.version = a->version;
	memcpy(c.symbol, a->symbol, sizeof(c.symbol));
	memcpy(c.exchange, a->exchange, sizeof(c.exchange));
	c.leverage = a->leverage;
	c.live = a->live;
	c.testnet = a->testnet;
	memcpy(c.socket_type, a->socket_type, sizeof(c.socket_type));
	c.account_id = a->account_id;
	if (bot_config_futures(a) != bot_config_futures(b))
		memcpy(c.side_mode, a->side_mode, sizeof(c.side_mode));
	*out = c;
}

void bot_config_defaults(struct bot_config *c)
{
	memset(c, 0, sizeof(*c));
	for (size_t i = 0; i < bot_keys_count; i++) {
		const struct bot_key *k = &bot_keys[i];
		cJSON *v = NULL;

		if (k->type == BOT_JSON) {
			json_default(c, k->name, NULL);
			continue;
		}
		ASSERT(!json_read(k->def, strlen(k->def), &v, NULL));
		ASSERT(set_any(k, v, field(c, k)));
		cJSON_Delete(v);
	}
}

void bot_key_json_text(const struct bot_config *c, const struct bot_key *k, struct buf *text)
{
	struct json j = { .out = text };

	k->json->put(c, &j, NULL);
}

/* Is another secret given than the stored one's mask, or none where there is none? */
static bool secret_given(const struct bot_config *a, const struct bot_key *k, const cJSON *v)
{
	const char *text = cJSON_IsString(v) ? v->valuestring : "";

	return strcmp(text, BOT_SECRET_MASK) != 0 &&
	       (*text || *(const bool *)const_field(a, k));
}

const char *bot_config_needs_admin(const struct bot_config *a, const struct bot_config *b,
				   const cJSON *patch)
{
	const cJSON *m;

	cJSON_ArrayForEach(m, patch) {
		const struct bot_key *k = bot_key_find(m->string);

		if (!k || !k->admin)
			continue;
		if (k->type == BOT_SECRET ? secret_given(a, k, m) :
		    memcmp(const_field(a, k), const_field(b, k), k->size) != 0)
			return k->name;
	}
	return NULL;
}

void bot_config_json(const struct bot_config *c, struct json *j)
{
	for (size_t i = 0; i < bot_keys_count; i++) {
		const struct bot_key *k = &bot_keys[i];
		const void *v = const_field(c, k);

		switch (k->type) {
		case BOT_TEXT:
		case BOT_CHOICE:
			json_string(j, k->name, v);
			break;
		case BOT_INT:
			json_int(j, k->name, *(const int64_t *)v);
			break;
		case BOT_REAL:
			json_double(j, k->name, *(const double *)v);
			break;
		case BOT_MONEY:
			json_money(j, k->name, *(const struct money *)v);
			break;
		case BOT_BOOL:
			json_bool(j, k->name, *(const bool *)v);
			break;
		case BOT_JSON:
			k->json->put(c, j, k->name);
			break;
		case BOT_SECRET:
			json_string(j, k->name, *(const bool *)v ? BOT_SECRET_MASK : "");
			break;
		}
	}
}
