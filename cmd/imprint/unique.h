/* SPDX-License-Identifier: Apache-2.0 */
/* Columns that must be unique: 16 bytes of memory a row for each. */
#ifndef IMPRINT_UNIQUE_H
#define IMPRINT_UNIQUE_H

#include "source/csv.h"

enum { UNIQUE_COLUMNS = 6 };

struct unique {
	int column[UNIQUE_COLUMNS];
	struct slot {
		uint64_t hash; /* 0: free */
		uint64_t line;
	} * slot[UNIQUE_COLUMNS]; /* open addressing; owned */
	size_t cap[UNIQUE_COLUMNS], count[UNIQUE_COLUMNS];
	uint64_t key[2]; /* drawn at random: nobody can aim at collisions */
};

int unique_open(struct unique *u, const struct imp_csv *csv, struct imp_error *err);
/* Check the current row. 0, -IMP_EFORMAT with the mistakes appended to *text,
 * -IMP_ERESOURCE. */
int unique_row(struct unique *u, const struct imp_csv *csv, struct imp_secret *text,
	       struct imp_error *err);
void unique_fini(struct unique *u);

#endif
