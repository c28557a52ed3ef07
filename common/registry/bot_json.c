#include "common/registry/bot_json.h"

#include "common/registry/strategy_spec.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MINUTES_MAX 525600		/* a year */

/* ---- what all of them need ---- */

/* An error of a member: "minimal_roi.60". */
static bool refuse(struct field_errors *f, const char *key, const char *member, const char *what)
{
	char field[48];

	snprintf(field, sizeof(field), "%s.%s", key, member);
	field_error(f, field, "must be %s", what);
	return false;
}

static bool refuse_all(struct field_errors *f, const char *key, const struct bot_json *kind)
{
	field_error(f, key, "must be %s", kind->allowed);
	return false;
}

static bool is_number(const cJSON *v, double min, double max)
{
	return cJSON_IsNumber(v) && isfinite(v->valuedouble) && v->valuedouble >= min &&
	       v->valuedouble <= max;
}

static bool is_whole(const cJSON *v, double min, double max)
{
	return is_number(v, min, max) && v->valuedouble == floor(v->valuedouble);
}

/* ---- strategy_params: {"fast": 12, "slow": 26} ---- */

static bool param_place(const struct strategy_param *p, const cJSON *v, double *out)
{
	for (size_t i = 0; cJSON_IsString(v) && i <= (size_t)p->max; i++) {
		if (strcmp(v->valuestring, p->words[i]) == 0) {
			*out = (double)i;
			return true;
		}
	}
	return false;
}

static bool param_value(const struct strategy_param *p, const cJSON *v, double *out)
{
	switch (p->type) {
	case STRATEGY_INT:
		if (!is_whole(v, p->min, p->max))
			return false;
		*out = v->valuedouble;
		return true;
	case STRATEGY_REAL:
		if (!is_number(v, p->min, p->max))
			return false;
		*out = v->valuedouble;
		return true;
	case STRATEGY_BOOL:
		if (!cJSON_IsBool(v))
			return false;
		*out = cJSON_IsTrue(v);
		return true;
	case STRATEGY_WORD:
		return param_place(p, v, out);
	}
	return false;
}

static bool param_set(const struct strategy_spec *s, const cJSON *v, double *values,
		      struct field_errors *f)
{
	struct buf allowed = { 0 };
	size_t i = 0;
	bool ok = true;

	while (i < s->params_n && strcmp(s->params[i].name, v->string) != 0)
		i++;
	if (i == s->params_n) {
		char field[48];

		snprintf(field, sizeof(field), "strategy_params.%.24s", v->string);
		field_error(f, field, "is no parameter of strategy %s", s->name);
		return false;
	}
	if (cJSON_IsNull(v)) {
		values[i] = s->params[i].def;
	} else if (!param_value(&s->params[i], v, &values[i])) {
		strategy_param_allowed(&s->params[i], &allowed);
		ok = refuse(f, "strategy_params", v->string, buf_text(&allowed));
		buf_free(&allowed);
	}
	return ok;
}

static bool set_strategy_params(struct bot_config *c, const cJSON *v, struct field_errors *f)
{
	const struct strategy_spec *s = strategy_spec_find(c->strategy);
	double values[STRATEGY_PARAMS_MAX];
	const char *broken;
	const cJSON *m;
	bool ok = true;

	if (cJSON_IsNull(v)) {
		memset(c->strategy_params, 0, sizeof(c->strategy_params));
		if (s)
			strategy_params_default(s, c->strategy_params);
		return true;
	}
	if (!cJSON_IsObject(v) || !s)
		return refuse_all(f, "strategy_params", &bot_json_strategy_params);
	memcpy(values, c->strategy_params, sizeof(values));
	cJSON_ArrayForEach(m, v)
		ok = param_set(s, m, values, f) && ok;
	broken = ok && s->broken ? s->broken(values) : NULL;
	if (broken)
		field_error(f, "strategy_params", "can't be used: %s", broken);
	if (!ok || broken)
		return false;
	memcpy(c->strategy_params, values, sizeof(values));
	return true;
}

