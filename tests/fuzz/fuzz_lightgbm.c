/*
 * A LightGBM text model: what our reader takes is made of trees and gives no NaN, and the quick
 * evaluator gives the bits of the plain one.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/unit/lightgbm_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *bytes = fuzz_bytes(data, size);
	struct lightgbm m = { 0 };
	struct err e = { 0 };

	if (lightgbm_read(bytes, size, &m, &e)) {
		ASSERT(e.msg[0] && !m.trees && !m.names);
	} else {
		lightgbm_check(&m);
		lightgbm_free(&m);
	}
	free(bytes);
	return 0;
}
