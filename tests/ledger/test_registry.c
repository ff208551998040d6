/* SPDX-License-Identifier: Apache-2.0 */
/* Which cards are believed. */
#include <string.h>

#include "board.h"
#include "evidence/known.h"
#include "fill.h"
#include "ledger/registry.h"

static struct imp_error err;
static struct imp_crypto *crypto;
static struct board board[2];
static const struct imp_factories nobody;

/* A device that has keys of its own, or those of another. */
static void make_board(struct board *b, unsigned serial, const struct board *keys)
{
	board_init(b, crypto, serial, false);
	cr_assert_eq(board_boot(b), 0);
	if (!keys)
		return;
	memcpy(b->signing, keys->signing, sizeof(b->signing));
	memcpy(b->sealing, keys->sealing, sizeof(b->sealing));
	memcpy(b->has_key, keys->has_key, sizeof(b->has_key));
	memcpy(b->pub, keys->pub, sizeof(b->pub));
}

/* Its card, answering a nonce. */
static void read_card(struct board *b, uint8_t nonce, enum imp_assurance assurance,
		      struct imp_known *out)
{
	struct imp_response r;

	cr_assert(board_request(b, IMP_ENROLL, nonce, &r));
	imp_known_fini(out);
	WORKS(imp_known_check(crypto, r.card, NULL, &nobody, out, &err));
	out->assurance = assurance;
}

static struct imp_known a, b;

static void start(void)
{
	WORKS(imp_crypto_new(&crypto, &err));
}

static void stop(void)
{
	imp_known_fini(&a);
	imp_known_fini(&b);
	imp_crypto_free(&crypto);
}

static enum imp_registration enrol(struct imp_ledger *l, const struct imp_known *k,
				   const char *replaces)
{
	enum imp_registration r = IMP_REG_KNOWN;

	WORKS(imp_ledger_register(l, k, replaces, &r, &err));
	return r;
}

static bool is_quarantined(struct imp_ledger *l, const struct imp_known *k)
{
	CLEANUP(imp_device_fini) struct imp_device d = { 0 };

	cr_assert_eq(imp_ledger_device(l, k->card.ueid, &d, &err), 1, "%s", err.msg);
	return d.quarantined;
}

static enum imp_assurance assurance_of(struct imp_ledger *l, const struct imp_known *k)
{
	CLEANUP(imp_device_fini) struct imp_device d = { 0 };

	cr_assert_eq(imp_ledger_device(l, k->card.ueid, &d, &err), 1, "%s", err.msg);
	return d.assurance;
}

/* REG: the same card again is nothing new, whatever nonce it answers. */
TEST_BOTH(registry, a_device_is_registered_once)
{
	CLEANUP(imp_device_fini) struct imp_device d = { 0 };
	struct imp_ledger *l = place_open(p, "line-1");
	struct imp_ledger_info i;

	start();
	make_board(&board[0], 1, NULL);
	read_card(&board[0], 1, IMP_ASSERTED, &a);
	cr_assert_eq(imp_ledger_device(l, a.card.ueid, &d, &err), 0);
	cr_assert_eq(enrol(l, &a, NULL), IMP_REG_ADDED);
	cr_assert_eq(enrol(l, &a, NULL), IMP_REG_KNOWN);
	read_card(&board[0], 2, IMP_ASSERTED, &b);
	cr_assert_eq(enrol(l, &b, NULL), IMP_REG_KNOWN);
	WORKS(imp_ledger_info(l, &i, &err));
	cr_assert_eq(i.size, 2);
	cr_assert_eq(imp_ledger_device(l, a.card.ueid, &d, &err), 1);
	cr_assert(imp_span_eq(imp_secret_span(&d.card), imp_secret_span(&a.bytes)));
	cr_assert(imp_span_eq(IMP_SPAN(d.signing), IMP_SPAN(a.signing_kid)));
	cr_assert_eq(d.assurance, IMP_ASSERTED);
	b.assurance = IMP_ENDORSED; /* a factory has vouched for it since */
	cr_assert_eq(enrol(l, &b, NULL), IMP_REG_ADDED);
	cr_assert_eq(assurance_of(l, &a), IMP_ENDORSED);
	cr_assert_eq(enrol(l, &a, NULL), IMP_REG_KNOWN); /* it is not lowered */
	cr_assert_eq(assurance_of(l, &a), IMP_ENDORSED);
	stop();
	imp_ledger_close(&l);
}

