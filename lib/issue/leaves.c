/* SPDX-License-Identifier: Apache-2.0 */
/* Many objects signed at once. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/grow.h"
#include "cose/key.h"
#include "crypto/key.h"
#include "issue/issuer.h"
#include "issue/leaves.h"

static int no_digest(struct imp_error *err)
{
	return imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
}

void imp_leaves_fini(struct imp_leaves *l)
{
	for (size_t k = 0; k < COUNTOF(l->level); k++)
		free(l->level[k].hash);
	imp_secret_fini(&l->message);
	*l = (struct imp_leaves){ 0 };
}

int imp_leaves_begin(struct imp_leaves *l, struct imp_crypto *crypto, enum imp_kind kind,
		     const struct imp_pub *issuer, struct imp_error *err)
{
	l->kind = kind;
	return imp_cose_kid(crypto, issuer, l->issuer) ? no_digest(err) : 0;
}

uint32_t imp_leaves_count(const struct imp_leaves *l)
{
	return (uint32_t)l->edge.size;
}

/* Its identity, and what it is in the tree. */
static int hash_leaf(const struct imp_leaves *l, struct imp_crypto *crypto,
		     struct imp_span payload, uint8_t id[IMP_ID_LEN],
		     struct imp_hash *out)
{
	uint8_t header[IMP_LEAF_HEADER_MAX];
	struct imp_writer w = imp_writer(header, sizeof(header));
	struct imp_batched leaf = { .payload = payload };
	int rc;

	imp_batched_header_put(&w, l->issuer, l->kind);
	leaf.protected = imp_written(&w);
	rc = imp_batched_id(crypto, &leaf, id);
	return rc ? rc : imp_batched_hash(crypto, id, out);
}

static int keep(struct imp_leaves_level *level, const struct imp_hash *hash,
		struct imp_error *err)
{
	struct imp_hash *more =
		imp_grow(level->hash, level->count, &level->cap, sizeof(*more), err);

	if (!more)
		return -IMP_ERESOURCE;
	level->hash = more;
	level->hash[level->count++] = *hash;
	return 0;
}

int imp_leaves_add(struct imp_leaves *l, struct imp_crypto *crypto,
		   struct imp_span payload, struct imp_error *err)
{
	uint8_t id[IMP_ID_LEN];
	struct imp_hash hash;
	int rc = 0;

	if (l->edge.size == UINT32_MAX)
		return imp_fail(err, IMP_ERESOURCE,
				"a batch has at most %" PRIu32 " leaves", UINT32_MAX);
	if (hash_leaf(l, crypto, payload, id, &hash) ||
	    imp_range_add(crypto, &l->edge, &hash))
		return no_digest(err);
	for (unsigned k = 0; !rc && k <= imp_range_closed(l->edge.size); k++)
		rc = keep(&l->level[k], &l->edge.node[k], err);
	return rc;
}

static int put_message(struct imp_leaves *l, struct imp_crypto *crypto,
		       const struct imp_signer *signer, struct imp_span un,
		       struct imp_span payload, struct imp_error *err)
{
	uint8_t buf[IMP_CBOR_MAX];
	struct imp_writer w = imp_writer(buf, sizeof(buf));

	int rc = imp_issuer_sign(crypto, signer, l->many, IMP_KIND_BATCH, un, payload, &w,
				 err);

	return rc ? rc : imp_secret_set(&l->message, imp_written(&w), err);
}

int imp_leaves_sign(struct imp_leaves *l, struct imp_crypto *crypto,
		    const struct imp_signer *signer, struct imp_span un,
		    struct imp_span label, struct imp_error *err)
{
	uint8_t payload[IMP_ROOT_MAX];
	struct imp_writer p = imp_writer(payload, sizeof(payload));
	struct imp_root root = { .size = imp_leaves_count(l),
				 .leaves = l->kind,
				 .label = label };
	struct imp_hash hash;
	int rc;

	if (imp_range_root(crypto, &l->edge, &hash))
		return no_digest(err);
	root.hash = IMP_SPAN(hash.byte);
	imp_root_encode(&root, &p);
	rc = imp_root_decode(imp_written(&p), &root, err);
	if (!rc)
		rc = put_message(l, crypto, signer, un, imp_written(&p), err);
	return rc ? rc
		  : imp_sign_decode(imp_secret_span(&l->message), IMP_CBOR_STRICT,
				    &l->batch, err);
}

int imp_leaves_countersign(struct imp_leaves *l, struct imp_crypto *crypto,
			   const struct imp_signer *signer, struct imp_error *err)
{
	uint8_t buf[IMP_CBOR_MAX];
	struct imp_writer w = imp_writer(buf, sizeof(buf));
	struct imp_signed batch;
	int rc = imp_signed_decode(imp_secret_span(&l->message), &batch, err);

	if (rc)
		return rc;
	rc = imp_signed_put_more(crypto, &batch, signer, &w);
	if (rc == -IMP_EUSAGE)
		return imp_fail(err, IMP_EUSAGE, "the batch has no room for this key");
	if (rc)
		return imp_sign_failed(signer, err);
	rc = imp_secret_set(&l->message, imp_written(&w), err);
	return rc ? rc
		  : imp_sign_decode(imp_secret_span(&l->message), IMP_CBOR_STRICT,
				    &l->batch, err);
}

static int fetch(void *ctx, unsigned level, uint64_t index, struct imp_hash *out,
		 struct imp_error *err)
{
	const struct imp_leaves *l = ctx;

	(void)err;
	*out = l->level[level].hash[index];
	return 0;
}

int imp_leaves_put(const struct imp_leaves *l, struct imp_crypto *crypto, uint32_t index,
		   struct imp_span payload, struct imp_writer *w, uint8_t id[IMP_ID_LEN],
		   struct imp_error *err)
{
	const struct imp_tree tree = { crypto, fetch, (void *)l };
	uint8_t own[IMP_ID_LEN];
	struct imp_hash hash;
	struct imp_path path;
	int rc;

	if (hash_leaf(l, crypto, payload, id ? id : own, &hash))
		return no_digest(err);
	if (index >= l->edge.size || !imp_hash_eq(&hash, &l->level[0].hash[index]))
		return imp_fail(err, IMP_EFORMAT,
				"is another than when its batch was signed");
	rc = imp_tree_include(&tree, index, l->edge.size, &path, err);
	return rc || !imp_batched_put(w, &l->batch, payload, index, &path)
		       ? rc
		       : imp_fail(err, IMP_ERESOURCE,
				  "signed as one of a batch it is longer than %d bytes",
				  IMP_CBOR_MAX);
}
