/* SPDX-License-Identifier: Apache-2.0 */
/* Signers over key files. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <string.h>

#include "crypto/key.h"

enum { THREADS = 4, ROUNDS = 40, MESSAGE = 64 * 1024 };

static const struct imp_signer *shared;

/* NULL, or the signer where a signature of it did not verify. */
static void *sign_often(void *arg)
{
	static const uint8_t message[MESSAGE];
	const struct imp_span part = IMP_SPAN(message);
	struct imp_crypto *own = NULL;
	bool good = imp_crypto_new(&own, NULL) == 0;

	(void)arg;
	for (unsigned i = 0; good && i < ROUNDS; i++) {
		uint8_t sig[IMP_SIG_LEN];

		good = shared->sign(shared->ctx, &part, 1, sig) == 0 &&
		       imp_verify(own, shared->alg, &shared->pub, &part, 1,
				  IMP_SPAN(sig)) == 0;
	}
	imp_crypto_free(&own);
	return good ? NULL : (void *)shared;
}

/* enroll --endorse and claim --maker sign for many devices at once. */
Test(signer, threads_share_one)
{
	static const int32_t crv[] = { IMP_CRV_P256, IMP_CRV_ED25519 };
	struct imp_crypto *crypto = NULL;

	cr_assert_eq(imp_crypto_new(&crypto, NULL), 0);
	for (size_t i = 0; i < COUNTOF(crv); i++) {
		struct imp_key key = { 0 };
		struct imp_signer signer;
		pthread_t id[THREADS];

		cr_assert_eq(imp_key_generate(crypto, crv[i], IMP_CLASS_TEST, &key, NULL),
			     0);
		cr_assert_eq(imp_key_signer(crypto, &key, 0, &signer, NULL), 0);
		shared = &signer;
		for (size_t k = 0; k < THREADS; k++)
			cr_assert_eq(pthread_create(&id[k], NULL, sign_often, NULL), 0);
		for (size_t k = 0; k < THREADS; k++) {
			void *bad;

			cr_assert_eq(pthread_join(id[k], &bad), 0);
			cr_expect_null(bad, "a signature on curve %d", crv[i]);
		}
		imp_key_fini(&key);
	}
	imp_crypto_free(&crypto);
}

/* COSE's numbers: ES256 -7, ESP256 -9, EdDSA -8, Ed25519 -19, ES384 -35. */
Test(signer, an_algorithm_that_does_not_fit_the_curve_is_a_key_error)
{
	static const struct {
		int32_t crv, asked, got; /* 0: refused */
	} cases[] = {
		{ IMP_CRV_P256, 0, -7 },       { IMP_CRV_P256, -7, -7 },
		{ IMP_CRV_P256, -9, -9 },      { IMP_CRV_P256, -8, 0 },
		{ IMP_CRV_P256, -19, 0 },      { IMP_CRV_P256, -35, 0 },
		{ IMP_CRV_ED25519, 0, -8 },    { IMP_CRV_ED25519, -8, -8 },
		{ IMP_CRV_ED25519, -19, -19 }, { IMP_CRV_ED25519, -7, 0 },
		{ IMP_CRV_X25519, 0, 0 },      { IMP_CRV_X25519, -8, 0 },
	};
	struct imp_crypto *crypto = NULL;

	cr_assert_eq(imp_crypto_new(&crypto, NULL), 0);
	for (size_t i = 0; i < COUNTOF(cases); i++) {
		struct imp_signer signer = { 0 };
		struct imp_key key = { 0 };

		cr_assert_eq(imp_key_generate(crypto, cases[i].crv, IMP_CLASS_TEST, &key,
					      NULL),
			     0);
		cr_expect_eq(imp_key_signer(crypto, &key, cases[i].asked, &signer, NULL),
			     cases[i].got ? 0 : -IMP_EKEY, "case %zu", i);
		cr_expect_eq(signer.alg, cases[i].got, "case %zu", i);
		imp_key_fini(&key);
	}
	imp_crypto_free(&crypto);
}

/* COSE-04: a signature is good under the algorithms of its own curve only. */
Test(signer, algorithm_must_be_that_of_the_key)
{
	static const int32_t alg[] = { IMP_ALG_ES256,	IMP_ALG_ESP256,	 IMP_ALG_EDDSA,
				       IMP_ALG_ED25519, IMP_ALG_A256GCM, 0 };
	static const int32_t crv[] = { IMP_CRV_P256, IMP_CRV_ED25519 };
	const struct imp_span part = IMP_TEXT("message");
	struct imp_crypto *crypto = NULL;

	cr_assert_eq(imp_crypto_new(&crypto, NULL), 0);
	for (size_t i = 0; i < COUNTOF(crv); i++) {
		struct imp_key key = { 0 };
		struct imp_signer signer;
		uint8_t sig[IMP_SIG_LEN];

		cr_assert_eq(imp_key_generate(crypto, crv[i], IMP_CLASS_TEST, &key, NULL),
			     0);
		cr_assert_eq(imp_key_signer(crypto, &key, 0, &signer, NULL), 0);
		cr_assert_eq(signer.sign(signer.ctx, &part, 1, sig), 0);
		for (size_t k = 0; k < COUNTOF(alg); k++)
			cr_assert_eq(imp_verify(crypto, alg[k], &key.pub, &part, 1,
						IMP_SPAN(sig)) == 0,
				     k / 2 == i, "curve %d, algorithm %d", crv[i],
				     alg[k]);
		imp_key_fini(&key);
	}
	imp_crypto_free(&crypto);
}

/* KEY-02: with these keys anybody can sign anything and agree on a secret with anybody,
 * whoever forgot to check them when they came. */
Test(signer, weak_keys_verify_and_agree_on_nothing)
{
	const struct imp_pub one = { .crv = IMP_CRV_ED25519, .x = { 1 } };
	const struct imp_pub zero = { .crv = IMP_CRV_X25519 };
	const struct imp_span part = IMP_TEXT("anything");
	const uint8_t forged[IMP_SIG_LEN] = { 1 }; /* R of order 1, S = 0 */
	struct imp_crypto *crypto = NULL;
	struct imp_pub pub, epk;
	uint8_t d[32], z[32];

	cr_assert_eq(imp_crypto_new(&crypto, NULL), 0);
	cr_assert_eq(imp_verify(crypto, IMP_ALG_EDDSA, &one, &part, 1, IMP_SPAN(forged)),
		     -IMP_EVERIFY);
	cr_assert_eq(imp_soft_make(crypto, IMP_CRV_X25519, d, &pub), 0);
	cr_assert_neq(imp_soft_agree(crypto, d, &zero, z), 0);
	cr_assert_neq(imp_agree_ephemeral(crypto, &zero, &epk, z), 0);
	pub.x[31] |= 0x80; /* another spelling: the function itself ignores the bit */
	cr_assert_neq(imp_soft_agree(crypto, d, &pub, z), 0);
	imp_crypto_free(&crypto);
}
