/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chain: the grants that lead from the signer of an object to the owner, and what they
 * allow.
 *
 * A chain is opened first, which tells its form; then imp_may_write() tells the scope,
 * imp_chain_match() the set of signers, and imp_chain_verify() the signatures, each at
 * its turn in the order of checks. A chain without links is an object of the owner's own.
 * Source: imprint-formats(7), grant; imprint-protocol(7), reasons.
 */
#ifndef IMP_TRUST_CHAIN_H
#define IMP_TRUST_CHAIN_H

#include "trust/scope.h"
#include "trust/signers.h"

enum { IMP_CHAIN_SIGNATURES = 8 /* of an object and its chain together, at most */ };

struct imp_chain {
	const struct imp_signed *object;
	size_t links;
	struct imp_span link[IMP_GRANT_LINKS]; /* encoded; the one that names the object's
						* signer comes first, the owner's last */
	size_t signatures;		       /* of object and links together */
	bool too_long;			       /* there is more behind the last link */
};

/* Take one link apart. False: it is no grant. */
bool imp_link_open(struct imp_span link, struct imp_signed *s, struct imp_grant *g);
/*
 * Take the chain in an object's header 13 apart. Spans are borrowed from the object.
 *
 * IMP_R_NONE; IMP_R_MALFORMED: a link that is no grant; IMP_R_UNSUPPORTED: the object or
 * a link names an algorithm that is not here.
 */
enum imp_reason imp_chain_open(struct imp_crypto *crypto, const struct imp_signed *object,
			       struct imp_chain *out);
/*
 * May the signer of this object write that? The owner may; another, where its grant and
 * every grant above it allow it, and the last of them is the owner's.
 */
bool imp_may_write(struct imp_crypto *crypto, const struct imp_chain *chain,
		   const uint8_t owner_kid[32], const struct imp_write *w);
/*
 * Are object and links signed by exactly those who must? Nothing is verified yet.
 *
 *   owner   whose root of trust it is
 *
 * IMP_R_NONE, or IMP_R_APPROVAL (more signatures than IMP_CHAIN_SIGNATURES, too).
 */
enum imp_reason imp_chain_match(struct imp_crypto *crypto, const struct imp_chain *chain,
				const struct imp_side *owner);
/* Verify all signatures, the owner's grant first. IMP_R_NONE, or IMP_R_SIGNATURE: one is
 * wrong, or a link names a key that is none. */
enum imp_reason imp_chain_verify(struct imp_crypto *crypto, const struct imp_chain *chain,
				 const struct imp_side *owner);

#endif
