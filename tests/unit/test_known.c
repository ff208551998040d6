/* SPDX-License-Identifier: Apache-2.0 */
/* Cards and evidence as a verifier sees them: every bit counts. */
#include <criterion/criterion.h>
#include <string.h>

#include "evidence/appraise.h"
#include "kit.h"
#include "object/signed.h"
#include "wire/message.h"

static struct imp_crypto *crypto;
static struct board dev;
static const struct imp_factories nobody;

static struct imp_span ask(uint8_t id, const uint8_t nonce[32], uint8_t *out, size_t cap)
{
	uint8_t buf[64];
	struct imp_writer w = imp_writer(buf, sizeof(buf));
	const struct imp_request q = { .nonce = { nonce, 32 } };
	struct imp_response r;
	struct imp_span got;

	imp_request_encode(&q, &w);
	cr_assert_eq(imp_response_decode(board_ask(&dev, IMP_GROUP_IMPRINT, id,
						   IMP_SMP_WRITE, imp_written(&w)),
					 &r, NULL),
		     0);
	got = id == IMP_ENROLL ? r.card : r.evidence;
	cr_assert(got.len > 0 && got.len <= cap);
	memcpy(out, got.ptr, got.len);
	return (struct imp_span){ out, got.len };
}

static void start(void)
{
	cr_assert_eq(imp_crypto_new(&crypto, NULL), 0);
	board_init(&dev, crypto, 1, false);
	cr_assert_eq(board_boot(&dev), 0);
}

static uint8_t spoilt[2048];

/* Everything that can happen to `object` on the way: a bit, a cut, a byte more; each is
 * refused. (r, n - s) is the same signature. */
