/* Uploads through the server: limits, what is wrong with a form, and what is left behind. */
#include "tests/unit/api_client.h"

#include "api/http/upload.h"

#include <dirent.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define PATH "/api/v1/models/upload"
#define MODEL_MAX 100000
#define TYPE "Content-Type: multipart/form-data; boundary=B\r\n"
#define PART(name, value) \
	"--B\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n" value "\r\n"
#define FILE_PART \
	"--B\r\nContent-Disposition: form-data; name=\"model\"; filename=\"m\"\r\n\r\n"
#define END "\r\n--B--\r\n"
#define NAMED PART("name", "mine") PART("symbol", "BTCUSDT")

static struct api a;

static void small(struct config *cfg)
{
	cfg->model_max_bytes = MODEL_MAX;
	cfg->api_timeout_s = 20;
	cfg->api_max_body_bytes = 4096;
}

static void hurried(struct config *cfg)
{
	small(cfg);
	cfg->api_timeout_s = 1;
}

static int setup(void **state)
{
	if (scratch_setup(state))
		return -1;
	api_start(&a, small);
	return 0;
}

static int setup_hurried(void **state)
{
	if (scratch_setup(state))
		return -1;
	api_start(&a, hurried);
	return 0;
}

static int teardown(void **state)
{
	api_stop(&a);
	return scratch_teardown(state);
}

/* Files of uploads that are under way, or were left. */
static int files(void)
{
	DIR *d = opendir(scratch_path("models"));
	const struct dirent *entry;
	int n = 0;

	while (d && (entry = readdir(d)))
		n += entry->d_name[0] != '.' || !strncmp(entry->d_name, ".upload-", 8);
	if (d)
		closedir(d);
	return n;
}

static void files_become(int n)
{
	int64_t begin = clock_mono_us();

	while (files() != n) {
		if (clock_mono_us() - begin > API_ANSWER_S * US_PER_S)
			fail_msg("%d files of uploads, not %d", files(), n);
		usleep(1000);
	}
}

static void send_head(int fd, size_t len, const char *more)
{
	struct buf out = { 0 };

	api_write_head(&a, &out, "POST", PATH);
	buf_printf(&out, "%s%sContent-Length: %zu\r\n\r\n", TYPE, more, len);
	api_send(fd, out.data, out.len);
	buf_free(&out);
}

/* A form sent whole, or in single bytes. */
static struct answer post(const char *form, size_t len, bool dripping)
{
	int fd = api_connect(&a);
	struct answer r;

	send_head(fd, len, "");
	for (size_t i = 0; dripping && i < len; i++)
		if (!api_send(fd, form + i, 1))
			break;
	if (!dripping)
		api_send(fd, form, len);
	r = api_read(fd, false);
	close(fd);
	return r;
}

static void expect(const char *form, int status, const char *code, const char *word)
{
	for (int dripping = 0; dripping < 2; dripping++) {
		struct answer r = post(form, strlen(form), dripping);

		if (r.status != status || strcmp(answer_text(&r, "error.code"), code) != 0 ||
		    !strstr(buf_text(&r.body), word))
			fail_msg("%.300s -> %d %s (expected %d %s %s)", form, r.status,
				 buf_text(&r.body), status, code, word);
		answer_free(&r);
		assert_int_equal(files(), 0);
	}
}

static void forms_that_are_wrong(void **state)
{
	(void)state;
	expect("", 422, "malformed_form", "last boundary");
	expect("nonsense", 422, "malformed_form", "last boundary");
	expect("--B--\r\n", 422, "invalid_fields", "\"model\"");
	expect(NAMED FILE_PART END, 422, "invalid_fields", "empty file");
	expect(NAMED FILE_PART "x", 422, "malformed_form", "last boundary");
	expect(NAMED PART("model", "x") "--B--", 422, "invalid_fields", "must be a file");
	expect(NAMED NAMED FILE_PART "x" END, 422, "invalid_fields", "given twice");
	expect(NAMED FILE_PART "x\r\n" FILE_PART "y" END, 422, "invalid_fields", "given twice");
	expect(NAMED PART("nonsense", "1") FILE_PART "x" END, 422, "invalid_fields", "nonsense");
	expect(PART("symbol", "B") FILE_PART "x" END, 422, "invalid_fields", "is required");
	expect(NAMED PART("description", "\xff\xfe") FILE_PART "x" END, 422, "invalid_fields",
	       "UTF-8");
	expect(PART("name", "a") PART("symbol", "btc") FILE_PART "x" END, 422, "invalid_fields",
	       "capitals");
	expect("--B\r\n\r\nx\r\n--B--\r\n", 422, "malformed_form", "no name");
	expect("--B\r\nContent-Disposition: form-data; name=\"name\"; filename=\"f\"\r\n\r\nx" END,
	       422, "invalid_fields", "must not be a file");
	/* nothing is wrong with it; but here is no program that could look at it */
	expect(NAMED FILE_PART "x" END, 503, "unavailable", "trading-bot is needed");
}

