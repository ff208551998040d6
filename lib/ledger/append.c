/* SPDX-License-Identifier: Apache-2.0 */
/* Adding entries, and the tree over them. */
#include <string.h>
#include <time.h>

#include "ledger/core.h"

static int fetch(void *ctx, unsigned level, uint64_t index, struct imp_hash *out,
		 struct imp_error *err)
{
	struct imp_ledger *l = ctx;
	uint64_t leaf = ((index + 1) << level) - 1;
	struct imp_value nodes;
	int rc =
		imp_db_one(l->db, IMP_SQL_NODES, IMP_WITH(IMP_INT(leaf)), &nodes, 1, err);

	if (rc < 0)
		return rc;
	if (rc == 0 || nodes.type != IMP_V_BYTES ||
	    nodes.bytes.len < (level + 1) * sizeof(out->byte))
		return imp_fail(err, IMP_ELEDGER,
				"%s: entry %llu: no hash of %llu leaves", l->db->shown,
				(unsigned long long)leaf, 1ull << level);
	memcpy(out->byte, nodes.bytes.ptr + level * sizeof(out->byte), sizeof(out->byte));
	return 0;
}

struct imp_tree imp_ledger_tree(struct imp_ledger *l)
{
	return (struct imp_tree){ .crypto = l->crypto, .fetch = fetch, .ctx = l };
}

int imp_ledger_size(struct imp_ledger *l, uint64_t *out, struct imp_error *err)
{
	struct imp_value col[2];
	int rc =
		imp_db_one(l->db, IMP_SQL_LAST_LEAF, IMP_WITHOUT, col, COUNTOF(col), err);

	if (rc >= 0)
		*out = rc > 0 ? (uint64_t)col[0].n + 1 : 0;
	return rc < 0 ? rc : 0;
}

static int hash_failed(struct imp_error *err)
{
	return imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
}

/* Put the leaf of a digest at the edge of the tree. */
static int add_leaf(struct imp_ledger *l, enum imp_leaf type,
		    const struct imp_hash *digest, struct imp_error *err)
{
	uint8_t bytes[IMP_LEAF_BYTES + 2];
	struct imp_writer w = imp_writer(bytes, sizeof(bytes));
	struct imp_hash leaf;
	uint64_t index = l->edge.size;
	struct imp_span nodes = { l->edge.node[0].byte, 0 };

	imp_leaf_put(&w, type, digest);
	if (imp_tree_leaf(l->crypto, imp_written(&w), &leaf) ||
	    imp_range_add(l->crypto, &l->edge, &leaf))
		return hash_failed(err);
	nodes.len = (imp_range_closed(l->edge.size) + 1) * sizeof(leaf.byte);
	return l->db->ops->run(l->db, IMP_SQL_PUT_LEAF,
			       IMP_WITH(IMP_INT(index), IMP_INT(type),
					IMP_BYTES(IMP_SPAN(digest->byte)),
					IMP_BYTES(nodes)),
			       err);
}

static int add_refs(struct imp_ledger *l, const struct imp_record *r, uint64_t index,
		    struct imp_error *err)
{
	struct imp_refs refs;
	int rc = 0;

	imp_record_refs(r, &refs);
	for (size_t i = 0; !rc && i < refs.count; i++)
		rc = l->db->ops->run(l->db, IMP_SQL_PUT_REF,
				     IMP_WITH(IMP_INT(refs.ref[i].kind),
					      IMP_BYTES(refs.ref[i].key), IMP_INT(index)),
				     err);
	return rc;
}

/* The edge that was kept from the last transaction is good as long as nobody else has
 * written. */
static int load_edge(struct imp_ledger *l, struct imp_error *err)
{
	struct imp_tree tree = imp_ledger_tree(l);
	struct imp_value col[2];
	struct imp_hash *top;
	uint64_t size;
	int rc =
		imp_db_one(l->db, IMP_SQL_LAST_LEAF, IMP_WITHOUT, col, COUNTOF(col), err);

	l->edge_loaded = rc >= 0;
	if (rc == 0)
		l->edge = (struct imp_range){ 0 };
	if (rc <= 0)
		return rc;
	size = (uint64_t)col[0].n + 1;
	top = &l->edge.node[imp_range_closed(size)];
	if (l->edge.size == size && col[1].bytes.len >= sizeof(top->byte) &&
	    memcmp(col[1].bytes.ptr + col[1].bytes.len - sizeof(top->byte), top->byte,
		   sizeof(top->byte)) == 0)
		return 0;
	return imp_tree_range(&tree, size, &l->edge, err);
}

int imp_append_leaf(struct imp_ledger *l, enum imp_leaf type,
		    const struct imp_hash *digest, struct imp_error *err)
{
	int rc = l->edge_loaded ? 0 : load_edge(l, err);

	if (!rc)
		rc = add_leaf(l, type, digest, err);
	l->last = *digest;
	l->added += !rc;
	return rc;
}

int imp_append_raw(struct imp_ledger *l, const struct imp_record *r,
		   const uint8_t salt[IMP_SALT_LEN], struct imp_span record,
		   struct imp_error *err)
{
	struct imp_span salted = { salt, IMP_SALT_LEN };
	uint64_t index;
	int rc = l->edge_loaded ? 0 : load_edge(l, err);

	if (rc)
		return rc;
	index = l->edge.size;
	if (index == 0 && r->type != IMP_LEAF_LEDGER)
		return imp_fail(err, IMP_ELEDGER,
				"%s: is empty: an import into it did not end",
				l->db->shown);
	if (imp_record_digest(l->crypto, salt, record, &l->last))
		return hash_failed(err);
	rc = add_leaf(l, r->type, &l->last, err);
	if (!rc)
		rc = l->db->ops->run(
			l->db, IMP_SQL_PUT_RECORD,
			IMP_WITH(IMP_INT(index), IMP_BYTES(salted), IMP_BYTES(record)),
			err);
	if (!rc)
		rc = add_refs(l, r, index, err);
	l->added += !rc;
	return rc;
}

int imp_append_record(struct imp_ledger *l, struct imp_record *r, uint64_t *index,
		      struct imp_error *err)
{
	struct imp_writer w = imp_writer(l->buf, sizeof(l->buf));
	uint8_t salt[IMP_SALT_LEN];
	time_t now = time(NULL);
	int rc;

	r->time = now > 0 ? (uint64_t)now : 0;
	r->station = imp_span_str(l->station);
	r->tool = imp_span_str(l->tool);
	rc = imp_record_encode(r, &w, err);
	if (!rc && imp_random(l->crypto, salt, sizeof(salt)))
		rc = imp_fail(err, IMP_EINTERNAL, "no randomness");
	if (!rc)
		rc = imp_append_raw(l, r, salt, imp_written(&w), err);
	if (!rc && index)
		*index = l->edge.size - 1;
	return rc;
}
