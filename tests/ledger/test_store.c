/* SPDX-License-Identifier: Apache-2.0 */
/* Opening, transactions, many writers; files that are no ledgers. */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fill.h"
#include "ledger/core.h"
#include "ledger/verify.h"

static struct imp_error err;

static int open_again(const struct place *p, bool create, struct imp_ledger **l)
{
	const struct imp_ledger_config config = { .name = p->name,
						  .create = create,
						  .cancel_fd = -1 };

	return imp_ledger_open(&config, l, &err);
}

static uint64_t size_of(struct imp_ledger *l)
{
	struct imp_ledger_info i;

	WORKS(imp_ledger_info(l, &i, &err));
	return i.size;
}

TEST_BOTH(store, it_is_made_only_where_that_is_asked_for)
{
	struct imp_ledger *l = NULL;
	struct imp_ledger_info i;

	SAYS(open_again(p, false, &l), IMP_ELEDGER, "there is no ledger");
	cr_assert_null(l);
	l = place_open(p, "line-1");
	WORKS(imp_ledger_info(l, &i, &err));
	cr_assert_str_eq(i.origin, "log.example/test");
	cr_assert(i.size == 1 && !i.has_key && i.checkpoint_size == 0);
	imp_ledger_close(&l);
	WORKS(open_again(p, false, &l));
	cr_assert_eq(size_of(l), 1);
	imp_ledger_close(&l);
}

TEST_BOTH(store, without_a_name_it_gets_a_random_one)
{
	struct imp_ledger *l = NULL;
	struct imp_ledger_info i;

	WORKS(open_again(p, true, &l));
	WORKS(imp_ledger_info(l, &i, &err));
	cr_assert_eq(strncmp(i.origin, "imprint.invalid/", 16), 0);
	cr_assert_eq(strlen(i.origin), 32);
	imp_ledger_close(&l);
}

struct two {
	int fails;
	unsigned runs;
};

static int add_two(struct imp_ledger *l, void *ctx, struct imp_error *e)
{
	struct two *t = ctx;

	t->runs++;
	fill_entries(l, 2); /* each a work of its own, within this one */
	cr_assert_eq(size_of(l), 3);
	return t->fails ? imp_fail(e, IMP_EPOLICY, "no more") : 0;
}

TEST_BOTH(store, a_work_is_whole_or_not_at_all)
{
	struct imp_ledger *l = place_open(p, "line-1");
	struct two t = { 1, 0 };

	SAYS(imp_ledger_do(l, add_two, &t, &err), IMP_EPOLICY, "no more");
	cr_assert_eq(size_of(l), 1);
	t.fails = 0;
	WORKS(imp_ledger_do(l, add_two, &t, &err));
	cr_assert_eq(size_of(l), 3);
	cr_assert_eq(t.runs, 2);
	imp_ledger_close(&l);
}

static int write_in_read(struct imp_ledger *l, void *ctx, struct imp_error *e)
{
	(void)ctx;
	return imp_ledger_revoke(l, fill_id(1), 1, (struct imp_span){ fill_id(2), 32 },
				 NULL, e);
}

TEST_BOTH(store, nothing_is_written_within_a_work_that_reads)
{
	struct imp_ledger *l = place_open(p, "line-1");

	SAYS(imp_ledger_read(l, write_in_read, NULL, &err), IMP_EINTERNAL, "that reads");
	cr_assert_eq(size_of(l), 1);
	imp_ledger_close(&l);
}

enum { THREADS = 8, EACH = 25 };

static int add_or_refuse(struct imp_ledger *l, void *ctx, struct imp_error *e)
{
	int rc = imp_ledger_revoke(l, fill_id(1), 1, (struct imp_span){ fill_id(2), 32 },
				   NULL, e);

	return rc || !*(bool *)ctx ? rc : imp_fail(e, IMP_EPOLICY, "every third");
}

/* Every third is refused: the others', which are written with it, stay. */
static void *add_each(void *arg)
{
	struct imp_error e = { 0 };

	for (unsigned i = 0; i < EACH; i++) {
		bool refuse = i % 3 == 2;
		int rc = imp_ledger_do(arg, add_or_refuse, &refuse, &e);

		cr_assert_eq(rc, refuse ? -IMP_EPOLICY : 0, "%d: %s", rc, e.msg);
	}
	return NULL;
}

