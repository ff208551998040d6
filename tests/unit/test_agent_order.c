/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of the agent's checks: faults are added from the last check to the first, so
 * each reason is given although everything that is checked later is wrong, too. On any
 * refusal nothing is written.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "kit.h"

static struct scene s;

/* Push; the reason must be `want` and no operation may touch the flash. */
static void expect(struct imp_span object, enum imp_reason want, const char *what)
{
	unsigned ops = s.dev.ops, got = board_push(&s.dev, object, NULL);

	cr_assert_eq(got, want, "%s: %u", what, got);
	cr_assert_eq(s.dev.ops, ops, "%s", what);
}

Test(agent_order, of_a_package)
{
	static const uint8_t wrong[32] = { 5 };
	static const uint8_t both[] = { 0xa2, 0x0b, 0xa1, 0x00, 0xa1, 0x00, 0x61, 'x',
					0x18, 99,   0xa1, 0x00, 0xa1, 0x00, 0x01 };
	static uint8_t buf[2 * KIT_CAP];
	const struct spec held = { .domain = 2, .settings = apn };
	struct spec bad = { .domain = 1, .sequence = 5 };
	struct imp_span object;

	scene_start(&s, false);
	scene_claim(&s, &s.dev);
	cr_assert_eq(push_package(&s, &bad, NULL), 0);
	cr_assert_eq(push_package(&s, &held, NULL), 0);
	bad.sequence = 6;
	s.dev.check_says = IMP_R_UNSUPPORTED;
	expect(make_package(&s, &bad, buf, NULL), IMP_R_UNSUPPORTED, "the board's check");
	bad.spoil_signature = true;
	expect(make_package(&s, &bad, buf, NULL), IMP_R_SIGNATURE, "signature");
	bad.signer = &s.owner.signer;
	bad.signers = 1;
	expect(make_package(&s, &bad, buf, NULL), IMP_R_APPROVAL, "approval");
	bad.settings = apn;
	expect(make_package(&s, &bad, buf, NULL), IMP_R_CONFLICT, "conflict");
	bad.settings = IMP_SPAN(both);
	expect(make_package(&s, &bad, buf, NULL), IMP_R_UNSUPPORTED, "no such object");
	bad.issuer = &s.stranger;
	expect(make_package(&s, &bad, buf, NULL), IMP_R_SCOPE, "scope");
	bad.replaces = IMP_SPAN(wrong);
	expect(make_package(&s, &bad, buf, NULL), IMP_R_REPLACED_ID, "replaced id");
	bad.sequence = 5;
	expect(make_package(&s, &bad, buf, NULL), IMP_R_SEQUENCE, "sequence");
	bad.epochs[0] = 2;
	expect(make_package(&s, &bad, buf, NULL), IMP_R_EPOCH, "epoch");
	for (bad.outer_differs = 1; bad.outer_differs <= OUTER_CLAIMS;
	     bad.outer_differs++)
		expect(make_package(&s, &bad, buf, NULL), IMP_R_MALFORMED,
		       "inner, outer");
	scene_enroll(&s.other);
	bad.target = &s.other;
	expect(make_package(&s, &bad, buf, NULL), IMP_R_NOT_FOR_ME, "inner target");
	bad.spoil_cipher = true;
	expect(make_package(&s, &bad, buf, NULL), IMP_R_DECRYPT, "decrypt");
	bad.recipient = &s.other;
	expect(make_package(&s, &bad, buf, NULL), IMP_R_NOT_FOR_ME, "outer target");
	bad.spoil_typ = true;
	object = make_package(&s, &bad, buf, NULL);
	expect(object, IMP_R_UNSUPPORTED, "typ");
	buf[object.len++] = 0;
	expect(object, IMP_R_MALFORMED, "form");
	object.len = AGENT_OBJECT_MAX + 1;
	expect(object, IMP_R_TOO_BIG, "length");
	scene_stop(&s);
}

Test(agent_order, state_comes_before_all_that_is_the_owners)
{
	static uint8_t buf[KIT_CAP];
	struct spec bad = { .domain = 0, .epochs = { 2, 2 }, .issuer = &s.stranger };
	struct imp_command m = {
		.op = IMP_OP_FLOOR, .owner_epoch = 9, .domains = 3, .floor = { 1, 1 }
	};

	scene_start(&s, false);
	scene_enroll(&s.dev);
	bad.spoil_signature = true;
	expect(make_package(&s, &bad, buf, NULL), IMP_R_STATE, "unowned");
	expect(make_command(&s, m, &s.stranger, buf), IMP_R_STATE, "unowned");
	m.domains = 2;
	m.floor[1] = 0;
	expect(make_command(&s, m, &s.stranger, buf), IMP_R_STATE,
	       "a floor that changes nothing");
	scene_stop(&s);
}

