/* SPDX-License-Identifier: Apache-2.0 */
/* Applying a change of owner: the first one, which is a claim, those from each owner to
 * the next, and a recovery by the maker. */
#include <string.h>

#include "agent/internal.h"
#include "cose/key.h"

static bool may_be_recovered(const struct imp_agent *a)
{
	return a->board->maker && (a->state.policy & IMP_POLICY_RECOVERY);
}

static enum imp_reason check_first(const struct imp_agent *a,
				   const struct imp_transfer *t)
{
	static const uint8_t none[32];

	if (a->state.head0.n != 0 || a->state.owned || a->state.decommissioned)
		return IMP_R_STATE;
	if (t->owner_epoch != 1)
		return IMP_R_EPOCH;
	return imp_span_eq(t->previous, IMP_SPAN(none)) ? IMP_R_NONE : IMP_R_REPLACED_ID;
}

/* The record that it replaces and the nonce both tell an outdated one. A nonce that the
 * device tells nobody is not compared. */
static enum imp_reason check_next(const struct imp_agent *a, const struct imp_transfer *t)
{
	const struct imp_agent_state *st = &a->state;
	bool compare = t->recovery.len > 0 && may_be_recovered(a);

	if (!st->owned || st->decommissioned)
		return IMP_R_STATE;
	if (t->owner_epoch != (uint64_t)st->owner_epoch + 1)
		return IMP_R_EPOCH;
	if (!imp_span_eq(t->previous, IMP_SPAN(st->record)) ||
	    (compare && !imp_span_eq(t->recovery, IMP_SPAN(st->recovery))))
		return IMP_R_REPLACED_ID;
	return IMP_R_NONE;
}

/* Whose object it must be; NULL: nobody's. */
static const struct imp_pub *issuer_of(const struct imp_agent *a,
				       const struct imp_transfer *t)
{
	switch (imp_transfer_change(t)) {
	case IMP_CHANGE_TRANSFER:
		return &a->state.owner;
	case IMP_CHANGE_RECOVERY:
		return may_be_recovered(a) ? a->board->maker : NULL;
	default:
		return &t->owner;
	}
}

static enum imp_reason check_right(struct imp_agent *a, const struct imp_signed *s,
				   const struct imp_transfer *t)
{
	const struct imp_pub *issuer = issuer_of(a, t);
	uint8_t kid[32];

	if (!issuer || imp_cose_kid(a->crypto, issuer, kid) ||
	    !imp_span_eq(s->issuer, IMP_SPAN(kid)))
		return IMP_R_SCOPE;
	return IMP_R_NONE;
}

/* The new owner signs, and with it who lets go of the device: its owner, or the maker
 * where the image knows one. */
static enum imp_reason check_signers(struct imp_agent *a, const struct imp_signed *s,
				     const struct imp_transfer *t)
{
	static const struct imp_approval none;
	struct imp_signers signers = {
		.side = { { &t->owner, &t->approval, a->board->production },
			  { a->board->maker, &none, false } },
		.many = true,
	};
	struct imp_matched matched;
	enum imp_reason reason;

	if (imp_transfer_change(t) == IMP_CHANGE_TRANSFER)
		signers.side[1] = owner_side(a);
	signers.sides = signers.side[1].key ? 2 : 1;
	reason = imp_signers_match(a->crypto, s, &signers, &matched);
	if (!reason)
		reason = imp_side_check(a->crypto, &signers.side[0]);
	return reason ? reason : imp_signers_verify(a->crypto, s, &matched);
}

static int take_over(struct imp_agent *a, const struct imp_transfer *t,
		     const uint8_t id[32])
{
	struct imp_agent_state *st = &a->state;

	st->owned = true;
	st->owner = t->owner;
	st->owner_epoch = t->owner_epoch;
	st->approval = t->approval;
	st->policy = t->policy;
	memcpy(st->record, id, 32);
	domains_wipe(a, (uint16_t)~t->kept);
	domains_start_again(a);
	history_erase_ring(a);
	if (a->port->random(a->port->ctx, st->recovery, sizeof(st->recovery)))
		return -IMP_ERESOURCE;
	return imp_cose_kid(a->crypto, &t->owner, st->owner_kid);
}

/* The history tells whose the device is now; the kind tells whether the maker gave it. */
static enum imp_reason commit(struct imp_agent *a, const struct imp_transfer *t,
			      const uint8_t id[32])
{
	bool recovery = imp_transfer_change(t) == IMP_CHANGE_RECOVERY;
	struct imp_entry entry = { .kind = recovery ? IMP_ENTRY_RECOVERY
						    : IMP_ENTRY_TRANSFER,
				   .owner_epoch = t->owner_epoch };
	enum imp_reason reason;
	int rc;

	if (keys_ensure(a)) /* the history starts with the signing key */
		return IMP_R_STORAGE;
	rc = take_over(a, t, id);
	memcpy(entry.issuer, a->state.owner_kid, 32);
	memcpy(entry.id, id, 32);
	reason = history_commit(a, rc, &entry);
	if (!reason)
		state_deactivate(a);
	return reason;
}

enum imp_reason apply_transfer(struct imp_agent *a, const struct imp_signed *s,
			       const uint8_t id[32], struct applied *out)
{
	struct imp_transfer t;
	enum imp_reason reason;

	if (imp_transfer_decode(s->payload, &t, NULL))
		return IMP_R_MALFORMED;
	if (!target_fits(a, &t.target))
		return IMP_R_NOT_FOR_ME;
	out->again = a->state.owned && id_is(a->state.record, id);
	out->quiet = out->again && t.target.ueid.len == 0 &&
		     (a->state.policy & IMP_POLICY_CHALLENGED);
	if (out->again)
		return IMP_R_NONE;
	reason = imp_transfer_change(&t) == IMP_CHANGE_CLAIM ? check_first(a, &t)
							     : check_next(a, &t);
	if (!reason)
		reason = check_right(a, s, &t);
	if (!reason)
		reason = check_signers(a, s, &t);
	return reason ? reason : commit(a, &t, id);
}