static void put_strategy_params(const struct bot_config *c, struct json *j, const char *key)
{
	const struct strategy_spec *s = strategy_spec_find(c->strategy);

	json_object(j, key);
	for (size_t i = 0; s && i < s->params_n; i++) {
		const struct strategy_param *p = &s->params[i];
		double v = c->strategy_params[i];

		switch (p->type) {
		case STRATEGY_INT: json_int(j, p->name, (int64_t)v); break;
		case STRATEGY_REAL: json_double(j, p->name, v); break;
		case STRATEGY_BOOL: json_bool(j, p->name, v > 0); break;
		case STRATEGY_WORD: json_string(j, p->name, strategy_param_word(p, v)); break;
		}
	}
	json_object_end(j);
}

int64_t bot_look_back(const struct bot_config *c)
{
	const struct strategy_spec *s = strategy_spec_find(c->strategy);

	return s ? (int64_t)s->look_back(c->strategy_params) : WARM_UP_CANDLES;
}

int64_t bot_look_back_of(const char *strategy, const char *params)
{
	const struct strategy_spec *s = strategy_spec_find(strategy);
	struct bot_config c = { 0 };
	cJSON *v = NULL;

	snprintf(c.strategy, sizeof(c.strategy), "%s", strategy);
	if (s)
		strategy_params_default(s, c.strategy_params);
	/* Of a row that can't be used the defaults remain. */
	if (json_read(params, strlen(params), &v, NULL) == 0)
		(void)set_strategy_params(&c, v, NULL);
	cJSON_Delete(v);
	return bot_look_back(&c);
}

const struct bot_json bot_json_strategy_params = {
	.allowed = "an object with parameters of the strategy, see STRATEGIES.md",
	.set = set_strategy_params, .put = put_strategy_params,
};

/* ---- trading_hours: {"days": ["mon"], "from": "08:00", "to": "22:00", "zone": "UTC"} ---- */

static const char *const DAYS[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };

static bool days_set(const cJSON *v, unsigned *out)
{
	unsigned days = 0;
	const cJSON *m;

	if (!cJSON_IsArray(v))
		return false;
	cJSON_ArrayForEach(m, v) {
		int i = 0;

		while (i < 7 && !(cJSON_IsString(m) && strcmp(m->valuestring, DAYS[i]) == 0))
			i++;
		if (i == 7)
			return false;
		days |= 1U << i;
	}
	*out = days;
	return days != 0;
}

/* "08:30"; "24:00" is the end of the day. */
static bool minute_set(const cJSON *v, int *out)
{
	const char *t = cJSON_IsString(v) ? v->valuestring : "";
	int minute;

	if (strlen(t) != 5 || strspn(t, "0123456789") != 2 || t[2] != ':' ||
	    strspn(t + 3, "0123456789") != 2)
		return false;
	minute = ((t[0] - '0') * 10 + t[1] - '0') * 60 + (t[3] - '0') * 10 + t[4] - '0';
	if (t[3] > '5' || minute > 1440)
		return false;
	*out = minute;
	return true;
}

static bool zone_set(struct trading_hours *h, const cJSON *v, const cJSON *rule,
		     struct field_errors *f)
{
	char found[HOURS_RULE_MAX];
	struct err e = { 0 };

	if (!cJSON_IsString(v) || strlen(v->valuestring) >= HOURS_ZONE_MAX)
		return refuse(f, "trading_hours", "zone", "UTC, an offset such as \"+02:00\", or a "
			      "zone's name");
	if (cJSON_IsString(rule) && strlen(rule->valuestring) < HOURS_RULE_MAX &&
	    trading_hours_rule_usable(rule->valuestring)) {
		snprintf(found, sizeof(found), "%s", rule->valuestring);
	} else if (rule && !cJSON_IsNull(rule)) {
		return refuse(f, "trading_hours", "rule", "a POSIX time zone such as "
			      "\"CET-1CEST,M3.5.0,M10.5.0/3\"");
	} else if (trading_hours_rule(v->valuestring, found, &e)) {
		field_error(f, "trading_hours.zone", "%s", e.msg);
		return false;
	}
	memcpy(h->rule, found, sizeof(found));
	snprintf(h->zone, sizeof(h->zone), "%s", v->valuestring);
	return true;
}

