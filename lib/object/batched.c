/* SPDX-License-Identifier: Apache-2.0 */
/* Leaves: decode, identity, the way up to the root. */
#include <string.h>

#include "object/batched.h"
#include "object/fields.h"
#include "object/profile.h"

/* Keys of a batch's payload. */
enum { VERSION = 1, ROOT = 2, SIZE = 3, LEAVES = 4, LABEL = 10 };

enum { HASH_HEAD = 2 /* bytes before those of a hash in a path */ };

bool imp_kind_batches(enum imp_kind kind)
{
	return kind == IMP_KIND_PROFILE || kind == IMP_KIND_GRANT ||
	       kind == IMP_KIND_TRANSFER;
}

int imp_root_decode(struct imp_span in, struct imp_root *out, struct imp_error *err)
{
	struct imp_root r = { 0 };
	struct imp_cbor_fault fault;
	struct imp_fields f;
	struct imp_cbor c;
	int rc;

	if (imp_cbor_open(&c, in, IMP_CBOR_STRICT, &fault))
		return imp_cbor_refuse(&fault, "batch", err);
	f = imp_fields(&c, false);
	imp_field_need(&f, VERSION);
	imp_cbor_expect_int(&c, 1);
	imp_field_need(&f, ROOT);
	r.hash = imp_cbor_bytes_len(&c, IMP_SHA256_LEN, IMP_SHA256_LEN);
	imp_field_need(&f, SIZE);
	r.size = (uint32_t)imp_cbor_uint_max(&c, UINT32_MAX);
	imp_field_need(&f, LEAVES);
	r.leaves = imp_kind_of(imp_cbor_text(&c));
	if (imp_field(&f, LABEL))
		r.label = imp_label_take(&c);
	imp_fields_end(&f);
	if (imp_cbor_ok(&c) && r.size == 0)
		imp_cbor_fail(&c, "size is 0, expected 1 or more");
	if (imp_cbor_ok(&c) && !imp_kind_batches(r.leaves))
		imp_cbor_fail(&c, "leaves are of no kind that is signed in batches");
	rc = imp_cbor_finish(&c, "batch", err);
	if (!rc)
		*out = r;
	return rc;
}

void imp_root_encode(const struct imp_root *r, struct imp_writer *w)
{
	imp_cbor_put_map(w, 4u + (r->label.len > 0));
	imp_cbor_put_int(w, VERSION);
	imp_cbor_put_int(w, 1);
	imp_cbor_put_int(w, ROOT);
	imp_cbor_put_bytes(w, r->hash);
	imp_cbor_put_int(w, SIZE);
	imp_cbor_put_uint(w, r->size);
	imp_cbor_put_int(w, LEAVES);
	imp_cbor_put_text(w, imp_kind_typ(r->leaves));
	if (r->label.len > 0) {
		imp_cbor_put_int(w, LABEL);
		imp_cbor_put_text(w, r->label);
	}
}

void imp_batched_header_put(struct imp_writer *w, const uint8_t issuer[32],
			    enum imp_kind kind)
{
	imp_cbor_put_map(w, 2);
	imp_cbor_put_int(w, IMP_HDR_KID);
	imp_cbor_put_bytes(w, (struct imp_span){ issuer, 32 });
	imp_cbor_put_int(w, IMP_HDR_TYP);
	imp_cbor_put_text(w, imp_kind_typ(kind));
}

/* There is one way to write it, so that comparing is all that reading it takes. */
static bool header_is(struct imp_span found, const uint8_t issuer[32], enum imp_kind kind)
{
	uint8_t buf[IMP_LEAF_HEADER_MAX];
	struct imp_writer w = imp_writer(buf, sizeof(buf));

	imp_batched_header_put(&w, issuer, kind);
	return imp_span_eq(found, imp_written(&w));
}

static int take_object(struct imp_span in, const uint8_t issuer[32],
		       struct imp_batched *l, struct imp_error *err)
{
	struct imp_cbor_fault fault;
	struct imp_cbor c;

