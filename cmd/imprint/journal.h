/* SPDX-License-Identifier: Apache-2.0 */
/* What push writes into the ledger, before and after an object goes to its device. */
#ifndef IMPRINT_JOURNAL_H
#define IMPRINT_JOURNAL_H

#include "ledger/journal.h"
#include "plan.h"

/* One object on its way. */
struct journal {
	struct imp_ledger *l; /* NULL: nothing is written down */
	struct device *d;
	const struct plan *plan;
	bool had_proof; /* before it, in this run; with this nonce */
	uint8_t nonce[32];
};

/*
 * Before the first byte: the object was issued, is this station's to send, and is about
 * to leave. What a device has already is not sent anew. A claim or a command is nobody's
 * to take: it changes nothing here.
 *
 * 0 (also without a ledger), -IMP_EPOLICY, -IMP_ELEDGER: nothing may be sent.
 */
int journal_before(struct journal *j);
/*
 * After it: what came of it, the evidence, and what that settles.
 *
 *   rc   of the conversation, with d->err
 *
 * rc; or, where that was 0, -IMP_ELEDGER: it is not in the ledger.
 */
int journal_after(struct journal *j, int rc);

#endif
