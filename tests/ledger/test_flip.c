/* SPDX-License-Identifier: Apache-2.0 */
/* A SQLite ledger with one byte changed. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fill.h"
#include "ledger/list.h"
#include "ledger/verify.h"

/* Of the whole file each day: one byte in so many; a prime, so that all columns get
 * their turn. */
enum { EVERY = 53 };

static struct imp_error err;

/* What a ledger says. */
struct meaning {
	struct imp_ledger_report report;
	struct imp_hash root;
	uint8_t bytes[65536]; /* its records, encoded */
	size_t len;
};

static int add_entry(void *ctx, uint64_t index, const struct imp_record *r,
		     struct imp_error *e)
{
	struct meaning *m = ctx;
	struct imp_writer w = imp_writer(m->bytes + m->len, sizeof(m->bytes) - m->len);

	imp_put_u64be(&w, index);
	if (imp_record_encode(r, &w, e))
		return -IMP_EINTERNAL;
	m->len += w.len;
	return 0;
}

/* What verifying takes for good can be read. */
static int read_meaning(const char *path, struct meaning *m)
{
	const struct imp_ledger_config config = { .name = path, .cancel_fd = -1 };
	struct imp_ledger_info info;
	struct imp_ledger *l = NULL;
	int rc = imp_ledger_open(&config, &l, &err);

	memset(m, 0, sizeof(*m));
	if (!rc)
		rc = imp_ledger_verify(l, NULL, &m->report, &err);
	if (!rc) {
		WORKS(imp_ledger_each(l, 0, add_entry, m, &err));
		WORKS(imp_ledger_info(l, &info, &err));
		m->root = info.root;
	}
	imp_ledger_close(&l);
	return rc;
}

static void put(const char *path, const uint8_t *bytes, size_t len)
{
	char beside[200];
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	cr_assert_eq(write(fd, bytes, len), (ssize_t)len);
	close(fd);
	for (const char *const *end = (const char *const[]){ "-wal", "-shm", NULL }; *end;
	     end++) {
		snprintf(beside, sizeof(beside), "%s%s", path, *end);
		unlink(beside);
	}
}

static uint8_t *slurp(const char *path, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	uint8_t *bytes;

	cr_assert_eq(fstat(fd, &st), 0);
	*len = (size_t)st.st_size;
	bytes = malloc(*len);
	cr_assert_eq(read(fd, bytes, *len), (ssize_t)*len);
	close(fd);
	return bytes;
}

/* Entries of every length, an item, a checkpoint. */
static void make(const struct place *p)
{
	CLEANUP(imp_secret_fini) struct imp_secret note = { 0 };
	const struct imp_item item = { .id = fill_id(0x77), .object = fill_id(0x78) };
	struct imp_ledger *l = place_open(p, "line-1");
	struct fill_key key;

	fill_key(&key);
	fill_entries(l, 4);
	WORKS(imp_ledger_reserve(l, &item, &err));
	WORKS(imp_ledger_sent(l, item.id, (struct imp_span){ 0 }, &err));
	WORKS(imp_ledger_checkpoint(l, &key.signer, &note, &err));
	imp_ledger_close(&l);
	fill_key_stop(&key);
}

/* LED-01, LED-11: every byte changed: the same entries and verdict, or a refusal that
 * says where. */
Test(flip, a_changed_byte_is_harmless_or_reported)
{
	static struct meaning good, now;
	unsigned refused = 0, named = 0;
	size_t len, step = getenv("IMPRINT_SOAK") ? 1 : EVERY;
	struct place p;
	uint8_t *bytes;

	place_start(&p, false);
	make(&p);
	bytes = slurp(p.name, &len);
	WORKS(read_meaning(p.name, &good));
	cr_assert_gt(good.report.entries, 6);
	for (size_t at = 0; at < len; at += step) {
		int rc;

		bytes[at] ^= 1u << at % 8;
		put(p.name, bytes, len);
		rc = read_meaning(p.name, &now);
		bytes[at] ^= 1u << at % 8;
		if (!rc)
			cr_assert_eq(memcmp(&now, &good, sizeof(now)), 0,
				     "byte %zu changed what the ledger says", at);
		else
			cr_assert_eq(rc, -IMP_ELEDGER, "byte %zu: %d: %s", at, rc,
				     err.msg);
		refused += rc != 0;
		named += rc != 0 && strstr(err.msg, ": entry ") != NULL;
	}
	cr_assert_gt(refused, len / step / 40);
	cr_assert_gt(named, 5);
	fprintf(stderr, "%zu bytes, %u refused, %u with their entry\n", len / step,
		refused, named);
	free(bytes);
	place_stop(&p);
}
