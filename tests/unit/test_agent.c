/* SPDX-License-Identifier: Apache-2.0 */
/* The agent: what it takes, what it then holds and says of itself. */
#include <criterion/criterion.h>
#include <string.h>

#include "kit.h"

static struct scene s;
static uint8_t id[32];

static unsigned push(const struct spec *spec)
{
	return push_package(&s, spec, NULL);
}

static unsigned owner_says(struct imp_command m, bool *again)
{
	return push_command(&s, m, &s.owner, again);
}

Test(agent, claim_then_profile_is_taken_and_shown)
{
	static uint8_t buf[KIT_CAP];
	const struct spec spec = { .domain = 1 };
	struct imp_evidence e;

	scene_start(&s, false);
	scene_claim(&s, &s.dev);
	cr_assert_eq(board_push(&s.dev, make_package(&s, &spec, buf, id), NULL), 0);
	board_attest(&s.dev, &e);
	cr_assert_eq(e.life, IMP_LIFE_OWNED);
	cr_assert_eq(e.owner_epoch, 1);
	cr_assert(imp_span_eq(e.owner, IMP_SPAN(s.owner.kid)));
	cr_assert_eq(e.used, 1 << 1);
	cr_assert_eq(e.domain[1].sequence, 1);
	cr_assert(imp_span_eq(e.domain[1].id, IMP_SPAN(id)));
	cr_assert(imp_span_eq(e.domain[1].authority, IMP_SPAN(s.owner.kid)));
	cr_assert_eq(e.chain[0].n, 1);
	cr_assert_eq(e.chain[1].n, 1);
	cr_assert_eq(e.anchor, 0);
	cr_assert_eq(s.dev.active_len[1], cellular.len);
	scene_stop(&s);
}

/* AGAIN-01 */
Test(agent, lost_reply_then_repeat_answers_again_without_a_write)
{
	static uint8_t claim[KIT_CAP], package[KIT_CAP], command[KIT_CAP];
	const struct spec spec = { .domain = 1 };
	const struct claim_spec cs = { 0 };
	const struct imp_command wipe = { .op = IMP_OP_WIPE,
					  .sequence = 1,
					  .domains = 4 };
	struct imp_span object[3];
	struct imp_evidence e;
	bool again;

	scene_start(&s, false);
	scene_enroll(&s.dev);
	object[0] = make_claim(&s, &s.dev, &cs, claim);
	object[1] = make_package(&s, &spec, package, NULL);
	object[2] = make_command(&s, wipe, &s.owner, command);
	for (unsigned i = 0; i < 3; i++) {
		unsigned ops;

		cr_assert_eq(board_push(&s.dev, object[i], &again), 0);
		cr_assert_not(again);
		ops = s.dev.ops;
		cr_assert_eq(board_push(&s.dev, object[i], &again), 0);
		cr_assert(again);
		cr_assert_eq(s.dev.ops, ops);
	}
	for (unsigned i = 0; i < 3; i++) { /* whatever came after it */
		cr_assert_eq(board_push(&s.dev, object[i], &again), 0);
		cr_assert(again);
	}
	board_attest(&s.dev, &e);
	cr_assert_eq(e.chain[0].n, 2);
	cr_assert_eq(e.chain[1].n, 1);
	scene_stop(&s);
}

/* ROLL-01, ROLL-02, ROLL-03: equal, lower, maximal; ROLL-04 and ROLL-05, missing and
 * negative, are test_agent_flip's. */
Test(agent, sequences_only_rise)
{
	static const uint64_t refused[] = { 7, 6, 1 };
	struct spec spec = { .domain = 1, .sequence = 7 };

	scene_start(&s, false);
	scene_claim(&s, &s.dev);
	cr_assert_eq(push(&spec), 0);
	spec.settings = apn;
	for (size_t i = 0; i < COUNTOF(refused); i++) {
		spec.sequence = refused[i];
		cr_assert_eq(push(&spec), IMP_R_SEQUENCE);
	}
	spec.sequence = INT64_MAX;
	cr_assert_eq(push(&spec), 0);
	spec.settings = cellular;
	cr_assert_eq(push(&spec), IMP_R_SEQUENCE);
	spec.epochs[1] = 1; /* only a higher domain-epoch starts anew */
	spec.sequence = 1;
	cr_assert_eq(push(&spec), 0);
	spec.epochs[1] = 0;
	spec.sequence = INT64_MAX;
	cr_assert_eq(push(&spec), IMP_R_EPOCH);
	scene_stop(&s);
}

