/* SPDX-License-Identifier: Apache-2.0 */
/* Target: one device, or a class. */
#include "object/target.h"
#include "object/fields.h"

enum { UEID = 256, OEMID = 258, HWMODEL = 259, SEALING = -70000 };

void imp_target_take(struct imp_cbor *c, struct imp_target *out)
{
	struct imp_fields f = imp_fields(c, false);

	*out = (struct imp_target){ 0 };
	if (imp_field(&f, UEID))
		out->ueid = imp_cbor_bytes_len(c, IMP_UEID_MIN, IMP_UEID_MAX);
	out->has_oemid = imp_field(&f, OEMID);
	if (out->has_oemid)
		out->oemid = (uint32_t)imp_cbor_uint_max(c, UINT32_MAX);
	if (imp_field(&f, HWMODEL))
		out->hwmodel = imp_cbor_bytes_len(c, 1, IMP_HWMODEL_MAX);
	if (imp_field(&f, SEALING))
		out->sealing = imp_cbor_bytes_len(c, IMP_KID_LEN, IMP_KID_LEN);
	imp_fields_end(&f);
	if (imp_cbor_ok(c) && out->ueid.len == 0 &&
	    (out->hwmodel.len == 0 || out->sealing.len > 0))
		imp_cbor_fail(c, "a class without its model, or with a sealing key");
}

void imp_target_put(struct imp_writer *w, const struct imp_target *t)
{
	imp_cbor_put_map(w, (size_t)(t->ueid.len > 0) + t->has_oemid +
				    (t->hwmodel.len > 0) + (t->sealing.len > 0));
	if (t->ueid.len > 0) {
		imp_cbor_put_int(w, UEID);
		imp_cbor_put_bytes(w, t->ueid);
	}
	if (t->has_oemid) {
		imp_cbor_put_int(w, OEMID);
		imp_cbor_put_uint(w, t->oemid);
	}
	if (t->hwmodel.len > 0) {
		imp_cbor_put_int(w, HWMODEL);
		imp_cbor_put_bytes(w, t->hwmodel);
	}
	if (t->sealing.len > 0) {
		imp_cbor_put_int(w, SEALING);
		imp_cbor_put_bytes(w, t->sealing);
	}
}

static bool same(struct imp_span named, struct imp_span is)
{
	return named.len == 0 || imp_span_eq(named, is);
}

bool imp_target_fits(const struct imp_target *t, const struct imp_target *device)
{
	return same(t->ueid, device->ueid) &&
	       (!t->has_oemid || t->oemid == device->oemid) &&
	       same(t->hwmodel, device->hwmodel) && same(t->sealing, device->sealing);
}

static bool agree(struct imp_span a, struct imp_span b)
{
	return a.len == 0 || same(b, a);
}

bool imp_target_may_fit(const struct imp_target *t, const struct imp_target *known)
{
	return agree(t->ueid, known->ueid) &&
	       (!t->has_oemid || !known->has_oemid || t->oemid == known->oemid) &&
	       agree(t->hwmodel, known->hwmodel) && agree(t->sealing, known->sealing);
}
