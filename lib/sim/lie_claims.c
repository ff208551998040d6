/* SPDX-License-Identifier: Apache-2.0 */
/* Lies about evidence. */
#include <string.h>

#include "object/signed.h"
#include "sim/unit.h"

/* A copy with a bit of its second byte turned: of a UEID that is a digit, and of a hash
 * it is among the bytes that messages show. */
static struct imp_span turned(struct imp_span s, struct sim_claim *room)
{
	size_t n = s.len < sizeof(room->bytes) ? s.len : sizeof(room->bytes);

	if (n == 0)
		return s;
	memcpy(room->bytes, s.ptr, n);
	room->bytes[n > 1] ^= 1;
	return (struct imp_span){ room->bytes, n };
}

/* The first domain that holds something. */
static struct imp_measured *held(struct imp_evidence *e)
{
	for (unsigned d = 0; d < IMP_EVIDENCE_DOMAINS; d++)
		if (e->used >> d & 1)
			return &e->domain[d];
	return NULL;
}

static void nonce(struct imp_evidence *e, struct sim_claim *room)
{
	e->nonce = turned(e->nonce, room);
}

static void ueid(struct imp_evidence *e, struct sim_claim *room)
{
	e->ueid = turned(e->ueid, room);
}

static void class(struct imp_evidence *e, struct sim_claim *room)
{
	e->hwmodel = turned(e->hwmodel, room);
}

static void debug(struct imp_evidence *e, struct sim_claim *room)
{
	(void)room;
	e->dbgstat = IMP_DEBUG_ENABLED;
}

static void lifecycle(struct imp_evidence *e, struct sim_claim *room)
{
	(void)room;
	e->life = e->life == IMP_LIFE_UNOWNED ? IMP_LIFE_OWNED : IMP_LIFE_UNOWNED;
}

static void profile_id(struct imp_evidence *e, struct sim_claim *room)
{
	struct imp_measured *m = held(e);

	if (m)
		m->id = turned(m->id, room);
}

static void authority(struct imp_evidence *e, struct sim_claim *room)
{
	struct imp_measured *m = held(e);

	if (m)
		m->authority = turned(m->authority, room);
}

static void sequence(struct imp_evidence *e, struct sim_claim *room)
{
	struct imp_measured *m = held(e);

	(void)room;
	if (m)
		m->sequence++;
}

static void epoch(struct imp_evidence *e, struct sim_claim *room)
{
	(void)room;
	e->owner_epoch++;
}

static void owner(struct imp_evidence *e, struct sim_claim *room)
{
	e->owner = turned(e->owner, room);
}

static void record(struct imp_evidence *e, struct sim_claim *room)
{
	e->record = turned(e->record, room);
}

/* Nothing was wiped. */
static void kept(struct imp_evidence *e, struct sim_claim *room)
{
	(void)room;
	for (unsigned d = 0; d < IMP_EVIDENCE_DOMAINS; d++)
		if (e->used >> d & 1)
			e->domain[d].state = IMP_DOMAIN_SET;
}

static void history(struct imp_evidence *e, struct sim_claim *room)
{
	e->chain[0].h = turned(e->chain[0].h, room);
}

/* Locked, whether it is or not. */
static void locked(struct imp_evidence *e, struct sim_claim *room)
{
	(void)room;
	e->life = IMP_LIFE_LOCKED;
}

/* Signs in the device's name. */
static int own_sign(void *ctx, const struct imp_span *part, size_t count, uint8_t sig[64])
{
	const struct sim_unit *u = ctx;

	return imp_soft_sign(u->crypto, IMP_ALG_ES256, u->keys.signing, part, count, sig);
}

/* The sealing key is a P-256 key, too, and not the one that signs. */
static int wrong_sign(void *ctx, const struct imp_span *part, size_t count,
		      uint8_t sig[64])
{
	const struct sim_unit *u = ctx;

	return imp_soft_sign(u->crypto, IMP_ALG_ES256, u->keys.sealing, part, count, sig);
}

static struct imp_span sign_as(struct sim_unit *u, enum imp_kind kind,
			       struct imp_span payload, const struct imp_pub *pub,
			       int (*sign)(void *ctx, const struct imp_span *part,
					   size_t count, uint8_t sig[64]))
{
	const struct imp_signer signer = {
		.alg = IMP_ALG_ES256, .pub = *pub, .ctx = u, .sign = sign
	};
	struct imp_writer w = imp_writer(u->lying.token, sizeof(u->lying.token));

	if (imp_signed_put_one(u->crypto, &signer, kind, (struct imp_span){ 0 }, payload,
			       &w, NULL))
		return (struct imp_span){ 0 };
	return imp_written(&w);
}

struct imp_span sim_lie_sign(struct sim_unit *u, struct imp_span payload)
{
	return sign_as(u, IMP_KIND_EVIDENCE, payload, &u->keys.signing_pub, own_sign);
}

