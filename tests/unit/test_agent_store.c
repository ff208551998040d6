/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's state: power cuts, flash that was put back, flash that somebody wrote. */
#include <criterion/criterion.h>
#include <string.h>

#include "kit.h"

enum { UNIT = 256, HALF = 4096, HEADER = 76, BODY = 256 };

static struct scene s;

/* Something that a device does with its state, and the device before and after. */
struct step {
	const char *name;
	struct imp_span object; /* empty: enroll */
	uint8_t bytes[2048];
	struct board before, after;
	unsigned ops, boot_ops; /* operations of the step, and of a boot after a cut */
};

static struct step steps[16];
static size_t count;

static unsigned take(const struct step *st)
{
	struct imp_response r;

	if (st->object.len > 0)
		return board_push(&s.dev, st->object, NULL);
	return board_request(&s.dev, IMP_ENROLL, 1, &r) ? 0 : r.rc;
}

/* Do the step on dev and remember both sides of it. */
static void add(const char *name, struct imp_span object)
{
	struct step *st = &steps[count++];

	cr_assert_lt(count, COUNTOF(steps));
	st->name = name;
	cr_assert_leq(object.len, sizeof(st->bytes));
	if (object.len > 0)
		memcpy(st->bytes, object.ptr, object.len);
	st->object = (struct imp_span){ st->bytes, object.len };
	s.dev.ops = 0;
	memcpy(&st->before, &s.dev, sizeof(s.dev));
	cr_assert_eq(take(st), 0, "%s", name);
	st->ops = s.dev.ops;
	cr_assert_gt(st->ops, 4);
	memcpy(&st->after, &s.dev, sizeof(s.dev));
}

static void prepare_unit(bool counter, uint32_t unit)
{
	static uint8_t buf[KIT_CAP], grant[KIT_CAP];
	struct imp_signer both[2];
	struct claim_spec change = { .signer = both, .signers = 2 };
	const struct leaf_spec leaf = { .size = 6, .index = 5 };
	const struct grant_spec third = { .domain = 3 };
	struct spec spec = { .domain = 1 };
	struct imp_command m = { .op = IMP_OP_LOCK };

	scene_start(&s, true);
	both[0] = s.owner.signer;
	both[1] = s.maker.signer;
	s.dev.constants.write_unit = unit;
	s.dev.constants.half_size = HALF;
	if (counter)
		board_add_counter(&s.dev);
	cr_assert_eq(board_boot(&s.dev), 0);
	/* The board's keys lie elsewhere; here they must be the same in each run. */
	for (unsigned use = 0; use < 2; use++)
		cr_assert_eq(s.dev.port.key_make(&s.dev, use, &s.dev.pub[use]), 0);
	count = 0;
	add("enroll", (struct imp_span){ 0 });
	add("claim", make_claim(&s, &s.dev, &change, buf));
	add("profile", make_package(&s, &spec, buf, NULL));
	spec.sequence = 2;
	spec.settings = apn;
	add("next profile", make_package(&s, &spec, buf, NULL));
	add("lock", make_command(&s, m, &s.owner, buf));
	m = (struct imp_command){ .op = IMP_OP_FLOOR,
				  .domains = 6,
				  .floor = { 0, 1, 2 } };
	add("floor", make_command(&s, m, &s.owner, buf));
	m = (struct imp_command){ .op = IMP_OP_WIPE, .sequence = 1, .domains = 2 };
	add("wipe", make_command(&s, m, &s.owner, buf));
	m = (struct imp_command){ .op = IMP_OP_POLICY, .sequence = 2, .policy = 1 };
	add("policy", make_command(&s, m, &s.owner, buf));
	spec = (struct spec){ .domain = 4, .settings = apn, .leaf = &leaf };
	add("profile of a batch", make_package(&s, &spec, buf, NULL));
	spec = (struct spec){ .domain = 3, .issuer = &s.tenant };
	spec.grant = make_grant(&s, &third, grant);
	add("profile by a grant", make_package(&s, &spec, buf, NULL));
	change = (struct claim_spec){ .to = &s.stranger,
				      .policy = IMP_POLICY_RECOVERY,
				      .kept = true,
				      .domains = 2 };
	add("transfer", make_transfer(&s, &s.owner, change, buf));
	change = (struct claim_spec){ .recovery = IMP_SPAN(s.dev.agent.state.recovery) };
	add("recovery", make_transfer(&s, &s.maker, change, buf));
	m = (struct imp_command){ .op = IMP_OP_DECOMMISSION,
				  .owner_epoch = 3,
				  .sequence = 3 };
	add("decommission", make_command(&s, m, &s.owner, buf));
}

