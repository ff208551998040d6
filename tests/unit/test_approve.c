/* SPDX-License-Identifier: Apache-2.0 */
/* Approving on the host: one signature more, who may add it, and when it is enough: never
 * what the device would count otherwise. COSE-18. */
#include <criterion/criterion.h>
#include <string.h>

#include "issue/approve.h"
#include "issue/issuer.h"
#include "kit.h"

enum { PEOPLE = 5 };

static struct scene s;
static struct party person[PEOPLE]; /* 0 owner, 1 to 3 approvers, 4 stranger */
static uint8_t buf[KIT_CAP], more[KIT_CAP];

static void start(void)
{
	scene_start(&s, false);
	for (size_t i = 0; i < PEOPLE; i++)
		party_init(&person[i], s.crypto);
}

static void stop(void)
{
	scene_stop(&s);
}

TestSuite(approve, .init = start, .fini = stop);

static struct imp_approval approval_of(uint32_t threshold)
{
	struct imp_approval a = { .threshold = threshold, .count = threshold ? 3 : 0 };

	for (unsigned i = 0; i < a.count; i++)
		a.key[i] = person[1 + i].signer.pub;
	return a;
}

/* A lock by the owner and those whose bit is set; as one where bit 7 is. */
static struct imp_span lock_by(unsigned who, struct imp_signed *out)
{
	const struct imp_command m = {
		.op = IMP_OP_LOCK,
		.owner_epoch = 1,
		.target.ueid = s.dev.constants.ueid,
	};
	struct imp_signer signer[PEOPLE];
	uint8_t payload[256];
	struct imp_writer p = imp_writer(payload, sizeof(payload));
	struct imp_writer w = imp_writer(buf, sizeof(buf));
	size_t n = 0;

	imp_command_encode(&m, &p);
	for (unsigned i = 0; i < PEOPLE; i++)
		if (who >> i & 1)
			signer[n++] = person[i].signer;
	if (who >> 7)
		cr_assert_eq(imp_signed_put_one(s.crypto, &person[0].signer,
						IMP_KIND_COMMAND, (struct imp_span){ 0 },
						imp_written(&p), &w, NULL),
			     0);
	else
		cr_assert_eq(imp_signed_put_many(s.crypto, person[0].kid, signer, n,
						 IMP_KIND_COMMAND, (struct imp_span){ 0 },
						 imp_written(&p), &w),
			     0);
	cr_assert_eq(imp_signed_decode(imp_written(&w), out, NULL), 0);
	return imp_written(&w);
}

static bool device_takes(const struct imp_signed *o, const struct imp_approval *a)
{
	const struct imp_signers all = { .side = { { &person[0].signer.pub, a } },
					 .sides = 1,
					 .many = a->threshold > 0 };
	struct imp_matched matched;

	return imp_signers_match(s.crypto, o, &all, &matched) == IMP_R_NONE;
}

/* With all that there is to know, host and device agree on every set of signers; with
 * less, the host refuses nothing that a device would take. */
Test(approve, host_counts_as_the_device_does)
{
	const struct imp_quorum nobody = { 0 };

	for (uint32_t threshold = 0; threshold <= 3; threshold++) {
		const struct imp_approval a = approval_of(threshold);
		const struct imp_quorum q = { &person[0].signer.pub, &a };

		for (unsigned who = 1; who <= 1u << PEOPLE; who++) {
			struct imp_signed o;
			bool takes;

			lock_by(who == 1u << PEOPLE ? 0x80 : who, &o);
			takes = device_takes(&o, &a);
			cr_assert_eq(imp_approvals_check(s.crypto, &o, &q, NULL) == 0,
				     takes, "%u of 3, signers %x", threshold, who);
			cr_assert(!takes || imp_approvals_check(s.crypto, &o, &nobody,
								NULL) == 0,
				  "%u of 3, signers %x, untold", threshold, who);
		}
	}
}

/* From person 0, approved by 1 or 2, to person 3, approved by 0, 1 or 4: two of them
 * stand on both sides. */
