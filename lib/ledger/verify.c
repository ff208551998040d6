/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a whole ledger with suspicion. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/grow.h"
#include "ledger/forget.h"
#include "ledger/tally.h"
#include "ledger/types.h"

struct walk {
	struct imp_ledger *l;
	struct imp_range edge;
	struct imp_types *types;
	uint64_t key[2];	      /* of the sums */
	struct imp_tally named, refs; /* what records name; what the table says */
	struct imp_tally open;	      /* items whose last entry says so */
	struct absent {
		uint64_t index;
		bool forgotten; /* an entry says so */
	} * absent;		/* entries without a record, ascending; owned */
	size_t absents, cap;
	const struct imp_checkpoint *outside;
	struct imp_ledger_report *out;
};

static void walk_fini(struct walk *w)
{
	free(w->absent);
	w->absent = NULL;
}

static int bad_entry(const struct walk *w, uint64_t index, const char *what,
		     struct imp_error *err)
{
	return imp_fail(err, IMP_ELEDGER, "%s: entry %llu: %s", w->l->db->shown,
			(unsigned long long)index, what);
}

static int bad(const struct walk *w, const char *what, struct imp_error *err)
{
	return imp_fail(err, IMP_ELEDGER, "%s: %s", w->l->db->shown, what);
}

static int count_ref(struct walk *w, struct imp_tally *t, enum imp_ref_kind kind,
		     struct imp_span key, uint64_t index, struct imp_error *err)
{
	return imp_tally_add(w->key, t, (uint64_t)kind, index, key)
		       ? 0
		       : bad(w, "what entries are found by is malformed", err);
}

static int count_named(struct walk *w, const struct imp_record *record, uint64_t index,
		       struct imp_error *err)
{
	struct imp_refs refs;
	int rc = 0;

	imp_record_refs(record, &refs);
	for (size_t i = 0; !rc && i < refs.count; i++)
		rc = count_ref(w, &w->named, refs.ref[i].kind, refs.ref[i].key, index,
			       err);
	return rc;
}

static int note_absent(struct walk *w, uint64_t index, struct imp_error *err)
{
	struct absent *more =
		imp_grow(w->absent, w->absents, &w->cap, sizeof(*more), err);

	if (!more)
		return -IMP_ERESOURCE;
	w->absent = more;
	w->absent[w->absents++] = (struct absent){ .index = index };
	return 0;
}

/* An entry says that another one was forgotten: once, and then it is. */
static int take_forgotten(void *ctx, uint64_t index, struct imp_error *err)
{
	struct walk *w = ctx;
	size_t low = 0, high = w->absents;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (w->absent[mid].index < index)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == w->absents || w->absent[low].index != index ||
	    w->absent[low].forgotten)
		return bad_entry(w, index, "is said to be forgotten, and is not", err);
	w->absent[low].forgotten = true;
	w->out->forgotten++;
	return 0;
}

static int check_absent(const struct walk *w, struct imp_error *err)
{
	for (size_t i = 0; i < w->absents; i++)
		if (!w->absent[i].forgotten)
			return bad_entry(w, w->absent[i].index, "its record is missing",
					 err);
	return 0;
}

static int check_record(struct walk *w, const struct imp_row *row, struct imp_error *err)
{
	struct imp_record record;
	struct imp_hash digest;
	int rc;

	if (row->salt.len == 0)
		return note_absent(w, row->index, err);
	if (imp_record_digest(w->l->crypto, row->salt.ptr, row->record, &digest))
		return imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
	if (!imp_hash_eq(&digest, &row->digest))
		return bad_entry(w, row->index, "its record is not what its leaf says",
				 err);
	rc = imp_record_decode(row->type, row->record, &record, NULL);
	if (rc)
		return bad_entry(w, row->index, "its record is malformed", err);
	if (record.type == IMP_LEAF_FORGOTTEN)
		rc = imp_forgotten_each(record.bytes, row->index, take_forgotten, w, err);
	if (rc == -IMP_EFORMAT)
		return bad_entry(w, row->index, "its record is malformed", err);
	return rc ? rc : count_named(w, &record, row->index, err);
}

