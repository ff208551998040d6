/* SPDX-License-Identifier: Apache-2.0 */
/* The state as bytes, field by field, and what is believed of bytes that come back. */
#include <string.h>

#include "agent/internal.h"
#include "object/profile.h"

enum { VERSION = 1 };

static void put_pub(struct imp_writer *w, const struct imp_pub *pub)
{
	imp_put_u8(w, (uint8_t)pub->crv);
	imp_put(w, IMP_SPAN(pub->x));
	imp_put(w, IMP_SPAN(pub->y));
}

static void put_head(struct imp_writer *w, const struct imp_head *h)
{
	imp_put_u32be(w, h->n);
	imp_put(w, IMP_SPAN(h->h));
}

static void put_domain(struct imp_writer *w, const struct imp_agent_domain *d)
{
	imp_put_u8(w, d->domain);
	imp_put_u8(w, d->state);
	imp_put_u32be(w, d->domain_epoch);
	imp_put_u64be(w, d->sequence);
	imp_put(w, IMP_SPAN(d->id));
	imp_put(w, IMP_SPAN(d->authority));
	put_head(w, &d->base);
	put_head(w, &d->head);
	imp_put_u32be(w, d->settings_len);
}

static void put_owner(struct imp_writer *w, const struct imp_agent_state *s)
{
	put_pub(w, &s->owner);
	imp_put(w, IMP_SPAN(s->owner_kid));
	imp_put(w, IMP_SPAN(s->record));
	imp_put_u32be(w, s->owner_epoch);
	imp_put_u8(w, (uint8_t)s->approval.threshold);
	imp_put_u8(w, (uint8_t)s->approval.count);
	for (uint32_t i = 0; i < s->approval.count; i++)
		put_pub(w, &s->approval.key[i]);
	imp_put_u32be(w, s->policy);
	imp_put(w, IMP_SPAN(s->recovery));
}

/* Everything but the settings, which follow in the order of the domains. */
void state_encode(struct imp_writer *w, const struct imp_agent_state *s)
{
	imp_put_u8(w, VERSION);
	imp_put_u32be(w, s->generation);
	imp_put_u64be(w, s->anchor);
	imp_put_u8(w, (uint8_t)(s->enrolled | s->owned << 1 | s->locked << 2 |
				s->decommissioned << 3));
	put_owner(w, s);
	imp_put_u64be(w, s->sequence0);
	imp_put(w, IMP_SPAN(s->last_command));
	put_head(w, &s->base0);
	put_head(w, &s->head0);
	imp_put_u8(w, s->ring_len);
	for (unsigned i = 0; i < s->ring_len; i++)
		imp_put(w, IMP_SPAN(s->ring[i]));
	imp_put_u8(w, s->domains);
	for (unsigned i = 0; i < s->domains; i++)
		put_domain(w, &s->domain[i]);
}

static void take_bytes(struct imp_reader *r, uint8_t *out, size_t len)
{
	struct imp_span s = imp_take(r, len);

	if (r->ok)
		memcpy(out, s.ptr, len);
}

static void take_pub(struct imp_reader *r, struct imp_pub *pub)
{
	pub->crv = imp_take_u8(r);
	take_bytes(r, pub->x, sizeof(pub->x));
	take_bytes(r, pub->y, sizeof(pub->y));
}

static void take_head(struct imp_reader *r, struct imp_head *h)
{
	h->n = imp_take_u32be(r);
	take_bytes(r, h->h, sizeof(h->h));
}

static void take_domain(struct imp_reader *r, struct imp_agent_domain *d)
{
	d->domain = imp_take_u8(r);
	d->state = imp_take_u8(r);
	d->domain_epoch = imp_take_u32be(r);
	d->sequence = imp_take_u64be(r);
	take_bytes(r, d->id, sizeof(d->id));
	take_bytes(r, d->authority, sizeof(d->authority));
	take_head(r, &d->base);
	take_head(r, &d->head);
	d->settings_len = imp_take_u32be(r);
	if (d->settings_len > AGENT_SETTINGS_MAX)
		r->ok = false;
}

