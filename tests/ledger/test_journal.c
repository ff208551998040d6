/* SPDX-License-Identifier: Apache-2.0 */
/* Items: every step from every state, and what stations may do with each other's. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fill.h"
#include "ledger/step.h"

static struct imp_error err;

#define FREE	 IMP_ITEM_FREE
#define RESERVED IMP_ITEM_RESERVED
#define SENT	 IMP_ITEM_SENT
#define PROVEN	 IMP_ITEM_PROVEN
#define RELEASED IMP_ITEM_RELEASED
#define WRITTEN	 IMP_ITEM_WRITTEN_OFF

/* Row: from; column: to. y: goes; n: never; m: whose it is; e: by evidence that names it;
 * d: by evidence that it is dead. */
static const char table[IMP_ITEM_STATES][IMP_ITEM_STATES + 1] = {
	[FREE] = "-ynnnn",   [RESERVED] = "-mmeyy", [SENT] = "-mmedy",
	[PROVEN] = "-nnynn", [RELEASED] = "-ynnyn", [WRITTEN] = "-nneny",
};

static bool goes(enum imp_item_state from, enum imp_item_state to, struct imp_item_step s)
{
	s.from = from;
	s.to = to;
	return !imp_item_step_refused(&s);
}

Test(step, every_step_from_every_state)
{
	const struct imp_shown held = { .holds_object = true };
	const struct imp_shown dead = { .owner_epoch = 1,
					.sequence = 9,
					.unbroken = true };
	const struct imp_item_step none = { .owner_epoch = 1, .sequence = 9 };
	struct imp_item_step by_held = none, by_dead = none, foreign = none,
			     different = none;

	by_held.shown = &held;
	by_dead.shown = &dead;
	foreign.other_station = different.other_object = true;
	for (unsigned f = 0; f < IMP_ITEM_STATES; f++)
		for (unsigned t = 1; t < IMP_ITEM_STATES; t++) {
			char c = table[f][t];

			cr_expect_eq(goes(f, t, none), strchr("ym", c) != NULL, "%u %u",
				     f, t);
			cr_expect_eq(goes(f, t, foreign), c == 'y', "%u %u", f, t);
			cr_expect_eq(goes(f, t, different), c == 'y', "%u %u", f, t);
			cr_expect_eq(goes(f, t, by_held), strchr("yme", c) != NULL,
				     "%u %u", f, t);
			cr_expect_eq(goes(f, t, by_dead), strchr("ymd", c) != NULL,
				     "%u %u", f, t);
		}
}

/* What makes a package dead: an owner-epoch above its own, or a pair not below it; and a
 * history without a gap that lacks its id. */
Test(step, release_needs_a_dead_package_and_a_whole_history)
{
	static const struct {
		struct imp_shown shown;
		bool goes;
	} cases[] = {
		{ { 1, 2, 4, true, false }, false }, /* still to be taken */
		{ { 1, 2, 5, true, false }, true },   { { 1, 2, 6, true, false }, true },
		{ { 1, 1, 9, true, false }, false },  { { 1, 3, 0, true, false }, true },
		{ { 2, 0, 0, true, false }, true },   { { 0, 9, 9, true, false }, false },
		{ { 2, 0, 0, false, false }, false }, /* with a gap */
		{ { 2, 0, 0, true, true }, false },   /* it was taken */
	};

	for (size_t i = 0; i < COUNTOF(cases); i++) {
		struct imp_item_step s = { .owner_epoch = 1,
					   .domain_epoch = 2,
					   .sequence = 5,
					   .shown = &cases[i].shown };

		cr_expect_eq(goes(SENT, RELEASED, s), cases[i].goes, "%zu", i);
	}
}

static const struct imp_item item = {
	.id = (const uint8_t *)"item item item item item item it",
	.object = (const uint8_t *)"obj. obj. obj. obj. obj. obj. ob"
};

static enum imp_item_state state_of(struct imp_ledger *l, const uint8_t *id)
{
	struct imp_item_now now;

	WORKS(imp_ledger_item(l, id, (struct imp_span){ 0 }, &now, &err));
	return now.state;
}

static void issue(struct imp_ledger *l, const uint8_t *object, uint64_t sequence)
{
	const struct imp_issued o = { .object = object,
				      .ueid = { fill_id(9), 15 },
				      .issuer = fill_id(8),
				      .domain = 1,
				      .owner_epoch = 1,
				      .sequence = sequence };

	WORKS(imp_ledger_issue(l, &o, &err));
}

/* JRN: from nothing to proven; each step is one entry, and doing it again is none, but
 * sending. */
