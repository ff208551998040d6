/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Log: the checkpoints of a ledger, and the proofs that it hands out.
 *
 * Source: C2SP tlog-checkpoint v1.0.0, tlog-proof, tlog-witness; imprint-ledger(5).
 */
#ifndef IMP_LEDGER_LOG_H
#define IMP_LEDGER_LOG_H

#include "ledger/checkpoint.h"
#include "ledger/ledger.h"

/*
 * Sign the tree as it is. Where nothing was added since the last checkpoint, that one.
 *
 *   signer   Ed25519; the first time its key becomes the ledger's, for good
 *   out      the checkpoint as text, with every signature that is known
 *
 * 0, -IMP_EKEY, the errors of imp_ledger_do().
 */
int imp_ledger_checkpoint(struct imp_ledger *l, const struct imp_signer *signer,
			  struct imp_secret *out, struct imp_error *err) IMP_MUST_CHECK;
/*
 * Take in what witnesses have put under a checkpoint of this ledger.
 *
 *   in         the checkpoint as text
 *   witness    whose signatures are wanted
 *   added      how many of them it has
 *
 * 0; -IMP_EFORMAT; -IMP_EVERIFY (a signature is bad, or it is none of this ledger's).
 */
int imp_ledger_cosigned(struct imp_ledger *l, struct imp_span in,
			const struct imp_vkey *witness, size_t count, size_t *added,
			struct imp_error *err) IMP_MUST_CHECK;
/*
 * Prove to somebody outside that an entry is in the tree of the last checkpoint; its
 * record is disclosed by that, and no other.
 *
 *   out   a tlog-proof
 *
 * 0, -IMP_EUSAGE (no such entry), -IMP_EPOLICY (no checkpoint covers it, or it is
 * forgotten).
 */
int imp_ledger_prove(struct imp_ledger *l, uint64_t index, struct imp_secret *out,
		     struct imp_error *err) IMP_MUST_CHECK;
/*
 * Prove to a witness that the last checkpoint goes on from the one of `old` entries.
 *
 *   out   what a witness is sent: "old N", hashes, the checkpoint
 *
 * 0, -IMP_EPOLICY (there is no checkpoint, or it is older than that).
 */
int imp_ledger_grow(struct imp_ledger *l, uint64_t old, struct imp_secret *out,
		    struct imp_error *err) IMP_MUST_CHECK;

#endif