TEST_BOTH(store, threads_write_together_and_fail_alone)
{
	struct imp_ledger *l = place_open(p, "line-1");
	struct imp_ledger_report r;
	pthread_t t[THREADS];

	for (unsigned i = 0; i < THREADS; i++)
		cr_assert_eq(pthread_create(&t[i], NULL, add_each, l), 0);
	for (unsigned i = 0; i < THREADS; i++)
		cr_assert_eq(pthread_join(t[i], NULL), 0);
	WORKS(imp_ledger_verify(l, NULL, &r, &err));
	cr_assert_eq(r.entries, 1 + THREADS * (EACH - EACH / 3));
	imp_ledger_close(&l);
}

static void *fill_from_station(void *arg)
{
	struct imp_ledger *l = place_open(arg, "another");

	fill_entries(l, EACH);
	imp_ledger_close(&l);
	return NULL;
}

TEST_BOTH(store, stations_write_in_turns)
{
	struct imp_ledger *l = place_open(p, "line-1");
	struct imp_ledger_report r;
	pthread_t t[4];

	for (unsigned i = 0; i < COUNTOF(t); i++)
		cr_assert_eq(pthread_create(&t[i], NULL, fill_from_station, p), 0);
	fill_entries(l, EACH);
	for (unsigned i = 0; i < COUNTOF(t); i++)
		cr_assert_eq(pthread_join(t[i], NULL), 0);
	WORKS(imp_ledger_verify(l, NULL, &r, &err));
	cr_assert_eq(r.entries, 1 + EACH * (1 + COUNTOF(t)));
	imp_ledger_close(&l);
}

static int fill_and_die(const struct place *p)
{
	struct imp_ledger *l = place_open(p, "line-1");

	fill_entries(l, 3);
	_exit(7); /* nothing is closed */
}

TEST_BOTH(store, what_was_answered_lasts)
{
	struct imp_ledger_report r;
	struct imp_ledger *l;

	cr_assert_eq(place_fork(p, fill_and_die), 7);
	l = place_open(p, "line-1");
	WORKS(imp_ledger_verify(l, NULL, &r, &err));
	cr_assert_eq(r.entries, 4);
	imp_ledger_close(&l);
}

/* LED-16 */
TEST_BOTH(store, tables_of_a_newer_program_are_left_alone)
{
	struct imp_ledger *l = place_open(p, "line-1");

	imp_ledger_close(&l);
	place_sql(p, "INSERT INTO version VALUES(3)");
	SAYS(open_again(p, true, &l), IMP_ELEDGER,
	     "its tables are version 3, this imprint knows version 2");
}

/* LED-11: whoever can write the database adds what runs when we write. */
TEST_BOTH(store, tables_that_were_changed_are_refused)
{
	static const char *const sqlite[] = {
		"CREATE TRIGGER t AFTER INSERT ON leaves BEGIN DELETE FROM refs; END",
		"CREATE VIEW v AS SELECT * FROM leaves",
		"CREATE TABLE other(x)",
		"CREATE INDEX i ON leaves(type)",
		"ALTER TABLE pending RENAME TO p; CREATE VIEW pending AS SELECT * FROM p",
	};
	static const char *const postgres[] = {
		"CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; "
		"END'; CREATE TRIGGER t BEFORE INSERT ON leaves FOR EACH ROW EXECUTE FUNCTION "
		"f()",
		"CREATE RULE r AS ON DELETE TO refs DO INSTEAD NOTHING",
		"ALTER TABLE pending RENAME TO p; CREATE VIEW pending AS SELECT * FROM p",
		"DROP TABLE lines",
	};
	size_t cases = p->postgres ? COUNTOF(postgres) : COUNTOF(sqlite);
	struct imp_ledger *l;

	for (size_t i = 0; i < cases; i++) {
		struct place q = *p; /* one schema a process */

		if (!p->postgres)
			place_start(&q, false);
		l = place_open(&q, "line-1");
		imp_ledger_close(&l);
		place_sql(&q, "%s", p->postgres ? postgres[i] : sqlite[i]);
		SAYS(open_again(&q, true, &l), IMP_ELEDGER,
		     "its tables are not the ledger's");
		if (p->postgres)
			place_sql(&q, "DROP SCHEMA %s CASCADE; CREATE SCHEMA %s",
				  q.schema, q.schema);
		else
			place_stop(&q);
	}
}

