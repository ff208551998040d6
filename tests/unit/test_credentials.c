/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials: what is picked for a server, and that nobody but its back-end reads it. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "cose/key.h"
#include "object/credentials.h"
#include "object/profile.h"
#include "object/signed.h"

static const uint8_t ueid[15] = { 3, 3, 5 }, hash[32] = { 1 };
static const char key[] = "sixteen bytes of";

/* Two back-ends and two owners. */
static struct bench {
	struct imp_crypto *crypto;
	uint8_t d[4][32];
	struct imp_pub pub[4];
	struct imp_signer signer[2]; /* 0 and 1 of the keys */
	struct imp_secret scratch;
	struct imp_error err;
	uint8_t secrets[256], sealed[1024];
	struct imp_credentials c;
} b;

static int sign(void *ctx, const struct imp_span *part, size_t count, uint8_t sig[64])
{
	return imp_soft_sign(b.crypto, IMP_ALG_ES256, ctx, part, count, sig);
}

static int agree(void *ctx, const struct imp_pub *peer, uint8_t z[32])
{
	return imp_soft_agree(b.crypto, ctx, peer, z);
}

/* {0: {0: {3: identity, 5: key}}} */
static void put_secrets(struct imp_writer *w)
{
	imp_cbor_put_map(w, 1);
	imp_cbor_put_uint(w, 0);
	imp_cbor_put_map(w, 1);
	imp_cbor_put_uint(w, 0);
	imp_cbor_put_map(w, 2);
	imp_cbor_put_uint(w, 3);
	imp_cbor_put_bytes(w, IMP_TEXT("keel-1"));
	imp_cbor_put_uint(w, 5);
	imp_cbor_put_bytes(w, IMP_TEXT(key));
}

static void make(void)
{
	struct imp_writer w = imp_writer(b.secrets, sizeof(b.secrets));

	cr_assert_eq(imp_crypto_new(&b.crypto, NULL), 0);
	for (size_t i = 0; i < 4; i++)
		cr_assert_eq(imp_soft_make(b.crypto,
					   i == 3 ? IMP_CRV_X25519 : IMP_CRV_P256, b.d[i],
					   &b.pub[i]),
			     0);
	for (size_t i = 0; i < 2; i++)
		b.signer[i] = (struct imp_signer){
			.alg = IMP_ALG_ES256, .pub = b.pub[i], .ctx = b.d[i], .sign = sign
		};
	put_secrets(&w);
	b.c = (struct imp_credentials){ .domain = 2,
					.sequence = 7,
					.profile = IMP_SPAN(hash),
					.secrets = imp_written(&w),
					.ueid = IMP_SPAN(ueid) };
}

static void drop(void)
{
	imp_secret_fini(&b.scratch);
	imp_crypto_free(&b.crypto);
}

static struct imp_span seal_with(size_t signer, size_t to)
{
	struct imp_writer w = imp_writer(b.sealed, sizeof(b.sealed)), plain;
	uint8_t buf[1024];

	plain = imp_writer(buf, sizeof(buf));
	imp_credentials_encode(&b.c, &plain);
	cr_assert_eq(imp_credentials_seal(b.crypto, &b.signer[signer], &b.pub[to],
					  imp_written(&plain), &w),
		     0);
	return imp_written(&w);
}

static int open_as(size_t opener, size_t signer, struct imp_span item,
		   struct imp_credentials *out)
{
	struct imp_credentials_reader r = { .crypto = b.crypto,
					    .opener = { b.d[opener], agree },
					    .signer = b.pub[signer] };

	cr_assert_eq(imp_cose_kid(b.crypto, &b.pub[opener], r.sealing_kid), 0);
	cr_assert_eq(imp_cose_kid(b.crypto, &b.pub[signer], r.signer_kid), 0);
	return imp_credentials_open(&r, item, &b.scratch, out, &b.err);
}

