/* SPDX-License-Identifier: Apache-2.0 */
/* The tables: making them, bringing them up to date; the first entry. */
#include <stdio.h>
#include <string.h>

#include "base/digits.h"
#include "ledger/core.h"

struct bring {
	const struct imp_ledger_config *config;
	int64_t from; /* version that was found before the lock */
};

/* What some entries are found by that were made before. */
struct refill {
	struct imp_ledger *l;
	int64_t kind;
	uint64_t next; /* entry */
	bool more;
	size_t count;
	struct refilled {
		uint64_t index;
		size_t len;
		uint8_t key[IMP_PAIR_MAX];
	} at[256]; /* as many as are read at once */
};

static int take_refs(struct refill *f, const struct imp_row *row, struct imp_error *err)
{
	struct imp_record r;
	struct imp_refs refs;
	int rc = row->salt.len > 0 ? imp_record_decode(row->type, row->record, &r, err)
				   : 0;

	if (row->salt.len == 0)
		return 0; /* it is forgotten */
	if (rc)
		return imp_wrap(err, rc, "%s: entry %llu", f->l->db->shown,
				(unsigned long long)row->index);
	imp_record_refs(&r, &refs);
	for (size_t i = 0; i < refs.count; i++) {
		struct refilled *at = &f->at[f->count];

		if ((int64_t)refs.ref[i].kind != f->kind)
			continue;
		if (f->count == COUNTOF(f->at) || refs.ref[i].key.len > sizeof(at->key))
			return imp_fail(err, IMP_EINTERNAL, "an entry is found by much");
		*at = (struct refilled){ .index = row->index,
					 .len = refs.ref[i].key.len };
		memcpy(at->key, refs.ref[i].key.ptr, at->len);
		f->count++;
	}
	return 0;
}

static int take_row(void *ctx, const struct imp_value *col, struct imp_error *err)
{
	struct refill *f = ctx;
	struct imp_row row;
	int rc = imp_row_take(f->l, col, &row, err);

	f->more = true;
	f->next = row.index + 1;
	return rc ? rc : take_refs(f, &row, err);
}

static int refill(struct imp_ledger *l, int64_t kind, struct imp_error *err)
{
	struct refill f = { .l = l, .kind = kind, .more = true };
	int rc = 0;

	while (!rc && f.more) {
		f.more = false;
		f.count = 0;
		rc = imp_db_all(l->db, IMP_SQL_ALL, IMP_WITH(IMP_INT(f.next)), take_row,
				&f, err);
		for (size_t i = 0; !rc && i < f.count; i++) {
			struct imp_span key = { f.at[i].key, f.at[i].len };

			rc = l->db->ops->run(l->db, IMP_SQL_PUT_REF,
					     IMP_WITH(IMP_INT(kind), IMP_BYTES(key),
						      IMP_INT(f.at[i].index)),
					     err);
		}
	}
	return rc;
}

static int raise_one(struct imp_ledger *l, int64_t from, struct imp_error *err)
{
	const struct imp_sql_step *step = &l->db->step[from];
	int rc = step->text ? l->db->ops->script(l->db, step->text, err) : 0;

	if (!rc && step->refs)
		rc = refill(l, step->refs, err);
	return rc ? rc
		  : l->db->ops->run(l->db, IMP_SQL_PUT_VERSION,
				    IMP_WITH(IMP_INT(from + 1)), err);
}

/* Somebody else may have been faster: whoever holds the lock looks again. */
static int raise_tables(struct imp_ledger *l, int64_t *version, struct imp_error *err)
{
	struct imp_db *db = l->db;
	int rc = db->ops->version(db, version, err);

	for (int64_t v = *version; !rc && v < db->versions; v++) {
		rc = raise_one(l, v, err);
		l->changed = true;
	}
	return rc;
}

static int first_entry(struct imp_ledger *l, const char *origin, struct imp_error *err)
{
	struct imp_record r = { .type = IMP_LEAF_LEDGER };
	uint8_t random[8];
	char text[64];
	struct imp_writer w = imp_writer((uint8_t *)text, sizeof(text));

	r.name = imp_span_str(origin);
	if (!origin) {
		if (imp_random(l->crypto, random, sizeof(random)))
			return imp_fail(err, IMP_EINTERNAL, "no randomness");
		imp_put(&w, IMP_TEXT("imprint.invalid/"));
		imp_put_hex(&w, IMP_SPAN(random));
		r.name = imp_written(&w);
	}
	return imp_append_record(l, &r, NULL, err);
}

static int bring(struct imp_ledger *l, void *ctx, struct imp_error *err)
{
	const struct bring *b = ctx;
	int64_t version = 0;
	int rc = raise_tables(l, &version, err);

	return rc || version > 0 || b->config->empty
		       ? rc
		       : first_entry(l, b->config->origin, err);
}

static int newer(const struct imp_ledger *l, int64_t version, struct imp_error *err)
{
	return imp_fail(
		err, IMP_ELEDGER,
		"%s: its tables are version %lld, this imprint knows version %lld",
		l->db->shown, (long long)version, (long long)l->db->versions);
}

static int missing(const struct imp_ledger *l, struct imp_error *err)
{
	int rc = imp_fail(err, IMP_ELEDGER, "%s: there is no ledger in it", l->db->shown);

	imp_hint(err, rc, "imprint ledger init makes one");
	return l->db->ops->unseen ? imp_hint(err, rc, "%s", l->db->ops->unseen) : rc;
}

int imp_tables_bring(struct imp_ledger *l, const struct imp_ledger_config *config,
		     struct imp_error *err)
{
	struct bring b = { .config = config };
	int rc = l->db->ops->version(l->db, &b.from, err);

	if (rc || b.from == l->db->versions)
		return rc;
	if (b.from > l->db->versions)
		return newer(l, b.from, err);
	if (b.from == 0 && !config->create)
		return missing(l, err);
	if (b.from > 0)
		rc = l->db->ops->keep(l->db, b.from, l->kept, err);
	return rc ? rc : imp_ledger_do(l, bring, &b, err);
}
