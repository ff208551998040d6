/* SPDX-License-Identifier: Apache-2.0 */
/* Package: decode. */
#include "object/package.h"
#include "object/fields.h"
#include "object/package_claims.h"

enum { DOMAIN_MAX = 15 };

static void take_claims(struct imp_cbor *c, struct imp_package_claims *out)
{
	struct imp_fields f = imp_fields(c, false);

	imp_field_need(&f, IMP_PACKAGE_UEID);
	out->ueid = imp_cbor_bytes_len(c, IMP_UEID_MIN, IMP_UEID_MAX);
	imp_field_need(&f, IMP_PACKAGE_ID);
	out->profile_id = imp_cbor_bytes_len(c, 32, 32);
	imp_field_need(&f, IMP_PACKAGE_ISSUER);
	out->issuer = imp_cbor_bytes_len(c, IMP_KID_LEN, IMP_KID_LEN);
	imp_field_need(&f, IMP_PACKAGE_DOMAIN);
	out->domain = (uint32_t)imp_cbor_uint_max(c, DOMAIN_MAX);
	imp_field_need(&f, IMP_PACKAGE_EPOCHS);
	imp_cbor_expect_array(c, 3);
	out->epochs[0] = (uint32_t)imp_cbor_uint_max(c, UINT32_MAX);
	out->epochs[1] = (uint32_t)imp_cbor_uint_max(c, UINT32_MAX);
	out->sequence = imp_cbor_uint_max(c, INT64_MAX);
	imp_fields_end(&f);
	if (imp_cbor_ok(c) && out->sequence == 0)
		imp_cbor_fail(c, "sequence is 0, expected 1 or more");
}

static int decode_claims(struct imp_span in, struct imp_package_claims *out,
			 struct imp_error *err)
{
	struct imp_cbor_fault fault;
	struct imp_cbor c;

	if (imp_cbor_open(&c, in, IMP_CBOR_STRICT, &fault))
		return imp_cbor_refuse(&fault, "package claims", err);
	take_claims(&c, out);
	return imp_cbor_finish(&c, "package claims", err);
}

int imp_package_decode(struct imp_span in, struct imp_package *out, struct imp_error *err)
{
	struct imp_package p;
	int rc = imp_sealed_decode(in, "package", true, &p.sealed, err);

	if (!rc)
		rc = decode_claims(p.sealed.claims, &p.claims, err);
	if (!rc && p.sealed.kind != IMP_KIND_PACKAGE)
		rc = imp_fail(err, IMP_EPOLICY,
			      "package: typ is not that of a package "
			      "(imprint-formats(7))");
	if (!rc)
		*out = p;
	return rc;
}