static int check_leaf(void *ctx, const struct imp_row *row, struct imp_error *err)
{
	struct walk *w = ctx;
	uint8_t bytes[IMP_LEAF_BYTES];
	struct imp_writer leaf = imp_writer(bytes, sizeof(bytes));
	struct imp_span nodes = { w->edge.node[0].byte, 0 };
	struct imp_hash hash;
	int rc;

	if (row->index != w->edge.size)
		return bad_entry(w, w->edge.size, "is missing", err);
	imp_leaf_put(&leaf, row->type, &row->digest);
	if (imp_tree_leaf(w->l->crypto, imp_written(&leaf), &hash) ||
	    imp_range_add(w->l->crypto, &w->edge, &hash))
		return imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
	nodes.len = (imp_range_closed(w->edge.size) + 1) * sizeof(hash.byte);
	if (!imp_span_eq(nodes, row->nodes))
		return bad_entry(w, row->index, "its hashes are not those of the tree",
				 err);
	rc = imp_types_add(w->types, row->type, err);
	return rc ? rc : check_record(w, row, err);
}

static int check_entries(struct walk *w, struct imp_error *err)
{
	int rc = imp_each_row(w->l, 0, check_leaf, w, err);

	w->out->entries = w->edge.size;
	if (!rc && w->edge.size == 0)
		rc = bad(w, "has no entries", err);
	return rc ? rc : check_absent(w, err);
}

enum { REFS_AT_ONCE = 1024 };

struct ref_page {
	struct walk *w;
	bool more;
	int64_t kind, index; /* of the last row */
	uint8_t key[IMP_NOTE_NAME];
	size_t len;
	/* The last entries of items that ended within the page. */
	struct last {
		uint64_t index;
		uint8_t item[32];
	} last[REFS_AT_ONCE + 1];
	size_t lasts;
};

/* Rows of an item follow each other: where the next row is another's, it ends. */
static void end_item(struct ref_page *p)
{
	struct last *last = &p->last[p->lasts];

	if (p->kind != IMP_REF_ITEM)
		return;
	last->index = (uint64_t)p->index;
	memcpy(last->item, p->key, sizeof(last->item));
	p->lasts++;
}

static int take_ref(void *ctx, const struct imp_value *col, struct imp_error *err)
{
	struct ref_page *p = ctx;

	if (col[0].type != IMP_V_INT || col[1].type != IMP_V_BYTES ||
	    col[2].type != IMP_V_INT || col[1].bytes.len > sizeof(p->key) ||
	    p->lasts == REFS_AT_ONCE)
		return bad(p->w, "what entries are found by is malformed", err);
	if (col[0].n != p->kind ||
	    !imp_span_eq(col[1].bytes, (struct imp_span){ p->key, p->len }))
		end_item(p);
	p->more = true;
	p->kind = col[0].n;
	p->index = col[2].n;
	p->len = col[1].bytes.len;
	memcpy(p->key, col[1].bytes.ptr, p->len);
	return count_ref(p->w, &p->w->refs, (enum imp_ref_kind)p->kind, col[1].bytes,
			 (uint64_t)p->index, err);
}

/* Which of those items are open? */
static int count_open(struct walk *w, const struct ref_page *p, struct imp_error *err)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < p->lasts; i++) {
		const struct last *last = &p->last[i];
		enum imp_leaf type;

		if (last->index >= w->edge.size)
			continue; /* it names no entry, as the sums will show */
		rc = imp_types_of(w->types, w->l, last->index, &type, err);
		if (!rc && (type == IMP_LEAF_RESERVED || type == IMP_LEAF_SENT))
			rc = count_ref(w, &w->open, IMP_REF_ITEM, IMP_SPAN(last->item),
				       last->index, err);
	}
	return rc;
}

