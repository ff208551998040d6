/* SPDX-License-Identifier: Apache-2.0 */
/* List: the entries of a ledger, one after the other. */
#ifndef IMP_LEDGER_LIST_H
#define IMP_LEDGER_LIST_H

#include "ledger/ledger.h"
#include "ledger/record.h"

/* Called with each entry; what it returns other than 0 ends that. record is borrowed. */
typedef int imp_ledger_entry(void *ctx, uint64_t index, const struct imp_record *record,
			     struct imp_error *err);

/* All entries from an index on, as one state of the ledger has them, each held against
 * its leaf, but those that were forgotten; in bounded memory. 0, what fn returned, the
 * errors of imp_ledger_read(). */
int imp_ledger_each(struct imp_ledger *l, uint64_t from, imp_ledger_entry *fn, void *ctx,
		    struct imp_error *err) IMP_MUST_CHECK;

#endif
