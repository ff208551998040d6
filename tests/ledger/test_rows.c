/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a ledger in the order of what its entries name, page by page. */
#include <stdlib.h>
#include <string.h>

#include "fill.h"
#include "ledger/rows.h"

enum { DEVICES = 3, ENTRIES = 700, ITEMS = 900, BIG = 3000 };

static struct imp_error err;

/* What each part of the ledger is about to hold. */
static int fill_work(struct imp_ledger *l, void *ctx, struct imp_error *e)
{
	static uint8_t bytes[BIG];
	uint8_t ueid[7] = { 1 }, id[32] = { 0 };
	struct imp_record issue = { .type = IMP_LEAF_ISSUE,
				    .ueid = IMP_SPAN(ueid),
				    .object = IMP_SPAN(id),
				    .issuer = IMP_SPAN(id) };
	struct imp_record grant = { .type = IMP_LEAF_GRANT,
				    .object = IMP_SPAN(id),
				    .bytes = IMP_SPAN(bytes) };
	int rc = 0;

	(void)ctx;
	for (unsigned i = 0; !rc && i < ENTRIES; i++) {
		memcpy(id, &i, sizeof(i));
		ueid[6] = (uint8_t)(i % DEVICES);
		issue.sequence = i + 1;
		rc = imp_append_record(l, &issue, NULL, e);
	}
	for (unsigned i = 0; !rc && i < ENTRIES / 2; i++) {
		memcpy(id, &i, sizeof(i));
		rc = imp_append_record(l, &grant, NULL, e);
	}
	return rc;
}

static int open_items(struct imp_ledger *l, void *ctx, struct imp_error *e)
{
	uint8_t id[32] = { 0 };
	const struct imp_item item = { .id = id, .object = id };
	int rc = 0;

	(void)ctx;
	for (unsigned i = 0; !rc && i < ITEMS; i++) {
		memcpy(id, &i, sizeof(i));
		rc = imp_ledger_reserve(l, &item, e);
		if (!rc && i % 2)
			rc = imp_ledger_sent(l, id, (struct imp_span){ 0 }, e);
		if (!rc && i % 3 == 0)
			rc = imp_ledger_write_off(l, id, "a test", e);
	}
	return rc;
}

struct seen {
	uint64_t entry[ENTRIES];
	size_t count;
	enum imp_leaf type;
};

static int see(void *ctx, const struct imp_found *f, struct imp_error *e)
{
	struct seen *s = ctx;

	(void)e;
	cr_assert_lt(s->count, ENTRIES);
	cr_assert_eq(f->record.type, s->type);
	s->entry[s->count++] = f->index;
	return 0;
}

/* Each key's entries are those that a look-up of it gives. Returns how many keys. */
static size_t compare(struct imp_ledger *l, const struct imp_types *types,
		      enum imp_ref_kind kind, enum imp_leaf type)
{
	CLEANUP(imp_rows_fini)
	struct imp_rows q = { .l = l, .types = types, .kind = kind };
	struct imp_span next;
	uint8_t key[IMP_ROWS_KEY], before[IMP_ROWS_KEY] = { 0 };
	size_t keys = 0;
	int rc;

	while ((rc = imp_rows_key(&q, &next, &err)) > 0) {
		struct seen paged = { .type = type }, looked_up = { .type = type };

		memcpy(key, next.ptr, next.len);
		next.ptr = key;
		cr_assert(keys++ == 0 || memcmp(before, key, next.len) < 0);
		memcpy(before, key, next.len);
		WORKS(imp_rows_take(&q, &next, see, &paged, &err));
		WORKS(imp_find_each(l, kind, next, see, &looked_up, &err));
		cr_assert_eq(paged.count, looked_up.count);
		cr_assert_arr_eq(paged.entry, looked_up.entry,
				 paged.count * sizeof(paged.entry[0]));
	}
	cr_assert_eq(rc, 0, "%s", err.msg);
	return keys;
}