	if (imp_cbor_open(&c, in, IMP_CBOR_STRICT, &fault))
		return imp_cbor_refuse(&fault, "leaf", err);
	imp_cbor_expect_array(&c, 2);
	l->protected = imp_cbor_bytes(&c);
	l->payload = imp_cbor_bytes(&c);
	if (imp_cbor_ok(&c) && !header_is(l->protected, issuer, l->root.leaves))
		imp_cbor_fail(&c, "protected header is not exactly the batch's kid and "
				  "the typ of its leaves");
	return imp_cbor_finish(&c, "leaf", err);
}

static int take_proof(struct imp_span in, struct imp_batched *l, struct imp_error *err)
{
	struct imp_cbor_fault fault;
	struct imp_cbor c;
	uint64_t size;

	if (imp_cbor_open(&c, in, IMP_CBOR_STRICT, &fault))
		return imp_cbor_refuse(&fault, "proof", err);
	imp_cbor_expect_array(&c, 3);
	size = imp_cbor_uint(&c);
	if (imp_cbor_ok(&c) && size != l->root.size)
		imp_cbor_fail(&c, "size is not the batch's");
	l->index = (uint32_t)imp_cbor_uint_max(&c, l->root.size - 1);
	l->hashes = imp_cbor_array(&c);
	if (imp_cbor_ok(&c) && l->hashes != imp_path_len(l->index, l->root.size))
		imp_cbor_fail(&c, "path is not as long as index and size call for");
	l->path = (struct imp_span){ c.in.ptr + c.at, c.in.len - c.at };
	for (size_t i = 0; imp_cbor_ok(&c) && i < l->hashes; i++)
		imp_cbor_bytes_len(&c, IMP_SHA256_LEN, IMP_SHA256_LEN);
	return imp_cbor_finish(&c, "proof", err);
}

int imp_batched_decode(const struct imp_sign *batch, struct imp_batched *out,
		       struct imp_error *err)
{
	struct imp_batched l = { 0 };
	int rc = imp_root_decode(batch->payload, &l.root, err);

	if (!rc)
		rc = take_object(batch->uh.leaf, batch->ph.kid.ptr, &l, err);
	if (!rc)
		rc = take_proof(batch->uh.proof, &l, err);
	if (!rc)
		*out = l;
	return rc;
}

int imp_batched_id(struct imp_crypto *crypto, const struct imp_batched *l, uint8_t id[32])
{
	static const struct imp_span none;
	struct imp_tbs tbs;

	imp_tbs(&tbs, l->protected, &none, none, l->payload);
	return imp_sha256(crypto, tbs.part, tbs.count, id);
}

int imp_batched_hash(struct imp_crypto *crypto, const uint8_t id[32],
		     struct imp_hash *out)
{
	return imp_tree_leaf(crypto, (struct imp_span){ id, 32 }, out);
}

/* The hash number i of a path, which was checked to consist of them. */
static void hash_at(const struct imp_batched *l, size_t i, struct imp_hash *out)
{
	memcpy(out->byte, l->path.ptr + i * (HASH_HEAD + IMP_SHA256_LEN) + HASH_HEAD,
	       IMP_SHA256_LEN);
}

int imp_batched_verify(struct imp_crypto *crypto, const struct imp_batched *l)
{
	struct imp_hash hash, root;
	struct imp_climb climb;
	uint8_t id[32];
	int rc = imp_batched_id(crypto, l, id);

	if (!rc)
		rc = imp_batched_hash(crypto, id, &hash);
	if (rc)
		return rc;
	imp_climb_begin(&climb, &hash, l->index, l->root.size);
	for (size_t i = 0; !rc && i < l->hashes; i++) {
		hash_at(l, i, &hash);
		rc = imp_climb_by(crypto, &climb, &hash);
	}
	memcpy(root.byte, l->root.hash.ptr, sizeof(root.byte));
	return rc ? rc : imp_climb_ends(&climb, &root) ? 0 : -IMP_EVERIFY;
}
