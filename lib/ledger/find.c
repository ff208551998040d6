/* SPDX-License-Identifier: Apache-2.0 */
/* Finding entries. */
#include <string.h>

#include "ledger/core.h"

static bool take_hash(const struct imp_value *v, struct imp_hash *out)
{
	if (v->type != IMP_V_BYTES || v->bytes.len != sizeof(out->byte))
		return false;
	memcpy(out->byte, v->bytes.ptr, sizeof(out->byte));
	return true;
}

int imp_row_take(const struct imp_ledger *l, const struct imp_value col[IMP_ROW_COLUMNS],
		 struct imp_row *out, struct imp_error *err)
{
	struct imp_row r = { .index = (uint64_t)col[0].n,
			     .type = (enum imp_leaf)col[1].n,
			     .nodes = col[3].bytes,
			     .salt = col[4].bytes,
			     .record = col[5].bytes };

	if (col[0].type != IMP_V_INT || col[1].type != IMP_V_INT || col[1].n < 1 ||
	    col[1].n > 255 || !take_hash(&col[2], &r.digest) ||
	    col[3].type != IMP_V_BYTES ||
	    (col[4].type != IMP_V_NULL && r.salt.len != IMP_SALT_LEN))
		return imp_fail(err, IMP_ELEDGER, "%s: entry %llu: is malformed",
				l->db->shown, (unsigned long long)col[0].n);
	*out = r;
	return 0;
}

void imp_found_fini(struct imp_found *f)
{
	imp_secret_fini(&f->bytes);
	*f = (struct imp_found){ 0 };
}

/* What is wrong with an entry, as its ledger's fault. */
static int blame(const struct imp_ledger *l, uint64_t index, struct imp_error *err)
{
	if (err)
		err->code = IMP_ELEDGER;
	return imp_wrap(err, -IMP_ELEDGER, "%s: entry %llu", l->db->shown,
			(unsigned long long)index);
}

int imp_row_record(const struct imp_ledger *l, const struct imp_row *row,
		   struct imp_record *out, struct imp_error *err)
{
	int rc = imp_record_decode(row->type, row->record, out, err);

	return rc ? blame(l, row->index, err) : 0;
}

int imp_found_take(struct imp_ledger *l, const struct imp_row *row, struct imp_found *out,
		   struct imp_error *err)
{
	CLEANUP(imp_found_fini) struct imp_found f = { .index = row->index };
	struct imp_row kept = *row;
	struct imp_hash digest;
	int rc = imp_secret_set(&f.bytes, row->record, err);

	if (rc)
		return rc;
	if (row->salt.len == 0)
		return imp_fail(err, IMP_ELEDGER, "%s: entry %llu: its record is missing",
				l->db->shown, (unsigned long long)row->index);
	if (!l->verified &&
	    imp_record_digest(l->crypto, row->salt.ptr, row->record, &digest))
		return imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
	if (!l->verified && !imp_hash_eq(&digest, &row->digest)) {
		(void)imp_fail(err, IMP_ELEDGER, "its record is not what its leaf says");
		return blame(l, row->index, err);
	}
	kept.record = imp_secret_span(&f.bytes);
	rc = imp_row_record(l, &kept, &f.record, err);
	if (rc)
		return rc;
	imp_found_fini(out);
	*out = f;
	f = (struct imp_found){ 0 };
	return 1;
}

static int find(struct imp_ledger *l, enum imp_sql sql, const struct imp_value *param,
		size_t params, struct imp_found *out, struct imp_error *err)
{
	struct imp_value col[IMP_ROW_COLUMNS];
	struct imp_row row;
	int rc = imp_db_one(l->db, sql, param, params, col, COUNTOF(col), err);

	if (rc <= 0)
		return rc;
	rc = imp_row_take(l, col, &row, err);
	return rc ? rc : imp_found_take(l, &row, out, err);
}

int imp_find_entry(struct imp_ledger *l, uint64_t index, struct imp_found *out,
		   struct imp_error *err)
{
	return find(l, IMP_SQL_ENTRY, IMP_WITH(IMP_INT(index)), out, err);
}

