/* SPDX-License-Identifier: Apache-2.0 */
/* Who must sign an object: one side or two, each with m of n approvers; nobody else,
 * nobody twice. */
#include <criterion/criterion.h>
#include <string.h>

#include "kit.h"
#include "trust/chain.h"

enum { PEOPLE = 5 };

static struct scene s;
static struct party person[PEOPLE]; /* 0 owner, 1 maker, 2 and 3 approvers, 4 stranger */
static uint8_t buf[KIT_CAP];

static void start(void)
{
	scene_start(&s, false);
	for (size_t i = 0; i < PEOPLE; i++)
		party_init(&person[i], s.crypto);
}

/* many(command) by those whose bit is set. */
static struct imp_span signed_by(unsigned who)
{
	struct imp_signer signer[PEOPLE];
	struct imp_writer w = imp_writer(buf, sizeof(buf));
	size_t n = 0;

	for (unsigned i = 0; i < PEOPLE; i++)
		if (who >> i & 1)
			signer[n++] = person[i].signer;
	cr_assert_eq(imp_signed_put_many(s.crypto, person[0].kid, signer, n,
					 IMP_KIND_COMMAND, (struct imp_span){ 0 },
					 IMP_TEXT("payload"), &w),
		     0);
	return imp_written(&w);
}

/* Two sides, or one: who must sign for each, and how many of whom may. */
struct rule {
	size_t sides;
	unsigned key[2], may[2]; /* of may, bit i: person i */
	uint32_t asked[2];
};

static enum imp_reason judge_rule(struct imp_span object, const struct rule *r,
				  bool verify)
{
	struct imp_approval approval[2] = { 0 };
	struct imp_signers signers = { .sides = r->sides, .many = true };
	struct imp_matched matched;
	struct imp_signed o;
	enum imp_reason reason;

	for (size_t side = 0; side < r->sides; side++) {
		struct imp_approval *a = &approval[side];

		a->threshold = r->asked[side];
		for (unsigned i = 0; i < PEOPLE; i++)
			if (r->may[side] >> i & 1)
				a->key[a->count++] = person[i].signer.pub;
		signers.side[side] =
			(struct imp_side){ &person[r->key[side]].signer.pub, a };
	}
	cr_assert_eq(imp_signed_decode(object, &o, NULL), 0);
	reason = imp_signers_match(s.crypto, &o, &signers, &matched);
	return reason || !verify ? reason : imp_signers_verify(s.crypto, &o, &matched);
}

/* Person 0 and, of two musts, person 1, with `threshold` of persons 2 and 3. */
static enum imp_reason judge(struct imp_span object, size_t musts, uint32_t threshold)
{
	const struct rule r = { .sides = musts,
				.key = { 0, 1 },
				.may = { threshold ? 0xc : 0 },
				.asked = { threshold } };

	return judge_rule(object, &r, true);
}

/* Every set of signers against every rule: one set a rule is right, or for 1 of 2 two. */
Test(trust, exactly_those_who_must_and_m_of_those_who_may)
{
	for (size_t musts = 1; musts <= 2; musts++)
		for (uint32_t m = 0; m <= 2; m++)
			for (unsigned who = 1; who < 1 << PEOPLE; who++) {
				unsigned must = musts == 2 ? 3 : 1;
				unsigned approvers = (who >> 2 & 1) + (who >> 3 & 1);
				bool right = (who & 0x13) == must && approvers == m;

				cr_assert_eq(judge(signed_by(who), musts, m),
					     right ? IMP_R_NONE : IMP_R_APPROVAL,
					     "%zu musts, %u approvers, signers %x", musts,
					     m, who);
			}
	scene_stop(&s);
}

/* Can the signers from `i` on be given parts so that all are filled and nobody is left? A
 * second opinion that tries them all. */
static bool can_be_dealt(const struct rule *r, unsigned who, unsigned i,
			 const unsigned left[2], unsigned musts)
{
	if (i == PEOPLE)
		return left[0] == 0 && left[1] == 0 && musts == (1u << r->sides) - 1;
	if (!(who >> i & 1))
		return can_be_dealt(r, who, i + 1, left, musts);
	for (unsigned parts = 1; parts < 4; parts++) {
		unsigned now[2] = { left[0], left[1] }, signs = musts;
		bool good = true;

		for (size_t side = 0; side < 2; side++) {
			if (!(parts >> side & 1))
				continue;
			if (side < r->sides && r->key[side] == i)
				signs |= 1u << side;
			else if (side < r->sides && (r->may[side] >> i & 1) && now[side])
				now[side]--;
			else
				good = false;
		}
		if (good && can_be_dealt(r, who, i + 1, now, signs))
			return true;
	}
	return false;
}

/* Every pair of approvals of three people and the two keys, with one key on both sides,
 * too. */
