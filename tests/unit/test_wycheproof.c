/* SPDX-License-Identifier: Apache-2.0 */
/* The crypto face against the selected cases of Wycheproof in tests/vectors. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/host.h"

enum { FIELDS_MAX = 8, LINE_MAX_LEN = 4096, BYTES_MAX = 2048 };

/* One case: its columns as they stand in the line. */
struct row {
	char line[LINE_MAX_LEN];
	const char *field[FIELDS_MAX];
	bool valid;
};

struct bytes {
	uint8_t at[BYTES_MAX];
	size_t len;
};

static struct imp_crypto *crypto;

static void setup(void)
{
	cr_assert_eq(imp_crypto_new(&crypto, NULL), 0);
}

static void teardown(void)
{
	imp_crypto_free(&crypto);
}

TestSuite(wycheproof, .init = setup, .fini = teardown);

static void unhex(const char *text, struct bytes *out)
{
	out->len = 0;
	if (strcmp(text, "-") == 0)
		return;
	for (; *text; text += 2) {
		char byte[3] = { text[0], text[1], 0 };

		cr_assert_lt(out->len, BYTES_MAX);
		out->at[out->len++] = (uint8_t)strtoul(byte, NULL, 16);
	}
}

static struct imp_span span(const struct bytes *b)
{
	return (struct imp_span){ b->at, b->len };
}

static bool next(FILE *f, struct row *row)
{
	char *save = NULL;
	size_t n = 0;

	if (!fgets(row->line, sizeof(row->line), f))
		return false;
	row->line[strcspn(row->line, "\n")] = 0;
	for (char *p = strtok_r(row->line, " ", &save); p && n < FIELDS_MAX;
	     p = strtok_r(NULL, " ", &save))
		row->field[n++] = p;
	cr_assert_geq(n, 5);
	row->valid = strcmp(row->field[1], "valid") == 0;
	return true;
}

/* Run `check` on each case of a file; at least `least` must be there. */
static void each(const char *name, size_t least, void (*check)(const struct row *))
{
	char path[512], head[LINE_MAX_LEN];
	struct row row;
	size_t count = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", VECTORS, name);
	f = fopen(path, "r");
	cr_assert_not_null(f, "%s", path);
	cr_assert_not_null(fgets(head, sizeof(head), f));
	for (; next(f, &row); count++)
		check(&row);
	fclose(f);
	cr_assert_geq(count, least);
}

static void check_signature(const struct row *row, int32_t alg, const struct imp_pub *pub,
			    const char *text, const char *sig)
{
	static struct bytes message, signature;
	struct imp_span part;
	int rc;

	unhex(text, &message);
	unhex(sig, &signature);
	part = span(&message);
	rc = imp_pub_check(crypto, pub);
	if (!rc)
		rc = imp_verify(crypto, alg, pub, &part, 1, span(&signature));
	cr_expect_eq(rc == 0, row->valid, "case %s: %d", row->field[0], rc);
}

static void ecdsa(const struct row *row)
{
	struct imp_pub pub = { .crv = IMP_CRV_P256 };
	static struct bytes x, y;

	unhex(row->field[2], &x);
	unhex(row->field[3], &y);
	memcpy(pub.x, x.at, 32);
	memcpy(pub.y, y.at, 32);
	check_signature(row, IMP_ALG_ES256, &pub, row->field[4], row->field[5]);
	check_signature(row, IMP_ALG_ESP256, &pub, row->field[4], row->field[5]);
}

Test(wycheproof, ecdsa_p256_signatures)
{
	each("ecdsa-p256.txt", 250, ecdsa);
}

static void ed25519(const struct row *row)
{
	struct imp_pub pub = { .crv = IMP_CRV_ED25519 };
	static struct bytes x;

	unhex(row->field[2], &x);
	memcpy(pub.x, x.at, 32);
	check_signature(row, IMP_ALG_EDDSA, &pub, row->field[3], row->field[4]);
}

