/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recorder: what sign and pack write into the ledger of all that they signed, before any
 * of it is handed out.
 *
 * What is to be written waits until everything is signed: a command that fails before
 * leaves nothing in the ledger. Where it dies later, or is refused, what was written
 * stays, and the same command does it again: the same profile is the same object.
 */
#ifndef IMPRINT_RECORDER_H
#define IMPRINT_RECORDER_H

#include "ledger/journal.h"
#include "object/batch.h"

struct recorder {
	struct imp_ledger *l;	   /* borrowed; NULL: nothing is written down */
	struct imp_crypto *crypto; /* of the thread that puts items; borrowed */
	struct recorded *at;	   /* owned */
	size_t count;		   /* in at */
	bool spilled;
	int fd; /* of those before, where spilled; owned */
};

/* One item, a package or a signed profile. 0, -IMP_EFORMAT, -IMP_ERESOURCE. */
int recorder_put(struct recorder *r, enum imp_batch_kind kind, struct imp_span item,
		 struct imp_error *err);
/* Write all of them down: then they may be handed out. 0, -IMP_EPOLICY and the other
 * errors of imp_ledger_issue(), -IMP_EINTERRUPTED. */
int recorder_write(struct recorder *r, struct imp_error *err);
/* Accepts a zeroed struct. Fits CLEANUP(). */
void recorder_fini(struct recorder *r);

#endif
