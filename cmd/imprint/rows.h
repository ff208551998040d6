/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of devices: what the reserved columns must be, and which of them must be unique.
 */
#ifndef IMPRINT_ROWS_H
#define IMPRINT_ROWS_H

#include "base/seen.h"
#include "crypto/face.h"
#include "source/csv.h"
#include "source/reserved.h"

struct rows {
	struct imp_crypto *crypto;	       /* borrowed */
	int column[IMP_ROW_COLUMNS];	       /* of the CSV; -1: none */
	struct imp_seen seen[IMP_ROW_COLUMNS]; /* of those that must be unique */
	struct imp_pub key;		       /* of the row that is checked */
};

/*
 * Find the reserved columns of a CSV whose header was read.
 *
 *   r        zeroed; rows_close() whatever is returned
 *   crypto   borrowed until then
 *
 * 0; -IMP_EFORMAT: no column names devices, or a name has spaces around it;
 * -IMP_ERESOURCE.
 */
int rows_open(struct rows *r, struct imp_crypto *crypto, const struct imp_csv *csv,
	      struct imp_error *err);
/* Check the current row. 0, -IMP_EFORMAT with the mistakes appended to *text,
 * -IMP_ERESOURCE. */
int rows_check(struct rows *r, const struct imp_csv *csv, struct imp_secret *text,
	       struct imp_error *err);
/* Start with nothing seen: for rows_value() where the columns of a CSV have other names.
 * crypto may be NULL where no value of the column key is checked. 0, -IMP_ERESOURCE. */
int rows_begin(struct rows *r, struct imp_crypto *crypto, struct imp_error *err);
/* Check the value of a reserved column, which stands in `column` of the current row.
 * Errors as rows_check(). */
int rows_value(struct rows *r, enum imp_reserved i, const char *value,
	       const struct imp_csv *csv, int column, struct imp_secret *text,
	       struct imp_error *err);
/*
 * Append a mistake in the current row to *text.
 *
 *   column   where; -1: the row as a whole
 *   value    NULL: is not shown
 *
 * -IMP_EFORMAT, -IMP_ERESOURCE.
 */
int rows_note(const struct imp_csv *csv, int column, const char *value, const char *what,
	      struct imp_secret *text, struct imp_error *err);
/* The device's sealing key in the current row, which was checked; crv 0: none. */
struct imp_pub rows_key(const struct rows *r, const struct imp_csv *csv);
void rows_close(struct rows *r);

#endif