static bool hours_member(struct trading_hours *h, const cJSON *m, struct field_errors *f)
{
	const char *name = m->string;

	if (strcmp(name, "days") == 0) {
		if (cJSON_IsNull(m))
			h->days = HOURS_ALL_DAYS;
		else if (!days_set(m, &h->days))
			return refuse(f, "trading_hours", name,
				      "a list of mon, tue, wed, thu, fri, sat, sun");
	} else if (strcmp(name, "from") == 0) {
		if (cJSON_IsNull(m))
			h->from_min = 0;
		else if (!minute_set(m, &h->from_min) || h->from_min == 1440)
			return refuse(f, "trading_hours", name, "a time such as \"08:30\"");
	} else if (strcmp(name, "to") == 0) {
		if (cJSON_IsNull(m))
			h->to_min = 1440;
		else if (!minute_set(m, &h->to_min))
			return refuse(f, "trading_hours", name, "a time such as \"22:00\" or "
								"\"24:00\"");
	} else if (strcmp(name, "zone") != 0 && strcmp(name, "rule") != 0) {
		return refuse(f, "trading_hours", "*", "days, from, to, zone");
	}
	return true;
}

static bool set_trading_hours(struct bot_config *c, const cJSON *v, struct field_errors *f)
{
	struct trading_hours h = c->trading_hours;
	const cJSON *m, *zone = cJSON_GetObjectItemCaseSensitive(v, "zone");
	bool ok = true;

	if (cJSON_IsNull(v) || (cJSON_IsObject(v) && !v->child && !h.days)) {
		c->trading_hours = (struct trading_hours){ 0 };
		return true;
	}
	if (!cJSON_IsObject(v))
		return refuse_all(f, "trading_hours", &bot_json_trading_hours);
	if (!h.days)
		h = (struct trading_hours){ .days = HOURS_ALL_DAYS, .to_min = 1440, .zone = "UTC",
					    .rule = "UTC0" };
	cJSON_ArrayForEach(m, v)
		ok = hours_member(&h, m, f) && ok;
	if (ok && cJSON_IsNull(zone))
		h = (struct trading_hours){ .days = h.days, .from_min = h.from_min,
					    .to_min = h.to_min, .zone = "UTC", .rule = "UTC0" };
	else if (ok && zone)
		ok = zone_set(&h, zone, cJSON_GetObjectItemCaseSensitive(v, "rule"), f);
	if (ok)
		c->trading_hours = h;
	return ok;
}

static void put_minute(struct json *j, const char *key, int minute)
{
	char text[8];

	snprintf(text, sizeof(text), "%02d:%02d", minute / 60 % 100, minute % 60);
	json_string(j, key, text);
}

static void put_trading_hours(const struct bot_config *c, struct json *j, const char *key)
{
	const struct trading_hours *h = &c->trading_hours;

	json_object(j, key);
	if (h->days) {
		json_array(j, "days");
		for (int i = 0; i < 7; i++)
			if (h->days >> i & 1)
				json_string(j, NULL, DAYS[i]);
		json_array_end(j);
		put_minute(j, "from", h->from_min);
		put_minute(j, "to", h->to_min);
		json_string(j, "zone", h->zone);
		json_string(j, "rule", h->rule);
	}
	json_object_end(j);
}

const struct bot_json bot_json_trading_hours = {
	.allowed = "an object with days (a list of mon to sun), from and to (\"08:00\"), zone "
		   "(UTC, an "
		   "offset, a zone's name); {} always",
	.schema = "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
		  "\"days\":{\"type\":[\"array\",\"null\"],\"items\":{\"type\":\"string\",\"enum\":"
		  "[\"mon\",\"tue\",\"wed\",\"thu\",\"fri\",\"sat\",\"sun\"]}},"
		  "\"from\":{\"type\":[\"string\",\"null\"],"
		  "\"pattern\":\"^[0-2][0-9]:[0-5][0-9]$\"},"
		  "\"to\":{\"type\":[\"string\",\"null\"],\"pattern\":\"^[0-2][0-9]:[0-5][0-9]$\"},"
		  "\"zone\":{\"type\":[\"string\",\"null\"]},\"rule\":{\"type\":[\"string\","
		  "\"null\"]}}}",
	.set = set_trading_hours, .put = put_trading_hours,
};

/* ---- minimal_roi: {"0": 0.02, "60": 0.01, "240": 0} ---- */

/* Minutes of a member's name; -1: it is no number of minutes. */
static int64_t roi_minutes(const char *name)
{
	size_t n = strspn(name, "0123456789");
	long v;

	if (n == 0 || n > 6 || name[n] || (n > 1 && name[0] == '0'))
		return -1;
	v = strtol(name, NULL, 10);
	return v <= MINUTES_MAX ? v : -1;
}

