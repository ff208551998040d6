/* SPDX-License-Identifier: Apache-2.0 */
/* Revocation: decode and encode. */
#include "object/revocation.h"
#include "object/fields.h"

/* Keys of the payload map; those of the sets follow each other. */
enum { VERSION = 1, SEQUENCE = 3, SETS = 13, PART = 16 };

static const struct {
	const char *name;
	size_t min, max; /* bytes */
} rows[IMP_REVOKED_SETS] = {
	[IMP_REVOKED_KEY] = { "key", IMP_KID_LEN, IMP_KID_LEN },
	[IMP_REVOKED_OBJECT] = { "object", 32, 32 },
	[IMP_REVOKED_DEVICE] = { "device", IMP_UEID_MIN, IMP_UEID_MAX },
};

const char *imp_revoked_set_name(enum imp_revoked_set set)
{
	return rows[set].name;
}

bool imp_revoked_len(enum imp_revoked_set set, size_t len)
{
	return len >= rows[set].min && len <= rows[set].max;
}

static struct imp_span take_set(struct imp_cbor *c, enum imp_revoked_set set)
{
	size_t at = c->at, n = imp_cbor_array(c);
	struct imp_span last = { 0 };

	while (imp_cbor_more(c, &n)) {
		struct imp_span next =
			imp_cbor_bytes_len(c, rows[set].min, rows[set].max);

		if (imp_cbor_ok(c) && last.len > 0 && imp_span_cmp(last, next) >= 0)
			imp_cbor_fail(c, "what is revoked is not in ascending order");
		last = next;
	}
	return (struct imp_span){ c->in.ptr + at, c->at - at };
}

static void take_part(struct imp_cbor *c, struct imp_revocation *r)
{
	imp_cbor_expect_array(c, 2);
	r->part = (uint32_t)imp_cbor_uint_max(c, IMP_REVOCATION_PARTS);
	r->parts = (uint32_t)imp_cbor_uint_max(c, IMP_REVOCATION_PARTS);
	if (imp_cbor_ok(c) && (r->parts < 2 || r->part < 1 || r->part > r->parts))
		imp_cbor_fail(c, "is no part of two or more");
}

int imp_revocation_decode(struct imp_span in, struct imp_revocation *out,
			  struct imp_error *err)
{
	struct imp_revocation r = { .part = 1, .parts = 1 };
	struct imp_cbor_fault fault;
	struct imp_fields f;
	struct imp_cbor c;
	int rc;

	if (imp_cbor_open(&c, in, IMP_CBOR_STRICT, &fault))
		return imp_cbor_refuse(&fault, "revocation", err);
	f = imp_fields(&c, false);
	imp_field_need(&f, VERSION);
	imp_cbor_expect_int(&c, 1);
	imp_field_need(&f, SEQUENCE);
	r.sequence = imp_cbor_uint_max(&c, INT64_MAX);
	if (imp_cbor_ok(&c) && r.sequence == 0)
		imp_cbor_fail(&c, "sequence 0");
	for (int set = 0; set < IMP_REVOKED_SETS; set++) {
		imp_field_need(&f, SETS + set);
		r.set[set] = take_set(&c, (enum imp_revoked_set)set);
	}
	if (imp_field(&f, PART))
		take_part(&c, &r);
	imp_fields_end(&f);
	rc = imp_cbor_finish(&c, "revocation", err);
	if (!rc)
		*out = r;
	return rc;
}

void imp_revocation_encode(const struct imp_revocation *r, struct imp_writer *w)
{
	imp_cbor_put_map(w, 2u + IMP_REVOKED_SETS + (r->parts > 1));
	imp_cbor_put_int(w, VERSION);
	imp_cbor_put_int(w, 1);
	imp_cbor_put_int(w, SEQUENCE);
	imp_cbor_put_uint(w, r->sequence);
	for (int set = 0; set < IMP_REVOKED_SETS; set++) {
		imp_cbor_put_int(w, SETS + set);
		imp_put(w, r->set[set]);
	}
	if (r->parts == 1)
		return;
	imp_cbor_put_int(w, PART);
	imp_cbor_put_array(w, 2);
	imp_cbor_put_uint(w, r->part);
	imp_cbor_put_uint(w, r->parts);
}
