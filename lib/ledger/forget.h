/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Forget: what the ledger says of a device is taken out of it for good, and the tree
 * stays what it was.
 *
 * Of each entry that names the device, or an item of its, its leaf is left: a hash under
 * a salt that nobody has any more, so that nothing can be shown of it, or guessed. An
 * entry of its own says which ones were forgotten, so that a record that is missing for
 * another reason is found. Source: imprint-ledger(5), forgetting.
 */
#ifndef IMP_LEDGER_FORGET_H
#define IMP_LEDGER_FORGET_H

#include "ledger/ledger.h"

/*
 * Forget a device.
 *
 *   entries   how many that were; 0: none, and nothing was written
 *
 * 0; -IMP_EPOLICY: one of its items is reserved or sent, or an entry names it that is
 * about others, too, such as a grant; the errors of imp_ledger_do().
 */
int imp_ledger_forget(struct imp_ledger *l, struct imp_span ueid, const char *reason,
		      uint64_t *entries, struct imp_error *err) IMP_MUST_CHECK;
/*
 * Write the database's files anew, so that nothing of what was forgotten is left in them.
 * Not within a work. It may take as long as copying the ledger.
 *
 * 0; -IMP_ELEDGER: others are at work in it, or this user may not.
 */
int imp_ledger_scrub(struct imp_ledger *l, struct imp_error *err) IMP_MUST_CHECK;
/* How many entries are forgotten. */
int imp_ledger_forgotten(struct imp_ledger *l, uint64_t *entries, struct imp_error *err)
	IMP_MUST_CHECK;

/* The entries that a record of a forgetting names, one after the other: call fn with
 * each. 0, -IMP_EFORMAT (they do not ascend, or are not before `index`), what fn returned
 * other than 0. */
int imp_forgotten_each(struct imp_span list, uint64_t index,
		       int (*fn)(void *ctx, uint64_t entry, struct imp_error *err),
		       void *ctx, struct imp_error *err) IMP_MUST_CHECK;

#endif
