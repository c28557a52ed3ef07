/*
 * replay_stream.h - the recordings of one market, played one after the other.
 *
 * Files are taken in the order of their first receive time. Where the next one
 * begins before the last has ended, its lines of that time are passed over: they
 * have been played. Several lanes are merged by time (replay.c).
 */
#ifndef WORKER_FEED_REPLAY_STREAM_H
#define WORKER_FEED_REPLAY_STREAM_H

#include "worker/market/market.h"
#include "worker/feed/normaliser.h"
#include "worker/feed/recording.h"
#include "worker/feed/recording_file.h"

/*
 * Look into the files (named as in names.h); sorted by time. ERR_INVALID
 * without a name, ERR_CORRUPT when
 * a file holds no frame; ERR_NOT_FOUND, ERR_IO. Free with tapes_free.
 */
MUST_CHECK int tapes_open(const char *files, struct tape **out, size_t *n, struct err *e);
void tapes_free(struct tape *tapes, size_t n);

enum lane_item { LANE_LINE, LANE_PLAYED, LANE_BROKEN, LANE_END };

struct lane {
	const struct tape **tapes;	/* borrowed, in order */
	size_t n, next;
	struct recording *current;
	enum lane_item item;		/* what stands at the head of the lane */
	struct recording_line line;	/* LINE: its time never goes back; number is the file's */
	struct err error;		/* BROKEN: file, line and reason */
	int64_t last_us, played_us;	/* newest line's time; where the file before ended */
	uint64_t set_back;		/* times that a recorder's clock was set back */
};

/* Start (again) from the first file; loads the head. */
MUST_CHECK int lane_rewind(struct lane *l, struct err *e);
/* Go to the next item. Errors as recording_open: a file has gone away; the lane has ended then. */
MUST_CHECK int lane_advance(struct lane *l, struct err *e);
void lane_fini(struct lane *l);
/*
 * After a silence: does the lane's next trade tell that some were missed? True also where
 * there is none near to tell.
 */
bool lane_missed(struct lane *l, const struct intake *in);
/* Name of the symbol whose snapshots these are; is it futures? */
const char *lane_symbol(const struct lane *l);
bool lane_futures(const struct lane *l);

#endif