static void prepare(bool counter)
{
	prepare_unit(counter, UNIT);
}

static bool holds(const struct board *b)
{
	return memcmp(s.dev.flash, b->flash, sizeof(s.dev.flash)) == 0;
}

/* Cut at `first` in the step, at `second` in the boot after it (0: not), at `third` in
 * the step done again. In the end it is done, and in between it was done or not. */
static void cut(const struct step *st, enum board_cut how, unsigned first,
		unsigned second, unsigned third)
{
	const char *where = st->name;
	bool old;

	memcpy(&s.dev, &st->before, sizeof(s.dev));
	s.dev.cut = how;
	s.dev.cut_at = first;
	(void)take(st);
	s.dev.ops = 0;
	s.dev.cut_at = second;
	if (second > 0)
		(void)board_boot(&s.dev);
	s.dev.cut_at = 0;
	cr_assert_eq(board_boot(&s.dev), 0, "%s %u %u: boot", where, first, second);
	old = holds(&st->before);
	cr_assert(old || holds(&st->after), "%s %u %u: neither old nor new", where, first,
		  second);
	s.dev.drawn = st->before.drawn; /* so that equal states are equal bytes */
	s.dev.ops = 0;
	s.dev.cut_at = third;
	if (third > 0) {
		(void)take(st);
		s.dev.cut_at = 0;
		cr_assert_eq(board_boot(&s.dev), 0, "%s %u, then %u", where, first,
			     third);
		s.dev.drawn = st->before.drawn;
	}
	cr_assert_eq(take(st), 0, "%s %u %u %u: again", where, first, second, third);
	cr_assert(holds(&st->after), "%s %u %u %u", where, first, second, third);
	if (!old)
		cr_assert_eq(s.dev.agent.state.head0.n, st->after.agent.state.head0.n);
}

/* PWR-01, PWR-02, PWR-03: for every kind of object a cut at every flash operation, clean,
 * torn and with what was not synced lost in part; then again in recovery; then again in
 * the repeat. */
static void cut_everywhere(void)
{
	static const enum board_cut how[] = { CUT_CLEAN, CUT_FRONT, CUT_BACK,
					      CUT_LOSES_EVEN, CUT_LOSES_ODD };

	for (size_t i = 0; i < count; i++)
		for (size_t h = 0; h < COUNTOF(how); h++)
			for (unsigned first = 1; first <= steps[i].ops; first++) {
				for (unsigned second = 0; second < 5; second++)
					cut(&steps[i], how[h], first, second, 0);
				for (unsigned third = 1; third <= steps[i].ops; third++)
					cut(&steps[i], how[h], first, 0, third);
			}
}

Test(agent_store, power_cut_anywhere_leaves_old_or_new, .timeout = 100)
{
	prepare(false);
	cut_everywhere();
	scene_stop(&s);
}

/* Small units: a header is many writes, the first one of a device's life too. */
Test(agent_store, power_cut_anywhere_in_small_units, .timeout = 100)
{
	static const uint32_t units[] = { 1, 8, 16, 64 };

	for (size_t u = 0; u < COUNTOF(units); u++) {
		prepare_unit(false, units[u]);
		for (size_t i = 0; i < 2; i++)
			for (unsigned how = CUT_CLEAN; how <= CUT_LOSES_ODD; how++)
				for (unsigned at = 1; at <= steps[i].ops; at++)
					cut(&steps[i], how, at, 0, 0);
		scene_stop(&s);
	}
}

