/* SPDX-License-Identifier: Apache-2.0 */
/* Challenges on a device: who may have it prove itself, and under which nonce. T07,
 * EVID-03, EVID-05; BITFLIP of a challenge. */
#include <criterion/criterion.h>
#include <string.h>

#include "kit.h"
#include "object/signed.h"

static struct scene s;
static uint8_t buf[KIT_CAP], grant[KIT_CAP];
static const uint8_t r16[IMP_CHALLENGE_R] = { 1, 2, 3 };
static const struct imp_challenge plain;

static void start(void)
{
	const struct imp_command policy = { .op = IMP_OP_POLICY,
					    .sequence = 1,
					    .policy = IMP_POLICY_CHALLENGED };

	scene_start(&s, false);
	scene_claim(&s, &s.dev);
	cr_assert_eq(push_command(&s, policy, &s.owner, NULL), 0);
}

static void stop(void)
{
	scene_stop(&s);
}

TestSuite(agent_challenge, .init = start, .fini = stop);

static void ask(uint8_t id, uint8_t op, const struct imp_request *q,
		struct imp_response *r)
{
	static uint8_t body[KIT_CAP + 128];
	struct imp_writer w = imp_writer(body, sizeof(body));

	imp_request_encode(q, &w);
	cr_assert(w.ok);
	cr_assert_eq(imp_response_decode(board_ask(&s.dev, IMP_GROUP_IMPRINT, id, op,
						   imp_written(&w)),
					 r, NULL),
		     0);
}

/* Evidence by a challenge and r16; the reason of a refusal. */
static unsigned attest(struct imp_span challenge, struct imp_response *r)
{
	const struct imp_request q = { .challenge = challenge, .r = IMP_SPAN(r16) };

	ask(IMP_ATTEST, IMP_SMP_WRITE, &q, r);
	cr_assert_eq(r->evidence.len > 0, !r->failed);
	return r->failed ? r->rc : 0;
}

static void expect_nonce(struct imp_span nonce, struct imp_span beacon)
{
	uint8_t want[32];

	cr_assert_eq(
		imp_challenge_nonce(s.crypto, beacon, s.dev.constants.ueid, r16, want),
		0);
	cr_assert(imp_span_eq(nonce, IMP_SPAN(want)));
}

Test(agent_challenge, nonce_follows_from_beacon_device_and_r)
{
	static const uint8_t beacon[32] = { 7 };
	struct imp_challenge x = { .beacon = IMP_SPAN(beacon) };
	struct imp_evidence e;
	struct imp_card card;
	struct imp_response r;
	struct imp_signed token;
	struct imp_request q = { .r = IMP_SPAN(r16) };

	q.challenge = make_challenge(&s, x, &s.owner, (struct imp_span){ 0 }, buf);
	cr_assert_eq(attest(q.challenge, &r), 0);
	cr_assert_eq(imp_signed_decode(r.evidence, &token, NULL), 0);
	cr_assert_eq(imp_evidence_decode(token.payload, &e, NULL), 0);
	expect_nonce(e.nonce, x.beacon);
	ask(IMP_ENROLL, IMP_SMP_WRITE, &q, &r);
	cr_assert_eq(imp_signed_decode(r.card, &token, NULL), 0);
	cr_assert_eq(imp_card_decode(token.payload, &card, NULL), 0);
	expect_nonce(card.nonce, x.beacon);
}

Test(agent_challenge, one_needs_r_and_no_nonce)
{
	static const uint8_t nonce[32];
	struct imp_request q = { .challenge =
					 make_challenge(&s, plain, &s.owner,
							(struct imp_span){ 0 }, buf) };
	struct imp_response r;

	ask(IMP_ATTEST, IMP_SMP_WRITE, &q, &r);
	cr_assert_eq(r.rc, IMP_R_CHALLENGE, "no r");
	q.r = IMP_SPAN(r16);
	q.nonce = IMP_SPAN(nonce);
	ask(IMP_ATTEST, IMP_SMP_WRITE, &q, &r);
	cr_assert_eq(r.rc, IMP_R_CHALLENGE, "both");
}

Test(agent_challenge, history_is_told_to_who_may_ask)
{
	struct imp_request q = { .has_from = true };
	struct imp_response r;

	q.challenge = make_challenge(&s, plain, &s.stranger, (struct imp_span){ 0 }, buf);
	ask(IMP_HISTORY, IMP_SMP_READ, &q, &r);
	cr_assert_eq(r.rc, IMP_R_CHALLENGE);
	q.challenge = make_challenge(&s, plain, &s.owner, (struct imp_span){ 0 }, buf);
	ask(IMP_HISTORY, IMP_SMP_READ, &q, &r);
	cr_assert_not(r.failed);
	cr_assert_eq(r.total, 2);
}

