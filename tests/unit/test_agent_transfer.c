/* SPDX-License-Identifier: Apache-2.0 */
/* Changes of owner after the first one: transfers, keys that are exchanged, recoveries.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "kit.h"

static struct scene s;
static uint8_t buf[KIT_CAP];

/* Push; the reason must be `want` and no operation may touch the flash. */
static void expect(struct imp_span object, enum imp_reason want, const char *what)
{
	unsigned ops = s.dev.ops, got = board_push(&s.dev, object, NULL);

	cr_assert_eq(got, want, "%s: %u", what, got);
	cr_assert_eq(s.dev.ops, ops, "%s", what);
}

static void take(struct imp_span object, const char *what)
{
	bool again;
	unsigned reason = board_push(&s.dev, object, &again);

	cr_assert_eq(reason, 0, "%s: %u", what, reason);
	cr_assert_not(again, "%s", what);
}

static void hand_over(const struct party *from, struct claim_spec spec)
{
	take(make_transfer(&s, from, spec, buf), "a transfer");
}

static void start(bool with_maker, uint32_t policy)
{
	const struct imp_command m = { .op = IMP_OP_POLICY,
				       .sequence = 1,
				       .policy = policy };

	scene_start(&s, with_maker);
	scene_claim(&s, &s.dev);
	if (policy)
		cr_assert_eq(push_command(&s, m, &s.owner, NULL), 0);
}

/* From the last check to the first: everything that is checked later is wrong, too. */
static void check_order(const struct party *from, struct claim_spec bad)
{
	static const uint8_t wrong[32] = { 5 };
	const struct imp_signer three[] = { from->signer, s.stranger.signer,
					    s.approver[0].signer };
	struct imp_span object;

	bad.to = &s.stranger;
	object = make_transfer(&s, from, bad, buf);
	buf[object.len - 1] ^= 1;
	expect(object, IMP_R_SIGNATURE, "signature");
	bad.signer = three;
	bad.signers = 3;
	expect(make_transfer(&s, from, bad, buf), IMP_R_APPROVAL, "one too many");
	bad.signers = 1;
	expect(make_transfer(&s, from, bad, buf), IMP_R_APPROVAL, "new owner missing");
	bad.signer = three + 1;
	expect(make_transfer(&s, from, bad, buf), IMP_R_APPROVAL, "issuer missing");
	bad.one = true;
	expect(make_transfer(&s, from, bad, buf), IMP_R_APPROVAL, "form");
	bad.issuer = &s.tenant;
	expect(make_transfer(&s, from, bad, buf), IMP_R_SCOPE, "scope");
	bad.issuer = &s.stranger;
	expect(make_transfer(&s, from, bad, buf), IMP_R_SCOPE, "by the new owner");
	bad.previous = IMP_SPAN(wrong);
	expect(make_transfer(&s, from, bad, buf), IMP_R_REPLACED_ID, "record");
	bad.epoch = s.dev.agent.state.owner_epoch + 2;
	expect(make_transfer(&s, from, bad, buf), IMP_R_EPOCH, "epoch");
	bad.epoch = UINT32_MAX;
	expect(make_transfer(&s, from, bad, buf), IMP_R_EPOCH, "the last epoch");
	bad.ueid = s.other.constants.ueid;
	expect(make_transfer(&s, from, bad, buf), IMP_R_NOT_FOR_ME, "target");
	bad.class_target = true;
	expect(make_transfer(&s, from, bad, buf), IMP_R_MALFORMED, "a class");
}

Test(agent_transfer, order_of_checks)
{
	start(false, 0);
	check_order(&s.owner, (struct claim_spec){ 0 });
	scene_stop(&s);
	start(true, IMP_POLICY_RECOVERY);
	check_order(&s.owner, (struct claim_spec){ 0 });
	check_order(&s.maker, (struct claim_spec){
				      .recovery = IMP_SPAN(s.dev.agent.state.recovery) });
	scene_stop(&s);
}

