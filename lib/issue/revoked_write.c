/* SPDX-License-Identifier: Apache-2.0 */
/* Revoked: putting a list in order, signing and writing it. */
#include <stdlib.h>
#include <string.h>

#include "issue/issuer.h"
#include "issue/revoked.h"
#include "object/batch.h"

/* A part leaves room for its headers within the record of a ledger. */
enum { PART_MAX = 59000, HEAD = 3, ROOM = 64 };

static int compare(const void *a, const void *b)
{
	const struct imp_revoked_entry *x = a, *y = b;

	return x->set != y->set ? x->set - y->set
				: imp_span_cmp((struct imp_span){ x->bytes, x->len },
					       (struct imp_span){ y->bytes, y->len });
}

void imp_revoked_sort(struct imp_revoked *r)
{
	size_t kept = 0;

	if (r->count == 0)
		return;
	qsort(r->entry, r->count, sizeof(*r->entry), compare);
	for (size_t i = 1; i < r->count; i++)
		if (compare(&r->entry[kept], &r->entry[i]) != 0)
			r->entry[++kept] = r->entry[i];
	r->count = kept + 1;
}

size_t imp_revoked_count(const struct imp_revoked *r, enum imp_revoked_set set)
{
	size_t n = 0;

	for (size_t i = 0; i < r->count; i++)
		n += r->entry[i].set == set;
	return n;
}

/* The end of the part that starts with entry `from`. */
static size_t part_end(const struct imp_revoked *r, size_t from)
{
	size_t bytes = ROOM, i = from;

	for (; i < r->count && bytes + HEAD + r->entry[i].len <= PART_MAX; i++)
		bytes += (size_t)HEAD + r->entry[i].len;
	return i;
}

static uint32_t count_parts(const struct imp_revoked *r)
{
	uint32_t parts = 1;

	for (size_t at = part_end(r, 0); at < r->count; at = part_end(r, at))
		parts++;
	return parts;
}

/* The entries of one set from *at on, up to `end`, as an array. */
static struct imp_span put_set(const struct imp_revoked *r, int set, size_t *at,
			       size_t end, struct imp_writer *w)
{
	size_t start = w->len, n = 0;

	while (*at + n < end && r->entry[*at + n].set == set)
		n++;
	imp_cbor_put_array(w, n);
	for (size_t last = *at + n; *at < last; ++*at) {
		const struct imp_revoked_entry *e = &r->entry[*at];

		imp_cbor_put_bytes(w, (struct imp_span){ e->bytes, e->len });
	}
	return (struct imp_span){ w->ptr + start, w->len - start };
}

struct part {
	struct imp_revocation r;
	bool many;
	uint8_t sets[IMP_CBOR_MAX], payload[IMP_CBOR_MAX], object[IMP_CBOR_MAX];
};

static int sign_part(struct imp_revoked *r, struct imp_crypto *crypto,
		     const struct imp_signer *signer, struct part *p, struct imp_out *out,
		     struct imp_error *err)
{
	struct imp_writer payload = imp_writer(p->payload, sizeof(p->payload));
	struct imp_writer w = imp_writer(p->object, sizeof(p->object));
	uint8_t id[32];
	const struct imp_span both[] = { IMP_SPAN(r->id), IMP_SPAN(id) };
	struct imp_signed s;
	int rc;

	imp_revocation_encode(&p->r, &payload);
	rc = imp_issuer_sign(crypto, signer, p->many, IMP_KIND_REVOCATION,
			     (struct imp_span){ 0 }, imp_written(&payload), &w, err);
	if (!rc)
		rc = imp_signed_decode(imp_written(&w), &s, err);
	if (rc)
		return rc;
	if (imp_signed_id(crypto, &s, id))
		return imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
	if (p->r.part == 1)
		memcpy(r->id, id, sizeof(id));
	else if (imp_sha256(crypto, both, COUNTOF(both), r->id))
		return imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
	if (r->parts && imp_secret_append(r->parts, imp_written(&w), err))
		return -IMP_ERESOURCE;
	return imp_out_write(out, imp_written(&w), err);
}

static int write_parts(struct imp_revoked *r, struct imp_crypto *crypto,
		       const struct imp_signer *signer, struct part *p,
		       struct imp_out *out, struct imp_error *err)
{
	size_t at = 0;
	int rc = p->r.parts > 1 ? imp_batch_head_write(out, p->r.parts,
						       IMP_BATCH_REVOCATIONS, err)
				: 0;

	while (!rc && p->r.part < p->r.parts) {
		struct imp_writer w = imp_writer(p->sets, sizeof(p->sets));
		size_t end = part_end(r, at);

		p->r.part++;
		for (int set = 0; set < IMP_REVOKED_SETS; set++)
			p->r.set[set] = put_set(r, set, &at, end, &w);
		rc = sign_part(r, crypto, signer, p, out, err);
	}
	return rc;
}

int imp_revoked_write(struct imp_revoked *r, struct imp_crypto *crypto,
		      const struct imp_signer *signer, bool many, struct imp_out *out,
		      struct imp_error *err)
{
	struct part *p = calloc(1, sizeof(*p));
	int rc;

	if (!p)
		return imp_fail(err, IMP_ERESOURCE, "out of memory");
	p->many = many;
	p->r.sequence = r->sequence;
	p->r.parts = count_parts(r);
	rc = imp_cose_kid(crypto, &signer->pub, r->owner)
		     ? imp_fail(err, IMP_EINTERNAL, "SHA-256 failed")
		     : write_parts(r, crypto, signer, p, out, err);
	free(p);
	return rc;
}
