/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Check: what somebody who does not have the ledger can check of it: a checkpoint, an
 * entry, and that the log has only grown.
 *
 * Source: C2SP tlog-checkpoint v1.0.0, tlog-proof, tlog-witness; RFC 9162 2.1.3.2,
 * 2.1.4.2.
 */
#ifndef IMP_LEDGER_CHECK_H
#define IMP_LEDGER_CHECK_H

#include "ledger/checkpoint.h"
#include "ledger/record.h"

enum { IMP_DISCLOSED_MAX = 65536 /* bytes of an entry that is shown */ };

/* An entry as it is shown to others: all that its leaf is made of. */
struct imp_disclosed {
	enum imp_leaf type;
	struct imp_span salt, record; /* borrowed */
};

/* [type, salt, record]; what does not fit makes the writer fail. */
void imp_disclosed_put(struct imp_writer *w, const struct imp_disclosed *d);
/* 0, or -IMP_EFORMAT. */
int imp_disclosed_take(struct imp_span in, struct imp_disclosed *out,
		       struct imp_error *err) IMP_MUST_CHECK;

/* Is the checkpoint signed by the key of a log, and that log's? 0, -IMP_EVERIFY. */
int imp_checkpoint_check(struct imp_crypto *c, const struct imp_checkpoint *checkpoint,
			 const struct imp_vkey *log, struct imp_error *err)
	IMP_MUST_CHECK;

/*
 * Is the entry that a proof shows in the tree of its checkpoint?
 *
 *   entry   receives what the entry is made of
 *   out     borrowed from entry
 *
 * 0; -IMP_EFORMAT (it shows no entry); -IMP_EVERIFY.
 */
int imp_proof_check(struct imp_crypto *c, const struct imp_proof *proof,
		    const struct imp_vkey *log, struct imp_secret *entry,
		    struct imp_record *out, struct imp_error *err) IMP_MUST_CHECK;

/*
 * Would a witness sign this checkpoint?
 *
 *   seen   the last one of this log that it has signed; NULL: none
 *
 * 0; -IMP_EPOLICY (it does not go on from that one, or is older); -IMP_EVERIFY (it is not
 * signed by the log, or the log has two histories).
 */
int imp_growth_check(struct imp_crypto *c, const struct imp_growth *growth,
		     const struct imp_vkey *log, const struct imp_checkpoint *seen,
		     struct imp_error *err) IMP_MUST_CHECK;

#endif
