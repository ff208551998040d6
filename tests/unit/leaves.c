/* SPDX-License-Identifier: Apache-2.0 */
/* Leaves of signed batches. */
#include <criterion/criterion.h>
#include <string.h>

#include "leaves.h"
#include "object/signed.h"

static struct imp_crypto *crypto;

struct hash {
	uint8_t byte[32];
};

struct tree {
	struct hash leaf; /* the one that is real; the others are made up */
	uint32_t index;
};

static struct hash sha(uint8_t first, struct imp_span a, struct imp_span b)
{
	const struct imp_span part[] = { { &first, 1 }, a, b };
	struct hash out;

	cr_assert_eq(imp_sha256(crypto, part, 3, out.byte), 0);
	return out;
}

/* MTH of RFC 6962 2.1. */
static struct hash mth(const struct tree *t, uint32_t from, uint32_t to)
{
	uint32_t k = 1;
	struct hash l, r;

	if (to - from == 1)
		return from == t->index ? t->leaf
					: sha(0, IMP_SPAN((&(uint32_t[]){ from })[0]),
					      (struct imp_span){ 0 });
	while (2 * k < to - from)
		k *= 2;
	l = mth(t, from, from + k);
	r = mth(t, from + k, to);
	return sha(1, IMP_SPAN(l.byte), IMP_SPAN(r.byte));
}

/* PATH of RFC 6962 2.1.1. */
static size_t path(const struct tree *t, uint32_t from, uint32_t to, struct hash *out)
{
	uint32_t k = 1, m = t->index;
	size_t n;

	if (to - from == 1)
		return 0;
	while (2 * k < to - from)
		k *= 2;
	n = m < from + k ? path(t, from, from + k, out) : path(t, from + k, to, out);
	out[n] = m < from + k ? mth(t, from + k, to) : mth(t, from, from + k);
	return n + 1;
}

static void put_header(struct imp_writer *w, const uint8_t kid[32], enum imp_kind kind)
{
	imp_cbor_put_map(w, 2);
	imp_cbor_put_int(w, 4);
	imp_cbor_put_bytes(w, (struct imp_span){ kid, 32 });
	imp_cbor_put_int(w, 16);
	imp_cbor_put_text(w, imp_kind_typ(kind));
}

void leaf_identity(struct imp_crypto *c, const uint8_t kid[32], enum imp_kind kind,
		   struct imp_span payload, uint8_t id[32])
{
	uint8_t header[128], all[LEAVES_CAP];
	struct imp_writer h = imp_writer(header, sizeof(header));
	struct imp_writer w = imp_writer(all, sizeof(all));
	struct imp_span tbs;

	put_header(&h, kid, kind);
	imp_cbor_put_array(&w, 5);
	imp_cbor_put_text(&w, IMP_TEXT("Signature"));
	imp_cbor_put_bytes(&w, imp_written(&h));
	imp_cbor_put_bytes(&w, (struct imp_span){ 0 });
	imp_cbor_put_bytes(&w, (struct imp_span){ 0 });
	imp_cbor_put_bytes(&w, payload);
	tbs = imp_written(&w);
	cr_assert_gt(tbs.len, 0);
	cr_assert_eq(imp_sha256(c, &tbs, 1, id), 0);
}

static enum imp_kind or_kind(enum imp_kind told, enum imp_kind truth)
{
	return told != IMP_KIND_UNKNOWN ? told : truth;
}

static void put_rest(struct imp_writer *w, const struct leaf_spec *spec,
		     enum leaf_rest here)
{
	if (spec->rest == here)
		imp_cbor_put_null(w);
}

static void put_leaf(struct imp_writer *w, const struct leaf_spec *spec,
		     const uint8_t kid[32], enum imp_kind kind, struct imp_span payload)
{
	uint8_t buf[LEAVES_CAP], header[128];
	struct imp_writer l = imp_writer(buf, sizeof(buf));
	struct imp_writer h = imp_writer(header, sizeof(header));

	put_header(&h, spec->header_kid ? spec->header_kid : kid,
		   or_kind(spec->header_kind, kind));
	imp_cbor_put_array(&l, 2);
	imp_cbor_put_bytes(&l, imp_written(&h));
	imp_cbor_put_bytes(&l, payload);
	put_rest(&l, spec, REST_LEAF);
	imp_cbor_put_bytes(w, imp_written(&l));
}