static void handover_by(unsigned who, const struct imp_approval *of_next,
			struct imp_signed *out)
{
	const struct imp_transfer t = {
		.owner_epoch = 2,
		.target.ueid = s.dev.constants.ueid,
		.owner = person[3].signer.pub,
		.approval = *of_next,
		.previous = IMP_SPAN(person[0].kid),
	};
	struct imp_signer signer[PEOPLE];
	uint8_t payload[1024];
	struct imp_writer p = imp_writer(payload, sizeof(payload));
	struct imp_writer w = imp_writer(buf, sizeof(buf));
	size_t n = 0;

	imp_transfer_encode(&t, &p);
	for (unsigned i = 0; i < PEOPLE; i++)
		if (who >> i & 1)
			signer[n++] = person[i].signer;
	cr_assert_eq(imp_signed_put_many(s.crypto, person[0].kid, signer, n,
					 IMP_KIND_TRANSFER, (struct imp_span){ 0 },
					 imp_written(&p), &w),
		     0);
	cr_assert_eq(imp_signed_decode(imp_written(&w), out, NULL), 0);
}

Test(approve, both_sides_of_a_handover_count_as_on_the_device)
{
	const struct imp_quorum nobody = { 0 };

	for (unsigned asked = 0; asked < 9; asked++) {
		struct imp_approval from = { .threshold = asked % 3,
					     .key = { person[1].signer.pub,
						      person[2].signer.pub } };
		struct imp_approval to = { .threshold = asked / 3,
					   .key = { person[1].signer.pub,
						    person[4].signer.pub,
						    person[0].signer.pub } };
		const struct imp_quorum q = { &person[0].signer.pub, &from };

		from.count = from.threshold ? 2 : 0;
		to.count = to.threshold ? 3 : 0;
		for (unsigned who = 1; who < 1u << PEOPLE; who++) {
			const struct imp_signers all = {
				.side = { { &person[0].signer.pub, &from },
					  { &person[3].signer.pub, &to } },
				.sides = 2,
				.many = true
			};
			struct imp_matched matched;
			struct imp_signed o;
			bool takes;

			handover_by(who, &to, &o);
			takes = imp_signers_match(s.crypto, &o, &all, &matched) ==
				IMP_R_NONE;
			cr_assert_eq(imp_approvals_check(s.crypto, &o, &q, NULL) == 0,
				     takes, "asked %u, signers %x", asked, who);
			cr_assert(!takes || imp_approvals_check(s.crypto, &o, &nobody,
								NULL) == 0,
				  "asked %u, signers %x, untold", asked, who);
		}
	}
}

static bool is_taken(unsigned who, const struct imp_approval *from,
		     const struct imp_approval *to)
{
	const struct imp_signers all = { .side = { { &person[0].signer.pub, from },
						   { &person[3].signer.pub, to } },
					 .sides = 2,
					 .many = true };
	struct imp_matched matched;
	struct imp_signed o;

	handover_by(who, to, &o);
	return imp_signers_match(s.crypto, &o, &all, &matched) == IMP_R_NONE;
}

/* Does any set with these in it do, for the device? */
static bool can_be_whole(unsigned who, const struct imp_approval *from,
			 const struct imp_approval *to)
{
	for (unsigned all = who; all < 1u << PEOPLE; all++)
		if ((all & who) == who && is_taken(all, from, to))
			return true;
	return false;
}

