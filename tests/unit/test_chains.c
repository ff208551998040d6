/* SPDX-License-Identifier: Apache-2.0 */
/* What a verifier foretells of a device's chains, and what may not change without an
 * entry. */
#include <criterion/criterion.h>
#include <string.h>

#include "evidence/chains.h"
#include "kit.h"
#include "object/signed.h"

static struct scene s;
static struct imp_evidence before, now;
static struct imp_chains chains;
static struct imp_entry entry;
static uint8_t kept[2][KIT_CAP];

/* Evidence whose spans stay when the board is asked again. */
static void attest(struct imp_evidence *e, uint8_t kept_in[KIT_CAP])
{
	struct imp_response r;
	struct imp_signed signed_evidence;

	cr_assert(board_request(&s.dev, IMP_ATTEST, 7, &r));
	cr_assert(r.evidence.len > 0 && r.evidence.len <= KIT_CAP);
	memcpy(kept_in, r.evidence.ptr, r.evidence.len);
	cr_assert_eq(imp_signed_decode((struct imp_span){ kept_in, r.evidence.len },
				       &signed_evidence, NULL),
		     0);
	cr_assert_eq(imp_evidence_decode(signed_evidence.cose.payload, e, NULL), 0);
}

/* A claimed device, evidence of it, then a profile and evidence again. */
static void start(void)
{
	static uint8_t buf[KIT_CAP];
	const struct spec spec = { .domain = 1 };
	struct imp_known k = { 0 };

	scene_start(&s, false);
	scene_claim(&s, &s.dev);
	attest(&before, kept[0]);
	cr_assert_eq(board_push(&s.dev, make_package(&s, &spec, buf, entry.id), NULL), 0);
	attest(&now, kept[1]);
	entry.kind = IMP_ENTRY_PROFILE;
	entry.domain = 1;
	entry.owner_epoch = 1;
	entry.sequence = 1;
	memcpy(entry.issuer, s.owner.kid, 32);
	cr_assert_eq(imp_cose_kid(s.crypto, &s.dev.pub[0], k.signing_kid), 0);
	cr_assert_eq(imp_chains_start(s.crypto, &k, &chains), 0);
}

static struct imp_appraisal a;

/* 1 where the heads are foretold and nothing differs, 0 where they are not. */
static int foretell(bool step, bool must, const struct imp_evidence *token)
{
	int rc;

	a = (struct imp_appraisal){ .token = *token };
	a.token.boot += 100; /* the next ones, whatever was taken before */
	rc = imp_chains_foretell(s.crypto, &chains,
				 (struct imp_step){ step ? &entry : NULL, .must = must },
				 &a);
	cr_assert_eq(a.count, 0, "%s", a.difference[0].found);
	return rc;
}

Test(chains, from_the_start_a_claim_is_foretold)
{
	start();
	cr_assert_eq(foretell(false, false, &before), 1);
	cr_assert_eq(foretell(true, true, &now), 1);
	cr_assert_eq(foretell(true, false, &now), 1);
	cr_assert_eq(foretell(false, false, &now), 0, "a profile that nobody told of");
	scene_stop(&s);
}

Test(chains, what_was_applied_just_now_must_show)
{
	start();
	cr_assert_eq(foretell(true, false, &before), 1, "it may still be to come");
	cr_assert_eq(foretell(true, true, &before), 0);
	imp_chains_take(&chains, &before);
	cr_assert_eq(foretell(true, false, &before), 1);
	cr_assert_eq(foretell(true, true, &before), 0);
	cr_assert_eq(foretell(true, true, &now), 1);
	entry.sequence = 2;
	cr_assert_eq(foretell(true, true, &now), 0, "another entry");
	scene_stop(&s);
}

Test(chains, a_claim_is_foretold_only_where_nothing_was_proven)
{
	start();
	imp_chains_take(&chains, &now);
	cr_assert_eq(foretell(false, false, &before), 0);
	scene_stop(&s);
}

static bool contradicts(const struct imp_evidence *token)
{
	a = (struct imp_appraisal){ .token = *token };
	a.token.count++;
	cr_assert_eq(imp_chains_foretell(s.crypto, &chains, (struct imp_step){ 0 }, &a),
		     1);
	return a.count > 0 && strcmp(a.difference[0].what, "history") == 0;
}

