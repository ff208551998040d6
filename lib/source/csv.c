/* SPDX-License-Identifier: Apache-2.0 */
/* CSV, streamed. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/escape.h"
#include "base/file.h"
#include "base/text.h"
#include "source/csv_row.h"

enum { BUF_LEN = 65536 };

/* What is taken for a CSV, by its first bytes. Sources: RFC 2781 3.2; PKWARE APPNOTE
 * 4.3.7; MS-CFB 2.2. */
static const struct {
	const char *bytes, *is;
} others[] = {
	{ "\xff\xfe", "looks like UTF-16: save it as UTF-8" },
	{ "\xfe\xff", "looks like UTF-16: save it as UTF-8" },
	{ "PK\3\4", "is a spreadsheet's own file, or an archive: save it as CSV" },
	{ "\xd0\xcf\x11\xe0", "is a spreadsheet's own file: save it as CSV" },
};

static const char *other_than_csv(const struct imp_csv *csv)
{
	for (size_t i = 0; i < COUNTOF(others); i++)
		if (csv->buf.len >= strlen(others[i].bytes) &&
		    memcmp(csv->buf.ptr, others[i].bytes, strlen(others[i].bytes)) == 0)
			return others[i].is;
	return NULL;
}

static int skip_bom(struct imp_csv *csv, struct imp_error *err)
{
	int c = csv_get(csv);
	const char *other = other_than_csv(csv);

	if (other)
		return csv_bad(csv, 1, 1, other, err);
	if (c != 0xef) {
		csv_unget(csv, c);
		return 0;
	}
	if (csv_get(csv) == 0xbb && csv_get(csv) == 0xbf)
		return 0;
	return csv->error ? csv_failed(csv, err)
			  : csv_bad(csv, 1, 1, "is not UTF-8 (RFC 3629 3)", err);
}

static int name_column(struct imp_csv *csv, size_t i, const char *name,
		       struct imp_error *err)
{
	if (!name[0])
		return csv_bad(csv, csv->field_line[i], csv->field_column[i],
			       "a column without a name", err);
	if (imp_csv_find(csv, name) >= 0)
		return imp_fail(err, IMP_EFORMAT,
				"%s:%lu:%lu: column %s stands there twice", csv->name,
				csv->field_line[i], csv->field_column[i], name);
	csv->column[i] = strdup(name);
	if (!csv->column[i])
		return imp_fail(err, IMP_ERESOURCE, "out of memory");
	csv->columns++;
	return 0;
}

/* How the first row is judged; names NULL: it is a header. */
struct head {
	imp_csv_names_fn *names;
	void *ctx;
};

/* "sep=;", which some spreadsheets write and hide: one field, or two where that is the
 * delimiter. */
static bool names_delimiter(const struct imp_csv *csv, size_t fields)
{
	const char *first = imp_csv_field(csv, 0);

	return strncasecmp(first, "sep=", 4) == 0 && strlen(first) <= 5 &&
	       (fields == 1 || (fields == 2 && !*imp_csv_field(csv, 1)));
}

static int read_header(struct imp_csv *csv, const struct head *h, struct imp_error *err)
{
	const char *const *names = NULL;
	size_t fields = 0;
	int rc;

	csv->line = 1;
	rc = skip_bom(csv, err);
	if (rc)
		return rc;
	rc = csv_read_row(csv, &fields, err);
	if (rc < 0)
		return rc;
	if (rc == 0)
		return csv_bad(csv, 1, 1, h->names ? "no row" : "no header", err);
	if (names_delimiter(csv, fields))
		return csv_bad(csv, csv->row_line, 1,
			       "a line sep= is for spreadsheets: leave it out, and give "
			       "--delimiter",
			       err);
	rc = h->names ? h->names(h->ctx, csv, fields, &names, err) : 0;
	csv->bare = names != NULL;
	for (size_t i = 0; !rc && i < fields; i++)
		rc = name_column(csv, i, names ? names[i] : imp_csv_field(csv, i), err);
	return rc || !csv->bare ? rc : imp_csv_rewind(csv, err);
}

static int open_with(struct imp_csv *csv, const char *path, char delimiter,
		     const struct head *h, struct imp_error *err)
{
	CLEANUP(imp_csv_close) struct imp_csv t = { .fd = -1, .delimiter = delimiter };
	int rc;

	t.name = strdup(strcmp(path, "-") == 0 ? "standard input" : path);
	if (!t.name)
		return imp_fail(err, IMP_ERESOURCE, "out of memory");
	rc = imp_file_open_twice(path, &t.fd, err);
	if (!rc)
		rc = imp_secret_reserve(&t.text, 1024, err);
	if (!rc)
		rc = imp_secret_reserve(&t.buf, BUF_LEN, err);
	if (!rc)
		rc = read_header(&t, h, err);
	if (rc)
		return rc;
	*csv = t;
	t = (struct imp_csv){ .fd = -1 };
	return 0;
}

