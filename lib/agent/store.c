/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state store: two halves, one of them current.
 *
 * A half is a header (magic, generation, body length, SHA-256 of the body, check over the
 * header) in the first HEADER_AREA bytes, then the body. The body is written and synced
 * first, the header last, so a header that checks means a body that is whole. The other
 * half is erased afterwards, and again at boot.
 */
#include <string.h>

#include "agent/internal.h"
#include "base/wipe.h"
#include "cose/key.h"

enum {
	MAGIC = 0x494d5031, /* "IMP1" */
	HEADER_LEN = 76,
	HEADER_AREA = 256, /* whole write units, whatever the unit */
	UNIT_MAX = 256,
	VERSION = 1,
};

struct header {
	uint32_t generation, len;
	uint8_t sha[32];
};

/* A stream of bytes into one half, in whole units. */
struct out {
	struct imp_agent *a;
	unsigned half;
	uint32_t off;
	size_t fill;
	uint8_t unit[UNIT_MAX];
	int rc;
};

static void out_flush(struct out *o)
{
	uint32_t unit = o->a->board->write_unit;

	if (o->fill == 0 || o->rc)
		return;
	memset(o->unit + o->fill, 0xff, unit - o->fill);
	o->rc = o->a->port->write(o->a->port->ctx, o->half, o->off, o->unit, unit);
	o->off += unit;
	o->fill = 0;
}

static void out_put(struct out *o, struct imp_span bytes)
{
	uint32_t unit = o->a->board->write_unit;

	while (bytes.len > 0 && !o->rc) {
		size_t n = unit - o->fill < bytes.len ? unit - o->fill : bytes.len;

		memcpy(o->unit + o->fill, bytes.ptr, n);
		o->fill += n;
		bytes.ptr += n;
		bytes.len -= n;
		if (o->fill == unit)
			out_flush(o);
	}
}

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
static void put_state(struct imp_writer *w, const struct imp_agent_state *s)
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

static bool take_state(struct imp_reader *r, struct imp_agent_state *s)
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
	return r->ok && version == VERSION;
}

/* The parts that the hash is over: the state, then each domain's settings. */
static size_t parts_of(struct imp_agent *a, struct imp_span state,
		       struct imp_span part[1 + AGENT_DOMAINS], uint32_t *len)
{
	size_t n = 0;

	part[n++] = state;
	*len = (uint32_t)state.len;
	for (unsigned i = 0; i < a->state.domains; i++) {
		struct imp_agent_domain *d = &a->state.domain[i];

		part[n++] = (struct imp_span){ d->settings, d->settings_len };
		*len += d->settings_len;
	}
	return n;
}

static int put_header(struct imp_agent *a, unsigned half, const struct header *h)
{
	struct out o = { .a = a, .half = half };
	uint8_t buf[HEADER_LEN], check[32];
	struct imp_writer w = imp_writer(buf, sizeof(buf));
	struct imp_span first;

	imp_put_u32be(&w, MAGIC);
	imp_put_u32be(&w, h->generation);
	imp_put_u32be(&w, h->len);
	imp_put(&w, IMP_SPAN(h->sha));
	first = imp_written(&w);
	if (imp_sha256(a->crypto, &first, 1, check))
		return -IMP_ERESOURCE;
	imp_put(&w, IMP_SPAN(check));
	out_put(&o, imp_written(&w));
	out_flush(&o);
	return o.rc;
}

/* 1 with a header that checks, 0 without one, or an error. */
static int read_header(struct imp_agent *a, unsigned half, struct header *h)
{
	uint8_t buf[HEADER_LEN], check[32];
	struct imp_reader r = imp_reader(IMP_SPAN(buf));
	struct imp_span first = { buf, HEADER_LEN - 32 };
	uint32_t magic;

	if (a->port->read(a->port->ctx, half, 0, buf, sizeof(buf)) ||
	    imp_sha256(a->crypto, &first, 1, check))
		return -IMP_ERESOURCE;
	magic = imp_take_u32be(&r);
	h->generation = imp_take_u32be(&r);
	h->len = imp_take_u32be(&r);
	take_bytes(&r, h->sha, sizeof(h->sha));
	return magic == MAGIC && imp_span_eq(r.rest, IMP_SPAN(check)) &&
	       h->len <= a->board->half_size - HEADER_AREA;
}

/* Read a body into a->state: the state first, as far as scratch reaches, then settings in
 * place. */