Test(credentials, what_is_sealed_opens_again_on_both_curves, .init = make, .fini = drop)
{
	struct imp_credentials out = { 0 };

	b.c.endpoint = IMP_TEXT("urn:imei:350000000000006");
	for (size_t to = 2; to < 4; to++) {
		cr_assert_eq(open_as(to, 0, seal_with(0, to), &out), 0, "%s", b.err.msg);
		cr_assert_eq(out.domain, 2);
		cr_assert_eq(out.sequence, 7);
		cr_assert(imp_span_eq(out.ueid, b.c.ueid));
		cr_assert(imp_span_eq(out.profile, b.c.profile));
		cr_assert(imp_span_eq(out.secrets, b.c.secrets));
		cr_assert(imp_span_eq(out.endpoint, b.c.endpoint));
	}
}

Test(credentials, another_reader_or_signer_gets_nothing, .init = make, .fini = drop)
{
	struct imp_credentials out = { 0 };
	struct imp_span item = seal_with(0, 2);

	cr_assert_eq(open_as(1, 0, item, &out), -IMP_EVERIFY);
	cr_assert(strstr(b.err.msg, "another key"), "%s", b.err.msg);
	cr_assert_eq(open_as(2, 1, item, &out), -IMP_EVERIFY);
	cr_assert(strstr(b.err.msg, "signed by another"), "%s", b.err.msg);
	cr_assert_eq(out.ueid.len, 0, "*out was written");
}

/* Everybody can encrypt to the back-end; the name of the owner alone is no signature. */
Test(credentials, a_signature_in_the_owners_name_is_verified, .init = make, .fini = drop)
{
	struct imp_credentials out = { 0 };

	b.signer[0].ctx = b.d[1];
	cr_assert_eq(open_as(2, 0, seal_with(0, 2), &out), -IMP_EVERIFY);
	cr_assert(strstr(b.err.msg, "does not verify"), "%s", b.err.msg);
	cr_assert_eq(out.ueid.len, 0, "*out was written");
}

