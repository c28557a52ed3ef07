/* json_read: what it takes is JSON that reads the same when it is written again. */
#include "common/json.h"
#include "common/utf8.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *bytes = fuzz_bytes(data, size), *text = fuzz_text(data, size), *again;
	struct buf escaped = { 0 };
	struct err e = { 0 };
	cJSON *one = NULL, *two = NULL;

	if (json_read(bytes, size, &one, &e)) {
		ASSERT(one == NULL && e.code == ERR_INVALID && e.msg[0]);
	} else {
		again = cJSON_PrintUnformatted(one);
		ASSERT(again != NULL);
		ASSERT(json_read(again, strlen(again), &two, &e) == 0);
		ASSERT(cJSON_Compare(one, two, true));
		cJSON_Delete(two);
		cJSON_Delete(one);
		cJSON_free(again);
	}

	/* Any bytes, escaped, stand in a JSON text. */
	buf_putc(&escaped, '"');
	json_escape(&escaped, text);
	buf_putc(&escaped, '"');
	two = NULL;
	ASSERT(json_read(escaped.data, escaped.len, &two, &e) == 0);
	cJSON_Delete(two);
	buf_free(&escaped);
	free(text);
	free(bytes);
	return 0;
}
