#include "worker/feed/exchange_info.h"

#include "common/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool exchange_info_likely(const char *json, size_t len)
{
	static const char word[] = "\"filterType\"";

	return len > sizeof(word) && memmem(json, len, word, sizeof(word) - 1) != NULL;
}

static const char *text_of(const cJSON *object, const char *key)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));

	return text ? text : "";
}

static bool name_of(const cJSON *object, const char *key, char *out, size_t size)
{
	const char *text = text_of(object, key);
	size_t len = strlen(text);

	if (len == 0 || len >= size)
		return false;
	memcpy(out, text, len + 1);
	return true;
}

/* Missing: stays as it is. */
static void money_of(const cJSON *filter, const char *key, struct money *out)
{
	struct money m;

	if (money_parse(text_of(filter, key), &m) == 0 && money_sign(m) >= 0)
		*out = m;
}

static void take_filter(const cJSON *filter, struct symbol_info *out)
{
	const char *type = text_of(filter, "filterType");

	if (strcmp(type, "PRICE_FILTER") == 0) {
		if (price_parse(text_of(filter, "tickSize"), &out->tick))
			out->tick = price_of_units(0);
	} else if (strcmp(type, "LOT_SIZE") == 0) {
		if (qty_parse(text_of(filter, "stepSize"), &out->step) ||
		    qty_parse(text_of(filter, "minQty"), &out->min_qty) ||
		    qty_parse(text_of(filter, "maxQty"), &out->max_qty))
			out->step = qty_of_units(0);
	} else if (strcmp(type, "NOTIONAL") == 0 || strcmp(type, "MIN_NOTIONAL") == 0) {
		money_of(filter, "minNotional", &out->min_notional);
		money_of(filter, "notional", &out->min_notional);
	}
}

static bool read_symbol(const cJSON *object, struct symbol_info *out)
{
	const cJSON *filter;

	*out = (struct symbol_info){ .origin = ORIGIN_EXCHANGE };
	out->futures = cJSON_HasObjectItem(object, "contractType");
	out->fees = fees_published(out->futures);
	if (!name_of(object, "symbol", out->symbol, sizeof(out->symbol)) ||
	    !name_of(object, "baseAsset", out->base, sizeof(out->base)) ||
	    !name_of(object, "quoteAsset", out->quote, sizeof(out->quote)) ||
	    cJSON_HasObjectItem(object, "contractSize"))
		return false;
	cJSON_ArrayForEach(filter, cJSON_GetObjectItemCaseSensitive(object, "filters"))
		take_filter(filter, out);
	snprintf(out->note, sizeof(out->note), "as the exchange said in the recording "
		 "(exchangeInfo)");
	return price_sign(out->tick) > 0 && qty_sign(out->step) > 0 &&
	       qty_sign(out->min_qty) >= 0 && qty_cmp(out->max_qty, out->step) >= 0;
}

static void keep(const cJSON *object, struct symbol_info **list, size_t *n)
{
	struct symbol_info info;

	if (!read_symbol(object, &info))
		return;
	*list = xrealloc(*list, (*n + 1) * sizeof(**list));
	(*list)[(*n)++] = info;
}

void exchange_info_read(const char *json, size_t len, struct symbol_info **list, size_t *n)
{
	const cJSON *symbols, *one;
	cJSON *root = NULL;

	if (json_read(json, len, &root, NULL))
		return;
	symbols = cJSON_GetObjectItemCaseSensitive(root, "symbols");
	if (cJSON_IsArray(symbols)) {
		cJSON_ArrayForEach(one, symbols)
			keep(one, list, n);
	} else {
		keep(root, list, n);
	}
	cJSON_Delete(root);
}
