/* SPDX-License-Identifier: Apache-2.0 */
/* Answers that are not true. */
#include <string.h>

#include "object/signed.h"
#include "sim/unit.h"

/* Bytes that a terminal, a shell, SQL or printf would take for more than a name. */
#define HOSTILE "\x1b[2J\r\n';--%n../../"

static void strings(struct imp_describe *d)
{
	d->hwmodel = IMP_TEXT(HOSTILE);
}

static void label(struct imp_describe *d)
{
	static const uint8_t other[IMP_SIM_UEID] = { 3, 9, 9, 9, 9, 9, 9, 9,
						     9, 9, 9, 9, 9, 9, 9 };

	d->ueid = IMP_SPAN(other);
}

static void serial(struct imp_board *b)
{
	b->serial = IMP_TEXT(HOSTILE);
}

static void garbage(uint32_t number, struct imp_writer *w)
{
	(void)number;
	imp_put(w, IMP_TEXT("\xff\x1c\xfc\x00\x9f\x5b\xff"));
}

/* An array that announces 2^64 - 1 items. */
static void bomb(uint32_t number, struct imp_writer *w)
{
	(void)number;
	imp_put(w, IMP_TEXT("\xa1\x68"
			    "evidence"
			    "\x9b\xff\xff\xff\xff\xff\xff\xff\xff"));
}

static void deep(uint32_t number, struct imp_writer *w)
{
	(void)number;
	for (unsigned i = 0; i < 1000; i++)
		imp_put_u8(w, 0x81);
	imp_put_u8(w, 0);
}

static void smp_error(uint32_t number, struct imp_writer *w)
{
	const struct imp_response r = { .failed = true, .rc = number };

	imp_response_encode(&r, w);
}

static const struct sim_lie lies[] = {
	{ .name = "applied", .skips_apply = true },
	{ .name = "version", .version = true },
	{ .name = "label", .describe = label },
	{ .name = "strings", .describe = strings },
	{ .name = "serial", .board = serial },
	{ .name = "garbage", .body = garbage },
	{ .name = "bomb", .body = bomb },
	{ .name = "deep", .body = deep },
	{ .name = "smp-error", .number = true, .body = smp_error },
	{ .name = "frames", .stale_frames = true },
};

const struct sim_lie *sim_lie_at(size_t i)
{
	if (i < COUNTOF(lies))
		return &lies[i];
	i -= COUNTOF(lies);
	return i < sim_lie_claims_count ? &sim_lie_claims[i] : NULL;
}

const struct sim_lie *sim_lie_find(const char *name, size_t len)
{
	const struct sim_lie *lie;

	for (size_t i = 0; (lie = sim_lie_at(i)); i++)
		if (strlen(lie->name) == len && memcmp(lie->name, name, len) == 0)
			return lie;
	return NULL;
}

static void open_answer(struct imp_writer *w, const struct imp_smp *asked, size_t *at)
{
	struct imp_smp reply = *asked;

	reply.op = (uint8_t)(asked->op + 1);
	w->len = 0;
	*at = imp_smp_open(w, &reply);
}

/* Put a request that the host did not make to the agent, and take the answer apart. */
static bool ask(struct sim_unit *u, const struct imp_smp *smp,
		const struct imp_request *q, struct imp_writer *w,
		struct imp_response *out)
{
	struct imp_writer in = imp_writer(u->lying.packet, sizeof(u->lying.packet));
	size_t at = imp_smp_open(&in, smp);
	struct imp_smp reply;

	imp_request_encode(q, &in);
	imp_smp_close(&in, at);
	w->len = 0;
	if (in.ok)
		imp_agent_handle(&u->agent, imp_written(&in), w);
	return imp_smp_decode(imp_written(w), &reply) &&
	       imp_response_decode(reply.body, out, NULL) == 0;
}

static void put_response(struct imp_writer *w, const struct imp_smp *asked,
			 const struct imp_response *r)
{
	size_t at;

	open_answer(w, asked, &at);
	imp_response_encode(r, w);
	imp_smp_close(w, at);
}

