/* SPDX-License-Identifier: Apache-2.0 */
/* Applying a package: the checks in the order that imprint-protocol(7) gives, then one
 * commit. */
#include <string.h>

#include "agent/internal.h"
#include "object/package.h"
#include "object/profile.h"

/* What is known of the package on the way. */
struct incoming {
	struct imp_package package;
	struct imp_signed object;
	struct imp_chain chain;
	struct imp_profile profile;
	uint8_t id[32];
};

static int agree(void *ctx, const struct imp_pub *peer, uint8_t z[32])
{
	struct imp_agent *a = ctx;

	return a->port->key_agree(a->port->ctx, peer, z);
}

static enum imp_reason decode_outer(struct imp_agent *a, struct incoming *in)
{
	int rc = imp_package_decode((struct imp_span){ a->stage, a->staged_len },
				    &in->package, NULL);

	if (rc)
		return rc == -IMP_EPOLICY ? IMP_R_UNSUPPORTED : IMP_R_MALFORMED;
	if (!imp_span_eq(in->package.claims.ueid, a->board->ueid) || !a->has_keys ||
	    !imp_span_eq(in->package.sealed.sealing, IMP_SPAN(a->sealing_kid)))
		return IMP_R_NOT_FOR_ME;
	return IMP_R_NONE;
}

/* Failures to agree, to unwrap, to decrypt and to parse the content are one. */
static enum imp_reason open_content(struct imp_agent *a, struct incoming *in)
{
	const struct imp_opener opener = { .ctx = a, .agree = agree };
	struct imp_sealed *s = &in->package.sealed;
	uint8_t *ciphertext = a->stage + (s->ciphertext.ptr - a->stage);
	enum imp_reason reason;
	struct imp_span content;

	if (s->epk.crv != a->sealing.crv ||
	    imp_unseal(a->crypto, &opener, s, ciphertext, &content) ||
	    imp_signed_decode(content, &in->object, NULL) ||
	    in->object.kind != IMP_KIND_PROFILE ||
	    imp_profile_decode(in->object.payload, &in->profile, NULL))
		return IMP_R_DECRYPT;
	reason = imp_chain_open(a->crypto, &in->object, &in->chain);
	if (reason)
		return reason == IMP_R_MALFORMED ? IMP_R_DECRYPT : reason;
	return imp_signed_id(a->crypto, &in->object, in->id) ? IMP_R_STORAGE : IMP_R_NONE;
}

static enum imp_reason compare(struct imp_agent *a, const struct incoming *in)
{
	const struct imp_package_claims *outer = &in->package.claims;
	const struct imp_profile *p = &in->profile;

	if (!target_fits(a, &p->target))
		return IMP_R_NOT_FOR_ME;
	if (!imp_span_eq(outer->profile_id, IMP_SPAN(in->id)) ||
	    !imp_span_eq(outer->issuer, in->object.issuer) ||
	    outer->domain != p->domain || outer->epochs[0] != p->epochs[0] ||
	    outer->epochs[1] != p->epochs[1] || outer->sequence != p->sequence)
		return IMP_R_MALFORMED;
	return IMP_R_NONE;
}

static bool is_again(struct imp_agent *a, const struct incoming *in)
{
	struct imp_agent_domain *d = domain_find(a, in->profile.domain);

	return d && d->state == IMP_DOMAIN_SET && id_is(d->id, in->id);
}

static enum imp_reason check_order(struct imp_agent *a, const struct imp_profile *p)
{
	struct imp_agent_domain *d = domain_find(a, p->domain);
	uint32_t epoch = d ? d->domain_epoch : 0;
	uint64_t sequence = p->domain == 0 ? a->state.sequence0 : d ? d->sequence : 0;

	if (!a->state.owned || a->state.decommissioned)
		return IMP_R_STATE;
	if (p->epochs[0] != a->state.owner_epoch || p->epochs[1] < epoch ||
	    (p->domain == 0 && p->epochs[1] != 0))
		return IMP_R_EPOCH;
	if (p->epochs[1] == epoch && p->sequence <= sequence)
		return IMP_R_SEQUENCE;
	if (p->replaces.len > 0 &&
	    !(d && d->state != IMP_DOMAIN_UNUSED && id_is(d->id, p->replaces.ptr)))
		return IMP_R_REPLACED_ID;
	return IMP_R_NONE;
}

static uint32_t place(const struct imp_settings_walk *walk)
{
	return (uint32_t)walk->at.object << 16 | walk->at.instance;
}