/* BITFLIP */
Test(credentials, no_bit_may_change, .init = make, .fini = drop)
{
	struct imp_span item = seal_with(0, 3);
	struct imp_credentials out;

	for (size_t i = 0; i < 8 * item.len; i++) {
		b.sealed[i / 8] ^= (uint8_t)(1 << i % 8);
		cr_assert_lt(open_as(3, 0, item, &out), 0, "bit %zu", i);
		b.sealed[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	cr_assert_eq(open_as(3, 0, item, &out), 0);
}

/* COSE-17: an object of another kind in the same wrapping. */
Test(credentials, a_signed_profile_inside_is_no_credentials, .init = make, .fini = drop)
{
	uint8_t object[512];
	struct imp_writer o = imp_writer(object, sizeof(object)),
			  w = imp_writer(b.sealed, sizeof(b.sealed));
	const struct imp_span none = { 0 };
	struct imp_credentials out;

	cr_assert_eq(imp_signed_put_one(b.crypto, &b.signer[0], IMP_KIND_PROFILE, none,
					IMP_TEXT("x"), &o, NULL),
		     0);
	cr_assert_eq(imp_seal(b.crypto, &b.pub[2], IMP_KIND_CREDENTIALS, none,
			      imp_written(&o), &w),
		     0);
	cr_assert_eq(open_as(2, 0, imp_written(&w), &out), -IMP_EFORMAT);
	w = imp_writer(b.sealed, sizeof(b.sealed));
	cr_assert_eq(imp_seal(b.crypto, &b.pub[2], IMP_KIND_PROFILE, none,
			      imp_written(&o), &w),
		     0);
	cr_assert_eq(open_as(2, 0, imp_written(&w), &out), -IMP_EPOLICY);
}

Test(credentials, a_package_is_not_taken_for_them, .init = make, .fini = drop)
{
	const struct imp_package_claims claims = { .ueid = IMP_SPAN(ueid),
						   .profile_id = IMP_SPAN(hash),
						   .issuer = IMP_SPAN(hash),
						   .sequence = 1 };
	struct imp_writer w = imp_writer(b.sealed, sizeof(b.sealed));
	struct imp_credentials out;

	cr_assert_eq(imp_package_seal(b.crypto, &b.pub[2], &claims, IMP_TEXT("x"), &w),
		     0);
	cr_assert_eq(open_as(2, 0, imp_written(&w), &out), -IMP_EFORMAT);
}

Test(credentials, the_form_is_closed, .init = make, .fini = drop)
{
	static const struct imp_span empty = { (const uint8_t *)"\xa0", 1 };
	struct imp_credentials out, bad[5] = { b.c, b.c, b.c, b.c, b.c };
	uint8_t long_text[256];

	memset(long_text, 'e', sizeof(long_text));
	bad[0].sequence = 0;
	bad[1].domain = 16;
	bad[2].secrets = empty;
	bad[3].endpoint = IMP_SPAN(long_text);
	bad[4].ueid = IMP_TEXT("short");
	for (size_t i = 0; i < 5; i++) {
		struct imp_writer w = imp_writer(b.sealed, sizeof(b.sealed));

		imp_credentials_encode(&bad[i], &w);
		cr_assert(w.ok);
		cr_assert_eq(imp_credentials_decode(imp_written(&w), &out, &b.err),
			     -IMP_EFORMAT, "%zu", i);
	}
}

/* What of the settings is secret, as the shipped descriptions say. */
static bool is_secret(void *ctx, uint16_t object, uint16_t resource)
{
	(void)ctx;
	return (object == 0 && (resource == 5 || resource == 8)) ||
	       (object == 11 && (resource == 5 || resource == 6)) ||
	       (object == 21 && resource == 0);
}

static const struct imp_secrecy secrecy = { .is_secret = is_secret };

/* Pick from settings in hex, compare with hex. */
static void picks(const char *settings, const char *want, size_t count)
{
	uint8_t in[512], expected[512], out[512];
	struct imp_writer w = imp_writer(out, sizeof(out));
	struct imp_span s = { in, strlen(settings) / 2 },
			e = { expected, strlen(want) / 2 };

	for (size_t i = 0; i < s.len; i++)
		cr_assert_eq(sscanf(settings + 2 * i, "%2hhx", &in[i]), 1);
	for (size_t i = 0; i < e.len; i++)
		cr_assert_eq(sscanf(want + 2 * i, "%2hhx", &expected[i]), 1);
	cr_assert_eq(imp_settings_check(s, &b.err), 0, "%s", b.err.msg);
	cr_assert_eq(imp_credentials_pick(s, &secrecy, &w), count, "%s", settings);
	cr_assert(imp_span_eq(imp_written(&w), e), "%s", settings);
}

Test(credentials, secrets_and_their_siblings_are_picked)
{
	/* {0: {0: {0: "u", 1: true, 2: 0, 3: 'i', 5: 'k', 16: {0: 1}}}, 10: {0: {4: 1}}}
	 */
	picks("a200a100a600617501f5020003416905416b10a100010aa100a10401",
	      "a100a100a500617501f5020003416905416b", 5);
	/* {11: {0: {0: "n", 5: "u", 6: "p"}, 1: {0: "m"}}}: the other instance has none
	 */
	picks("a10ba200a300616e05617506617001a100616d", "a10ba100a2056175066170", 2);
	/* {10: {0: {4: 1}}} */
	picks("a10aa100a10401", "", 0);
}

Test(credentials, a_private_key_stays_with_the_device)
{
	/* {0: {0: {1: true, 2: 1, 3: 'P', 5: 'S'}}}: a raw public key */
	picks("a100a100a401f50201034150054153", "a100a100a301f50201034150", 3);
	/* A certificate; the key was born on the device. */
	picks("a100a100a401f5020203415005f6", "a100a100a301f50202034150", 3);
	/* A certificate that the device fetches itself (EST). */
	picks("a100a100a401f50204034150054153", "a100a100a301f50204034150", 3);
}

Test(credentials, accounts_without_security_are_not_needed)
{
	/* {0: {0: {1: true, 2: 3}}}: nosec */
	picks("a100a100a201f50203", "", 0);
	/* nosec, but with a link: {0: {0: {1: false, 2: 3, 17: "21:0"}}, 21: {0: {0: 's',
	 * 1: 'a', 2: 'b'}}} */
	picks("a200a100a301f40203116432313a3015a100a3004173014161024162",
	      "a200a100a301f40203116432313a3015a100a3004173014161024162", 6);
}
