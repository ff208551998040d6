/* SPDX-License-Identifier: Apache-2.0 */
/* The parser of CSV: one row at a time. Internal to the CSV reader. */
#ifndef IMP_SOURCE_CSV_ROW_H
#define IMP_SOURCE_CSV_ROW_H

#include "source/csv.h"

/* "file:line:column: what". -IMP_EFORMAT. */
int csv_bad(const struct imp_csv *csv, unsigned long line, unsigned long column,
	    const char *what, struct imp_error *err);
/* The next byte; EOF at the end, and where it cannot be read: csv_failed() tells. */
int csv_get(struct imp_csv *csv);
/* Only what csv_get() gave last. */
void csv_unget(struct imp_csv *csv, int c);
/* 0, or as imp_read_failed() once a read has failed. */
int csv_failed(const struct imp_csv *csv, struct imp_error *err);
/* 1 with a row in csv->text, 0 at the end. Blank lines are passed over. Errors as
 * imp_csv_next(). */
int csv_read_row(struct imp_csv *csv, size_t *fields, struct imp_error *err);

#endif
