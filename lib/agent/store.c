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

enum {
	MAGIC = 0x494d5031, /* "IMP1" */
	HEADER_LEN = 76,
	HEADER_AREA = 256, /* whole write units, whatever the unit */
	UNIT_MAX = 256,
};

struct header {
	uint32_t generation, len;
	uint8_t sha[32];
	bool checks, before_first;
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

static bool is_all_ones(const uint8_t *p, size_t len)
{
	size_t i = 0;

	while (i < len && p[i] == 0xff)
		i++;
	return i == len;
}

/* Could this be the header area before the first commit was done: blank, or the first
 * header with a part of it missing? Anything else that does not check was a state once.
 */
static bool is_before_first(const uint8_t buf[HEADER_LEN], uint32_t unit)
{
	static const uint8_t first[] = { 'I', 'M', 'P', '1', 0, 0, 0, 1 };
	size_t step = unit < 4 ? unit : 4;

	for (size_t i = 0; i < sizeof(first); i++)
		if (buf[i] != first[i] && buf[i] != 0xff)
			return false;
	for (size_t at = 0; at < HEADER_LEN; at += step)
		if (is_all_ones(buf + at, step))
			return true;
	return false;
}

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
	memcpy(h->sha, imp_take(&r, sizeof(h->sha)).ptr, sizeof(h->sha));
	h->checks = magic == MAGIC && imp_span_eq(r.rest, IMP_SPAN(check)) &&
		    h->len <= a->board->half_size - HEADER_AREA;
	h->before_first = is_before_first(buf, a->board->write_unit);
	return 0;
}

/* The settings, each in its place, from off on. */
static int read_settings(struct imp_agent *a, unsigned half, uint32_t off)
{
	for (unsigned i = 0; i < a->state.domains; i++) {
		struct imp_agent_domain *d = &a->state.domain[i];

		if (d->settings_len > 0 &&
		    a->port->read(a->port->ctx, half, HEADER_AREA + off, d->settings,
				  d->settings_len))
			return -IMP_ERESOURCE;
		off += d->settings_len;
	}
	return 0;
}

/* Read a body into a->state: the state first, as far as scratch reaches, then the
 * settings. 0; 1 where it is not what its header says; or an error. */
static int read_body(struct imp_agent *a, unsigned half, const struct header *h)
{
	size_t first = h->len < sizeof(a->scratch) ? h->len : sizeof(a->scratch);
	struct imp_span part[1 + AGENT_DOMAINS];
	struct imp_reader r = imp_reader((struct imp_span){ a->scratch, first });
	uint32_t off, len;
	uint8_t sha[32];
	size_t parts;

	memset(&a->state, 0, sizeof(a->state));
	if (a->port->read(a->port->ctx, half, HEADER_AREA, a->scratch, first))
		return -IMP_ERESOURCE;
	if (!state_decode(&r, &a->state))
		return 1;
	off = (uint32_t)(first - r.rest.len);
	parts = parts_of(a, (struct imp_span){ a->scratch, off }, part, &len);
	if (len != h->len)
		return 1;
	if (read_settings(a, half, off) || imp_sha256(a->crypto, part, parts, sha))
		return -IMP_ERESOURCE;
	return !id_is(sha, h->sha) || a->state.generation != h->generation ||
	       !state_settings_are_sane(&a->state);
}

static bool is_blank(struct imp_agent *a, unsigned half)
{
	uint32_t off = 0;
	bool blank = true;

	while (blank && off < a->board->half_size) {
		uint32_t rest = a->board->half_size - off;
		size_t n = rest < sizeof(a->scratch) ? rest : sizeof(a->scratch);

		blank = a->port->read(a->port->ctx, half, off, a->scratch, n) == 0;
		blank = blank && is_all_ones(a->scratch, n);
		off += (uint32_t)n;
	}
	imp_wipe(a->scratch, sizeof(a->scratch)); /* old settings may have passed */
	return blank;
}

static int erase_stale(struct imp_agent *a, unsigned half)
{
	if (is_blank(a, half))
		return 0;
	return a->port->erase(a->port->ctx, half) || a->port->sync(a->port->ctx)
		       ? -IMP_ERESOURCE
		       : 0;
}

