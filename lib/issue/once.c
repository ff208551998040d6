/* SPDX-License-Identifier: Apache-2.0 */
/* A signer that remembers what it signed last. */
#include <string.h>

#include "issue/once.h"

static int sign(void *ctx, const struct imp_span *part, size_t count,
		uint8_t sig[IMP_SIG_LEN])
{
	struct imp_once *o = ctx;
	uint8_t of[IMP_SHA256_LEN];
	int rc = imp_sha256(o->crypto, part, count, of);

	if (!rc && !(o->has && memcmp(of, o->of, sizeof(of)) == 0)) {
		rc = o->signer->sign(o->signer->ctx, part, count, o->sig);
		o->has = rc == 0;
		memcpy(o->of, of, sizeof(of));
	}
	if (!rc)
		memcpy(sig, o->sig, sizeof(o->sig));
	return rc;
}

static int why(void *ctx, struct imp_error *err)
{
	const struct imp_signer *signer = ((const struct imp_once *)ctx)->signer;

	return signer->why ? signer->why(signer->ctx, err) : 0;
}

struct imp_signer imp_once(struct imp_once *o, struct imp_crypto *crypto,
			   const struct imp_signer *signer)
{
	*o = (struct imp_once){ .crypto = crypto, .signer = signer };
	return (struct imp_signer){
		.alg = signer->alg, .pub = signer->pub, .ctx = o, .sign = sign, .why = why
	};
}
