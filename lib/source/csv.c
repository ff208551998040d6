/* SPDX-License-Identifier: Apache-2.0 */
/* CSV, streamed. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/escape.h"
#include "base/file.h"
#include "base/text.h"
#include "source/csv.h"

enum { BUF_LEN = 65536 };

/* Where the parser stands in a row. */
struct row {
	struct imp_csv *csv;
	unsigned long column; /* of the character just read, from 1 */
	size_t fields;
	bool quoted, was_quoted, any;
};

static int bad(const struct imp_csv *csv, unsigned long line, unsigned long column,
	       const char *what, struct imp_error *err)
{
	return imp_fail(err, IMP_EFORMAT, "%s:%lu:%lu: %s (RFC 4180 2)", csv->name, line,
			column, what);
}

/* What could not be read is not tried again: whoever asked took it for the end. */
static bool refill(struct imp_csv *csv)
{
	ssize_t n = csv->error ? -1 : read(csv->fd, csv->buf.ptr, csv->buf.cap);

	if (n < 0 && !csv->error)
		csv->error = errno;
	csv->pos = 0;
	csv->buf.len = n > 0 ? (size_t)n : 0;
	return n > 0;
}

static int get(struct imp_csv *csv)
{
	return csv->pos < csv->buf.len || refill(csv) ? csv->buf.ptr[csv->pos++] : EOF;
}

/* Only what get() gave last. */
static void unget(struct imp_csv *csv, int c)
{
	csv->pos -= c != EOF;
}

static int append_all(struct row *r, struct imp_span bytes, struct imp_error *err)
{
	if (r->csv->text.len + bytes.len > IMP_CSV_ROW_MAX)
		return bad(r->csv, r->csv->row_line, 1, "a row of more than 65536 bytes",
			   err);
	return imp_secret_append(&r->csv->text, bytes, err);
}

static int append(struct row *r, int c, struct imp_error *err)
{
	const uint8_t byte = (uint8_t)c;

	return append_all(r, (struct imp_span){ &byte, 1 }, err);
}

/* Bytes ahead that stand for themselves, wherever they are. */
static struct imp_span plain_run(const struct row *r)
{
	const struct imp_csv *csv = r->csv;
	struct imp_span run = { csv->buf.ptr + csv->pos, 0 };

	while (csv->pos + run.len < csv->buf.len) {
		uint8_t c = run.ptr[run.len];

		if (c == '"' || c == '\n' || c == '\r' || c == '\0' ||
		    c == (uint8_t)csv->delimiter)
			break;
		run.len++;
	}
	return run;
}

static size_t characters(struct imp_span bytes)
{
	size_t n = 0;

	for (size_t i = 0; i < bytes.len; i++)
		n += (bytes.ptr[i] & 0xc0) != 0x80;
	return n;
}

static int begin_field(struct row *r, struct imp_error *err)
{
	if (r->fields == IMP_CSV_COLUMNS)
		return bad(r->csv, r->csv->line, r->column, "more than 64 columns", err);
	r->csv->at[r->fields] = r->csv->text.len;
	r->csv->field_line[r->fields] = r->csv->line;
	r->csv->field_column[r->fields] = r->column + 1;
	r->fields++;
	r->quoted = r->was_quoted = false;
	return 0;
}

static int check_utf8(const struct row *r, struct imp_error *err)
{
	const struct imp_csv *csv = r->csv;
	size_t at = csv->at[r->fields - 1];
	struct imp_span rest = { csv->text.ptr + at, csv->text.len - at };

	while (rest.len > 0 && rest.ptr[0] < 0x80) {
		rest.ptr++;
		rest.len--;
	}
	while (rest.len > 0) {
		uint32_t cp;
		size_t n = imp_utf8(rest, &cp);

		if (n == 0)
			return bad(csv, csv->field_line[r->fields - 1],
				   csv->field_column[r->fields - 1], "is not UTF-8", err);
		rest.ptr += n;
		rest.len -= n;
	}
	return 0;
}

static int end_field(struct row *r, struct imp_error *err)
{
	int rc = check_utf8(r, err);

	return rc ? rc : append(r, '\0', err);
}

/* A quote: opens a field, closes it, or stands for itself when doubled. */
static int quote(struct row *r, struct imp_error *err)
{
	struct imp_csv *csv = r->csv;
	int next;

	if (!r->quoted) {
		if (r->was_quoted || csv->text.len > csv->at[r->fields - 1])
			return bad(csv, csv->line, r->column,
				   "a quote inside a field that is not quoted", err);
		r->quoted = r->was_quoted = true;
		return 0;
	}
	next = get(csv);
	if (next == '"') {
		r->column++;
		return append(r, '"', err);
	}
	unget(csv, next);
	r->quoted = false;
	return 0;
}

static void new_line(struct row *r, int c)
{
	if (c == '\r') {
		int next = get(r->csv);

		if (next != '\n')
			unget(r->csv, next);
	}
	r->csv->line++;
	r->column = 0;
}

