/* SPDX-License-Identifier: Apache-2.0 */
/* Making a ledger of tiles and records. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "ledger/core.h"
#include "ledger/tiles.h"
#include "ledger/verify.h"

enum {
	ENTRIES_MAX = IMP_TILE_WIDTH * (2 + IMP_LEAF_BYTES),
	RECORDS_MAX = IMP_TILE_WIDTH * (4 + IMP_DISCLOSED_MAX),
	HASHES_MAX = IMP_TILE_WIDTH * sizeof(struct imp_hash),
};

struct reading {
	const char *dir, *records;
	const struct imp_checkpoint *checkpoint;
	struct imp_span line; /* of the log, under the checkpoint */
	bool forgotten;	      /* some entry is */
};

/* The n-th file of its kind, as it was when the tree had that many leaves. */
static int read_part(const char *folder, uint64_t n, uint64_t size, size_t max,
		     struct imp_secret *out, struct imp_error *err)
{
	char path[PATH_MAX], name[IMP_TILE_NAME];
	uint64_t rest = size - n * IMP_TILE_WIDTH;

	imp_tile_name(n, rest < IMP_TILE_WIDTH ? (unsigned)rest : IMP_TILE_WIDTH, name);
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return imp_file_read(path, max, out, err);
}

static int differs(uint64_t index, struct imp_error *err)
{
	return imp_fail(err, IMP_EVERIFY,
			"entry %llu: its record is not what the log has published",
			(unsigned long long)index);
}

/* The log has published an entry twice: its leaf, and the hash of that in the tree. */
static int check_hash(struct imp_ledger *l, struct imp_span published,
		      struct imp_span hash, uint64_t index, struct imp_error *err)
{
	struct imp_hash leaf;

	if (imp_tree_leaf(l->crypto, published, &leaf))
		return imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
	return imp_span_eq(IMP_SPAN(leaf.byte), hash)
		       ? 0
		       : imp_fail(err, IMP_EVERIFY,
				  "entry %llu: its hash in tile/0 is that of another",
				  (unsigned long long)index);
}

/* All that is left of one that was forgotten. */
static int add_forgotten(struct imp_ledger *l, struct imp_span published, uint64_t index,
			 struct imp_error *err)
{
	struct imp_cbor_fault fault;
	struct imp_hash digest = { 0 };
	struct imp_span hash;
	enum imp_leaf type;
	struct imp_cbor c;

	if (imp_cbor_open(&c, published, IMP_CBOR_STRICT, &fault))
		return imp_cbor_refuse(&fault, "leaf", err);
	imp_cbor_expect_array(&c, 3);
	if (imp_cbor_uint(&c) != 1)
		imp_cbor_fail(&c, "a leaf of another version");
	type = (enum imp_leaf)imp_cbor_uint_max(&c, 255);
	hash = imp_cbor_bytes_len(&c, sizeof(digest.byte), sizeof(digest.byte));
	if (imp_cbor_finish(&c, "leaf", err))
		return imp_wrap(err, -IMP_EFORMAT, "entry %llu",
				(unsigned long long)index);
	memcpy(digest.byte, hash.ptr, sizeof(digest.byte));
	return imp_append_leaf(l, type, &digest, err);
}

/* One entry: what it says, and what was published of it. */
static int add_entry(struct imp_ledger *l, struct imp_span disclosed,
		     struct imp_span published, uint64_t index, struct imp_error *err)
{
	uint8_t bytes[IMP_LEAF_BYTES];
	struct imp_writer leaf = imp_writer(bytes, sizeof(bytes));
	struct imp_disclosed d;
	struct imp_record r;
	struct imp_hash digest;
	int rc = imp_disclosed_take(disclosed, &d, err);

	if (!rc)
		rc = imp_record_decode(d.type, d.record, &r, err);
	if (rc)
		return imp_wrap(err, rc, "entry %llu", (unsigned long long)index);
	if (imp_record_digest(l->crypto, d.salt.ptr, d.record, &digest))
		return imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
	imp_leaf_put(&leaf, d.type, &digest);
	if (!imp_span_eq(imp_written(&leaf), published))
		return differs(index, err);
	rc = imp_append_raw(l, &r, d.salt.ptr, d.record, err);
	return rc ? rc : imp_track_item(l, &r, index, err);
}

