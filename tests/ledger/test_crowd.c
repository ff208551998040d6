/* SPDX-License-Identifier: Apache-2.0 */
/* Many processes at one ledger, some of which are killed. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fill.h"
#include "ledger/list.h"
#include "ledger/verify.h"

enum { WORKERS = 8 };

static struct imp_error err;

/* A tenth each day. */
static unsigned tenths(void)
{
	return getenv("IMPRINT_SOAK") ? 10 : 1;
}

/* What workers were told is in the ledger; their parent sees it. */
struct crowd {
	unsigned each, told[WORKERS];
};

struct turn {
	struct crowd *crowd;
	unsigned who, have;
	bool knows;
};

static int count_mine(void *ctx, uint64_t index, const struct imp_record *r,
		      struct imp_error *e)
{
	struct turn *t = ctx;

	(void)index;
	if (r->type != IMP_LEAF_REVOKE || r->object.ptr[0] != t->who)
		return 0;
	if (r->sequence != t->have + 1)
		return imp_fail(e, IMP_EINTERNAL, "%llu after %u",
				(unsigned long long)r->sequence, t->have);
	t->have++;
	return 0;
}

/* In one work, so that nothing of a process that was killed comes in between. */
static int add_next(struct imp_ledger *l, void *ctx, struct imp_error *e)
{
	struct turn *t = ctx;
	int rc = 0;

	if (!t->knows) {
		t->have = 0;
		rc = imp_ledger_each(l, 0, count_mine, t, e);
		if (!rc && (t->have < t->crowd->told[t->who] ||
			    t->have > t->crowd->told[t->who] + 1))
			rc = imp_fail(e, IMP_EINTERNAL, "told of %u, found %u",
				      t->crowd->told[t->who], t->have);
	}
	if (rc || t->have == t->crowd->each)
		return rc;
	return imp_ledger_revoke(l, fill_id((uint8_t)t->who), t->have + 1,
				 (struct imp_span){ fill_id(0xcc), 32 }, "a test", e);
}

/* Goes on where the one before it was killed. */
static int work(const struct place *p, struct crowd *crowd, unsigned who)
{
	struct imp_ledger *l = place_open(p, "line-1");
	struct turn t = { .crowd = crowd, .who = who };
	struct imp_error e = { 0 };

	while (crowd->told[who] < crowd->each) {
		if (imp_ledger_do(l, add_next, &t, &e)) {
			fprintf(stderr, "worker %u: %s\n", who, e.msg);
			return 1;
		}
		t.knows = true;
		t.have += t.have < crowd->each;
		__atomic_store_n(&crowd->told[who], t.have, __ATOMIC_RELEASE);
	}
	imp_ledger_close(&l);
	return 0;
}

static pid_t hire(const struct place *p, struct crowd *crowd, unsigned who)
{
	pid_t pid = fork();

	cr_assert_geq(pid, 0);
	if (pid == 0)
		_exit(work(p, crowd, who));
	return pid;
}

static unsigned done_by_all(const struct crowd *crowd)
{
	unsigned sum = 0;

	for (unsigned i = 0; i < WORKERS; i++)
		sum += __atomic_load_n(&crowd->told[i], __ATOMIC_ACQUIRE);
	return sum;
}

/* Kill one of those that are at work, the kth when that share is done. */
static unsigned kill_some(const struct place *p, struct crowd *crowd, pid_t *pid,
			  unsigned kills)
{
	unsigned total = WORKERS * crowd->each, killed = 0;

	srandom(1);
	for (unsigned k = 1; k <= kills; k++) {
		unsigned who = (unsigned)random() % WORKERS;
		int status = 0;

		while (done_by_all(crowd) < k * (total - WORKERS) / (kills + 1)) {
			cr_assert_eq(waitpid(-1, &status, WNOHANG) > 0 && status != 0,
				     false, "a worker failed");
			usleep(500);
		}
		while (crowd->told[who] == crowd->each)
			who = (who + 1) % WORKERS;
		kill(pid[who], SIGKILL);
		waitpid(pid[who], &status, 0);
		killed += WIFSIGNALED(status);
		pid[who] = hire(p, crowd, who);
	}
	return killed;
}