/* REG: two cards that disagree on a device. */
TEST_BOTH(registry, another_card_of_a_device_takes_it_out)
{
	struct imp_ledger *l = place_open(p, "line-1");

	start();
	make_board(&board[0], 1, NULL);
	read_card(&board[0], 1, IMP_ASSERTED, &a);
	make_board(&board[1], 1, NULL);
	read_card(&board[1], 1, IMP_ASSERTED, &b);
	cr_assert_eq(enrol(l, &a, NULL), IMP_REG_ADDED);
	cr_assert_eq(enrol(l, &b, NULL), IMP_REG_QUARANTINED);
	cr_assert(is_quarantined(l, &a));
	SAYS(imp_ledger_register(l, &a, NULL, &(enum imp_registration){ 0 }, &err),
	     IMP_EPOLICY, "is quarantined");
	SAYS(imp_ledger_confirm(l, a.card.ueid, a.signing_kid, "elsewhere", &err),
	     IMP_EPOLICY, "is quarantined");
	cr_assert_eq(enrol(l, &b, "the board was repaired"), IMP_REG_ADDED);
	cr_assert_not(is_quarantined(l, &b));
	stop();
	imp_ledger_close(&l);
}

/* REG: who cannot show an endorsement cannot take out a device that has one. */
TEST_BOTH(registry, an_endorsed_device_is_not_taken_out_by_an_impostor)
{
	enum imp_registration r;
	struct imp_ledger *l = place_open(p, "line-1");

	start();
	make_board(&board[0], 1, NULL);
	read_card(&board[0], 1, IMP_ENDORSED, &a);
	make_board(&board[1], 1, NULL);
	read_card(&board[1], 1, IMP_ASSERTED, &b);
	cr_assert_eq(enrol(l, &a, NULL), IMP_REG_ADDED);
	SAYS(imp_ledger_register(l, &b, NULL, &r, &err), IMP_EPOLICY,
	     "has other keys in the ledger");
	cr_assert_not(is_quarantined(l, &a));
	b.assurance = IMP_ENDORSED; /* then a factory contradicts itself */
	cr_assert_eq(enrol(l, &b, NULL), IMP_REG_QUARANTINED);
	stop();
	imp_ledger_close(&l);
}

TEST_BOTH(registry, an_endorsed_card_takes_the_place_of_an_asserted_one)
{
	struct imp_ledger *l = place_open(p, "line-1");

	start();
	make_board(&board[0], 1, NULL);
	read_card(&board[0], 1, IMP_ASSERTED, &a);
	make_board(&board[1], 1, NULL);
	read_card(&board[1], 1, IMP_ENDORSED, &b);
	cr_assert_eq(enrol(l, &a, NULL), IMP_REG_ADDED);
	cr_assert_eq(enrol(l, &b, NULL), IMP_REG_OUTWEIGHS);
	cr_assert_eq(enrol(l, &b, NULL), IMP_REG_KNOWN); /* told once */
	cr_assert_not(is_quarantined(l, &b));
	cr_assert_eq(assurance_of(l, &b), IMP_ENDORSED);
	stop();
	imp_ledger_close(&l);
}

/* REG: two cards that disagree on a key. */
TEST_BOTH(registry, one_key_in_two_devices_takes_both_out)
{
	struct imp_ledger *l = place_open(p, "line-1");

	start();
	make_board(&board[0], 1, NULL);
	read_card(&board[0], 1, IMP_ASSERTED, &a);
	make_board(&board[1], 2, &board[0]);
	read_card(&board[1], 1, IMP_ASSERTED, &b); /* another imei, the same keys */
	cr_assert(imp_span_eq(IMP_SPAN(a.signing_kid), IMP_SPAN(b.signing_kid)));
	cr_assert_eq(enrol(l, &a, NULL), IMP_REG_ADDED);
	cr_assert_eq(enrol(l, &b, NULL), IMP_REG_QUARANTINED);
	cr_assert(is_quarantined(l, &a) && is_quarantined(l, &b));
	stop();
	imp_ledger_close(&l);
}

TEST_BOTH(registry, a_clone_without_endorsement_takes_nobody_out)
{
	enum imp_registration r;
	struct imp_ledger *l = place_open(p, "line-1");

	start();
	make_board(&board[0], 1, NULL);
	read_card(&board[0], 1, IMP_ENDORSED, &a);
	make_board(&board[1], 2, &board[0]);
	read_card(&board[1], 1, IMP_ASSERTED, &b);
	cr_assert_eq(enrol(l, &a, NULL), IMP_REG_ADDED);
	SAYS(imp_ledger_register(l, &b, NULL, &r, &err), IMP_EPOLICY,
	     "has the key of another device");
	cr_assert_not(is_quarantined(l, &a));
	imp_ledger_close(&l);
	stop();
}

