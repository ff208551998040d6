/* SPDX-License-Identifier: Apache-2.0 */
/* Showing entries of a ledger. */
#ifndef IMPRINT_ENTRY_H
#define IMPRINT_ENTRY_H

#include <stdio.h>

#include "ledger/record.h"

/* One line for people. */
void entry_text(FILE *f, uint64_t index, const struct imp_record *r);
/* One line of JSON: every field that any entry has; null where this one does not. */
void entry_json(FILE *f, uint64_t index, const struct imp_record *r);

#endif
