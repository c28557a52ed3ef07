/*
 * replay_stream.h - the recordings of one market, played one after the other.
 *
 * Files are taken in the order of their first receive time. Where the next one
 * begins before the last has ended, its lines of that time are passed over: they
 * have been played. Several streams are merged by time (replay.c).
 */
#ifndef WORKER_FEED_REPLAY_STREAM_H
#define WORKER_FEED_REPLAY_STREAM_H

#include "worker/feed/normaliser.h"
#include "worker/feed/recording.h"
#include "worker/feed/recording_file.h"
#include "worker/market/market.h"

/*
 * Look into the files (named as in names.h); sorted by time. ERR_INVALID
 * without a name, ERR_CORRUPT when
 * a file holds no frame; ERR_NOT_FOUND, ERR_IO. Free with recording_files_free.
 */
MUST_CHECK int recording_files_open(const char *files, struct recording_file **out, size_t *n,
				    struct err *e);
void recording_files_free(struct recording_file *files, size_t n);

enum replay_stream_item { REPLAY_STREAM_LINE, REPLAY_STREAM_PLAYED, REPLAY_STREAM_BROKEN,
			  REPLAY_STREAM_END };

struct replay_stream {
	const struct recording_file **files;	/* borrowed, in order */
	size_t n, next;
	struct recording *current;
	enum replay_stream_item item;		/* what stands at the head of the stream */
	struct recording_line line;	/* LINE: its time never goes back; number is the file's */
	struct err error;		/* BROKEN: file, line and reason */
	int64_t last_us, played_us;	/* newest line's time; where the file before ended */
	uint64_t set_back;		/* times that a recorder's clock was set back */
};

/* Start (again) from the first file; loads the head. */
MUST_CHECK int replay_stream_rewind(struct replay_stream *l, struct err *e);
/* Go to the next item. Errors as recording_open: a file has gone away, the stream has ended. */
MUST_CHECK int replay_stream_advance(struct replay_stream *l, struct err *e);
void replay_stream_fini(struct replay_stream *l);
/*
 * After a silence: does the stream's next trade tell that some were missed? True also where
 * there is none near to tell.
 */
bool replay_stream_missed(struct replay_stream *l, const struct normaliser *in);
/* Name of the symbol whose snapshots these are; is it futures? */
const char *replay_stream_symbol(const struct replay_stream *l);
bool replay_stream_futures(const struct replay_stream *l);

#endif