static int read_body(struct imp_agent *a, unsigned half, const struct header *h)
{
	size_t first = h->len < sizeof(a->scratch) ? h->len : sizeof(a->scratch);
	struct imp_span part[1 + AGENT_DOMAINS];
	struct imp_reader r = imp_reader((struct imp_span){ a->scratch, first });
	uint32_t off, len;
	uint8_t sha[32];
	size_t parts;

	if (a->port->read(a->port->ctx, half, HEADER_AREA, a->scratch, first))
		return -IMP_ERESOURCE;
	memset(&a->state, 0, sizeof(a->state));
	if (!take_state(&r, &a->state))
		return -IMP_ERESOURCE;
	off = (uint32_t)(first - r.rest.len);
	parts = parts_of(a, (struct imp_span){ a->scratch, off }, part, &len);
	if (len != h->len)
		return -IMP_ERESOURCE;
	for (unsigned i = 0; i < a->state.domains; i++) {
		struct imp_agent_domain *d = &a->state.domain[i];

		if (d->settings_len > 0 &&
		    a->port->read(a->port->ctx, half, HEADER_AREA + off, d->settings,
				  d->settings_len))
			return -IMP_ERESOURCE;
		off += d->settings_len;
	}
	if (imp_sha256(a->crypto, part, parts, sha) || !id_is(sha, h->sha) ||
	    a->state.generation != h->generation)
		return -IMP_ERESOURCE;
	return 0;
}

static bool is_blank(struct imp_agent *a, unsigned half)
{
	uint32_t off = 0;

	while (off < a->board->half_size) {
		uint32_t rest = a->board->half_size - off;
		size_t n = rest < sizeof(a->scratch) ? rest : sizeof(a->scratch);

		if (a->port->read(a->port->ctx, half, off, a->scratch, n))
			return false;
		for (size_t i = 0; i < n; i++)
			if (a->scratch[i] != 0xff)
				return false;
		off += (uint32_t)n;
	}
	return true;
}

static int erase_stale(struct imp_agent *a, unsigned half)
{
	if (is_blank(a, half))
		return 0;
	return a->port->erase(a->port->ctx, half) || a->port->sync(a->port->ctx)
		       ? -IMP_ERESOURCE
		       : 0;
}

/* A state older than the counter was put back by somebody; one step behind is a cut
 * before the count. */
static int check_anchor(struct imp_agent *a)
{
	uint64_t value;

	if (!a->port->counter)
		return 0;
	if (a->port->counter(a->port->ctx, &value, false))
		return -IMP_ERESOURCE;
	return a->state.anchor < value ? -IMP_ERESOURCE : 0;
}

/* Choose the half with the highest generation; 2 where none was ever written. */
static int choose(struct imp_agent *a, unsigned *half, struct header *h)
{
	struct header other[2];
	int there[2];

	for (unsigned i = 0; i < 2; i++) {
		there[i] = read_header(a, i, &other[i]);
		if (there[i] < 0)
			return there[i];
	}
	if (!there[0] && !there[1])
		return 2;
	*half = there[1] && (!there[0] || other[1].generation > other[0].generation);
	*h = other[*half];
	return 0;
}

int store_load(struct imp_agent *a)
{
	struct header h;
	unsigned half = 1;
	int rc = choose(a, &half, &h);

	if (rc < 0)
		return rc;
	memset(&a->state, 0, sizeof(a->state));
	if (rc == 0)
		rc = read_body(a, half, &h);
	else
		rc = erase_stale(
			a,
			half); /* fresh: both halves must be blank, the first one below */
	imp_wipe(a->scratch, sizeof(a->scratch));
	a->half = half;
	if (!rc)
		rc = check_anchor(a);
	return rc ? rc : erase_stale(a, half ^ 1);
}

static int write_half(struct imp_agent *a, unsigned half)
{
	struct out o = { .a = a, .half = half, .off = HEADER_AREA };
	struct imp_writer w = imp_writer(a->scratch, sizeof(a->scratch));
	struct imp_span part[1 + AGENT_DOMAINS];
	struct header h = { .generation = a->state.generation };
	size_t parts;

	put_state(&w, &a->state);
	parts = parts_of(a, imp_written(&w), part, &h.len);
	if (!w.ok || h.len > a->board->half_size - HEADER_AREA ||
	    imp_sha256(a->crypto, part, parts, h.sha))
		return -IMP_ERESOURCE;
	for (size_t i = 0; i < parts; i++)
		out_put(&o, part[i]);
	out_flush(&o);
	imp_wipe(o.unit, sizeof(o.unit));
	if (o.rc || a->port->sync(a->port->ctx))
		return -IMP_ERESOURCE;
	if (put_header(a, half, &h) || a->port->sync(a->port->ctx))
		return -IMP_ERESOURCE;
	return 0;
}

/* The state carries the next value of the counter before the counter has it: a cut
 * between leaves a state that is ahead by one, which boot accepts and the next commit
 * catches up with. */
static int write_new(struct imp_agent *a)
{
	uint64_t value = 0;

	if (a->port->counter) {
		if (a->port->counter(a->port->ctx, &value, false))
			return -IMP_ERESOURCE;
		a->state.anchor = value + 1;
	}
	a->state.generation++;
	return write_half(a, a->half ^ 1);
}

int store_commit(struct imp_agent *a)
{
	uint64_t value;
	int rc = write_new(a);

	imp_wipe(a->scratch, sizeof(a->scratch));
	if (rc) {
		a->broken = store_load(a) != 0;
		return -IMP_ERESOURCE;
	}
	a->half ^= 1;
	/* The new state is current; what fails from here on is mended at boot. */
	if (a->port->counter)
		(void)a->port->counter(a->port->ctx, &value, true);
	(void)erase_stale(a, a->half ^ 1);
	return 0;
}