static void roi_remove(struct minimal_roi *r, int64_t minutes)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->tiers[i].minutes == minutes) {
			memmove(&r->tiers[i], &r->tiers[i + 1],
				(r->n - i - 1) * sizeof(r->tiers[0]));
			r->n--;
			return;
		}
}

/* In the order of minutes. False: there are too many. */
static bool roi_add(struct minimal_roi *r, int64_t minutes, double ratio)
{
	size_t i = r->n;

	if (r->n == ROI_TIERS_MAX)
		return false;
	for (; i > 0 && r->tiers[i - 1].minutes > minutes; i--)
		r->tiers[i] = r->tiers[i - 1];
	r->tiers[i].minutes = minutes;
	r->tiers[i].ratio = ratio;
	r->n++;
	return true;
}

static bool set_minimal_roi(struct bot_config *c, const cJSON *v, struct field_errors *f)
{
	struct minimal_roi r = c->minimal_roi;
	const cJSON *m;

	if (cJSON_IsNull(v)) {
		c->minimal_roi = (struct minimal_roi){ 0 };
		return true;
	}
	if (!cJSON_IsObject(v))
		return refuse_all(f, "minimal_roi", &bot_json_minimal_roi);
	cJSON_ArrayForEach(m, v) {
		int64_t minutes = roi_minutes(m->string);

		if (minutes < 0 || (!cJSON_IsNull(m) && !is_number(m, 0, 10)))
			return refuse(f, "minimal_roi", m->string, "a fraction from 0 to 10, and "
								   "its "
				      "name whole minutes from 0 to 525600");
		roi_remove(&r, minutes);
		if (!cJSON_IsNull(m) && !roi_add(&r, minutes, m->valuedouble)) {
			field_error(f, "minimal_roi", "must have at most %d tiers", ROI_TIERS_MAX);
			return false;
		}
	}
	c->minimal_roi = r;
	return true;
}

static void put_minimal_roi(const struct bot_config *c, struct json *j, const char *key)
{
	char minutes[24];

	json_object(j, key);
	for (size_t i = 0; i < c->minimal_roi.n; i++) {
		snprintf(minutes, sizeof(minutes), "%lld",
			 (long long)c->minimal_roi.tiers[i].minutes);
		json_double(j, minutes, c->minimal_roi.tiers[i].ratio);
	}
	json_object_end(j);
}

const struct bot_json bot_json_minimal_roi = {
	.allowed = "an object of up to 8 tiers, each minutes since the entry and a fraction from "
		   "0 to 10: "
		   "{\"0\": 0.02, \"60\": 0.01}; {} none",
	.schema = "{\"type\":\"object\",\"maxProperties\":8,\"additionalProperties\":"
		  "{\"type\":[\"number\",\"null\"],\"minimum\":0,\"maximum\":10}}",
	.set = set_minimal_roi, .put = put_minimal_roi,
};

/* ---- position_adjustment: {"max_entries": 3, "at": 0.02, "size_factor": 1} ---- */

static bool adjustment_member(struct position_adjustment *a, const cJSON *m, struct field_errors *f)
{
	if (strcmp(m->string, "max_entries") == 0) {
		if (!is_whole(m, 2, 10))
			return refuse(f, "position_adjustment", m->string,
				      "a whole number from 2 to 10");
		a->max_entries = (int64_t)m->valuedouble;
	} else if (strcmp(m->string, "at") == 0) {
		if (!is_number(m, 0.0001, 0.9))
			return refuse(f, "position_adjustment", m->string,
				      "a fraction from 0.0001 to 0.9");
		a->at = m->valuedouble;
	} else if (strcmp(m->string, "size_factor") == 0) {
		if (!cJSON_IsNull(m) && !is_number(m, 0.1, 10))
			return refuse(f, "position_adjustment", m->string,
				      "a number from 0.1 to 10");
		a->size_factor = cJSON_IsNull(m) ? 1 : m->valuedouble;
	} else {
		return refuse(f, "position_adjustment", "*", "max_entries, at, size_factor");
	}
	return true;
}