/* With the types of so many leaves remembered. */
static int read_all(struct imp_ledger *l, void *ctx, struct imp_error *e)
{
	CLEANUP(imp_types_fini)
	struct imp_types types = { .most = *(const size_t *)ctx };
	struct imp_ledger_report report;
	int rc = imp_verify_types(l, NULL, &types, &report, e);

	if (rc)
		return rc;
	cr_assert_eq(types.count, *(const size_t *)ctx < report.entries
					  ? *(const size_t *)ctx
					  : report.entries);
	cr_assert_eq(report.open, ITEMS - ITEMS / 3);
	cr_assert_eq(compare(l, &types, IMP_REF_DEVICE, IMP_LEAF_ISSUE), DEVICES);
	cr_assert_eq(compare(l, &types, IMP_REF_GIVEN, IMP_LEAF_GRANT), ENTRIES / 2);
	cr_assert_eq(compare(l, &types, IMP_REF_LIST, IMP_LEAF_LIST), 0);
	return 0;
}

TEST_BOTH(rows, pages_hold_what_look_ups_find)
{
	static const size_t remembered[] = { IMP_TYPES_MOST, ENTRIES + 10, 0 };
	struct imp_ledger *l = place_open(p, "line-1");
	struct imp_error e = { 0 };

	WORKS(imp_ledger_do(l, fill_work, NULL, &err));
	WORKS(imp_ledger_do(l, open_items, NULL, &err));
	for (size_t i = 0; i < COUNTOF(remembered); i++)
		WORKS(imp_ledger_read(l, read_all, (void *)&remembered[i], &err));
	/* One that is open in the entries alone, and one in the table alone. */
	for (size_t i = 0; i < COUNTOF(remembered); i++) {
		place_sql(p, "CREATE TABLE k%zu AS SELECT * FROM pending", i);
		place_sql(p, "DELETE FROM pending WHERE idx = (SELECT max(idx) FROM "
			     "pending)");
		cr_assert_eq(imp_ledger_read(l, read_all, (void *)&remembered[i], &e),
			     -IMP_ELEDGER);
		cr_assert(strstr(e.msg, "items that are open"), "%s", e.msg);
		place_sql(p,
			  "INSERT INTO pending SELECT * FROM k%zu WHERE idx = (SELECT "
			  "max(idx) FROM k%zu)",
			  i, i);
		place_sql(p, "DROP TABLE k%zu", i);
	}
	imp_ledger_close(&l);
}

/* Items are the last that is named. */
TEST_BOTH(rows, items_alone_are_counted_to_the_last)
{
	struct imp_ledger *l = place_open(p, "line-1");
	struct imp_ledger_report r;

	WORKS(imp_ledger_do(l, open_items, NULL, &err));
	WORKS(imp_ledger_verify(l, NULL, &r, &err));
	cr_assert_eq(r.open, ITEMS - ITEMS / 3);
	place_sql(
		p,
		"DELETE FROM pending WHERE item = (SELECT item FROM pending ORDER BY item DESC LIMIT 1)");
	SAYS(imp_ledger_verify(l, NULL, &r, &err), IMP_ELEDGER, "items that are open");
	imp_ledger_close(&l);
}

TEST_BOTH(rows, a_key_that_is_too_long_is_refused)
{
	struct imp_ledger *l = place_open(p, "line-1");
	CLEANUP(imp_rows_fini)
	struct imp_rows q = { .l = l, .kind = IMP_REF_SIGNER };
	struct imp_span key;

	place_sql(p, "INSERT INTO refs VALUES(12, %s, 0)",
		  place_blob(p, "000102030405060708090a0b0c0d0e0f101112131415161718191a1b"
				"1c1d1e1f2021"));
	SAYS(imp_rows_key(&q, &key, &err), IMP_ELEDGER, "are found by is malformed");
	imp_ledger_close(&l);
}
