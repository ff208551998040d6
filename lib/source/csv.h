/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CSV: rows of devices, streamed.
 *
 * RFC 4180 whole: a header or none, quoted fields that may hold delimiters, quotes and
 * line ends; also a byte order mark, CRLF, LF or CR. Every row has as many fields as the
 * first one; NUL bytes, text that is not UTF-8 and a last line that breaks off inside
 * quotes are errors with line and column. A pipe is kept in a file without a name, so
 * that the rows can be read again.
 */
#ifndef IMP_SOURCE_CSV_H
#define IMP_SOURCE_CSV_H

#include "base/secret.h"
#include "source/mistake.h"

enum { IMP_CSV_COLUMNS = 64, IMP_CSV_ROW_MAX = 65536 };

struct imp_csv {
	int fd;	    /* owned */
	char *name; /* for messages; owned */
	char delimiter;
	struct imp_secret buf; /* bytes of the file; buf.len of them, read up to pos */
	size_t pos;
	int error;	    /* errno of a failed read, or 0 */
	bool open_end;	    /* the last row had no line end: a file cut off, perhaps */
	bool bare;	    /* no header: the first row is a row like the others */
	unsigned long line; /* of the byte to be read next, from 1 */
	unsigned long row_line; /* where the current row starts */
	struct imp_secret text; /* fields of the current row, each NUL-terminated; rows
				   may hold secrets */
	size_t fields; /* that the current row has; 0: it was not read to its end */
	size_t columns;
	char *column[IMP_CSV_COLUMNS]; /* names; owned */
	size_t at[IMP_CSV_COLUMNS];    /* where each field starts in text */
	unsigned long field_line[IMP_CSV_COLUMNS], field_column[IMP_CSV_COLUMNS];
};

/*
 * Open a file and read its header; "-" is standard input.
 *
 * 0, -IMP_EUSAGE (no such file), -IMP_EFORMAT (no header, a column twice, more than 64),
 * -IMP_ERESOURCE.
 */
int imp_csv_open(struct imp_csv *csv, const char *path, char delimiter,
		 struct imp_error *err) IMP_MUST_CHECK;
/*
 * Judge the first row of a file that may have no header; its fields are those of csv.
 *
 *   names   stays NULL where the row is a header; else as many names as it has fields
 *
 * 0, or an error of the caller's.
 */
typedef int imp_csv_names_fn(void *ctx, const struct imp_csv *csv, size_t fields,
			     const char *const **names, struct imp_error *err);
/* The same for such a file. 0, the errors above, or what `names` returned. */
int imp_csv_open_bare(struct imp_csv *csv, const char *path, char delimiter,
		      imp_csv_names_fn *names, void *ctx, struct imp_error *err)
	IMP_MUST_CHECK;
/* The next row: 1, 0 at the end, -IMP_EFORMAT with file:line:column. Where only the
 * number of its fields is wrong (csv->fields is not 0), the next row can be read. */
int imp_csv_next(struct imp_csv *csv, struct imp_error *err) IMP_MUST_CHECK;
/* The same, but a row with a wrong number of fields is one (csv->fields is not
 * csv->columns), with that mistake appended to *text. */
int imp_csv_next_any(struct imp_csv *csv, struct imp_secret *text, struct imp_error *err)
	IMP_MUST_CHECK;
/* Start over behind the header, where there is one. 0, or as imp_csv_open(). */
int imp_csv_rewind(struct imp_csv *csv, struct imp_error *err) IMP_MUST_CHECK;
/* Index of a column, or -1. */
int imp_csv_find(const struct imp_csv *csv, const char *column);
/* A field of the current row; borrowed until the next one. */
const char *imp_csv_field(const struct imp_csv *csv, size_t column);
/*
 * Append a mistake in a field of the current row, or in the row as a whole (column -1);
 * the same one only once.
 *
 * -IMP_EFORMAT, or -IMP_ERESOURCE.
 */
int imp_csv_mistake(const struct imp_csv *csv, int column, struct imp_secret *text,
		    struct imp_error *err, const char *fmt, ...) IMP_PRINTF(5, 6);
void imp_csv_close(struct imp_csv *csv);

#endif