/* Do both name the same instance of an object? Both ascend. */
static bool meet(struct imp_span a, struct imp_span b)
{
	struct imp_settings_walk x, y;
	bool more;

	imp_settings_begin(&x, a);
	imp_settings_begin(&y, b);
	more = imp_settings_next(&x) && imp_settings_next(&y);
	while (more && place(&x) != place(&y))
		more = imp_settings_next(place(&x) < place(&y) ? &x : &y);
	return more;
}

static bool conflicts(const struct imp_agent *a, const struct imp_profile *p)
{
	for (unsigned i = 0; i < a->state.domains; i++) {
		const struct imp_agent_domain *d = &a->state.domain[i];

		if (d->domain != p->domain && d->state == IMP_DOMAIN_SET &&
		    meet((struct imp_span){ d->settings, d->settings_len }, p->settings))
			return true;
	}
	return false;
}

/* Are all its objects among those that the card names? */
static bool implements(const struct imp_agent *a, const struct imp_profile *p)
{
	const struct imp_card card = { .objects = a->board->objects };
	struct imp_settings_walk walk;

	imp_settings_begin(&walk, p->settings);
	while (imp_settings_next(&walk))
		if (!imp_card_has_object(&card, walk.at.object))
			return false;
	return true;
}

static enum imp_reason check_right(struct imp_agent *a, const struct incoming *in)
{
	const struct imp_profile *p = &in->profile;
	const struct imp_target device = self(a);
	const struct imp_write w = {
		.device = &device,
		.domain = p->domain,
		.epochs = { p->epochs[0], p->epochs[1] },
		.sequence = p->sequence,
		.settings = p->settings,
	};

	if (!imp_may_write(a->crypto, &in->chain, a->state.owner_kid, &w))
		return IMP_R_SCOPE;
	if (!implements(a, p))
		return IMP_R_UNSUPPORTED;
	if (conflicts(a, p))
		return IMP_R_CONFLICT;
	if (p->settings.len > AGENT_SETTINGS_MAX ||
	    (!domain_find(a, p->domain) && a->state.domains == AGENT_DOMAINS))
		return IMP_R_TOO_BIG;
	return IMP_R_NONE;
}

static enum imp_reason commit(struct imp_agent *a, const struct incoming *in)
{
	const struct imp_profile *p = &in->profile;
	struct imp_agent_domain *d = domain_make(a, p->domain);
	struct imp_entry entry = {
		.kind = IMP_ENTRY_PROFILE,
		.domain = (uint8_t)p->domain,
		.owner_epoch = p->epochs[0],
		.domain_epoch = p->epochs[1],
		.sequence = p->sequence,
	};
	enum imp_reason reason;

	if (!d) {
		store_restore(a);
		return IMP_R_STORAGE;
	}
	memcpy(entry.issuer, in->object.issuer.ptr, 32);
	memcpy(entry.id, in->id, 32);
	d->state = IMP_DOMAIN_SET;
	d->domain_epoch = p->epochs[1];
	d->sequence = p->sequence;
	if (p->domain == 0)
		a->state.sequence0 = p->sequence;
	memcpy(d->id, in->id, 32);
	memcpy(d->authority, in->object.issuer.ptr, 32);
	memset(d->settings, 0, sizeof(d->settings));
	memcpy(d->settings, p->settings.ptr, p->settings.len);
	d->settings_len = (uint32_t)p->settings.len;
	reason = history_commit(a, 0, &entry);
	if (!reason)
		(void)a->port->activate(
			a->port->ctx, d->domain,
			(struct imp_span){ d->settings, d->settings_len });
	return reason;
}

enum imp_reason apply_package(struct imp_agent *a, struct applied *out)
{
	struct incoming in;
	enum imp_reason reason = decode_outer(a, &in);
	int refused;

	if (!reason)
		reason = open_content(a, &in);
	if (!reason)
		reason = compare(a, &in);
	if (reason)
		return reason;
	out->again = is_again(a, &in);
	if (out->again)
		return IMP_R_NONE;
	reason = check_order(a, &in.profile);
	if (!reason)
		reason = check_right(a, &in);
	if (!reason)
		reason = check_chain(a, &in.chain);
	if (reason)
		return reason;
	refused = a->port->check ? a->port->check(a->port->ctx, in.profile.domain,
						  in.profile.settings)
				 : 0;
	if (refused)
		return imp_reason_row((unsigned)refused) ? (enum imp_reason)refused
							 : IMP_R_UNSUPPORTED;
	return commit(a, &in);
}