static void flip_all(struct imp_span object, bool (*is_refused)(struct imp_span))
{
	static const uint8_t inserted[] = { 0x00, 0x40, 0xff };

	memcpy(spoilt, object.ptr, object.len);
	other_s(spoilt + object.len - 32);
	cr_assert_not(is_refused((struct imp_span){ spoilt, object.len }));
	other_s(spoilt + object.len - 32);
	cr_assert_not(is_refused((struct imp_span){ spoilt, object.len }));
	for (size_t bit = 0; bit < 8 * object.len; bit++) {
		spoilt[bit / 8] ^= (uint8_t)(1u << bit % 8);
		cr_assert(is_refused((struct imp_span){ spoilt, object.len }), "bit %zu",
			  bit);
		spoilt[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (size_t len = 0; len < object.len; len++)
		cr_assert(is_refused((struct imp_span){ spoilt, len }), "cut %zu", len);
	for (size_t at = 0; at <= object.len; at++)
		for (size_t i = 0; i < COUNTOF(inserted); i++) {
			memcpy(spoilt, object.ptr, at);
			spoilt[at] = inserted[i];
			memcpy(spoilt + at + 1, object.ptr + at, object.len - at);
			cr_assert(is_refused((struct imp_span){ spoilt, object.len + 1 }),
				  "%02x at %zu", inserted[i], at);
		}
}

static bool card_is_refused(struct imp_span card)
{
	struct imp_known k = { 0 };
	int rc = imp_known_check(crypto, card, NULL, &nobody, &k, NULL);

	imp_known_fini(&k);
	return rc != 0;
}

/* BITFLIP: card */
Test(known, every_bit_of_a_card_counts)
{
	uint8_t buf[2048], nonce[32] = { 1 }, other[32] = { 2 };
	struct imp_known k = { 0 };
	struct imp_span card;

	start();
	card = ask(IMP_ENROLL, nonce, buf, sizeof(buf));
	cr_assert_eq(imp_known_check(crypto, card, other, &nobody, &k, NULL),
		     -IMP_EVERIFY);
	cr_assert_eq(imp_known_check(crypto, card, nonce, &nobody, &k, NULL), 0);
	cr_assert_eq(k.assurance, IMP_ASSERTED);
	imp_known_fini(&k);
	flip_all(card, card_is_refused);
	imp_crypto_free(&crypto);
}

static struct imp_known known;
static uint8_t nonce[32] = { 1 };
static struct imp_appraisal appraisal;

static int appraise(struct imp_span evidence)
{
	const struct imp_expected x = { .known = &known,
					.nonce = nonce,
					.unowned = true };

	return imp_appraise(crypto, evidence, &x, &appraisal);
}

static bool evidence_is_refused(struct imp_span evidence)
{
	return appraise(evidence) != 0;
}

/* A carded device, and evidence of it under `nonce`. */
static struct imp_span start_known(uint8_t *buf, size_t cap)
{
	uint8_t card[2048];

	start();
	cr_assert_eq(imp_known_check(crypto, ask(IMP_ENROLL, nonce, card, sizeof(card)),
				     nonce, &nobody, &known, NULL),
		     0);
	return ask(IMP_ATTEST, nonce, buf, cap);
}

static void stop_known(void)
{
	imp_known_fini(&known);
	imp_crypto_free(&crypto);
}

/* BITFLIP: evidence */
Test(known, every_bit_of_evidence_counts)
{
	uint8_t buf[2048];

	flip_all(start_known(buf, sizeof(buf)), evidence_is_refused);
	stop_known();
}

static int sign(void *ctx, const struct imp_span *part, size_t count, uint8_t sig[64])
{
	const struct board *b = ctx;

	return imp_soft_sign(crypto, IMP_ALG_ES256, b->signing, part, count, sig);
}

/* A payload as evidence, signed by the device's own key. */
static struct imp_span sign_evidence(struct board *b, struct imp_span payload,
				     uint8_t *out, size_t cap)
{
	const struct imp_signer signer = { .alg = IMP_ALG_ES256,
					   .pub = b->pub[IMP_KEY_SIGNING],
					   .ctx = b,
					   .sign = sign };
	struct imp_writer w = imp_writer(out, cap);

	cr_assert_eq(imp_signed_put_one(crypto, &signer, IMP_KIND_EVIDENCE,
					(struct imp_span){ 0 }, payload, &w, NULL),
		     0);
	return imp_written(&w);
}

/* The payload without its claim number `without`, or with one more that nobody knows;
 * how many it has. */
static size_t change_claims(struct imp_span payload, size_t without, bool more,
			    struct imp_writer *w)
{
	struct imp_cbor c;
	size_t n;

	cr_assert_eq(imp_cbor_open(&c, payload, IMP_CBOR_STRICT, NULL), 0);
	n = imp_cbor_map(&c);
	imp_cbor_put_map(w, n + more - (without < n));
	for (size_t i = 0; i < n; i++) {
		struct imp_span key = imp_cbor_item(&c), value = imp_cbor_item(&c);

		if (i == without)
			continue;
		imp_put(w, key);
		imp_put(w, value);
	}
	if (more) {
		imp_cbor_put_int(w, -80000);
		imp_cbor_put_int(w, 1);
	}
	return n;
}

/* DEV-11, EVID-13: each mandatory claim in turn is missing, the signature is good. */
Test(known, evidence_needs_every_claim_and_passes_over_others)
{
	uint8_t buf[2048], changed[2048], again[2048];
	struct imp_span evidence = start_known(buf, sizeof(buf));
	struct imp_signed s;
	size_t n = 1;

	cr_assert_eq(imp_signed_decode(evidence, &s, NULL), 0);
	for (size_t i = 0; i < n; i++) {
		struct imp_writer w = imp_writer(changed, sizeof(changed));

		n = change_claims(s.cose.payload, i, false, &w);
		cr_assert_eq(appraise(sign_evidence(&dev, imp_written(&w), again,
						    sizeof(again))),
			     -IMP_EDEVICE, "claim %zu", i);
		cr_assert_str_eq(appraisal.difference[0].what, "form");
		cr_assert_not(appraisal.decoded);
	}
	cr_assert_eq(n, 13);
	for (size_t more = 0; more < 2; more++) {
		struct imp_writer w = imp_writer(changed, sizeof(changed));

		change_claims(s.cose.payload, n, more, &w);
		cr_assert_eq(appraise(sign_evidence(&dev, imp_written(&w), again,
						    sizeof(again))),
			     0);
	}
	stop_known();
}

/* COSE-17: the claims of evidence in another form, type or chain, each signed well by the
 * device's own key. */
Test(known, evidence_is_one_signature_of_its_own_type)
{
	uint8_t buf[2048], again[2048];
	struct imp_span evidence = start_known(buf, sizeof(buf));
	const struct imp_signer signer = { .alg = IMP_ALG_ES256,
					   .pub = dev.pub[IMP_KEY_SIGNING],
					   .ctx = &dev,
					   .sign = sign };
	const struct imp_span none = { 0 };
	const struct imp_span chain = IMP_TEXT("\xa1\x0d\xd2\x84\x40\xa0\x40\x40");
	struct imp_signed s;

	cr_assert_eq(imp_signed_decode(evidence, &s, NULL), 0);
	for (unsigned i = 0; i < 4; i++) {
		struct imp_writer w = imp_writer(again, sizeof(again));
		enum imp_kind kind = i == 2 ? IMP_KIND_CARD : IMP_KIND_EVIDENCE;
		int rc = i == 1 ? imp_signed_put_many(crypto, known.signing_kid, &signer,
						      1, kind, none, s.cose.payload, &w)
				: imp_signed_put_one(crypto, &signer, kind,
						     i == 3 ? chain : none,
						     s.cose.payload, &w, NULL);

		cr_assert_eq(rc, 0);
		cr_assert_eq(appraise(imp_written(&w)), i == 0 ? 0 : -IMP_EDEVICE, "%u",
			     i);
		cr_assert(i == 0 || strcmp(appraisal.difference[0].what, "form") == 0);
	}
	stop_known();
}

/* COSE-17: evidence of another profile is none, well-formed or not. */
Test(known, evidence_is_of_its_own_eat_profile)
{
	uint8_t buf[2048], payload[2048], again[2048];
	struct imp_span evidence = start_known(buf, sizeof(buf));
	struct imp_signed s;
	uint8_t *at;

	cr_assert_eq(imp_signed_decode(evidence, &s, NULL), 0);
	memcpy(payload, s.cose.payload.ptr, s.cose.payload.len);
	at = memmem(payload, s.cose.payload.len, ":evidence-1", 11);
	cr_assert_not_null(at);
	at[10] = '2';
	cr_assert_eq(appraise(sign_evidence(
			     &dev, (struct imp_span){ payload, s.cose.payload.len },
			     again, sizeof(again))),
		     -IMP_EDEVICE);
	cr_assert_str_eq(appraisal.difference[0].what, "form");
	stop_known();
}

/* KEY-01, KEY-02, KEY-05 on a card, whose signature is good; and a card whose kid is not
 * that of its key. */
Test(known, a_card_has_keys_that_can_be_used_and_is_signed_by_its_own)
{
	static const struct imp_pub bad[] = {
		{ .crv = IMP_CRV_P256, .x = { 1 }, .y = { 2 } },
		{ .crv = IMP_CRV_P256 },
		{ .crv = IMP_CRV_X25519 },
		{ .crv = IMP_CRV_X25519, .x = { 1 } },
	};
	uint8_t buf[2048], payload[2048], again[2048];
	const struct imp_signer signer = { .alg = IMP_ALG_ES256,
					   .pub = dev.pub[IMP_KEY_SIGNING],
					   .ctx = &dev,
					   .sign = sign };
	struct imp_signer named;

	start_known(buf, sizeof(buf));
	for (size_t i = 0; i < COUNTOF(bad) + 2; i++) {
		struct imp_writer p = imp_writer(payload, sizeof(payload));
		struct imp_writer w = imp_writer(again, sizeof(again));
		struct imp_card card = known.card;
		struct imp_known k = { 0 };

		if (i < COUNTOF(bad))
			card.sealing = bad[i];
		named = signer;
		named.pub =
			dev.pub[i == COUNTOF(bad) ? IMP_KEY_SEALING : IMP_KEY_SIGNING];
		imp_card_encode(&card, &p);
		cr_assert_eq(imp_signed_put_one(crypto, &named, IMP_KIND_CARD,
						(struct imp_span){ 0 }, imp_written(&p),
						&w, NULL),
			     0);
		cr_assert_eq(
			imp_known_check(crypto, imp_written(&w), NULL, &nobody, &k, NULL),
			i < COUNTOF(bad)    ? -IMP_EKEY
			: i == COUNTOF(bad) ? -IMP_EVERIFY
					    : 0,
			"%zu", i);
		imp_known_fini(&k);
	}
	stop_known();
}

/* KEY-10 on a card: the private keys 1 of P-256, and that of Alice in RFC 7748. */
Test(known, a_card_has_no_published_key)
{
	static const uint8_t one[32] = { [31] = 1 };
	static const uint8_t alice[32] = {
		0x77, 0x07, 0x6d, 0x0a, 0x73, 0x18, 0xa5, 0x7d, 0x3c, 0x16, 0xc1,
		0x72, 0x51, 0xb2, 0x66, 0x45, 0xdf, 0x4c, 0x2f, 0x87, 0xeb, 0xc0,
		0x99, 0x2a, 0xb1, 0x77, 0xfb, 0xa5, 0x1d, 0xb9, 0x2c, 0x2a
	};
	const struct {
		int32_t crv;
		const uint8_t *d;
		const char *says;
	} row[] = {
		{ IMP_CRV_P256, one,
		  "sealing key is published (the generator of P-256)" },
		{ IMP_CRV_X25519, alice, "sealing key is published (RFC 7748 6.1)" },
		{ IMP_CRV_P256, one,
		  "signing key is published (the generator of P-256)" },
	};
	uint8_t buf[2048], payload[2048], again[2048];
	const struct imp_signer signer = { .alg = IMP_ALG_ES256,
					   .pub = dev.pub[IMP_KEY_SIGNING],
					   .ctx = &dev,
					   .sign = sign };

	start_known(buf, sizeof(buf));
	for (size_t i = 0; i < COUNTOF(row); i++) {
		struct imp_writer p = imp_writer(payload, sizeof(payload));
		struct imp_writer w = imp_writer(again, sizeof(again));
		struct imp_card card = known.card;
		struct imp_known k = { 0 };
		struct imp_error err = { 0 };

		cr_assert_eq(imp_soft_pub(crypto, row[i].crv, row[i].d,
					  i == 2 ? &card.signing : &card.sealing),
			     0);
		imp_card_encode(&card, &p);
		cr_assert_eq(imp_signed_put_one(crypto, &signer, IMP_KIND_CARD,
						(struct imp_span){ 0 }, imp_written(&p),
						&w, NULL),
			     0);
		cr_assert_eq(
			imp_known_check(crypto, imp_written(&w), NULL, &nobody, &k, &err),
			-IMP_EPOLICY);
		cr_assert(strstr(err.msg, row[i].says), "%s", err.msg);
		imp_known_fini(&k);
	}
	stop_known();
}

/* EVID-14: other hardware under the right key. */
Test(known, evidence_is_of_the_carded_class)
{
	uint8_t buf[2048];

	start_known(buf, sizeof(buf));
	dev.constants.oemid++;
	cr_assert_eq(appraise(ask(IMP_ATTEST, nonce, buf, sizeof(buf))), -IMP_EPOLICY);
	cr_assert_str_eq(appraisal.difference[0].what, "class");
	dev.constants.oemid--;
	dev.constants.hwmodel = IMP_TEXT("keel-3");
	cr_assert_eq(appraise(ask(IMP_ATTEST, nonce, buf, sizeof(buf))), -IMP_EPOLICY);
	cr_assert_str_eq(appraisal.difference[0].what, "class");
	stop_known();
}

/* EVID-02 to 05: another nonce than the one that was issued to this device now, be it
 * made up, used in an earlier exchange, or issued to a neighbour; and a neighbour's
 * evidence. */
Test(known, evidence_answers_the_nonce_that_was_issued_to_this_device)
{
	uint8_t buf[2048], second[32] = { 2 }, neighbours[32] = { 3 };
	struct imp_span evidence = start_known(buf, sizeof(buf));

	cr_assert_eq(appraise(evidence), 0);
	memcpy(nonce, second, sizeof(nonce)); /* the next exchange */
	cr_assert_eq(appraise(evidence), -IMP_EVERIFY, "used");
	cr_assert_str_eq(appraisal.difference[0].what, "nonce");
	evidence = ask(IMP_ATTEST, neighbours, buf, sizeof(buf));
	cr_assert_eq(appraise(evidence), -IMP_EVERIFY, "of the other device");
	cr_assert_str_eq(appraisal.difference[0].what, "nonce");
	board_init(&dev, crypto, 2, false);
	cr_assert_eq(board_boot(&dev), 0);
	evidence = ask(IMP_ATTEST, nonce, buf, sizeof(buf));
	cr_assert_eq(appraise(evidence), -IMP_EVERIFY, "by the other device");
	cr_assert_str_eq(appraisal.difference[0].what, "signing key");
	stop_known();
}

/* DEV-14: the label of one device on another. */
Test(known, a_card_whose_imei_is_not_its_ueids_is_refused)
{
	static const struct {
		const char *imei;
		uint8_t type; /* of the ueid */
		int rc;
	} cases[] = {
		{ "000000000000018", 3, 0 },
		{ "000000000000026", 3, -IMP_EVERIFY },
		{ "000000000000019", 3, -IMP_EVERIFY },
		{ "00000000000001", 3, -IMP_EVERIFY },
		{ "000000000000026", 1, 0 }, /* the modem's */
	};
	struct imp_error err = { 0 };
	uint8_t buf[2048];

	start();
	for (size_t i = 0; i < COUNTOF(cases); i++) {
		struct imp_known k = { 0 };

		dev.ueid[0] = cases[i].type;
		dev.constants.imei = imp_span_str(cases[i].imei);
		cr_assert_eq(imp_known_check(crypto,
					     ask(IMP_ENROLL, nonce, buf, sizeof(buf)),
					     nonce, &nobody, &k, &err),
			     cases[i].rc, "%s", cases[i].imei);
		imp_known_fini(&k);
	}
	imp_crypto_free(&crypto);
}

/* DEV-15: what a device signs may be any bytes; what is shown of it is not. */
Test(known, hostile_bytes_in_evidence_are_shown_escaped)
{
	static const struct imp_span hostile = IMP_TEXT("\x1b[2J\n';--%n../../\xff\x9b");
	uint8_t buf[2048];

	start_known(buf, sizeof(buf));
	dev.constants.hwmodel = hostile;
	cr_assert_eq(appraise(ask(IMP_ATTEST, nonce, buf, sizeof(buf))), -IMP_EPOLICY);
	cr_assert_str_eq(appraisal.difference[0].what, "class");
	cr_assert_str_eq(appraisal.difference[0].found,
			 "32473/\\x1b[2J\\x0a';--%n../../\\xff\\x9b");
	stop_known();
}
