/* SPDX-License-Identifier: Apache-2.0 */
/* Ledgers as files, and ledgers of files. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fill.h"
#include "ledger/tiles.h"
#include "ledger/verify.h"

static struct fill_key key;
static struct imp_error err;
static char folder[64], dir[80], records[80];

static void start(void)
{
	snprintf(folder, sizeof(folder), "/tmp/imprint-tiles-XXXXXX");
	cr_assert(mkdtemp(folder));
	snprintf(dir, sizeof(dir), "%s/log", folder);
	snprintf(records, sizeof(records), "%s/records", folder);
	fill_key(&key);
}

static void stop(void)
{
	char command[128];

	fill_key_stop(&key);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	cr_assert_eq(system(command), 0);
}

static int fill(struct imp_ledger *l, void *ctx, struct imp_error *e)
{
	(void)e;
	fill_entries(l, *(unsigned *)ctx);
	return 0;
}

/* A ledger of so many entries, with a checkpoint of all. */
static struct imp_ledger *make(const struct place *p, unsigned entries)
{
	CLEANUP(imp_secret_fini) struct imp_secret note = { 0 };
	struct imp_ledger *l = place_open(p, "line-1");

	entries -= 2; /* the name of the log, and its key */
	WORKS(imp_ledger_do(l, fill, &entries, &err));
	WORKS(imp_ledger_checkpoint(l, &key.signer, &note, &err));
	return l;
}

static struct imp_tiles write_out(struct imp_ledger *l)
{
	struct imp_tiles t;

	WORKS(imp_ledger_export(l, dir, records, &t, &err));
	return t;
}

static long size_of(const char *name)
{
	char path[160];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return stat(path, &st) == 0 ? (long)st.st_size : -1;
}

/* Another ledger of the same database system, without entries. */
static struct imp_ledger *empty(struct place *to, bool postgres)
{
	struct imp_ledger_config config = { .create = true,
					    .empty = true,
					    .cancel_fd = -1 };
	struct imp_ledger *l;

	place_start(to, postgres);
	config.name = to->name;
	WORKS(imp_ledger_open(&config, &l, &err));
	return l;
}

static int take_in(struct imp_ledger *l)
{
	struct imp_vkey log = fill_vkey(&key, "log.example/test", IMP_NOTE_ED25519);

	return imp_ledger_import(l, dir, records, &log, &err);
}

Test(tiles, names)
{
	static const struct {
		uint64_t n;
		unsigned width;
		const char *name;
	} cases[] = {
		{ 0, 256, "000" },
		{ 7, 1, "007.p/1" },
		{ 999, 255, "999.p/255" },
		{ 1000, 256, "x001/000" },
		{ 1234067, 256, "x001/x234/067" },
		{ 1234067, 8, "x001/x234/067.p/8" },
		{ (1ull << 54) - 1, 255, "x018/x014/x398/x509/x481/983.p/255" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char name[IMP_TILE_NAME];

		imp_tile_name(cases[i].n, cases[i].width, name);
		cr_assert_str_eq(name, cases[i].name);
	}
}

/* The example of C2SP tlog-tiles, "Partial Tiles". */
Test(tiles, a_tree_of_70000)
{
	static const struct {
		const char *name;
		long size;
	} files[] = {
		{ "tile/0/000", 8192 },	    { "tile/0/272", 8192 },
		{ "tile/0/273", -1 },	    { "tile/0/273.p/112", 112 * 32 },
		{ "tile/1/000", 8192 },	    { "tile/1/001.p/17", 17 * 32 },
		{ "tile/2/000.p/1", 32 },   { "tile/3/000.p/0", -1 },
		{ "tile/entries/272", 0 },  { "tile/entries/273.p/112", 0 },
		{ "tile/entries/274", -1 },
	};
	struct place p, q;
	struct imp_ledger *l, *copy;
	struct imp_ledger_info a, b;
	struct imp_tiles t;

	start();
	place_start(&p, false);
	l = make(&p, 70000);
	t = write_out(l);
	cr_assert_eq(t.entries, 70000);
	cr_assert_eq(t.files, 274 + 2 + 1 + 274 + 274 + 1);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		cr_assert(files[i].size ? size_of(files[i].name) == files[i].size
					: size_of(files[i].name) > 0,
			  "%s", files[i].name);
	copy = empty(&q, false);
	WORKS(take_in(copy));
	WORKS(imp_ledger_info(l, &a, &err));
	WORKS(imp_ledger_info(copy, &b, &err));
	cr_assert(a.size == b.size && imp_hash_eq(&a.root, &b.root));
	imp_ledger_close(&l);
	imp_ledger_close(&copy);
	place_stop(&q);
	place_stop(&p);
	stop();
}

/* Sizes about a full tile: what comes back is what was, open items too. */
TEST_BOTH(tiles, round_trip)
{
	static const unsigned sizes[] = { 2, 255, 256, 257, 513 };
	struct imp_item item = { .id = fill_id(0x77), .object = fill_id(0x77) };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct place from, to;
		struct imp_ledger *l, *copy;
		struct imp_ledger_report r;
		struct imp_item_now now;

		start();
		place_start(&from, p->postgres);
		l = place_open(&from, "line-1");
		WORKS(imp_ledger_reserve(l, &item, &err));
		imp_ledger_close(&l);
		l = make(&from, sizes[i]);
		cr_assert_eq(write_out(l).entries, sizes[i] + 1);
		copy = empty(&to, !p->postgres);
		WORKS(take_in(copy));
		WORKS(imp_ledger_verify(copy, NULL, &r, &err));
		cr_assert_eq(r.entries, sizes[i] + 1);
		cr_assert_eq(r.open, 1);
		cr_assert_eq(r.checkpoints, 1);
		WORKS(imp_ledger_item(copy, item.id, (struct imp_span){ 0 }, &now, &err));
		cr_assert_eq(now.state, IMP_ITEM_RESERVED);
		SAYS(take_in(copy), IMP_EUSAGE, "expected a new ledger");
		imp_ledger_close(&l);
		imp_ledger_close(&copy);
		place_stop(&to);
		place_stop(&from);
		stop();
	}
}

