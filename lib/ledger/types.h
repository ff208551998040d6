/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Types: what type each leaf has, while a reading that has verified all of them goes on.
 * A byte each, for as many as memory is given to; the database is asked for the rest.
 * Private to lib/ledger.
 */
#ifndef IMP_LEDGER_TYPES_H
#define IMP_LEDGER_TYPES_H

#include "ledger/core.h"
#include "ledger/verify.h"

enum { IMP_TYPES_MOST = 8 << 20 };

struct imp_types {
	size_t most; /* leaves that are remembered */
	uint8_t *of; /* owned */
	size_t count, cap;
};

/* Accepts a zeroed one. Fits CLEANUP(). */
void imp_types_fini(struct imp_types *t);
/* Of the next leaf. 0, -IMP_ERESOURCE. */
int imp_types_add(struct imp_types *t, enum imp_leaf type, struct imp_error *err)
	IMP_MUST_CHECK;
/* Of any that is there; not while rows are read. 0, -IMP_ELEDGER. */
int imp_types_of(const struct imp_types *t, struct imp_ledger *l, uint64_t index,
		 enum imp_leaf *out, struct imp_error *err) IMP_MUST_CHECK;

/* imp_ledger_verify() that leaves them behind; each was held against its leaf's hash. */
int imp_verify_types(struct imp_ledger *l, const struct imp_checkpoint *outside,
		     struct imp_types *types, struct imp_ledger_report *out,
		     struct imp_error *err) IMP_MUST_CHECK;

#endif
