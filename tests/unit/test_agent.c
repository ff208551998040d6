/* SPDX-License-Identifier: Apache-2.0 */
/* The agent: what it takes, what it refuses and with which reason, what it says of
 * itself. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "board.h"
#include "evidence/token.h"
#include "object/command.h"
#include "object/profile.h"
#include "object/seal.h"
#include "object/signed.h"
#include "wire/message.h"

enum { CAP = 4096 };

static struct imp_crypto *crypto;
static struct party owner, maker, stranger, approver[2];
static struct board dev, other;
static const uint8_t zeros[32];

static void start(bool with_maker)
{
	cr_assert_eq(imp_crypto_new(&crypto, NULL), 0);
	party_init(&owner, crypto);
	party_init(&maker, crypto);
	party_init(&stranger, crypto);
	party_init(&approver[0], crypto);
	party_init(&approver[1], crypto);
	board_init(&dev, crypto, 1, with_maker);
	board_init(&other, crypto, 2, with_maker);
	dev.maker = other.maker = maker.signer.pub;
	cr_assert_eq(board_boot(&dev), 0);
	cr_assert_eq(board_boot(&other), 0);
}

static void stop(void)
{
	imp_crypto_free(&crypto);
}

/* Keys exist once somebody asked: the card is not looked at here. */
static void enroll(struct board *b)
{
	uint8_t buf[64];
	struct imp_writer w = imp_writer(buf, sizeof(buf));
	const struct imp_request q = { .nonce = IMP_SPAN(zeros) };
	struct imp_response r;

	imp_request_encode(&q, &w);
	cr_assert_eq(imp_response_decode(board_ask(b, IMP_GROUP_IMPRINT, IMP_ENROLL,
						   IMP_SMP_WRITE, imp_written(&w)),
					 &r, NULL),
		     0);
	cr_assert_gt(r.card.len, 0);
}

struct claim_spec {
	uint32_t epoch, policy;
	const uint8_t *previous;
	const struct imp_signer *signer;
	size_t signers;
	struct imp_approval approval;
};

static struct imp_span make_claim(struct board *b, const struct claim_spec *s,
				  uint8_t *out)
{
	uint8_t payload[1024];
	struct imp_writer p = imp_writer(payload, sizeof(payload)),
			  w = imp_writer(out, CAP);
	const struct imp_transfer t = {
		.owner_epoch = s->epoch,
		.target = { .ueid = b->constants.ueid },
		.owner = owner.signer.pub,
		.approval = s->approval,
		.policy = s->policy,
		.previous = { s->previous ? s->previous : zeros, 32 },
	};

	imp_transfer_encode(&t, &p);
	cr_assert_eq(imp_signed_put_many(crypto, owner.kid, s->signer, s->signers,
					 IMP_KIND_TRANSFER, (struct imp_span){ 0 },
					 imp_written(&p), &w),
		     0);
	return imp_written(&w);
}

static void claim(struct board *b)
{
	static uint8_t buf[CAP];
	const struct claim_spec s = { .epoch = 1, .signer = &owner.signer, .signers = 1 };

	enroll(b);
	cr_assert_eq(board_push(b, make_claim(b, &s, buf), NULL), 0);
}

struct spec {
	struct board *target; /* inside */
	const struct party *issuer;
	uint32_t domain, epochs[2];
	uint64_t sequence;
	struct imp_span settings, replaces;
	bool outer_differs, tamper_signature;
	uint32_t hwmodel_wrong;
};

static const uint8_t cellular[] = {
	0xa1, 0x0a, 0xa1, 0x00, 0xa1, 0x04, 0x19, 0x8c, 0xa0
};
static const uint8_t apn[] = { 0xa1, 0x0b, 0xa1, 0x00, 0xa1, 0x00, 0x61, 'x' };

static uint8_t last_id[32];

/* A package for `to`, around a profile as specified. */
static struct imp_span make(const struct spec *s, struct board *to, uint8_t *out)
{
	uint8_t payload[2048], object[2560];
	struct imp_writer p = imp_writer(payload, sizeof(payload));
	struct imp_writer o = imp_writer(object, sizeof(object)),
			  w = imp_writer(out, CAP);
	struct imp_profile profile = {
		.domain = s->domain,
		.sequence = s->sequence,
		.target = { .ueid = s->target->constants.ueid },
		.settings = s->settings.len ? s->settings : IMP_SPAN(cellular),
		.salt = { zeros, 16 },
		.replaces = s->replaces,
		.epochs = { s->epochs[0], s->epochs[1] },
	};
	struct imp_package_claims claims = {
		.ueid = to->constants.ueid,
		.issuer = IMP_SPAN(s->issuer->kid),
		.domain = s->domain,
		.epochs = { s->epochs[0], s->epochs[1] },
		.sequence = s->sequence + s->outer_differs,
	};