/* CONC-01, CONC-05, SIG-02: 8 processes of 500 entries each, 200 of them killed. */
TEST_BOTH(crowd, nothing_is_lost_or_written_twice)
{
	struct crowd *crowd = mmap(NULL, sizeof(*crowd), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct imp_ledger *l = place_open(p, "line-1");
	struct imp_ledger_report r;
	pid_t pid[WORKERS];
	int status;

	imp_ledger_close(&l);
	crowd->each = 50 * tenths();
	for (unsigned i = 0; i < WORKERS; i++)
		pid[i] = hire(p, crowd, i);
	cr_assert_gt(kill_some(p, crowd, pid, 20 * tenths()), 10 * tenths());
	for (unsigned i = 0; i < WORKERS; i++) {
		waitpid(pid[i], &status, 0);
		cr_assert_eq(crowd->told[i], crowd->each);
	}
	l = place_open(p, "line-1");
	WORKS(imp_ledger_verify(l, NULL, &r, &err));
	cr_assert_eq(r.entries, 1 + WORKERS * crowd->each);
	for (unsigned i = 0; i < WORKERS; i++) {
		struct turn t = { .crowd = crowd, .who = i };

		WORKS(imp_ledger_each(l, 0, count_mine, &t, &err));
		cr_assert_eq(t.have, crowd->each);
	}
	imp_ledger_close(&l);
	munmap(crowd, sizeof(*crowd));
}

struct answer {
	const struct place *p;
	pthread_barrier_t *together;
	const struct imp_pub *key;
	const char *bytes;
	int rc;
};

static void *answer(void *arg)
{
	struct imp_evidence token = { .ueid = { fill_id(9), 15 },
				      .nonce = { fill_id(4), 32 },
				      .boot = 1,
				      .count = 2 };
	struct answer *a = arg;
	struct imp_proof_of_state e = { .bytes = imp_span_str(a->bytes),
					.token = &token,
					.key = a->key };
	struct imp_ledger *l = place_open(a->p, a->bytes);
	struct imp_error mine = { 0 };

	pthread_barrier_wait(a->together);
	a->rc = imp_ledger_evidence(l, &e, &mine);
	imp_ledger_close(&l);
	return NULL;
}

/* CONC-08: four answers to one nonce at once, by stations of their own. */
TEST_BOTH(crowd, a_nonce_is_used_up_by_one_of_many)
{
	static const char *const bytes[] = { "first", "second", "third", "fourth" };
	struct answer a[COUNTOF(bytes)];
	pthread_barrier_t together;
	pthread_t t[COUNTOF(bytes)];
	struct imp_ledger_report r;
	struct imp_ledger *l = place_open(p, "line-1");
	struct fill_key key;
	unsigned good = 0;

	fill_key(&key);
	pthread_barrier_init(&together, NULL, COUNTOF(bytes));
	for (size_t i = 0; i < COUNTOF(bytes); i++) {
		a[i] = (struct answer){ p, &together, &key.key.pub, bytes[i], 0 };
		cr_assert_eq(pthread_create(&t[i], NULL, answer, &a[i]), 0);
	}
	for (size_t i = 0; i < COUNTOF(bytes); i++) {
		cr_assert_eq(pthread_join(t[i], NULL), 0);
		cr_assert(a[i].rc == 0 || a[i].rc == -IMP_EVERIFY, "%d", a[i].rc);
		good += a[i].rc == 0;
	}
	cr_assert_eq(good, 1);
	WORKS(imp_ledger_verify(l, NULL, &r, &err));
	cr_assert_eq(r.entries, 2);
	pthread_barrier_destroy(&together);
	fill_key_stop(&key);
	imp_ledger_close(&l);
}

/* CONC-07: PostgreSQL asks for a transaction to be done again. */
Test(crowd, what_could_not_be_put_in_a_row_is_done_again)
{
	struct imp_ledger_report r;
	struct imp_ledger *l;
	struct place p;

	place_start(&p, true);
	l = place_open(&p, "line-1");
	place_sql(&p,
		  "CREATE SEQUENCE runs; CREATE FUNCTION f() RETURNS trigger LANGUAGE "
		  "plpgsql AS 'BEGIN IF nextval(''%s.runs'') < 3 THEN RAISE EXCEPTION "
		  "''again'' USING ERRCODE = ''40001''; END IF; RETURN NEW; END'; CREATE "
		  "TRIGGER t BEFORE INSERT ON leaves FOR EACH ROW EXECUTE FUNCTION f()",
		  p.schema);
	fill_entries(l, 1);
	cr_assert_eq(place_number(&p, "SELECT last_value FROM runs"), 3);
	place_sql(&p, "DROP TRIGGER t ON leaves");
	WORKS(imp_ledger_verify(l, NULL, &r, &err));
	cr_assert_eq(r.entries, 2);
	imp_ledger_close(&l);
	place_stop(&p);
}

/* Stations of their own, at once. */
enum { STATIONS = 8 };

struct station {
	const struct place *p;
	pthread_barrier_t *together;
	unsigned who;
	int (*fn)(struct imp_ledger *l, unsigned who, struct imp_error *err);
	int rc;
};

static void *stand_at(void *arg)
{
	struct imp_error mine = { 0 };
	struct station *s = arg;
	char name[16];
	struct imp_ledger *l;

	snprintf(name, sizeof(name), "line-%u", s->who);
	l = place_open(s->p, name);
	pthread_barrier_wait(s->together);
	s->rc = s->fn(l, s->who, &mine);
	imp_ledger_close(&l);
	return NULL;
}

/* How many of them it works for; the others must be refused by policy. */
static unsigned all_at_once(const struct place *p,
			    int (*fn)(struct imp_ledger *l, unsigned who,
				      struct imp_error *err))
{
	struct station s[STATIONS];
	pthread_barrier_t together;
	pthread_t t[STATIONS];
	unsigned good = 0;

	pthread_barrier_init(&together, NULL, STATIONS);
	for (unsigned i = 0; i < STATIONS; i++) {
		s[i] = (struct station){ p, &together, i, fn, 0 };
		cr_assert_eq(pthread_create(&t[i], NULL, stand_at, &s[i]), 0);
	}
	for (unsigned i = 0; i < STATIONS; i++) {
		cr_assert_eq(pthread_join(t[i], NULL), 0);
		cr_assert(s[i].rc == 0 || s[i].rc == -IMP_EPOLICY, "%d", s[i].rc);
		good += s[i].rc == 0;
	}
	pthread_barrier_destroy(&together);
	return good;
}

enum { QUOTA = 5, ORDER = 0x77 };

static int take_seat(struct imp_ledger *l, unsigned who, struct imp_error *e)
{
	uint8_t id[32];
	const struct imp_item item = {
		.id = id, .object = id, .order = { fill_id(ORDER), 32 }, .quota = QUOTA
	};

	memset(id, 0x10 + (int)who, sizeof(id));
	return imp_ledger_reserve(l, &item, e);
}

/* CONC-03: the last seats of an order, and more stations than seats. */
TEST_BOTH(crowd, a_quota_is_not_exceeded_by_one)
{
	struct imp_ledger *l = place_open(p, "line-1");
	struct imp_ledger_report r;

	for (unsigned i = 0; i < QUOTA - 1; i++)
		WORKS(take_seat(l, 0x20 + i, &err));
	cr_assert_eq(all_at_once(p, take_seat), 1);
	SAYS(take_seat(l, 0x30, &err), IMP_EPOLICY, "5 of 5 are taken");
	WORKS(imp_ledger_verify(l, NULL, &r, &err));
	cr_assert_eq(r.open, QUOTA);
	imp_ledger_close(&l);
}

static int issue_own(struct imp_ledger *l, unsigned who, struct imp_error *e)
{
	uint8_t id[32];
	const struct imp_issued o = { .object = id,
				      .ueid = { fill_id(9), 15 },
				      .issuer = fill_id(8),
				      .domain = 1,
				      .owner_epoch = 1,
				      .sequence = 7 };

	memset(id, 0x10 + (int)who, sizeof(id));
	return imp_ledger_issue(l, &o, e);
}

static int keep_order(struct imp_ledger *l, unsigned who, struct imp_error *e)
{
	(void)who;
	return imp_ledger_order(l, fill_id(ORDER), IMP_TEXT("an order"), e);
}

/* CONC-04: several authorities, each with an object of its own for the same numbers; and
 * one order, which all of them bring. */
TEST_BOTH(crowd, numbers_are_issued_by_one_of_many)
{
	struct imp_ledger *l = place_open(p, "line-1");
	struct imp_ledger_report r;

	cr_assert_eq(all_at_once(p, issue_own), 1);
	cr_assert_eq(all_at_once(p, keep_order), STATIONS);
	WORKS(imp_ledger_verify(l, NULL, &r, &err));
	cr_assert_eq(r.entries, 3);
	imp_ledger_close(&l);
}

enum { SLOW_MS = 50, TURNS = 5 };

/* As if the disk took that long: nobody else can write meanwhile. */
static int write_slowly(struct imp_ledger *l, void *ctx, struct imp_error *e)
{
	nanosleep(&(struct timespec){ 0, SLOW_MS * 1000000L }, NULL);
	return imp_ledger_deliver(l, ctx, e);
}

static int many_turns(struct imp_ledger *l, unsigned who, struct imp_error *e)
{
	struct imp_ledger_report r;
	int rc = 0;

	for (unsigned i = 0; !rc && i < TURNS; i++) {
		const struct imp_delivery d = { .object =
							fill_id((uint8_t)(16 * who + i)),
						.ueid = { fill_id(9), 15 },
						.way = IMP_UNPROVEN };

		rc = imp_ledger_do(l, write_slowly, (void *)&d, e);
	}
	return rc ? rc : imp_ledger_verify(l, NULL, &r, e);
}

/* CONC-06: everybody waits for everybody's slow disk, and nobody in vain. */
TEST_BOTH(crowd, a_slow_disk_is_waited_for)
{
	struct imp_ledger *l = place_open(p, "line-1");
	struct imp_ledger_report r;

	cr_assert_eq(all_at_once(p, many_turns), STATIONS);
	WORKS(imp_ledger_verify(l, NULL, &r, &err));
	cr_assert_eq(r.entries, 1 + STATIONS * TURNS);
	imp_ledger_close(&l);
}
