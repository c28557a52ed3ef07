/* Schemas of what a request may hold: parameters, bodies, a bot's settings. */
#include "api/openapi/schema.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define ADMIN_HELP " Only an admin may change it."
#define SECRET_HELP \
	" Shown as ******** when set and as an empty text when not; ******** leaves it as it is."

static void put_range(struct json *j, double min, double max)
{
	json_double(j, "minimum", min);
	json_double(j, "maximum", max);
}

static void put_lengths(struct json *j, double min, double max)
{
	if (min > 0)
		json_double(j, "minLength", min);
	json_double(j, "maxLength", max);
}

static void put_format(struct json *j, const char *format)
{
	json_object(j, NULL);
	json_string(j, "format", format);
	json_object_end(j);
}

void openapi_param_schema(struct json *j, const char *key, const struct param *p)
{
	json_object(j, key);
	switch (p->type) {
	case PARAM_TEXT:
		openapi_put_type(j, "string", p->nullable);
		put_lengths(j, p->min, p->max);
		break;
	case PARAM_INT:
		openapi_put_type(j, "integer", p->nullable);
		put_range(j, p->min, p->max);
		break;
	case PARAM_NUMBER:
	case PARAM_AMOUNT:
		openapi_put_type(j, "number", p->nullable);
		put_range(j, p->min, p->max);
		break;
	case PARAM_BOOL:
		openapi_put_type(j, "boolean", p->nullable);
		break;
	case PARAM_TIME:
		openapi_put_type(j, "string", p->nullable);
		json_array(j, "anyOf");
		put_format(j, "date-time");
		put_format(j, "date");
		json_array_end(j);
		break;
	case PARAM_DAY:
		openapi_put_type(j, "string", p->nullable);
		json_string(j, "format", "date");
		break;
	case PARAM_CHOICE:
		openapi_put_choices(j, p->choices, p->nullable);
		break;
	case PARAM_OBJECT:
		if (!strcmp(p->name, "config")) {
			json_string(j, "$ref", "#/components/schemas/BotConfigChange");
			break;
		}
		openapi_put_type(j, "object", p->nullable);
		if (p->holds)
			json_raw(j, "additionalProperties", p->holds);
		break;
	case PARAM_LIST:
		openapi_put_type(j, "array", p->nullable);
		json_raw(j, "items", p->holds ? p->holds : "{}");
		break;
	case PARAM_FILE:
		openapi_put_type(j, "string", p->nullable);
		json_string(j, "format", "binary");
		json_string(j, "contentMediaType", "application/octet-stream");
		break;
	}
	json_string(j, "description", p->help);
	json_object_end(j);
}

void openapi_body_schema(struct json *j, const char *key, const struct param *list)
{
	json_object(j, key);
	json_string(j, "type", "object");
	json_object(j, "properties");
	for (const struct param *p = list; p && p->name; p++)
		openapi_param_schema(j, p->name, p);
	json_object_end(j);
	json_array(j, "required");
	for (const struct param *p = list; p && p->name; p++) {
		if (p->required)
			json_string(j, NULL, p->name);
	}
	json_array_end(j);
	json_bool(j, "additionalProperties", false);
	json_object_end(j);
}

/* "^[A-Za-z0-9_]*$" of "ABC...": the API turns small letters into capitals. */
static void put_characters(struct json *j, const char *characters, bool change)
{
	struct buf out = { 0 };

	buf_puts(&out, characters ? "^[" : "^[!-~]*$");
	for (const char *p = characters; p && *p; p++) {
		if (change && isupper((unsigned char)*p))
			buf_putc(&out, (char)tolower((unsigned char)*p));
		buf_putc(&out, *p);
	}
	buf_puts(&out, characters ? "]*$" : "");
	json_string(j, "pattern", buf_text(&out));
	buf_free(&out);
}

/* A number; a change may give it as a text of this pattern too. */
static void put_number(struct json *j, const struct bot_key *k, bool change, const char *pattern)
{
	if (!change) {
		json_string(j, "type", "number");
		put_range(j, k->min, k->max);
		return;
	}
	json_array(j, "anyOf");
	json_object(j, NULL);
	json_string(j, "type", "number");
	put_range(j, k->min, k->max);
	json_object_end(j);
	json_object(j, NULL);
	json_string(j, "type", "string");
	json_string(j, "pattern", pattern);
	json_object_end(j);
	json_array_end(j);
}