Test(wycheproof, ed25519_signatures)
{
	each("ed25519.txt", 140, ed25519);
}

/* Agreement with `pub`: whether it is given, and then the shared secret is the case's. */
static void check_agreement(const struct row *row, const struct imp_pub *pub, bool good)
{
	static struct bytes d, shared;
	uint8_t z[32];
	int rc = imp_pub_check(crypto, pub);

	unhex(row->field[2], &d);
	unhex(row->field[4], &shared);
	if (!rc)
		rc = imp_soft_agree(crypto, d.at, pub, z);
	cr_expect_eq(rc == 0, good, "case %s: %d", row->field[0], rc);
	if (!rc)
		cr_expect_arr_eq(z, shared.at, 32, "case %s", row->field[0]);
}

/* The wire has x and y, so only uncompressed points can be asked about. */
static void ecdh(const struct row *row)
{
	struct imp_pub pub = { .crv = IMP_CRV_P256 };
	static struct bytes point;

	unhex(row->field[3], &point);
	if (point.len != 65 || point.at[0] != 4)
		return;
	memcpy(pub.x, point.at + 1, 32);
	memcpy(pub.y, point.at + 33, 32);
	check_agreement(row, &pub, row->valid);
}

Test(wycheproof, p256_agreement)
{
	each("ecdh-p256.txt", 100, ecdh);
}

/* Stricter than Wycheproof's "acceptable": no zero result, no u that is not reduced. */
static void x25519(const struct row *row)
{
	struct imp_pub pub = { .crv = IMP_CRV_X25519 };
	const char *flags = row->field[5];
	static struct bytes u;

	unhex(row->field[3], &u);
	memcpy(pub.x, u.at, 32);
	check_agreement(
		row, &pub,
		!strstr(flags, "ZeroSharedSecret") && !strstr(flags, "LowOrderPublic") &&
			!strstr(flags, "NonCanonicalPublic") && !(u.at[31] & 0x80));
}

Test(wycheproof, x25519_agreement)
{
	each("x25519.txt", 100, x25519);
}

static void gcm(const struct row *row)
{
	static struct bytes key, iv, aad, plain, box, tag;
	int rc;

	unhex(row->field[2], &key);
	unhex(row->field[3], &iv);
	unhex(row->field[4], &aad);
	unhex(row->field[5], &plain);
	unhex(row->field[6], &box);
	unhex(row->field[7], &tag);
	if (iv.len != IMP_AEAD_IV || tag.len != IMP_AEAD_TAG)
		return;
	memcpy(box.at + box.len, tag.at, tag.len);
	box.len += tag.len;
	rc = imp_aead_open(crypto, key.at, iv.at, span(&aad), box.at, box.len);
	cr_expect_eq(rc == 0, row->valid, "case %s: %d", row->field[0], rc);
	if (!rc)
		cr_expect_arr_eq(box.at, plain.at, plain.len, "case %s", row->field[0]);
	/* OpenSSL gives the plaintext before it has seen the tag. */
	for (size_t i = 0; rc && i < box.len; i++)
		cr_assert_eq(box.at[i], 0, "case %s: plaintext is left", row->field[0]);
}

Test(wycheproof, aes_256_gcm)
{
	each("aes-256-gcm.txt", 90, gcm);
}

/* Only keys of 32 bytes are wrapped here. */
static void wrap(const struct row *row)
{
	static struct bytes kek, key, wrapped;
	uint8_t out[32];
	int rc;

	unhex(row->field[2], &kek);
	unhex(row->field[3], &key);
	unhex(row->field[4], &wrapped);
	rc = imp_unwrap(crypto, kek.at, span(&wrapped), out);
	cr_expect_eq(rc == 0, row->valid && key.len == 32, "case %s: %d", row->field[0],
		     rc);
	if (!rc)
		cr_expect_arr_eq(out, key.at, 32, "case %s", row->field[0]);
}

Test(wycheproof, aes_256_key_wrap)
{
	each("aes-256-kw.txt", 60, wrap);
}