static int next_refs(struct ref_page *p, struct imp_error *err)
{
	uint8_t from[IMP_NOTE_NAME]; /* rows overwrite it */
	struct imp_span key = { from, p->len };
	int rc;

	memcpy(from, p->key, p->len);
	p->more = false;
	p->lasts = 0;
	rc = imp_db_all(p->w->l->db, IMP_SQL_ALL_REFS,
			IMP_WITH(IMP_INT(p->kind), IMP_BYTES(key), IMP_INT(p->index)),
			take_ref, p, err);
	if (!rc && !p->more)
		end_item(p);
	return rc ? rc : count_open(p->w, p, err);
}

static int check_refs(struct walk *w, struct imp_error *err)
{
	struct ref_page p = { .w = w, .more = true, .kind = -1 };
	int rc = 0;

	while (!rc && p.more)
		rc = next_refs(&p, err);
	if (!rc && !imp_tally_eq(&w->refs, &w->named))
		rc = bad(w, "what entries are found by is not what they name", err);
	return rc;
}

struct pending_page {
	struct walk *w;
	struct imp_tally sum;
	uint8_t item[32]; /* of the last row */
	bool more;
};

static int take_pending(void *ctx, const struct imp_value *col, struct imp_error *err)
{
	struct pending_page *p = ctx;

	if (col[0].bytes.len != sizeof(p->item))
		return bad(p->w, "an open item is malformed", err);
	memcpy(p->item, col[0].bytes.ptr, sizeof(p->item));
	p->more = true;
	return count_ref(p->w, &p->sum, IMP_REF_ITEM, col[0].bytes, (uint64_t)col[1].n,
			 err);
}

static int check_pending(struct walk *w, struct imp_error *err)
{
	struct pending_page p = { .w = w, .more = true };
	struct imp_span after = { 0 };
	int rc = 0;

	while (!rc && p.more) {
		uint8_t from[sizeof(p.item)]; /* rows overwrite it */

		memcpy(from, p.item, sizeof(from));
		after.ptr = from;
		p.more = false;
		rc = imp_db_all(w->l->db, IMP_SQL_PENDING,
				IMP_WITH(IMP_BYTES(after), IMP_INT(REFS_AT_ONCE)),
				take_pending, &p, err);
		after.len = sizeof(from);
	}
	if (!rc && !imp_tally_eq(&p.sum, &w->open))
		rc = bad(w, "the items that are open are not those of the entries", err);
	w->out->open = p.sum.rows;
	return rc;
}

/* Every signature of the ledger's own under one size, and all lines for their form. */
static int check_lines(struct walk *w, const struct imp_ledger_info *i, uint64_t size,
		       struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret note = { 0 };
	struct imp_checkpoint c;
	int rc = imp_log_note(w->l, i->origin, size, &note, err);

	if (rc)
		return rc;
	if (imp_checkpoint_parse(imp_secret_span(&note), &c, NULL) || !i->has_key ||
	    imp_note_verify(w->l->crypto, &c.note, &i->key, NULL, NULL) <= 0)
		return imp_fail(err, IMP_ELEDGER,
				"%s: the checkpoint of %llu entries is not of this tree",
				w->l->db->shown, (unsigned long long)size);
	w->out->checkpoints++;
	return 0;
}

