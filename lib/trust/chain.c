/* SPDX-License-Identifier: Apache-2.0 */
/* The grants that lead from the signer of an object to the owner. */
#include "trust/chain.h"
#include "object/profile.h"

static bool open_link(struct imp_span link, struct imp_signed *s, struct imp_grant *g)
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

		if (!open_link(next, &s, &g))
			return IMP_R_MALFORMED;
		here = here && algorithms_are_here(crypto, &s);
		out->link[out->links++] = next;
		out->signatures += s.cose.count;
		next = s.cose.uh.chain;
	}
	out->too_long = next.len > 0;
	return here ? IMP_R_NONE : IMP_R_UNSUPPORTED;
}

static bool names_device(struct imp_span targets, const struct imp_target *device)
{
	struct imp_cbor c = { .in = targets };
	size_t n = imp_cbor_array(&c);

	while (imp_cbor_more(&c, &n)) {
		struct imp_target t;

		imp_target_take(&c, &t);
		if (imp_cbor_ok(&c) && imp_target_fits(&t, device))
			return true;
	}
	return false;
}

/* Does the entry come before what is written next? Both ascend. */
static bool is_before(const struct imp_granted_walk *g, const struct imp_setting *s)
{
	return g->object < s->object ||
	       (g->object == s->object && !g->all && g->instance < s->instance);
}

/* Is every instance that is written among those that are granted? */
static bool covers(struct imp_span objects, struct imp_span settings)
{
	struct imp_settings_walk s;
	struct imp_granted_walk g;
	bool more;

	imp_granted_begin(&g, objects);
	more = imp_granted_next(&g);
	imp_settings_begin(&s, settings);
	while (imp_settings_next(&s)) {
		while (more && is_before(&g, &s.at))
			more = imp_granted_next(&g);
		if (!more || g.object != s.at.object ||
		    (!g.all && g.instance != s.at.instance))
			return false;
	}
	return true;
}

/* Does one grant allow it, with so many links below? */
static bool allows(const struct imp_grant *g, const struct imp_write *w, size_t below)
{
	return g->domain == w->domain && g->epochs[0] == w->epochs[0] &&
	       g->epochs[1] == w->epochs[1] && g->depth >= below &&
	       names_device(g->targets, w->device) &&
	       (w->nothing ||
		(w->sequence >= g->sequences[0] && w->sequence <= g->sequences[1] &&
		 covers(g->objects, w->settings))) &&
	       (w->now_s == 0 || !g->has_exp || w->now_s < g->exp);
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
		if (!open_link(chain->link[i], &link, &g) ||
		    imp_cose_kid(crypto, &g.holder, holder) ||
		    !imp_span_eq(by, IMP_SPAN(holder)) || !allows(&g, w, i))
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

		if (!open_link(chain->link[i - 1], &link, g))
			return IMP_R_MALFORMED;
		reason = judge(crypto, &link, &by, verify);
		by = (struct imp_side){ &g->holder, &g->approval };
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
