/* SPDX-License-Identifier: Apache-2.0 */
/* One row of CSV, byte by byte. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "source/csv_row.h"

/* Where the parser stands in a row. */
struct row {
	struct imp_csv *csv;
	unsigned long column; /* of the character just read, from 1 */
	size_t fields;
	bool quoted, was_quoted, any;
};

int csv_bad(const struct imp_csv *csv, unsigned long line, unsigned long column,
	    const char *what, struct imp_error *err)
{
	return imp_fail(err, IMP_EFORMAT, "%s:%lu:%lu: %s", csv->name, line, column,
			what);
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

int csv_get(struct imp_csv *csv)
{
	return csv->pos < csv->buf.len || refill(csv) ? csv->buf.ptr[csv->pos++] : EOF;
}

void csv_unget(struct imp_csv *csv, int c)
{
	csv->pos -= c != EOF;
}

static int append_all(struct row *r, struct imp_span bytes, struct imp_error *err)
{
	if (r->csv->text.len + bytes.len > IMP_CSV_ROW_MAX)
		return csv_bad(r->csv, r->csv->row_line, 1,
			       "a row of more than 65536 bytes, the most that is taken",
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
		return csv_bad(r->csv, r->csv->line, r->column,
			       "more than 64 columns, the most that are taken", err);
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
			return csv_bad(csv, csv->field_line[r->fields - 1],
				       csv->field_column[r->fields - 1],
				       "is not UTF-8: save it as UTF-8 (RFC 3629 3)",
				       err);
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
			return csv_bad(
				csv, csv->line, r->column,
				"a quote inside a field that is not quoted: quote the "
				"field, and double the quotes in it (RFC 4180 2)",
				err);
		r->quoted = r->was_quoted = true;
		return 0;
	}
	next = csv_get(csv);
	if (next == '"') {
		r->column++;
		return append(r, '"', err);
	}
	csv_unget(csv, next);
	r->quoted = false;
	return 0;
}

static void new_line(struct row *r, int c)
{
	if (c == '\r') {
		int next = csv_get(r->csv);

		if (next != '\n')
			csv_unget(r->csv, next);
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
		return csv_bad(csv, csv->line, r->column,
			       "a NUL byte: UTF-16? save it as UTF-8 (RFC 4180 2)", err);
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
		return csv_bad(csv, csv->line, r->column,
			       "text after a closing quote (RFC 4180 2)", err);
	return append(r, c, err);
}

/* To the end of the row: 1, 0 where the file ends first, or an error. */
static int take_row(struct row *r, struct imp_error *err)
{
	int rc = begin_field(r, err), c;

	while (!rc) {
		struct imp_span run = { 0 };

		if (r->quoted || !r->was_quoted)
			run = plain_run(r);
		if (run.len > 0) {
			r->csv->pos += run.len;
			r->column += characters(run);
			rc = append_all(r, run, err);
			continue;
		}
		c = csv_get(r->csv);
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
		return csv_bad(csv, csv->field_line[r->fields - 1],
			       csv->field_column[r->fields - 1],
			       "a quoted field that never ends (RFC 4180 2)", err);
	csv->open_end = true;
	return end_field(r, err);
}

int csv_failed(const struct imp_csv *csv, struct imp_error *err)
{
	errno = csv->error;
	return csv->error ? imp_read_failed(csv->name, err) : 0;
}

int csv_read_row(struct imp_csv *csv, size_t *fields, struct imp_error *err)
{
	struct row r = { .csv = csv };
	int c, rc;

	do {
		c = csv_get(csv);
		if (c == '\n' || c == '\r')
			new_line(&r, c);
	} while (c == '\n' || c == '\r');
	if (c == EOF)
		return csv_failed(csv, err);
	csv_unget(csv, c);
	csv->text.len = 0;
	csv->row_line = csv->line;
	rc = take_row(&r, err);
	if (rc == 0)
		rc = csv_failed(csv, err);
	if (rc == 0)
		rc = end_of_file(&r, err);
	*fields = rc < 0 ? 0 : r.fields;
	return rc < 0 ? rc : 1;
}