TEST_BOTH(registry, a_key_is_confirmed_by_its_own_evidence_only)
{
	struct imp_ledger *l = place_open(p, "line-1");

	start();
	make_board(&board[0], 1, NULL);
	read_card(&board[0], 1, IMP_ASSERTED, &a);
	SAYS(imp_ledger_confirm(l, a.card.ueid, a.signing_kid, NULL, &err), IMP_EPOLICY,
	     "is not in the ledger");
	enrol(l, &a, NULL);
	SAYS(imp_ledger_confirm(l, a.card.ueid, fill_id(1), NULL, &err), IMP_EPOLICY,
	     "has another signing key");
	WORKS(imp_ledger_confirm(l, a.card.ueid, a.signing_kid, "over the air", &err));
	cr_assert_eq(assurance_of(l, &a), IMP_CONFIRMED);
	imp_ledger_close(&l);
	stop();
}

TEST_BOTH(registry, what_is_retired_stays_so)
{
	CLEANUP(imp_device_fini) struct imp_device d = { 0 };
	enum imp_registration r;
	struct imp_ledger *l = place_open(p, "line-1");

	start();
	make_board(&board[0], 1, NULL);
	read_card(&board[0], 1, IMP_ENDORSED, &a);
	SAYS(imp_ledger_retire(l, a.card.ueid, "scrap", &err), IMP_EPOLICY,
	     "is not in the ledger");
	enrol(l, &a, NULL);
	WORKS(imp_ledger_retire(l, a.card.ueid, "burnt", &err));
	WORKS(imp_ledger_retire(l, a.card.ueid, "again", &err));
	SAYS(imp_ledger_register(l, &a, "please", &r, &err), IMP_EPOLICY, "is retired");
	SAYS(imp_ledger_quarantine(l, a.card.ueid, "x", &err), IMP_EPOLICY, "is retired");
	cr_assert_eq(imp_ledger_device(l, a.card.ueid, &d, &err), 1);
	cr_assert(d.retired);
	cr_assert_str_eq(d.reason, "burnt");
	imp_ledger_close(&l);
	stop();
}

TEST_BOTH(registry, a_person_takes_a_device_out)
{
	struct imp_ledger *l = place_open(p, "line-1");

	start();
	make_board(&board[0], 1, NULL);
	read_card(&board[0], 1, IMP_ASSERTED, &a);
	enrol(l, &a, NULL);
	WORKS(imp_ledger_quarantine(l, a.card.ueid, "seen elsewhere", &err));
	cr_assert(is_quarantined(l, &a));
	a.assurance = IMP_ENDORSED;
	cr_assert_eq(enrol(l, &a, NULL), IMP_REG_ADDED);
	cr_assert_not(is_quarantined(l, &a));
	imp_ledger_close(&l);
	stop();
}

/* REG: of two that have one key, a person says which is right; its card is taken in again
 * then as often as it comes. */
TEST_BOTH(registry, a_person_takes_a_device_in_again)
{
	struct imp_ledger *l = place_open(p, "line-1");

	start();
	make_board(&board[0], 1, NULL);
	read_card(&board[0], 1, IMP_ASSERTED, &a);
	SAYS(imp_ledger_reinstate(l, a.card.ueid, "x", &err), IMP_EPOLICY,
	     "is not in the ledger");
	enrol(l, &a, NULL);
	SAYS(imp_ledger_reinstate(l, a.card.ueid, "x", &err), IMP_EPOLICY,
	     "is not quarantined");
	make_board(&board[1], 2, &board[0]);
	read_card(&board[1], 1, IMP_ASSERTED, &b);
	enrol(l, &b, NULL);
	cr_assert(is_quarantined(l, &a) && is_quarantined(l, &b));
	WORKS(imp_ledger_reinstate(l, a.card.ueid, "the other is a copy", &err));
	cr_assert(!is_quarantined(l, &a) && is_quarantined(l, &b));
	cr_assert_eq(enrol(l, &a, NULL), IMP_REG_KNOWN);
	cr_assert_not(is_quarantined(l, &a));
	make_board(&board[1], 3, &board[0]);
	read_card(&board[1], 1, IMP_ASSERTED, &b); /* nobody knew of this one */
	cr_assert_eq(enrol(l, &b, NULL), IMP_REG_QUARANTINED);
	cr_assert(is_quarantined(l, &a));
	WORKS(imp_ledger_reinstate(l, a.card.ueid, "that, too", &err));
	SAYS(imp_ledger_reinstate(l, b.card.ueid, "both", &err), IMP_EPOLICY,
	     "has the key of another device, which is in service");
	cr_assert(!is_quarantined(l, &a) && is_quarantined(l, &b));
	WORKS(imp_ledger_quarantine(l, a.card.ueid, "the copy, after all", &err));
	WORKS(imp_ledger_reinstate(l, b.card.ueid, "the right one", &err));
	SAYS(imp_ledger_reinstate(l, a.card.ueid, "both", &err), IMP_EPOLICY,
	     "which is in service");
	WORKS(imp_ledger_retire(l, a.card.ueid, "lost", &err));
	SAYS(imp_ledger_reinstate(l, a.card.ueid, "x", &err), IMP_EPOLICY, "is retired");
	imp_ledger_close(&l);
	stop();
}
