/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that sign, and the claim that holds one. */
#include "object/cnf.h"
#include "crypto/alg.h"
#include "object/fields.h"

enum { KEY = 1 };

void imp_signing_key_take(struct imp_cbor *c, struct imp_pub *out)
{
	imp_cose_key_take(c, out);
	if (imp_cbor_ok(c) && imp_alg_for(out->crv) == 0)
		imp_cbor_fail(c, "a key that does not sign, where one that does is due");
}

void imp_cnf_take(struct imp_cbor *c, struct imp_pub *out)
{
	struct imp_fields f = imp_fields(c, false);

	imp_field_need(&f, KEY);
	imp_signing_key_take(c, out);
	imp_fields_end(&f);
}

void imp_cnf_put(struct imp_writer *w, const struct imp_pub *key)
{
	imp_cbor_put_int(w, IMP_CNF);
	imp_cbor_put_map(w, 1);
	imp_cbor_put_int(w, KEY);
	imp_cose_key_put(w, key);
}