Test(agent_store, power_cut_anywhere_with_a_counter, .timeout = 100)
{
	prepare(true);
	cut_everywhere();
	cr_assert_eq(s.dev.counted, steps[count - 1].after.counted);
	scene_stop(&s);
}

static void refuses_all(void)
{
	struct imp_response r;

	cr_assert_not(board_request(&s.dev, IMP_ATTEST, 1, &r));
	cr_assert_eq(r.rc, IMP_R_STORAGE);
	cr_assert_not(board_request(&s.dev, IMP_ENROLL, 1, &r));
	cr_assert_eq(r.rc, IMP_R_STORAGE);
	cr_assert_eq(take(&steps[1]), IMP_R_STORAGE);
	cr_assert_gt(board_ask(&s.dev, IMP_GROUP_IMPRINT, IMP_DESCRIBE, IMP_SMP_READ,
			       IMP_TEXT("\xa0"))
			     .len,
		     0);
}

/* Each earlier state of the flash, put back under the counter of now; blank flash, too.
 */
Test(agent_store, flash_that_was_put_back_is_refused_where_there_is_a_counter)
{
	struct imp_evidence e;

	prepare(true);
	board_attest(&s.dev, &e);
	cr_assert_eq(e.anchor, 1);
	for (size_t i = 0; i < count; i++) {
		memcpy(s.dev.flash, steps[i].before.flash, sizeof(s.dev.flash));
		cr_assert_eq(board_boot(&s.dev), -IMP_ERESOURCE, "%s", steps[i].name);
		refuses_all();
		cr_assert(holds(&steps[i].before), "%s: kept to be looked at",
			  steps[i].name);
	}
	memcpy(s.dev.flash, steps[count - 1].after.flash, sizeof(s.dev.flash));
	cr_assert_eq(board_boot(&s.dev), 0);
	s.dev.counted -= 2; /* a counter that fell is as bad */
	cr_assert_eq(board_boot(&s.dev), -IMP_ERESOURCE);
	scene_stop(&s);
}

/* A cut between commit and count, then the flash from just then put back later. */
Test(agent_store, two_states_never_share_a_count)
{
	static uint8_t kept[2][BOARD_HALF];

	prepare(true);
	memcpy(&s.dev, &steps[4].before, sizeof(s.dev));
	s.dev.cut_at = steps[4].ops - 2; /* what follows: erase, sync */
	(void)take(&steps[4]);
	cr_assert_eq(s.dev.counted, steps[4].before.counted, "cut before the count");
	memcpy(kept, s.dev.flash, sizeof(kept));
	s.dev.cut_at = 0;
	cr_assert_eq(board_boot(&s.dev), 0);
	cr_assert_eq(s.dev.counted, steps[4].after.counted);
	cr_assert_eq(take(&steps[5]), 0);
	memcpy(s.dev.flash, kept, sizeof(kept));
	cr_assert_eq(board_boot(&s.dev), -IMP_ERESOURCE);
	scene_stop(&s);
}

static unsigned current_half(void)
{
	return s.dev.agent.half;
}

/* A device whose state was spoilt must not wake up as one that has no owner yet. */
Test(agent_store, spoilt_state_is_refused_and_not_taken_for_a_new_device)
{
	unsigned half;

	prepare(false);
	half = current_half();
	for (unsigned bit = 0; bit < 8 * HEADER; bit++) {
		memcpy(&s.dev, &steps[count - 1].after, sizeof(s.dev));
		s.dev.flash[half][bit / 8] ^= (uint8_t)(1u << bit % 8);
		cr_assert_eq(board_boot(&s.dev), -IMP_ERESOURCE, "bit %u", bit);
	}
	refuses_all();
	for (unsigned at = BODY; at < BODY + 600; at++) {
		memcpy(&s.dev, &steps[count - 1].after, sizeof(s.dev));
		s.dev.flash[half][at] ^= 0x10;
		cr_assert_eq(board_boot(&s.dev), -IMP_ERESOURCE, "byte %u", at);
	}
	scene_stop(&s);
}