Test(tiles, what_is_there_stays_and_another_history_is_refused)
{
	struct place p, q;
	struct imp_ledger *l, *other;
	struct imp_tiles t;

	start();
	place_start(&p, false);
	l = make(&p, 300);
	write_out(l);
	t = write_out(l);
	cr_assert_eq(t.kept, 2 + 1 + 2);
	imp_ledger_close(&l);
	l = make(&p, 302);
	t = write_out(l);
	cr_assert_gt(t.entries, 300);
	cr_assert_eq(t.kept, 2, "tile/0/000 and tile/entries/000");
	place_start(&q, false);
	other = make(&q, 300);
	SAYS(imp_ledger_export(other, dir, NULL, &t, &err), IMP_EPOLICY, "another");
	imp_ledger_close(&l);
	imp_ledger_close(&other);
	place_stop(&q);
	place_stop(&p);
	stop();
}

static void flip(const char *in, const char *name, long at)
{
	char path[160];
	FILE *f;
	int c;

	snprintf(path, sizeof(path), "%s/%s", in, name);
	f = fopen(path, "r+b");
	cr_assert(f, "%s", path);
	fseek(f, at, SEEK_SET);
	c = fgetc(f);
	fseek(f, at, SEEK_SET);
	fputc(c ^ 1, f);
	cr_assert_eq(fclose(f), 0);
}

Test(tiles, every_flipped_byte_of_what_is_imported_is_found)
{
	struct place p, q;
	struct imp_ledger *l, *copy;
	struct imp_ledger_info i;

	start();
	place_start(&p, false);
	l = make(&p, 4);
	write_out(l);
	copy = empty(&q, false);
	for (long at = 0; at < size_of("../records/000.p/4"); at++) {
		flip(records, "000.p/4", at);
		cr_assert_lt(take_in(copy), 0, "record byte %ld", at);
		flip(records, "000.p/4", at);
	}
	for (long at = 0; at < size_of("tile/entries/000.p/4"); at++) {
		flip(dir, "tile/entries/000.p/4", at);
		SAYS(take_in(copy), IMP_EVERIFY, "entry");
		flip(dir, "tile/entries/000.p/4", at);
	}
	for (long at = 0; at < size_of("checkpoint"); at++) {
		flip(dir, "checkpoint", at);
		cr_assert_lt(take_in(copy), 0, "checkpoint byte %ld", at);
		flip(dir, "checkpoint", at);
	}
	WORKS(take_in(copy));
	WORKS(imp_ledger_info(copy, &i, &err));
	cr_assert_eq(i.size, 4);
	imp_ledger_close(&l);
	imp_ledger_close(&copy);
	place_stop(&q);
	place_stop(&p);
	stop();
}

/* The same log has signed another history of as many entries. */
Test(tiles, the_checkpoint_stands_for_other_entries)
{
	char from[160], to[160];
	struct place p, q, r;
	struct imp_ledger *l, *other, *copy;
	struct imp_tiles t;

	start();
	place_start(&p, false);
	place_start(&q, false);
	l = make(&p, 4);
	write_out(l);
	other = make(&q, 4);
	snprintf(from, sizeof(from), "%s/other", folder);
	WORKS(imp_ledger_export(other, from, NULL, &t, &err));
	snprintf(from, sizeof(from), "%s/other/checkpoint", folder);
	snprintf(to, sizeof(to), "%s/checkpoint", dir);
	cr_assert_eq(rename(from, to), 0);
	copy = empty(&r, false);
	SAYS(take_in(copy), IMP_EVERIFY, "not those that the checkpoint stands for");
	imp_ledger_close(&l);
	imp_ledger_close(&other);
	imp_ledger_close(&copy);
	place_stop(&r);
	place_stop(&q);
	place_stop(&p);
	stop();
}

Test(tiles, a_folder_whose_name_leaves_no_room)
{
	char name[4096];
	struct imp_tiles t;
	struct imp_ledger *l;
	struct place p;

	start();
	memset(name, 'x', sizeof(name) - 1);
	name[4050] = '\0';
	place_start(&p, false);
	l = make(&p, 4);
	SAYS(imp_ledger_export(l, name, NULL, &t, &err), IMP_EUSAGE, "is too long");
	SAYS(imp_ledger_export(l, dir, name, &t, &err), IMP_EUSAGE, "is too long");
	imp_ledger_close(&l);
	place_stop(&p);
	stop();
}

Test(tiles, nothing_is_added_to_a_ledger_that_was_not_imported)
{
	struct place q;
	struct imp_ledger *copy = empty(&q, false);

	SAYS(imp_ledger_revoke(copy, fill_id(1), 1, (struct imp_span){ fill_id(2), 32 },
			       "x", &err),
	     IMP_ELEDGER, "an import into it did not end");
	imp_ledger_close(&copy);
	place_stop(&q);
}