static void change(struct imp_evidence *t, int what)
{
	switch (what) {
	case 0:
		t->life = IMP_LIFE_LOCKED;
		break;
	case 1:
		t->policy ^= 1;
		break;
	case 2:
		t->owner = IMP_SPAN(s.stranger.kid);
		break;
	case 3:
		t->owner_epoch++;
		break;
	case 4:
		t->domain[1].sequence++;
		break;
	case 5:
		t->domain[1].state = IMP_DOMAIN_WIPED;
		break;
	case 6:
		t->domain[1].id = IMP_SPAN(s.stranger.kid);
		break;
	case 7:
		t->domain[1].domain_epoch++;
		break;
	case 8:
		t->domain[1].authority = IMP_SPAN(s.stranger.kid);
		break;
	default:
		t->used = 0;
	}
}

enum { CHANGES = 10 };

Test(chains, state_changes_only_with_an_entry)
{
	start();
	imp_chains_take(&chains, &now);
	cr_assert_not(contradicts(&now));
	for (int what = 0; what < CHANGES; what++) {
		struct imp_evidence t = now;

		change(&t, what);
		cr_assert(contradicts(&t), "%d", what);
	}
	scene_stop(&s);
}

/* EVID-04, DEV-13: tokens of one key are counted up, whoever asks. */
Test(chains, counts_only_rise)
{
	static const int boots[] = { -1, 0, 0, 0, 1 }, counts[] = { 9, -1, 0, 1, -1 };
	struct imp_replay r;
	char buf[48];

	start();
	now.boot = now.count = 5;
	imp_replay_take(&r, &now);
	for (size_t i = 0; i < COUNTOF(boots); i++) {
		struct imp_evidence t = now;

		t.boot += (uint32_t)boots[i];
		t.count += (uint32_t)counts[i];
		cr_assert_eq(imp_replay_contradiction(&r, &t, buf) != NULL, i < 3, "%zu",
			     i);
	}
	scene_stop(&s);
}

/* Of a policy only its new bits are not in the history. */
Test(chains, state_follows_from_the_whole_history)
{
	struct imp_replay r;
	char buf[48];

	start();
	for (int what = -1; what < CHANGES; what++) {
		struct imp_evidence t = now;
		struct imp_entry e;

		imp_replay_start(&r);
		for (unsigned i = 0; i < s.dev.agent.state.ring_len; i++) {
			cr_assert_eq(imp_entry_decode(s.dev.agent.state.ring[i], &e), 0);
			imp_replay_fold(&r, &e);
		}
		if (what >= 0)
			change(&t, what);
		cr_assert_eq(imp_replay_contradiction(&r, &t, buf) != NULL,
			     what >= 0 && what != 1, "%d", what);
	}
	scene_stop(&s);
}

/* Whatever an owner does, replayed from any moment on it gives the state that the device
 * then shows. */
