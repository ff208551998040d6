/* SPDX-License-Identifier: Apache-2.0 */
/* What somebody does to a ledger behind its back, and what verifying says. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fill.h"
#include "ledger/check.h"
#include "ledger/verify.h"

static struct fill_key key;
static struct imp_error err;
static struct imp_secret note;
static struct imp_checkpoint kept; /* outside, of nine entries */
static struct imp_ledger *ledger;

/* Nine entries, a checkpoint over them, two more; one item is open. */
static void start(const struct place *p)
{
	const struct imp_item item = { .id = fill_id(0x77), .object = fill_id(0x78) };

	fill_key(&key);
	ledger = place_open(p, "line-1");
	fill_entries(ledger, 6);
	WORKS(imp_ledger_reserve(ledger, &item, &err));
	WORKS(imp_ledger_checkpoint(ledger, &key.signer, &note, &err));
	WORKS(imp_checkpoint_parse(imp_secret_span(&note), &kept, &err));
	cr_assert_eq(kept.size, 9);
	WORKS(imp_ledger_sent(ledger, fill_id(0x77), (struct imp_span){ 0 }, &err));
	fill_entries(ledger, 1);
}

static void stop(void)
{
	imp_ledger_close(&ledger);
	imp_secret_fini(&note);
	fill_key_stop(&key);
}

static int verify(const struct imp_checkpoint *outside, struct imp_ledger_report *r)
{
	return imp_ledger_verify(ledger, outside, r, &err);
}

TEST_BOTH(verify, a_ledger_as_it_should_be)
{
	struct imp_ledger_report r;

	start(p);
	WORKS(verify(NULL, &r));
	cr_assert(r.entries == 11 && r.checkpoints == 1 && r.open == 1 && !r.anchored);
	WORKS(verify(&kept, &r));
	cr_assert_eq(r.anchored, 9);
	stop();
}

#define BLOB "0000000000000000000000000000000000000000000000000000000000000000"

/* LED-01 to LED-04: the first entry that is not right is named. */
TEST_BOTH(verify, what_was_changed_is_named)
{
	static const struct {
		const char *before, *after,
			*says; /* 32 bytes in between, or after NULL */
	} cases[] = {
		{ "UPDATE leaves SET digest = ", " WHERE idx = 4",
		  "entry 4: its hashes" },
		{ "UPDATE leaves SET nodes = ", " WHERE idx = 4", "entry 4: its hashes" },
		{ "UPDATE leaves SET type = 50 WHERE idx = 4", NULL,
		  "entry 4: its hashes" },
		{ "UPDATE records SET salt = ", " WHERE idx = 4",
		  "entry 4: its record is not" },
		{ "UPDATE records SET record = ", " WHERE idx = 4",
		  "entry 4: its record is not" },
		{ "DELETE FROM records WHERE idx = 4", NULL,
		  "entry 4: its record is missing" },
		{ "DELETE FROM leaves WHERE idx = 4", NULL, "entry 4: is missing" },
		{ "DELETE FROM leaves WHERE idx = 0", NULL, "entry 0: is missing" },
		{ "DELETE FROM leaves", NULL, "has no entries" },
		{ "INSERT INTO leaves SELECT 11, type, digest, nodes FROM leaves WHERE idx = 4",
		  NULL, "entry 11: its hashes" },
		{ "UPDATE leaves SET digest = (SELECT digest FROM leaves m WHERE m.idx = 11 - "
		  "leaves.idx) WHERE idx IN (5, 6)",
		  NULL, "entry 5: its hashes" },
		{ "UPDATE refs SET idx = 5 WHERE kind = 11 AND idx = 4", NULL,
		  "are found by" },
		{ "UPDATE refs SET key = ", " WHERE kind = 6 AND idx = 7",
		  "are found by" },
		{ "DELETE FROM refs WHERE kind = 6 AND idx = 9", NULL, "are found by" },
		{ "INSERT INTO refs VALUES(6, ", ", 9)", "are found by" },
		{ "INSERT INTO refs VALUES(6, ", ", 99)", "are found by" },
		{ "DELETE FROM pending", NULL, "items that are open" },
		{ "UPDATE pending SET idx = 7", NULL, "items that are open" },
		{ "INSERT INTO pending VALUES(", ", 9)", "items that are open" },
		{ "UPDATE lines SET size = 8", NULL,
		  "the checkpoint of 8 entries is not of this" },
		{ "UPDATE lines SET size = 12", NULL,
		  "there is a checkpoint of 12 entries" },
		{ "UPDATE lines SET size = 0", NULL, "there is a checkpoint of no" },
		{ "UPDATE lines SET line = 'x'", NULL,
		  "the checkpoint of 9 entries is not of this" },
	};
	struct imp_ledger_report r;

	start(p);
	for (size_t i = 0; i < COUNTOF(cases); i++) {
		place_sql(p, "%s%s%s",
			  p->postgres ? "CREATE TABLE k AS TABLE leaves;" : "",
			  p->postgres ? "" : "CREATE TABLE k AS SELECT * FROM leaves;",
			  "CREATE TABLE kr AS SELECT * FROM records;"
			  "CREATE TABLE kf AS SELECT * FROM refs;"
			  "CREATE TABLE kp AS SELECT * FROM pending;"
			  "CREATE TABLE kl AS SELECT * FROM lines");
		place_sql(p, "%s%s%s", cases[i].before,
			  cases[i].after ? place_blob(p, BLOB) : "",
			  cases[i].after ? cases[i].after : "");
		SAYS(verify(NULL, &r), IMP_ELEDGER, cases[i].says);
		place_sql(p, "DELETE FROM leaves; INSERT INTO leaves SELECT * FROM k;"
			     "DELETE FROM records; INSERT INTO records SELECT * FROM kr;"
			     "DELETE FROM refs; INSERT INTO refs SELECT * FROM kf;"
			     "DELETE FROM pending; INSERT INTO pending SELECT * FROM kp;"
			     "DELETE FROM lines; INSERT INTO lines SELECT * FROM kl;"
			     "DROP TABLE k; DROP TABLE kr; DROP TABLE kf; DROP TABLE kp;"
			     "DROP TABLE kl");
		WORKS(verify(&kept, &r));
	}
	stop();
}

