/* SPDX-License-Identifier: Apache-2.0 */
/* Challenges: who may ask a device that attests to nobody else. */
#include "object/challenge.h"
#include "agent/internal.h"

/* The owner names no domain and needs no grant; an authority has both, and what a floor
 * has ended is no authority any more. */
static bool is_in_right(struct imp_agent *a, const struct imp_chain *chain,
			const struct imp_challenge *x)
{
	const struct imp_agent_domain *d = domain_find(a, x->domain);
	const struct imp_target device = self(a);
	const struct imp_write w = { .device = &device,
				     .domain = x->domain,
				     .epochs = { x->epochs[0], x->epochs[1] },
				     .nothing = true };

	return a->state.owned && x->epochs[0] == a->state.owner_epoch &&
	       (x->domain > 0) == (chain->links > 0) &&
	       x->epochs[1] >= (d ? d->domain_epoch : 0) &&
	       imp_may_write(a->crypto, chain, a->state.owner_kid, &w);
}

static bool is_good(struct imp_agent *a, struct imp_span in, struct imp_challenge *x)
{
	struct imp_chain chain;
	struct imp_signed s;

	return imp_signed_decode(in, &s, NULL) == 0 && s.kind == IMP_KIND_CHALLENGE &&
	       !s.batched && imp_challenge_decode(s.payload, x, NULL) == 0 &&
	       imp_chain_open(a->crypto, &s, &chain) == IMP_R_NONE &&
	       target_fits(a, &x->target) && is_in_right(a, &chain, x) &&
	       check_chain(a, &chain) == IMP_R_NONE;
}

enum imp_reason challenge_check(struct imp_agent *a, struct imp_span in)
{
	struct imp_challenge x;

	if (in.len == 0)
		return a->state.policy & IMP_POLICY_CHALLENGED ? IMP_R_CHALLENGE
							       : IMP_R_NONE;
	if (a->broken)
		return IMP_R_STORAGE;
	return is_good(a, in, &x) ? IMP_R_NONE : IMP_R_CHALLENGE;
}

enum imp_reason challenge_nonce(struct imp_agent *a, const struct imp_request *q,
				uint8_t nonce[32])
{
	struct imp_challenge x;

	if (a->broken)
		return IMP_R_STORAGE;
	if (q->nonce.len > 0 || q->r.len != IMP_CHALLENGE_R ||
	    !is_good(a, q->challenge, &x))
		return IMP_R_CHALLENGE;
	return imp_challenge_nonce(a->crypto, x.beacon, a->board->ueid, q->r.ptr, nonce)
		       ? IMP_R_STORAGE
		       : IMP_R_NONE;
}
