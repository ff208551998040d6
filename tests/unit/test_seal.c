/* SPDX-License-Identifier: Apache-2.0 */
/* Sealing: every package draws a new key, ephemeral key and IV; exactly one recipient. */
#include <criterion/criterion.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "cose/message.h"
#include "object/package.h"
#include "object/seal.h"

enum { PACKAGES = 10000 };

static struct drawn {
	uint8_t iv[12], epk[32], wrapped[40], cek[32];
} drawn[PACKAGES];

/* What is compared: bytes of each from an offset on. */
static size_t from, len;

static int order(const void *a, const void *b)
{
	return memcmp((const uint8_t *)a + from, (const uint8_t *)b + from, len);
}

static void all_differ(size_t offset, size_t bytes, const char *what)
{
	from = offset;
	len = bytes;
	qsort(drawn, PACKAGES, sizeof(drawn[0]), order);
	for (size_t i = 1; i < PACKAGES; i++)
		cr_assert_neq(order(&drawn[i - 1], &drawn[i]), 0, "%s", what);
}

/* The recipient's view: what the content is encrypted with. */
static void unwrap(struct imp_crypto *crypto, const uint8_t d[32],
		   const struct imp_package *p, uint8_t cek[32])
{
	uint8_t z[32], kek[32];

	cr_assert_eq(imp_soft_agree(crypto, d, &p->sealed.epk, z), 0);
	cr_assert_eq(imp_kek(crypto, z, p->sealed.recipient_protected, kek), 0);
	cr_assert_eq(imp_unwrap(crypto, kek, p->sealed.wrapped, cek), 0);
}

/* ENC-14 */
Test(seal, ten_thousand_packages_share_nothing, .timeout = 60)
{
	static const uint8_t id[32], ueid[15] = { 3 };
	const struct imp_package_claims claims = { .ueid = IMP_SPAN(ueid),
						   .profile_id = IMP_SPAN(id),
						   .issuer = IMP_SPAN(id),
						   .sequence = 1 };
	struct imp_crypto *crypto = NULL;
	struct imp_package p;
	struct imp_pub pub;
	uint8_t d[32], buf[1024];

	cr_assert_eq(imp_crypto_new(&crypto, NULL), 0);
	cr_assert_eq(imp_soft_make(crypto, IMP_CRV_P256, d, &pub), 0);
	for (size_t i = 0; i < PACKAGES; i++) {
		struct imp_writer w = imp_writer(buf, sizeof(buf));

		cr_assert_eq(
			imp_package_seal(crypto, &pub, &claims, IMP_TEXT("same"), &w), 0);
		cr_assert_eq(imp_package_decode(imp_written(&w), &p, NULL), 0);
		memcpy(drawn[i].iv, p.sealed.iv.ptr, 12);
		memcpy(drawn[i].epk, p.sealed.epk.x, 32);
		memcpy(drawn[i].wrapped, p.sealed.wrapped.ptr, 40);
		unwrap(crypto, d, &p, drawn[i].cek);
	}
	all_differ(offsetof(struct drawn, iv), 12, "IV");
	all_differ(offsetof(struct drawn, epk), 32, "ephemeral key");
	all_differ(offsetof(struct drawn, wrapped), 40, "wrapped key");
	all_differ(offsetof(struct drawn, cek), 32, "content key");
	imp_crypto_free(&crypto);
}

/* ENC-03: the device's reader takes exactly one recipient. */
Test(seal, a_second_recipient_is_refused)
{
	static const uint8_t id[32], ueid[15] = { 3 };
	const struct imp_package_claims claims = { .ueid = IMP_SPAN(ueid),
						   .profile_id = IMP_SPAN(id),
						   .issuer = IMP_SPAN(id),
						   .sequence = 1 };
	struct imp_crypto *crypto = NULL;
	struct imp_package p;
	struct imp_pub pub;
	uint8_t d[32], buf[1024], two[2048];
	struct imp_writer w = imp_writer(buf, sizeof(buf)),
			  t = imp_writer(two, sizeof(two));
	struct imp_cbor c;
	struct imp_span part, recipient;

	cr_assert_eq(imp_crypto_new(&crypto, NULL), 0);
	cr_assert_eq(imp_soft_make(crypto, IMP_CRV_P256, d, &pub), 0);
	cr_assert_eq(imp_package_seal(crypto, &pub, &claims, IMP_TEXT("x"), &w), 0);
	cr_assert_eq(imp_package_decode(imp_written(&w), &p, NULL), 0);
	cr_assert_eq(imp_cbor_open(&c, imp_written(&w), IMP_CBOR_STRICT, NULL), 0);
	imp_cbor_put_tag(&t, imp_cbor_tag(&c));
	imp_cbor_put_array(&t, imp_cbor_array(&c));
	for (int i = 0; i < 3; i++) {
		part = imp_cbor_item(&c);
		imp_put(&t, part);
	}
	imp_cbor_array(&c);
	recipient = imp_cbor_item(&c);
	imp_cbor_put_array(&t, 2);
	imp_put(&t, recipient);
	imp_put(&t, recipient);
	cr_assert_eq(imp_package_decode(imp_written(&t), &p, NULL), -IMP_EFORMAT);
	imp_crypto_free(&crypto);
}