Test(agent_challenge, whatever_is_wrong_is_one_reason)
{
	static const uint8_t other[15] = { 3 };
	struct grant_spec g = { 0 };
	struct imp_span none = { 0 }, right = make_grant(&s, &g, grant);
	const struct {
		const char *what;
		struct imp_challenge x;
		const struct party *by;
		struct imp_span grant;
		unsigned want;
	} cases[] = {
		{ "the owner", plain, &s.owner, none, 0 },
		{ "the class",
		  { .target = { .hwmodel = s.dev.constants.hwmodel } },
		  &s.owner,
		  none,
		  0 },
		{ "the tenant", { .domain = 1 }, &s.tenant, right, 0 },
		{ "another device",
		  { .target = { .ueid = IMP_SPAN(other) } },
		  &s.owner,
		  none,
		  IMP_R_CHALLENGE },
		{ "a stranger", plain, &s.stranger, none, IMP_R_CHALLENGE },
		{ "owner-epoch 2", { .epochs = { 2 } }, &s.owner, none, IMP_R_CHALLENGE },
		{ "the owner with a domain",
		  { .domain = 1 },
		  &s.owner,
		  none,
		  IMP_R_CHALLENGE },
		{ "the owner with a grant",
		  { .domain = 1 },
		  &s.owner,
		  right,
		  IMP_R_CHALLENGE },
		{ "the tenant without a domain", plain, &s.tenant, right,
		  IMP_R_CHALLENGE },
		{ "another's grant", { .domain = 1 }, &s.deputy, right, IMP_R_CHALLENGE },
		{ "another domain", { .domain = 2 }, &s.tenant, right, IMP_R_CHALLENGE },
	};
	struct imp_response r;

	for (size_t i = 0; i < COUNTOF(cases); i++)
		cr_assert_eq(attest(make_challenge(&s, cases[i].x, cases[i].by,
						   cases[i].grant, buf),
				    &r),
			     cases[i].want, "%s", cases[i].what);
}

/* An authority that a floor has ended asks for nothing any more. */
Test(agent_challenge, floor_ends_the_challenges_of_an_authority)
{
	const struct imp_command floor = { .op = IMP_OP_FLOOR,
					   .domains = 1 << 1,
					   .floor = { 0, 1 } };
	struct grant_spec g = { 0 };
	const struct imp_challenge x = { .domain = 1 };
	struct imp_response r;
	struct imp_span old =
		make_challenge(&s, x, &s.tenant, make_grant(&s, &g, grant), buf);

	cr_assert_eq(attest(old, &r), 0);
	cr_assert_eq(push_command(&s, floor, &s.owner, NULL), 0);
	cr_assert_eq(attest(old, &r), IMP_R_CHALLENGE);
}

Test(agent_challenge, no_bit_of_it_can_change)
{
	struct imp_span good =
		make_challenge(&s, plain, &s.owner, (struct imp_span){ 0 }, buf);
	uint32_t count = s.dev.agent.evidence_count;
	unsigned ops = s.dev.ops;
	struct imp_response r;

	for (size_t bit = 0; bit < 8 * good.len; bit++) {
		buf[bit / 8] ^= (uint8_t)(1u << bit % 8);
		cr_assert_eq(attest(good, &r), IMP_R_CHALLENGE, "bit %zu", bit);
		buf[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (size_t len = 1; len < good.len; len++)
		cr_assert_eq(attest((struct imp_span){ buf, len }, &r), IMP_R_CHALLENGE,
			     "cut at %zu", len);
	cr_assert_eq(s.dev.agent.evidence_count, count);
	cr_assert_eq(s.dev.ops, ops);
	cr_assert_eq(attest(good, &r), 0, "it was good");
}

Test(agent_challenge, device_that_nobody_owns_answers_none)
{
	struct imp_response r;

	board_init(&s.dev, s.crypto, 1, false);
	cr_assert_eq(board_boot(&s.dev), 0);
	scene_enroll(&s.dev);
	cr_assert_eq(
		attest(make_challenge(&s, plain, &s.owner, (struct imp_span){ 0 }, buf),
		       &r),
		IMP_R_CHALLENGE);
}
