#include "common/secret.h"

#include "common/crypto.h"

#include <stdlib.h>
#include <string.h>

static void (*on_free)(const char *wiped, size_t size);

char *secret_dup(const char *text)
{
	return text ? xstrdup(text) : NULL;
}

void secret_free(char *secret)
{
	size_t size = secret ? strlen(secret) + 1 : 0;

	if (!secret)
		return;
	crypto_wipe(secret, size);
	if (on_free)
		on_free(secret, size);
	free(secret);
}

void secret_on_free(void (*seen)(const char *wiped, size_t size))
{
	on_free = seen;
}
