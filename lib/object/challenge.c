/* SPDX-License-Identifier: Apache-2.0 */
/* Challenge: decode, encode, and the nonce that answers it. */
#include "object/challenge.h"
#include "object/fields.h"

/* Keys of the payload map. */
enum { VERSION = 1, DOMAIN = 2, TARGET = 4, BEACON = 8, EPOCHS = 9 };

enum { DOMAIN_MAX = 15 };

int imp_challenge_decode(struct imp_span in, struct imp_challenge *out,
			 struct imp_error *err)
{
	struct imp_challenge x = { 0 };
	struct imp_cbor_fault fault;
	struct imp_fields f;
	struct imp_cbor c;
	bool by_owner;
	int rc;

	if (imp_cbor_open(&c, in, IMP_CBOR_STRICT, &fault))
		return imp_cbor_refuse(&fault, "challenge", err);
	f = imp_fields(&c, false);
	imp_field_need(&f, VERSION);
	imp_cbor_expect_int(&c, 1);
	by_owner = !imp_field(&f, DOMAIN);
	if (!by_owner)
		x.domain = (uint32_t)imp_cbor_uint_max(&c, DOMAIN_MAX);
	if (imp_cbor_ok(&c) && !by_owner && x.domain == 0)
		imp_cbor_fail(&c, "domain 0 is the owner's, who names none");
	imp_field_need(&f, TARGET);
	imp_target_take(&c, &x.target);
	imp_field_need(&f, BEACON);
	x.beacon = imp_cbor_bytes_len(&c, IMP_BEACON_LEN, IMP_BEACON_LEN);
	imp_field_need(&f, EPOCHS);
	imp_cbor_expect_array(&c, 2);
	x.epochs[0] = (uint32_t)imp_cbor_uint_max(&c, UINT32_MAX);
	x.epochs[1] = (uint32_t)imp_cbor_uint_max(&c, by_owner ? 0 : UINT32_MAX);
	imp_fields_end(&f);
	rc = imp_cbor_finish(&c, "challenge", err);
	if (!rc)
		*out = x;
	return rc;
}

void imp_challenge_encode(const struct imp_challenge *x, struct imp_writer *w)
{
	imp_cbor_put_map(w, 4u + (x->domain > 0));
	imp_cbor_put_int(w, VERSION);
	imp_cbor_put_int(w, 1);
	if (x->domain > 0) {
		imp_cbor_put_int(w, DOMAIN);
		imp_cbor_put_uint(w, x->domain);
	}
	imp_cbor_put_int(w, TARGET);
	imp_target_put(w, &x->target);
	imp_cbor_put_int(w, BEACON);
	imp_cbor_put_bytes(w, x->beacon);
	imp_cbor_put_int(w, EPOCHS);
	imp_cbor_put_array(w, 2);
	imp_cbor_put_uint(w, x->epochs[0]);
	imp_cbor_put_uint(w, x->epochs[1]);
}

int imp_challenge_nonce(struct imp_crypto *crypto, struct imp_span beacon,
			struct imp_span ueid, const uint8_t r[IMP_CHALLENGE_R],
			uint8_t nonce[32])
{
	const uint8_t len = (uint8_t)ueid.len;
	const struct imp_span part[] = { IMP_TEXT("imprint-nonce-1"),
					 beacon,
					 { &len, 1 },
					 ueid,
					 { r, IMP_CHALLENGE_R } };

	return imp_sha256(crypto, part, COUNTOF(part), nonce) ? -IMP_EINTERNAL : 0;
}
