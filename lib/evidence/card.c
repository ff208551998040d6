/* SPDX-License-Identifier: Apache-2.0 */
/* Card and endorsement: decode and encode. */
#include "evidence/card.h"
#include "object/cnf.h"
#include "object/fields.h"
#include "object/target.h"

/* Claims. Source: IANA CWT Claims; imprint-formats(7). */
enum {
	VERSION = 1,
	NONCE = 10,
	UEID = 256,
	OEMID = 258,
	HWMODEL = 259,
	HWVERSION = 260,
	SEALING = -70008,
	OBJECTS = -70009,
	LIMITS = -70014,
	IDENTIFIERS = -70015,
};

enum { DOMAINS_MAX = 16, VERSION_MAX = 16 };

static void take_sealing(struct imp_cbor *c, struct imp_pub *out)
{
	imp_cose_key_take(c, out);
	if (imp_cbor_ok(c) && out->crv == IMP_CRV_ED25519)
		imp_cbor_fail(c, "the sealing key is one that only signs");
}

static struct imp_span take_claim(struct imp_cbor *c)
{
	struct imp_span s = imp_cbor_text(c);

	if (imp_cbor_ok(c) && (s.len < 1 || s.len > IMP_TEXT_CLAIM_MAX))
		imp_cbor_fail(c, "a text claim is not 1..32 bytes");
	return s;
}

/* {+ object => version}, ascending by the strict form. */
static struct imp_span take_objects(struct imp_cbor *c)
{
	struct imp_span all;
	struct imp_cbor in = *c;
	size_t n = imp_cbor_map(&in);

	while (imp_cbor_more(&in, &n)) {
		imp_cbor_uint_max(&in, UINT16_MAX);
		if (imp_cbor_text(&in).len > VERSION_MAX)
			imp_cbor_fail(&in, "an object's version is longer than 16 bytes");
	}
	if (!imp_cbor_ok(&in))
		imp_cbor_fail(c, in.bad);
	all = imp_cbor_item(c);
	return all;
}

static struct imp_span *identifier(struct imp_card *card, struct imp_span name)
{
	return imp_span_eq(name, IMP_TEXT("imei"))     ? &card->imei
	       : imp_span_eq(name, IMP_TEXT("iccid"))  ? &card->iccid
	       : imp_span_eq(name, IMP_TEXT("serial")) ? &card->serial
						       : NULL;
}

static void take_identifiers(struct imp_cbor *c, struct imp_card *card)
{
	size_t n = imp_cbor_map(c);

	if (imp_cbor_ok(c) && n == 0)
		imp_cbor_fail(c, "no identifier");
	while (imp_cbor_more(c, &n)) {
		struct imp_span *at = identifier(card, imp_cbor_text(c));

		if (at)
			*at = take_claim(c);
		else
			imp_cbor_fail(c,
				      "an identifier other than iccid, imei and serial");
	}
}

static void take_limits(struct imp_cbor *c, struct imp_card *card)
{
	imp_cbor_expect_array(c, 2);
	card->largest = (uint32_t)imp_cbor_uint_max(c, IMP_CBOR_MAX);
	card->domains = (uint32_t)imp_cbor_uint_max(c, DOMAINS_MAX);
	if (imp_cbor_ok(c) && card->domains == 0)
		imp_cbor_fail(c, "a device that holds no domain");
}

static void take_card(struct imp_cbor *c, struct imp_card *card)
{
	struct imp_fields f = imp_fields(c, false);

	imp_field_need(&f, VERSION);
	imp_cbor_expect_int(c, 1);
	imp_field_need(&f, IMP_CNF);
	imp_cnf_take(c, &card->signing);
	imp_field_need(&f, NONCE);
	card->nonce = imp_cbor_bytes_len(c, IMP_NONCE_LEN, IMP_NONCE_LEN);
	imp_field_need(&f, UEID);
	card->ueid = imp_cbor_bytes_len(c, IMP_UEID_MIN, IMP_UEID_MAX);
	imp_field_need(&f, OEMID);
	card->oemid = (uint32_t)imp_cbor_uint_max(c, UINT32_MAX);
	imp_field_need(&f, HWMODEL);
	card->hwmodel = imp_cbor_bytes_len(c, 1, IMP_HWMODEL_MAX);
	if (imp_field(&f, HWVERSION)) {
		imp_cbor_expect_array(c, 1);
		card->hwversion = take_claim(c);
	}
	imp_field_need(&f, SEALING);
	take_sealing(c, &card->sealing);
	imp_field_need(&f, OBJECTS);
	card->objects = take_objects(c);
	imp_field_need(&f, LIMITS);
	take_limits(c, card);
	if (imp_field(&f, IDENTIFIERS))
		take_identifiers(c, card);
	imp_fields_end(&f);
}