	if (s->hwmodel_wrong)
		profile.target.hwmodel = IMP_TEXT("other");
	imp_profile_encode(&profile, &p);
	cr_assert_eq(imp_signed_put_one(crypto, &s->issuer->signer, IMP_KIND_PROFILE,
					(struct imp_span){ 0 }, imp_written(&p), &o,
					last_id),
		     0);
	if (s->tamper_signature)
		object[o.len - 1] ^= 1;
	claims.profile_id = IMP_SPAN(last_id);
	cr_assert_eq(imp_package_seal(crypto, &to->pub[IMP_KEY_SEALING], &claims,
				      imp_written(&o), &w),
		     0);
	return imp_written(&w);
}

static struct spec good(void)
{
	return (struct spec){ .target = &dev,
			      .issuer = &owner,
			      .domain = 1,
			      .epochs = { 1, 0 },
			      .sequence = 1 };
}

static unsigned push_spec(const struct spec *s, bool *again)
{
	static uint8_t buf[CAP];

	return board_push(&dev, make(s, &dev, buf), again);
}

static struct imp_span make_command(const struct imp_command *m, const struct party *by,
				    uint8_t *out)
{
	uint8_t payload[256];
	struct imp_writer p = imp_writer(payload, sizeof(payload)),
			  w = imp_writer(out, CAP);

	imp_command_encode(m, &p);
	cr_assert_eq(imp_signed_put_one(crypto, &by->signer, IMP_KIND_COMMAND,
					(struct imp_span){ 0 }, imp_written(&p), &w,
					NULL),
		     0);
	return imp_written(&w);
}

static unsigned command(struct imp_command m, const struct party *by, bool *again)
{
	static uint8_t buf[CAP];

	m.target.ueid = dev.constants.ueid;
	m.owner_epoch = m.owner_epoch ? m.owner_epoch : 1;
	return board_push(&dev, make_command(&m, by, buf), again);
}

static void attest(struct board *b, struct imp_evidence *e)
{
	uint8_t buf[64], nonce[32] = { 9 };
	struct imp_writer w = imp_writer(buf, sizeof(buf));
	const struct imp_request q = { .nonce = IMP_SPAN(nonce) };
	struct imp_response r;
	struct imp_signed s;

	imp_request_encode(&q, &w);
	cr_assert_eq(imp_response_decode(board_ask(b, IMP_GROUP_IMPRINT, IMP_ATTEST,
						   IMP_SMP_WRITE, imp_written(&w)),
					 &r, NULL),
		     0);
	cr_assert_not(r.failed);
	cr_assert_eq(imp_signed_decode(r.evidence, &s, NULL), 0);
	cr_assert_eq(imp_signed_verify(crypto, &s, 0, &b->pub[IMP_KEY_SIGNING]), 0);
	cr_assert_eq(imp_evidence_decode(s.cose.payload, e, NULL), 0);
	cr_assert(imp_span_eq(e->nonce, IMP_SPAN(nonce)));
}

Test(agent, claim_then_profile_is_taken_and_shown)
{
	struct spec s = good();
	struct imp_evidence e;

	start(false);
	claim(&dev);
	cr_assert_eq(push_spec(&s, NULL), 0);
	attest(&dev, &e);
	cr_assert_eq(e.life, IMP_LIFE_OWNED);
	cr_assert_eq(e.owner_epoch, 1);
	cr_assert(imp_span_eq(e.owner, IMP_SPAN(owner.kid)));
	cr_assert_eq(e.used, 1 << 1);
	cr_assert_eq(e.domain[1].sequence, 1);
	cr_assert(imp_span_eq(e.domain[1].id, IMP_SPAN(last_id)));
	cr_assert_eq(e.chain[0].n, 1);
	cr_assert_eq(e.chain[1].n, 1);
	cr_assert_eq(dev.active_len[1], sizeof(cellular));
	stop();
}