Test(chains, replay_agrees_with_the_device)
{
	static uint8_t buf[KIT_CAP];
	static const enum imp_op ops[] = { 0, IMP_OP_FLOOR, IMP_OP_WIPE, IMP_OP_POLICY };
	struct imp_replay whole, since;
	unsigned seed = 1, sequence = 1;
	char why[48];

	start();
	imp_replay_start(&whole);
	imp_replay_take(&since, &now);
	for (unsigned i = 0; i < 2; i++) {
		cr_assert_eq(imp_entry_decode(s.dev.agent.state.ring[i], &entry), 0);
		imp_replay_fold(&whole, &entry);
	}
	for (unsigned i = 0; i < 200; i++) {
		const struct claim_spec next = { .kept = true, .domains = (uint16_t)i };
		struct imp_command m = { .owner_epoch = s.dev.agent.state.owner_epoch,
					 .domains = 6,
					 .policy = i % 2 };
		struct spec spec = { .domain = i % 3,
				     .epochs = { m.owner_epoch, i % 3 ? 1 + i / 7 : 0 } };
		bool again = false;

		seed = seed * 1103515245u + 12345;
		m.op = ops[seed >> 16 & 3];
		if (i == 150)
			m.op = IMP_OP_LOCK;
		if (i == 199)
			m.op = IMP_OP_DECOMMISSION;
		spec.sequence = m.sequence =
			m.op == IMP_OP_LOCK || m.op == IMP_OP_FLOOR ? 0 : ++sequence;
		m.floor[1] = m.floor[2] = 1 + i / 7;
		spec.settings = spec.domain == 1 ? cellular : apn;
		if (m.op == 0 && spec.domain == 2)
			spec.settings = IMP_TEXT("\xa1\x0b\xa1\x01\xa1\x00\x61x");
		if (board_push(&s.dev,
			       i % 31 == 30 ? make_transfer(&s, &s.owner, next, buf)
			       : m.op	    ? make_command(&s, m, &s.owner, buf)
					    : make_package(&s, &spec, buf, NULL),
			       &again) == 0 &&
		    !again) {
			unsigned n = s.dev.agent.state.ring_len;

			cr_assert_eq(
				imp_entry_decode(s.dev.agent.state.ring[n - 1], &entry),
				0);
			imp_replay_fold(&whole, &entry);
			imp_replay_fold(&since, &entry);
		}
		attest(&now, kept[1]);
		cr_assert_null(imp_replay_contradiction(&whole, &now, why), "%u: %s", i,
			       why);
		cr_assert_null(imp_replay_contradiction(&since, &now, why), "%u: %s", i,
			       why);
		if (i % 5 == 0)
			imp_replay_take(&since, &now);
	}
	cr_assert_eq(now.life, IMP_LIFE_DECOMMISSIONED);
	cr_assert_eq(now.owner_epoch, 7);
	scene_stop(&s);
}

/* The ring as the device tells it, held against what is known; the number of differences.
 */
static size_t explain(const struct party *owner, bool named, struct imp_step step)
{
	uint8_t request[16];
	struct imp_writer w = imp_writer(request, sizeof(request));
	const struct imp_request q = { .has_from = true };
	const struct imp_writers writers = { .owner = IMP_SPAN(owner->kid),
					     .owner_named = named };
	struct imp_response r;

	imp_request_encode(&q, &w);
	cr_assert_eq(imp_response_decode(board_ask(&s.dev, IMP_GROUP_IMPRINT, IMP_HISTORY,
						   IMP_SMP_READ, imp_written(&w)),
					 &r, NULL),
		     0);
	a = (struct imp_appraisal){ .token = now };
	(void)imp_chains_explain(s.crypto, &chains, step,
				 &(struct imp_ring){ r.base, r.entries }, &writers, &a);
	return a.count;
}

/* To the stranger; entry becomes its own. */
static void change_owner(const struct party *from, struct claim_spec spec)
{
	static uint8_t buf[KIT_CAP];

	spec.to = &s.stranger;
	cr_assert_eq(board_push(&s.dev, make_transfer(&s, from, spec, buf), NULL), 0);
	attest(&now, kept[1]);
	cr_assert_eq(imp_entry_decode(s.dev.agent.state.ring[0], &entry), 0);
}

Test(chains, a_change_of_owner_is_foretold)
{
	start();
	imp_chains_take(&chains, &now);
	change_owner(&s.owner, (struct claim_spec){ 0 });
	cr_assert_eq(foretell(true, true, &now), 1);
	cr_assert_eq(foretell(false, false, &now), 0, "nobody told of it");
	scene_stop(&s);
}

