/* SPDX-License-Identifier: Apache-2.0 */
/* Signers over key files. */
#include <criterion/criterion.h>
#include <pthread.h>

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
