/* SPDX-License-Identifier: Apache-2.0 */
/* Who must sign an object: owner, maker, m of n approvers; nobody else, nobody twice. */
#include <criterion/criterion.h>
#include <string.h>

#include "kit.h"
#include "trust/signers.h"

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

static enum imp_reason judge(struct imp_span object, size_t musts, uint32_t threshold)
{
	const struct imp_approval approval = {
		.threshold = threshold,
		.count = threshold ? 2 : 0,
		.key = { person[2].signer.pub, person[3].signer.pub },
	};
	const struct imp_signers signers = {
		.must = { &person[0].signer.pub, &person[1].signer.pub },
		.musts = musts,
		.approval = &approval,
		.many = true,
	};
	struct imp_matched matched;
	struct imp_signed o;
	enum imp_reason reason;

	cr_assert_eq(imp_signed_decode(object, &o, NULL), 0);
	reason = imp_signers_match(s.crypto, &o, &signers, &matched);
	return reason ? reason : imp_signers_verify(s.crypto, &o, &matched);
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

TestSuite(trust, .init = start);