static const struct imp_sql_step newer[] = {
	{ "CREATE TABLE version(number INTEGER PRIMARY KEY) STRICT;", 0 },
	{ NULL, 0 },
	{ "ALTER TABLE version ADD COLUMN said TEXT;", 0 },
	{ "CREATE TABLE extra(x INTEGER);", 0 },
};

/* LED-16: from version to version, once, with a copy of what was there. */
TEST_BOTH(store, older_tables_are_brought_up_to_date)
{
	struct imp_ledger *l = place_open(p, "line-1");

	fill_entries(l, 3);
	l->db->step = newer; /* its first steps are done */
	l->db->versions = COUNTOF(newer);
	if (!p->postgres) { /* which compares with what its own steps make */
		struct imp_sql_step step[COUNTOF(newer)];

		memcpy(step, newer, sizeof(step));
		step[0] = imp_sql_steps[0];
		l->db->step = step;
		WORKS(imp_tables_bring(l, &(struct imp_ledger_config){ 0 }, &err));
		cr_assert(strstr(imp_ledger_kept(l), "ledger.db.v2"));
		cr_assert_eq(access(imp_ledger_kept(l), R_OK), 0);
		WORKS(imp_tables_bring(l, &(struct imp_ledger_config){ 0 }, &err));
	} else {
		WORKS(imp_tables_bring(l, &(struct imp_ledger_config){ 0 }, &err));
		cr_assert_null(imp_ledger_kept(l));
	}
	cr_assert_eq(place_number(p, "SELECT max(number) FROM version"), 4);
	cr_assert_eq(place_number(p, "SELECT count(*) FROM extra"), 0);
	cr_assert_eq(size_of(l), 4);
	imp_ledger_close(&l);
}

static void put_file(const char *path, const void *bytes, size_t len, off_t at)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0600);

	cr_assert_eq(pwrite(fd, bytes, len, at), (ssize_t)len);
	close(fd);
}

/* LED-11 */
Test(sqlite, what_is_no_database_is_refused)
{
	struct imp_ledger *l = NULL;
	struct place p;

	place_start(&p, false);
	put_file(p.name, "#!/bin/sh\nexit 0\n", 17, 0);
	SAYS(open_again(&p, true, &l), IMP_ELEDGER, "is no database");
	cr_assert_eq(unlink(p.name), 0);
	place_sql(&p, "CREATE TABLE of_somebody(else_ TEXT)");
	SAYS(open_again(&p, true, &l), IMP_ELEDGER, "is a database of something else");
	place_stop(&p);
}

/* LED-11: pages overwritten one by one; nothing crashes, and nothing is believed. */
Test(sqlite, damaged_pages_are_found)
{
	struct imp_ledger_report r;
	struct imp_ledger *l;
	uint8_t junk[512];
	struct place p;
	struct stat st;
	char good[160], copy[400];

	place_start(&p, false);
	l = place_open(&p, "line-1");
	fill_entries(l, 20);
	imp_ledger_close(&l);
	memset(junk, 0xa5, sizeof(junk));
	cr_assert_eq(stat(p.name, &st), 0);
	cr_assert_gt(st.st_size, 4096 * 5);
	snprintf(good, sizeof(good), "%s/good", p.folder);
	snprintf(copy, sizeof(copy), "cp %s %s", p.name, good);
	cr_assert_eq(system(copy), 0);
	for (off_t at = 0; at + (off_t)sizeof(junk) <= st.st_size; at += 4096) {
		int rc;

		snprintf(copy, sizeof(copy), "cp %s %s && rm -f %s-wal %s-shm", good,
			 p.name, p.name, p.name);
		cr_assert_eq(system(copy), 0);
		put_file(p.name, junk, sizeof(junk), at);
		rc = open_again(&p, false, &l);
		if (!rc)
			rc = imp_ledger_verify(l, NULL, &r, &err);
		cr_assert_eq(rc, -IMP_ELEDGER, "%ld: %d: %s", (long)at, rc, err.msg);
		imp_ledger_close(&l);
	}
	place_stop(&p);
}

