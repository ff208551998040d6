/* SPDX-License-Identifier: Apache-2.0 */
/* Applying a claim: the device gets its first owner. */
#include <string.h>

#include "agent/internal.h"

static bool is_zero(struct imp_span id)
{
	uint8_t any = 0;

	for (size_t i = 0; i < id.len; i++)
		any |= id.ptr[i];
	return any == 0;
}

/* The maker signs, too, where the image knows one. */
static enum imp_reason check_signers(struct imp_agent *a, const struct imp_signed *s,
				     const struct imp_transfer *t)
{
	static const struct imp_approval none;
	const struct imp_signers signers = {
		.side = { { &t->owner, &t->approval }, { a->board->maker, &none } },
		.sides = a->board->maker ? 2 : 1,
		.many = true,
	};
	struct imp_matched matched;
	enum imp_reason reason = imp_signers_match(a->crypto, s, &signers, &matched);

	if (!reason)
		reason = imp_side_check(a->crypto, &signers.side[0]);
	return reason ? reason : imp_signers_verify(a->crypto, s, &matched);
}

static enum imp_reason check_order(const struct imp_agent *a,
				   const struct imp_transfer *t)
{
	if (a->state.head0.n != 0 || a->state.owned || a->state.decommissioned)
		return IMP_R_STATE;
	if (t->owner_epoch != 1)
		return IMP_R_EPOCH;
	if (!is_zero(t->previous))
		return IMP_R_REPLACED_ID;
	return IMP_R_NONE;
}

static enum imp_reason commit(struct imp_agent *a, const struct imp_signed *s,
			      const struct imp_transfer *t, const uint8_t id[32])
{
	struct imp_agent_state *st = &a->state;
	struct imp_entry entry = { .kind = IMP_ENTRY_TRANSFER,
				   .owner_epoch = t->owner_epoch };

	if (keys_ensure(a)) /* the history starts with the signing key */
		return IMP_R_STORAGE;
	if (a->port->random(a->port->ctx, st->recovery, sizeof(st->recovery)))
		return IMP_R_STORAGE;
	memcpy(entry.issuer, s->issuer.ptr, 32);
	memcpy(entry.id, id, 32);
	st->owned = true;
	st->owner = t->owner;
	st->owner_epoch = t->owner_epoch;
	st->approval = t->approval;
	st->policy = t->policy;
	memcpy(st->owner_kid, s->issuer.ptr, 32);
	memcpy(st->record, id, 32);
	if (history_append(a, &entry)) {
		store_restore(a);
		return IMP_R_STORAGE;
	}
	return store_commit(a) ? IMP_R_STORAGE : IMP_R_NONE;
}

enum imp_reason apply_claim(struct imp_agent *a, const struct imp_signed *s,
			    const uint8_t id[32], struct applied *out)
{
	struct imp_transfer t;
	enum imp_reason reason;
	uint8_t kid[32];

	if (imp_transfer_decode(s->payload, &t, NULL))
		return IMP_R_MALFORMED;
	if (t.owner_epoch != 1 && !is_zero(t.previous))
		return IMP_R_UNSUPPORTED; /* a change from one owner to the next */
	if (t.has_kept || t.recovery.len > 0)
		return IMP_R_MALFORMED;
	if (!target_fits(a, &t.target))
		return IMP_R_NOT_FOR_ME;
	out->again = a->state.owned && id_is(a->state.record, id);
	out->quiet = out->again && t.target.ueid.len == 0 &&
		     (a->state.policy & IMP_POLICY_CHALLENGED);
	if (out->again)
		return IMP_R_NONE;
	reason = check_order(a, &t);
	if (!reason && (imp_cose_kid(a->crypto, &t.owner, kid) ||
			!imp_span_eq(s->issuer, IMP_SPAN(kid))))
		reason = IMP_R_SCOPE;
	if (!reason)
		reason = check_signers(a, s, &t);
	return reason ? reason : commit(a, s, &t, id);
}