TEST_BOTH(journal, an_item_goes_its_way_once)
{
	const struct imp_shown held = { .holds_object = true };
	struct imp_ledger *l = place_open(p, "line-1");
	struct imp_ledger_info i;

	cr_assert_eq(state_of(l, item.id), FREE);
	SAYS(imp_ledger_sent(l, item.id, (struct imp_span){ 0 }, &err), IMP_EPOLICY,
	     "was not reserved");
	WORKS(imp_ledger_reserve(l, &item, &err));
	WORKS(imp_ledger_reserve(l, &item, &err));
	cr_assert_eq(state_of(l, item.id), RESERVED);
	WORKS(imp_ledger_sent(l, item.id, (struct imp_span){ 0 }, &err));
	WORKS(imp_ledger_sent(l, item.id, (struct imp_span){ 0 }, &err));
	WORKS(imp_ledger_reserve(l, &item, &err)); /* after a crash it is still its own */
	cr_assert_eq(state_of(l, item.id), SENT);
	SAYS(imp_ledger_proven(l, item.id, &(struct imp_shown){ 0 }, &err), IMP_EPOLICY,
	     "does not name its object");
	WORKS(imp_ledger_proven(l, item.id, &held, &err));
	WORKS(imp_ledger_proven(l, item.id, &held, &err));
	cr_assert_eq(state_of(l, item.id), PROVEN);
	SAYS(imp_ledger_reserve(l, &item, &err), IMP_EPOLICY, "a device has it");
	SAYS(imp_ledger_write_off(l, item.id, "no", &err), IMP_EPOLICY,
	     "a device has it");
	WORKS(imp_ledger_info(l, &i, &err));
	cr_assert_eq(i.size, 1 + 4);
	imp_ledger_close(&l);
}

TEST_BOTH(journal, two_stations_cannot_take_one_item)
{
	struct imp_item other = item;
	struct imp_ledger *a = place_open(p, "line-1"), *b = place_open(p, "line-2");

	WORKS(imp_ledger_reserve(a, &item, &err));
	SAYS(imp_ledger_reserve(b, &item, &err), IMP_EPOLICY, "by another station");
	cr_assert(strstr(err.msg, "line-1"), "%s", err.msg);
	SAYS(imp_ledger_sent(b, item.id, (struct imp_span){ 0 }, &err), IMP_EPOLICY,
	     "by another station");
	other.object = fill_id(3);
	SAYS(imp_ledger_reserve(a, &other, &err), IMP_EPOLICY, "for another object");
	WORKS(imp_ledger_release(a, item.id, NULL, "the device went", &err));
	WORKS(imp_ledger_reserve(b, &other, &err));
	WORKS(imp_ledger_sent(b, item.id, (struct imp_span){ 0 }, &err));
	imp_ledger_close(&a);
	imp_ledger_close(&b);
}

TEST_BOTH(journal, what_was_sent_stays_in_doubt)
{
	const struct imp_shown alive = { .owner_epoch = 1,
					 .sequence = 4,
					 .unbroken = true };
	const struct imp_shown gap = { .owner_epoch = 1, .sequence = 7 };
	const struct imp_shown dead = { .owner_epoch = 1,
					.sequence = 7,
					.unbroken = true };
	struct imp_ledger *l = place_open(p, "line-1");

	WORKS(imp_ledger_reserve(l, &item, &err));
	WORKS(imp_ledger_sent(l, item.id, (struct imp_span){ 0 }, &err));
	SAYS(imp_ledger_release(l, item.id, NULL, "x", &err), IMP_EPOLICY, "in doubt");
	SAYS(imp_ledger_release(l, item.id, &dead, "x", &err), IMP_EPOLICY,
	     "is not in the ledger");
	issue(l, item.object, 5);
	SAYS(imp_ledger_release(l, item.id, &alive, "x", &err), IMP_EPOLICY,
	     "could still take");
	SAYS(imp_ledger_release(l, item.id, &gap, "x", &err), IMP_EPOLICY, "has a gap");
	WORKS(imp_ledger_release(l, item.id, &dead, "overtaken", &err));
	cr_assert_eq(state_of(l, item.id), RELEASED);
	WORKS(imp_ledger_reserve(l, &item, &err));
	WORKS(imp_ledger_sent(l, item.id, (struct imp_span){ 0 }, &err));
	WORKS(imp_ledger_write_off(l, item.id, "lost", &err));
	SAYS(imp_ledger_reserve(l, &item, &err), IMP_EPOLICY, "is written off");
	WORKS(imp_ledger_proven(l, item.id, &(struct imp_shown){ .holds_object = true },
				&err)); /* it turned up */
	imp_ledger_close(&l);
}