static int add_part(struct imp_ledger *l, struct reading *q, uint64_t n,
		    struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret entries = { 0 }, records = { 0 };
	CLEANUP(imp_secret_fini) struct imp_secret hashes = { 0 };
	uint64_t size = q->checkpoint->size, index = n * IMP_TILE_WIDTH;
	struct imp_reader e, r, h;
	char folder[PATH_MAX];
	int rc;

	snprintf(folder, sizeof(folder), "%s/tile/entries", q->dir);
	rc = read_part(folder, n, size, ENTRIES_MAX, &entries, err);
	if (!rc)
		rc = read_part(q->records, n, size, RECORDS_MAX, &records, err);
	snprintf(folder, sizeof(folder), "%s/tile/0", q->dir);
	if (!rc)
		rc = read_part(folder, n, size, HASHES_MAX, &hashes, err);
	e = imp_reader(imp_secret_span(&entries));
	r = imp_reader(imp_secret_span(&records));
	h = imp_reader(imp_secret_span(&hashes));
	for (; !rc && index < size && index < (n + 1) * IMP_TILE_WIDTH; index++) {
		struct imp_span published = imp_take(&e, imp_take_u16be(&e));
		struct imp_span disclosed = imp_take(&r, imp_take_u32be(&r));
		struct imp_span hash = imp_take(&h, sizeof(struct imp_hash));

		rc = e.ok && r.ok && h.ok ? check_hash(l, published, hash, index, err)
					  : differs(index, err);
		if (!rc && disclosed.len == 0)
			rc = add_forgotten(l, published, index, err);
		else if (!rc)
			rc = add_entry(l, disclosed, published, index, err);
		q->forgotten |= disclosed.len == 0;
	}
	if (!rc && (e.rest.len > 0 || r.rest.len > 0 || h.rest.len > 0))
		rc = imp_fail(err, IMP_EFORMAT, "more stands behind entry %llu",
			      (unsigned long long)index - 1);
	return rc;
}

static int check_root(struct imp_ledger *l, const struct reading *q,
		      struct imp_error *err)
{
	struct imp_tree tree = imp_ledger_tree(l);
	struct imp_hash root;
	int rc = imp_tree_root(&tree, q->checkpoint->size, &root, err);

	if (!rc && !imp_hash_eq(&root, &q->checkpoint->root))
		rc = imp_fail(err, IMP_EVERIFY,
			      "the entries are not those that the checkpoint stands for");
	return rc;
}

static int import(struct imp_ledger *l, void *ctx, struct imp_error *err)
{
	struct reading *q = ctx;
	struct imp_ledger_report report;
	uint64_t size = q->checkpoint->size, there;
	int rc = imp_ledger_size(l, &there, err);

	if (!rc && there > 0)
		rc = imp_fail(err, IMP_EUSAGE,
			      "%s: has %llu entries already, expected a new ledger",
			      l->db->shown, (unsigned long long)there);
	for (uint64_t n = 0; !rc && n * IMP_TILE_WIDTH < size; n++)
		rc = add_part(l, q, n, err);
	if (!rc)
		rc = check_root(l, q, err);
	if (!rc)
		rc = imp_log_put_line(l, size, q->line, err);
	/* That they are missing must be what the entries themselves say. */
	return rc || !q->forgotten ? rc : imp_ledger_verify(l, NULL, &report, err);
}

/* The line that the log itself has signed with; those of witnesses are taken in when
 * their keys are known. */
static int take_line(struct imp_ledger *l, const struct imp_checkpoint *c,
		     const struct imp_vkey *log, struct imp_span *out,
		     struct imp_error *err)
{
	struct imp_span rest = c->note.lines, line;
	int rc = imp_checkpoint_check(l->crypto, c, log, err);

	while (!rc && imp_text_line(&rest, &line)) {
		struct imp_note one = { c->note.text, line };

		one.lines.len++; /* its newline */
		if (imp_note_verify(l->crypto, &one, log, NULL, NULL) > 0) {
			*out = line;
			return 0;
		}
	}
	return rc ? rc : imp_fail(err, IMP_EVERIFY, "is not signed by %s", log->name);
}

int imp_ledger_import(struct imp_ledger *l, const char *dir, const char *records,
		      const struct imp_vkey *log, struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret text = { 0 };
	struct imp_checkpoint checkpoint;
	struct reading q = { .dir = dir, .records = records, .checkpoint = &checkpoint };
	char path[PATH_MAX];
	int rc = imp_tile_folder_check(dir, err);

	if (!rc)
		rc = imp_tile_folder_check(records, err);
	if (rc)
		return rc;
	snprintf(path, sizeof(path), "%s/checkpoint", dir);
	rc = imp_file_read(path, IMP_NOTE_MAX, &text, err);
	if (rc)
		return rc;
	rc = imp_checkpoint_parse(imp_secret_span(&text), &checkpoint, err);
	if (!rc)
		rc = take_line(l, &checkpoint, log, &q.line, err);
	if (rc)
		return imp_wrap(err, rc, "%s", path);
	return imp_ledger_do(l, import, &q, err);
}
