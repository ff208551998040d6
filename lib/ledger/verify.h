/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verify: is the ledger what it says, from its first entry to its last?
 *
 * Source: imprint-ledger(5), what verifying finds.
 */
#ifndef IMP_LEDGER_VERIFY_H
#define IMP_LEDGER_VERIFY_H

#include "ledger/checkpoint.h"
#include "ledger/ledger.h"

struct imp_ledger_report {
	uint64_t entries, checkpoints; /* that were looked at */
	uint64_t forgotten;	       /* entries whose records were */
	uint64_t open;		       /* items that are reserved or sent */
	uint64_t anchored; /* entries that the checkpoint from outside covers; 0: none */
};

/*
 * Read everything once, in bounded memory: every record against its leaf, every hash of
 * the tree, what entries are found by, items that are open, every checkpoint.
 *
 *   outside   a checkpoint that was kept elsewhere and verified, or NULL; without it, who
 *             can write the ledger could have written all of it anew
 *
 * 0; -IMP_ELEDGER, with the first entry that is not right; the errors of
 * imp_ledger_read().
 */
int imp_ledger_verify(struct imp_ledger *l, const struct imp_checkpoint *outside,
		      struct imp_ledger_report *out, struct imp_error *err)
	IMP_MUST_CHECK;

enum { IMP_GOES_ON_TEXT = 256 };

/*
 * Does the ledger go on from a checkpoint that was kept elsewhere and verified?
 *
 *   why   why not, a clause
 *
 * 1, 0, or the errors of imp_ledger_read(); within a work.
 */
int imp_ledger_goes_on(struct imp_ledger *l, const struct imp_checkpoint *c,
		       char why[IMP_GOES_ON_TEXT], struct imp_error *err) IMP_MUST_CHECK;

#endif
