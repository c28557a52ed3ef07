/*
 * err.h - how functions fail.
 *
 * A function returns 0 or one of these negative codes; results go through
 * out-parameters that a failure leaves untouched. The last parameter
 * "struct err *e" (may be NULL) is filled once, by the function that found the
 * problem, with a sentence an operator can act on; callers pass it up and the
 * outermost layer logs it once and maps the code to HTTP.
 */
#ifndef COMMON_ERR_H
#define COMMON_ERR_H

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

enum err_code {
	ERR_NONE = 0,
	ERR_INVALID = -1,	/* input is malformed or out of its range */
	ERR_NOT_FOUND = -2,
	ERR_CONFLICT = -3,	/* not possible in the current state */
	ERR_RANGE = -4,		/* a number does not fit */
	ERR_BUSY = -5,		/* somebody else holds it; trying again helps */
	ERR_FULL = -6,		/* no space left */
	ERR_READONLY = -7,
	ERR_CORRUPT = -8,	/* a file is damaged or not what it should be */
	ERR_NEWER = -9,		/* written by a newer version of this program */
	ERR_IO = -10,		/* the operating system refused */
	ERR_DENIED = -11,	/* not allowed to this caller */
	ERR_UNAVAILABLE = -12,	/* the other side is away */
	ERR_LIMIT = -13,	/* a bound of ours is reached */
	ERR_END = -14		/* nothing more to read */
};

struct err {
	int code;		/* enum err_code */
	char msg[480];
};

/* Fill e (when not NULL) and return code, so that "return err_set(...)" reads well. */
int err_set(struct err *e, int code, const char *fmt, ...) PRINTF_LIKE(3, 4);

#ifdef __clang_analyzer__	/* it can't see into err.c; a failure is not 0 */
#define err_set(e, code, ...) ((void)err_set(e, code, __VA_ARGS__), (code))
#endif

/* Put "text: " before the message in e; for a caller that knows the id of what failed. */
void err_prefix(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* The code as a stable lower-case word, such as "not_found". Never NULL. */
const char *err_name(int code);

/* Our own bug: say where and abort, in release builds too. */
#define ASSERT(cond) \
	((cond) ? (void)0 : err_assert_failed(#cond, __FILE__, __LINE__))
_Noreturn void err_assert_failed(const char *cond, const char *file, int line);

/* The program can't start: prints the message to stderr and exits with 1. Only for main files. */
_Noreturn void die(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* Allocation that aborts when memory is out; the supervisor restarts us. */
void *xcalloc(unsigned long n, unsigned long size);
void *xrealloc(void *p, unsigned long size);
char *xstrdup(const char *s);

#endif
