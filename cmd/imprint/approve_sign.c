/* SPDX-License-Identifier: Apache-2.0 */
/* Adding a signature to each object of a file. */
#include <string.h>

#include "approve.h"
#include "cli.h"
#include "crypto/key.h"

int approve_chain(struct imp_crypto *crypto, struct imp_span object, uint8_t seen[32],
		  struct imp_error *err)
{
	const struct imp_span part[] = { { seen, 32 }, object };

	return imp_sha256(crypto, part, COUNTOF(part), seen)
		       ? imp_fail(err, IMP_EINTERNAL, "SHA-256 failed")
		       : 0;
}

/* The leaves of a batch are signed by the same bytes: once is enough. */
struct once {
	struct imp_crypto *crypto;
	const struct imp_signer *signer;
	bool has;
	uint8_t of[32]; /* what was signed */
	uint8_t sig[IMP_SIG_LEN];
};

static int sign(void *ctx, const struct imp_span *part, size_t count, uint8_t sig[64])
{
	struct once *o = ctx;
	uint8_t of[32];
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

int approve_sign(struct imp_crypto *crypto, const struct imp_signer *signer,
		 struct imp_batch *b, struct imp_out *out, uint8_t seen[32],
		 struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret buf = { 0 };
	struct once o = { .crypto = crypto, .signer = signer };
	struct imp_signer once = *signer;
	struct imp_span object;
	int rc = imp_secret_reserve(&buf, IMP_CBOR_MAX, err);

	once.ctx = &o;
	once.sign = sign;
	if (!rc && !b->lone)
		rc = imp_batch_head_write(out, b->count, b->kind, err);
	while (!rc && (rc = imp_batch_next(b, &object, err)) > 0) {
		struct imp_writer w = imp_writer(buf.ptr, IMP_CBOR_MAX);
		struct imp_signed s;

		rc = cli_check_cancel(err);
		if (!rc)
			rc = imp_signed_decode(object, &s, err);
		if (!rc && imp_signed_put_more(crypto, &s, &once, &w))
			rc = imp_sign_failed(signer, err);
		if (!rc)
			rc = imp_out_write(out, imp_written(&w), err);
		if (!rc)
			rc = approve_chain(crypto, object, seen, err);
	}
	return rc;
}