int imp_find_latest(struct imp_ledger *l, enum imp_ref_kind kind, struct imp_span key,
		    struct imp_found *out, struct imp_error *err)
{
	return find(l, IMP_SQL_LATEST, IMP_WITH(IMP_INT(kind), IMP_BYTES(key)), out, err);
}

int imp_find_newest(struct imp_ledger *l, enum imp_ref_kind kind, struct imp_span above,
		    struct imp_span below, struct imp_found *out, struct imp_error *err)
{
	return find(l, IMP_SQL_NEWEST,
		    IMP_WITH(IMP_INT(kind), IMP_BYTES(above), IMP_BYTES(below)), out,
		    err);
}

struct each {
	struct imp_ledger *l;
	imp_find_fn *fn;
	void *ctx;
};

static int call_found(void *ctx, const struct imp_value *col, struct imp_error *err)
{
	CLEANUP(imp_found_fini) struct imp_found f = { 0 };
	const struct each *e = ctx;
	struct imp_row row;
	int rc = imp_row_take(e->l, col, &row, err);

	if (!rc)
		rc = imp_found_take(e->l, &row, &f, err);
	return rc > 0 ? e->fn(e->ctx, &f, err) : rc;
}

int imp_find_each(struct imp_ledger *l, enum imp_ref_kind kind, struct imp_span key,
		  imp_find_fn *fn, void *ctx, struct imp_error *err)
{
	struct each e = { l, fn, ctx };

	return imp_db_all(l->db, IMP_SQL_NAMED, IMP_WITH(IMP_INT(kind), IMP_BYTES(key)),
			  call_found, &e, err);
}

struct last_of {
	struct imp_span ueid;
	uint64_t index;
	bool any;
};

static int take_last(void *ctx, const struct imp_found *f, struct imp_error *err)
{
	struct last_of *last = ctx;

	(void)err;
	if (f->record.ueid.len > 0 && !imp_span_eq(f->record.ueid, last->ueid))
		return 0;
	last->index = f->index;
	last->any = true;
	return 0;
}

int imp_find_item(struct imp_ledger *l, struct imp_span item, struct imp_span ueid,
		  struct imp_found *out, struct imp_error *err)
{
	struct last_of last = { .ueid = ueid };
	int rc;

	if (ueid.len == 0)
		return imp_find_latest(l, IMP_REF_ITEM, item, out, err);
	rc = imp_find_each(l, IMP_REF_ITEM, item, take_last, &last, err);
	return rc || !last.any ? rc : imp_find_entry(l, last.index, out, err);
}

struct page {
	struct imp_ledger *l;
	imp_row_fn *fn;
	void *ctx;
	uint64_t next;
	bool more;
};

static int call_row(void *ctx, const struct imp_value *col, struct imp_error *err)
{
	struct page *p = ctx;
	struct imp_row row;
	int rc = imp_row_take(p->l, col, &row, err);

	if (rc)
		return rc;
	p->more = true;
	p->next = row.index + 1;
	return p->fn(p->ctx, &row, err);
}

static int each_row(struct imp_ledger *l, enum imp_sql sql, struct page *p,
		    struct imp_error *err)
{
	int rc = 0;

	while (!rc && p->more) {
		p->more = false;
		rc = imp_db_all(l->db, sql, IMP_WITH(IMP_INT(p->next)), call_row, p, err);
	}
	return rc;
}

int imp_each_row(struct imp_ledger *l, uint64_t from, imp_row_fn *fn, void *ctx,
		 struct imp_error *err)
{
	struct page p = { .l = l, .fn = fn, .ctx = ctx, .next = from, .more = true };

	return each_row(l, IMP_SQL_ALL, &p, err);
}

int imp_each_signed(struct imp_ledger *l, imp_row_fn *fn, void *ctx,
		    struct imp_error *err)
{
	struct page p = { .l = l, .fn = fn, .ctx = ctx, .more = true };

	return each_row(l, IMP_SQL_SIGNED, &p, err);
}
