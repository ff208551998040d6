/* SPDX-License-Identifier: Apache-2.0 */
/* Known devices: cards that were verified. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digits.h"
#include "cose/published.h"
#include "evidence/known.h"
#include "model/identifier.h"
#include "object/signed.h"

const char *imp_assurance_name(enum imp_assurance a)
{
	static const char *const names[] = { [IMP_ASSERTED] = "asserted",
					     [IMP_CONFIRMED] = "confirmed",
					     [IMP_ENDORSED] = "endorsed" };

	return names[a];
}

void imp_known_fini(struct imp_known *k)
{
	imp_secret_fini(&k->bytes);
	*k = (struct imp_known){ 0 };
}

void imp_device_name(struct imp_span ueid, char out[80])
{
	char id[2 * IMP_UEID_MAX + 1];
	bool imei = imp_imei_of_ueid(ueid, id);

	if (!imei)
		imp_hex_text(ueid, id, sizeof(id));
	snprintf(out, 80, "%s %s", imei ? "imei" : "ueid", id);
}

static bool endorses(const struct imp_endorsement *e, const struct imp_card *card)
{
	return imp_span_eq(e->ueid, card->ueid) && e->oemid == card->oemid &&
	       imp_span_eq(e->hwmodel, card->hwmodel) &&
	       imp_pub_eq(&e->signing, &card->signing) &&
	       imp_pub_eq(&e->sealing, &card->sealing);
}

/* A card with an endorsement that is not its own is refused, whether its factory is known
 * or not. */
static int check_endorsement(struct imp_crypto *crypto, struct imp_span chain,
			     const struct imp_factories *factories, struct imp_known *k,
			     struct imp_error *err)
{
	struct imp_endorsement e;
	struct imp_signed s;
	uint8_t kid[32];
	int rc = imp_signed_decode(chain, &s, err);

	if (!rc && (s.kind != IMP_KIND_ENDORSEMENT || s.cose.tag != IMP_TAG_SIGN1))
		rc = imp_fail(err, IMP_EFORMAT, "card: header 13 is no endorsement");
	if (!rc)
		rc = imp_endorsement_decode(s.cose.payload, &e, err);
	if (rc)
		return rc;
	if (!endorses(&e, &k->card))
		return imp_fail(err, IMP_EVERIFY,
				"card: its endorsement is that of another device");
	for (size_t i = 0; i < factories->count; i++) {
		if (imp_cose_kid(crypto, &factories->key[i], kid) ||
		    !imp_span_eq(s.issuer, IMP_SPAN(kid)))
			continue;
		if (imp_signed_verify(crypto, &s, 0, &factories->key[i]))
			return imp_fail(
				err, IMP_EVERIFY,
				"card: the factory's endorsement does not verify");
		k->assurance = IMP_ENDORSED;
	}
	return 0;
}

/* An IMEI that the card names beside a ueid that is one must be the same. */
static bool imei_fits(const struct imp_card *card)
{
	char imei[16];

	return card->imei.len == 0 || !imp_imei_of_ueid(card->ueid, imei) ||
	       imp_span_eq(card->imei, imp_span_str(imei));
}

static int check_published(const char *what, const uint8_t kid[32], struct imp_error *err)
{
	const char *where = imp_published(kid);

	return where ? imp_fail(err, IMP_EPOLICY,
				"card: the private part of its %s key is published (%s)",
				what, where)
		     : 0;
}

static int check_card(struct imp_crypto *crypto, const struct imp_signed *s,
		      const uint8_t *nonce, struct imp_known *k, struct imp_error *err)
{
	int rc;

	if (imp_pub_check(crypto, &k->card.signing) ||
	    imp_pub_check(crypto, &k->card.sealing))
		return imp_fail(err, IMP_EKEY,
				"card: a key of the device is not on its curve");
	if (imp_cose_kid(crypto, &k->card.signing, k->signing_kid) ||
	    imp_cose_kid(crypto, &k->card.sealing, k->sealing_kid))
		return imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
	rc = check_published("signing", k->signing_kid, err);
	if (!rc)
		rc = check_published("sealing", k->sealing_kid, err);
	if (rc)
		return rc;
	if (!imp_span_eq(s->issuer, IMP_SPAN(k->signing_kid)))
		return imp_fail(err, IMP_EVERIFY,
				"card: signed by another key than its own");
	if (imp_signed_verify(crypto, s, 0, &k->card.signing))
		return imp_fail(err, IMP_EVERIFY, "card: its signature does not verify");
	if (nonce &&
	    !imp_span_eq(k->card.nonce, (struct imp_span){ nonce, IMP_NONCE_LEN }))
		return imp_fail(err, IMP_EVERIFY,
				"card: answers another nonce than ours");
	if (!imei_fits(&k->card))
		return imp_fail(err, IMP_EVERIFY,
				"card: its imei is another than its ueid's");
	return 0;
}

int imp_known_check(struct imp_crypto *crypto, struct imp_span signed_card,
		    const uint8_t *nonce, const struct imp_factories *factories,
		    struct imp_known *out, struct imp_error *err)
{
	CLEANUP(imp_known_fini) struct imp_known k = { 0 };
	struct imp_signed s;
	int rc = imp_secret_set(&k.bytes, signed_card, err);

	if (!rc)
		rc = imp_wrap(err, imp_signed_decode(imp_secret_span(&k.bytes), &s, err),
			      "card");
	if (!rc && (s.kind != IMP_KIND_CARD || s.cose.tag != IMP_TAG_SIGN1))
		rc = imp_fail(err, IMP_EFORMAT, "card: is a %s", imp_kind_name(s.kind));
	if (!rc)
		rc = imp_card_decode(s.cose.payload, &k.card, err);
	if (!rc)
		rc = check_card(crypto, &s, nonce, &k, err);
	if (!rc && (s.cose.uh.has & IMP_HAS_CHAIN))
		rc = check_endorsement(crypto, s.cose.uh.chain, factories, &k, err);
	if (rc)
		return rc;
	*out = k;
	k = (struct imp_known){ 0 };
	return 0;
}
