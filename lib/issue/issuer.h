/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Issuer: is an object signed in the name that it carries (host only)?
 *
 * A host that knows an owner's key need not know who approves what the owner signs: the
 * issuers' own signatures are verified here, and the device judges the approvers'.
 * Source: imprint-formats(7), forms; imprint-security(7).
 */
#ifndef IMP_ISSUE_ISSUER_H
#define IMP_ISSUE_ISSUER_H

#include "trust/chain.h"

/*
 * Verify the signature of the key that an object names as its issuer.
 *
 *   key   who that should be
 *
 * 0; -IMP_EPOLICY: another issuer; -IMP_EVERIFY: its signature is missing or wrong.
 */
int imp_issuer_verify(struct imp_crypto *crypto, const struct imp_signed *s,
		      const struct imp_pub *key, struct imp_error *err) IMP_MUST_CHECK;
/*
 * The same of an object and all grants above it, from the owner's down.
 *
 *   owner   NULL: the last grant's signature is not verified, nor an object's that has
 *           no grant
 *
 * 0; -IMP_EFORMAT: a link that is no grant; the errors above.
 */
int imp_issuers_verify(struct imp_crypto *crypto, const struct imp_signed *s,
		       const struct imp_pub *owner, struct imp_error *err) IMP_MUST_CHECK;
/*
 * Sign in one's own name: as one(kind), or as many(kind) with this signature alone, to
 * which approvers add theirs.
 *
 *   un   the encoded unprotected map; empty for {}
 *
 * 0, -IMP_EFORMAT (does not fit), -IMP_EKEY.
 */
int imp_issuer_sign(struct imp_crypto *crypto, const struct imp_signer *signer, bool many,
		    enum imp_kind kind, struct imp_span un, struct imp_span payload,
		    struct imp_writer *w, struct imp_error *err) IMP_MUST_CHECK;

#endif
