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

/* Somebody who must sign: a key, and exactly approval->threshold distinct others of
 * approval->key. */
struct imp_side {
	const struct imp_pub *key;
	const struct imp_approval *approval; /* threshold 0: nobody else */
	bool production; /* a key whose private part is published counts for nobody */
};

/* Two sides sign a change of owner. A key that stands on both signs for both at once; a
 * signature that no side needs is one too many. */
struct imp_signers {
	struct imp_side side[2];
	size_t sides; /* 1 or 2 */
	bool many;    /* the form: many, or one */
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
/* Are its keys keys, and in production nobody else's, those that need not sign today
 * included? IMP_R_NONE, or IMP_R_SIGNATURE. */
enum imp_reason imp_side_check(struct imp_crypto *crypto, const struct imp_side *side);

#endif