/* Amounts are exact: a request may give them as decimal texts, which lose nothing. */
static void put_amount(struct json *j, const struct bot_key *k, bool change)
{
	put_number(j, k, change, "^[0-9]+([.][0-9]{1,8})?$");
}

/* A fraction, or in a change percent as text. */
static void put_fraction(struct json *j, const struct bot_key *k, bool change)
{
	put_number(j, k, change, "^[0-9]+([.][0-9]+)? ?%$");
}

/* k->choices: also several lines with blanks in them. */
static void put_secret(struct json *j, const struct bot_key *k, bool change)
{
	json_string(j, "type", "string");
	if (change) {
		put_lengths(j, k->min, k->max);
		if (k->choices)
			json_string(j, "pattern", "^([!-~]*|[ -~\\r\\n]*\\n[ -~\\r\\n]*)$");
		else
			put_characters(j, NULL, true);
		json_bool(j, "writeOnly", true);
		return;
	}
	json_array(j, "enum");
	json_string(j, NULL, "");
	json_string(j, NULL, "********");
	json_array_end(j);
}

/* The members of a schema that is written out as an object. */
static void put_members(struct json *j, const char *schema)
{
	cJSON *root = NULL;
	const cJSON *m;

	ASSERT(json_read(schema, strlen(schema), &root, NULL) == 0);
	cJSON_ArrayForEach(m, root) {
		char *text = cJSON_PrintUnformatted(m);

		ASSERT(text != NULL);
		json_raw(j, m->string, text);
		free(text);
	}
	cJSON_Delete(root);
}

/* In a change null stands for the default. */
static void put_words(struct json *j, const struct strategy_param *p, bool change)
{
	json_array(j, "enum");
	for (size_t i = 0; i <= (size_t)p->max; i++)
		json_string(j, NULL, p->words[i]);
	if (change)
		json_null(j, NULL);
	json_array_end(j);
}

static void put_default(struct json *j, const struct strategy_param *p)
{
	switch (p->type) {
	case STRATEGY_INT: json_int(j, "default", (int64_t)p->def); break;
	case STRATEGY_REAL: json_double(j, "default", p->def); break;
	case STRATEGY_BOOL: json_bool(j, "default", p->def > 0); break;
	case STRATEGY_WORD: json_string(j, "default", strategy_param_word(p, p->def)); break;
	}
}

static void put_parameter(struct json *j, const char *key, const struct strategy_param *p,
			  bool change)
{
	json_object(j, key);
	switch (p->type) {
	case STRATEGY_INT:
		openapi_put_type(j, "integer", change);
		put_range(j, p->min, p->max);
		break;
	case STRATEGY_REAL:
		openapi_put_type(j, "number", change);
		put_range(j, p->min, p->max);
		break;
	case STRATEGY_BOOL:
		openapi_put_type(j, "boolean", change);
		break;
	case STRATEGY_WORD:
		openapi_put_type(j, "string", change);
		put_words(j, p, change);
		break;
	}
	if (!change)
		put_default(j, p);
	json_string(j, "description", p->help);
	json_object_end(j);
}

/* The parameters of each strategy, which its name is the title of. */
static void put_strategies(struct json *j)
{
	json_string(j, "type", "object");
	json_array(j, "anyOf");
	for (size_t i = 0; strategy_specs[i]; i++) {
		const struct strategy_spec *s = strategy_specs[i];

		json_object(j, NULL);
		json_string(j, "title", s->name);
		json_string(j, "description", s->description);
		json_string(j, "type", "object");
		json_object(j, "properties");
		for (size_t k = 0; k < s->params_n; k++)
			put_parameter(j, s->params[k].name, &s->params[k], false);
		json_object_end(j);
		json_bool(j, "additionalProperties", false);
		json_object_end(j);
	}
	json_array_end(j);
}

/* The i-th parameter that has this name among those of all strategies; NULL after the last. */
static const struct strategy_param *parameter_named(const char *name, size_t i)
{
	for (size_t s = 0; strategy_specs[s]; s++) {
		for (size_t k = 0; k < strategy_specs[s]->params_n; k++) {
			const struct strategy_param *p = &strategy_specs[s]->params[k];

			if (!strcmp(p->name, name) && i-- == 0)
				return p;
		}
	}
	return NULL;
}

