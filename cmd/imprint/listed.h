/* SPDX-License-Identifier: Apache-2.0 */
/* The devices that the rows of a CSV name: which of many are meant. */
#ifndef IMPRINT_LISTED_H
#define IMPRINT_LISTED_H

#include "base/seen.h"
#include "evidence/card.h"

/* Memory: 32 bytes a row. */
struct listed {
	const char
		*path; /* borrowed; NULL: nothing was read, and every device is meant */
	struct imp_seen seen;
	struct listed_row {
		uint32_t line;
		uint8_t standing; /* enum listed_standing */
	} * row;		  /* owned */
	size_t count, cap;
};

/* What came of a row so far. */
enum listed_standing { LISTED_UNKNOWN, LISTED_UNPROVEN, LISTED_DONE };

/*
 * Read the columns ueid, imei and serial, of each row the first that is not empty.
 *
 *   path      borrowed
 *   serials   may rows have a serial alone?
 *
 * 0; -IMP_EFORMAT (no such column, a row that names nobody); the errors of
 * imp_csv_open().
 */
int listed_open(struct listed *l, const char *path, bool serials, struct imp_error *err);
/*
 * Is this device meant? Each is asked for once.
 *
 *   serial     may be empty
 *   standing   NULL where nothing was read; else what came of its row, to be written
 *
 * 1, 0; -IMP_EPOLICY: a device before it has the serial of its row, too.
 */
int listed_find(struct listed *l, struct imp_span ueid, struct imp_span serial,
		uint8_t **standing, struct imp_error *err);
/* Was each row done? 0, or -IMP_EUSAGE with the first that was not. */
int listed_check(const struct listed *l, struct imp_error *err);
/* Accepts a zeroed struct. Fits CLEANUP(). */
void listed_close(struct listed *l);

#endif
