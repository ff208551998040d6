/* SPDX-License-Identifier: Apache-2.0 */
/* What the device says of itself: evidence, card, history. */
#include "agent/internal.h"
#include "evidence/card.h"
#include "evidence/token.h"

static int sign(void *ctx, const struct imp_span *part, size_t count, uint8_t sig[64])
{
	struct imp_agent *a = ctx;

	return a->port->key_sign(a->port->ctx, part, count, sig);
}

static struct imp_span put_signed(struct imp_agent *a, enum imp_kind kind,
				  struct imp_span un, struct imp_span payload)
{
	const struct imp_signer signer = {
		.alg = imp_alg_for(a->signing.crv),
		.pub = a->signing,
		.ctx = a,
		.sign = sign,
	};
	struct imp_writer w = imp_writer(a->token, sizeof(a->token));

	if (imp_signed_put_one(a->crypto, &signer, kind, un, payload, &w, NULL))
		return (struct imp_span){ 0 };
	return imp_written(&w);
}

uint32_t report_life(const struct imp_agent *a)
{
	return a->state.decommissioned ? IMP_LIFE_DECOMMISSIONED
	       : !a->state.owned       ? IMP_LIFE_UNOWNED
	       : a->state.locked       ? IMP_LIFE_LOCKED
				       : IMP_LIFE_OWNED;
}

/* What an object must exceed where no profile was ever applied. */
static void add_pair(struct imp_evidence *e, unsigned domain, uint32_t epoch,
		     uint64_t sequence)
{
	if (epoch == 0 && sequence == 0)
		return;
	e->raised |= (uint16_t)(1u << domain);
	e->domain[domain].domain_epoch = epoch;
	e->domain[domain].sequence = sequence;
}

static void add_domain(struct imp_evidence *e, const struct imp_agent *a,
		       const struct imp_agent_domain *d)
{
	unsigned i = d->domain;

	if (i != 0 && d->head.n > 0) {
		e->chains |= (uint16_t)(1u << i);
		e->chain[i] = (struct imp_chain_head){ d->head.n, IMP_SPAN(d->head.h) };
	}
	if (d->state == IMP_DOMAIN_UNUSED) {
		add_pair(e, i, d->domain_epoch, d->sequence);
		return;
	}
	e->used |= (uint16_t)(1u << i);
	e->domain[i] = (struct imp_measured){
		.state = (enum imp_domain_state)d->state,
		.domain_epoch = d->domain_epoch,
		.sequence = i == 0 ? a->state.sequence0 : d->sequence,
		.id = IMP_SPAN(d->id),
		.authority = IMP_SPAN(d->authority),
	};
}

static void fill(struct imp_evidence *e, const struct imp_agent *a,
		 const struct imp_board_now *now)
{
	const struct imp_agent_state *s = &a->state;
	const struct imp_board *b = a->board;

	e->ueid = b->ueid;
	e->oemid = b->oemid;
	e->hwmodel = b->hwmodel;
	e->hwversion = b->hwversion;
	e->firmware = b->firmware;
	e->dbgstat = now->dbgstat;
	e->boot = now->boot;
	e->life = report_life(a);
	e->owned = s->owned;
	e->owner = IMP_SPAN(s->owner_kid);
	e->owner_epoch = s->owner_epoch;
	e->record = IMP_SPAN(s->record);
	e->policy = s->policy;
	e->anchor = a->port->counter ? 1 : 0;
	e->chains = 1;
	e->chain[0] = (struct imp_chain_head){ s->head0.n, IMP_SPAN(s->head0.h) };
	if (b->maker && s->owned && (s->policy & IMP_POLICY_RECOVERY))
		e->recovery = IMP_SPAN(s->recovery);
	for (unsigned i = 0; i < s->domains; i++)
		add_domain(e, a, &s->domain[i]);
	if (!(e->used & 1))
		add_pair(e, 0, 0, s->sequence0);
}