/* The true payload, moved aside so that the token can be written. */
static struct imp_span payload_of(struct sim_unit *u, struct imp_span token)
{
	struct imp_writer w = imp_writer(u->lying.payload, sizeof(u->lying.payload));
	struct imp_signed s;

	if (imp_signed_decode(token, &s, NULL))
		return (struct imp_span){ 0 };
	imp_put(&w, s.cose.payload);
	return imp_written(&w);
}

static struct imp_span no_evidence(struct sim_unit *u, struct imp_span truth)
{
	(void)u;
	(void)truth;
	return (struct imp_span){ 0 };
}

static struct imp_span wrong_key(struct sim_unit *u, struct imp_span truth)
{
	return sign_as(u, IMP_KIND_EVIDENCE, payload_of(u, truth), &u->keys.signing_pub,
		       wrong_sign);
}

static struct imp_span foreign_key(struct sim_unit *u, struct imp_span truth)
{
	return sign_as(u, IMP_KIND_EVIDENCE, payload_of(u, truth), &u->keys.sealing_pub,
		       wrong_sign);
}

static struct imp_span wrong_type(struct sim_unit *u, struct imp_span truth)
{
	return sign_as(u, IMP_KIND_CARD, payload_of(u, truth), &u->keys.signing_pub,
		       own_sign);
}

static struct imp_span first_evidence(struct sim_unit *u, struct imp_span truth)
{
	struct sim_lying *l = &u->lying;

	if (l->first_len == 0 && truth.len <= sizeof(l->first)) {
		memcpy(l->first, truth.ptr, truth.len);
		l->first_len = truth.len;
	}
	return (struct imp_span){ l->first, l->first_len };
}

/* What was true when it was first asked, under the nonce of now. */
static struct imp_span old_state(struct sim_unit *u, struct imp_span truth)
{
	struct imp_evidence now, then;
	struct imp_signed s;
	struct imp_writer w = imp_writer(u->lying.payload, sizeof(u->lying.payload));

	if (imp_signed_decode(truth, &s, NULL) ||
	    imp_evidence_decode(s.cose.payload, &now, NULL) ||
	    imp_signed_decode(first_evidence(u, truth), &s, NULL) ||
	    imp_evidence_decode(s.cose.payload, &then, NULL))
		return (struct imp_span){ 0 };
	then.nonce = now.nonce;
	then.boot = now.boot;
	then.count = now.count;
	imp_evidence_encode(&then, &w);
	return sim_lie_sign(u, imp_written(&w));
}

/* A payload with one pair more or less: the map's count is its first byte. */
static struct imp_span resize(struct sim_unit *u, struct imp_span payload, size_t skip,
			      int by, struct imp_span add)
{
	uint8_t out[SIM_TOKEN];
	struct imp_writer w = imp_writer(out, sizeof(out));

	imp_put_u8(&w, (uint8_t)(payload.ptr[0] + by));
	imp_put(&w, (struct imp_span){ payload.ptr + 1 + skip, payload.len - 1 - skip });
	imp_put(&w, add);
	return sim_lie_sign(u, imp_written(&w));
}

/* The nonce is the first claim: 0a 58 20 and 32 bytes. */
static struct imp_span no_nonce(struct sim_unit *u, struct imp_span truth)
{
	struct imp_span p = payload_of(u, truth);

	return p.len > 36 ? resize(u, p, 35, -1, (struct imp_span){ 0 })
			  : (struct imp_span){ 0 };
}

/* A claim that nobody knows, behind all others: -80000 => 1. */
static struct imp_span extra_claim(struct sim_unit *u, struct imp_span truth)
{
	static const uint8_t extra[] = { 0x3a, 0x00, 0x01, 0x38, 0x7f, 0x01 };
	struct imp_span p = payload_of(u, truth);

	return p.len > 0 ? resize(u, p, 0, 1, IMP_SPAN(extra)) : p;
}

const struct sim_lie sim_lie_claims[] = {
	{ .name = "no-evidence", .token = no_evidence },
	{ .name = "key", .token = wrong_key },
	{ .name = "foreign-key", .token = foreign_key },
	{ .name = "wrong-type", .token = wrong_type },
	{ .name = "nonce", .claim = nonce },
	{ .name = "missing", .token = no_nonce },
	{ .name = "replay", .token = first_evidence },
	{ .name = "old-state", .token = old_state },
	{ .name = "claim", .token = extra_claim },
	{ .name = "ueid", .claim = ueid },
	{ .name = "class", .claim = class },
	{ .name = "debug", .claim = debug },
	{ .name = "lifecycle", .claim = lifecycle },
	{ .name = "locked", .claim = locked },
	{ .name = "profile-id", .claim = profile_id },
	{ .name = "authority", .claim = authority },
	{ .name = "sequence", .claim = sequence },
	{ .name = "epoch", .claim = epoch },
	{ .name = "owner", .claim = owner },
	{ .name = "record", .claim = record },
	{ .name = "kept", .claim = kept },
	{ .name = "history", .claim = history },
};
const size_t sim_lie_claims_count = COUNTOF(sim_lie_claims);
