/* SPDX-License-Identifier: Apache-2.0 */
/* Checking checkpoints and proofs from outside. */
#include "ledger/check.h"
#include "base/digits.h"

void imp_disclosed_put(struct imp_writer *w, const struct imp_disclosed *d)
{
	imp_cbor_put_array(w, 3);
	imp_cbor_put_uint(w, (uint64_t)d->type);
	imp_cbor_put_bytes(w, d->salt);
	imp_cbor_put_bytes(w, d->record);
}

int imp_disclosed_take(struct imp_span in, struct imp_disclosed *out,
		       struct imp_error *err)
{
	struct imp_disclosed d = { 0 };
	struct imp_cbor_fault fault;
	struct imp_cbor c;
	int rc;

	if (imp_cbor_open(&c, in, IMP_CBOR_STRICT, &fault))
		return imp_cbor_refuse(&fault, "entry", err);
	imp_cbor_expect_array(&c, 3);
	d.type = (enum imp_leaf)imp_cbor_uint_max(&c, 255);
	d.salt = imp_cbor_bytes_len(&c, IMP_SALT_LEN, IMP_SALT_LEN);
	d.record = imp_cbor_bytes(&c);
	rc = imp_cbor_finish(&c, "entry", err);
	if (!rc)
		*out = d;
	return rc;
}

int imp_checkpoint_check(struct imp_crypto *c, const struct imp_checkpoint *checkpoint,
			 const struct imp_vkey *log, struct imp_error *err)
{
	int rc;

	if (!imp_span_eq(checkpoint->origin, imp_span_str(log->name)))
		return imp_fail(err, IMP_EVERIFY,
				"is a checkpoint of another log, expected %s", log->name);
	rc = imp_note_verify(c, &checkpoint->note, log, NULL, err);
	return rc == 0	? imp_fail(err, IMP_EVERIFY, "is not signed by the key of %s",
				   log->name)
	       : rc > 0 ? 0
			: rc;
}

static int leaf_of(struct imp_crypto *c, const struct imp_disclosed *d,
		   struct imp_hash *out)
{
	uint8_t bytes[IMP_LEAF_BYTES];
	struct imp_writer w = imp_writer(bytes, sizeof(bytes));
	struct imp_hash digest;

	if (imp_record_digest(c, d->salt.ptr, d->record, &digest))
		return -IMP_EINTERNAL;
	imp_leaf_put(&w, d->type, &digest);
	return imp_tree_leaf(c, imp_written(&w), out);
}

static int take_extra(struct imp_span text, struct imp_secret *out, struct imp_error *err)
{
	int rc = imp_secret_reserve(out, IMP_DISCLOSED_MAX, err);
	struct imp_writer w;

	if (rc)
		return rc;
	w = imp_writer(out->ptr, out->cap);
	if (!imp_from_base64(text, &w) || !w.ok)
		return imp_fail(err, IMP_EFORMAT, "its line \"extra\" is no base64");
	out->len = w.len;
	return 0;
}

int imp_proof_check(struct imp_crypto *c, const struct imp_proof *proof,
		    const struct imp_vkey *log, struct imp_secret *entry,
		    struct imp_record *out, struct imp_error *err)
{
	const struct imp_checkpoint *top = &proof->checkpoint;
	struct imp_disclosed d;
	struct imp_hash leaf;
	int rc = imp_checkpoint_check(c, top, log, err);

	if (!rc)
		rc = take_extra(proof->extra, entry, err);
	if (!rc)
		rc = imp_disclosed_take(imp_secret_span(entry), &d, err);
	if (rc)
		return rc;
	if (leaf_of(c, &d, &leaf))
		return imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
	if (proof->index >= top->size ||
	    imp_path_includes(c, &proof->path, &leaf, proof->index, top->size,
			      &top->root))
		return imp_fail(err, IMP_EVERIFY,
				"entry %llu is not in the tree of its checkpoint",
				(unsigned long long)proof->index);
	return imp_record_decode(d.type, d.record, out, err);
}

static int check_seen(const struct imp_growth *g, const struct imp_checkpoint *seen,
		      struct imp_error *err)
{
	uint64_t size = seen ? seen->size : 0;

	if (g->checkpoint.size < size)
		return imp_fail(err, IMP_EPOLICY,
				"has %llu entries, fewer than the %llu that were signed",
				(unsigned long long)g->checkpoint.size,
				(unsigned long long)size);
	if (g->old != size) {
		int rc = imp_fail(err, IMP_EPOLICY,
				  "goes on from %llu entries, expected %llu",
				  (unsigned long long)g->old, (unsigned long long)size);

		return imp_hint(err, rc, "imprint ledger prove --since %llu",
				(unsigned long long)size);
	}
	return 0;
}

int imp_growth_check(struct imp_crypto *c, const struct imp_growth *growth,
		     const struct imp_vkey *log, const struct imp_checkpoint *seen,
		     struct imp_error *err)
{
	const struct imp_checkpoint *now = &growth->checkpoint;
	const struct imp_hash none = { { 0 } };
	int rc = imp_checkpoint_check(c, now, log, err);

	if (!rc && seen)
		rc = imp_checkpoint_check(c, seen, log, err);
	if (!rc)
		rc = check_seen(growth, seen, err);
	if (!rc && imp_path_extends(c, &growth->path, growth->old,
				    seen ? &seen->root : &none, now->size, &now->root))
		rc = imp_fail(
			err, IMP_EVERIFY,
			"does not go on from the %llu entries that were signed: the "
			"log has two histories",
			(unsigned long long)growth->old);
	return rc;
}