/* BIND-01, BIND-02 */
Test(agent, objects_for_another_device_are_refused)
{
	static uint8_t buf[KIT_CAP];
	struct spec spec = { .domain = 1 };

	scene_start(&s, false);
	scene_claim(&s, &s.dev);
	scene_claim(&s, &s.other);
	spec.target = spec.recipient = &s.other;
	cr_assert_eq(push(&spec), IMP_R_NOT_FOR_ME);
	spec.recipient = NULL; /* its profile, opened and wrapped again for dev */
	cr_assert_eq(push(&spec), IMP_R_NOT_FOR_ME);
	spec.target = NULL;
	spec.hwmodel = IMP_TEXT("other");
	cr_assert_eq(push(&spec), IMP_R_NOT_FOR_ME);
	spec.hwmodel = s.dev.constants.hwmodel;
	cr_assert_eq(push(&spec), 0);
	spec.target = spec.recipient = &s.other;
	cr_assert_eq(board_push(&s.other, make_package(&s, &spec, buf, NULL), NULL), 0);
	scene_stop(&s);
}

Test(agent, claim_needs_the_makers_signature_where_there_is_a_maker)
{
	static uint8_t buf[KIT_CAP];
	struct imp_signer both[2];
	struct claim_spec c = { 0 };

	scene_start(&s, true);
	scene_enroll(&s.dev);
	cr_assert_eq(board_push(&s.dev, make_claim(&s, &s.dev, &c, buf), NULL),
		     IMP_R_APPROVAL);
	both[0] = s.owner.signer;
	both[1] = s.stranger.signer;
	c.signer = both;
	c.signers = 2;
	cr_assert_eq(board_push(&s.dev, make_claim(&s, &s.dev, &c, buf), NULL),
		     IMP_R_APPROVAL);
	both[1] = s.maker.signer;
	cr_assert_eq(board_push(&s.dev, make_claim(&s, &s.dev, &c, buf), NULL), 0);
	/* The maker as its own first owner: one signature is both. */
	s.other.maker = s.owner.signer.pub;
	scene_claim(&s, &s.other);
	scene_stop(&s);
}

Test(agent, owner_with_approvers_needs_exactly_m_of_them)
{
	static uint8_t buf[KIT_CAP];
	struct imp_signer two[3];
	struct claim_spec c = { .signer = two, .signers = 2 };
	struct spec spec = { .domain = 1 };

	scene_start(&s, false);
	scene_enroll(&s.dev);
	c.approval = (struct imp_approval){ .threshold = 1, .count = 2 };
	c.approval.key[0] = s.approver[0].signer.pub;
	c.approval.key[1] = s.approver[1].signer.pub;
	two[0] = s.owner.signer;
	two[1] = s.stranger.signer;
	cr_assert_eq(board_push(&s.dev, make_claim(&s, &s.dev, &c, buf), NULL),
		     IMP_R_APPROVAL);
	two[1] = s.approver[1].signer;
	cr_assert_eq(board_push(&s.dev, make_claim(&s, &s.dev, &c, buf), NULL), 0);
	cr_assert_eq(push(&spec), IMP_R_APPROVAL, "one where many is asked");
	cr_assert_eq(owner_says((struct imp_command){ .op = IMP_OP_LOCK }, NULL),
		     IMP_R_APPROVAL);
	spec.signer = two;
	spec.signers = 1;
	cr_assert_eq(push(&spec), IMP_R_APPROVAL, "too few");
	two[2] = s.approver[0].signer;
	spec.signers = 3;
	cr_assert_eq(push(&spec), IMP_R_APPROVAL, "one more than m");
	spec.signers = 2;
	cr_assert_eq(push(&spec), 0);
	spec.sequence = 2;
	two[0] = s.approver[0].signer;
	cr_assert_eq(push(&spec), IMP_R_APPROVAL, "approvers without the owner");
	scene_stop(&s);
}

/* Not even among those who need not sign today. */
Test(agent, approvers_whose_keys_are_none_do_not_enter)
{
	static uint8_t buf[KIT_CAP];
	const struct imp_pub none[] = {
		{ .crv = IMP_CRV_P256, .x = { 1 }, .y = { 2 } }, /* off the curve */
		{ .crv = IMP_CRV_P256 },			 /* infinity */
		{ .crv = IMP_CRV_ED25519, .x = { 1 } },		 /* order 1 */
	};
	struct imp_signer two[2];
	struct claim_spec c = { .signer = two, .signers = 2 };

	scene_start(&s, false);
	scene_enroll(&s.dev);
	c.approval = (struct imp_approval){ .threshold = 1, .count = 2 };
	c.approval.key[0] = s.approver[0].signer.pub;
	two[0] = s.owner.signer;
	two[1] = s.approver[0].signer;
	for (size_t i = 0; i < COUNTOF(none); i++) {
		c.approval.key[1] = none[i];
		cr_assert_eq(board_push(&s.dev, make_claim(&s, &s.dev, &c, buf), NULL),
			     IMP_R_SIGNATURE);
	}
	c.approval.key[1] = s.approver[1].signer.pub;
	cr_assert_eq(board_push(&s.dev, make_claim(&s, &s.dev, &c, buf), NULL), 0);
	scene_stop(&s);
}