/* AGAIN-01 */
Test(agent, lost_reply_then_repeat_answers_again_without_a_write)
{
	static uint8_t buf[CAP];
	struct spec s = good();
	struct imp_span object;
	struct imp_evidence e;
	bool again;
	unsigned ops;

	start(false);
	claim(&dev);
	object = make(&s, &dev, buf);
	cr_assert_eq(board_push(&dev, object, &again), 0);
	cr_assert_not(again);
	ops = dev.ops;
	cr_assert_eq(board_push(&dev, object, &again), 0);
	cr_assert(again);
	cr_assert_eq(dev.ops, ops);
	attest(&dev, &e);
	cr_assert_eq(e.chain[1].n, 1);
	stop();
}

/* ROLL-01..05 */
Test(agent, sequences_only_rise)
{
	static const uint64_t refused[] = { 7, 6, 1 };
	struct spec s = good();

	start(false);
	claim(&dev);
	s.sequence = 7;
	cr_assert_eq(push_spec(&s, NULL), 0);
	s.settings = IMP_SPAN(apn);
	for (size_t i = 0; i < COUNTOF(refused); i++) {
		s.sequence = refused[i];
		cr_assert_eq(push_spec(&s, NULL), IMP_R_SEQUENCE);
	}
	s.sequence = INT64_MAX;
	cr_assert_eq(push_spec(&s, NULL), 0);
	s.sequence = INT64_MAX - 1;
	cr_assert_eq(push_spec(&s, NULL), IMP_R_SEQUENCE);
	s.epochs[1] = 1; /* only a higher domain-epoch starts anew */
	s.sequence = 1;
	cr_assert_eq(push_spec(&s, NULL), 0);
	s.epochs[1] = 0;
	s.sequence = INT64_MAX;
	cr_assert_eq(push_spec(&s, NULL), IMP_R_EPOCH);
	stop();
}

/* BIND-01, BIND-02 */
Test(agent, objects_for_another_device_are_refused)
{
	static uint8_t buf[CAP];
	struct spec s = good();

	start(false);
	claim(&dev);
	claim(&other);
	s.target = &other;
	cr_assert_eq(board_push(&dev, make(&s, &other, buf), NULL), IMP_R_NOT_FOR_ME);
	/* The profile for `other`, opened and wrapped again to `dev`. */
	cr_assert_eq(board_push(&dev, make(&s, &dev, buf), NULL), IMP_R_NOT_FOR_ME);
	s.target = &dev;
	s.hwmodel_wrong = 1;
	cr_assert_eq(push_spec(&s, NULL), IMP_R_NOT_FOR_ME);
	stop();
}

Test(agent, each_refusal_has_its_reason_and_writes_nothing)
{
	static uint8_t before[2][BOARD_HALF];
	struct spec s = good(), bad;
	static const enum imp_reason wants[] = { IMP_R_MALFORMED,   IMP_R_EPOCH,
						 IMP_R_REPLACED_ID, IMP_R_SCOPE,
						 IMP_R_CONFLICT,    IMP_R_SIGNATURE };
	const uint8_t wrong_id[32] = { 5 };

	start(false);
	claim(&dev);
	cr_assert_eq(push_spec(&s, NULL), 0);
	memcpy(before, dev.flash, sizeof(before));
	s.sequence = 2;

	for (size_t i = 0; i < COUNTOF(wants); i++) {
		bad = s;
		bad.outer_differs = wants[i] == IMP_R_MALFORMED;
		bad.epochs[0] = wants[i] == IMP_R_EPOCH ? 2 : 1;
		if (wants[i] == IMP_R_REPLACED_ID)
			bad.replaces = IMP_SPAN(wrong_id);
		if (wants[i] == IMP_R_SCOPE)
			bad.issuer = &stranger;
		bad.domain = wants[i] == IMP_R_CONFLICT ? 2 : 1;
		bad.tamper_signature = wants[i] == IMP_R_SIGNATURE;
		cr_assert_eq(push_spec(&bad, NULL), wants[i], "%s",
			     imp_reason_row(wants[i])->name);
	}
	bad = s;
	bad.domain = 0;
	bad.epochs[1] = 1;
	cr_assert_eq(push_spec(&bad, NULL), IMP_R_EPOCH);
	dev.check_says = IMP_R_UNSUPPORTED;
	cr_assert_eq(push_spec(&s, NULL), IMP_R_UNSUPPORTED);
	dev.check_says = 0;
	cr_assert_arr_eq(before, dev.flash, sizeof(before));
	cr_assert_eq(push_spec(&s, NULL), 0);
	stop();
}

