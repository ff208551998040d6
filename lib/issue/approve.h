/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Approving: one more signature on an object that needs those of several (host only).
 *
 * Who must sign is known from what an object carries: a claim or a transfer names its new
 * owner and that owner's approvers, a grant in header 13 those of its holder. Who
 * approves what an owner signs stands in the claim that the device took; a host has to be
 * told. The device counts again. Source: imprint-formats(7), approval;
 * imprint-approve(1).
 */
#ifndef IMP_ISSUE_APPROVE_H
#define IMP_ISSUE_APPROVE_H

#include "crypto/host.h"
#include "object/transfer.h"
#include "trust/chain.h"

/* What this host knows of who signs for an owner. */
struct imp_quorum {
	const struct imp_pub *owner;	     /* NULL: not known */
	const struct imp_approval *approval; /* of what it signs; NULL: not known */
};

/* Where an object stands. */
struct imp_approvals {
	bool known;	     /* all who may approve it are */
	uint32_t asked;	     /* how many must, where known */
	uint32_t there;	     /* how many did */
	uint32_t candidates; /* of how many, where known */
};

/*
 * Look at an object that is to be approved: the issuer's signature, and those of all
 * other signers that are known, are verified.
 *
 * 0; -IMP_EUSAGE: whose it is was not said (q->owner); -IMP_EPOLICY: it is signed as
 * one, asks for nobody's approval, has a signature that nobody needs, or too many of
 * them; -IMP_EVERIFY; -IMP_EFORMAT.
 */
int imp_approvals_look(struct imp_crypto *crypto, const struct imp_signed *s,
		       const struct imp_quorum *q, struct imp_approvals *out,
		       struct imp_error *err) IMP_MUST_CHECK;
/*
 * May this key add its signature? After imp_approvals_look().
 *
 * 0; -IMP_EPOLICY: it is the issuer, has signed, is not among those who may, or all who
 * are needed have.
 */
int imp_approvals_allow(struct imp_crypto *crypto, const struct imp_signed *s,
			const struct imp_quorum *q, const struct imp_pub *key,
			struct imp_error *err) IMP_MUST_CHECK;
/*
 * Is an object, as far as this host can tell, signed by all who must? For those who send
 * it on.
 *
 *   q   may be empty: then an owner's object must have more than the owner's signature
 *       where it is many
 *
 * 0; -IMP_EPOLICY: how many are missing, or that its form is not the one asked for.
 */
int imp_approvals_check(struct imp_crypto *crypto, const struct imp_signed *s,
			const struct imp_quorum *q, struct imp_error *err) IMP_MUST_CHECK;

#endif