Test(agent_transfer, a_device_without_owner_or_for_good_refuses)
{
	static const uint8_t wrong[32] = { 5 };
	struct claim_spec spec = { .epoch = 2, .previous = IMP_SPAN(wrong) };
	const struct imp_command m = { .op = IMP_OP_DECOMMISSION, .sequence = 1 };

	scene_start(&s, true);
	scene_enroll(&s.dev);
	expect(make_transfer(&s, &s.owner, spec, buf), IMP_R_STATE, "nobody's");
	spec.recovery = (struct imp_span){ wrong, 16 };
	expect(make_transfer(&s, &s.maker, spec, buf), IMP_R_STATE, "nobody's");
	scene_claim(&s, &s.dev);
	cr_assert_eq(push_command(&s, m, &s.owner, NULL), 0);
	spec = (struct claim_spec){ 0 };
	expect(make_transfer(&s, &s.owner, spec, buf), IMP_R_STATE, "retired");
	scene_stop(&s);
}

/* Domains 0 and 1 set, 2 wiped, 3 raised by a floor alone; locked. */
static void furnish(void)
{
	const struct spec zero = { .sequence = 4 };
	struct spec spec = { .domain = 1, .sequence = 7, .settings = apn };
	struct imp_command m = { .op = IMP_OP_WIPE, .sequence = 5, .domains = 4 };

	cr_assert_eq(push_package(&s, &zero, NULL), 0);
	cr_assert_eq(push_package(&s, &spec, NULL), 0);
	spec.domain = 2;
	spec.settings = IMP_TEXT("\xa1\x0a\xa1\x01\xa1\x04\x01");
	cr_assert_eq(push_package(&s, &spec, NULL), 0);
	cr_assert_eq(push_command(&s, m, &s.owner, NULL), 0);
	m = (struct imp_command){ .op = IMP_OP_FLOOR,
				  .domains = 10,
				  .floor = { [1] = 2, [3] = 9 } };
	cr_assert_eq(push_command(&s, m, &s.owner, NULL), 0);
	m = (struct imp_command){ .op = IMP_OP_LOCK };
	cr_assert_eq(push_command(&s, m, &s.owner, NULL), 0);
}

/* Pairs are (0, 0); states, ids and authorities as they were, or wiped. */
static void check_domains(const struct imp_evidence *e, const struct imp_agent_state *was,
			  uint16_t kept)
{
	cr_assert_eq(e->used, 7);
	cr_assert_eq(e->raised, 0);
	for (unsigned d = 0; d < 3; d++) {
		const struct imp_measured *m = &e->domain[d];
		bool set = d < 2 && (kept >> d & 1);

		cr_assert_eq(m->domain_epoch, 0);
		cr_assert_eq(m->sequence, 0);
		cr_assert_eq(m->state, set ? IMP_DOMAIN_SET : IMP_DOMAIN_WIPED, "%u", d);
		cr_assert_arr_eq(m->id.ptr, was->domain[d].id, 32);
		cr_assert_arr_eq(m->authority.ptr, s.owner.kid, 32);
		cr_assert_eq(s.dev.active_len[d], set ? was->domain[d].settings_len : 0);
	}
}

/* The chains went on, and the ring begins with what made the new owner. */
static void check_history(const struct imp_agent_state *was, enum imp_entry_kind kind,
			  const struct party *to)
{
	const struct imp_agent_state *st = &s.dev.agent.state;
	struct imp_entry e;

	cr_assert_eq(st->ring_len, 1);
	cr_assert_eq(memcmp(&st->base0, &was->head0, sizeof(st->base0)), 0);
	cr_assert_eq(st->head0.n, was->head0.n + 1);
	for (unsigned i = 0; i < st->domains; i++) {
		cr_assert_arr_eq(st->domain[i].head.h, was->domain[i].head.h, 32);
		cr_assert_arr_eq(st->domain[i].base.h, was->domain[i].head.h, 32);
	}
	cr_assert_eq(imp_entry_decode(st->ring[0], &e), 0);
	cr_assert_eq(e.kind, kind);
	cr_assert_eq(e.owner_epoch, was->owner_epoch + 1);
	cr_assert_eq(e.domain_epoch + e.sequence + e.domain, 0);
	cr_assert_arr_eq(e.issuer, to->kid, 32);
	cr_assert_arr_eq(e.id, st->record, 32);
}

/* What a change of owner makes of a device, whoever makes it. */
static void change(const struct party *from, struct claim_spec spec,
		   enum imp_entry_kind kind)
{
	static struct imp_agent_state was;
	struct imp_evidence e;

