#include "common/log/libevent.h"

#include "common/clock.h"
#include "common/log.h"

#include <event2/event.h>
#include <pthread.h>

#define MINUTE_US (60 * US_PER_S)

static struct {
	int64_t since_us;	/* monotonic: begin of this minute; 0: no message yet */
	unsigned told;
	unsigned long left_out;
} minute;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* May this message be logged? *left_out: those since the last one that was. */
static bool take(unsigned long *left_out)
{
	int64_t now = clock_mono_us();
	bool may;

	pthread_mutex_lock(&lock);
	if (!minute.since_us || now - minute.since_us >= MINUTE_US) {
		minute.since_us = now;
		minute.told = 0;
	}
	may = minute.told < LOG_LIBEVENT_MOST;
	*left_out = may ? minute.left_out : 0;
	if (may) {
		minute.told++;
		minute.left_out = 0;
	} else {
		minute.left_out++;
	}
	pthread_mutex_unlock(&lock);
	return may;
}

static void on_message_cb(int severity, const char *text)
{
	unsigned long left_out;

	if (severity == EVENT_LOG_DEBUG || !take(&left_out))
		return;
	if (left_out)
		log_warn("libevent", NULL, "%lu messages were left out", left_out);
	log_write(severity == EVENT_LOG_ERR ? LOG_ERROR :
		  severity == EVENT_LOG_WARN ? LOG_WARN : LOG_INFO, "libevent", NULL, "%s", text);
}

void log_libevent_begin(void)
{
	event_set_log_callback(on_message_cb);
}