static void put_parameters_named(struct json *j, const char *name)
{
	if (!parameter_named(name, 1)) {
		put_parameter(j, name, parameter_named(name, 0), true);
		return;
	}
	json_object(j, name);
	json_array(j, "anyOf");
	for (size_t i = 0; parameter_named(name, i); i++)
		put_parameter(j, NULL, parameter_named(name, i), true);
	json_array_end(j);
	json_object_end(j);
}

/*
 * In a change the parameters of all strategies are members of one object. Generated clients
 * that check what they send take the first alternative that fits and drop the members that it
 * does not have, so with one alternative per strategy they would send nothing.
 */
static void put_any_parameters(struct json *j)
{
	openapi_put_type(j, "object", true);
	json_object(j, "properties");
	for (size_t i = 0; strategy_specs[i]; i++) {
		for (size_t k = 0; k < strategy_specs[i]->params_n; k++) {
			const struct strategy_param *p = &strategy_specs[i]->params[k];

			if (parameter_named(p->name, 0) == p)
				put_parameters_named(j, p->name);
		}
	}
	json_object_end(j);
	json_bool(j, "additionalProperties", false);
}

static void put_key(struct json *j, const struct bot_key *k, bool change)
{
	struct buf help = { 0 };

	json_object(j, k->name);
	switch (k->type) {
	case BOT_TEXT:
		json_string(j, "type", "string");
		put_lengths(j, k->min, k->max);
		put_characters(j, k->choices, change);
		break;
	case BOT_INT:
		json_string(j, "type", "integer");
		put_range(j, k->min, k->max);
		break;
	case BOT_REAL:
		if (bot_key_fraction(k)) {
			put_fraction(j, k, change);
			break;
		}
		json_string(j, "type", "number");
		put_range(j, k->min, k->max);
		break;
	case BOT_MONEY:
		put_amount(j, k, change);
		break;
	case BOT_BOOL:
		json_string(j, "type", "boolean");
		break;
	case BOT_SECRET:
		put_secret(j, k, change);
		break;
	case BOT_CHOICE:
		openapi_put_choices(j, k->choices, false);
		break;
	case BOT_JSON:
		if (k->json->schema)
			put_members(j, k->json->schema);
		else if (change)
			put_any_parameters(j);
		else
			put_strategies(j);
		break;
	}
	/* In a change a default would be sent, and set what nobody asked to change. */
	if (!change)
		json_raw(j, "default", k->def);
	buf_printf(&help, "%s%s%s", k->help, k->type == BOT_SECRET ? SECRET_HELP : "",
		   change && k->admin ? ADMIN_HELP : "");
	json_string(j, "description", buf_text(&help));
	json_object_end(j);
	buf_free(&help);
}

static void config_schema(struct json *j, const char *name, const char *help, bool change)
{
	json_object(j, name);
	json_string(j, "description", help);
	json_string(j, "type", "object");
	json_object(j, "properties");
	for (size_t i = 0; i < bot_keys_count; i++)
		put_key(j, &bot_keys[i], change);
	if (change) {
		json_object(j, "bot_id");
		json_string(j, "type", "integer");
		put_range(j, 1, 1e15);
		json_string(j, "description", "The bot of the path, and no other. Not stored.");
		json_object_end(j);
		json_object(j, "confirm_wide");
		json_string(j, "type", "boolean");
		json_string(j, "description", "true: a target or stop over 0.1 (10 %) is meant. "
			    "Not stored.");
		json_object_end(j);
	}
	json_object_end(j);
	json_array(j, "required");
	for (size_t i = 0; i < bot_keys_count && !change; i++)
		json_string(j, NULL, bot_keys[i].name);
	json_array_end(j);
	if (change)
		json_bool(j, "additionalProperties", false);
	json_object_end(j);
}

void openapi_config_schemas(struct json *j)
{
	config_schema(j, "BotConfig", "Every setting of a bot.", false);
	config_schema(j, "BotConfigChange",
		      "The settings to change; those not given stay as they are.", true);
}
