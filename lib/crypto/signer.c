/* SPDX-License-Identifier: Apache-2.0 */
/* A signer over a key, wherever that is. */
#include "crypto/held.h"
#include "crypto/openssl.h"

static int sign(void *ctx, const struct imp_span *part, size_t count,
		uint8_t sig[IMP_SIG_LEN])
{
	struct imp_key *key = ctx;

	return key->held ? held_sign(key, part, count, sig)
			 : pkey_sign(key->crypto, key->impl, key->alg, part, count, sig);
}

static int why(void *ctx, struct imp_error *err)
{
	struct imp_key *key = ctx;

	return key->held ? held_why(key, err) : 0;
}

int imp_sign_failed(const struct imp_signer *signer, struct imp_error *err)
{
	int rc = signer->why ? signer->why(signer->ctx, err) : 0;

	return rc ? imp_wrap(err, rc, "signing failed")
		  : imp_fail(err, IMP_EKEY, "signing failed");
}

int imp_key_signer(struct imp_crypto *c, struct imp_key *key, int32_t alg,
		   struct imp_signer *out, struct imp_error *err)
{
	if (!key->impl || !key->has_private || key->pub.crv == IMP_CRV_X25519)
		return imp_fail(err, IMP_EKEY, "this key does not sign");
	if (alg == 0)
		alg = imp_alg_for(key->pub.crv);
	if (!imp_alg_signs(alg, key->pub.crv))
		return imp_fail(err, IMP_EKEY, "this key does not sign with algorithm %d",
				alg);
	key->crypto = c;
	key->alg = alg;
	*out = (struct imp_signer){
		.alg = alg, .pub = key->pub, .ctx = key, .sign = sign, .why = why
	};
	return 0;
}