/* LED-05: within itself it is whole; who kept a checkpoint sees it. */
TEST_BOTH(verify, a_tail_that_was_taken_off_needs_a_checkpoint)
{
	struct imp_ledger_report r;

	start(p);
	place_sql(p,
		  "DELETE FROM leaves WHERE idx > 6; DELETE FROM records WHERE idx > 6;"
		  "DELETE FROM refs WHERE idx > 6; DELETE FROM pending;"
		  "DELETE FROM lines");
	WORKS(verify(NULL, &r));
	cr_assert_eq(r.entries, 7);
	SAYS(verify(&kept, &r), IMP_ELEDGER, "entries were taken off its end");
	stop();
}

/* LED-07, LED-08: written anew under the same name, with other entries and another key.
 */
TEST_BOTH(verify, a_ledger_that_was_written_anew_needs_a_checkpoint)
{
	CLEANUP(imp_secret_fini) struct imp_secret other = { 0 };
	struct imp_ledger_report r;
	struct fill_key forger;

	start(p);
	imp_ledger_close(&ledger);
	place_sql(p, "DELETE FROM leaves; DELETE FROM records; DELETE FROM refs;"
		     "DELETE FROM pending; DELETE FROM lines; DROP TABLE leaves;"
		     "DROP TABLE records; DROP TABLE refs; DROP TABLE pending;"
		     "DROP TABLE lines; DROP TABLE version");
	ledger = place_open(p, "line-1");
	fill_key(&forger);
	fill_entries(ledger, 12);
	WORKS(imp_ledger_checkpoint(ledger, &forger.signer, &other, &err));
	WORKS(verify(NULL, &r));
	SAYS(verify(&kept, &r), IMP_ELEDGER, "two histories");
	fill_key_stop(&forger);
	stop();
}

/* LED-06: yesterday's copy is put in place of the file. */
Test(verify, a_copy_of_yesterday_needs_a_checkpoint)
{
	struct imp_ledger_report r;
	struct place p;
	char command[512];

	place_start(&p, false);
	start(&p);
	imp_ledger_close(&ledger);
	snprintf(command, sizeof(command), "cp %s %s.old", p.name, p.name);
	cr_assert_eq(system(command), 0);
	ledger = place_open(&p, "line-1");
	fill_entries(ledger, 3);
	WORKS(imp_ledger_checkpoint(ledger, &key.signer, &note, &err));
	WORKS(imp_checkpoint_parse(imp_secret_span(&note), &kept, &err));
	imp_ledger_close(&ledger);
	snprintf(command, sizeof(command), "mv %s.old %s && rm -f %s-wal %s-shm", p.name,
		 p.name, p.name, p.name);
	cr_assert_eq(system(command), 0);
	ledger = place_open(&p, "line-1");
	WORKS(verify(NULL, &r));
	SAYS(verify(&kept, &r), IMP_ELEDGER, "has 11 entries, the checkpoint has 14");
	stop();
	place_stop(&p);
}

TEST_BOTH(verify, a_checkpoint_of_another_log_is_told_apart)
{
	struct imp_checkpoint c;
	struct imp_ledger_report r;

	start(p);
	c = kept;
	c.origin = IMP_TEXT("log.example/other");
	SAYS(verify(&c, &r), IMP_ELEDGER, "is the log log.example/test");
	stop();
}

/* What is read in passing is checked, too: an item whose record is gone is not free. */
TEST_BOTH(verify, damage_is_found_in_passing)
{
	struct imp_item_now now;

	start(p);
	place_sql(p, "DELETE FROM records WHERE idx = 9");
	SAYS(imp_ledger_item(ledger, fill_id(0x77), (struct imp_span){ 0 }, &now, &err),
	     IMP_ELEDGER, "entry 9: its record is missing");
	stop();
}