static int check_checkpoints(struct walk *w, struct imp_error *err)
{
	struct imp_ledger_info i;
	struct imp_value col, count[2];
	int64_t size = 0;
	int rc = imp_db_one(w->l->db, IMP_SQL_CHECK_LINES, IMP_WITHOUT, count,
			    COUNTOF(count), err);

	if (rc < 0)
		return rc;
	if (rc == 0 || count[0].n != count[1].n)
		return bad(w, "there is a checkpoint of no entries", err);
	rc = imp_ledger_info(w->l, &i, err);
	while (!rc && (rc = imp_db_one(w->l->db, IMP_SQL_NEXT_SIZE,
				       IMP_WITH(IMP_INT(size)), &col, 1, err)) > 0) {
		size = col.n;
		rc = size < 1 || (uint64_t)size > w->edge.size
			     ? imp_fail(err, IMP_ELEDGER,
					"%s: there is a checkpoint of %llu entries, and "
					"there are %llu",
					w->l->db->shown, (unsigned long long)size,
					(unsigned long long)w->edge.size)
			     : check_lines(w, &i, (uint64_t)size, err);
	}
	return rc;
}

int imp_ledger_goes_on(struct imp_ledger *l, const struct imp_checkpoint *c,
		       char why[IMP_GOES_ON_TEXT], struct imp_error *err)
{
	struct imp_tree tree = imp_ledger_tree(l);
	struct imp_hash root;
	struct imp_ledger_info i;
	int rc = imp_ledger_info(l, &i, err);

	if (rc)
		return rc;
	if (!imp_span_eq(c->origin, imp_span_str(i.origin))) {
		snprintf(why, IMP_GOES_ON_TEXT,
			 "is the log %s, the checkpoint is of another", i.origin);
		return 0;
	}
	if (c->size > i.size) {
		snprintf(why, IMP_GOES_ON_TEXT,
			 "has %llu entries, the checkpoint has %llu: entries were taken "
			 "off its end",
			 (unsigned long long)i.size, (unsigned long long)c->size);
		return 0;
	}
	rc = imp_tree_root(&tree, c->size, &root, err);
	if (rc || imp_hash_eq(&root, &c->root))
		return rc ? rc : 1;
	snprintf(why, IMP_GOES_ON_TEXT,
		 "its first %llu entries are not those of the checkpoint: the log has "
		 "two histories",
		 (unsigned long long)c->size);
	return 0;
}

static int check_outside(struct walk *w, struct imp_error *err)
{
	char why[IMP_GOES_ON_TEXT];
	int rc = imp_ledger_goes_on(w->l, w->outside, why, err);

	if (rc == 0)
		return imp_fail(err, IMP_ELEDGER, "%s: %s", w->l->db->shown, why);
	w->out->anchored = rc > 0 ? w->outside->size : 0;
	return rc > 0 ? 0 : rc;
}

static int verify(struct imp_ledger *l, void *ctx, struct imp_error *err)
{
	struct walk *w = ctx;
	int rc;

	walk_fini(w);
	*w->out = (struct imp_ledger_report){ 0 };
	*w = (struct walk){
		.l = l, .types = w->types, .outside = w->outside, .out = w->out
	};
	w->types->count = 0;
	if (imp_random(l->crypto, (uint8_t *)w->key, sizeof(w->key)))
		return imp_fail(err, IMP_EINTERNAL, "no randomness");
	rc = check_entries(w, err);
	if (!rc)
		rc = check_refs(w, err);
	if (!rc)
		rc = check_pending(w, err);
	if (!rc)
		rc = check_checkpoints(w, err);
	return rc || !w->outside ? rc : check_outside(w, err);
}

int imp_verify_types(struct imp_ledger *l, const struct imp_checkpoint *outside,
		     struct imp_types *types, struct imp_ledger_report *out,
		     struct imp_error *err)
{
	struct imp_ledger_report report = { 0 };
	CLEANUP(walk_fini)
	struct walk w = { .types = types, .outside = outside, .out = &report };
	int rc = imp_ledger_read(l, verify, &w, err);

	if (!rc)
		*out = report;
	return rc;
}

int imp_ledger_verify(struct imp_ledger *l, const struct imp_checkpoint *outside,
		      struct imp_ledger_report *out, struct imp_error *err)
{
	CLEANUP(imp_types_fini) struct imp_types types = { .most = IMP_TYPES_MOST };

	return imp_verify_types(l, outside, &types, out, err);
}