int imp_card_decode(struct imp_span in, struct imp_card *out, struct imp_error *err)
{
	struct imp_card card = { 0 };
	struct imp_cbor_fault fault;
	struct imp_cbor c;
	int rc;

	if (imp_cbor_open(&c, in, IMP_CBOR_STRICT, &fault))
		return imp_cbor_refuse(&fault, "card", err);
	take_card(&c, &card);
	rc = imp_cbor_finish(&c, "card", err);
	if (!rc)
		*out = card;
	return rc;
}

static void put_class(struct imp_writer *w, struct imp_span ueid, uint32_t oemid,
		      struct imp_span hwmodel)
{
	imp_cbor_put_int(w, UEID);
	imp_cbor_put_bytes(w, ueid);
	imp_cbor_put_int(w, OEMID);
	imp_cbor_put_uint(w, oemid);
	imp_cbor_put_int(w, HWMODEL);
	imp_cbor_put_bytes(w, hwmodel);
}

/* Text keys ascend by length, then bytes: imei, iccid, serial. */
static void put_identifiers(struct imp_writer *w, const struct imp_card *card)
{
	const struct {
		struct imp_span name, value;
	} row[] = {
		{ IMP_TEXT("imei"), card->imei },
		{ IMP_TEXT("iccid"), card->iccid },
		{ IMP_TEXT("serial"), card->serial },
	};
	size_t n = 0;

	for (size_t i = 0; i < COUNTOF(row); i++)
		n += row[i].value.len > 0;
	if (n == 0)
		return;
	imp_cbor_put_int(w, IDENTIFIERS);
	imp_cbor_put_map(w, n);
	for (size_t i = 0; i < COUNTOF(row); i++)
		if (row[i].value.len > 0) {
			imp_cbor_put_text(w, row[i].name);
			imp_cbor_put_text(w, row[i].value);
		}
}

void imp_card_encode(const struct imp_card *card, struct imp_writer *w)
{
	bool identified = card->imei.len + card->iccid.len + card->serial.len > 0;

	imp_cbor_put_map(w, 9u + (card->hwversion.len > 0) + identified);
	imp_cbor_put_int(w, VERSION);
	imp_cbor_put_int(w, 1);
	imp_cnf_put(w, &card->signing);
	imp_cbor_put_int(w, NONCE);
	imp_cbor_put_bytes(w, card->nonce);
	put_class(w, card->ueid, card->oemid, card->hwmodel);
	if (card->hwversion.len > 0) {
		imp_cbor_put_int(w, HWVERSION);
		imp_cbor_put_array(w, 1);
		imp_cbor_put_text(w, card->hwversion);
	}
	imp_cbor_put_int(w, SEALING);
	imp_cose_key_put(w, &card->sealing);
	imp_cbor_put_int(w, OBJECTS);
	imp_put(w, card->objects);
	imp_cbor_put_int(w, LIMITS);
	imp_cbor_put_array(w, 2);
	imp_cbor_put_uint(w, card->largest);
	imp_cbor_put_uint(w, card->domains);
	put_identifiers(w, card);
}

int imp_endorsement_decode(struct imp_span in, struct imp_endorsement *out,
			   struct imp_error *err)
{
	struct imp_endorsement e = { 0 };
	struct imp_cbor_fault fault;
	struct imp_fields f;
	struct imp_cbor c;
	int rc;

	if (imp_cbor_open(&c, in, IMP_CBOR_STRICT, &fault))
		return imp_cbor_refuse(&fault, "endorsement", err);
	f = imp_fields(&c, false);
	imp_field_need(&f, IMP_CNF);
	imp_cnf_take(&c, &e.signing);
	imp_field_need(&f, UEID);
	e.ueid = imp_cbor_bytes_len(&c, IMP_UEID_MIN, IMP_UEID_MAX);
	imp_field_need(&f, OEMID);
	e.oemid = (uint32_t)imp_cbor_uint_max(&c, UINT32_MAX);
	imp_field_need(&f, HWMODEL);
	e.hwmodel = imp_cbor_bytes_len(&c, 1, IMP_HWMODEL_MAX);
	imp_field_need(&f, SEALING);
	take_sealing(&c, &e.sealing);
	imp_fields_end(&f);
	rc = imp_cbor_finish(&c, "endorsement", err);
	if (!rc)
		*out = e;
	return rc;
}

void imp_endorsement_encode(const struct imp_endorsement *e, struct imp_writer *w)
{
	imp_cbor_put_map(w, 5);
	imp_cnf_put(w, &e->signing);
	put_class(w, e->ueid, e->oemid, e->hwmodel);
	imp_cbor_put_int(w, SEALING);
	imp_cose_key_put(w, &e->sealing);
}

bool imp_card_has_object(const struct imp_card *card, uint32_t object)
{
	struct imp_cbor c = { .in = card->objects };
	size_t n = imp_cbor_map(&c);

	while (imp_cbor_more(&c, &n)) {
		if (imp_cbor_uint(&c) == object)
			return true;
		imp_cbor_item(&c);
	}
	return false;
}