TEST_BOTH(journal, an_order_is_used_up)
{
	struct imp_item seat = { .object = fill_id(2),
				 .order = { fill_id(0xdd), 32 },
				 .quota = 3 };
	struct imp_ledger *l = place_open(p, "line-1");

	for (uint8_t i = 0; i < 3; i++) {
		seat.id = fill_id(0x10 + i);
		WORKS(imp_ledger_reserve(l, &seat, &err));
		WORKS(imp_ledger_reserve(l, &seat, &err)); /* its own: no other seat */
	}
	seat.id = fill_id(0x20);
	SAYS(imp_ledger_reserve(l, &seat, &err), IMP_EPOLICY, "3 of 3 are taken");
	WORKS(imp_ledger_release(l, fill_id(0x11), NULL, "no device", &err));
	WORKS(imp_ledger_reserve(l, &seat, &err));
	seat.id = fill_id(0x11);
	SAYS(imp_ledger_reserve(l, &seat, &err), IMP_EPOLICY, "the order is used up");
	imp_ledger_close(&l);
}

struct seen {
	unsigned count, reserved, sent;
	bool settle;
	struct imp_ledger *l;
};

static int see(void *ctx, const struct imp_item_now *now, struct imp_error *e)
{
	struct seen *s = ctx;

	s->count++;
	s->reserved += now->state == RESERVED;
	s->sent += now->state == SENT;
	cr_assert_str_eq(now->station, "line-1");
	if (!s->settle)
		return 0;
	return now->state == SENT
		       ? imp_ledger_write_off(s->l, now->item, "a test", e)
		       : imp_ledger_release(s->l, now->item, NULL, "a test", e);
}

/* More than are read at once. */
TEST_BOTH(journal, a_restart_finds_what_is_open_and_settles_it)
{
	struct imp_ledger *l = place_open(p, "line-1");
	struct seen s = { 0 };

	for (uint8_t i = 0; i < 100; i++) {
		struct imp_item one = { .id = fill_id(i), .object = fill_id(0xff) };

		WORKS(imp_ledger_reserve(l, &one, &err));
		if (i % 4 == 0)
			WORKS(imp_ledger_sent(l, one.id, (struct imp_span){ 0 }, &err));
		if (i % 8 == 0)
			WORKS(imp_ledger_proven(
				l, one.id, &(struct imp_shown){ .holds_object = true },
				&err));
	}
	imp_ledger_close(&l);
	l = place_open(p, "line-1");
	WORKS(imp_ledger_each_open(l, see, &s, &err));
	cr_assert(s.count == 87 && s.sent == 12 && s.reserved == 75);
	s = (struct seen){ .settle = true, .l = l };
	WORKS(imp_ledger_each_open(l, see, &s, &err));
	cr_assert_eq(s.count, 87);
	s = (struct seen){ 0 };
	WORKS(imp_ledger_each_open(l, see, &s, &err));
	cr_assert_eq(s.count, 0);
	imp_ledger_close(&l);
}

/* What a device shows in its domains settles what was sent to it, and nothing else. */
TEST_BOTH(journal, what_a_device_holds_is_proven)
{
	struct imp_evidence token = { .used = 1u << 3 };
	struct imp_ledger *l = place_open(p, "line-1");
	struct imp_ledger_info i;

	for (uint8_t k = 1; k <= 3; k++) {
		struct imp_item one = { .id = fill_id(k), .object = fill_id(k) };

		WORKS(imp_ledger_reserve(l, &one, &err));
		WORKS(imp_ledger_sent(l, one.id, (struct imp_span){ 0 }, &err));
	}
	token.domain[3].id = (struct imp_span){ fill_id(2), 32 };
	token.domain[4].id = (struct imp_span){ fill_id(3), 32 }; /* not in use */
	WORKS(imp_ledger_settle(l, &token, &err));
	WORKS(imp_ledger_settle(l, &token, &err));
	cr_assert_eq(state_of(l, fill_id(1)), SENT);
	cr_assert_eq(state_of(l, fill_id(2)), PROVEN);
	cr_assert_eq(state_of(l, fill_id(3)), SENT);
	token.domain[3].id.ptr = fill_id(9); /* nobody's */
	WORKS(imp_ledger_settle(l, &token, &err));
	WORKS(imp_ledger_info(l, &i, &err));
	cr_assert_eq(i.size, 1 + 7);
	imp_ledger_close(&l);
}

static int reserve_send_die(const struct place *p)
{
	struct imp_ledger *l = place_open(p, "line-1");

	if (imp_ledger_reserve(l, &item, NULL) ||
	    imp_ledger_sent(l, item.id, (struct imp_span){ 0 }, NULL))
		return 1;
	_exit(0);
}

/* JRN: `sent` is durable when it is answered. */
TEST_BOTH(journal, sent_survives_a_crash)
{
	struct imp_ledger *l;

	cr_assert_eq(place_fork(p, reserve_send_die), 0);
	l = place_open(p, "line-1");
	cr_assert_eq(state_of(l, item.id), SENT);
	imp_ledger_close(&l);
}
