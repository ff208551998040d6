/* SPDX-License-Identifier: Apache-2.0 */
/* Putting a leaf together with the batch that signs it. */
#include "object/batched.h"

enum { PROOF_MAX = 16 + 34 * IMP_TREE_PATH };

static void put_object(struct imp_writer *w, struct imp_span header,
		       struct imp_span payload)
{
	size_t len = 1 + imp_cbor_head_len(header.len) + header.len +
		     imp_cbor_head_len(payload.len) + payload.len;

	imp_cbor_put_head(w, IMP_CBOR_BYTES, len);
	imp_cbor_put_array(w, 2);
	imp_cbor_put_bytes(w, header);
	imp_cbor_put_bytes(w, payload);
}

static void put_proof(struct imp_writer *w, uint32_t size, uint32_t index,
		      const struct imp_path *path)
{
	uint8_t buf[PROOF_MAX];
	struct imp_writer p = imp_writer(buf, sizeof(buf));

	imp_cbor_put_array(&p, 3);
	imp_cbor_put_uint(&p, size);
	imp_cbor_put_uint(&p, index);
	imp_cbor_put_array(&p, path->count);
	for (size_t i = 0; i < path->count; i++)
		imp_cbor_put_bytes(&p, IMP_SPAN(path->hash[i].byte));
	imp_cbor_put_bytes(w, imp_written(&p));
}

static void put_signatures(struct imp_writer *w, const struct imp_sign *batch)
{
	if (batch->tag == IMP_TAG_SIGN1) {
		imp_cbor_put_bytes(w, batch->signature[0].sig);
		return;
	}
	imp_cbor_put_array(w, batch->count);
	for (size_t i = 0; i < batch->count; i++) {
		imp_cbor_put_array(w, 3);
		imp_cbor_put_bytes(w, batch->signature[i].protected);
		imp_cbor_put_map(w, 0);
		imp_cbor_put_bytes(w, batch->signature[i].sig);
	}
}

int imp_batched_put(struct imp_writer *w, const struct imp_sign *batch,
		    struct imp_span payload, uint32_t index, const struct imp_path *path)
{
	bool chain = batch->uh.has & IMP_HAS_CHAIN;
	uint8_t buf[IMP_LEAF_HEADER_MAX];
	struct imp_writer header = imp_writer(buf, sizeof(buf));
	struct imp_root root;

	if (imp_root_decode(batch->payload, &root, NULL))
		return -IMP_EFORMAT;
	imp_batched_header_put(&header, batch->ph.kid.ptr, root.leaves);
	imp_cbor_put_tag(w, batch->tag);
	imp_cbor_put_array(w, 4);
	imp_cbor_put_bytes(w, batch->protected);
	imp_cbor_put_map(w, 2u + chain);
	if (chain) {
		imp_cbor_put_int(w, IMP_HDR_CHAIN);
		imp_put(w, batch->uh.chain);
	}
	imp_cbor_put_int(w, IMP_HDR_LEAF);
	put_object(w, imp_written(&header), payload);
	imp_cbor_put_int(w, IMP_HDR_PROOF);
	put_proof(w, root.size, index, path);
	imp_cbor_put_bytes(w, batch->payload);
	put_signatures(w, batch);
	return w->ok ? 0 : -IMP_ERESOURCE;
}
