/* SPDX-License-Identifier: Apache-2.0 */
/* The grants that lead from the signer of an object to the owner. */
#include "trust/chain.h"

bool imp_link_open(struct imp_span link, struct imp_signed *s, struct imp_grant *g)
{
	return imp_signed_decode(link, s, NULL) == 0 && s->kind == IMP_KIND_GRANT &&
	       imp_grant_decode(s->payload, g, NULL) == 0;
}

static bool algorithms_are_here(struct imp_crypto *crypto, const struct imp_signed *s)
{
	for (size_t i = 0; i < s->cose.count; i++) {
		int64_t alg = imp_signed_alg(s, i);
		const struct imp_alg_row *row = imp_alg_row(alg);

		if (!row || row->use != IMP_USE_SIGN ||
		    !imp_crypto_has(crypto, (int32_t)alg))
			return false;
	}
	return true;
}

enum imp_reason imp_chain_open(struct imp_crypto *crypto, const struct imp_signed *object,
			       struct imp_chain *out)
{
	bool here = algorithms_are_here(crypto, object);
	struct imp_span next = object->cose.uh.chain;

	*out = (struct imp_chain){ .object = object, .signatures = object->cose.count };
	while (next.len > 0 && out->links < IMP_GRANT_LINKS) {
		struct imp_signed s;
		struct imp_grant g;

		if (!imp_link_open(next, &s, &g))
			return IMP_R_MALFORMED;
		here = here && algorithms_are_here(crypto, &s);
		out->link[out->links++] = next;
		out->signatures += s.cose.count;
		next = s.cose.uh.chain;
	}
	out->too_long = next.len > 0;
	return here ? IMP_R_NONE : IMP_R_UNSUPPORTED;
}

bool imp_may_write(struct imp_crypto *crypto, const struct imp_chain *chain,
		   const uint8_t owner_kid[32], const struct imp_write *w)
{
	const struct imp_span owner = { owner_kid, 32 };
	struct imp_span by = chain->object->issuer;

	for (size_t i = 0; i < chain->links; i++) {
		struct imp_signed link;
		struct imp_grant g;
		uint8_t holder[32];

		if (imp_span_eq(by, owner)) /* who needs no grant */
			return false;
		if (!imp_link_open(chain->link[i], &link, &g) ||
		    imp_cose_kid(crypto, &g.holder, holder) ||
		    !imp_span_eq(by, IMP_SPAN(holder)) ||
		    imp_scope_of(&g, w, i) != IMP_SCOPE_ALLOWS)
			return false;
		by = link.issuer;
	}
	return !chain->too_long && imp_span_eq(by, owner);
}

static enum imp_reason judge(struct imp_crypto *crypto, const struct imp_signed *s,
			     const struct imp_side *by, bool verify)
{
	const struct imp_signers signers = { .side = { *by },
					     .sides = 1,
					     .many = by->approval->threshold > 0 };
	struct imp_matched matched;
	enum imp_reason reason = imp_signers_match(crypto, s, &signers, &matched);

	return reason || !verify ? reason : imp_signers_verify(crypto, s, &matched);
}

/* From the owner's grant to the object: each names who signs the next. */
static enum imp_reason walk(struct imp_crypto *crypto, const struct imp_chain *chain,
			    const struct imp_side *owner, bool verify)
{
	struct imp_side by = *owner;
	struct imp_grant grant[2]; /* the one that names the signer, and the next */

	for (size_t i = chain->links; i > 0; i--) {
		struct imp_grant *g = &grant[i & 1];
		struct imp_signed link;
		enum imp_reason reason;

		if (!imp_link_open(chain->link[i - 1], &link, g))
			return IMP_R_MALFORMED;
		reason = judge(crypto, &link, &by, verify);
		by = (struct imp_side){ &g->holder, &g->approval, owner->production };
		if (!reason && verify)
			reason = imp_side_check(crypto, &by);
		if (reason)
			return reason;
	}
	return judge(crypto, chain->object, &by, verify);
}

enum imp_reason imp_chain_match(struct imp_crypto *crypto, const struct imp_chain *chain,
				const struct imp_side *owner)
{
	if (chain->signatures > IMP_CHAIN_SIGNATURES)
		return IMP_R_APPROVAL;
	return walk(crypto, chain, owner, false);
}

enum imp_reason imp_chain_verify(struct imp_crypto *crypto, const struct imp_chain *chain,
				 const struct imp_side *owner)
{
	return walk(crypto, chain, owner, true);
}