/* PWR-03: the header arrived, the body did not; the half before is still whole. */
Test(agent_store, newer_half_that_is_not_whole_gives_way_to_the_older_one)
{
	unsigned half;

	prepare(false);
	half = current_half();
	memcpy(s.dev.flash[half ^ 1], steps[count - 1].before.flash[half ^ 1], HALF);
	memset(s.dev.flash[half] + BODY + UNIT, 0xff, UNIT);
	cr_assert_eq(board_boot(&s.dev), 0);
	cr_assert(holds(&steps[count - 1].before));
	cr_assert_eq(take(&steps[count - 1]), 0);
	scene_stop(&s);
}

Test(agent_store, failing_erase_is_made_up_for_by_the_next_commit)
{
	prepare(false);
	memcpy(&s.dev, &steps[6].before, sizeof(s.dev));
	s.dev.cut_at = steps[6].ops - 1; /* the erase of the old half */
	cr_assert_eq(take(&steps[6]), 0, "the commit stands");
	s.dev.cut_at = 0;
	cr_assert_eq(take(&steps[7]), 0);
	cr_assert_eq(board_boot(&s.dev), 0);
	cr_assert(holds(&steps[7].after));
	scene_stop(&s);
}

/* Whatever fails once, the answer is the truth: refused and nothing changed, or taken. */
static void fail_once(bool counter)
{
	prepare(counter);
	for (size_t i = 0; i < count; i++)
		for (unsigned at = 1; at <= steps[i].ops; at++) {
			const struct board *b = &steps[i].before;
			uint32_t generation;

			memcpy(&s.dev, b, sizeof(s.dev));
			s.dev.fail_at = at;
			if (take(&steps[i]) == 0)
				b = &steps[i].after;
			generation = b->agent.state.generation;
			cr_assert_eq(s.dev.agent.state.generation, generation, "%s %u",
				     steps[i].name, at);
			s.dev.fail_at = 0;
			cr_assert_eq(board_boot(&s.dev), 0, "%s %u", steps[i].name, at);
			cr_assert_eq(s.dev.agent.state.generation, generation,
				     "%s %u: after a boot", steps[i].name, at);
		}
	scene_stop(&s);
}

Test(agent_store, an_operation_that_fails_is_told_as_it_is)
{
	fail_once(false);
	fail_once(true);
}

static int (*usual_write)(void *ctx, unsigned half, uint32_t off, const uint8_t *buf,
			  size_t len);
static unsigned writes_left;

static int write_failing_once(void *ctx, unsigned half, uint32_t off, const uint8_t *buf,
			      size_t len)
{
	return writes_left-- == 0 ? -1 : usual_write(ctx, half, off, buf, len);
}

/* A write that fails, and the power stays: what is said, held and in force is what is
 * stored; the next time it works. */
Test(agent_store, write_that_fails_changes_nothing)
{
	prepare(false);
	usual_write = s.dev.port.write;
	for (size_t i = 1; i < count; i++)
		for (unsigned at = 0; at < 3; at++) {
			unsigned activations;

			memcpy(&s.dev, &steps[i].before, sizeof(s.dev));
			s.dev.port.write = write_failing_once;
			writes_left = at;
			activations = s.dev.activations;
			cr_assert_eq(take(&steps[i]), IMP_R_STORAGE, "%s", steps[i].name);
			cr_assert_not(s.dev.agent.broken);
			cr_assert_eq(memcmp(&s.dev.agent.state,
					    &steps[i].before.agent.state,
					    sizeof(s.dev.agent.state)),
				     0, "%s: state", steps[i].name);
			cr_assert_arr_eq(s.dev.active_len, steps[i].before.active_len,
					 sizeof(s.dev.active_len));
			cr_assert_geq(s.dev.activations, activations);
			s.dev.port.write = usual_write;
			s.dev.drawn = steps[i].before.drawn;
			cr_assert_eq(take(&steps[i]), 0, "%s", steps[i].name);
			cr_assert(holds(&steps[i].after), "%s", steps[i].name);
		}
	scene_stop(&s);
}

