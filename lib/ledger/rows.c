/* SPDX-License-Identifier: Apache-2.0 */
/* Reading entries in the order of what they name. */
#include <string.h>

#include "ledger/rows.h"

enum { PAGE_BYTES = 256 * 1024 /* of records, after which a page ends */ };

void imp_rows_fini(struct imp_rows *q)
{
	imp_secret_fini(&q->bytes);
}

static int malformed(const struct imp_rows *q, struct imp_error *err)
{
	return imp_fail(err, IMP_ELEDGER, "%s: what entries are found by is malformed",
			q->l->db->shown);
}

/* 1 where the page is full. */
static int take_row(void *ctx, const struct imp_value *col, struct imp_error *err)
{
	struct imp_rows *q = ctx;
	struct imp_rows_at *r = &q->row[q->count];
	int rc;

	if (q->count == COUNTOF(q->row) || col[0].bytes.len > sizeof(r->key))
		return malformed(q, err);
	*r = (struct imp_rows_at){ .index = (uint64_t)col[1].n,
				   .key_len = col[0].bytes.len,
				   .at = q->bytes.len,
				   .len = col[2].bytes.len };
	memcpy(r->key, col[0].bytes.ptr, r->key_len);
	rc = imp_secret_append(&q->bytes, col[2].bytes, err);
	q->count++;
	return rc ? rc : q->bytes.len > PAGE_BYTES;
}

/* Have a row at hand, if there is one. */
static int fill(struct imp_rows *q, struct imp_error *err)
{
	struct imp_rows_at last = { 0 };
	struct imp_span after = { last.key, 0 };
	int rc;

	if (q->at < q->count || q->ended)
		return 0;
	if (q->count > 0)
		last = q->row[q->count - 1];
	after.len = last.key_len;
	q->at = q->count = 0;
	rc = imp_secret_reserve(&q->bytes, 0, err);
	if (!rc)
		rc = imp_db_all(
			q->l->db, IMP_SQL_BY_KEY,
			IMP_WITH(IMP_INT(q->kind), IMP_BYTES(after), IMP_INT(last.index)),
			take_row, q, err);
	q->ended = q->count == 0;
	return rc > 0 ? 0 : rc;
}

int imp_rows_key(struct imp_rows *q, struct imp_span *key, struct imp_error *err)
{
	int rc = fill(q, err);

	if (rc || q->ended)
		return rc;
	*key = (struct imp_span){ q->row[q->at].key, q->row[q->at].key_len };
	return 1;
}

static int call(const struct imp_rows *q, const struct imp_rows_at *r, imp_find_fn *fn,
		void *ctx, struct imp_error *err)
{
	struct imp_ledger *l = q->l;
	struct imp_found f = { .index = r->index };
	struct imp_row row = { .index = r->index,
			       .record = { q->bytes.ptr + r->at, r->len } };
	int rc = imp_types_of(q->types, l, r->index, &row.type, err);

	if (!rc)
		rc = imp_row_record(l, &row, &f.record, err);
	return rc ? rc : fn(ctx, &f, err);
}

int imp_rows_take(struct imp_rows *q, const struct imp_span *key, imp_find_fn *fn,
		  void *ctx, struct imp_error *err)
{
	struct imp_span next;
	int rc;

	while ((rc = imp_rows_key(q, &next, err)) > 0 &&
	       (!key || imp_span_eq(next, *key))) {
		rc = call(q, &q->row[q->at++], fn, ctx, err);
		if (rc)
			return rc;
	}
	return rc < 0 ? rc : 0;
}