Test(agent, commands_do_what_they_say)
{
	struct imp_command wipe = { .op = IMP_OP_WIPE, .sequence = 5, .domains = 1 << 1 };
	struct imp_command floor = { .op = IMP_OP_FLOOR,
				     .domains = 1 << 1,
				     .floor = { 0, 3 } };
	const struct imp_command lock = { .op = IMP_OP_LOCK };
	struct spec spec = { .domain = 1 };
	struct imp_evidence e;
	bool again;

	scene_start(&s, false);
	scene_claim(&s, &s.dev);
	cr_assert_eq(push(&spec), 0);
	cr_assert_eq(owner_says(lock, &again), 0);
	cr_assert_not(again);
	cr_assert_eq(owner_says(wipe, &again), 0);
	cr_assert_eq(owner_says(lock, &again), 0);
	cr_assert(again, "whichever command was last");
	cr_assert_eq(s.dev.active_len[1], 0);
	/* Wiped: the same profile is no longer `again`, and its sequence is spent. */
	cr_assert_eq(push(&spec), IMP_R_SEQUENCE);
	wipe.domains = 1 << 2;
	cr_assert_eq(owner_says(wipe, NULL), IMP_R_SEQUENCE);
	cr_assert_eq(owner_says(floor, &again), 0);
	cr_assert_not(again);
	board_attest(&s.dev, &e);
	cr_assert_eq(e.domain[1].state, IMP_DOMAIN_WIPED);
	cr_assert_eq(e.domain[1].domain_epoch, 3);
	cr_assert_eq(e.domain[1].sequence, 0);
	floor.floor[1] = 2; /* lower: changes nothing */
	cr_assert_eq(owner_says(floor, &again), 0);
	cr_assert(again);
	spec.sequence = 9;
	cr_assert_eq(push(&spec), IMP_R_EPOCH);
	spec.epochs[1] = 3;
	cr_assert_eq(push(&spec), 0);
	board_attest(&s.dev, &e);
	cr_assert_eq(e.life, IMP_LIFE_LOCKED);
	cr_assert_eq(e.chain[0].n, 4, "claim, lock, wipe, floor");
	cr_assert_eq(e.domain[1].state, IMP_DOMAIN_SET);
	scene_stop(&s);
}

Test(agent, commands_and_profiles_of_domain_0_share_a_sequence)
{
	struct spec spec = { .domain = 0, .sequence = 3 };
	struct imp_command wipe = { .op = IMP_OP_WIPE, .sequence = 3, .domains = 1 << 1 };
	struct imp_evidence e;

	scene_start(&s, false);
	scene_claim(&s, &s.dev);
	cr_assert_eq(push(&spec), 0);
	cr_assert_eq(owner_says(wipe, NULL), IMP_R_SEQUENCE);
	wipe.sequence = 4;
	cr_assert_eq(owner_says(wipe, NULL), 0);
	spec.sequence = 4;
	cr_assert_eq(push(&spec), IMP_R_SEQUENCE);
	board_attest(&s.dev, &e);
	cr_assert_eq(e.domain[0].sequence, 4);
	cr_assert_eq(e.chain[0].n, 3, "claim, profile, wipe in one chain");
	cr_assert_eq(e.chains, 1);
	scene_stop(&s);
}

Test(agent, recovery_nonce_is_shown_while_allowed_and_new_with_each_policy)
{
	struct imp_command policy = { .op = IMP_OP_POLICY,
				      .policy = IMP_POLICY_RECOVERY };
	struct imp_evidence e;
	uint8_t first;

	scene_start(&s, true);
	s.dev.maker = s.owner.signer.pub;
	scene_claim(&s, &s.dev);
	board_attest(&s.dev, &e);
	cr_assert_eq(e.recovery.len, 0);
	policy.sequence = 1;
	cr_assert_eq(owner_says(policy, NULL), 0);
	board_attest(&s.dev, &e);
	cr_assert_eq(e.policy, IMP_POLICY_RECOVERY);
	cr_assert_eq(e.recovery.len, 16);
	first = e.recovery.ptr[0];
	policy.sequence = 2;
	cr_assert_eq(owner_says(policy, NULL), 0);
	board_attest(&s.dev, &e);
	cr_assert_neq(e.recovery.ptr[0], first);
	scene_stop(&s);
}