/* Take the bytes, drop them, and show true evidence of a state that has not changed. */
static void skip_apply(struct sim_unit *u, const struct imp_smp *smp,
		       struct imp_span packet, struct imp_writer *w)
{
	struct imp_smp attest = *smp;
	struct imp_request q, nonce = { 0 };
	struct imp_response staged = { 0 }, r;

	if (!imp_request_decode(smp->body, &q) || q.nonce.len == 0) {
		imp_agent_handle(&u->agent, packet, w);
		return;
	}
	nonce.nonce = q.nonce;
	q.nonce = (struct imp_span){ 0 };
	if (smp->id == IMP_STAGE && (!ask(u, smp, &q, w, &staged) || staged.failed ||
				     staged.off != (q.has_len ? q.len : staged.off)))
		return;
	attest.id = IMP_ATTEST;
	if (!ask(u, &attest, &nonce, w, &r))
		return;
	memcpy(u->lying.token, r.evidence.ptr, r.evidence.len);
	r.evidence.ptr = u->lying.token;
	r.has_off = staged.has_off;
	r.off = staged.off;
	put_response(w, smp, &r);
}

static void alter_describe(struct sim_unit *u, const struct imp_smp *smp,
			   struct imp_writer *w)
{
	struct imp_writer copy = imp_writer(u->lying.packet, sizeof(u->lying.packet));
	struct imp_describe d;
	struct imp_smp reply;
	size_t at;

	imp_put(&copy, imp_written(w));
	if (!imp_smp_decode(imp_written(&copy), &reply) ||
	    imp_describe_decode(reply.body, &d, NULL))
		return;
	u->lying.lie->describe(&d);
	open_answer(w, smp, &at);
	imp_describe_encode(&d, w);
	imp_smp_close(w, at);
}

/* {"v": [1], ...} says version 2 instead. */
static void alter_version(struct imp_writer *w)
{
	static const uint8_t one[] = { 0x61, 'v', 0x81, 0x01 };
	uint8_t *at = memmem(w->ptr, w->len, one, sizeof(one));

	if (at)
		at[sizeof(one) - 1] = 2;
}

static struct imp_span alter_claim(struct sim_unit *u, struct imp_span truth)
{
	struct imp_writer w = imp_writer(u->lying.payload, sizeof(u->lying.payload));
	struct sim_claim room;
	struct imp_evidence e;
	struct imp_signed s;

	if (imp_signed_decode(truth, &s, NULL) ||
	    imp_evidence_decode(s.cose.payload, &e, NULL))
		return (struct imp_span){ 0 };
	u->lying.lie->claim(&e, &room);
	imp_evidence_encode(&e, &w);
	return sim_lie_sign(u, imp_written(&w));
}

static void alter_evidence(struct sim_unit *u, const struct imp_smp *smp,
			   struct imp_writer *w)
{
	struct imp_smp reply;
	struct imp_response r;

	if (!imp_smp_decode(imp_written(w), &reply) ||
	    imp_response_decode(reply.body, &r, NULL) || r.evidence.len == 0)
		return;
	r.evidence = u->lying.lie->claim ? alter_claim(u, r.evidence)
					 : u->lying.lie->token(u, r.evidence);
	put_response(w, smp, &r);
}

void sim_lie_handle(struct sim_unit *u, struct imp_span packet, struct imp_writer *w)
{
	const struct sim_lie *lie = u->lying.lie;
	struct imp_smp smp;
	size_t at;

	if (!imp_smp_decode(packet, &smp) || smp.group != IMP_GROUP_IMPRINT) {
		imp_agent_handle(&u->agent, packet, w);
		return;
	}
	if (lie->body) {
		open_answer(w, &smp, &at);
		lie->body(u->lying.number, w);
		imp_smp_close(w, at);
		return;
	}
	if (lie->skips_apply && (smp.id == IMP_STAGE || smp.id == IMP_APPLY)) {
		skip_apply(u, &smp, packet, w);
		return;
	}
	imp_agent_handle(&u->agent, packet, w);
	if (lie->describe && smp.id == IMP_DESCRIBE)
		alter_describe(u, &smp, w);
	else if (lie->version && smp.id == IMP_DESCRIBE)
		alter_version(w);
	else if (lie->claim || lie->token)
		alter_evidence(u, &smp, w);
}
