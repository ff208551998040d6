/* SPDX-License-Identifier: Apache-2.0 */
/* BITFLIP: whatever happens to an object on the way, the device does not take it and
 * nothing of it stays. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kit.h"
#include "object/package.h"
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

typedef void handle(size_t len, const char *how, size_t at);

/* Every change of one bit or byte, left in `bad`. */
static void change_all(struct imp_span object, handle *try)
{
	static const uint8_t inserted[] = { 0x00, 0x40, 0xff };

	for (size_t bit = 0; bit < 8 * object.len; bit++) {
		memcpy(bad, object.ptr, object.len);
		bad[bit / 8] ^= (uint8_t)(1u << bit % 8);
		try(object.len, "bit", bit);
	}
	for (size_t len = 1; len < object.len; len++) {
		memcpy(bad, object.ptr, len);
		try(len, "cut", len);
		memcpy(bad + len, object.ptr + len + 1, object.len - len - 1);
		try(object.len - 1, "byte missing", len);
	}
	for (size_t at = 0; at <= object.len; at++)
		for (size_t i = 0; i < COUNTOF(inserted); i++) {
			memcpy(bad, object.ptr, at);
			bad[at] = inserted[i];
			memcpy(bad + at + 1, object.ptr + at, object.len - at);
			try(object.len + 1, "byte more", at);
		}
}

