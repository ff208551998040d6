/* SPDX-License-Identifier: Apache-2.0 */
/* What a ledger is: its name, its size, its key. */
#include <stdio.h>
#include <string.h>

#include "cose/key.h"
#include "ledger/core.h"

static int take_origin(struct imp_ledger *l, char out[IMP_NOTE_NAME + 1],
		       struct imp_error *err)
{
	CLEANUP(imp_found_fini) struct imp_found f = { 0 };
	int rc = imp_find_entry(l, 0, &f, err);

	if (rc < 0)
		return rc;
	if (rc == 0 || f.record.type != IMP_LEAF_LEDGER || !imp_note_name(f.record.name))
		return imp_fail(err, IMP_ELEDGER, "%s: entry 0: is not the name of a log",
				l->db->shown);
	snprintf(out, IMP_NOTE_NAME + 1, "%.*s", (int)f.record.name.len,
		 (const char *)f.record.name.ptr);
	return 0;
}

int imp_parse_key(const struct imp_ledger *l, struct imp_span in, struct imp_pub *out,
		  struct imp_error *err)
{
	struct imp_cbor_fault fault;
	struct imp_cbor c;

	if (imp_cbor_open(&c, in, IMP_CBOR_STRICT, &fault))
		return imp_cbor_refuse(&fault, l->db->shown, err);
	imp_cose_key_take(&c, out);
	return imp_cbor_finish(&c, l->db->shown, err);
}

static int take_key(struct imp_ledger *l, struct imp_ledger_info *out,
		    struct imp_error *err)
{
	CLEANUP(imp_found_fini) struct imp_found f = { 0 };
	struct imp_span origin = imp_span_str(out->origin);
	struct imp_pub pub;
	int rc = imp_find_latest(l, IMP_REF_SIGNER, origin, &f, err);

	if (rc <= 0)
		return rc;
	rc = imp_parse_key(l, f.record.key, &pub, err);
	if (!rc)
		rc = imp_vkey_make(l->crypto, origin, IMP_NOTE_ED25519, &pub, &out->key,
				   err);
	out->has_key = !rc;
	return rc;
}

static int take_rule(struct imp_ledger *l, struct imp_ledger_info *out,
		     struct imp_error *err)
{
	CLEANUP(imp_found_fini) struct imp_found f = { 0 };
	int rc = imp_find_latest(l, IMP_REF_RULE, imp_span_str(out->origin), &f, err);

	out->only_issued = rc > 0 ? f.index : 0;
	return rc < 0 ? rc : 0;
}

static int take_checkpoint(struct imp_ledger *l, uint64_t *out, struct imp_error *err)
{
	struct imp_value size;
	int rc = imp_db_one(l->db, IMP_SQL_LAST_SIZE, IMP_WITHOUT, &size, 1, err);

	*out = rc > 0 ? (uint64_t)size.n : 0;
	return rc < 0 ? rc : 0;
}

static int info(struct imp_ledger *l, void *ctx, struct imp_error *err)
{
	struct imp_ledger_info *out = ctx;
	struct imp_tree tree = imp_ledger_tree(l);
	int rc = take_origin(l, out->origin, err);

	if (!rc)
		rc = imp_ledger_size(l, &out->size, err);
	if (!rc)
		rc = imp_tree_root(&tree, out->size, &out->root, err);
	if (!rc)
		rc = take_key(l, out, err);
	if (!rc)
		rc = take_rule(l, out, err);
	return rc ? rc : take_checkpoint(l, &out->checkpoint_size, err);
}

int imp_ledger_info(struct imp_ledger *l, struct imp_ledger_info *out,
		    struct imp_error *err)
{
	struct imp_ledger_info i = { 0 };
	int rc = imp_ledger_read(l, info, &i, err);

	if (!rc)
		*out = i;
	return rc;
}

/* Has this key signed something that was issued? Asked once in a ledger's life. */
static int check_issuer(void *ctx, const struct imp_row *row, struct imp_error *err)
{
	struct imp_span kid = { ctx, 32 };
	struct imp_record record;
	int rc;

	if (row->type != IMP_LEAF_ISSUE || row->salt.len == 0)
		return 0;
	rc = imp_record_decode(row->type, row->record, &record, err);
	if (!rc && imp_span_eq(record.issuer, kid))
		rc = imp_fail(err, IMP_EKEY,
			      "this key has signed entry %llu: the ledger's key signs "
			      "checkpoints and nothing else",
			      (unsigned long long)row->index);
	return rc;
}

static int set_key(struct imp_ledger *l, void *ctx, struct imp_error *err)
{
	const struct imp_pub *key = ctx;
	struct imp_ledger_info i = { 0 };
	uint8_t cose[IMP_COSE_KEY_MAX], kid[32];
	struct imp_writer w = imp_writer(cose, sizeof(cose));
	struct imp_record r = { .type = IMP_LEAF_KEY, .signing = IMP_SPAN(kid) };
	struct imp_vkey vkey;
	int rc = info(l, &i, err);

	if (!rc && i.has_key && imp_pub_eq(&i.key.pub, key))
		return 0;
	if (!rc && i.has_key)
		rc = imp_fail(err, IMP_EKEY, "%s: is signed by another key, that of %s",
			      l->db->shown, i.key.name);
	if (!rc)
		rc = imp_vkey_make(l->crypto, imp_span_str(i.origin), IMP_NOTE_ED25519,
				   key, &vkey, err);
	if (!rc && imp_cose_kid(l->crypto, key, kid))
		rc = imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
	if (!rc)
		rc = imp_each_row(l, 0, check_issuer, kid, err);
	imp_cose_key_put(&w, key);
	r.name = imp_span_str(i.origin);
	r.key = imp_written(&w);
	return rc ? rc : imp_append_record(l, &r, NULL, err);
}

int imp_ledger_set_key(struct imp_ledger *l, const struct imp_pub *key,
		       struct imp_error *err)
{
	struct imp_pub copy = *key;

	return imp_ledger_do(l, set_key, &copy, err);
}
