/* SPDX-License-Identifier: Apache-2.0 */
/* Parties, boards and objects for the agent's tests. */
#include <criterion/criterion.h>
#include <string.h>

#include "kit.h"
#include "object/profile.h"
#include "object/seal.h"
#include "object/signed.h"

static const uint8_t zeros[32];
static const uint8_t cellular_bytes[] = { 0xa1, 0x0a, 0xa1, 0x00, 0xa1,
					  0x04, 0x19, 0x8c, 0xa0 };
static const uint8_t apn_bytes[] = { 0xa1, 0x0b, 0xa1, 0x00, 0xa1, 0x00, 0x61, 'x' };
const struct imp_span cellular = { cellular_bytes, sizeof(cellular_bytes) };
const struct imp_span apn = { apn_bytes, sizeof(apn_bytes) };

void scene_start(struct scene *s, bool with_maker)
{
	cr_assert_eq(imp_crypto_new(&s->crypto, NULL), 0);
	party_init(&s->owner, s->crypto);
	party_init(&s->maker, s->crypto);
	party_init(&s->stranger, s->crypto);
	party_init(&s->approver[0], s->crypto);
	party_init(&s->approver[1], s->crypto);
	party_init(&s->tenant, s->crypto);
	party_init(&s->deputy, s->crypto);
	board_init(&s->dev, s->crypto, 1, with_maker);
	board_init(&s->other, s->crypto, 2, with_maker);
	s->dev.maker = s->other.maker = s->maker.signer.pub;
	cr_assert_eq(board_boot(&s->dev), 0);
	cr_assert_eq(board_boot(&s->other), 0);
}

void scene_stop(struct scene *s)
{
	imp_crypto_free(&s->crypto);
}

void scene_enroll(struct board *b)
{
	struct imp_response r;

	cr_assert(board_request(b, IMP_ENROLL, 0, &r));
	cr_assert_gt(r.card.len, 0);
}

static struct imp_span or_else(struct imp_span s, struct imp_span other)
{
	return s.len > 0 ? s : other;
}

/* As one(kind), or as many(kind) where signers are given; or as a leaf. */
static void sign(struct scene *s, enum imp_kind kind, const struct party *issuer,
		 const struct imp_signer *signer, size_t signers, struct imp_span un,
		 struct imp_span payload, const struct leaf_spec *leaf,
		 struct imp_writer *w)
{
	/* Behind the head of the map and the label: {13: grant}. */
	const struct imp_span grant = { un.len > 0 ? un.ptr + 2 : NULL,
					un.len > 0 ? un.len - 2 : 0 };
	const struct leaf_signers by = { issuer, signer, signers, grant };

	cr_assert_gt(payload.len, 0);
	if (leaf)
		w->len = make_leaf(s->crypto, leaf, &by, kind, payload, w->ptr).len;
	else if (signer)
		cr_assert_eq(imp_signed_put_many(s->crypto, issuer->kid, signer, signers,
						 kind, un, payload, w),
			     0);
	else
		cr_assert_eq(imp_signed_put_one(s->crypto, &issuer->signer, kind, un,
						payload, w, NULL),
			     0);
}

struct imp_span make_claim(struct scene *s, const struct board *b,
			   const struct claim_spec *spec, uint8_t out[KIT_CAP])
{
	const struct party *issuer = spec->issuer ? spec->issuer : &s->owner;
	const struct imp_signer *signer = spec->signer ? spec->signer : &issuer->signer;
	uint8_t payload[1024];
	struct imp_writer p = imp_writer(payload, sizeof(payload));
	struct imp_writer w = imp_writer(out, KIT_CAP);
	struct imp_transfer t = {
		.owner_epoch = spec->epoch ? spec->epoch : 1,
		.target = { .ueid = or_else(spec->ueid, b->constants.ueid) },
		.owner = spec->to ? spec->to->signer.pub : s->owner.signer.pub,
		.approval = spec->approval,
		.policy = spec->policy,
		.previous = or_else(spec->previous, IMP_SPAN(zeros)),
		.has_kept = spec->kept,
		.kept = spec->domains,
		.recovery = spec->recovery,
	};

	if (spec->class_target)
		t.target = (struct imp_target){ .has_oemid = true,
						.oemid = b->constants.oemid,
						.hwmodel = b->constants.hwmodel };
	imp_transfer_encode(&t, &p);
	sign(s, IMP_KIND_TRANSFER, issuer, spec->one ? NULL : signer,
	     spec->signer ? spec->signers : 1, (struct imp_span){ 0 }, imp_written(&p),
	     spec->leaf, &w);
	return imp_written(&w);
}

struct imp_span make_transfer(struct scene *s, const struct party *from,
			      struct claim_spec spec, uint8_t out[KIT_CAP])
{
	const struct imp_agent_state *st = &s->dev.agent.state;
	const struct party *to = spec.to ? spec.to : &s->owner;
	const struct imp_signer both[] = { from->signer, to->signer };

