/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trust: who must sign an object, and did they?
 *
 * Source: imprint-formats(7), approval; imprint-security(7).
 */
#ifndef IMP_TRUST_SIGNERS_H
#define IMP_TRUST_SIGNERS_H

#include "base/reason.h"
#include "object/approval.h"
#include "object/signed.h"

/* Everyone in `must`, and exactly approval->threshold distinct others of approval->key.
 */
struct imp_signers {
	const struct imp_pub *must[2]; /* two different keys, or one */
	size_t musts;
	const struct imp_approval *approval; /* threshold 0: nobody else */
	bool many;			     /* the form: many, or one */
};

/* The key of each signature, in the order of the message. */
struct imp_matched {
	const struct imp_pub *key[IMP_COSE_SIGNERS];
};

/*
 * Match the signatures of an object to those who must sign, by kid; nothing is verified
 * yet.
 *
 * IMP_R_NONE, or IMP_R_APPROVAL: another form, a signature missing, repeated, foreign or
 * too many.
 */
enum imp_reason imp_signers_match(struct imp_crypto *crypto,
				  const struct imp_signed *object,
				  const struct imp_signers *signers,
				  struct imp_matched *out);
/* Verify every signature with its key. IMP_R_NONE, or IMP_R_SIGNATURE. */
enum imp_reason imp_signers_verify(struct imp_crypto *crypto,
				   const struct imp_signed *object,
				   const struct imp_matched *matched);

#endif