int imp_csv_open(struct imp_csv *csv, const char *path, char delimiter,
		 struct imp_error *err)
{
	return open_with(csv, path, delimiter, &(struct head){ 0 }, err);
}

int imp_csv_open_bare(struct imp_csv *csv, const char *path, char delimiter,
		      imp_csv_names_fn *names, void *ctx, struct imp_error *err)
{
	return open_with(csv, path, delimiter, &(struct head){ names, ctx }, err);
}

static void word_fields(const struct imp_csv *csv, char out[96])
{
	snprintf(out, 96, "%zu field%s, the %s has %zu (RFC 4180 2)", csv->fields,
		 imp_plural(csv->fields), csv->bare ? "first row" : "header",
		 csv->columns);
}

int imp_csv_next(struct imp_csv *csv, struct imp_error *err)
{
	char what[96];
	int rc;

	csv->fields = 0;
	rc = csv_read_row(csv, &csv->fields, err);
	if (rc <= 0 || csv->fields == csv->columns)
		return rc;
	word_fields(csv, what);
	return csv_bad(csv, csv->row_line, 1, what, err);
}

int imp_csv_next_any(struct imp_csv *csv, struct imp_secret *text, struct imp_error *err)
{
	char what[96];
	int rc = imp_csv_next(csv, err);

	if (rc != -IMP_EFORMAT || csv->fields == 0)
		return rc;
	word_fields(csv, what);
	return imp_csv_mistake(csv, -1, text, err, "%s", what) == -IMP_ERESOURCE
		       ? -IMP_ERESOURCE
		       : 1;
}

int imp_csv_rewind(struct imp_csv *csv, struct imp_error *err)
{
	size_t fields;
	int rc;

	csv->pos = csv->buf.len = 0;
	csv->open_end = false;
	if (lseek(csv->fd, 0, SEEK_SET) != 0)
		return imp_fail(err, IMP_EUSAGE, "%s: cannot be read twice: %s",
				csv->name, strerror(errno));
	csv->line = 1;
	rc = skip_bom(csv, err);
	if (!rc && !csv->bare)
		rc = csv_read_row(csv, &fields, err);
	return rc < 0 ? rc : 0;
}

int imp_csv_find(const struct imp_csv *csv, const char *column)
{
	for (size_t i = 0; i < csv->columns; i++)
		if (strcmp(csv->column[i], column) == 0)
			return (int)i;
	return -1;
}

const char *imp_csv_field(const struct imp_csv *csv, size_t column)
{
	return (const char *)csv->text.ptr + csv->at[column];
}

/* Only what the same row has could be the same. */
static bool is_told(struct imp_span told, const struct imp_mistake *m)
{
	struct imp_mistake k;

	while (imp_mistake_last(&told, &k) && k.row == m->row)
		if (k.line == m->line && k.column == m->column &&
		    strcmp(k.text, m->text) == 0)
			return true;
	return false;
}

int imp_csv_mistake(const struct imp_csv *csv, int column, struct imp_secret *text,
		    struct imp_error *err, const char *fmt, ...)
{
	bool in_field = column >= 0;
	char raw[IMP_MISTAKE_TEXT], escaped[IMP_MISTAKE_TEXT];
	struct imp_mistake m = {
		.file = csv->name,
		.line = (uint32_t)(in_field ? csv->field_line[column] : csv->row_line),
		.column = in_field ? (uint32_t)csv->field_column[column] : 1,
		.row = (uint32_t)csv->row_line,
		.rows = "",
		.text = escaped,
		.near = "",
		.shown = "",
	};
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	imp_escape(escaped, sizeof(escaped), imp_span_str(raw));
	if (!is_told(imp_secret_span(text), &m) && imp_mistake_put(text, &m, err))
		return -IMP_ERESOURCE;
	return -IMP_EFORMAT;
}

void imp_csv_close(struct imp_csv *csv)
{
	if (csv->name && csv->fd >= 0)
		close(csv->fd);
	free(csv->name);
	for (size_t i = 0; i < csv->columns; i++)
		free(csv->column[i]);
	imp_secret_fini(&csv->text);
	imp_secret_fini(&csv->buf);
	*csv = (struct imp_csv){ .fd = -1 };
}
