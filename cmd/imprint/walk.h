/* SPDX-License-Identifier: Apache-2.0 */
/* Walking over the rows of a table: once to find every mistake, once more to hand them
 * on. */
#ifndef IMPRINT_WALK_H
#define IMPRINT_WALK_H

#include "source/csv.h"

struct walk {
	struct imp_csv *csv;
	struct imp_secret *text; /* mistakes of the rows: up to 64 KiB are kept */
	/* Look at the current row; where walk_is_whole() is false it has no fields to
	 * look at, and that mistake is in *text already. 0, or what ends the walk. */
	int (*row)(void *ctx, struct imp_error *err);
	void *ctx;
};

/* Over all rows from where the CSV stands. 0, errors of imp_csv_next() and of row(),
 * -IMP_EINTERRUPTED. */
int walk_rows(const struct walk *w, struct imp_error *err);
/* Has the current row as many fields as there are columns? */
bool walk_is_whole(const struct imp_csv *csv);
/* What was checked must be what is handed on. -IMP_EFORMAT. */
int walk_changed(const struct imp_csv *csv, struct imp_error *err);
/* What all rows came to, where there were mistakes or no row. 0, or -IMP_EFORMAT. */
int walk_verdict(const struct imp_csv *csv, uint64_t good, uint64_t bad,
		 struct imp_error *err);
/* Say what may be wrong with a table though it can be read. */
void walk_note(const struct imp_csv *csv);

#endif
