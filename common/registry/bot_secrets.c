#include "common/registry/bot_secrets.h"

#include "common/registry/bot_config.h"
#include "common/secret.h"

#include <string.h>

static const char *const names[BOT_SECRETS] = {
	[BOT_API_KEY] = "api_key",
	[BOT_SECRET_KEY] = "secret_key",
	[BOT_TELEGRAM_TOKEN] = "telegram_token",
};

const char *bot_secret_name(enum bot_secret which)
{
	return names[which];
}

const char *bot_secret(const struct bot_secrets *s, enum bot_secret which)
{
	return s->text[which] ? s->text[which] : "";
}

void bot_secret_set(struct bot_secrets *s, enum bot_secret which, const char *text)
{
	char *old = s->text[which];

	s->text[which] = secret_dup(text);
	secret_free(old);
}

void bot_secrets_apply(struct bot_secrets *s, const cJSON *patch)
{
	for (int i = 0; i < BOT_SECRETS; i++) {
		const cJSON *m = cJSON_GetObjectItemCaseSensitive(patch, names[i]);

		if (cJSON_IsString(m) && strcmp(m->valuestring, BOT_SECRET_MASK) != 0)
			bot_secret_set(s, (enum bot_secret)i, m->valuestring);
	}
}

void bot_secrets_wipe(struct bot_secrets *s)
{
	for (int i = 0; i < BOT_SECRETS; i++)
		bot_secret_set(s, (enum bot_secret)i, NULL);
}
