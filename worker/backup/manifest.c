#include "worker/backup/manifest.h"

#include "common/clock.h"
#include "common/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FORMAT 1

static const char *const not_included[] = {
	"master.key", "api_token", ".env", "recordings", "backtests", "artifacts", "reports",
	"logs",
};
#define NOT_INCLUDED_N (sizeof(not_included) / sizeof(not_included[0]))

void manifest_free(struct manifest *m)
{
	free(m->files);
	memset(m, 0, sizeof(*m));
}

struct manifest_file *manifest_add(struct manifest *m)
{
	m->files = xrealloc(m->files, (m->files_n + 1) * sizeof(*m->files));
	memset(&m->files[m->files_n], 0, sizeof(*m->files));
	return &m->files[m->files_n++];
}

const struct manifest_file *manifest_find(const struct manifest *m, const char *name)
{
	for (size_t i = 0; i < m->files_n; i++)
		if (strcmp(m->files[i].name, name) == 0)
			return &m->files[i];
	return NULL;
}

void manifest_write(const struct manifest *m, const struct backup_models *missing,
		    struct buf *out)
{
	struct json j = { .out = out };

	json_object(&j, NULL);
	json_int(&j, "format", FORMAT);
	json_string(&j, "program", m->program);
	json_time(&j, "made", m->made_us);
	json_int(&j, "schema_version", m->schema_version);
	json_string(&j, "master_key", m->key_name);
	json_array(&j, "files");
	for (size_t i = 0; i < m->files_n; i++) {
		json_object(&j, NULL);
		json_string(&j, "name", m->files[i].name);
		json_int(&j, "bytes", m->files[i].bytes);
		json_string(&j, "sha256", m->files[i].sha256);
		json_object_end(&j);
	}
	json_array_end(&j);
	json_object(&j, "rows");
	for (size_t i = 0; i < m->rows.n; i++)
		json_int(&j, m->rows.tables[i].table, m->rows.tables[i].rows);
	json_object_end(&j);
	json_array(&j, "missing");
	for (size_t i = 0; i < missing->n; i++)
		json_string(&j, NULL, missing->list[i].path);
	json_array_end(&j);
	json_array(&j, "not_included");
	for (size_t i = 0; i < NOT_INCLUDED_N; i++)
		json_string(&j, NULL, not_included[i]);
	json_array_end(&j);
	json_object_end(&j);
	buf_putc(out, '\n');
}

static int wrong(const char *what, struct err *e)
{
	return err_set(e, ERR_CORRUPT, "the backup's %s is not one (%s)", MANIFEST_NAME, what);
}

static bool whole_number(const cJSON *v)
{
	return cJSON_IsNumber(v) && v->valuedouble >= 0 && v->valuedouble <= 9007199254740992.0 &&
	       v->valuedouble == (double)(int64_t)v->valuedouble;
}

static bool copy_text(const cJSON *o, const char *key, char *out, size_t size)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, key);

	if (!cJSON_IsString(v) || strlen(v->valuestring) >= size)
		return false;
	snprintf(out, size, "%s", v->valuestring);
	return true;
}

static int read_files(const cJSON *list, struct manifest *m, struct err *e)
{
	const cJSON *o;

	cJSON_ArrayForEach(o, list) {
		const cJSON *bytes = cJSON_GetObjectItemCaseSensitive(o, "bytes");
		struct manifest_file f = { 0 };

		if (!copy_text(o, "name", f.name, sizeof(f.name)) ||
		    !copy_text(o, "sha256", f.sha256, sizeof(f.sha256)) || !whole_number(bytes))
			return wrong("files", e);
		f.bytes = (int64_t)bytes->valuedouble;
		if (manifest_find(m, f.name))
			return wrong("a file is named twice", e);
		*manifest_add(m) = f;
	}
	if (m->files_n == 0 || strcmp(m->files[0].name, MANIFEST_DATABASE) != 0)
		return wrong("it names no database", e);
	return 0;
}

static int read_rows(const cJSON *object, struct backup_rows *rows, struct err *e)
{
	const cJSON *v;

	cJSON_ArrayForEach(v, object) {
		if (!whole_number(v) || rows->n == BACKUP_TABLES_MAX ||
		    strlen(v->string) >= sizeof(rows->tables[0].table))
			return wrong("rows", e);
		snprintf(rows->tables[rows->n].table, sizeof(rows->tables[0].table), "%s",
			 v->string);
		rows->tables[rows->n++].rows = (int64_t)v->valuedouble;
	}
	return 0;
}

static int read_object(const cJSON *o, struct manifest *m, struct err *e)
{
	const cJSON *format = cJSON_GetObjectItemCaseSensitive(o, "format");
	const cJSON *version = cJSON_GetObjectItemCaseSensitive(o, "schema_version");
	const cJSON *missing = cJSON_GetObjectItemCaseSensitive(o, "missing");
	char made[CLOCK_TEXT_MAX];
	int rc;

	if (!whole_number(format))
		return wrong("format", e);
	if (format->valuedouble > FORMAT)
		return err_set(e, ERR_NEWER, "a newer version of this program made the backup "
			       "(format %d): use that version", format->valueint);
	if (!copy_text(o, "program", m->program, sizeof(m->program)) ||
	    !copy_text(o, "master_key", m->key_name, sizeof(m->key_name)) ||
	    !copy_text(o, "made", made, sizeof(made)) || clock_parse(made, &m->made_us) ||
	    !whole_number(version) || version->valuedouble > INT32_MAX)
		return wrong("program, made or schema_version", e);
	m->schema_version = version->valueint;
	m->missing = (size_t)cJSON_GetArraySize(missing);
	rc = read_files(cJSON_GetObjectItemCaseSensitive(o, "files"), m, e);
	return rc ? rc : read_rows(cJSON_GetObjectItemCaseSensitive(o, "rows"), &m->rows, e);
}

int manifest_read(const struct buf *text, struct manifest *m, struct err *e)
{
	cJSON *o = NULL;
	int rc;

	if (json_read(buf_text(text), text->len, &o, NULL))
		return wrong("no JSON", e);
	rc = read_object(o, m, e);
	cJSON_Delete(o);
	if (rc)
		manifest_free(m);
	return rc;
}

void manifest_key_name(const char *key_file, char out[KEY_NAME_MAX])
{
	static const char purpose[] = "trading-bot name of a master key";
	unsigned char text[sizeof(purpose) + sizeof(((struct master_key *)0)->bytes)];
	char hash[SHA256_HEX_MAX];
	struct master_key key;

	out[0] = '\0';
	if (master_key_read(key_file, &key, NULL))
		return;
	memcpy(text, purpose, sizeof(purpose));
	memcpy(text + sizeof(purpose), key.bytes, sizeof(key.bytes));
	crypto_sha256_hex(text, sizeof(text), hash);
	snprintf(out, KEY_NAME_MAX, "%.16s", hash);
	crypto_wipe(text, sizeof(text));
	crypto_wipe(&key, sizeof(key));
}