	spec.to = &s.stranger;
	spec.policy = IMP_POLICY_RECOVERY;
	memcpy(&was, &s.dev.agent.state, sizeof(was));
	hand_over(from, spec);
	for (unsigned d = 0; d < 3; d++)
		cr_assert(s.dev.active_len[d] == 0 || (spec.domains >> d & 1), "at once");
	cr_assert_eq(board_boot(&s.dev), 0);
	board_attest(&s.dev, &e);
	cr_assert_eq(e.life, IMP_LIFE_LOCKED, "a lock is never undone");
	cr_assert_eq(e.owner_epoch, 2);
	cr_assert_arr_eq(e.owner.ptr, s.stranger.kid, 32);
	cr_assert_arr_eq(e.record.ptr, s.dev.agent.state.record, 32);
	cr_assert_eq(e.policy, IMP_POLICY_RECOVERY);
	cr_assert_neq(memcmp(s.dev.agent.state.recovery, was.recovery, 16), 0);
	cr_assert_eq(s.dev.agent.state.domains, 3, "a floor keeps no place");
	check_domains(&e, &was, spec.domains);
	check_history(&was, kind, &s.stranger);
}

Test(agent_transfer, everything_is_the_new_owners)
{
	start(false, 0);
	furnish();
	change(&s.owner, (struct claim_spec){ 0 }, IMP_ENTRY_TRANSFER);
	scene_stop(&s);
}

Test(agent_transfer, what_is_kept_stays_in_force)
{
	for (uint16_t kept = 0; kept < 8; kept++) {
		start(false, 0);
		furnish();
		change(&s.owner, (struct claim_spec){ .kept = true, .domains = kept },
		       IMP_ENTRY_TRANSFER);
		scene_stop(&s);
	}
}

Test(agent_transfer, recovery_does_the_same)
{
	struct claim_spec spec = { .kept = true, .domains = 2 };

	start(true, IMP_POLICY_RECOVERY);
	furnish();
	spec.recovery = IMP_SPAN(s.dev.agent.state.recovery);
	change(&s.maker, spec, IMP_ENTRY_RECOVERY);
	scene_stop(&s);
}

/* Everything that the owner before has signed is dead: ROLL, TEN, T15. */
Test(agent_transfer, outstanding_objects_are_cancelled)
{
	static uint8_t claim[KIT_CAP], transfer[KIT_CAP], held[KIT_CAP], grant[KIT_CAP];
	const struct claim_spec first = { 0 };
	const struct claim_spec next = { .to = &s.stranger, .kept = true, .domains = 2 };
	const struct grant_spec given = { .domain = 2 };
	struct spec spec = { .domain = 1, .sequence = 5 };
	const struct imp_command lock = { .op = IMP_OP_LOCK };
	struct imp_span old_claim, handover, kept;
	bool again;

	start(false, 0);
	old_claim = make_claim(&s, &s.dev, &first, claim);
	kept = make_package(&s, &spec, held, NULL);
	take(kept, "what is kept");
	handover = make_transfer(&s, &s.owner, next, transfer);
	take(handover, "the transfer");
	expect(handover, IMP_R_NONE, "and again");
	expect(kept, IMP_R_NONE, "a lost answer");
	expect(old_claim, IMP_R_STATE, "the claim");
	spec.sequence = 6;
	expect(make_package(&s, &spec, buf, NULL), IMP_R_EPOCH, "the next profile");
	expect(make_command(&s, lock, &s.owner, buf), IMP_R_EPOCH, "a command");
	spec = (struct spec){ .domain = 2, .issuer = &s.tenant };
	spec.grant = make_grant(&s, &given, grant);
	expect(make_package(&s, &spec, buf, NULL), IMP_R_EPOCH, "by an old grant");
	spec.epochs[0] = 2;
	expect(make_package(&s, &spec, buf, NULL), IMP_R_SCOPE, "an old grant");
	spec = (struct spec){ .domain = 2, .epochs = { 2, 0 } };
	expect(make_package(&s, &spec, buf, NULL), IMP_R_SCOPE, "by the old owner");
	spec.issuer = &s.stranger;
	spec.settings = apn;
	take(make_package(&s, &spec, buf, NULL), "by the new one");
	hand_over(&s.stranger, (struct claim_spec){ 0 });
	expect(handover, IMP_R_EPOCH, "the transfer before the last");
	cr_assert_eq(board_push(&s.dev, kept, &again), IMP_R_EPOCH, "kept once only");
	scene_stop(&s);
}