/* Whoever is let sign a handover may have signed in the end, whoever comes after. */
Test(approve, nobody_signs_a_handover_in_vain)
{
	static const unsigned approvers[] = { 1, 2, 4 };

	for (unsigned asked = 1; asked < 9; asked++) {
		const struct imp_approval from = {
			.threshold = asked % 3,
			.count = asked % 3 ? 2 : 0,
			.key = { person[1].signer.pub, person[2].signer.pub },
		};
		const struct imp_approval to = {
			.threshold = asked / 3,
			.count = asked / 3 ? 3 : 0,
			.key = { person[1].signer.pub, person[4].signer.pub,
				 person[0].signer.pub },
		};
		const struct imp_quorum q = { &person[0].signer.pub, &from };

		for (unsigned i = 0; i < 3u << PEOPLE; i++) {
			unsigned who = (i / 3) | 1u, next = 1u << approvers[i % 3];
			bool may = !(who & next) && can_be_whole(who, &from, &to) &&
				   !is_taken(who, &from, &to) &&
				   can_be_whole(who | next, &from, &to);
			struct imp_signed o;

			if (!can_be_whole(who, &from, &to))
				continue;
			handover_by(who, &to, &o);
			cr_assert_eq(
				imp_approvals_allow(s.crypto, &o, &q,
						    &person[approvers[i % 3]].signer.pub,
						    NULL) == 0,
				may, "asked %u, signers %x, next %x", asked, who, next);
		}
	}
}

Test(approve, one_more_signature_leaves_the_object_as_it_was)
{
	static const unsigned order[] = { 2, 1, 3 };
	struct imp_span object;
	struct imp_signed o;
	uint8_t id[32], now[32];

	object = lock_by(1, &o);
	cr_assert_eq(imp_signed_id(s.crypto, &o, id), 0);
	for (size_t i = 0; i < COUNTOF(order); i++) {
		const struct party *p = &person[order[i]];
		struct imp_writer w = imp_writer(more, sizeof(more));

		cr_assert_eq(imp_signed_put_more(s.crypto, &o, &p->signer, &w), 0);
		memcpy(buf, more, w.len);
		object = (struct imp_span){ buf, w.len };
		cr_assert_eq(imp_signed_decode(object, &o, NULL), 0);
		cr_assert_eq(o.cose.count, i + 2);
		w = imp_writer(more, sizeof(more));
		cr_assert_eq(imp_signed_put_more(s.crypto, &o, &p->signer, &w),
			     -IMP_EUSAGE, "the same key twice");
	}
	cr_assert_eq(imp_signed_id(s.crypto, &o, now), 0);
	cr_assert_arr_eq(id, now, 32);
	for (size_t i = 0; i < o.cose.count; i++)
		for (unsigned p = 0; p < PEOPLE; p++)
			cr_assert_eq(imp_signed_verify(s.crypto, &o, i,
						       &person[p].signer.pub) == 0,
				     imp_span_eq(imp_signed_kid(&o, i),
						 IMP_SPAN(person[p].kid)));
}

Test(approve, form_for_one_has_no_room)
{
	struct imp_writer w = imp_writer(more, sizeof(more));
	struct imp_signed o;

	lock_by(0x80, &o);
	cr_assert_eq(imp_signed_put_more(s.crypto, &o, &person[1].signer, &w),
		     -IMP_EUSAGE);
}

Test(approve, eight_signatures_are_the_most)
{
	static uint8_t next[KIT_CAP];
	struct party crowd[IMP_COSE_SIGNERS];
	struct imp_signed o;

	lock_by(1, &o);
	for (size_t i = 0; i < COUNTOF(crowd); i++) {
		struct imp_writer w = imp_writer(next, sizeof(next));
		int rc;

		party_init(&crowd[i], s.crypto);
		rc = imp_signed_put_more(s.crypto, &o, &crowd[i].signer, &w);
		cr_assert_eq(rc, i + 1 < IMP_COSE_SIGNERS ? 0 : -IMP_EUSAGE);
		if (rc)
			break;
		memcpy(buf, next, w.len);
		cr_assert_eq(imp_signed_decode((struct imp_span){ buf, w.len }, &o, NULL),
			     0);
	}
}