/* One byte: 1 at the end of the row, 0, or an error. */
static int take(struct row *r, int c, struct imp_error *err)
{
	struct imp_csv *csv = r->csv;
	int rc;

	r->column += (c & 0xc0) != 0x80; /* not within a character */
	if (c == '\0')
		return bad(csv, csv->line, r->column, "a NUL byte", err);
	if (c == '"')
		return quote(r, err);
	if (r->quoted) {
		if (c == '\n' || c == '\r')
			new_line(r, c);
		return append(r, c == '\r' ? '\n' : c, err);
	}
	if (c == '\n' || c == '\r') {
		rc = end_field(r, err);
		new_line(r, c);
		return rc ? rc : 1;
	}
	if (c == csv->delimiter) {
		rc = end_field(r, err);
		return rc ? rc : begin_field(r, err);
	}
	if (r->was_quoted)
		return bad(csv, csv->line, r->column, "text after a closing quote", err);
	return append(r, c, err);
}

/* To the end of the row: 1, 0 where the file ends first, or an error. */
static int take_row(struct row *r, struct imp_error *err)
{
	int rc = begin_field(r, err), c;

	while (!rc) {
		struct imp_span run = plain_run(r);

		if (run.len > 0 && !r->was_quoted) {
			r->csv->pos += run.len;
			r->column += characters(run);
			rc = append_all(r, run, err);
			continue;
		}
		c = get(r->csv);
		if (c == EOF)
			return 0;
		rc = take(r, c, err);
	}
	return rc;
}

/* The last row needs no line end. */
static int end_of_file(struct row *r, struct imp_error *err)
{
	struct imp_csv *csv = r->csv;

	if (r->quoted)
		return bad(csv, csv->field_line[r->fields - 1],
			   csv->field_column[r->fields - 1],
			   "a quoted field that never ends", err);
	csv->open_end = true;
	return end_field(r, err);
}

static int failed(const struct imp_csv *csv, struct imp_error *err)
{
	errno = csv->error;
	return csv->error ? imp_read_failed(csv->name, err) : 0;
}

/* 1 with a row in csv->text, 0 at the end. Blank lines are passed over. */
static int read_row(struct imp_csv *csv, size_t *fields, struct imp_error *err)
{
	struct row r = { .csv = csv };
	int c, rc;

	do {
		c = get(csv);
		if (c == '\n' || c == '\r')
			new_line(&r, c);
	} while (c == '\n' || c == '\r');
	if (c == EOF)
		return failed(csv, err);
	unget(csv, c);
	csv->text.len = 0;
	csv->row_line = csv->line;
	rc = take_row(&r, err);
	if (rc == 0)
		rc = failed(csv, err);
	if (rc == 0)
		rc = end_of_file(&r, err);
	*fields = rc < 0 ? 0 : r.fields;
	return rc < 0 ? rc : 1;
}

static int skip_bom(struct imp_csv *csv, struct imp_error *err)
{
	int c = get(csv);

	if (c != 0xef) {
		unget(csv, c);
		return 0;
	}
	if (get(csv) == 0xbb && get(csv) == 0xbf)
		return 0;
	return csv->error ? failed(csv, err) : bad(csv, 1, 1, "is not UTF-8", err);
}

static int name_column(struct imp_csv *csv, size_t i, const char *name,
		       struct imp_error *err)
{
	if (!name[0])
		return bad(csv, 1, csv->field_column[i], "a column without a name", err);
	if (imp_csv_find(csv, name) >= 0)
		return imp_fail(err, IMP_EFORMAT,
				"%s:1:%lu: column %s stands there twice", csv->name,
				csv->field_column[i], name);
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

static int read_header(struct imp_csv *csv, const struct head *h, struct imp_error *err)
{
	const char *const *names = NULL;
	size_t fields = 0;
	int rc;

	csv->line = 1;
	rc = skip_bom(csv, err);
	if (rc)
		return rc;
	rc = read_row(csv, &fields, err);
	if (rc < 0)
		return rc;
	if (rc == 0)
		return bad(csv, 1, 1, h->names ? "no row" : "no header", err);
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
	int rc = imp_file_open_twice(path, &t.fd, err);

	if (rc)
		return rc;
	t.name = strdup(strcmp(path, "-") == 0 ? "standard input" : path);
	if (!t.name)
		return imp_fail(err, IMP_ERESOURCE, "out of memory");
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

int imp_csv_next(struct imp_csv *csv, struct imp_error *err)
{
	int rc;

	csv->fields = 0;
	rc = read_row(csv, &csv->fields, err);
	if (rc > 0 && csv->fields != csv->columns)
		return imp_fail(err, IMP_EFORMAT,
				"%s:%lu:1: %zu field%s, the %s has %zu (RFC 4180 2)",
				csv->name, csv->row_line, csv->fields,
				imp_plural(csv->fields),
				csv->bare ? "first row" : "header", csv->columns);
	return rc;
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
		rc = read_row(csv, &fields, err);
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

static bool is_told(struct imp_span told, const struct imp_mistake *m)
{
	struct imp_mistake k;

	while (imp_mistake_next(&told, &k))
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