	spec.epoch = spec.epoch ? spec.epoch : st->owner_epoch + 1;
	spec.previous = or_else(spec.previous, IMP_SPAN(st->record));
	spec.issuer = spec.issuer ? spec.issuer : from;
	if (!spec.signer) {
		spec.signer = both;
		spec.signers = from == to ? 1 : 2;
	}
	return make_claim(s, &s->dev, &spec, out);
}

/* The maker signs, too, where the board knows one who is not the owner. */
void scene_claim(struct scene *s, struct board *b)
{
	static uint8_t buf[KIT_CAP];
	const struct imp_signer both[] = { s->owner.signer, s->maker.signer };
	struct claim_spec spec = { .signer = both, .signers = 1 };

	if (b->constants.maker && !imp_pub_eq(&b->maker, &s->owner.signer.pub))
		spec.signers = 2;
	scene_enroll(b);
	cr_assert_eq(board_push(b, make_claim(s, b, &spec, buf), NULL), 0);
}

struct imp_span for_board(const struct board *b, uint8_t out[64])
{
	const struct imp_target t = { .ueid = b->constants.ueid };
	struct imp_writer w = imp_writer(out, 64);

	imp_cbor_put_array(&w, 1);
	imp_target_put(&w, &t);
	return imp_written(&w);
}

struct imp_span chain_of(struct imp_span grant, uint8_t out[KIT_CAP])
{
	struct imp_writer w = imp_writer(out, KIT_CAP);

	if (grant.len == 0)
		return grant;
	imp_cbor_put_map(&w, 1);
	imp_cbor_put_int(&w, IMP_HDR_CHAIN);
	imp_put(&w, grant);
	cr_assert(w.ok);
	return imp_written(&w);
}

struct imp_span make_grant(struct scene *s, const struct grant_spec *spec,
			   uint8_t out[KIT_CAP])
{
	const struct party *holder = spec->holder ? spec->holder : &s->tenant;
	const struct party *issuer = spec->issuer ? spec->issuer : &s->owner;
	uint8_t payload[1536], un[KIT_CAP], device[64];
	struct imp_writer p = imp_writer(payload, sizeof(payload));
	struct imp_writer w = imp_writer(out, KIT_CAP);
	const struct imp_grant g = {
		.holder = holder->signer.pub,
		.domain = spec->domain ? spec->domain : 1,
		.objects = or_else(spec->objects, IMP_TEXT("\xa2\x0a\x80\x0b\x80")),
		.targets = or_else(spec->targets, for_board(&s->dev, device)),
		.has_exp = spec->exp > 0,
		.exp = spec->exp,
		.epochs = { spec->epochs[0] ? spec->epochs[0] : 1, spec->epochs[1] },
		.sequences = { spec->sequences[0] ? spec->sequences[0] : 1,
			       spec->sequences[1] ? spec->sequences[1] : INT64_MAX },
		.depth = spec->depth,
		.approval = spec->approval,
	};

	imp_grant_encode(&g, &p);
	sign(s, IMP_KIND_GRANT, issuer, spec->signer, spec->signers,
	     chain_of(spec->parent, un), imp_written(&p), spec->leaf, &w);
	if (spec->spoil_signature)
		out[w.len - 1] ^= 1;
	return imp_written(&w);
}

struct imp_span make_profile(struct scene *s, const struct spec *spec,
			     uint8_t out[KIT_CAP], uint8_t id[32])
{
	const struct party *issuer = spec->issuer ? spec->issuer : &s->owner;
	const struct board *target = spec->target ? spec->target : &s->dev;
	uint8_t payload[2048], un[KIT_CAP];
	struct imp_writer p = imp_writer(payload, sizeof(payload));
	struct imp_writer w = imp_writer(out, KIT_CAP);
	struct imp_signed object;
	const struct imp_profile profile = {
		.domain = spec->domain,
		.sequence = spec->sequence ? spec->sequence : 1,
		.target = { .ueid = target->constants.ueid, .hwmodel = spec->hwmodel },
		.settings = or_else(spec->settings, cellular),
		.salt = { zeros, IMP_PROFILE_SALT },
		.replaces = spec->replaces,
		.epochs = { spec->epochs[0] ? spec->epochs[0] : 1, spec->epochs[1] },
	};

	imp_profile_encode(&profile, &p);
	sign(s, IMP_KIND_PROFILE, issuer, spec->signer, spec->signers,
	     chain_of(spec->grant, un), imp_written(&p), spec->leaf, &w);
	if (spec->leaf) {
		leaf_identity(s->crypto, issuer->kid, IMP_KIND_PROFILE, imp_written(&p),
			      id);
	} else {
		cr_assert_eq(imp_signed_decode(imp_written(&w), &object, NULL), 0);
		cr_assert_eq(imp_signed_id(s->crypto, &object, id), 0);
	}
	if (spec->spoil_signature)
		out[w.len - 1] ^= 1;
	return imp_written(&w);
}

