/*
 * The part of UBJSON that XGBoost writes: keys and strings with an int64 length, arrays
 * plain, counted (#) or typed; numbers big-endian. libxgboost 1.7 knows no double (D), no
 * char (C) and only the typed arrays $d $U $l $L.
 */
#include "worker/model/format/booster_internal.h"

#include <string.h>

struct bytes {
	struct booster_reader *r;
	const char *begin, *p, *end;
};

static int damaged(const struct bytes *in, const char *what)
{
	return err_set(in->r->e, ERR_CORRUPT, "the UBJ file is damaged at byte %zu: %s",
		       (size_t)(in->p - in->begin), what);
}

static size_t left(const struct bytes *in)
{
	return (size_t)(in->end - in->p);
}

static size_t number_size(char type)
{
	switch (type) {
	case 'i':
	case 'C':
	case 'U': return 1;
	case 'I': return 2;
	case 'l':
	case 'd': return 4;
	case 'D':
	case 'L': return 8;
	default: return 0;
	}
}

static uint64_t take_bytes(struct bytes *in, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v = v << 8 | (unsigned char)in->p[i];
	in->p += n;
	return v;
}

static float float_of(uint32_t bits)
{
	float f;

	memcpy(&f, &bits, sizeof(f));
	return f;
}

/* A split or a leaf is a float wherever XGBoost computes, so a double becomes one. */
static float double_of(uint64_t bits)
{
	double d;

	memcpy(&d, &bits, sizeof(d));
	return (float)d;
}

static struct booster_number whole(int64_t i)
{
	return (struct booster_number){ .whole = true, .i = i, .f = (float)i };
}

/* There are number_size(type) bytes. */
static struct booster_number take_number(struct bytes *in, char type)
{
	uint64_t v = take_bytes(in, number_size(type));

	switch (type) {
	case 'i':
	case 'C': return whole((int8_t)v);
	case 'U': return whole((int64_t)v);
	case 'I': return whole((int16_t)v);
	case 'l': return whole((int32_t)v);
	case 'L': return whole((int64_t)v);
	case 'D': return (struct booster_number){ .f = double_of(v) };
	default: return (struct booster_number){ .f = float_of((uint32_t)v) };
	}
}

/* Types that libxgboost 1.7 can't read: alone, or as those of an array. */
static void note_type(struct bytes *in, char type, bool array)
{
	if (strchr(array ? "DiI" : "DC", type))
		in->r->b->newer = true;
}

/* 'L' and an int64 that is at most what is left / unit. */
static int take_length(struct bytes *in, size_t unit, size_t *n)
{
	int64_t v;

	if (left(in) < 9 || *in->p != 'L')
		return damaged(in, "a length was expected");
	in->p++;
	v = take_number(in, 'L').i;
	if (v < 0 || unit == 0 || (uint64_t)v > left(in) / unit)
		return damaged(in, "a length beyond the end");
	*n = (size_t)v;
	return 0;
}

static int read_value(struct bytes *in);

static int read_typed_array(struct bytes *in)
{
	char type = left(in) >= 3 ? in->p[1] : 0;
	size_t n;
	int err;

	if (!type || !strchr("dDiUIlL", type) || in->p[2] != '#')
		return damaged(in, "an array of a type that XGBoost does not write");
	note_type(in, type, true);
	in->p += 3;
	err = take_length(in, number_size(type), &n);
	if (err)
		return err;
	for (size_t i = 0; i < n && !err; i++)
		err = booster_on_number(in->r, take_number(in, type));
	return err ? err : booster_on_end(in->r);
}

static int read_array(struct bytes *in)
{
	size_t n = SIZE_MAX;
	int err = booster_on_begin(in->r, true);

	if (err)
		return err;
	if (left(in) && *in->p == '$')
		return read_typed_array(in);
	if (left(in) && *in->p == '#') {
		in->p++;
		err = take_length(in, 1, &n);
		if (err)
			return err;
		for (size_t i = 0; i < n && !err; i++)
			err = read_value(in);
		return err ? err : booster_on_end(in->r);
	}
	while (!err && left(in) && *in->p != ']')
		err = read_value(in);
	if (err)
		return err;
	if (!left(in))
		return damaged(in, "the end is missing");
	in->p++;
	return booster_on_end(in->r);
}

static int read_object(struct bytes *in)
{
	int err = booster_on_begin(in->r, false);
	size_t n;

	while (!err && left(in) && *in->p != '}') {
		err = take_length(in, 1, &n);
		if (err)
			return err;
		err = booster_on_key(in->r, in->p, n);
		in->p += n;
		if (!err)
			err = read_value(in);
	}
	if (err)
		return err;
	if (!left(in))
		return damaged(in, "the end is missing");
	in->p++;
	return booster_on_end(in->r);
}

static int read_string(struct bytes *in)
{
	const char *s;
	size_t n;
	int err = take_length(in, 1, &n);

	if (err)
		return err;
	s = in->p;
	in->p += n;
	return booster_on_string(in->r, s, n);
}

static int read_value(struct bytes *in)
{
	char type;

	if (!left(in))
		return damaged(in, "the end is missing");
	type = *in->p++;
	if (number_size(type)) {
		if (left(in) < number_size(type))
			return damaged(in, "the end is missing");
		note_type(in, type, false);
		return booster_on_number(in->r, take_number(in, type));
	}
	switch (type) {
	case '{': return read_object(in);
	case '[': return read_array(in);
	case 'S': return read_string(in);
	case 'T': return booster_on_number(in->r, (struct booster_number){ true, 1, 1 });
	case 'F': return booster_on_number(in->r, (struct booster_number){ true, 0, 0 });
	case 'Z': return 0;
	default:
		in->p--;
		return damaged(in, "a value of a type that XGBoost does not write");
	}
}

int booster_read_ubj(struct booster_reader *r, const char *data, size_t len)
{
	struct bytes in = { .r = r, .begin = data, .p = data, .end = data + len };
	int err = read_value(&in);

	if (err)
		return err;
	return in.p == in.end ? 0 : damaged(&in, "something follows the model");
}