static bool set_position_adjustment(struct bot_config *c, const cJSON *v, struct field_errors *f)
{
	struct position_adjustment a = c->position_adjustment;
	const cJSON *m;
	bool ok = true;

	if (cJSON_IsNull(v) || (cJSON_IsObject(v) && !v->child && !a.max_entries)) {
		c->position_adjustment = (struct position_adjustment){ 0 };
		return true;
	}
	if (!cJSON_IsObject(v))
		return refuse_all(f, "position_adjustment", &bot_json_position_adjustment);
	if (!a.max_entries)
		a.size_factor = 1;
	cJSON_ArrayForEach(m, v)
		ok = adjustment_member(&a, m, f) && ok;
	if (ok && (!a.max_entries || a.at <= 0))
		return refuse(f, "position_adjustment", "*", "max_entries and at, both");
	if (ok)
		c->position_adjustment = a;
	return ok;
}

static void put_position_adjustment(const struct bot_config *c, struct json *j, const char *key)
{
	const struct position_adjustment *a = &c->position_adjustment;

	json_object(j, key);
	if (a->max_entries) {
		json_int(j, "max_entries", a->max_entries);
		json_double(j, "at", a->at);
		json_double(j, "size_factor", a->size_factor);
	}
	json_object_end(j);
}

const struct bot_json bot_json_position_adjustment = {
	.allowed = "an object with max_entries (2 to 10), at (fraction below the average entry, "
		   "0.0001 to "
		   "0.9) and size_factor (0.1 to 10, of the first entry); {} none",
	.schema = "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
		  "\"max_entries\":{\"type\":\"integer\",\"minimum\":2,\"maximum\":10},"
		  "\"at\":{\"type\":\"number\",\"minimum\":0.0001,\"maximum\":0.9},"
		  "\"size_factor\":{\"type\":[\"number\",\"null\"],\"minimum\":0.1,"
		  "\"maximum\":10}}}",
	.set = set_position_adjustment, .put = put_position_adjustment,
};

/* ---- partial_targets: [{"at": 0.01, "share": 0.5}] ---- */

static bool targets_add(struct partial_targets *t, const cJSON *m)
{
	const cJSON *at = cJSON_GetObjectItemCaseSensitive(m, "at");
	const cJSON *share = cJSON_GetObjectItemCaseSensitive(m, "share");
	size_t i = t->n;

	if (!cJSON_IsObject(m) || cJSON_GetArraySize(m) != 2 || t->n == PARTIAL_TARGETS_MAX ||
	    !is_number(at, 0.000001, 10) || !is_number(share, 0.01, 1))
		return false;
	for (; i > 0 && t->list[i - 1].at > at->valuedouble; i--)
		t->list[i] = t->list[i - 1];
	t->list[i].at = at->valuedouble;
	t->list[i].share = share->valuedouble;
	t->n++;
	return true;
}

static bool set_partial_targets(struct bot_config *c, const cJSON *v, struct field_errors *f)
{
	struct partial_targets t = { 0 };
	double shares = 0;
	const cJSON *m;

	if (!cJSON_IsNull(v) && !cJSON_IsArray(v))
		return refuse_all(f, "partial_targets", &bot_json_partial_targets);
	cJSON_ArrayForEach(m, v)
		if (!targets_add(&t, m))
			return refuse_all(f, "partial_targets", &bot_json_partial_targets);
	for (size_t i = 0; i < t.n; i++)
		shares += t.list[i].share;
	if (shares > 1 + 1e-9) {
		field_error(f, "partial_targets", "have shares of %.6g together: at most "
						  "1", shares);
		return false;
	}
	c->partial_targets = t;
	return true;
}

static void put_partial_targets(const struct bot_config *c, struct json *j, const char *key)
{
	json_array(j, key);
	for (size_t i = 0; i < c->partial_targets.n; i++) {
		json_object(j, NULL);
		json_double(j, "at", c->partial_targets.list[i].at);
		json_double(j, "share", c->partial_targets.list[i].share);
		json_object_end(j);
	}
	json_array_end(j);
}

const struct bot_json bot_json_partial_targets = {
	.allowed = "a list of up to 8 objects with at (fraction of the entry price, to 10) and "
		   "share (of "
		   "the position, 0.01 to 1), shares of at most 1 together; [] none",
	.schema = "{\"type\":[\"array\",\"null\"],\"maxItems\":8,\"items\":{\"type\":\"object\","
		  "\"required\":[\"at\",\"share\"],\"additionalProperties\":false,\"properties\":{"
		  "\"at\":{\"type\":\"number\",\"minimum\":0.000001,\"maximum\":10},"
		  "\"share\":{\"type\":\"number\",\"minimum\":0.01,\"maximum\":1}}}}",
	.set = set_partial_targets, .put = put_partial_targets,
};