/* Who takes a device over knows nothing of what was before, and need not. */
Test(chains, history_of_an_owner_begins_with_its_taking_over)
{
	static uint8_t buf[KIT_CAP];
	const struct imp_command lock = { .op = IMP_OP_LOCK };
	const struct spec spec = {
		.domain = 2, .epochs = { 2, 0 }, .issuer = &s.stranger, .settings = apn
	};
	struct imp_step step = { &entry, .must = true };

	start();
	cr_assert_eq(push_command(&s, lock, &s.owner, NULL), 0);
	change_owner(&s.owner, (struct claim_spec){ .kept = true, .domains = 2 });
	cr_assert_eq(explain(&s.stranger, true, step), 0, "%s", a.difference[0].found);
	step = (struct imp_step){ 0 };
	cr_assert_eq(explain(&s.stranger, true, step), 0, "%s", a.difference[0].found);
	cr_assert_eq(explain(&s.stranger, false, step), 1, "not named");
	cr_assert_str_eq(a.difference[0].what, "history gap");
	cr_assert_eq(explain(&s.owner, true, step), 1, "another");
	cr_assert_str_eq(a.difference[0].what, "history gap");
	cr_assert_eq(board_push(&s.dev, make_package(&s, &spec, buf, NULL), NULL), 0);
	attest(&now, kept[1]);
	cr_assert_eq(explain(&s.stranger, true, step), 0, "%s", a.difference[0].found);
	now.record = IMP_SPAN(entry.issuer);
	cr_assert_neq(explain(&s.stranger, true, step), 0, "another record");
	cr_assert_str_eq(a.difference[0].what, "history gap");
	scene_stop(&s);
}

/* What follows from the taking over alone: a state that contradicts it is found. */
Test(chains, state_follows_from_the_taking_over)
{
	static const int seen[] = { 2, 3, 4, 7 }; /* owner, epoch, pair */
	struct imp_evidence honest;

	start();
	change_owner(&s.owner, (struct claim_spec){ .kept = true, .domains = 2 });
	honest = now;
	for (size_t i = 0; i < COUNTOF(seen); i++) {
		now = honest;
		change(&now, seen[i]);
		if (seen[i] == 2)
			now.owner = IMP_SPAN(s.owner.kid);
		cr_assert_neq(explain(&s.stranger, true, (struct imp_step){ 0 }), 0, "%d",
			      seen[i]);
	}
	now = honest;
	now.life = IMP_LIFE_LOCKED; /* it may have been: no lock is undone */
	cr_assert_eq(explain(&s.stranger, true, (struct imp_step){ 0 }), 0);
	now.life = IMP_LIFE_DECOMMISSIONED;
	cr_assert_neq(explain(&s.stranger, true, (struct imp_step){ 0 }), 0);
	scene_stop(&s);
}

/* Counts rise, whoever owns it; and what was proven must lie on the chain. */
Test(chains, what_was_proven_before_still_binds)
{
	const struct imp_command lock = { .op = IMP_OP_LOCK };

	start();
	imp_chains_take(&chains, &now);
	cr_assert_eq(push_command(&s, lock, &s.owner, NULL), 0);
	change_owner(&s.owner, (struct claim_spec){ 0 });
	cr_assert_eq(explain(&s.stranger, true, (struct imp_step){ 0 }), 0, "%s",
		     a.difference[0].found);
	now.count = 0;
	cr_assert_eq(explain(&s.stranger, true, (struct imp_step){ 0 }), 1);
	now.count = 9;
	chains.head[1].h[0] ^= 1;
	cr_assert_eq(explain(&s.stranger, true, (struct imp_step){ 0 }), 1, "a fork");
	scene_stop(&s);
}

Test(chains, a_recovery_is_the_new_owners)
{
	const struct imp_command allow = { .op = IMP_OP_POLICY,
					   .sequence = 1,
					   .policy = IMP_POLICY_RECOVERY };
	struct claim_spec spec = { 0 };

	scene_start(&s, true);
	scene_claim(&s, &s.dev);
	cr_assert_eq(push_command(&s, allow, &s.owner, NULL), 0);
	cr_assert_eq(imp_chains_start(s.crypto,
				      &(struct imp_known){ .signing_kid = { 1 } },
				      &chains),
		     0);
	spec.recovery = IMP_SPAN(s.dev.agent.state.recovery);
	change_owner(&s.maker, spec);
	cr_assert_eq(explain(&s.stranger, true, (struct imp_step){ 0 }), 0, "%s",
		     a.difference[0].found);
	cr_assert_eq(entry.kind, IMP_ENTRY_RECOVERY);
	now.owner = IMP_SPAN(s.maker.kid); /* the history names it */
	cr_assert_neq(explain(&s.maker, true, (struct imp_step){ 0 }), 0);
	scene_stop(&s);
}
