#include "api/http/upload.h"

#include "api/app_db.h"
#include "api/http/conn.h"
#include "api/http/multipart.h"
#include "api/http/reply.h"
#include "api/http/streamed_body.h"
#include "common/file.h"
#include "common/log.h"
#include "common/utf8.h"

#include <dirent.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/http.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PREFIX ".upload-"
#define TEXT_MAX 4096			/* bytes of one text of a form */
#define PROGRESS_BYTES (256 << 10)	/* in API_TIMEOUT_S at the least */
#define UPLOAD_PATH_MAX (CONFIG_PATH_MAX + 64)

struct upload {
	struct uploads *all;
	struct request *r;
	struct streamed_body *streamed;	/* NULL: the body is not read from the connection */
	void (*received)(struct upload *u);
	struct multipart *form;		/* NULL: the body is only dropped */
	int fd;				/* -1: closed */
	char path[UPLOAD_PATH_MAX];	/* "": no file */
	struct sha256 *hash;
	char sha256[SHA256_HEX_MAX];
	int64_t bytes, progress;
	cJSON *fields;
	char field[MULTIPART_NAME_MAX];	/* of the part at hand */
	bool in_file;
	struct buf text;
	int rc;				/* what is wrong */
	struct err e;
	struct event *later;		/* NULL: not needed */
	struct upload *next;
};

struct uploads {
	struct app *app;
	char folder[CONFIG_PATH_MAX + 8];
	struct upload *first;
	size_t n;
};

/* ---- all of them ---- */