Test(agent_order, epoch_of_domain_0_is_always_0)
{
	static uint8_t buf[KIT_CAP];
	const struct spec bad = { .domain = 0, .epochs = { 1, 1 } };
	const struct imp_command m = { .op = IMP_OP_FLOOR, .domains = 1 };

	scene_start(&s, false);
	scene_claim(&s, &s.dev);
	expect(make_package(&s, &bad, buf, NULL), IMP_R_EPOCH, "a profile");
	expect(make_command(&s, m, &s.owner, buf), IMP_R_EPOCH, "a floor");
	scene_stop(&s);
}

Test(agent_order, of_a_claim)
{
	static const uint8_t wrong[32] = { 5 };
	static uint8_t buf[KIT_CAP];
	struct imp_signer two[2];
	struct claim_spec bad = { 0 };
	struct imp_span object;

	scene_start(&s, false);
	scene_enroll(&s.dev);
	object = make_claim(&s, &s.dev, &bad, buf);
	buf[object.len - 1] ^= 1;
	expect(object, IMP_R_SIGNATURE, "signature");
	two[0] = s.owner.signer;
	two[1] = s.stranger.signer;
	bad.signer = two;
	bad.signers = 2;
	object = make_claim(&s, &s.dev, &bad, buf);
	buf[object.len - 1] ^= 1;
	expect(object, IMP_R_APPROVAL, "approval");
	bad.one = true;
	expect(make_claim(&s, &s.dev, &bad, buf), IMP_R_APPROVAL, "form");
	bad.issuer = &s.stranger;
	expect(make_claim(&s, &s.dev, &bad, buf), IMP_R_SCOPE, "scope");
	bad.previous = IMP_SPAN(wrong);
	expect(make_claim(&s, &s.dev, &bad, buf), IMP_R_REPLACED_ID, "previous record");
	bad.previous.len = 0;
	bad.epoch = 2;
	expect(make_claim(&s, &s.dev, &bad, buf), IMP_R_EPOCH, "epoch");
	scene_claim(&s, &s.dev);
	expect(make_claim(&s, &s.dev, &bad, buf), IMP_R_STATE, "owned");
	bad.ueid = s.other.constants.ueid;
	expect(make_claim(&s, &s.dev, &bad, buf), IMP_R_NOT_FOR_ME, "target");
	bad.epoch = 1;
	bad.kept = true;
	bad.domains = 2;
	expect(make_claim(&s, &s.dev, &bad, buf), IMP_R_MALFORMED, "kept domains");
	scene_stop(&s);
}

Test(agent_order, of_a_command)
{
	static uint8_t buf[KIT_CAP];
	struct imp_command bad = { .op = IMP_OP_WIPE, .sequence = 3, .domains = 2 };
	struct imp_command floor = { .op = IMP_OP_FLOOR };
	struct imp_span object;

	scene_start(&s, false);
	scene_claim(&s, &s.dev);
	cr_assert_eq(push_command(&s, bad, &s.owner, NULL), 0);
	bad.sequence = 4;
	object = make_command(&s, bad, &s.owner, buf);
	buf[object.len - 1] ^= 1;
	expect(object, IMP_R_SIGNATURE, "signature");
	for (unsigned d = 1; d <= AGENT_DOMAINS + 1; d++) {
		floor.domains |= (uint16_t)(1u << d);
		floor.floor[d] = 1;
	}
	object = make_command(&s, floor, &s.owner, buf);
	buf[object.len - 1] ^= 1;
	expect(object, IMP_R_TOO_BIG, "more domains than there is room for");
	expect(make_command(&s, floor, &s.stranger, buf), IMP_R_SCOPE, "scope");
	bad.sequence = 2;
	expect(make_command(&s, bad, &s.stranger, buf), IMP_R_SEQUENCE, "sequence");
	bad.owner_epoch = 2;
	expect(make_command(&s, bad, &s.stranger, buf), IMP_R_EPOCH, "epoch");
	bad.target.ueid = s.other.constants.ueid;
	expect(make_command(&s, bad, &s.stranger, buf), IMP_R_NOT_FOR_ME, "target");
	object = make_command(&s, bad, &s.stranger, buf);
	buf[object.len++] = 0;
	expect(object, IMP_R_MALFORMED, "form");
	scene_stop(&s);
}

/* Before there are keys, nothing can be for this device, and nothing makes them. */
Test(agent_order, a_device_without_keys_writes_nothing_for_a_refusal)
{
	static uint8_t buf[KIT_CAP];
	const struct claim_spec bad = { .signer = &s.stranger.signer, .signers = 1 };
	const struct claim_spec good = { 0 };
	const struct spec spec = { .domain = 1,
				   .target = &s.other,
				   .recipient = &s.other };

	scene_start(&s, false);
	scene_enroll(&s.other);
	expect(make_claim(&s, &s.dev, &bad, buf), IMP_R_APPROVAL, "a claim");
	expect(make_package(&s, &spec, buf, NULL), IMP_R_NOT_FOR_ME, "a package");
	expect(IMP_TEXT("noise"), IMP_R_MALFORMED, "noise");
	cr_assert_not(s.dev.has_key[0]);
	cr_assert_eq(board_push(&s.dev, make_claim(&s, &s.dev, &good, buf), NULL), 0);
	scene_stop(&s);
}