Test(agent, unowned_device_takes_no_profile_and_one_claim)
{
	static uint8_t buf[CAP];
	struct spec s = good();
	struct claim_spec c = { .epoch = 2, .signer = &owner.signer, .signers = 1 };
	const uint8_t previous[32] = { 1 };

	start(false);
	enroll(&dev);
	cr_assert_eq(push_spec(&s, NULL), IMP_R_STATE);
	cr_assert_eq(board_push(&dev, make_claim(&dev, &c, buf), NULL), IMP_R_EPOCH);
	c.previous = previous;
	cr_assert_eq(board_push(&dev, make_claim(&dev, &c, buf), NULL),
		     IMP_R_UNSUPPORTED);
	c.epoch = 1;
	cr_assert_eq(board_push(&dev, make_claim(&dev, &c, buf), NULL),
		     IMP_R_REPLACED_ID);
	c.previous = NULL;
	c.signer = &stranger.signer;
	cr_assert_eq(board_push(&dev, make_claim(&dev, &c, buf), NULL), IMP_R_APPROVAL);
	claim(&dev);
	c.signer = &owner.signer;
	c.policy = 1;
	cr_assert_eq(board_push(&dev, make_claim(&dev, &c, buf), NULL), IMP_R_STATE);
	stop();
}

Test(agent, claim_needs_the_makers_signature_where_there_is_a_maker)
{
	static uint8_t buf[CAP];
	struct imp_signer both[2];
	struct claim_spec c = { .epoch = 1, .signer = &owner.signer, .signers = 1 };

	start(true);
	enroll(&dev);
	cr_assert_eq(board_push(&dev, make_claim(&dev, &c, buf), NULL), IMP_R_APPROVAL);
	both[0] = owner.signer;
	both[1] = stranger.signer;
	c.signer = both;
	c.signers = 2;
	cr_assert_eq(board_push(&dev, make_claim(&dev, &c, buf), NULL), IMP_R_APPROVAL);
	both[1] = maker.signer;
	cr_assert_eq(board_push(&dev, make_claim(&dev, &c, buf), NULL), 0);
	stop();
}

Test(agent, owner_with_approvers_needs_exactly_m_of_them)
{
	static uint8_t buf[CAP];
	struct imp_signer two[2];
	struct claim_spec c = { .epoch = 1, .signer = two, .signers = 2 };
	struct spec s = good();

	start(false);
	enroll(&dev);
	c.approval = (struct imp_approval){ .threshold = 1, .count = 2 };
	c.approval.key[0] = approver[0].signer.pub;
	c.approval.key[1] = approver[1].signer.pub;
	two[0] = owner.signer;
	two[1] = stranger.signer;
	cr_assert_eq(board_push(&dev, make_claim(&dev, &c, buf), NULL), IMP_R_APPROVAL);
	two[1] = approver[1].signer;
	cr_assert_eq(board_push(&dev, make_claim(&dev, &c, buf), NULL), 0);
	cr_assert_eq(push_spec(&s, NULL), IMP_R_APPROVAL);
	cr_assert_eq(command((struct imp_command){ .op = IMP_OP_LOCK }, &owner, NULL),
		     IMP_R_APPROVAL);
	stop();
}

