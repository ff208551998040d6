/* SPDX-License-Identifier: Apache-2.0 */
/* Tally: a sum over rows in any order, to compare two tables without holding one. Private
 * to lib/ledger. */
#ifndef IMP_LEDGER_TALLY_H
#define IMP_LEDGER_TALLY_H

#include "base/attr.h"
#include "base/bytes.h"

struct imp_tally {
	uint64_t rows, lane[2];
};

enum { IMP_TALLY_VALUE = 128 /* bytes, at most */ };

/*
 * Count a row in.
 *
 *   key   of the sums: drawn anew for each use, so that nobody aims at them
 *
 * False: the value is too long.
 */
bool imp_tally_add(const uint64_t key[2], struct imp_tally *t, uint64_t kind,
		   uint64_t index, struct imp_span value) IMP_MUST_CHECK;
bool imp_tally_eq(const struct imp_tally *a, const struct imp_tally *b);

#endif