/* Its own key exchanged, or kept: the epoch rises, so all that is outstanding is dead. */
Test(agent_transfer, an_owner_follows_itself)
{
	struct spec spec = { .domain = 1 };

	start(false, 0);
	hand_over(&s.owner, (struct claim_spec){ .kept = true, .domains = UINT16_MAX });
	cr_assert_eq(s.dev.agent.state.owner_epoch, 2);
	expect(make_package(&s, &spec, buf, NULL), IMP_R_EPOCH, "outstanding");
	spec.epochs[0] = 2;
	take(make_package(&s, &spec, buf, NULL), "by the same key");
	scene_stop(&s);
}

/* Old owner 1 of 2, new owner 1 of 1, and a key that approves on both sides. */
Test(agent_transfer, approvers_of_both_sides_sign)
{
	struct imp_signer all[4], claimers[2];
	struct claim_spec spec = { 0 };

	scene_start(&s, false);
	scene_enroll(&s.dev);
	claimers[0] = s.owner.signer;
	claimers[1] = s.approver[0].signer;
	spec.approval = (struct imp_approval){
		1, 2, { s.approver[0].signer.pub, s.approver[1].signer.pub }
	};
	spec.signer = claimers;
	spec.signers = 2;
	take(make_claim(&s, &s.dev, &spec, buf), "claim");
	spec = (struct claim_spec){ .to = &s.stranger, .signer = all };
	spec.approval = (struct imp_approval){ 1, 1, { s.tenant.signer.pub } };
	all[0] = s.owner.signer;
	all[1] = s.stranger.signer;
	all[2] = s.tenant.signer;
	all[3] = s.approver[1].signer;
	for (spec.signers = 2; spec.signers < 4; spec.signers++)
		expect(make_transfer(&s, &s.owner, spec, buf), IMP_R_APPROVAL, "too few");
	take(make_transfer(&s, &s.owner, spec, buf), "all four");
	cr_assert_eq(s.dev.agent.state.approval.threshold, 1);
	cr_assert_eq(s.dev.agent.state.approval.count, 1);
	spec = (struct claim_spec){ .signers = 3, .signer = all };
	take(make_transfer(&s, &s.stranger, spec, buf), "all three");
	scene_stop(&s);
}

/* A key that is none would own the device, and nobody could sign for it. */
Test(agent_transfer, keys_of_the_new_owner_are_keys)
{
	struct claim_spec spec = { .to = &s.stranger };

	start(false, 0);
	spec.approval = (struct imp_approval){
		1, 2, { s.tenant.signer.pub, { .crv = IMP_CRV_P256, .x = { 1 } } }
	};
	spec.signer = (struct imp_signer[]){ s.owner.signer, s.stranger.signer,
					     s.tenant.signer };
	spec.signers = 3;
	expect(make_transfer(&s, &s.owner, spec, buf), IMP_R_SIGNATURE, "an approver");
	scene_stop(&s);
}

