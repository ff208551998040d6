/* SPDX-License-Identifier: Apache-2.0 */
/*
 * B8: entries that are on disk when they are answered, one by one, 64 in one work, and by
 * 64 threads at once: how many syncs of the disk they take, which is gated, and
 * how long where each takes DISK_MS more, which is told.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "ledger/journal.h"
#include "ledger/log.h"

enum { SLOTS = 64, DISK_MS = 4 };

static unsigned syncs;

/* SQLite's, which finds this one first. */
int fdatasync(int fd)
{
	int (*next)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");

	__atomic_add_fetch(&syncs, 1, __ATOMIC_RELAXED);
	nanosleep(&(struct timespec){ 0, DISK_MS * 1000000L }, NULL);
	return next(fd);
}

static void must(int rc, const struct imp_error *err)
{
	if (rc) {
		fprintf(stderr, "bench_commit: %s\n", err->msg);
		exit(1);
	}
}

static int add(struct imp_ledger *l, void *ctx, struct imp_error *err)
{
	uint8_t id[32];

	memset(id, *(const uint8_t *)ctx, sizeof(id));
	return imp_ledger_revoke(l, id, 1, IMP_SPAN(id), "a bench", err);
}

static int add_all(struct imp_ledger *l, void *ctx, struct imp_error *err)
{
	int rc = 0;

	(void)ctx;
	for (uint8_t i = 0; !rc && i < SLOTS; i++)
		rc = add(l, &i, err);
	return rc;
}

struct slot {
	struct imp_ledger *l;
	uint8_t number;
	pthread_t thread;
};

static void *run_slot(void *arg)
{
	struct slot *s = arg;
	struct imp_error err = { 0 };

	must(imp_ledger_do(s->l, add, &s->number, &err), &err);
	return NULL;
}

static void one_by_one(struct imp_ledger *l)
{
	struct imp_error err = { 0 };

	for (uint8_t i = 0; i < SLOTS; i++)
		must(imp_ledger_do(l, add, &i, &err), &err);
}

static void in_one_work(struct imp_ledger *l)
{
	struct imp_error err = { 0 };

	must(imp_ledger_do(l, add_all, NULL, &err), &err);
}

static void by_slots(struct imp_ledger *l)
{
	struct slot slot[SLOTS];

	for (uint8_t i = 0; i < SLOTS; i++) {
		slot[i] = (struct slot){ .l = l, .number = i };
		if (pthread_create(&slot[i].thread, NULL, run_slot, &slot[i]))
			exit(1);
	}
	for (unsigned i = 0; i < SLOTS; i++)
		pthread_join(slot[i].thread, NULL);
}

struct cost {
	unsigned syncs;
	double ms;
};

static struct cost measure(struct imp_ledger *l, void (*fn)(struct imp_ledger *l))
{
	unsigned before = syncs;
	struct timespec from, to;

	clock_gettime(CLOCK_MONOTONIC, &from);
	fn(l);
	clock_gettime(CLOCK_MONOTONIC, &to);
	return (struct cost){ syncs - before,
			      (double)(to.tv_sec - from.tv_sec) * 1e3 +
				      (double)(to.tv_nsec - from.tv_nsec) / 1e6 };
}

int main(void)
{
	const char *tmp = getenv("TMPDIR");
	char folder[200], path[240];
	struct imp_ledger_config config = {
		.name = path, .create = true, .station = "line-7", .cancel_fd = -1
	};
	struct imp_ledger *l = NULL;
	struct imp_error err = { 0 };
	struct cost each, group, slots;
	bool good = true;

	snprintf(folder, sizeof(folder), "%s/imprint-bench-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(folder))
		return 1;
	snprintf(path, sizeof(path), "%s/line.db", folder);
	must(imp_ledger_open(&config, &l, &err), &err);
	in_one_work(l); /* makes the log of writes */
	each = measure(l, one_by_one);
	group = measure(l, in_one_work);
	slots = measure(l, by_slots);
	good &= bench_exactly("B8 syncs, 64 entries one by one", each.syncs, SLOTS);
	good &= bench_exactly("B8 syncs, 64 entries in one work", group.syncs, 1);
	good &= bench_report("B8 syncs, 64 entries by 64 slots at once", slots.syncs,
			     SLOTS / 20.0);
	printf("{\"metric\": \"B8 one by one against one work, 64 slots, times of waiting\", "
	       "\"value\": [%.1f, %.1f]}\n",
	       each.ms / group.ms, each.ms / slots.ms);
	imp_ledger_close(&l);
	unlink(path);
	rmdir(folder);
	return !good;
}