Test(trust, two_sides_are_each_satisfied_and_nobody_is_left_over, .timeout = 100)
{
	static uint8_t objects[1 << PEOPLE][KIT_CAP];
	struct imp_span object[1 << PEOPLE];
	unsigned good = 0;

	for (unsigned who = 1; who < 1 << PEOPLE; who++) {
		object[who] = signed_by(who);
		memcpy(objects[who], object[who].ptr, object[who].len);
		object[who].ptr = objects[who];
	}
	for (unsigned rule = 0; rule < 2 * 32 * 32 * 9; rule++) {
		const struct rule r = {
			.sides = 2,
			.key = { 0, rule & 1 },
			.may = { rule >> 1 & 31, rule >> 6 & 31 },
			.asked = { (rule >> 11) % 3, (rule >> 11) / 3 },
		};
		const unsigned left[2] = { r.asked[0], r.asked[1] };

		for (unsigned who = 1; who < 1 << PEOPLE; who += 1 + rule % 3) {
			bool right = can_be_dealt(&r, who, 0, left, 0);

			cr_assert_eq(judge_rule(object[who], &r, false),
				     right ? IMP_R_NONE : IMP_R_APPROVAL,
				     "rule %u, signers %x", rule, who);
			good += right;
		}
	}
	cr_assert_gt(good, 10000);
	scene_stop(&s);
}

/* An approver whose good signature is there twice is still one approver. */
Test(trust, nobody_counts_twice)
{
	struct imp_span object = signed_by(1 | 1 << 2);
	struct imp_signed o;
	size_t item, at;

	cr_assert_eq(imp_signed_decode(object, &o, NULL), 0);
	item = (size_t)(o.cose.signature[1].sig.ptr - o.cose.signature[0].sig.ptr);
	at = object.len - 2 * item;
	cr_assert_eq(buf[at - 1], 0x82);
	if (imp_span_eq(imp_signed_kid(&o, 0), IMP_SPAN(person[0].kid)))
		at += item;
	buf[object.len - 2 * item - 1] = 0x83;
	memmove(buf + at + item, buf + at, object.len - at);
	object.len += item;
	cr_assert_eq(judge(object, 1, 2), IMP_R_APPROVAL);
	cr_assert_eq(judge(object, 1, 1), IMP_R_APPROVAL);
	scene_stop(&s);
}

Test(trust, every_signature_is_verified)
{
	struct imp_span object = signed_by(1 | 1 << 2 | 1 << 3);
	struct imp_signed o;

	cr_assert_eq(imp_signed_decode(object, &o, NULL), 0);
	for (size_t i = 0; i < o.cose.count; i++) {
		size_t at = (size_t)(o.cose.signature[i].sig.ptr - buf);

		cr_assert_eq(judge(object, 1, 2), IMP_R_NONE);
		buf[at + 40] ^= 1;
		cr_assert_eq(judge(object, 1, 2), IMP_R_SIGNATURE, "signature %zu", i);
		buf[at + 40] ^= 1;
	}
	scene_stop(&s);
}

Test(trust, the_form_is_the_one_that_was_asked_for)
{
	const struct imp_command m = { .op = IMP_OP_LOCK };
	struct imp_span one = make_command(&s, m, &person[0], buf);

	cr_assert_eq(judge(one, 1, 0), IMP_R_APPROVAL);
	scene_stop(&s);
}

/* A device has no clock; a host that has one judges the grants' ends. KEY-16, CLK-04 */
Test(trust, grants_end_where_there_is_a_clock)
{
	static uint8_t first[KIT_CAP], second[KIT_CAP];
	const struct imp_target device = { .ueid = s.dev.constants.ueid };
	const uint64_t now[] = { 0, 1, 999, 1000, 1001, INT64_MAX };
	struct grant_spec above = { .depth = 1, .exp = 2000 };
	struct grant_spec below = { .issuer = &s.tenant, .holder = &s.deputy };
	struct spec spec = { .domain = 1, .issuer = &s.deputy };
	struct imp_write w = { .device = &device,
			       .domain = 1,
			       .epochs = { 1, 0 },
			       .sequence = 1,
			       .settings = cellular };
	struct imp_signed o;
	struct imp_chain chain;
	uint8_t id[32];

	for (int swap = 0; swap < 2; swap++) {
		below.exp = swap ? 0 : 1000;
		above.exp = swap ? 1000 : 0;
		below.parent = make_grant(&s, &above, first);
		spec.grant = make_grant(&s, &below, second);
		cr_assert_eq(
			imp_signed_decode(make_profile(&s, &spec, buf, id), &o, NULL), 0);
		cr_assert_eq(imp_chain_open(s.crypto, &o, &chain), IMP_R_NONE);
		for (size_t i = 0; i < COUNTOF(now); i++) {
			w.now_s = now[i];
			cr_assert_eq(imp_may_write(s.crypto, &chain, s.owner.kid, &w),
				     now[i] < 1000, "%d %zu", swap, i);
		}
	}
	scene_stop(&s);
}

TestSuite(trust, .init = start);