/* The nonce is the device's own, and another one after each policy and each owner. */
Test(agent_transfer, recovery_only_while_it_is_allowed)
{
	static uint8_t old[KIT_CAP];
	struct imp_command m = { .op = IMP_OP_POLICY, .sequence = 2 };
	struct claim_spec spec = { .to = &s.stranger };
	struct imp_evidence e;
	uint8_t nonce[16];
	struct imp_span outdated;

	start(true, 0);
	memcpy(nonce, s.dev.agent.state.recovery, 16);
	spec.recovery = IMP_SPAN(nonce);
	board_attest(&s.dev, &e);
	cr_assert_eq(e.recovery.len, 0, "told nobody");
	expect(make_transfer(&s, &s.maker, spec, buf), IMP_R_SCOPE, "not allowed");
	m.policy = IMP_POLICY_RECOVERY;
	cr_assert_eq(push_command(&s, m, &s.owner, NULL), 0);
	expect(make_transfer(&s, &s.maker, spec, buf), IMP_R_REPLACED_ID, "stale");
	board_attest(&s.dev, &e);
	memcpy(nonce, e.recovery.ptr, 16);
	expect(make_transfer(&s, &s.owner, spec, buf), IMP_R_SCOPE, "by the owner");
	outdated = make_transfer(&s, &s.maker, spec, old);
	m.sequence = 3;
	cr_assert_eq(push_command(&s, m, &s.owner, NULL), 0);
	expect(outdated, IMP_R_REPLACED_ID, "allowed anew");
	board_attest(&s.dev, &e);
	memcpy(nonce, e.recovery.ptr, 16);
	outdated = make_transfer(&s, &s.maker, spec, old);
	take(outdated, "allowed");
	expect(outdated, IMP_R_NONE, "and again");
	hand_over(&s.stranger, (struct claim_spec){ 0 });
	expect(outdated, IMP_R_EPOCH, "at the next owner's");
	scene_stop(&s);
}

Test(agent_transfer, no_maker_no_recovery)
{
	struct claim_spec spec = { .to = &s.stranger };

	start(false, IMP_POLICY_RECOVERY);
	spec.recovery = IMP_SPAN(s.dev.agent.state.recovery);
	expect(make_transfer(&s, &s.maker, spec, buf), IMP_R_SCOPE, "whoever signs");
	expect(make_transfer(&s, &s.owner, spec, buf), IMP_R_SCOPE, "whoever signs");
	spec.recovery = IMP_TEXT("0123456789abcdef");
	expect(make_transfer(&s, &s.maker, spec, buf), IMP_R_SCOPE, "nor any nonce");
	scene_stop(&s);
}

/* The maker takes no part in a transfer, though it did in the claim. */
Test(agent_transfer, the_maker_is_not_asked)
{
	struct claim_spec spec = { .to = &s.stranger };

	start(true, 0);
	spec.signer = (struct imp_signer[]){ s.owner.signer, s.stranger.signer,
					     s.maker.signer };
	spec.signers = 3;
	expect(make_transfer(&s, &s.owner, spec, buf), IMP_R_APPROVAL, "the maker, too");
	hand_over(&s.owner, (struct claim_spec){ .to = &s.stranger });
	scene_stop(&s);
}

static int no_luck(void *ctx, uint8_t *out, size_t len)
{
	(void)ctx;
	memset(out, 0xee, len);
	return -1;
}

Test(agent_transfer, without_randomness_nothing_changes)
{
	static struct imp_agent_state was;

	start(false, 0);
	furnish();
	memcpy(&was, &s.dev.agent.state, sizeof(was));
	s.dev.port.random = no_luck;
	expect(make_transfer(&s, &s.owner, (struct claim_spec){ .to = &s.stranger }, buf),
	       IMP_R_STORAGE, "no nonce");
	cr_assert_eq(memcmp(&was, &s.dev.agent.state, sizeof(was)), 0);
	scene_stop(&s);
}

/* A batch of transfers is signed by both owners once; each leaf is one of its own. */
Test(agent_transfer, a_leaf_of_a_batch_changes_the_owner)
{
	const struct leaf_spec leaf = { .size = 9, .index = 4 };
	struct claim_spec spec = { .to = &s.stranger, .leaf = &leaf };
	struct imp_signer both[2];
	struct imp_span object;

	start(false, 0);
	both[0] = s.owner.signer;
	both[1] = s.stranger.signer;
	spec.signer = both;
	spec.signers = 1;
	expect(make_transfer(&s, &s.owner, spec, buf), IMP_R_APPROVAL, "one of them");
	spec.signers = 2;
	spec.ueid = s.other.constants.ueid;
	expect(make_transfer(&s, &s.owner, spec, buf), IMP_R_NOT_FOR_ME, "another leaf");
	spec.ueid.len = 0;
	object = make_transfer(&s, &s.owner, spec, buf);
	take(object, "both");
	expect(object, IMP_R_NONE, "and again");
	cr_assert_eq(s.dev.agent.state.owner_epoch, 2);
	cr_assert_arr_eq(s.dev.agent.state.owner_kid, s.stranger.kid, 32);
	scene_stop(&s);
}
