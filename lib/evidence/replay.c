/* SPDX-License-Identifier: Apache-2.0 */
/* The state that follows from a history. */
#include <stdio.h>
#include <string.h>

#include "evidence/replay.h"

enum { ALL = UINT16_MAX };

void imp_replay_start(struct imp_replay *r)
{
	*r = (struct imp_replay){ .owner_known = true,
				  .lock_known = true,
				  .pair_known = ALL,
				  .content_known = ALL,
				  .state_known = ALL };
}

void imp_replay_forget(struct imp_replay *r)
{
	*r = (struct imp_replay){ .boot = r->boot, .count = r->count };
}

static void take_domain(struct imp_replayed *d, const struct imp_measured *m)
{
	d->domain_epoch = m->domain_epoch;
	d->sequence = m->sequence;
	d->state = m->state;
	memcpy(d->id, m->id.ptr, 32);
	memcpy(d->authority, m->authority.ptr, 32);
}

void imp_replay_take(struct imp_replay *r, const struct imp_evidence *token)
{
	*r = (struct imp_replay){ .owner_known = true,
				  .policy_known = true,
				  .lock_known = true,
				  .owned = token->owned,
				  .locked = token->life == IMP_LIFE_LOCKED,
				  .decommissioned =
					  token->life == IMP_LIFE_DECOMMISSIONED,
				  .policy = token->policy,
				  .boot = token->boot,
				  .count = token->count,
				  .pair_known = ALL,
				  .content_known = ALL,
				  .state_known = ALL };
	if (token->owned) {
		memcpy(r->owner, token->owner.ptr, 32);
		memcpy(r->record, token->record.ptr, 32);
		r->owner_epoch = token->owner_epoch;
	}
	for (unsigned d = 0; d < IMP_EVIDENCE_DOMAINS; d++)
		if (token->used >> d & 1)
			take_domain(&r->domain[d], &token->domain[d]);
		else if (token->raised >> d & 1)
			r->domain[d] = (struct imp_replayed){
				.domain_epoch = token->domain[d].domain_epoch,
				.sequence = token->domain[d].sequence,
			};
}

static void fold_profile(struct imp_replay *r, const struct imp_entry *e)
{
	struct imp_replayed *d = &r->domain[e->domain];
	uint16_t bit = (uint16_t)(1u << e->domain);

	d->domain_epoch = e->domain_epoch;
	d->sequence = e->sequence;
	d->state = IMP_DOMAIN_SET;
	memcpy(d->id, e->id, 32);
	memcpy(d->authority, e->issuer, 32);
	r->pair_known |= bit;
	r->content_known |= bit;
	r->state_known |= bit;
}

/* Pairs start again; which domains the new owner kept no entry tells. */
static void fold_owner(struct imp_replay *r, const struct imp_entry *e)
{
	r->owned = true;
	r->owner_known = true;
	r->owner_epoch = e->owner_epoch;
	memcpy(r->owner, e->issuer, 32);
	memcpy(r->record, e->id, 32);
	r->policy_known = false;
	r->pair_known = ALL;
	for (unsigned d = 0; d < IMP_EVIDENCE_DOMAINS; d++) {
		struct imp_replayed *at = &r->domain[d];

		at->domain_epoch = 0;
		at->sequence = 0;
		if (at->state != IMP_DOMAIN_UNUSED)
			r->state_known &= (uint16_t) ~(1u << d);
	}
}

static void fold_wipe(struct imp_replay *r, bool all)
{
	for (unsigned d = 0; d < IMP_EVIDENCE_DOMAINS; d++) {
		struct imp_replayed *at = &r->domain[d];

		if (all && at->state == IMP_DOMAIN_SET)
			at->state = IMP_DOMAIN_WIPED;
		else if (at->state == IMP_DOMAIN_SET)
			r->state_known &= (uint16_t) ~(1u << d);
	}
}