static void remove_left(const char *folder)
{
	char path[CONFIG_PATH_MAX + 272];
	const struct dirent *entry;
	DIR *d = opendir(folder);

	while (d && (entry = readdir(d)) != NULL) {
		if (strncmp(entry->d_name, PREFIX, sizeof(PREFIX) - 1) != 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (unlink(path) == 0)
			log_info("models", NULL, "%s of an interrupted upload is removed", path);
	}
	if (d)
		closedir(d);
}

struct uploads *uploads_new(struct app *a)
{
	struct uploads *all = xcalloc(1, sizeof(*all));

	all->app = a;
	snprintf(all->folder, sizeof(all->folder), "%s/models", a->cfg->data_dir);
	remove_left(all->folder);
	return all;
}

void uploads_free(struct uploads *all)
{
	struct err e = { 0 };

	if (!all)
		return;
	while (all->first) {
		struct upload *u = all->first;

		u->r->close = true;
		upload_end(u, err_set(&e, ERR_UNAVAILABLE, "the API is stopping"), &e);
	}
	free(all);
}

static struct upload *upload_new(struct request *r)
{
	struct upload *u = xcalloc(1, sizeof(*u));

	u->all = r->app->uploads;
	u->r = r;
	u->fd = -1;
	u->next = u->all->first;
	u->all->first = u;
	u->all->n++;
	return u;
}

static void upload_free(struct upload *u)
{
	struct upload **at = &u->all->first;

	while (*at != u)
		at = &(*at)->next;
	*at = u->next;
	u->all->n--;
	if (u->streamed)
		streamed_body_stop(u->streamed);
	if (u->later)
		event_free(u->later);
	if (u->fd >= 0)
		close(u->fd);
	if (u->path[0] && unlink(u->path) && errno != ENOENT)
		log_warn("models", NULL, "%s stays: %s", u->path, strerror(errno));
	multipart_free(u->form);
	sha256_free(u->hash);
	cJSON_Delete(u->fields);
	buf_free(&u->text);
	free(u);
}

void upload_end(struct upload *u, int rc, struct err *e)
{
	struct request *r = u->r;

	upload_free(u);
	if (upload_unread(r))
		upload_refuse(r, rc, e);
	else
		reply_send(r, rc, e);
}

/* ---- the parts of the form ---- */

static int on_begin(void *ctx, const char *name, bool file, struct err *e)
{
	struct upload *u = ctx;
	const struct param *p = u->r->route->body;

	while (p->name && strcmp(p->name, name) != 0)
		p++;
	snprintf(u->field, sizeof(u->field), "%s", name);
	u->in_file = p->name && p->type == PARAM_FILE;
	buf_clear(&u->text);
	if (!cJSON_GetObjectItemCaseSensitive(u->fields, name) && u->in_file == file)
		return 0;
	field_error(request_fields(u->r), name, "%s", u->in_file != file
		    ? u->in_file ? "must be a file: give its part a filename"
				 : "must not be a file" : "is given twice");
	return request_fields_check(u->r, 422, e);
}

static int write_file(struct upload *u, const char *data, size_t len, struct err *e)
{
	u->bytes += (int64_t)len;
	if (u->bytes > u->r->app->cfg->model_max_bytes)
		return request_error(u->r, e, 413, "too_large",
				     "the model has more than %lld bytes (MODEL_MAX_BYTES)",
				     (long long)u->r->app->cfg->model_max_bytes);
	sha256_add(u->hash, data, len);
	while (len > 0) {
		ssize_t n = write(u->fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			file_error(&u->e, "write", u->path);
			return request_error(u->r, e, 503, "storage_full", "%s", u->e.msg);
		}
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

static int on_data(void *ctx, const char *data, size_t len, struct err *e)
{
	struct upload *u = ctx;

	if (u->in_file)
		return write_file(u, data, len, e);
	if (u->text.len + len > TEXT_MAX)
		return request_error(u->r, e, 422, "invalid_fields", "%s: has more than %d bytes",
				     u->field, TEXT_MAX);
	buf_add(&u->text, data, len);
	return 0;
}

static bool is_text(const struct buf *b)
{
	size_t i = 0, n = 1;

	while (i < b->len && n) {
		n = b->data[i] ? utf8_len(b->data + i, b->len - i) : 0;
		i += n;
	}
	return n != 0;
}

static int on_end(void *ctx, struct err *e)
{
	struct upload *u = ctx;

	if (!u->in_file && !is_text(&u->text)) {
		field_error(request_fields(u->r), u->field, "must be UTF-8 text");
		return request_fields_check(u->r, 422, e);
	}
	cJSON_AddStringToObject(u->fields, u->field, u->in_file ? "" : buf_text(&u->text));
	return 0;
}

static const struct multipart_handler parts = { on_begin, on_data, on_end };

/* ---- the body ---- */

static void feed(struct upload *u, const char *data, size_t len)
{
	if (u->rc || !u->form)
		return;
	u->rc = multipart_feed(u->form, data, len, &u->e);
	if (u->rc && !u->r->error_http)
		u->rc = request_error(u->r, &u->e, 422, "malformed_form", "%s", u->e.msg);
}

static bool on_piece(void *ctx, const char *data, size_t len)
{
	struct upload *u = ctx;

	feed(u, data, len);
	u->progress += (int64_t)len;
	if (!u->rc && u->progress >= PROGRESS_BYTES) {
		u->progress = 0;
		conn_receiving(conn_of(u->r->app->conns, u->r->ev));
	}
	return !u->rc;
}

static int check_all(struct upload *u)
{
	if (multipart_finish(u->form, &u->e))
		return request_error(u->r, &u->e, 422, "malformed_form", "%s", u->e.msg);
	sha256_hex(u->hash, u->sha256);
	close(u->fd);
	u->fd = -1;
	if (param_check_body(u->r->route->body, u->fields, request_fields(u->r)))
		return request_fields_check(u->r, 422, &u->e);
	if (u->bytes == 0) {
		field_error(request_fields(u->r), "model", "is an empty file");
		return request_fields_check(u->r, 422, &u->e);
	}
	return 0;
}

static void complete(struct upload *u)
{
	struct err e;

	u->streamed = NULL;
	if (!u->rc)
		u->rc = check_all(u);
	if (!u->rc) {
		u->r->db = u->r->app->database->db;
		u->received(u);
		return;
	}
	e = u->e;
	upload_end(u, u->rc, &e);
}

static void on_body_end(void *ctx, bool cut)
{
	struct upload *u = ctx;
	struct err e = { 0 };

	if (!cut) {
		conn_busy(conn_of(u->r->app->conns, u->r->ev));
		complete(u);
		return;
	}
	u->streamed = NULL;
	if (!u->rc)
		request_error(u->r, &e, 400, "cut", "the connection ended before the form");
	else
		e = u->e;
	upload_end(u, ERR_DENIED, &e);
}

static void receive(struct upload *u, struct conn *c)
{
	const struct streamed_body_reader reader = { on_piece, on_body_end, u };

	u->streamed = conn_streamed_body(c);
	u->r->parked = true;
	conn_receiving(c);
	streamed_body_read(u->streamed, &reader);
}

static void on_later_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	complete(arg);
}

/*
 * evhttp has the whole body (it was chunked or pipelined, so it is within
 * API_MAX_BODY_BYTES). The answer waits for the next turn, because the caller still holds the
 * request.
 */
static void take_buffered(struct upload *u)
{
	struct evbuffer *in = evhttp_request_get_input_buffer(u->r->ev);
	size_t len = evbuffer_get_length(in);
	const char *data = (const char *)evbuffer_pullup(in, -1);

	u->r->parked = true;
	if (len)
		feed(u, data, len);
	u->later = event_new(u->r->app->base, -1, 0, on_later_cb, u);
	ASSERT(u->later != NULL);
	event_active(u->later, EV_TIMEOUT, 0);
}

static int open_file(struct upload *u, struct err *e)
{
	unsigned char random[12];
	char hex[25];
	int rc;

	rc = file_mkdirs(u->all->folder, e);
	if (rc)
		return rc;
	crypto_random(random, sizeof(random));
	for (size_t i = 0; i < sizeof(random); i++)
		snprintf(hex + 2 * i, 3, "%02x", random[i]);
	snprintf(u->path, sizeof(u->path), "%s/" PREFIX "%s", u->all->folder, hex);
	u->fd = open(u->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return u->fd < 0 ? file_error(e, "make", u->path) : 0;
}

int upload_begin(struct request *r, void (*received)(struct upload *u), struct err *e)
{
	struct conn *c = conn_of(r->app->conns, r->ev);
	const int64_t unread = upload_unread(r) ? conn_streamed_body(c)->unread : 0;
	char boundary[MULTIPART_BOUNDARY_MAX];
	struct upload *u;
	int rc;

	if (multipart_boundary(request_header(r, "Content-Type"), boundary, e))
		return request_error(r, e, 415, "unsupported_media_type", "%s", e->msg);
	if (unread > r->app->cfg->model_max_bytes + UPLOAD_SPARE)
		return request_error(r, e, 413, "too_large",
				     "the form has %lld bytes, a model may have %lld "
				     "(MODEL_MAX_BYTES)",
				     (long long)unread, (long long)r->app->cfg->model_max_bytes);
	if (r->app->uploads->n >= UPLOADS_MAX)
		return request_error(r, e, 503, "busy", "%d uploads are under way already",
				     UPLOADS_MAX);
	u = upload_new(r);
	rc = open_file(u, e);
	if (rc) {
		upload_free(u);
		return request_error(r, e, 503, "storage", "%s", e->msg);
	}
	u->received = received;
	u->hash = sha256_new();
	u->fields = cJSON_CreateObject();
	ASSERT(u->fields != NULL);
	u->form = multipart_new(boundary, &parts, u);
	if (unread)
		receive(u, c);
	else
		take_buffered(u);
	return 0;
}

bool upload_unread(const struct request *r)
{
	const struct streamed_body *x = conn_streamed_body(conn_of(r->app->conns, r->ev));

	return x && x->unread > 0;
}

void upload_refuse(struct request *r, int rc, const struct err *e)
{
	struct conn *c = conn_of(r->app->conns, r->ev);
	struct err copy = *e;

	r->close = true;
	reply_send(r, rc, &copy);
	if (c)
		conn_linger(c);
}

struct request *upload_request(const struct upload *u)
{
	return u->r;
}

const char *upload_path(const struct upload *u)
{
	return u->path;
}

const char *upload_sha256(const struct upload *u)
{
	return u->sha256;
}

int64_t upload_bytes(const struct upload *u)
{
	return u->bytes;
}

const char *upload_text(const struct upload *u, const char *name)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(u->fields, name);

	return v ? v->valuestring : NULL;
}