struct imp_span report_evidence(struct imp_agent *a, struct imp_span nonce)
{
	struct imp_evidence e = { .nonce = nonce };
	struct imp_writer w = imp_writer(a->scratch, sizeof(a->scratch));
	struct imp_board_now now;

	if (a->port->now(a->port->ctx, &now))
		return (struct imp_span){ 0 };
	fill(&e, a, &now);
	e.count = ++a->evidence_count;
	imp_evidence_encode(&e, &w);
	if (!w.ok)
		return (struct imp_span){ 0 };
	return put_signed(a, IMP_KIND_EVIDENCE, (struct imp_span){ 0 }, imp_written(&w));
}

/* {13: endorsement}: the tagged item itself. */
static struct imp_span chain_of(struct imp_agent *a, struct imp_writer *w)
{
	size_t at = w->len;

	if (a->board->endorsement.len == 0)
		return (struct imp_span){ 0 };
	imp_cbor_put_map(w, 1);
	imp_cbor_put_int(w, IMP_HDR_CHAIN);
	imp_put(w, a->board->endorsement);
	return w->ok ? (struct imp_span){ w->ptr + at, w->len - at }
		     : (struct imp_span){ 0 };
}

struct imp_span report_card(struct imp_agent *a, struct imp_span nonce)
{
	const struct imp_board *b = a->board;
	const struct imp_card card = {
		.nonce = nonce,
		.ueid = b->ueid,
		.oemid = b->oemid,
		.hwmodel = b->hwmodel,
		.hwversion = b->hwversion,
		.signing = a->signing,
		.sealing = a->sealing,
		.objects = b->objects,
		.largest = AGENT_OBJECT_MAX,
		.domains = AGENT_DOMAINS,
		.imei = b->imei,
		.iccid = b->iccid,
		.serial = b->serial,
	};
	struct imp_writer w = imp_writer(a->scratch, sizeof(a->scratch));
	struct imp_span payload, chain;

	imp_card_encode(&card, &w);
	payload = imp_written(&w);
	chain = chain_of(a, &w);
	if (!w.ok)
		return (struct imp_span){ 0 };
	return put_signed(a, IMP_KIND_CARD, chain, payload);
}

static void put_base(struct imp_writer *w, unsigned domain, const struct imp_head *h)
{
	imp_cbor_put_uint(w, domain);
	imp_cbor_put_array(w, 2);
	imp_cbor_put_uint(w, h->n);
	imp_cbor_put_bytes(w, IMP_SPAN(h->h));
}

static void put_bases(struct imp_agent *a, struct imp_writer *w)
{
	size_t n = 1;

	for (unsigned i = 0; i < a->state.domains; i++)
		n += a->state.domain[i].domain != 0 && a->state.domain[i].head.n > 0;
	imp_cbor_put_map(w, n);
	put_base(w, 0, &a->state.base0);
	for (unsigned i = 0; i < a->state.domains; i++) {
		const struct imp_agent_domain *d = &a->state.domain[i];

		if (d->domain != 0 && d->head.n > 0)
			put_base(w, d->domain, &d->base);
	}
}

void report_history(struct imp_agent *a, uint32_t from, size_t room,
		    struct imp_response *r)
{
	enum { ENTRY_WIRE = IMP_ENTRY_LEN + 2, FIELDS = 64 };
	struct imp_writer w = imp_writer(a->scratch, sizeof(a->scratch));
	size_t at, fit, left = from < a->state.ring_len ? a->state.ring_len - from : 0;

	put_bases(a, &w);
	r->base = imp_written(&w);
	at = w.len;
	fit = room > at + FIELDS ? (room - at - FIELDS) / ENTRY_WIRE : 0;
	if (left > fit)
		left = fit;
	imp_cbor_put_array(&w, left);
	for (size_t i = 0; i < left; i++)
		imp_cbor_put_bytes(&w, IMP_SPAN(a->state.ring[from + i]));
	r->entries = (struct imp_span){ w.ptr + at, w.len - at };
	r->has_total = true;
	r->total = a->state.ring_len;
}