void imp_replay_fold(struct imp_replay *r, const struct imp_entry *e)
{
	switch ((enum imp_entry_kind)e->kind) {
	case IMP_ENTRY_PROFILE:
		fold_profile(r, e);
		return;
	case IMP_ENTRY_TRANSFER:
	case IMP_ENTRY_RECOVERY:
		fold_owner(r, e);
		return;
	case IMP_ENTRY_LOCK:
		r->locked = r->lock_known = true;
		return;
	case IMP_ENTRY_FLOOR:
		r->pair_known &= 1;
		return;
	case IMP_ENTRY_WIPE:
		fold_wipe(r, false);
		break;
	case IMP_ENTRY_POLICY:
		r->policy_known = false;
		break;
	case IMP_ENTRY_DECOMMISSION:
		r->decommissioned = true;
		r->state_known = ALL;
		fold_wipe(r, true);
		break;
	}
	/* The last three spend a sequence of domain 0. */
	r->domain[0].sequence = e->sequence;
	r->pair_known |= 1;
}

static bool owner_differs(const struct imp_replay *r, const struct imp_evidence *t)
{
	return r->owned != t->owned ||
	       (t->owned &&
		(r->owner_epoch != t->owner_epoch ||
		 (r->owner_known && !imp_span_eq(IMP_SPAN(r->owner), t->owner)) ||
		 !imp_span_eq(IMP_SPAN(r->record), t->record)));
}

static bool life_differs(const struct imp_replay *r, const struct imp_evidence *t)
{
	enum imp_lifecycle life = r->decommissioned ? IMP_LIFE_DECOMMISSIONED
				  : !r->owned	    ? IMP_LIFE_UNOWNED
				  : r->locked	    ? IMP_LIFE_LOCKED
						    : IMP_LIFE_OWNED;

	/* Nothing undoes a lock, so what comes before a change of owner may have set it.
	 */
	if (!r->lock_known && life == IMP_LIFE_OWNED && t->life == IMP_LIFE_LOCKED)
		return false;
	return t->life != life;
}

/* What of a domain differs; NULL: nothing. */
static const char *domain_differs(const struct imp_replay *r,
				  const struct imp_evidence *t, unsigned d)
{
	const struct imp_replayed *mine = &r->domain[d];
	const struct imp_measured *theirs = &t->domain[d];
	const uint16_t bit = (uint16_t)(1u << d);
	bool used = t->used & bit;

	if ((r->content_known & bit) && used != (mine->state != IMP_DOMAIN_UNUSED))
		return "use";
	if (used && (r->content_known & bit) &&
	    (!imp_span_eq(IMP_SPAN(mine->id), theirs->id) ||
	     !imp_span_eq(IMP_SPAN(mine->authority), theirs->authority)))
		return "profile";
	if (used && (r->state_known & bit) && mine->state != theirs->state)
		return "state";
	if ((r->pair_known & bit) && mine->domain_epoch != theirs->domain_epoch)
		return "domain-epoch";
	if ((r->pair_known & bit) && mine->sequence != theirs->sequence)
		return "sequence";
	return NULL;
}

/* Tokens are counted: the same number twice is a clone, a lower one a rollback. */
static bool counted_down(const struct imp_replay *r, const struct imp_evidence *t)
{
	return t->boot < r->boot || (t->boot == r->boot && t->count <= r->count);
}

const char *imp_replay_contradiction(const struct imp_replay *r,
				     const struct imp_evidence *token, char buf[48])
{
	if (counted_down(r, token))
		return "count of boots and evidence";
	if (owner_differs(r, token))
		return "owner";
	if (life_differs(r, token))
		return "lifecycle";
	if (r->policy_known && r->policy != token->policy)
		return "policy";
	for (unsigned d = 0; d < IMP_EVIDENCE_DOMAINS; d++) {
		const char *what = domain_differs(r, token, d);

		if (!what)
			continue;
		snprintf(buf, 48, "%s of domain %u", what, d);
		return buf;
	}
	return NULL;
}