/* The last letter of the typ, in place. */
static void spoil_typ(uint8_t *out, size_t len)
{
	static const char word[] = "package+cose";

	for (size_t i = 0; i + sizeof(word) < len; i++)
		if (memcmp(out + i, word, sizeof(word) - 1) == 0)
			out[i] = 'q';
}

struct imp_span make_package(struct scene *s, const struct spec *spec,
			     uint8_t out[KIT_CAP], uint8_t id[32])
{
	const struct party *issuer = spec->issuer ? spec->issuer : &s->owner;
	const struct board *to = spec->recipient ? spec->recipient : &s->dev;
	uint8_t object[KIT_CAP], own[32], *the_id = id ? id : own;
	struct imp_writer w = imp_writer(out, KIT_CAP);
	struct imp_package_claims claims = {
		.ueid = to->constants.ueid,
		.profile_id = { the_id, 32 },
		.issuer = IMP_SPAN(issuer->kid),
		.domain = spec->domain,
		.epochs = { spec->epochs[0] ? spec->epochs[0] : 1, spec->epochs[1] },
		.sequence = spec->sequence ? spec->sequence : 1,
	};
	struct imp_span content = make_profile(s, spec, object, the_id);

	claims.sequence += spec->outer_differs == 1;
	claims.epochs[0] += spec->outer_differs == 2;
	claims.epochs[1] += spec->outer_differs == 3;
	claims.domain += spec->outer_differs == 4;
	if (spec->outer_differs == 5)
		claims.issuer = IMP_SPAN(zeros);
	if (spec->outer_differs == 6)
		claims.profile_id = IMP_SPAN(zeros);
	cr_assert_eq(imp_package_seal(s->crypto, &to->pub[IMP_KEY_SEALING], &claims,
				      content, &w),
		     0);
	if (spec->spoil_cipher)
		out[w.len / 2] ^= 1;
	if (spec->spoil_typ)
		spoil_typ(out, w.len);
	return imp_written(&w);
}

unsigned push_package(struct scene *s, const struct spec *spec, bool *again)
{
	static uint8_t buf[KIT_CAP];

	return board_push(&s->dev, make_package(s, spec, buf, NULL), again);
}

struct imp_span make_command(struct scene *s, struct imp_command m,
			     const struct party *by, uint8_t out[KIT_CAP])
{
	uint8_t payload[256];
	struct imp_writer p = imp_writer(payload, sizeof(payload));
	struct imp_writer w = imp_writer(out, KIT_CAP);

	if (m.target.ueid.len == 0 && !m.target.has_oemid)
		m.target.ueid = s->dev.constants.ueid;
	m.owner_epoch = m.owner_epoch ? m.owner_epoch : 1;
	imp_command_encode(&m, &p);
	sign(s, IMP_KIND_COMMAND, by, NULL, 0, (struct imp_span){ 0 }, imp_written(&p),
	     NULL, &w);
	return imp_written(&w);
}

unsigned push_command(struct scene *s, struct imp_command m, const struct party *by,
		      bool *again)
{
	static uint8_t buf[KIT_CAP];

	return board_push(&s->dev, make_command(s, m, by, buf), again);
}

struct imp_span make_challenge(struct scene *s, struct imp_challenge x,
			       const struct party *by, struct imp_span grant,
			       uint8_t out[KIT_CAP])
{
	uint8_t payload[256], un[KIT_CAP];
	struct imp_writer p = imp_writer(payload, sizeof(payload));
	struct imp_writer w = imp_writer(out, KIT_CAP);

	if (x.target.ueid.len == 0 && x.target.hwmodel.len == 0)
		x.target.ueid = s->dev.constants.ueid;
	if (x.beacon.len == 0)
		x.beacon = IMP_SPAN(zeros);
	x.epochs[0] = x.epochs[0] ? x.epochs[0] : 1;
	imp_challenge_encode(&x, &p);
	sign(s, IMP_KIND_CHALLENGE, by, NULL, 0, chain_of(grant, un), imp_written(&p),
	     NULL, &w);
	return imp_written(&w);
}

/* Source: SEC 2, 2.4.2 */
static const uint8_t p256_prime[32] = { 0xff, 0xff, 0xff, 0xff, 0,    0,    0,	  1,
					0,    0,    0,	  0,	0,    0,    0,	  0,
					0,    0,    0,	  0,	0xff, 0xff, 0xff, 0xff,
					0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
static const uint8_t p256_order[32] = { 0xff, 0xff, 0xff, 0xff, 0,    0,    0,	  0,
					0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
					0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84,
					0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51 };

/* Big-endian, in place: x = from - x. */
static void negate(uint8_t x[32], const uint8_t from[32])
{
	int borrow = 0;

	for (size_t i = 32; i-- > 0;) {
		int d = from[i] - x[i] - borrow;

		borrow = d < 0;
		x[i] = (uint8_t)(d + 256 * borrow);
	}
}

void other_s(uint8_t s[32])
{
	negate(s, p256_order);
}

void other_y(uint8_t y[32])
{
	negate(y, p256_prime);
}