/* The header that fits a body. */
static void seal(uint8_t *half)
{
	uint32_t len = (uint32_t)half[8] << 24 | (uint32_t)half[9] << 16 |
		       (uint32_t)half[10] << 8 | half[11];
	const struct imp_span body = { half + BODY, len }, head = { half, HEADER - 32 };

	cr_assert_eq(imp_sha256(s.crypto, &body, 1, half + 12), 0);
	cr_assert_eq(imp_sha256(s.crypto, &head, 1, half + HEADER - 32), 0);
}

/* A hash is no signature: whoever writes flash can make one. Whatever the state then
 * says, the agent stays within its memory (the sanitizers judge). */
Test(agent_store, flash_that_somebody_wrote_leads_nowhere, .timeout = 60)
{
	static const uint8_t values[] = { 0x00, 0x01, 0x10, 0x7f, 0xff };
	const struct board *after;
	uint32_t body;
	unsigned half;

	prepare(false);
	after = &steps[5].after; /* two domains, a full state */
	half = after->agent.half;
	body = (uint32_t)after->flash[half][10] << 8 | after->flash[half][11];
	for (uint32_t at = 0; at < body; at++)
		for (size_t v = 0; v < COUNTOF(values); v++) {
			struct imp_response r;

			memcpy(&s.dev, after, sizeof(s.dev));
			s.dev.flash[half][BODY + at] = values[v];
			seal(s.dev.flash[half]);
			if (board_boot(&s.dev))
				continue;
			cr_assert(at != body - apn.len || values[v] != 0xff,
				  "settings that are none");
			(void)board_request(&s.dev, IMP_ATTEST, 1, &r);
			board_ask(&s.dev, IMP_GROUP_IMPRINT, IMP_DESCRIBE, IMP_SMP_READ,
				  IMP_TEXT("\xa0"));
			board_ask(&s.dev, IMP_GROUP_IMPRINT, IMP_HISTORY, IMP_SMP_READ,
				  IMP_TEXT("\xa1\x64"
					   "from\x00"));
			(void)take(&steps[6]);
		}
	scene_stop(&s);
}

/* The ring folds its oldest entry into the chain that the entry names: one that names no
 * chain of this device is none of its own. */
Test(agent_store, ring_that_names_a_foreign_chain_is_refused)
{
	static uint8_t buf[KIT_CAP];
	const struct claim_spec claim = { 0 };
	unsigned half;
	uint8_t *entry;

	scene_start(&s, false);
	scene_enroll(&s.dev);
	cr_assert_eq(board_push(&s.dev, make_claim(&s, &s.dev, &claim, buf), NULL), 0);
	for (unsigned i = 1; i <= AGENT_RING; i++) {
		const struct spec spec = { .domain = 1, .sequence = i };

		cr_assert_eq(push_package(&s, &spec, NULL), 0);
	}
	half = s.dev.agent.half;
	entry = memmem(s.dev.flash[half], BOARD_HALF, s.dev.agent.state.ring[0],
		       IMP_ENTRY_LEN);
	cr_assert_not_null(entry);
	seal(s.dev.flash[half]);
	cr_assert_eq(board_boot(&s.dev), 0);
	entry[1] = 9; /* the domain */
	seal(s.dev.flash[half]);
	cr_assert_eq(board_boot(&s.dev), -IMP_ERESOURCE);
	scene_stop(&s);
}
