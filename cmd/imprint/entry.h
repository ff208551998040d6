/* SPDX-License-Identifier: Apache-2.0 */
/* Showing entries of a ledger. */
#ifndef IMPRINT_ENTRY_H
#define IMPRINT_ENTRY_H

#include <stdio.h>

#include "ledger/record.h"

/* Seconds since 1970 as RFC 3339 has them, in UTC; far off, as a number. */
enum { TIME_TEXT = 24 };
void time_text(uint64_t seconds, char out[TIME_TEXT]);

/* One line for people. */
void entry_text(FILE *f, uint64_t index, const struct imp_record *r);
/* One line of JSON: every field that any entry has; null where this one does not. */
void entry_json(FILE *f, uint64_t index, const struct imp_record *r);

#endif