Test(sqlite, only_a_plain_file_of_ones_own_is_taken)
{
	struct imp_ledger *l = NULL;
	struct place p;
	char real[160];

	place_start(&p, false);
	snprintf(real, sizeof(real), "%s/real", p.folder);
	put_file(real, "", 0, 0);
	cr_assert_eq(symlink(real, p.name), 0);
	SAYS(open_again(&p, true, &l), IMP_ELEDGER, "symbolic link");
	unlink(p.name);
	cr_assert_eq(mkfifo(p.name, 0600), 0);
	SAYS(open_again(&p, true, &l), IMP_ELEDGER, "not a regular file");
	unlink(p.name);
	put_file(p.name, "", 0, 0);
	cr_assert_eq(chmod(p.name, 0666), 0);
	SAYS(open_again(&p, true, &l), IMP_ELEDGER, "everybody may write it");
	place_stop(&p);
}

/* LED-12: with the log of writes gone, what had reached the file is still a ledger, or is
 * refused; with it there, nothing is lost. */
Test(sqlite, a_copy_without_its_log_of_writes_is_whole)
{
	struct imp_ledger_report r;
	struct imp_ledger *l, *q = NULL;
	struct place p, other;
	char command[800];

	place_start(&p, false);
	place_start(&other, false);
	l = place_open(&p, "line-1");
	fill_entries(l, 20);
	snprintf(command, sizeof(command), "cp %s %s && cp %s-wal %s-wal", p.name,
		 other.name, p.name, other.name);
	cr_assert_eq(system(command), 0);
	WORKS(open_again(&other, false, &q));
	WORKS(imp_ledger_verify(q, NULL, &r, &err));
	cr_assert_eq(r.entries, 21);
	imp_ledger_close(&q);
	imp_ledger_close(&l);
	place_stop(&p);
	place_stop(&other);
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static int hold(struct imp_ledger *l, void *ctx, struct imp_error *e)
{
	struct imp_ledger *other = ctx;
	uint64_t from = now_ms();

	(void)l;
	SAYS(imp_ledger_revoke(other, fill_id(1), 1, (struct imp_span){ fill_id(2), 32 },
			       NULL, &err),
	     IMP_ELEDGER, "is locked by another");
	cr_assert_geq(now_ms() - from, 8000);
	cr_assert_leq(now_ms() - from, 30000);
	return imp_fail(e, IMP_EPOLICY, "done");
}

/* LED-13 */
TEST_BOTH(store, who_is_locked_out_waits_so_long_and_no_longer)
{
	struct imp_ledger *l = place_open(p, "line-1"), *other = place_open(p, "line-2");
	struct imp_error e = { 0 };

	cr_assert_eq(imp_ledger_do(l, hold, other, &e), -IMP_EPOLICY, "%s", e.msg);
	imp_ledger_close(&l);
	imp_ledger_close(&other);
}

static int hold_interrupted(struct imp_ledger *l, void *ctx, struct imp_error *e)
{
	(void)l;
	SAYS(imp_ledger_revoke(ctx, fill_id(1), 1, (struct imp_span){ fill_id(2), 32 },
			       NULL, &err),
	     IMP_EINTERRUPTED, "interrupted");
	return imp_fail(e, IMP_EPOLICY, "done");
}

TEST_BOTH(store, the_user_ends_the_waiting)
{
	struct imp_ledger *l = place_open(p, "line-1"), *other = place_open(p, "line-2");
	struct imp_error e = { 0 };
	int fd[2];

	cr_assert_eq(pipe(fd), 0);
	cr_assert_eq(write(fd[1], "x", 1), 1);
	other->db->cancel_fd = fd[0];
	cr_assert_eq(imp_ledger_do(l, hold_interrupted, other, &e), -IMP_EPOLICY);
	imp_ledger_close(&l);
	imp_ledger_close(&other);
	close(fd[0]);
	close(fd[1]);
}
