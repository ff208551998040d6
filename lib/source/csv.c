/* SPDX-License-Identifier: Apache-2.0 */
/* CSV, streamed. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "source/csv.h"

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

static int append(struct row *r, int c, struct imp_error *err)
{
	const uint8_t byte = (uint8_t)c;

	if (r->csv->text.len >= IMP_CSV_ROW_MAX)
		return bad(r->csv, r->csv->row_line, 1, "a row of more than 65536 bytes",
			   err);
	return imp_secret_append(&r->csv->text, (struct imp_span){ &byte, 1 }, err);
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
	next = getc(csv->f);
	if (next == '"') {
		r->column++;
		return append(r, '"', err);
	}
	ungetc(next, csv->f);
	r->quoted = false;
	return 0;
}

static void new_line(struct row *r, int c)
{
	if (c == '\r') {
		int next = getc(r->csv->f);

		if (next != '\n')
			ungetc(next, r->csv->f);
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

/* 1 with a row in csv->text, 0 at the end. Blank lines are passed over. */
static int read_row(struct imp_csv *csv, size_t *fields, struct imp_error *err)
{
	struct row r = { .csv = csv };
	int c, rc;

	do {
		c = getc(csv->f);
		if (c == '\n' || c == '\r')
			new_line(&r, c);
	} while (c == '\n' || c == '\r');
	if (c == EOF)
		return ferror(csv->f) ? imp_fail(err, IMP_EUSAGE, "%s: %s", csv->name,
						 strerror(errno))
				      : 0;
	ungetc(c, csv->f);
	csv->text.len = 0;
	csv->row_line = csv->line;
	rc = begin_field(&r, err);
	while (!rc && (c = getc(csv->f)) != EOF)
		rc = take(&r, c, err);
	if (!rc && r.quoted)
		return bad(csv, csv->field_line[r.fields - 1],
			   csv->field_column[r.fields - 1],
			   "a quoted field that never ends", err);
	if (!rc)
		rc = end_field(&r, err); /* the last line needs no end */
	*fields = r.fields;
	return rc < 0 ? rc : 1;
}

static int skip_bom(struct imp_csv *csv)
{
	int c = getc(csv->f);

	if (c != 0xef) {
		ungetc(c, csv->f);
		return 0;
	}
	return getc(csv->f) == 0xbb && getc(csv->f) == 0xbf ? 0 : -1;
}

static int read_header(struct imp_csv *csv, struct imp_error *err)
{
	size_t fields = 0;
	int rc;

	csv->line = 1;
	if (skip_bom(csv))
		return bad(csv, 1, 1, "is not UTF-8", err);
	rc = read_row(csv, &fields, err);
	if (rc < 0)
		return rc;
	if (rc == 0)
		return bad(csv, 1, 1, "no header", err);
	for (size_t i = 0; i < fields; i++) {
		const char *name = imp_csv_field(csv, i);

		if (!name[0])
			return bad(csv, 1, csv->field_column[i],
				   "a column without a name", err);
		if (imp_csv_find(csv, name) >= 0)
			return imp_fail(err, IMP_EFORMAT,
					"%s:1:%lu: column %s stands there twice",
					csv->name, csv->field_column[i], name);
		csv->column[i] = strdup(name);
		if (!csv->column[i])
			return imp_fail(err, IMP_ERESOURCE, "out of memory");
		csv->columns++;
	}
	return 0;
}

int imp_csv_open(struct imp_csv *csv, const char *path, char delimiter,
		 struct imp_error *err)
{
	CLEANUP(imp_csv_close) struct imp_csv t = { .delimiter = delimiter };
	bool in = strcmp(path, "-") == 0;
	struct stat st;
	int rc;

	t.name = strdup(in ? "standard input" : path);
	t.f = in ? fdopen(dup(0), "rb") : fopen(path, "rbe");
	if (!t.name || !t.f)
		return imp_fail(err, IMP_EUSAGE, "%s: %s", path, strerror(errno));
	if (fstat(fileno(t.f), &st) == 0 && S_ISDIR(st.st_mode))
		return imp_fail(err, IMP_EUSAGE, "%s: is a folder, expected a file",
				path);
	rc = imp_secret_reserve(&t.text, 1024, err);
	if (!rc)
		rc = read_header(&t, err);
	if (rc)
		return rc;
	*csv = t;
	t = (struct imp_csv){ 0 };
	return 0;
}

int imp_csv_next(struct imp_csv *csv, struct imp_error *err)
{
	size_t fields = 0;
	int rc = read_row(csv, &fields, err);

	if (rc > 0 && fields != csv->columns)
		return imp_fail(err, IMP_EFORMAT,
				"%s:%lu:1: %zu fields, the header has %zu (RFC 4180 2)",
				csv->name, csv->row_line, fields, csv->columns);
	return rc;
}

int imp_csv_rewind(struct imp_csv *csv, struct imp_error *err)
{
	size_t fields;

	if (fseek(csv->f, 0, SEEK_SET) != 0)
		return imp_fail(err, IMP_EUSAGE, "%s: cannot be read twice: %s",
				csv->name, strerror(errno));
	csv->line = 1;
	return skip_bom(csv) || read_row(csv, &fields, err) < 0 ? -IMP_EFORMAT : 0;
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

void imp_csv_close(struct imp_csv *csv)
{
	if (csv->f)
		fclose(csv->f);
	free(csv->name);
	for (size_t i = 0; i < csv->columns; i++)
		free(csv->column[i]);
	imp_secret_fini(&csv->text);
	*csv = (struct imp_csv){ 0 };
}