/*
 * A state older than the counter was put back by somebody. A state is written before it
 * is counted, so a cut may leave it ahead by one: then it is counted now, since two
 * states must never share a count.
 */
static int check_anchor(struct imp_agent *a)
{
	uint64_t value;

	if (!a->port->counter)
		return 0;
	if (a->port->counter(a->port->ctx, &value, false))
		return -IMP_ERESOURCE;
	if (a->state.anchor == value + 1 && a->port->counter(a->port->ctx, &value, true))
		return -IMP_ERESOURCE;
	return a->state.anchor == value ? 0 : -IMP_ERESOURCE;
}

/* The half with the highest generation of those that are whole, read into a->state; 2
 * before the first commit. */
static int choose(struct imp_agent *a, unsigned *half)
{
	struct header h[2];
	int rc = read_header(a, 0, &h[0]);

	if (!rc)
		rc = read_header(a, 1, &h[1]);
	if (rc)
		return rc;
	*half = h[1].checks && (!h[0].checks || h[1].generation > h[0].generation);
	for (unsigned i = 0; i < 2; i++, *half ^= 1) {
		rc = h[*half].checks ? read_body(a, *half, &h[*half]) : 1;
		if (rc <= 0)
			return rc;
	}
	*half = 1; /* so that half 0 comes first */
	return h[0].before_first && h[1].before_first ? 2 : -IMP_ERESOURCE;
}

static int load(struct imp_agent *a)
{
	int rc = choose(a, &a->half);

	imp_wipe(a->scratch, sizeof(a->scratch));
	if (rc < 0)
		return rc;
	if (rc == 2)
		memset(&a->state, 0, sizeof(a->state));
	if (check_anchor(a) || (rc == 2 && erase_stale(a, a->half)))
		return -IMP_ERESOURCE;
	return erase_stale(a, a->half ^ 1);
}

int store_load(struct imp_agent *a)
{
	int rc = load(a);

	if (rc)
		imp_wipe(&a->state, sizeof(a->state));
	return rc;
}

void store_restore(struct imp_agent *a)
{
	a->broken = store_load(a) != 0;
	state_activate(a);
}

static int write_half(struct imp_agent *a, unsigned half)
{
	struct out o = { .a = a, .half = half, .off = HEADER_AREA };
	struct imp_writer w = imp_writer(a->scratch, sizeof(a->scratch));
	struct imp_span part[1 + AGENT_DOMAINS];
	struct header h = { .generation = a->state.generation };
	size_t parts;

	state_encode(&w, &a->state);
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

static int write_new(struct imp_agent *a)
{
	uint64_t value = 0;

	if (a->port->counter) {
		if (check_anchor(a) || a->port->counter(a->port->ctx, &value, false))
			return -IMP_ERESOURCE;
		a->state.anchor = value + 1;
	}
	a->state.generation++;
	/* Blank already, unless an erase failed earlier. */
	return erase_stale(a, a->half ^ 1) ? -IMP_ERESOURCE : write_half(a, a->half ^ 1);
}

/* A write or a sync failed: what there is of the new half must not count later. Where it
 * stands all the same, it is the state. */
static int take_back(struct imp_agent *a, uint32_t wanted)
{
	if (a->port->erase(a->port->ctx, a->half ^ 1) == 0)
		(void)a->port->sync(a->port->ctx);
	store_restore(a);
	return !a->broken && a->state.generation == wanted ? 0 : -IMP_ERESOURCE;
}

int store_commit(struct imp_agent *a)
{
	const uint32_t wanted = a->state.generation + 1;
	uint64_t value;
	int rc = write_new(a);

	imp_wipe(a->scratch, sizeof(a->scratch));
	if (rc)
		return take_back(a, wanted);
	a->half ^= 1;
	/* The new state is current; what fails from here on is mended by the next commit
	 * or at boot. */
	if (a->port->counter)
		(void)a->port->counter(a->port->ctx, &value, true);
	(void)erase_stale(a, a->half ^ 1);
	return 0;
}
