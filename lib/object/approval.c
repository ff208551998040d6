/* SPDX-License-Identifier: Apache-2.0 */
/* Approval: m of n further signatures. */
#include "object/approval.h"
#include "object/cnf.h"

static bool is_new(const struct imp_approval *a, const struct imp_pub *key)
{
	for (uint32_t i = 0; i < a->count; i++)
		if (imp_pub_eq(&a->key[i], key))
			return false;
	return true;
}

void imp_approval_take(struct imp_cbor *c, struct imp_approval *out)
{
	size_t n;

	*out = (struct imp_approval){ 0 };
	imp_cbor_expect_array(c, 2);
	out->threshold = (uint32_t)imp_cbor_uint_max(c, IMP_APPROVERS_MAX);
	n = imp_cbor_array(c);
	if (imp_cbor_ok(c) &&
	    (out->threshold < 1 || out->threshold > n || n > IMP_APPROVERS_MAX))
		imp_cbor_fail(c, "approval is not 1 <= m <= n <= 7");
	while (imp_cbor_more(c, &n)) {
		struct imp_pub key = { 0 };

		imp_signing_key_take(c, &key);
		if (imp_cbor_ok(c) && !is_new(out, &key))
			imp_cbor_fail(c, "the same approver twice");
		if (!imp_cbor_ok(c))
			return;
		out->key[out->count++] = key;
	}
}

void imp_approval_put(struct imp_writer *w, const struct imp_approval *a)
{
	imp_cbor_put_array(w, 2);
	imp_cbor_put_uint(w, a->threshold);
	imp_cbor_put_array(w, a->count);
	for (uint32_t i = 0; i < a->count; i++)
		imp_cose_key_put(w, &a->key[i]);
}
