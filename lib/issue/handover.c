/* SPDX-License-Identifier: Apache-2.0 */
/* Transfers and recoveries, as they are made and accepted. */
#include <stdio.h>

#include "base/digits.h"
#include "cose/key.h"
#include "crypto/key.h"
#include "issue/handover.h"
#include "issue/issuer.h"

static int refuse(struct imp_error *err, const char *why)
{
	return imp_fail(err, IMP_EPOLICY, "%s", why);
}

static int check_owner(const struct imp_evidence *token, const uint8_t kid[32],
		       struct imp_error *err)
{
	char found[24], named[24];

	if (imp_span_eq(token->owner, (struct imp_span){ kid, 32 }))
		return 0;
	imp_short_hex(token->owner, found);
	imp_short_hex((struct imp_span){ kid, 32 }, named);
	return imp_fail(err, IMP_EPOLICY, "belongs to the key %s, not to %s of -k", found,
			named);
}

/* What the device would say. */
static int check_device(const struct imp_handover *h, const struct imp_evidence *token,
			const uint8_t issuer[32], struct imp_error *err)
{
	if (token->life == IMP_LIFE_DECOMMISSIONED)
		return refuse(err, "is retired, for good");
	if (!token->owned)
		return imp_hint(err, refuse(err, "has no owner yet"), "imprint claim");
	if (token->owner_epoch == UINT32_MAX)
		return refuse(err, "has had its last owner: its epochs are used up");
	if (!h->recovery)
		return check_owner(token, issuer, err);
	if (token->recovery.len == 0)
		return imp_hint(err,
				refuse(err, "tells no recovery nonce: its owner does not "
					    "let the maker recover it, or no maker's key "
					    "is in its firmware"),
				"its owner allows it with imprint policy "
				"--allow-recovery");
	return 0;
}

int imp_handover_terms(struct imp_crypto *crypto, const struct imp_handover *h,
		       const struct imp_evidence *token, struct imp_writer *w,
		       struct imp_error *err)
{
	const struct imp_transfer t = {
		.owner_epoch = token->owner_epoch + 1,
		.target = { .ueid = token->ueid },
		.owner = h->owner,
		.approval = h->approval,
		.policy = h->policy,
		.previous = token->record,
		.has_kept = h->kept != 0,
		.kept = h->kept,
		.recovery = h->recovery ? token->recovery : (struct imp_span){ 0 },
	};
	uint8_t kid[32];
	int rc = imp_cose_kid(crypto, &h->issuer->pub, kid);

	rc = rc ? imp_fail(err, IMP_EINTERNAL, "SHA-256 failed")
		: check_device(h, token, kid, err);
	if (!rc)
		imp_transfer_encode(&t, w);
	return rc;
}

int imp_handover_make(struct imp_crypto *crypto, const struct imp_handover *h,
		      const struct imp_evidence *token, struct imp_writer *w,
		      struct imp_error *err)
{
	const struct imp_signer signer[] = { *h->issuer,
					     h->taker ? *h->taker : *h->issuer };
	bool both = h->taker && !imp_pub_eq(&h->taker->pub, &h->issuer->pub);
	uint8_t payload[IMP_HANDOVER_MAX / 2], kid[32];
	struct imp_writer p = imp_writer(payload, sizeof(payload));
	int rc = imp_handover_terms(crypto, h, token, &p, err);

	if (!rc && imp_cose_kid(crypto, &h->issuer->pub, kid))
		rc = imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
	if (rc)
		return rc;
	if (imp_signed_put_many(crypto, kid, signer, both ? 2 : 1, IMP_KIND_TRANSFER,
				(struct imp_span){ 0 }, imp_written(&p), w))
		return imp_sign_failed(signer, err);
	return 0;
}

/* Without a key: is its signature there? */
static int check_issuer(struct imp_crypto *crypto, const struct imp_signed *s,
			const struct imp_pub *from, struct imp_error *err)
{
	size_t i = 0;

	if (from)
		return imp_issuer_verify(crypto, s, from, err);
	while (i < s->cose.count && !imp_span_eq(imp_signed_kid(s, i), s->issuer))
		i++;
	return i < s->cose.count ? 0 : refuse(err, "is not signed by who hands it over");
}

int imp_offer_open(struct imp_crypto *crypto, struct imp_span object,
		   const struct imp_pub *from, struct imp_offer *out,
		   struct imp_error *err)
{
	struct imp_offer o = { 0 };
	int rc = imp_signed_decode(object, &o.object, err);

	if (!rc && o.object.kind != IMP_KIND_TRANSFER)
		rc = imp_fail(err, IMP_EPOLICY, "is a %s, expected a transfer",
			      imp_kind_name(o.object.kind));
	if (!rc && o.object.cose.tag != IMP_TAG_SIGN)
		rc = refuse(err, "is signed by one alone, where two must sign");
	if (!rc)
		rc = imp_transfer_decode(o.object.payload, &o.transfer, err);
	if (!rc && imp_transfer_change(&o.transfer) == IMP_CHANGE_CLAIM)
		rc = refuse(err, "is a claim: there is nobody to take it over from");
	if (!rc && (imp_signed_id(crypto, &o.object, o.id) ||
		    imp_cose_kid(crypto, &o.transfer.owner, o.owner)))
		rc = imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
	if (!rc)
		rc = check_issuer(crypto, &o.object, from, err);
	if (!rc && o.object.batched && imp_batched_verify(crypto, &o.object.leaf))
		rc = imp_fail(err, IMP_EVERIFY, "is no leaf of the batch that is signed");
	if (!rc)
		*out = o;
	return rc;
}

int imp_offer_check(const struct imp_offer *offer, const struct imp_pub *taker,
		    struct imp_error *err)
{
	char found[24];

	imp_short_hex(IMP_SPAN(offer->owner), found);
	if (!imp_pub_eq(taker, &offer->transfer.owner))
		return imp_fail(err, IMP_EPOLICY, "is made for the key %s, not for -k",
				found);
	for (size_t i = 0; i < offer->object.cose.count; i++)
		if (imp_span_eq(imp_signed_kid(&offer->object, i),
				IMP_SPAN(offer->owner)))
			return refuse(err, "is signed by -k already");
	return offer->object.cose.count < IMP_COSE_SIGNERS
		       ? 0
		       : refuse(err, "is signed by eight keys, which is all that it has "
				     "room for");
}

int imp_offer_accept(struct imp_crypto *crypto, const struct imp_offer *offer,
		     const struct imp_signer *taker, struct imp_writer *w,
		     struct imp_error *err)
{
	return imp_signed_put_more(crypto, &offer->object, taker, w)
		       ? imp_sign_failed(taker, err)
		       : 0;
}