Test(agent, commands_do_what_they_say)
{
	struct imp_command wipe = { .op = IMP_OP_WIPE, .sequence = 5, .domains = 1 << 1 };
	struct imp_command floor = { .op = IMP_OP_FLOOR,
				     .domains = 1 << 1,
				     .floor = { 0, 3 } };
	struct spec s = good();
	struct imp_evidence e;
	bool again;

	start(false);
	claim(&dev);
	cr_assert_eq(push_spec(&s, NULL), 0);
	cr_assert_eq(command((struct imp_command){ .op = IMP_OP_LOCK }, &stranger, NULL),
		     IMP_R_SCOPE);
	cr_assert_eq(command((struct imp_command){ .op = IMP_OP_LOCK }, &owner, &again),
		     0);
	cr_assert_not(again);
	cr_assert_eq(command((struct imp_command){ .op = IMP_OP_LOCK }, &owner, &again),
		     0);
	cr_assert(again);
	cr_assert_eq(command(wipe, &owner, &again), 0);
	cr_assert_eq(dev.active_len[1], 0);
	cr_assert_eq(dev.agent.state.domain[0].settings_len, 0);
	/* Wiped: the same profile is no longer `again`, and its sequence is spent. */
	cr_assert_eq(push_spec(&s, NULL), IMP_R_SEQUENCE);
	cr_assert_eq(command(wipe, &owner, &again), 0);
	cr_assert(again);
	wipe.domains = 1 << 2;
	cr_assert_eq(command(wipe, &owner, NULL), IMP_R_SEQUENCE);
	cr_assert_eq(command(floor, &owner, &again), 0);
	cr_assert_eq(command(floor, &owner, &again), 0);
	cr_assert(again);
	floor.domains = 1;
	cr_assert_eq(command(floor, &owner, NULL), IMP_R_EPOCH);
	s.sequence = 9;
	cr_assert_eq(push_spec(&s, NULL), IMP_R_EPOCH);
	s.epochs[1] = 3;
	cr_assert_eq(push_spec(&s, NULL), 0);
	attest(&dev, &e);
	cr_assert_eq(e.life, IMP_LIFE_LOCKED);
	cr_assert_eq(e.chain[0].n, 4); /* claim, lock, wipe, floor */
	cr_assert_eq(e.domain[1].state, IMP_DOMAIN_SET);
	stop();
}

Test(agent, decommissioned_answers_but_takes_nothing)
{
	struct spec s = good();
	struct imp_evidence e;
	bool again;
	const struct imp_command end = { .op = IMP_OP_DECOMMISSION, .sequence = 1 };

	start(false);
	claim(&dev);
	cr_assert_eq(push_spec(&s, NULL), 0);
	cr_assert_eq(command(end, &owner, NULL), 0);
	s.sequence = 2;
	cr_assert_eq(push_spec(&s, NULL), IMP_R_STATE);
	cr_assert_eq(command((struct imp_command){ .op = IMP_OP_LOCK }, &owner, NULL),
		     IMP_R_STATE);
	cr_assert_eq(board_boot(&dev), 0);
	attest(&dev, &e);
	cr_assert_eq(e.life, IMP_LIFE_DECOMMISSIONED);
	cr_assert_eq(e.domain[1].state, IMP_DOMAIN_WIPED);
	cr_assert_eq(command(end, &owner, &again), 0, "a lost reply");
	cr_assert(again);
	stop();
}

