/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows: the entries that name something of one kind, in the order of what they name and
 * then of their own, some at a time; within a reading that has verified the ledger.
 *
 * A look-up for each thing that is named would cost as much again as what it gives.
 * Private to lib/ledger.
 */
#ifndef IMP_LEDGER_ROWS_H
#define IMP_LEDGER_ROWS_H

#include "ledger/types.h"

enum { IMP_ROWS_KEY = 33 /* bytes, at most */, IMP_ROWS_PAGE = 256 };
struct imp_rows {
	struct imp_ledger *l;
	const struct imp_types *types;
	enum imp_ref_kind kind;
	struct imp_secret bytes; /* records of those at hand; owned */
	struct imp_rows_at {
		uint64_t index;
		size_t at, len; /* among bytes */
		size_t key_len;
		uint8_t key[IMP_ROWS_KEY];
	} row[IMP_ROWS_PAGE];
	size_t count, at;
	bool ended;
};
void imp_rows_fini(struct imp_rows *q);
/* What the next one names, borrowed until it is taken: 1, 0 at the end, a negative code.
 */
int imp_rows_key(struct imp_rows *q, struct imp_span *key, struct imp_error *err)
	IMP_MUST_CHECK;
/* Call fn with each that comes next and names `key`, which is not borrowed from q; NULL:
 * with all that come. What fn returns other than 0 ends that. */
int imp_rows_take(struct imp_rows *q, const struct imp_span *key, imp_find_fn *fn,
		  void *ctx, struct imp_error *err) IMP_MUST_CHECK;

#endif
