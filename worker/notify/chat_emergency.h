/*
 * chat_emergency.h - an emergency stop by chat: asked for, and confirmed by the same person within
 * a minute, by a button or by "confirm".
 */
#ifndef WORKER_NOTIFY_CHAT_EMERGENCY_H
#define WORKER_NOTIFY_CHAT_EMERGENCY_H

#include "worker/notify/chat_talk.h"

#define CHAT_CONFIRM_US INT64_C(60000000)
#define CONFIRMS_MAX 16

struct confirm {			/* an emergency stop that waits for its second step */
	int64_t account, chat, user;
	int64_t bots[WORDS_MAX];	/* none: all of the chat */
	size_t bots_n;
	int64_t until_us;		/* 0: free */
	char code[12];
};

struct chat_confirms {			/* all 0: none */
	struct confirm list[CONFIRMS_MAX];
};

/* The command, under this name: asks, or takes "confirm". */
void chat_emergency(struct talk *t, const char *name);
/* A button was pressed. */
void chat_emergency_press(struct talk *t);

#endif
