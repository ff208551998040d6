/* SPDX-License-Identifier: Apache-2.0 */
/* Endorsements on cards: made, and kept. */
#include "crypto/key.h"
#include "enroll.h"
#include "object/signed.h"

/* {13: endorsement} of a card, by the key of --endorse. */
static int endorse(struct imp_crypto *crypto, const struct enroll *e,
		   const struct imp_card *card, struct imp_writer *un,
		   struct imp_error *err)
{
	const struct imp_endorsement made = { .ueid = card->ueid,
					      .oemid = card->oemid,
					      .hwmodel = card->hwmodel,
					      .signing = card->signing,
					      .sealing = card->sealing };
	uint8_t buf[512];
	struct imp_writer payload = imp_writer(buf, sizeof(buf));

	imp_endorsement_encode(&made, &payload);
	imp_cbor_put_map(un, 1);
	imp_cbor_put_int(un, IMP_HDR_CHAIN);
	if (imp_signed_put_one(crypto, &e->endorser, IMP_KIND_ENDORSEMENT,
			       (struct imp_span){ 0 }, imp_written(&payload), un, NULL))
		return imp_sign_failed(&e->endorser, err);
	return 0;
}

/* The same card with another unprotected header: its signature does not cover it. */
static int with_header(struct device *d, const struct imp_signed *s, struct imp_span un)
{
	CLEANUP(imp_secret_fini) struct imp_secret card = { 0 };
	int rc = imp_secret_reserve(&card, IMP_CBOR_MAX, &d->err);
	struct imp_writer w = imp_writer(card.ptr, rc ? 0 : IMP_CBOR_MAX);

	imp_cbor_put_tag(&w, IMP_TAG_SIGN1);
	imp_cbor_put_array(&w, 4);
	imp_cbor_put_bytes(&w, s->cose.protected);
	imp_put(&w, un);
	imp_cbor_put_bytes(&w, s->cose.payload);
	imp_cbor_put_bytes(&w, s->cose.signature[0].sig);
	if (!rc && !w.ok)
		rc = imp_fail(&d->err, IMP_EFORMAT,
			      "%s: its card is too large to be endorsed", d->uri);
	return rc ? rc : imp_secret_set(&d->card, imp_written(&w), &d->err);
}

int enroll_endorse(const struct enroll *e, struct device *d)
{
	uint8_t un[1024];
	struct imp_writer u = imp_writer(un, sizeof(un));
	struct imp_signed s;
	int rc = endorse(d->crypto, e, &d->known.card, &u, &d->err);

	if (!rc)
		rc = imp_signed_decode(imp_secret_span(&d->known.bytes), &s, &d->err);
	return rc ? rc : with_header(d, &s, imp_written(&u));
}

int enroll_keep_endorsement(const struct enroll *e, struct device *d)
{
	CLEANUP(imp_secret_fini) struct imp_secret old = { 0 };
	uint32_t where = imp_index_find(&e->cards.index, d->known.card.ueid);
	struct imp_signed before, now;
	struct imp_card card;
	uint8_t un[1024];
	struct imp_writer w = imp_writer(un, sizeof(un));
	int rc = where == IMP_SEEN_NOWHERE
			 ? 0
			 : imp_cards_read(&e->cards, where, &old, &card, &d->err);

	if (rc || where == IMP_SEEN_NOWHERE ||
	    !imp_pub_eq(&card.signing, &d->known.card.signing) ||
	    !imp_pub_eq(&card.sealing, &d->known.card.sealing))
		return rc;
	rc = imp_signed_decode(imp_secret_span(&old), &before, &d->err);
	if (!rc)
		rc = imp_signed_decode(imp_secret_span(&d->card), &now, &d->err);
	if (rc || (now.cose.uh.has & IMP_HAS_CHAIN) ||
	    !(before.cose.uh.has & IMP_HAS_CHAIN))
		return rc;
	imp_cbor_put_map(&w, 1);
	imp_cbor_put_int(&w, IMP_HDR_CHAIN);
	imp_put(&w, before.cose.uh.chain);
	return w.ok ? with_header(d, &now, imp_written(&w)) : 0;
}
