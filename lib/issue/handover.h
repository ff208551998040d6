/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Handover: transfers and recoveries, as they are made and accepted (host only).
 *
 * Whoever lets go of a device signs first, by what the device has proven of itself; the
 * new owner adds its signature, which may be elsewhere and later. What a device would
 * refuse is refused here, in words. Source: imprint-formats(7), transfer;
 * imprint-transfer(1).
 */
#ifndef IMP_ISSUE_HANDOVER_H
#define IMP_ISSUE_HANDOVER_H

#include "evidence/token.h"
#include "object/signed.h"
#include "object/transfer.h"

enum { IMP_HANDOVER_MAX = 4096 /* bytes of a signed one, at most */ };

/* What is handed over, and on which terms. */
struct imp_handover {
	const struct imp_signer *issuer; /* the owner, or for a recovery the maker */
	const struct imp_signer *taker;	 /* the new owner, where it signs at once, or NULL
					  */
	bool recovery;
	struct imp_pub owner;	      /* the new one */
	struct imp_approval approval; /* what it asks for; threshold 0: nobody else */
	uint32_t policy;	      /* enum imp_policy bits */
	uint16_t kept;		      /* bit d: domain d */
};

/*
 * Make the transfer or recovery of one device.
 *
 *   token   what the device has proven; nothing is compared with anything newer
 *
 * 0; -IMP_EPOLICY: it has no owner or another one, is retired, or tells no recovery
 * nonce; -IMP_EKEY.
 */
int imp_handover_make(struct imp_crypto *crypto, const struct imp_handover *h,
		      const struct imp_evidence *token, struct imp_writer *w,
		      struct imp_error *err) IMP_MUST_CHECK;

/* The same, not signed: what is to be a leaf of a batch. */
int imp_handover_terms(struct imp_crypto *crypto, const struct imp_handover *h,
		       const struct imp_evidence *token, struct imp_writer *w,
		       struct imp_error *err) IMP_MUST_CHECK;

/* One that somebody has made. */
struct imp_offer {
	struct imp_signed object; /* borrowed */
	struct imp_transfer transfer;
	uint8_t id[32], owner[32]; /* of the object; kid of the new owner */
};

/*
 * Take one apart; is it signed by its issuer? Of a leaf, is it one of its batch?
 *
 *   from   whose signature that must be; NULL: that it is there is looked at, not that it
 *          is right
 *
 * 0; -IMP_EFORMAT; -IMP_EPOLICY: a claim or another object, another issuer, one that has
 * not signed; -IMP_EVERIFY: also a leaf that its batch does not have.
 */
int imp_offer_open(struct imp_crypto *crypto, struct imp_span object,
		   const struct imp_pub *from, struct imp_offer *out,
		   struct imp_error *err) IMP_MUST_CHECK;
/* May this key accept it? 0; -IMP_EPOLICY: it is made for another, or signed by this one
 * already. */
int imp_offer_check(const struct imp_offer *offer, const struct imp_pub *taker,
		    struct imp_error *err) IMP_MUST_CHECK;
/* Accept it, after imp_offer_check(): the new owner's signature is added; that of a batch
 * accepts all of it. 0, -IMP_EKEY. */
int imp_offer_accept(struct imp_crypto *crypto, const struct imp_offer *offer,
		     const struct imp_signer *taker, struct imp_writer *w,
		     struct imp_error *err) IMP_MUST_CHECK;

#endif
