/* SPDX-License-Identifier: Apache-2.0 */
/* BITFLIP: whatever happens to an object on the way, the device does not take it and
 * nothing of it stays. */
#include <criterion/criterion.h>
#include <string.h>

#include "kit.h"
#include "object/seal.h"
#include "object/signed.h"

static struct scene s;
static struct board before;
static uint8_t good[KIT_CAP], bad[KIT_CAP];

static void refuse(size_t len, const char *how, size_t at)
{
	unsigned reason = board_push(&s.dev, (struct imp_span){ bad, len }, NULL);

	cr_assert_neq(reason, 0, "%s at %zu", how, at);
	cr_assert_eq(s.dev.ops, before.ops, "%s at %zu: flash", how, at);
	cr_assert_eq(memcmp(&s.dev.agent.state, &before.agent.state,
			    sizeof(before.agent.state)),
		     0, "%s at %zu: state", how, at);
}

static void flip_all(struct imp_span object)
{
	static const uint8_t inserted[] = { 0x00, 0x40, 0xff };

	memcpy(&before, &s.dev, sizeof(before));
	for (size_t bit = 0; bit < 8 * object.len; bit++) {
		memcpy(bad, object.ptr, object.len);
		bad[bit / 8] ^= (uint8_t)(1u << bit % 8);
		refuse(object.len, "bit", bit);
	}
	for (size_t len = 1; len < object.len; len++) {
		memcpy(bad, object.ptr, len);
		refuse(len, "cut", len);
		memcpy(bad + len, object.ptr + len + 1, object.len - len - 1);
		refuse(object.len - 1, "byte missing", len);
	}
	for (size_t at = 0; at <= object.len; at++)
		for (size_t i = 0; i < COUNTOF(inserted); i++) {
			memcpy(bad, object.ptr, at);
			bad[at] = inserted[i];
			memcpy(bad + at + 1, object.ptr + at, object.len - at);
			refuse(object.len + 1, "byte more", at);
		}
	cr_assert_eq(memcmp(s.dev.flash, before.flash, sizeof(before.flash)), 0);
	cr_assert_eq(board_push(&s.dev, object, NULL), 0, "unharmed");
}

Test(agent_flip, claim)
{
	const struct claim_spec spec = { 0 };

	scene_start(&s, false);
	scene_enroll(&s.dev);
	flip_all(make_claim(&s, &s.dev, &spec, good));
	scene_stop(&s);
}

Test(agent_flip, package, .timeout = 60)
{
	const struct spec spec = { .domain = 1, .hwmodel = IMP_TEXT("keel-2") };

	scene_start(&s, false);
	scene_claim(&s, &s.dev);
	flip_all(make_package(&s, &spec, good, NULL));
	scene_stop(&s);
}

Test(agent_flip, command)
{
	const struct imp_command m = { .op = IMP_OP_POLICY, .sequence = 1, .policy = 1 };

	scene_start(&s, false);
	scene_claim(&s, &s.dev);
	flip_all(make_command(&s, m, &s.owner, good));
	scene_stop(&s);
}

/* A payload that is signed and sealed like a profile's. */
static unsigned push_as(enum imp_kind kind, struct imp_span payload)
{
	static uint8_t object[KIT_CAP];
	struct imp_writer o = imp_writer(object, sizeof(object));
	struct imp_writer w = imp_writer(bad, sizeof(bad));
	uint8_t id[32];
	const struct imp_package_claims claims = {
		.ueid = s.dev.constants.ueid,
		.profile_id = IMP_SPAN(id),
		.issuer = IMP_SPAN(s.owner.kid),
		.domain = 1,
		.epochs = { 1, 0 },
		.sequence = 1,
	};

	cr_assert_eq(imp_signed_put_one(s.crypto, &s.owner.signer, kind,
					(struct imp_span){ 0 }, payload, &o, id),
		     0);
	cr_assert_eq(imp_package_seal(s.crypto, &s.dev.pub[IMP_KEY_SEALING], &claims,
				      imp_written(&o), &w),
		     0);
	return board_push(&s.dev, imp_written(&w), NULL);
}

static unsigned push_payload(struct imp_span payload)
{
	return push_as(IMP_KIND_PROFILE, payload);
}

static struct imp_span payload_with(struct imp_span sequence, bool without)
{
	static uint8_t buf[256];
	static const uint8_t salt[16];
	struct imp_writer w = imp_writer(buf, sizeof(buf));

	imp_cbor_put_map(&w, 7 - (size_t)without);
	imp_put(&w, IMP_TEXT("\x01\x01\x02\x01"));
	if (!without) {
		imp_put(&w, IMP_TEXT("\x03"));
		imp_put(&w, sequence);
	}
	imp_put(&w, IMP_TEXT("\x04\xa1\x19\x01"));
	imp_put_u8(&w, 0);
	imp_cbor_put_bytes(&w, s.dev.constants.ueid);
	imp_put(&w, IMP_TEXT("\x05"));
	imp_put(&w, cellular);
	imp_put(&w, IMP_TEXT("\x06"));
	imp_cbor_put_bytes(&w, IMP_SPAN(salt));
	imp_put(&w, IMP_TEXT("\x09\x82\x01"));
	imp_put_u8(&w, 0);
	return imp_written(&w);
}

/* ROLL-03 above 2^63, ROLL-04 missing, ROLL-05 negative, and 0. What is inside and does
 * not parse is the one error of decryption. */
Test(agent_flip, sequences_that_are_none)
{
	const struct imp_span above = IMP_TEXT("\x1b\x80\0\0\0\0\0\0\0");

	scene_start(&s, false);
	scene_claim(&s, &s.dev);
	cr_assert_eq(push_payload(payload_with(above, false)), IMP_R_DECRYPT);
	cr_assert_eq(push_payload(payload_with(above, true)), IMP_R_DECRYPT);
	cr_assert_eq(push_payload(payload_with(IMP_TEXT("\x20"), false)), IMP_R_DECRYPT);
	cr_assert_eq(push_payload(payload_with(IMP_TEXT("\0"), false)), IMP_R_DECRYPT);
	cr_assert_eq(push_payload(payload_with(IMP_TEXT("\x01"), false)), 0);
	scene_stop(&s);
}

/* A good profile's payload, signed by the owner as something else. */
Test(agent_flip, package_of_something_else_is_refused)
{
	struct imp_span payload;

	scene_start(&s, false);
	scene_claim(&s, &s.dev);
	payload = payload_with(IMP_TEXT("\x01"), false);
	cr_assert_eq(push_as(IMP_KIND_COMMAND, payload), IMP_R_DECRYPT);
	cr_assert_eq(push_as(IMP_KIND_CARD, payload), IMP_R_DECRYPT);
	cr_assert_eq(push_as(IMP_KIND_BATCH, payload), IMP_R_UNSUPPORTED);
	scene_stop(&s);
}

/* A bare profile, even a good one, is no package. */
Test(agent_flip, bare_profile_is_unsupported)
{
	struct imp_writer w = imp_writer(bad, sizeof(bad));

	scene_start(&s, false);
	scene_claim(&s, &s.dev);
	cr_assert_eq(imp_signed_put_one(s.crypto, &s.owner.signer, IMP_KIND_PROFILE,
					(struct imp_span){ 0 },
					payload_with(IMP_TEXT("\x01"), false), &w, NULL),
		     0);
	cr_assert_eq(board_push(&s.dev, imp_written(&w), NULL), IMP_R_UNSUPPORTED);
	scene_stop(&s);
}