Test(agent, decommissioned_answers_but_takes_nothing)
{
	struct spec spec = { .domain = 1 };
	struct imp_evidence e;
	struct imp_response r;
	bool again;
	const struct imp_command end = { .op = IMP_OP_DECOMMISSION, .sequence = 1 };

	scene_start(&s, false);
	scene_claim(&s, &s.dev);
	cr_assert_eq(push(&spec), 0);
	cr_assert_eq(owner_says(end, NULL), 0);
	cr_assert_eq(s.dev.active_len[1], 0);
	spec.sequence = 2;
	cr_assert_eq(push(&spec), IMP_R_STATE);
	cr_assert_eq(owner_says((struct imp_command){ .op = IMP_OP_LOCK }, NULL),
		     IMP_R_STATE);
	cr_assert_eq(board_boot(&s.dev), 0);
	board_attest(&s.dev, &e);
	cr_assert_eq(e.life, IMP_LIFE_DECOMMISSIONED);
	cr_assert_eq(e.domain[1].state, IMP_DOMAIN_WIPED);
	cr_assert(board_request(&s.dev, IMP_ENROLL, 1, &r));
	cr_assert_eq(owner_says(end, &again), 0, "a lost reply");
	cr_assert(again);
	scene_stop(&s);
}

Test(agent, second_enrolment_shows_the_same_keys)
{
	struct imp_pub before;
	struct imp_response r;

	scene_start(&s, false);
	scene_enroll(&s.dev);
	before = s.dev.agent.signing;
	cr_assert_eq(board_boot(&s.dev), 0);
	cr_assert(board_request(&s.dev, IMP_ENROLL, 3, &r));
	cr_assert_arr_eq(before.x, s.dev.agent.signing.x, 32);
	scene_stop(&s);
}

Test(agent, profiles_for_more_domains_than_there_is_room_for_are_too_big)
{
	static const uint8_t settings[] = { 0xa1, 0x0a, 0xa1, 0x00, 0xa1, 0x04, 0x01 };
	uint8_t mine[sizeof(settings)];
	struct spec spec = { .settings = IMP_SPAN(mine) };

	scene_start(&s, false);
	scene_claim(&s, &s.dev);
	memcpy(mine, settings, sizeof(mine));
	for (unsigned d = 1; d <= AGENT_DOMAINS + 1; d++) {
		mine[3] = (uint8_t)d; /* an instance of its own */
		spec.domain = d;
		cr_assert_eq(push(&spec), d <= AGENT_DOMAINS ? 0 : IMP_R_TOO_BIG);
	}
	cr_assert_eq(owner_says((struct imp_command){ .op = IMP_OP_FLOOR,
						      .domains = 1 << 15,
						      .floor = { [15] = 1 } },
				NULL),
		     IMP_R_TOO_BIG);
	scene_stop(&s);
}

static size_t hits(const void *hay, size_t len, const uint8_t *needle)
{
	const uint8_t *p = hay;
	size_t n = 0;

	for (size_t i = 0; i + 32 <= len; i++)
		n += memcmp(p + i, needle, 32) == 0;
	return n;
}

/* SECRET-01: the device's part. */
Test(agent, a_secret_is_kept_once_and_wiped_everywhere)
{
	uint8_t secret[8 + 32] = { 0xa1, 0x0b, 0xa1, 0x00, 0xa1, 0x06, 0x58, 32 };
	const struct spec spec = { .domain = 1, .settings = IMP_SPAN(secret) };
	const struct imp_command wipe = { .op = IMP_OP_WIPE,
					  .sequence = 1,
					  .domains = 2 };

	for (unsigned i = 8; i < sizeof(secret); i++)
		secret[i] = (uint8_t)(0x80 + 3 * i);
	scene_start(&s, false);
	scene_claim(&s, &s.dev);
	cr_assert_eq(push(&spec), 0);
	cr_assert_eq(hits(&s.dev.agent, sizeof(s.dev.agent), secret + 8), 1);
	cr_assert_eq(hits(s.dev.flash, sizeof(s.dev.flash), secret + 8), 1);
	cr_assert_eq(board_boot(&s.dev), 0);
	cr_assert_eq(hits(&s.dev.agent, sizeof(s.dev.agent), secret + 8), 1);
	cr_assert_eq(owner_says(wipe, NULL), 0);
	cr_assert_eq(hits(&s.dev.agent, sizeof(s.dev.agent), secret + 8), 0);
	cr_assert_eq(hits(s.dev.flash, sizeof(s.dev.flash), secret + 8), 0);
	scene_stop(&s);
}
