/* SPDX-License-Identifier: Apache-2.0 */
/* COSE_Key and its thumbprint. */
#include <string.h>

#include "cose/key.h"

enum { KTY_OKP = 1, KTY_EC2 = 2, KTY_SYMMETRIC = 4 };

void imp_cose_key_put(struct imp_writer *w, const struct imp_pub *pub)
{
	bool ec2 = pub->crv == IMP_CRV_P256;

	imp_cbor_put_map(w, ec2 ? 4 : 3);
	imp_cbor_put_int(w, 1);
	imp_cbor_put_int(w, ec2 ? KTY_EC2 : KTY_OKP);
	imp_cbor_put_int(w, -1);
	imp_cbor_put_int(w, pub->crv);
	imp_cbor_put_int(w, -2);
	imp_cbor_put_bytes(w, IMP_SPAN(pub->x));
	if (ec2) {
		imp_cbor_put_int(w, -3);
		imp_cbor_put_bytes(w, IMP_SPAN(pub->y));
	}
}

static void take_coordinate(struct imp_cbor *c, int label, uint8_t out[32])
{
	struct imp_span s;

	imp_cbor_expect_int(c, label);
	s = imp_cbor_bytes_len(c, 32, 32);
	if (imp_cbor_ok(c))
		memcpy(out, s.ptr, 32);
}

void imp_cose_key_take(struct imp_cbor *c, struct imp_pub *out)
{
	struct imp_pub pub = { 0 };
	size_t pairs = imp_cbor_map(c);
	int64_t kty, crv;

	imp_cbor_expect_int(c, 1);
	kty = imp_cbor_int(c);
	imp_cbor_expect_int(c, -1);
	crv = imp_cbor_int(c);
	if (kty == KTY_EC2 ? pairs != 4 || crv != IMP_CRV_P256
			   : kty != KTY_OKP || pairs != 3 ||
				     (crv != IMP_CRV_X25519 && crv != IMP_CRV_ED25519))
		imp_cbor_fail(c, "expected a COSE_Key of P-256, Ed25519 or X25519");
	pub.crv = (int32_t)crv;
	take_coordinate(c, -2, pub.x);
	if (kty == KTY_EC2)
		take_coordinate(c, -3, pub.y);
	if (imp_cbor_ok(c))
		*out = pub;
}

int imp_cose_kid(struct imp_crypto *crypto, const struct imp_pub *pub, uint8_t kid[32])
{
	uint8_t buf[IMP_COSE_KEY_MAX];
	struct imp_writer w = imp_writer(buf, sizeof(buf));
	struct imp_span all;

	imp_cose_key_put(&w, pub);
	all = imp_written(&w);
	return imp_sha256(crypto, &all, 1, kid);
}

bool imp_pub_eq(const struct imp_pub *a, const struct imp_pub *b)
{
	return a->crv == b->crv && memcmp(a->x, b->x, 32) == 0 &&
	       memcmp(a->y, b->y, 32) == 0;
}

struct members {
	int64_t kty, crv, alg;
	struct imp_span kid, x, y, d, k;
	bool compressed; /* y is a sign bit */
};

/* Where a member goes, by label and type: -1 is the curve of EC2 and OKP keys and the
 * bytes of a symmetric one. */
static struct imp_span *bytes_of(struct members *m, int64_t label)
{
	return label == 2    ? &m->kid
	       : label == -1 ? &m->k
	       : label == -2 ? &m->x
	       : label == -3 ? &m->y
	       : label == -4 ? &m->d
			     : NULL;
}

static int64_t *number_of(struct members *m, int64_t label)
{
	return label == 1 ? &m->kty : label == 3 ? &m->alg : label == -1 ? &m->crv : NULL;
}

static void member(struct imp_cbor *c, struct members *m)
{
	bool numbered = imp_cbor_peek(c) == IMP_T_INT;
	int64_t label = numbered ? imp_cbor_int(c) : 0;
	enum imp_cbor_type type;

	if (!numbered)
		imp_cbor_item(c);
	type = imp_cbor_peek(c);
	if (type == IMP_T_BYTES && bytes_of(m, label))
		*bytes_of(m, label) = imp_cbor_bytes(c);
	else if (type == IMP_T_INT && number_of(m, label))
		*number_of(m, label) = imp_cbor_int(c);
	else
		imp_cbor_item(c);
	m->compressed |= label == -3 && type == IMP_T_BOOL;
}

static bool curve_fits(const struct members *m)
{
	if (m->kty == KTY_EC2)
		return m->crv == IMP_CRV_P256 && m->x.len == 32 && m->y.len == 32;
	return m->kty == KTY_OKP &&
	       (m->crv == IMP_CRV_X25519 || m->crv == IMP_CRV_ED25519) && m->x.len == 32;
}

static int pick(const struct members *m, struct imp_cose_key *out, struct imp_error *err)
{
	*out = (struct imp_cose_key){ .kty = m->kty, .kid = m->kid, .alg = m->alg };
	if (m->kty == KTY_SYMMETRIC) {
		out->k = m->k;
		return m->k.len == 32
			       ? 0
			       : imp_fail(
					 err, IMP_EPOLICY,
					 "COSE_Key: symmetric key of %zu bytes, expected 32",
					 m->k.len);
	}
	if (m->compressed)
		return imp_fail(err, IMP_EPOLICY,
				"COSE_Key: compressed point, expected x and y");
	if (!curve_fits(m) || (m->d.len != 0 && m->d.len != 32))
		return imp_fail(
			err, IMP_EPOLICY,
			"COSE_Key: type %lld, curve %lld: expected P-256, Ed25519, X25519 or "
			"a symmetric key",
			(long long)m->kty, (long long)m->crv);
	out->pub.crv = (int32_t)m->crv;
	memcpy(out->pub.x, m->x.ptr, 32);
	if (m->kty == KTY_EC2)
		memcpy(out->pub.y, m->y.ptr, 32);
	out->d = m->d;
	return 0;
}

int imp_cose_key_parse(struct imp_span in, struct imp_cose_key *out,
		       struct imp_error *err)
{
	struct imp_cbor_fault fault;
	struct members m = { 0 };
	struct imp_cose_key key;
	struct imp_cbor c;
	size_t left;
	int rc;

	if (imp_cbor_open(&c, in, IMP_CBOR_LENIENT, &fault))
		return imp_cbor_refuse(&fault, "COSE_Key", err);
	left = imp_cbor_map(&c);
	while (imp_cbor_more(&c, &left))
		member(&c, &m);
	rc = imp_cbor_finish(&c, "COSE_Key", err);
	if (!rc)
		rc = pick(&m, &key, err);
	if (!rc)
		*out = key;
	return rc;
}