/* BITFLIP: package, claim, command; each bit, each truncation. */
Test(agent, every_bit_flip_is_refused_and_changes_nothing)
{
	static uint8_t buf[CAP], before[2][BOARD_HALF];
	struct spec s = good();
	struct imp_span object;
	unsigned taken = 0;

	start(false);
	claim(&dev);
	cr_assert_eq(push_spec(&s, NULL), 0);
	s.sequence = 2;
	object = make(&s, &dev, buf);
	memcpy(before, dev.flash, sizeof(before));
	for (size_t bit = 0; bit < 8 * object.len; bit++) {
		buf[bit / 8] ^= (uint8_t)(1u << bit % 8);
		taken += board_push(&dev, object, NULL) == 0;
		buf[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (size_t len = 1; len < object.len; len++)
		taken += board_push(&dev, (struct imp_span){ buf, len }, NULL) == 0;
	cr_assert_eq(taken, 0);
	cr_assert_arr_eq(before, dev.flash, sizeof(before));
	cr_assert_eq(board_push(&dev, object, NULL), 0);
	stop();
}

static unsigned step(unsigned kind)
{
	struct spec s = good();

	if (kind == 0)
		return push_spec(&s, NULL);
	s.sequence = 2;
	s.settings = IMP_SPAN(apn);
	if (kind == 1)
		return push_spec(&s, NULL);
	if (kind == 2)
		return command((struct imp_command){ .op = IMP_OP_LOCK }, &owner, NULL);
	if (kind == 3)
		return command((struct imp_command){ .op = IMP_OP_WIPE,
						     .sequence = 1,
						     .domains = 2 },
			       &owner, NULL);
	return command((struct imp_command){ .op = IMP_OP_DECOMMISSION, .sequence = 2 },
		       &owner, NULL);
}

static void snapshot(struct imp_evidence *e, uint8_t h[3][32])
{
	attest(&dev, e);
	memcpy(h[0], e->chain[0].h.ptr, 32);
	if (e->chains & 2)
		memcpy(h[1], e->chain[1].h.ptr, 32);
	else
		memset(h[1], 0, 32);
}

/* PWR-01, PWR-02, PWR-03: a cut at every flash operation, whole and torn, and again in
 * recovery: the state is the one before or the one after, and the step can be done again.
 */
Test(agent, power_cut_at_every_flash_operation_leaves_old_or_new, .timeout = 120)
{
	static struct board saved;

	start(false);
	claim(&dev);
	for (unsigned kind = 0; kind < 5; kind++) {
		struct imp_evidence e;
		uint8_t old[3][32], new[3][32], got[3][32];
		unsigned total;

		memcpy(&saved, &dev, sizeof(saved));
		snapshot(&e, old);
		dev.ops = 0;
		cr_assert_eq(step(kind), 0);
		total = dev.ops;
		snapshot(&e, new);
		for (unsigned cut = 1; cut <= 2 * total; cut++)
			for (unsigned second = 0; second < 4; second++) {
				memcpy(&dev, &saved, sizeof(dev));
				dev.ops = 0;
				dev.cut_at = (cut + 1) / 2;
				dev.torn = cut & 1;
				step(kind);
				dev.ops = 0;
				dev.cut_at = second;
				(void)board_boot(&dev);
				dev.cut_at = 0;
				cr_assert_eq(board_boot(&dev), 0, "kind %u cut %u", kind,
					     cut);
				snapshot(&e, got);
				cr_assert(memcmp(got[0], old[0], 64) == 0 ||
						  memcmp(got[0], new[0], 64) == 0 ||
						  kind == 1 || kind == 0,
					  "kind %u cut %u", kind, cut);
				cr_assert_eq(step(kind), 0);
			}
		memcpy(&dev, &saved, sizeof(dev));
		cr_assert_eq(step(kind), 0);
	}
	stop();
}

Test(agent, history_ring_folds_to_the_signed_heads)
{
	static uint8_t buf[CAP];
	uint8_t body[32];
	struct imp_writer w = imp_writer(body, sizeof(body));
	const struct imp_request q = { .has_from = true };
	struct imp_head head[2] = { 0 };
	struct imp_response r;
	struct imp_evidence e;
	struct imp_cbor c;
	size_t n;

	(void)buf;
	start(false);
	claim(&dev);
	for (unsigned i = 1; i <= 20; i++) {
		struct spec s = good();

		s.sequence = i;
		cr_assert_eq(push_spec(&s, NULL), 0);
	}
	imp_request_encode(&q, &w);
	cr_assert_eq(imp_response_decode(board_ask(&dev, IMP_GROUP_IMPRINT, IMP_HISTORY,
						   IMP_SMP_READ, imp_written(&w)),
					 &r, NULL),
		     0);
	cr_assert_eq(r.total, AGENT_RING);
	cr_assert_eq(imp_cbor_open(&c, r.base, IMP_CBOR_LENIENT, NULL), 0);
	n = imp_cbor_map(&c);
	cr_assert_eq(n, 2);
	for (unsigned d = 0; d < 2; d++) {
		cr_assert_eq(imp_cbor_uint(&c), d);
		imp_cbor_expect_array(&c, 2);
		head[d].n = (uint32_t)imp_cbor_uint(&c);
		memcpy(head[d].h, imp_cbor_bytes(&c).ptr, 32);
	}
	cr_assert_eq(imp_cbor_open(&c, r.entries, IMP_CBOR_LENIENT, NULL), 0);
	n = imp_cbor_array(&c);
	cr_assert_eq(n, AGENT_RING);
	for (size_t i = 0; i < n; i++) {
		const uint8_t *entry = imp_cbor_bytes_len(&c, 82, 82).ptr;

		cr_assert_eq(imp_head_fold(crypto, &head[entry[1]], entry), 0);
	}
	attest(&dev, &e);
	for (unsigned d = 0; d < 2; d++) {
		cr_assert_eq(head[d].n, e.chain[d].n);
		cr_assert(imp_span_eq(IMP_SPAN(head[d].h), e.chain[d].h));
	}
	cr_assert_eq(e.chain[1].n, 20);
	stop();
}