static void take_owner(struct imp_reader *r, struct imp_agent_state *s)
{
	take_pub(r, &s->owner);
	take_bytes(r, s->owner_kid, sizeof(s->owner_kid));
	take_bytes(r, s->record, sizeof(s->record));
	s->owner_epoch = imp_take_u32be(r);
	s->approval.threshold = imp_take_u8(r);
	s->approval.count = imp_take_u8(r);
	if (s->approval.count > IMP_APPROVERS_MAX)
		r->ok = false;
	for (uint32_t i = 0; r->ok && i < s->approval.count; i++)
		take_pub(r, &s->approval.key[i]);
	s->policy = imp_take_u32be(r);
	take_bytes(r, s->recovery, sizeof(s->recovery));
}

/* A hash is no signature: bytes that somebody wrote into the flash must not lead the
 * agent out of its tables. */
static bool domains_are_sane(const struct imp_agent_state *s)
{
	for (unsigned i = 0; i < s->domains; i++) {
		const struct imp_agent_domain *d = &s->domain[i];

		if (d->domain >= IMP_DOMAINS || d->state > IMP_DOMAIN_WIPED ||
		    (i > 0 && d->domain <= s->domain[i - 1].domain))
			return false;
	}
	return true;
}

static bool ring_is_sane(const struct imp_agent_state *s)
{
	for (unsigned i = 0; i < s->ring_len; i++) {
		struct imp_entry e;
		bool there;

		if (imp_entry_decode(s->ring[i], &e))
			return false;
		there = e.domain == 0;
		for (unsigned k = 0; k < s->domains; k++)
			there |= s->domain[k].domain == e.domain;
		if (!there)
			return false;
	}
	return true;
}

bool state_decode(struct imp_reader *r, struct imp_agent_state *s)
{
	uint8_t version = imp_take_u8(r), flags;

	s->generation = imp_take_u32be(r);
	s->anchor = imp_take_u64be(r);
	flags = imp_take_u8(r);
	s->enrolled = flags & 1;
	s->owned = flags & 2;
	s->locked = flags & 4;
	s->decommissioned = flags & 8;
	take_owner(r, s);
	s->sequence0 = imp_take_u64be(r);
	take_bytes(r, s->last_command, sizeof(s->last_command));
	take_head(r, &s->base0);
	take_head(r, &s->head0);
	s->ring_len = imp_take_u8(r);
	if (s->ring_len > AGENT_RING)
		r->ok = false;
	for (unsigned i = 0; r->ok && i < s->ring_len; i++)
		take_bytes(r, s->ring[i], IMP_ENTRY_LEN);
	s->domains = imp_take_u8(r);
	if (s->domains > AGENT_DOMAINS)
		r->ok = false;
	for (unsigned i = 0; r->ok && i < s->domains; i++)
		take_domain(r, &s->domain[i]);
	return r->ok && version == VERSION &&
	       s->approval.threshold <= s->approval.count && domains_are_sane(s) &&
	       ring_is_sane(s);
}

bool state_settings_are_sane(const struct imp_agent_state *s)
{
	for (unsigned i = 0; i < s->domains; i++) {
		const struct imp_agent_domain *d = &s->domain[i];

		if ((d->state == IMP_DOMAIN_SET) != (d->settings_len > 0))
			return false;
		if (d->settings_len > 0 &&
		    imp_settings_check((struct imp_span){ d->settings, d->settings_len },
				       NULL))
			return false;
	}
	return true;
}

void state_activate(const struct imp_agent *a)
{
	for (unsigned i = 0; i < a->state.domains; i++) {
		const struct imp_agent_domain *d = &a->state.domain[i];

		if (d->state != IMP_DOMAIN_UNUSED)
			(void)a->port->activate(
				a->port->ctx, d->domain,
				(struct imp_span){ d->settings, d->settings_len });
	}
}

void state_deactivate(const struct imp_agent *a)
{
	for (unsigned i = 0; i < a->state.domains; i++)
		if (a->state.domain[i].state == IMP_DOMAIN_WIPED)
			(void)a->port->activate(a->port->ctx, a->state.domain[i].domain,
						(struct imp_span){ 0 });
}
