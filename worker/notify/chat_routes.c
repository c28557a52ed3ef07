#include "worker/notify/chat_routes.h"

#include "common/secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEPARATORS " ,"

struct account {
	int64_t id;			/* bots.id, 0 the environment's */
	char *token;
};

struct place {				/* a chat for one bot's messages (0: for all) */
	int64_t bot_id;
	struct lane_key lane;
};

struct chat_routes {
	const struct config *config;
	size_t accounts_n, chat_routes_n;
	struct account *accounts;
	struct place *routes;
};

struct chat_routes *chat_routes_new(const struct config *config)
{
	struct chat_routes *p = xcalloc(1, sizeof(*p));

	p->config = config;
	return p;
}

static void forget(struct chat_routes *p)
{
	for (size_t i = 0; i < p->accounts_n; i++)
		secret_free(p->accounts[i].token);
	p->accounts_n = p->chat_routes_n = 0;
}

void chat_routes_free(struct chat_routes *p)
{
	if (!p)
		return;
	forget(p);
	free(p->accounts);
	free(p->routes);
	free(p);
}

/* The account that has this token already, or a new one under "id". */
static int64_t account_for(struct chat_routes *p, int64_t id, const char *token)
{
	for (size_t i = 0; i < p->accounts_n; i++)
		if (strcmp(p->accounts[i].token, token) == 0)
			return p->accounts[i].id;
	p->accounts = xrealloc(p->accounts, (p->accounts_n + 1) * sizeof(*p->accounts));
	p->accounts[p->accounts_n++] = (struct account){ id, secret_dup(token) };
	return id;
}

/* A lane for each chat of the list. */
static void add_chats(struct chat_routes *p, int64_t bot_id, int64_t account, const char *chats)
{
	for (chats += strspn(chats, SEPARATORS); *chats; chats += strspn(chats, SEPARATORS)) {
		size_t n = strcspn(chats, SEPARATORS);
		struct place *place;

		if (n < LANE_TARGET_MAX) {
			p->routes = xrealloc(p->routes, (p->chat_routes_n + 1) * sizeof(*place));
			place = &p->routes[p->chat_routes_n++];
			*place = (struct place){ .bot_id = bot_id };
			place->lane = (struct lane_key){ .channel = CHANNEL_TELEGRAM,
							 .account = account };
			memcpy(place->lane.target, chats, n);
		}
		chats += n;
	}
}

void chat_routes_begin(struct chat_routes *p)
{
	const struct config *c = p->config;

	forget(p);
	if (c->telegram_enabled)
		add_chats(p, 0, account_for(p, 0, c->telegram_bot_token), c->telegram_chat_id);
}

void chat_routes_bot(struct chat_routes *p, int64_t bot_id, const struct bot_config *c,
		     const struct bot_secrets *secrets)
{
	const struct config *all = p->config;
	const char *token = bot_secret(secrets, BOT_TELEGRAM_TOKEN);
	const char *chats = c->telegram_chat_id;

	if (!*token && !*chats)
		return; /* those of the environment */
	if (!*token && all->telegram_enabled)
		token = all->telegram_bot_token;
	if (!*chats)
		chats = all->telegram_chat_id;
	if (*token)
		add_chats(p, bot_id, account_for(p, bot_id, token), chats);
}

static size_t list(const struct chat_routes *p, int64_t bot_id,
		   struct lane_key out[CHAT_ROUTES_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < p->chat_routes_n && n < CHAT_ROUTES_MAX; i++)
		if (p->routes[i].bot_id == bot_id)
			out[n++] = p->routes[i].lane;
	return n;
}

size_t chat_routes_of(const struct chat_routes *p, int64_t bot_id,
		      struct lane_key out[CHAT_ROUTES_MAX])
{
	size_t n = bot_id ? list(p, bot_id, out) : 0;

	return n ? n : list(p, 0, out);
}

bool chat_routes_any(const struct chat_routes *p, int64_t bot_id)
{
	for (size_t i = 0; i < p->chat_routes_n; i++)
		if (p->routes[i].bot_id == 0 || p->routes[i].bot_id == bot_id)
			return true;
	return false;
}

const char *chat_routes_token(const struct chat_routes *p, int64_t account)
{
	for (size_t i = 0; i < p->accounts_n; i++)
		if (p->accounts[i].id == account)
			return p->accounts[i].token;
	return NULL;
}

bool chat_routes_account(const struct chat_routes *p, size_t i, int64_t *account)
{
	if (i >= p->accounts_n)
		return false;
	*account = p->accounts[i].id;
	return true;
}

/* Messages of the topic "General" come without a number. */
static int64_t numbered(int64_t topic)
{
	return topic ? topic : 1;
}

static bool is_there(const struct lane_key *lane, int64_t account, struct chat_place place)
{
	struct chat_place set;

	return lane->account == account && chat_place_parse(lane->target, &set) &&
	       set.chat == place.chat &&
	       (!set.topic || numbered(set.topic) == numbered(place.topic));
}

bool chat_routes_allows(const struct chat_routes *p, int64_t account, struct chat_place where,
			int64_t bot_id)
{
	for (size_t i = 0; i < p->chat_routes_n; i++) {
		const struct place *place = &p->routes[i];

		if (is_there(&place->lane, account, where) &&
		    (place->bot_id == 0 || place->bot_id == bot_id))
			return true;
	}
	return false;
}

bool chat_routes_knows(const struct chat_routes *p, int64_t account, struct chat_place where)
{
	for (size_t i = 0; i < p->chat_routes_n; i++)
		if (is_there(&p->routes[i].lane, account, where))
			return true;
	return false;
}

bool chat_routes_user(const struct chat_routes *p, int64_t user)
{
	const char *list_of = p->config->telegram_users;
	char text[24];
	size_t len;

	snprintf(text, sizeof(text), "%lld", (long long)user);
	list_of += strspn(list_of, SEPARATORS);
	if (!*list_of)
		return true;
	for (; *list_of; list_of += strspn(list_of, SEPARATORS)) {
		len = strcspn(list_of, SEPARATORS);
		if (strlen(text) == len && strncmp(list_of, text, len) == 0)
			return true;
		list_of += len;
	}
	return false;
}
