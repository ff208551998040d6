/* SPDX-License-Identifier: Apache-2.0 */
/* Boot, and the table of what the agent answers. */
#include <string.h>

#include "agent/internal.h"

enum { UNIT_MAX = 256, BUFFER_MIN = 256, HALF_MIN = 1024 };

static void refuse(struct imp_response *r, enum imp_reason reason)
{
	*r = (struct imp_response){ .failed = true,
				    .group = IMP_GROUP_IMPRINT,
				    .rc = reason };
}

static void refuse_smp(struct imp_response *r, enum imp_smp_rc rc)
{
	*r = (struct imp_response){ .failed = true, .rc = rc };
}

static bool challenged(const struct imp_agent *a)
{
	return a->state.policy & IMP_POLICY_CHALLENGED;
}

/* What the answer is fresh by: the nonce that was sent, or the one of a challenge. */
static enum imp_reason take_nonce(struct imp_agent *a, const struct imp_request *q,
				  uint8_t nonce[32])
{
	if (q->challenge.len > 0 || q->r.len > 0 || challenged(a))
		return challenge_nonce(a, q, nonce);
	if (q->nonce.len != 32)
		return IMP_R_MALFORMED;
	memcpy(nonce, q->nonce.ptr, 32);
	return IMP_R_NONE;
}

static void apply(struct imp_agent *a, struct imp_span nonce, struct imp_response *r)
{
	struct applied done;
	enum imp_reason reason = apply_staged(a, &done);

	if (reason) {
		refuse(r, reason);
		return;
	}
	r->again = done.again;
	if (done.quiet)
		return;
	r->evidence = report_evidence(a, nonce);
	if (r->evidence.len == 0) /* it is applied: no reason may say that it is not */
		refuse_smp(r, IMP_SMP_UNKNOWN);
}

static void do_stage(struct imp_agent *a, const struct imp_request *q, size_t room,
		     struct imp_response *r)
{
	bool complete;
	enum imp_reason reason = stage_chunk(a, q, &complete);

	(void)room;
	if (reason) {
		refuse(r, reason);
		return;
	}
	r->has_off = true;
	r->off = a->staged_off;
	if (complete && q->nonce.len > 0)
		apply(a, q->nonce, r);
}

static void do_apply(struct imp_agent *a, const struct imp_request *q, size_t room,
		     struct imp_response *r)
{
	(void)room;
	if (q->sha.len != 32 || q->nonce.len != 32 || !a->staged ||
	    a->staged_off != a->staged_len || !id_is(q->sha.ptr, a->staged_sha))
		refuse(r, IMP_R_MALFORMED);
	else
		apply(a, q->nonce, r);
}

static enum imp_reason begin_proof(struct imp_agent *a, const struct imp_request *q,
				   uint8_t nonce[32])
{
	enum imp_reason reason = take_nonce(a, q, nonce);

	if (reason)
		return reason;
	return a->broken || keys_ensure(a) ? IMP_R_STORAGE : IMP_R_NONE;
}

static void do_attest(struct imp_agent *a, const struct imp_request *q, size_t room,
		      struct imp_response *r)
{
	uint8_t nonce[32];
	enum imp_reason reason = begin_proof(a, q, nonce);

	(void)room;
	if (!reason)
		r->evidence = report_evidence(a, IMP_SPAN(nonce));
	if (reason || r->evidence.len == 0)
		refuse(r, reason ? reason : IMP_R_STORAGE);
}

static void do_enroll(struct imp_agent *a, const struct imp_request *q, size_t room,
		      struct imp_response *r)
{
	uint8_t nonce[32];
	enum imp_reason reason = begin_proof(a, q, nonce);

	(void)room;
	if (!reason)
		r->card = report_card(a, IMP_SPAN(nonce));
	if (reason || r->card.len == 0)
		refuse(r, reason ? reason : IMP_R_STORAGE);
}

static void do_history(struct imp_agent *a, const struct imp_request *q, size_t room,
		       struct imp_response *r)
{
	enum imp_reason reason = challenge_check(a, q->challenge);

	if (reason)
		refuse(r, reason);
	else if (!q->has_from)
		refuse(r, IMP_R_MALFORMED);
	else if (a->broken)
		refuse(r, IMP_R_STORAGE);
	else
		report_history(a, q->from, room, r);
}

static void do_echo(struct imp_agent *a, const struct imp_request *q, size_t room,
		    struct imp_response *r)
{
	(void)a;
	(void)room;
	if (q->echo.len > 0)
		r->echo = q->echo;
	else
		refuse_smp(r, IMP_SMP_INVALID);
}

static void do_params(struct imp_agent *a, const struct imp_request *q, size_t room,
		      struct imp_response *r)
{
	(void)q;
	(void)room;
	r->buf_size = a->board->buffer;
	r->buf_count = 1;
}

static const struct row {
	uint16_t group;
	uint8_t id, op;
	/* Fill the response: fields, or an error. */
	void (*handle)(struct imp_agent *a, const struct imp_request *q, size_t room,
		       struct imp_response *r);
} table[] = {
	{ IMP_GROUP_OS, IMP_OS_ECHO, IMP_SMP_WRITE, do_echo },
	{ IMP_GROUP_OS, IMP_OS_ECHO, IMP_SMP_READ, do_echo },
	{ IMP_GROUP_OS, IMP_OS_PARAMS, IMP_SMP_READ, do_params },
	{ IMP_GROUP_IMPRINT, IMP_STAGE, IMP_SMP_WRITE, do_stage },
	{ IMP_GROUP_IMPRINT, IMP_APPLY, IMP_SMP_WRITE, do_apply },
	{ IMP_GROUP_IMPRINT, IMP_ATTEST, IMP_SMP_WRITE, do_attest },
	{ IMP_GROUP_IMPRINT, IMP_ENROLL, IMP_SMP_WRITE, do_enroll },
	{ IMP_GROUP_IMPRINT, IMP_HISTORY, IMP_SMP_READ, do_history },
};

