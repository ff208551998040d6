/* SPDX-License-Identifier: Apache-2.0 */
/* Applying a command of the owner. */
#include <string.h>

#include "agent/internal.h"
#include "object/command.h"

/* A lock or a floor that changes nothing. */
static bool changes_nothing(struct imp_agent *a, const struct imp_command *m)
{
	if (m->op == IMP_OP_LOCK)
		return a->state.locked;
	if (m->op != IMP_OP_FLOOR || (m->domains & 1))
		return false;
	for (unsigned d = 1; d < 16; d++) {
		const struct imp_agent_domain *have = domain_find(a, d);

		if ((m->domains >> d & 1) &&
		    m->floor[d] > (have ? have->domain_epoch : 0))
			return false;
	}
	return true;
}

static bool is_last(struct imp_agent *a, const uint8_t id[32])
{
	static const uint8_t none[32];

	return id_is(a->state.last_command, id) && !id_is(id, none);
}

/* How many domains a floor would add to the table. */
static unsigned new_domains(struct imp_agent *a, const struct imp_command *m)
{
	unsigned n = 0;

	for (unsigned d = 1; m->op == IMP_OP_FLOOR && d < 16; d++)
		n += (m->domains >> d & 1) && m->floor[d] > 0 && !domain_find(a, d);
	return n;
}

static enum imp_reason check_order(struct imp_agent *a, const struct imp_command *m)
{
	if (!a->state.owned || a->state.decommissioned)
		return IMP_R_STATE;
	if (m->owner_epoch != a->state.owner_epoch ||
	    (m->op == IMP_OP_FLOOR && (m->domains & 1)))
		return IMP_R_EPOCH;
	if (m->sequence != 0 && m->sequence <= a->state.sequence0)
		return IMP_R_SEQUENCE;
	return IMP_R_NONE;
}

static enum imp_reason check_right(struct imp_agent *a, const struct imp_chain *chain,
				   const struct imp_command *m)
{
	if (!imp_span_eq(chain->object->issuer, IMP_SPAN(a->state.owner_kid)))
		return IMP_R_SCOPE;
	if (a->state.domains + new_domains(a, m) > AGENT_DOMAINS)
		return IMP_R_TOO_BIG;
	return check_chain(a, chain);
}

static int raise_floor(struct imp_agent *a, const struct imp_command *m)
{
	for (unsigned i = 1; i < 16; i++) {
		struct imp_agent_domain *d;

		if (!(m->domains >> i & 1) || m->floor[i] == 0)
			continue;
		d = domain_make(a, i);
		if (!d)
			return -IMP_ERESOURCE;
		if (m->floor[i] > d->domain_epoch) {
			d->domain_epoch = m->floor[i];
			d->sequence = 0; /* the pair, not the sequence alone, must rise */
		}
	}
	return 0;
}

static int change(struct imp_agent *a, const struct imp_command *m)
{
	struct imp_agent_state *st = &a->state;
	int rc = 0;

	if (m->op == IMP_OP_LOCK)
		st->locked = true;
	else if (m->op == IMP_OP_FLOOR)
		rc = raise_floor(a, m);
	else if (m->op == IMP_OP_WIPE)
		domains_wipe(a, m->domains);
	else if (m->op == IMP_OP_POLICY)
		st->policy = m->policy;
	else
		domains_wipe(a, UINT16_MAX);
	st->decommissioned = m->op == IMP_OP_DECOMMISSION;
	if (m->sequence != 0)
		st->sequence0 = m->sequence;
	if (m->op == IMP_OP_POLICY)
		rc = a->port->random(a->port->ctx, st->recovery, sizeof(st->recovery));
	return rc;
}

static enum imp_reason commit(struct imp_agent *a, const struct imp_signed *s,
			      const struct imp_command *m, const uint8_t id[32])
{
	struct imp_entry entry = {
		.kind = (uint8_t)m
				->op, /* the numbers of ops and of entries are the same */
		.owner_epoch = m->owner_epoch,
		.sequence = m->sequence,
	};
	enum imp_reason reason;

	memcpy(entry.issuer, s->issuer.ptr, 32);
	memcpy(entry.id, id, 32);
	memcpy(a->state.last_command, id, 32);
	reason = history_commit(a, change(a, m), &entry);
	if (!reason)
		state_deactivate(a);
	return reason;
}

enum imp_reason apply_command(struct imp_agent *a, const struct imp_chain *chain,
			      const uint8_t id[32], struct applied *out)
{
	const struct imp_signed *s = chain->object;
	struct imp_command m;
	enum imp_reason reason;

	if (imp_command_decode(s->payload, &m, NULL))
		return IMP_R_MALFORMED;
	if (!target_fits(a, &m.target))
		return IMP_R_NOT_FOR_ME;
	out->again = is_last(a, id);
	reason = out->again ? IMP_R_NONE : check_order(a, &m);
	if (!reason && !out->again) {
		reason = check_right(a, chain, &m);
		out->again = !reason && changes_nothing(a, &m);
	}
	out->quiet = out->again && m.target.ueid.len == 0 &&
		     (a->state.policy & IMP_POLICY_CHALLENGED);
	return reason || out->again ? reason : commit(a, s, &m, id);
}
