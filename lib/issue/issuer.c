/* SPDX-License-Identifier: Apache-2.0 */
/* The signatures of those in whose name things are signed. */
#include "issue/issuer.h"
#include "base/digits.h"
#include "crypto/key.h"

static int another(const struct imp_signed *s, const uint8_t kid[32],
		   struct imp_error *err)
{
	char found[24], expected[24];

	imp_short_hex(s->issuer, found);
	imp_short_hex((struct imp_span){ kid, 32 }, expected);
	return imp_fail(err, IMP_EPOLICY, "a %s by %s, expected one by %s",
			imp_kind_name(s->kind), found, expected);
}

int imp_issuer_verify(struct imp_crypto *crypto, const struct imp_signed *s,
		      const struct imp_pub *key, struct imp_error *err)
{
	uint8_t kid[32];

	if (imp_cose_kid(crypto, key, kid))
		return imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
	if (!imp_span_eq(s->issuer, IMP_SPAN(kid)))
		return another(s, kid, err);
	for (size_t i = 0; i < s->cose.count; i++)
		if (imp_span_eq(imp_signed_kid(s, i), s->issuer))
			return imp_signed_verify(crypto, s, i, key)
				       ? imp_fail(err, IMP_EVERIFY,
						  "the issuer's signature of the %s is "
						  "wrong",
						  imp_kind_name(s->kind))
				       : 0;
	return imp_fail(err, IMP_EVERIFY, "the issuer's signature of the %s is missing",
			imp_kind_name(s->kind));
}

int imp_issuers_verify(struct imp_crypto *crypto, const struct imp_signed *s,
		       const struct imp_pub *owner, struct imp_error *err)
{
	struct imp_grant grant[2]; /* the one that names the signer, and the next */
	const struct imp_pub *by = owner;
	struct imp_chain chain;
	enum imp_reason reason = imp_chain_open(crypto, s, &chain);
	int rc = 0;

	if (reason)
		return imp_fail(err, imp_reason_row(reason)->code, "%s",
				imp_reason_row(reason)->says);
	if (chain.too_long)
		return imp_fail(err, IMP_EPOLICY,
				"more than %d grants, one behind the other",
				IMP_GRANT_LINKS);
	for (size_t i = chain.links; !rc && i > 0; i--) {
		struct imp_signed link;

		if (!imp_link_open(chain.link[i - 1], &link, &grant[i & 1]))
			return imp_fail(err, IMP_EFORMAT, "a link that is no grant");
		rc = by ? imp_issuer_verify(crypto, &link, by, err) : 0;
		by = &grant[i & 1].holder;
	}
	return rc || !by ? rc : imp_issuer_verify(crypto, s, by, err);
}

int imp_issuer_sign(struct imp_crypto *crypto, const struct imp_signer *signer, bool many,
		    enum imp_kind kind, struct imp_span un, struct imp_span payload,
		    struct imp_writer *w, struct imp_error *err)
{
	uint8_t kid[32];
	int rc = imp_cose_kid(crypto, &signer->pub, kid);

	if (!rc && many)
		rc = imp_signed_put_many(crypto, kid, signer, 1, kind, un, payload, w);
	else if (!rc)
		rc = imp_signed_put_one(crypto, signer, kind, un, payload, w, NULL);
	if (rc == -IMP_ERESOURCE && !w->ok)
		return imp_fail(err, IMP_EFORMAT, "the %s is larger than %zu bytes",
				imp_kind_name(kind), w->cap);
	return rc ? imp_sign_failed(signer, err) : 0;
}
