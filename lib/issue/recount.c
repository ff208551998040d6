/* SPDX-License-Identifier: Apache-2.0 */
/* Batches counted over. */
#include <inttypes.h>

#include "issue/leaves.h"

void imp_recount_fini(struct imp_recount *r)
{
	imp_secret_fini(&r->batch);
	imp_secret_fini(&r->by);
	*r = (struct imp_recount){ 0 };
}

/* Who signed, and how: each header, each signature. */
static int gather(struct imp_secret *by, const struct imp_sign *batch,
		  struct imp_error *err)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < batch->count; i++) {
		rc = imp_secret_append(by, batch->signature[i].protected, err);
		if (!rc)
			rc = imp_secret_append(by, batch->signature[i].sig, err);
	}
	return rc;
}

static int compare(struct imp_recount *r, const struct imp_sign *batch,
		   struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret by = { 0 };
	int rc = gather(&by, batch, err);

	r->same = !rc && imp_span_eq(imp_secret_span(&by), imp_secret_span(&r->by));
	return rc;
}

/* The first says which batch it is. */
static int begin(struct imp_recount *r, const struct imp_sign *batch,
		 struct imp_error *err)
{
	struct imp_span all;
	int rc = imp_secret_set(&r->batch, batch->protected, err);

	if (!rc)
		rc = imp_secret_append(&r->batch, batch->payload, err);
	if (!rc)
		rc = gather(&r->by, batch, err);
	if (rc)
		return rc;
	all = imp_secret_span(&r->batch);
	r->header = batch->protected.len;
	return imp_root_decode(
		(struct imp_span){ all.ptr + r->header, all.len - r->header }, &r->root,
		err);
}

static bool is_of(const struct imp_recount *r, const struct imp_sign *batch)
{
	const struct imp_span all = imp_secret_span(&r->batch);
	const struct imp_span header = { all.ptr, r->header };
	const struct imp_span payload = { all.ptr + r->header, all.len - r->header };

	return imp_span_eq(batch->protected, header) &&
	       imp_span_eq(batch->payload, payload);
}

int imp_recount_add(struct imp_recount *r, struct imp_crypto *crypto,
		    const struct imp_signed *leaf, struct imp_error *err)
{
	uint8_t id[IMP_KID_LEN];
	struct imp_hash hash;
	int rc = 0;

	if (!leaf->batched)
		return imp_fail(err, IMP_EFORMAT,
				"is signed by itself, expected a leaf of a batch");
	if (r->batch.len == 0)
		rc = begin(r, &leaf->cose, err);
	if (rc)
		return rc;
	if (!is_of(r, &leaf->cose))
		return imp_fail(err, IMP_EFORMAT, "is a leaf of another batch");
	if (leaf->leaf.index != r->edge.size)
		return imp_fail(err, IMP_EFORMAT,
				"is leaf %" PRIu32
				" of its batch, expected leaf %" PRIu64,
				leaf->leaf.index, r->edge.size);
	if (imp_batched_id(crypto, &leaf->leaf, id) ||
	    imp_batched_hash(crypto, id, &hash) || imp_range_add(crypto, &r->edge, &hash))
		return imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
	return compare(r, &leaf->cose, err);
}

bool imp_recount_is_batch(const struct imp_recount *r)
{
	return r->batch.len > 0;
}

int imp_recount_any(struct imp_recount *r, struct imp_crypto *crypto,
		    const struct imp_signed *object, struct imp_error *err)
{
	if (object->batched && r->alone > 0)
		return imp_fail(err, IMP_EFORMAT,
				"is a leaf of a batch, and those before are not");
	if (object->batched || imp_recount_is_batch(r))
		return imp_recount_add(r, crypto, object, err);
	r->alone++;
	return 0;
}

int imp_recount_end(const struct imp_recount *r, struct imp_crypto *crypto,
		    struct imp_error *err)
{
	struct imp_hash root;

	if (r->edge.size != r->root.size || r->root.size == 0)
		return imp_fail(err, IMP_EFORMAT,
				"%" PRIu64 " of the batch's %" PRIu32 " leaves are here",
				r->edge.size, r->root.size);
	if (imp_range_root(crypto, &r->edge, &root))
		return imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
	return imp_span_eq(IMP_SPAN(root.byte), r->root.hash)
		       ? 0
		       : imp_fail(err, IMP_EVERIFY,
				  "the leaves' root is not the one that the batch names");
}