static void flip_all(struct imp_span object)
{
	memcpy(&before, &s.dev, sizeof(before));
	change_all(object, refuse);
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

/* All of a leaf: its bytes, the proof, what is signed; in clear, where each is read. */
Test(agent_flip, leaf_of_a_batch, .timeout = 60)
{
	const struct leaf_spec leaf = { .size = 11, .index = 9, .label = IMP_TEXT("b") };
	const struct claim_spec spec = { .leaf = &leaf };

	scene_start(&s, false);
	scene_enroll(&s.dev);
	flip_all(make_claim(&s, &s.dev, &spec, good));
	scene_stop(&s);
}

Test(agent_flip, package_of_a_leaf, .timeout = 100)
{
	const struct leaf_spec leaf = { .size = 5, .index = 2 };
	const struct spec spec = { .domain = 1, .leaf = &leaf };

	scene_start(&s, false);
	scene_claim(&s, &s.dev);
	flip_all(make_package(&s, &spec, good, NULL));
	scene_stop(&s);
}

/* X25519's top bit is among those that are flipped: the function itself ignores it. */
Test(agent_flip, package_to_x25519, .timeout = 60)
{
	const struct spec spec = { .domain = 1 };
	struct imp_package p;
	struct imp_span object;
	uint8_t *u;

	scene_start(&s, false);
	s.dev.sealing_crv = IMP_CRV_X25519;
	scene_claim(&s, &s.dev);
	object = make_package(&s, &spec, good, NULL);
	flip_all(object);
	cr_assert_eq(imp_package_decode(object, &p, NULL), 0);
	cr_assert_eq(p.sealed.epk.crv, IMP_CRV_X25519);
	u = memmem(good, object.len, p.sealed.epk.x, 32);
	cr_assert_not_null(u);
	u[31] |= 0x80;
	cr_assert_eq(board_push(&s.dev, object, NULL), IMP_R_DECRYPT);
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

Test(agent_flip, transfer, .timeout = 60)
{
	const struct claim_spec spec = { .to = &s.stranger, .kept = true, .domains = 2 };

	scene_start(&s, false);
	scene_claim(&s, &s.dev);
	flip_all(make_transfer(&s, &s.owner, spec, good));
	scene_stop(&s);
}

Test(agent_flip, recovery, .timeout = 60)
{
	const struct imp_command allow = { .op = IMP_OP_POLICY,
					   .sequence = 1,
					   .policy = IMP_POLICY_RECOVERY };
	struct claim_spec spec = { .to = &s.stranger };

	scene_start(&s, true);
	scene_claim(&s, &s.dev);
	cr_assert_eq(push_command(&s, allow, &s.owner, NULL), 0);
	spec.recovery = IMP_SPAN(s.dev.agent.state.recovery);
	flip_all(make_transfer(&s, &s.maker, spec, good));
	scene_stop(&s);
}

static uint8_t signed_as[KIT_CAP], signed_id[32];
static const struct party *signed_by;

static struct imp_span sign_as(enum imp_kind kind, struct imp_span payload)
{
	struct imp_writer w = imp_writer(signed_as, sizeof(signed_as));

	signed_by = &s.owner;
	cr_assert_eq(imp_signed_put_one(s.crypto, &s.owner.signer, kind,
					(struct imp_span){ 0 }, payload, &w, signed_id),
		     0);
	return imp_written(&w);
}

static struct imp_span seal_as(struct imp_span object)
{
	static uint8_t package[KIT_CAP];
	struct imp_writer w = imp_writer(package, sizeof(package));
	const struct imp_package_claims claims = {
		.ueid = s.dev.constants.ueid,
		.profile_id = IMP_SPAN(signed_id),
		.issuer = IMP_SPAN(signed_by->kid),
		.domain = 1,
		.epochs = { 1, 0 },
		.sequence = 1,
	};

	cr_assert_eq(imp_package_seal(s.crypto, &s.dev.pub[IMP_KEY_SEALING], &claims,
				      object, &w),
		     0);
	return imp_written(&w);
}

/* A payload that is signed and sealed like a profile's. */
static unsigned push_as(enum imp_kind kind, struct imp_span payload)
{
	return board_push(&s.dev, seal_as(sign_as(kind, payload)), NULL);
}

static unsigned push_payload(struct imp_span payload)
{
	return push_as(IMP_KIND_PROFILE, payload);
}

/* What is spoilt before it is sealed: the station could do it to what it has opened, and
 * so could whoever carries grants. */
static void refuse_sealed(size_t len, const char *how, size_t at)
{
	struct imp_span package = seal_as((struct imp_span){ bad, len });

	memcpy(bad, package.ptr, package.len);
	refuse(package.len, how, at);
}

static void flip_inside(struct imp_span object)
{
	memcpy(&before, &s.dev, sizeof(before));
	change_all(object, refuse_sealed);
	cr_assert_eq(board_push(&s.dev, seal_as(object), NULL), 0, "unharmed");
}

Test(agent_flip, grants_inside_a_package, .timeout = 100)
{
	static uint8_t top[KIT_CAP], below[KIT_CAP];
	const struct grant_spec first = { .depth = 1 };
	struct grant_spec second = { .issuer = &s.tenant, .holder = &s.deputy };
	struct spec spec = { .domain = 1, .issuer = &s.deputy };

	scene_start(&s, false);
	scene_claim(&s, &s.dev);
	second.parent = make_grant(&s, &first, top);
	spec.grant = make_grant(&s, &second, below);
	signed_by = &s.deputy;
	flip_inside(make_profile(&s, &spec, good, signed_id));
	scene_stop(&s);
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
	cr_assert_eq(push_as(IMP_KIND_BATCH, payload), IMP_R_DECRYPT);
	scene_stop(&s);
}

static void expect_again(struct imp_span object, bool want, const char *what)
{
	bool again;

	cr_assert_eq(board_push(&s.dev, object, &again), 0, "%s", what);
	cr_assert_eq(again, want, "%s", what);
}

/* BITFLIP: (r, n - s) of a signature and (x, -y) of an ephemeral key are the same object
 * in other bytes: taken once, then `again` in either spelling. */
Test(agent_flip, other_spellings_are_the_same_object)
{
	const struct claim_spec claim = { 0 };
	const struct spec spec = { .domain = 1 };
	const struct imp_command m = { .op = IMP_OP_POLICY, .sequence = 1, .policy = 1 };
	struct imp_package p;
	struct imp_span object;
	uint8_t *y;

	scene_start(&s, false);
	scene_enroll(&s.dev);
	object = make_claim(&s, &s.dev, &claim, good);
	other_s(good + object.len - 32);
	expect_again(object, false, "claim, n - s");
	other_s(good + object.len - 32);
	expect_again(object, true, "claim");
	object = make_command(&s, m, &s.owner, good);
	other_s(good + object.len - 32);
	expect_again(object, false, "command, n - s");
	other_s(good + object.len - 32);
	expect_again(object, true, "command");
	object = make_package(&s, &spec, good, NULL);
	cr_assert_eq(imp_package_decode(object, &p, NULL), 0);
	y = memmem(good, object.len, p.sealed.epk.y, 32);
	cr_assert_not_null(y);
	other_y(y);
	expect_again(object, false, "package, -y");
	other_y(y);
	expect_again(object, true, "package");
	scene_stop(&s);
}

/* The same inside a package: an identity is not over the signature. */
Test(agent_flip, other_spelling_of_the_signature_inside)
{
	struct imp_span object;

	scene_start(&s, false);
	scene_claim(&s, &s.dev);
	object = sign_as(IMP_KIND_PROFILE, payload_with(IMP_TEXT("\x01"), false));
	other_s(signed_as + object.len - 32);
	expect_again(seal_as(object), false, "n - s");
	other_s(signed_as + object.len - 32);
	expect_again(seal_as(object), true, "as it was signed");
	scene_stop(&s);
}

/* A package whose ephemeral key is on another curve than the device's key, which must not
 * be used on it. ENC-01 */
Test(agent_flip, ephemeral_key_of_another_curve_never_meets_the_key)
{
	const struct spec spec = { .domain = 1 };
	struct imp_package p;
	struct imp_span object;
	uint8_t *kid;

	scene_start(&s, false);
	scene_claim(&s, &s.dev);
	s.other.sealing_crv = IMP_CRV_X25519;
	scene_enroll(&s.other);
	s.dev.pub[IMP_KEY_SEALING] = s.other.pub[IMP_KEY_SEALING];
	object = make_package(&s, &spec, good, NULL);
	cr_assert_eq(imp_package_decode(object, &p, NULL), 0);
	kid = memmem(good, object.len, p.sealed.sealing.ptr, 32);
	memcpy(kid, s.dev.agent.sealing_kid, 32);
	cr_assert_eq(board_push(&s.dev, object, NULL), IMP_R_DECRYPT);
	scene_stop(&s);
}

static int by_value(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static uint64_t cpu_ns(void)
{
	struct timespec t;

	cr_assert_eq(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t), 0);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Median time that the device takes for what is refused; the answer goes to out. */
static uint64_t time_of(struct imp_span object, uint8_t out[64], size_t *len)
{
	enum { ROUNDS = 31 };
	uint64_t took[ROUNDS];

	for (size_t i = 0; i < ROUNDS; i++) {
		uint64_t start = cpu_ns();
		struct imp_span answer = board_stage(&s.dev, object);

		took[i] = cpu_ns() - start;
		cr_assert_leq(answer.len, 64);
		memcpy(out, answer.ptr, answer.len);
		*len = answer.len;
	}
	qsort(took, ROUNDS, sizeof(took[0]), by_value);
	return took[ROUNDS / 2];
}

/* ENC-09: whichever part is spoilt, the answer is the same to the byte, and the time is
 * of one class. A point that is not on its curve comes sooner: everybody can see that it
 * is none. */
Test(agent_flip, spoilt_packages_get_one_answer)
{
	const struct spec spec = { .domain = 1 };
	uint8_t first[64], answer[64], *at[6];
	uint64_t least = UINT64_MAX, most = 0;
	size_t first_len = 0, len;
	struct imp_package p;
	struct imp_span object;

	scene_start(&s, false);
	scene_claim(&s, &s.dev);
	object = make_package(&s, &spec, good, NULL);
	cr_assert_eq(imp_package_decode(object, &p, NULL), 0);
	at[0] = memmem(good, object.len, p.sealed.epk.x, 32);
	at[1] = good + (p.claims.profile_id.ptr - good);
	at[2] = good + (p.sealed.wrapped.ptr - good);
	at[3] = good + (p.sealed.iv.ptr - good);
	at[4] = good + (p.sealed.ciphertext.ptr - good);
	at[5] = at[4] + p.sealed.ciphertext.len - 1;
	for (size_t i = 0; i < COUNTOF(at); i++) {
		uint64_t took;

		*at[i] ^= 1;
		took = time_of(object, answer, &len);
		*at[i] ^= 1;
		if (i == 0) {
			memcpy(first, answer, len);
			first_len = len;
			continue;
		}
		cr_assert_eq(len, first_len);
		cr_assert_arr_eq(answer, first, len);
		least = took < least ? took : least;
		most = took > most ? took : most;
	}
	cr_assert_lt(most, 2 * least, "%lu to %lu ns", (unsigned long)least,
		     (unsigned long)most);
	cr_assert_eq(board_push(&s.dev, object, NULL), 0);
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