/* Every pair that an object must exceed, whether or not a profile is there: where none
 * is, its id is zeros. */
static void describe_domains(const struct imp_agent_state *s, struct imp_describe *d)
{
	static const uint8_t none[32];

	if (s->sequence0 > 0) {
		d->domains |= 1;
		d->domain[0].id = IMP_SPAN(none);
	}
	for (unsigned i = 0; i < s->domains; i++) {
		const struct imp_agent_domain *have = &s->domain[i];

		d->domains |= (uint16_t)(1u << have->domain);
		d->domain[have->domain] = (struct imp_described){
			.domain_epoch = have->domain_epoch,
			.sequence = have->sequence,
			.id = have->state == IMP_DOMAIN_SET ? IMP_SPAN(have->id)
							    : IMP_SPAN(none),
		};
	}
	d->domain[0].sequence = s->sequence0;
}

static void describe_state(struct imp_agent *a, struct imp_describe *d)
{
	const struct imp_agent_state *s = &a->state;

	d->ueid = a->board->ueid;
	d->has_oemid = true;
	d->oemid = a->board->oemid;
	d->hwmodel = a->board->hwmodel;
	d->life = report_life(a);
	if (s->enrolled && a->has_keys) {
		d->signing = IMP_SPAN(a->signing_kid);
		d->sealing = IMP_SPAN(a->sealing_kid);
	}
	d->owned = s->owned;
	d->owner = IMP_SPAN(s->owner_kid);
	d->owner_epoch = s->owner_epoch;
	d->record = IMP_SPAN(s->record);
	describe_domains(s, d);
	d->staged = a->staged;
	d->staged_off = a->staged_off;
	d->staged_sha = IMP_SPAN(a->staged_sha);
}

static void put_describe(struct imp_agent *a, struct imp_writer *w)
{
	struct imp_describe d = { .v1 = true,
				  .buf = a->board->buffer,
				  .cobs = a->board->cobs,
				  .bare = a->bare };

	d.restricted = challenged(a);
	if (!d.restricted)
		describe_state(a, &d);
	imp_describe_encode(&d, w);
}

static const struct row *row_of(const struct imp_smp *smp)
{
	for (size_t i = 0; i < COUNTOF(table); i++)
		if (table[i].group == smp->group && table[i].id == smp->id &&
		    table[i].op == smp->op)
			return &table[i];
	return NULL;
}

static void answer(struct imp_agent *a, const struct imp_smp *smp, struct imp_writer *w)
{
	const struct row *row = row_of(smp);
	struct imp_response r = { 0 };
	struct imp_request q;

	if (smp->group == IMP_GROUP_IMPRINT && smp->id == IMP_DESCRIBE &&
	    smp->op == IMP_SMP_READ) {
		put_describe(a, w);
		return;
	}
	if (!row)
		refuse_smp(&r, IMP_SMP_NOTSUP);
	else if (!imp_request_decode(smp->body, &q))
		refuse_smp(&r, IMP_SMP_INVALID);
	else
		row->handle(a, &q, w->cap - w->len, &r);
	imp_response_encode(&r, w);
}

void imp_agent_handle(struct imp_agent *a, struct imp_span packet,
		      struct imp_writer *response)
{
	struct imp_smp smp, reply;
	size_t at;

	if (!imp_smp_decode(packet, &smp) ||
	    (smp.op != IMP_SMP_READ && smp.op != IMP_SMP_WRITE))
		return;
	reply = smp;
	reply.op = (uint8_t)(smp.op + 1);
	at = imp_smp_open(response, &reply);
	answer(a, &smp, response);
	if (!response->ok) { /* the link's buffer is too small for the answer */
		const struct imp_response r = { .failed = true, .rc = IMP_SMP_MSGSIZE };

		response->len = at;
		response->ok = true;
		at = imp_smp_open(response, &reply);
		imp_response_encode(&r, response);
	}
	imp_smp_close(response, at);
}

static bool board_is_sane(const struct imp_board *b)
{
	return b->ueid.len >= IMP_UEID_MIN && b->ueid.len <= IMP_UEID_MAX &&
	       b->hwmodel.len >= 1 && b->hwmodel.len <= IMP_HWMODEL_MAX &&
	       b->write_unit >= 1 && b->write_unit <= UNIT_MAX &&
	       UNIT_MAX % b->write_unit == 0 && b->half_size >= HALF_MIN &&
	       b->half_size % b->write_unit == 0 && b->buffer >= BUFFER_MIN &&
	       b->objects.len > 0;
}

int imp_agent_boot(struct imp_agent *a, const struct imp_board *board,
		   const struct imp_port *port, struct imp_crypto *crypto)
{
	memset(a, 0, sizeof(*a));
	a->board = board;
	a->port = port;
	a->crypto = crypto;
	if (!board_is_sane(board))
		return -IMP_EUSAGE;
	if (store_load(a) || (a->state.enrolled && keys_ensure(a))) {
		memset(&a->state, 0, sizeof(a->state));
		a->broken = true;
		return -IMP_ERESOURCE;
	}
	state_activate(a);
	return 0;
}
