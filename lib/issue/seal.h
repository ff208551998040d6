/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Issuing one profile: signing it, and sealing it to its device (host only).
 *
 * Source: imprint-formats(7), profile and package; imprint-security(7), whose key is it.
 */
#ifndef IMP_ISSUE_SEAL_H
#define IMP_ISSUE_SEAL_H

#include "crypto/host.h"
#include "evidence/cards.h"
#include "issue/leaves.h"
#include "issue/revoked.h"

/* Who signs, and by what right. Threads may share it. */
struct imp_right {
	const struct imp_signer *signer;
	const struct imp_grants *grants; /* that fit the signer; NULL: the owner's own */
	const struct imp_leaves *leaves; /* signed ones; NULL: each is signed by itself */
	uint32_t leaf;			 /* which of them it is */
	bool many; /* others will approve it: signed in the form that has room for them */
	const struct imp_revoked *revoked; /* NULL: nothing is */
};

/*
 * Sign a profile as one(profile), or with right->many as many(profile) with one
 * signature, or put it as the leaf that it is.
 *
 *   profile   its payload
 *   w         at most IMP_CBOR_MAX bytes are written
 *
 * 0, -IMP_EFORMAT (of a leaf, another payload), -IMP_EPOLICY (the grant does not allow
 * it, the device is revoked), -IMP_EKEY.
 */
int imp_issue_sign(struct imp_crypto *crypto, const struct imp_right *right,
		   struct imp_span profile, struct imp_writer *w, struct imp_error *err)
	IMP_MUST_CHECK;

/*
 * Add a profile to those that will be signed together, if the grant allows it as far as
 * its device is known.
 *
 *   right   its leaves are not looked at
 *
 * 0; the errors of imp_issue_sign() but -IMP_EKEY, and of imp_leaves_add().
 */
int imp_issue_leaf(struct imp_crypto *crypto, const struct imp_right *right,
		   struct imp_span profile, struct imp_leaves *leaves,
		   struct imp_error *err) IMP_MUST_CHECK;
/* Sign them together, by the right that the leaves were added with. Errors as
 * imp_leaves_sign(). */
int imp_issue_root(struct imp_crypto *crypto, const struct imp_right *right,
		   struct imp_span label, struct imp_leaves *leaves,
		   struct imp_error *err) IMP_MUST_CHECK;

/* Which keys are sealed to. Threads may share it. */
struct imp_sealer {
	const struct imp_cards *cards;	     /* NULL: none */
	bool accept_asserted;		     /* keys that nobody vouches for, too */
	const struct imp_approval *approval; /* of what an owner signs; NULL: not known */
	const struct imp_revoked *revoked;   /* NULL: nothing is */
};

/*
 * Encrypt a signed profile to its device.
 *
 *   key        the device's sealing key as somebody names it (asserted), or NULL: its
 *              card's; where there are both they must be the same
 *   asserted   set: nobody but the device, or whoever names the key, vouches for it
 *
 * 0; -IMP_EFORMAT; -IMP_EPOLICY (no card and no key, an asserted key that is not
 * accepted, one whose private part is published, something that is revoked, another
 * sealing key than the profile or the card names, an object that the device does not
 * implement, a package larger than it takes, an approval that is missing); -IMP_EKEY; the
 * errors of imp_cards_find().
 */
int imp_issue_seal(struct imp_crypto *crypto, const struct imp_sealer *sealer,
		   const struct imp_pub *key, struct imp_span object,
		   struct imp_writer *w, bool *asserted, struct imp_error *err)
	IMP_MUST_CHECK;

/*
 * Both at once: a profile's payload becomes a package; what is signed in between is in
 * memory only, and wiped.
 *
 * Errors as above.
 */
int imp_issue_pack(struct imp_crypto *crypto, const struct imp_right *right,
		   const struct imp_sealer *sealer, const struct imp_pub *key,
		   struct imp_span profile, struct imp_writer *w, bool *asserted,
		   struct imp_error *err) IMP_MUST_CHECK;

#endif