static void texts_and_files_have_an_end(void **state)
{
	struct buf form = { 0 };

	(void)state;
	buf_puts(&form, NAMED);
	buf_puts(&form, "--B\r\nContent-Disposition: form-data; name=\"description\"\r\n\r\n");
	for (int i = 0; i < 4097; i++)
		buf_putc(&form, 'x');
	buf_puts(&form, "\r\n" FILE_PART "x" END);
	expect(buf_text(&form), 422, "invalid_fields", "4096 bytes");
	for (int over = 0; over < 2; over++) {
		struct answer r;

		buf_clear(&form);
		buf_puts(&form, NAMED FILE_PART);
		for (int i = 0; i < MODEL_MAX + over; i++)
			buf_putc(&form, 'x');
		buf_puts(&form, END);
		r = post(form.data, form.len, false);
		assert_int_equal(r.status, over ? 413 : 503);
		answer_free(&r);
	}
	/* what is announced as far too long is refused before it comes */
	int fd = api_connect(&a);
	struct answer r;

	send_head(fd, (size_t)1 << 40, "Expect: 100-continue\r\n");
	r = api_read(fd, false);
	assert_int_equal(r.status, 413);
	answer_free(&r);
	close(fd);
	files_become(0);
	buf_free(&form);
}

/* Sends a form's begin; its file is there then. */
static int begin_one(int n)
{
	static const char form[] = NAMED FILE_PART "xxxx";
	int fd = api_connect(&a);

	send_head(fd, 5000, "");
	assert_true(api_send(fd, form, sizeof(form) - 1));
	files_become(n);
	return fd;
}

static void too_many_at_once(void **state)
{
	static const char form[] = NAMED FILE_PART "x" END;
	int fds[UPLOADS_MAX];
	struct answer r;

	(void)state;
	for (int i = 0; i < UPLOADS_MAX; i++)
		fds[i] = begin_one(i + 1);
	r = post(form, sizeof(form) - 1, false);
	assert_int_equal(r.status, 503);
	assert_string_equal(answer_text(&r, "error.code"), "busy");
	assert_non_null(answer_header(&r, "Retry-After"));
	answer_free(&r);
	api_expect(&a, "GET", "/api/v1/status", NULL, 200, NULL);
	for (int i = 0; i < UPLOADS_MAX; i++)
		close(fds[i]);
	files_become(0);
	r = post(form, sizeof(form) - 1, false);
	assert_string_equal(answer_text(&r, "error.code"), "unavailable");
	answer_free(&r);
}

static void who_drips_is_cut(void **state)
{
	int fd = begin_one(1);
	struct pollfd p = { .fd = fd, .events = POLLIN };

	(void)state;
	while (poll(&p, 1, 100) == 0)
		(void)send(fd, "x", 1, MSG_NOSIGNAL);
	close(fd);
	files_become(0);
	api_expect(&a, "GET", "/api/v1/status", NULL, 200, NULL);
}

static void the_end_while_they_come(void **state)
{
	int fds[3];

	(void)state;
	for (int i = 0; i < 3; i++)
		fds[i] = begin_one(i + 1);
	struct api ended = a;

	api_stop(&ended);
	assert_int_equal(files(), 0);
	for (int i = 0; i < 3; i++) {
		struct answer r = api_read(fds[i], false);

		assert_int_equal(r.status, 503);
		assert_true(answer_header_is(&r, "Connection", "close"));
		answer_free(&r);
		close(fds[i]);
	}
	/* a killed process would have left this */
	fclose(fopen(scratch_path("models/.upload-0123"), "w"));
	assert_int_equal(files(), 1);
	api_run(&a);
	assert_int_equal(files(), 0);
}

static void no_room(void **state)
{
	static const char form[] = NAMED FILE_PART "x" END;
	struct answer r;
	FILE *f;

	(void)state;
	f = fopen(scratch_path("models"), "w");	/* no folder can be there */
	assert_non_null(f);
	fclose(f);
	r = post(form, sizeof(form) - 1, false);
	assert_int_equal(r.status, 503);
	assert_string_equal(answer_text(&r, "error.code"), "storage");
	answer_free(&r);
	assert_int_equal(unlink(scratch_path("models")), 0);
}

/* A write that fails half way: the file is gone, the rest of the form is read and dropped. */
static void disk_full(void **state)
{
	struct rlimit was, tight;
	struct buf form = { 0 };
	struct answer r;

	(void)state;
	buf_puts(&form, NAMED FILE_PART);
	for (int i = 0; i < MODEL_MAX; i++)
		buf_putc(&form, 'x');
	buf_puts(&form, END);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	tight = was;
	tight.rlim_cur = 65536;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
	r = post(form.data, form.len, false);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	signal(SIGXFSZ, SIG_DFL);
	assert_int_equal(r.status, 503);
	assert_string_equal(answer_text(&r, "error.code"), "storage_full");
	answer_free(&r);
	files_become(0);
	buf_free(&form);
}

/* Refused before its body is read: no byte of the body is taken for a request. */
static void refused_and_on(void **state)
{
	static const char text[] = "GET /api/v1/bots HTTP/1.1\r\nHost: localhost\r\n\r\n";
	int fd = api_connect(&a);
	struct answer r;
	char more;

	(void)state;
	a.token = "tb_wrong";
	send_head(fd, sizeof(text) - 1, "");
	assert_true(api_send(fd, text, sizeof(text) - 1));	/* a body that looks like one */
	r = api_read(fd, false);
	assert_int_equal(r.status, 401);
	answer_free(&r);
	assert_int_equal(recv(fd, &more, 1, 0), 0);	/* no second answer */
	close(fd);
	a.token = API_TEST_TOKEN;
	api_expect(&a, "GET", "/api/v1/status", NULL, 200, NULL);
	assert_int_equal(files(), 0);
}

#define WITH(f, s) cmocka_unit_test_setup_teardown(f, s, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(forms_that_are_wrong, setup),
		WITH(texts_and_files_have_an_end, setup),
		WITH(too_many_at_once, setup),
		WITH(who_drips_is_cut, setup_hurried),
		WITH(the_end_while_they_come, setup),
		WITH(no_room, setup),
		WITH(disk_full, setup),
		WITH(refused_and_on, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