/* The header that nobody signs stays, to the byte. */
Test(approve, chain_stays)
{
	static uint8_t grant[KIT_CAP];
	const struct grant_spec g = { .approval = approval_of(1) };
	struct imp_writer w = imp_writer(more, sizeof(more));
	struct imp_challenge x = { .domain = 1,
				   .target.ueid = s.dev.constants.ueid,
				   .beacon = IMP_SPAN(person[4].kid),
				   .epochs = { 1 } };
	uint8_t payload[256], un[KIT_CAP];
	struct imp_writer p = imp_writer(payload, sizeof(payload));
	struct imp_writer first = imp_writer(buf, sizeof(buf));
	struct imp_span right = make_grant(&s, &g, grant);
	const struct imp_quorum q = { .owner = &s.owner.signer.pub };
	struct imp_approvals now;
	struct imp_signed o, after;

	imp_challenge_encode(&x, &p);
	cr_assert_eq(imp_issuer_sign(s.crypto, &s.tenant.signer, true, IMP_KIND_CHALLENGE,
				     chain_of(right, un), imp_written(&p), &first, NULL),
		     0);
	cr_assert_eq(imp_signed_decode(imp_written(&first), &o, NULL), 0);
	cr_assert_eq(imp_approvals_look(s.crypto, &o, &q, &now, NULL), 0);
	cr_assert(now.known && now.asked == 1 && now.there == 0);
	cr_assert_eq(imp_approvals_allow(s.crypto, &o, &q, &person[4].signer.pub, NULL),
		     -IMP_EPOLICY);
	cr_assert_eq(imp_approvals_allow(s.crypto, &o, &q, &person[1].signer.pub, NULL),
		     0);
	cr_assert_eq(imp_signed_put_more(s.crypto, &o, &person[1].signer, &w), 0);
	cr_assert_eq(imp_signed_decode(imp_written(&w), &after, NULL), 0);
	cr_assert(imp_span_eq(after.cose.uh.chain, o.cose.uh.chain));
	cr_assert_eq(imp_approvals_check(s.crypto, &o, &q, NULL), -IMP_EPOLICY);
	cr_assert_eq(imp_approvals_check(s.crypto, &after, &q, NULL), 0);
}

/* Nothing is approved whose signatures are not good, the issuer's first. */
Test(approve, wrong_signatures_are_seen)
{
	const struct imp_approval a = approval_of(3);
	const struct imp_quorum q = { &person[0].signer.pub, &a };
	struct imp_approvals now;
	struct imp_signed o;

	for (size_t bad = 0; bad < 2; bad++) {
		lock_by(1 | 2, &o);
		cr_assert_eq(imp_approvals_look(s.crypto, &o, &q, &now, NULL), 0);
		buf[(size_t)(o.cose.signature[bad].sig.ptr - buf) + 40] ^= 1;
		cr_assert_eq(imp_approvals_look(s.crypto, &o, &q, &now, NULL),
			     -IMP_EVERIFY);
	}
	lock_by(2, &o);
	cr_assert_eq(imp_approvals_look(s.crypto, &o, &q, &now, NULL), -IMP_EVERIFY,
		     "the issuer's is missing");
	lock_by(1 | 16, &o);
	cr_assert_eq(imp_approvals_look(s.crypto, &o, &q, &now, NULL), -IMP_EPOLICY,
		     "a stranger's");
	lock_by(0x80, &o);
	cr_assert_eq(imp_approvals_look(s.crypto, &o, &q, &now, NULL), -IMP_EPOLICY,
		     "signed as one");
}

/* A claim has the maker's signature as well, which no host knows. */
Test(approve, claim_may_have_the_maker)
{
	static uint8_t claim[KIT_CAP];
	struct imp_signer signer[] = { person[0].signer, person[1].signer,
				       person[2].signer, person[4].signer };
	struct claim_spec spec = { .issuer = &person[0], .signer = signer };
	const struct imp_quorum nobody = { 0 };
	struct imp_signed o;

	s.owner = person[0];
	spec.approval = approval_of(2);
	for (size_t n = 1; n <= COUNTOF(signer); n++) {
		spec.signers = n;
		cr_assert_eq(
			imp_signed_decode(make_claim(&s, &s.dev, &spec, claim), &o, NULL),
			0);
		cr_assert_eq(imp_approvals_check(s.crypto, &o, &nobody, NULL) == 0,
			     n >= 3, "%zu signatures", n);
	}
}
