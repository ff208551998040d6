/* SPDX-License-Identifier: Apache-2.0 */
/* Adding a signature to each object of a file. */
#include "approve.h"
#include "cli.h"
#include "crypto/key.h"
#include "issue/once.h"

int approve_chain(struct imp_crypto *crypto, struct imp_span object, uint8_t seen[32],
		  struct imp_error *err)
{
	const struct imp_span part[] = { { seen, 32 }, object };

	return imp_sha256(crypto, part, COUNTOF(part), seen)
		       ? imp_fail(err, IMP_EINTERNAL, "SHA-256 failed")
		       : 0;
}

int approve_sign(struct imp_crypto *crypto, const struct imp_signer *signer,
		 struct imp_batch *b, struct imp_out *out, uint8_t seen[32],
		 struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret buf = { 0 };
	struct imp_once o;
	struct imp_signer once = imp_once(&o, crypto, signer);
	struct imp_span object;
	int rc = imp_secret_reserve(&buf, IMP_CBOR_MAX, err);

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