static void put_proof(struct imp_writer *w, const struct leaf_spec *spec,
		      const struct tree *t, uint32_t size)
{
	struct hash hash[40] = { 0 };
	size_t n = path(t, 0, size, hash);
	uint8_t buf[LEAVES_CAP];
	struct imp_writer p = imp_writer(buf, sizeof(buf));

	n = (size_t)((int)n + spec->longer);
	imp_cbor_put_array(&p, 3);
	imp_cbor_put_uint(&p, spec->no_size	 ? 0
			      : spec->proof_size ? spec->proof_size
						 : size);
	imp_cbor_put_uint(&p, spec->proof_index ? spec->proof_index - 1 : t->index);
	imp_cbor_put_array(&p, n);
	for (size_t i = 0; i < n; i++)
		imp_cbor_put_bytes(
			&p, (struct imp_span){ hash[i].byte,
					       32u - (spec->short_hash == i + 1) });
	put_rest(&p, spec, REST_PROOF);
	imp_cbor_put_bytes(w, imp_written(&p));
}

static void put_payload(struct imp_writer *w, const struct leaf_spec *spec,
			const struct tree *t, uint32_t size, enum imp_kind kind)
{
	struct hash root = mth(t, 0, size);

	imp_cbor_put_map(w, 4u + (spec->label.len > 0));
	imp_cbor_put_int(w, 1);
	imp_cbor_put_int(w, 1);
	imp_cbor_put_int(w, 2);
	imp_cbor_put_bytes(w,
			   (struct imp_span){ spec->root ? spec->root : root.byte, 32 });
	imp_cbor_put_int(w, 3);
	imp_cbor_put_uint(w, spec->no_size	 ? 0
			     : spec->signed_size ? spec->signed_size
						 : size);
	imp_cbor_put_int(w, 4);
	imp_cbor_put_text(w, imp_kind_typ(or_kind(spec->kind, kind)));
	if (spec->label.len > 0) {
		imp_cbor_put_int(w, 10);
		imp_cbor_put_text(w, spec->label);
	}
	put_rest(w, spec, REST_PAYLOAD);
}

/* The typ of the message becomes that of a batch only afterwards. */
static void rename_typ(struct imp_span message, enum imp_kind from, uint8_t *out)
{
	struct imp_span a = imp_kind_typ(from), b = imp_kind_typ(IMP_KIND_BATCH);
	uint8_t *at = memmem(out, message.len, a.ptr, a.len);

	cr_assert_not_null(at);
	cr_assert_eq(a.len, b.len, "typs of one length");
	memcpy(at, b.ptr, b.len);
}

struct imp_span make_leaf(struct imp_crypto *c, const struct leaf_spec *spec,
			  const struct leaf_signers *by, enum imp_kind kind,
			  struct imp_span payload, uint8_t out[LEAVES_CAP])
{
	uint8_t batch[512], headers[LEAVES_CAP], id[32];
	struct imp_writer p = imp_writer(batch, sizeof(batch));
	struct imp_writer un = imp_writer(headers, sizeof(headers));
	struct imp_writer w = imp_writer(out, LEAVES_CAP);
	struct tree t = { .index = spec->index };
	uint32_t size = spec->size ? spec->size : 1;
	enum imp_kind typ = or_kind(spec->signed_as, or_kind(spec->typ, IMP_KIND_BATCH));
	bool chain = by->grant.len > 0;

	crypto = c;
	leaf_identity(c, by->issuer->kid, kind, payload, id);
	t.leaf = sha(0, (struct imp_span){ spec->id ? spec->id : id, 32 },
		     (struct imp_span){ 0 });
	imp_cbor_put_map(&un, 2u + chain - spec->no_leaf - spec->no_proof +
				      (spec->rest == REST_HEADERS));
	if (chain) {
		imp_cbor_put_int(&un, 13);
		imp_put(&un, by->grant);
	}
	if (!spec->no_leaf) {
		imp_cbor_put_int(&un, -70030);
		put_leaf(&un, spec, by->issuer->kid, kind, payload);
	}
	if (!spec->no_proof) {
		imp_cbor_put_int(&un, -70031);
		put_proof(&un, spec, &t, size);
	}
	if (spec->rest == REST_HEADERS) {
		imp_cbor_put_int(&un, -70032);
		imp_cbor_put_null(&un);
	}
	put_payload(&p, spec, &t, size, kind);
	cr_assert(p.ok && un.ok);
	cr_assert_eq(
		by->signer
			? imp_signed_put_many(c, by->issuer->kid, by->signer, by->signers,
					      typ, imp_written(&un), imp_written(&p), &w)
			: imp_signed_put_one(c, &by->issuer->signer, typ,
					     imp_written(&un), imp_written(&p), &w, NULL),
		0);
	if (spec->signed_as != IMP_KIND_UNKNOWN)
		rename_typ(imp_written(&w), spec->signed_as, out);
	return imp_written(&w);
}
