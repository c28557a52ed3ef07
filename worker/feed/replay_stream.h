/*
 * replay_stream.h - plays the recordings of one market one after the other.
 *
 * Files are played in the order of their first receive time. If a file begins before the one
 * before it has ended, its lines of that time are skipped, because they have been played.
 * replay.c merges several streams by time.
 */
#ifndef WORKER_FEED_REPLAY_STREAM_H
#define WORKER_FEED_REPLAY_STREAM_H

#include "worker/feed/normaliser.h"
#include "worker/feed/recording.h"
#include "worker/feed/recording_file.h"
#include "worker/market/market.h"

/*
 * Reads the beginnings of the files (named as in names.h) and sorts them by time. ERR_INVALID
 * without a name; ERR_CORRUPT when a file holds no frame; ERR_NOT_FOUND, ERR_IO. Free with
 * recording_files_free.
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

/* Starts (again) from the first file and loads the head. */
MUST_CHECK int replay_stream_rewind(struct replay_stream *l, struct err *e);
/* Goes to the next item. Errors as recording_open, because the next file may be missing. */
MUST_CHECK int replay_stream_advance(struct replay_stream *l, struct err *e);
void replay_stream_fini(struct replay_stream *l);
/*
 * After a silence: does the id of the stream's next trade show that trades are missing? True
 * also when there is no trade near.
 */
bool replay_stream_missed(struct replay_stream *l, const struct normaliser *in);
/* Name of the symbol whose snapshots these are; is it futures? */
const char *replay_stream_symbol(const struct replay_stream *l);
bool replay_stream_futures(const struct replay_stream *l);

#endif
