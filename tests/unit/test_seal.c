/* SPDX-License-Identifier: Apache-2.0 */
/* Sealing: every package draws a new key, ephemeral key and IV; exactly one recipient. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "object/package.h"
#include "object/seal.h"

enum { PACKAGES = 10000 };

static uint8_t drawn[PACKAGES][12 + 32 + 40];

static int order(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(drawn[0]));
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
		memcpy(drawn[i], p.iv.ptr, 12);
		memcpy(drawn[i] + 12, p.epk.x, 32);
		memcpy(drawn[i] + 44, p.wrapped.ptr, 40);
	}
	/* Sorted by IV first: equal IVs would stand side by side; the rest is compared,
	 * too. */
	qsort(drawn, PACKAGES, sizeof(drawn[0]), order);
	for (size_t i = 1; i < PACKAGES; i++) {
		cr_assert_neq(memcmp(drawn[i - 1], drawn[i], 12), 0);
		cr_assert_neq(memcmp(drawn[i - 1] + 12, drawn[i] + 12, 32), 0);
		cr_assert_neq(memcmp(drawn[i - 1] + 44, drawn[i] + 44, 40), 0);
	}
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
