/* SPDX-License-Identifier: Apache-2.0 */
/* What signatures, encryption and key derivation cover; putting a COSE_Sign1 together. */

#include "cose/message.h"

static const struct imp_span empty_map = { (const uint8_t *)"\xa0", 1 };

/* An empty map is hashed as an empty string, however it was sent. Source: RFC
 * 9052 4.4, 5.3. */
static struct imp_span canonical(struct imp_span protected)
{
	return imp_span_eq(protected, empty_map) ? (struct imp_span){ 0 } : protected;
}

/* Append the head of a byte string and the string itself as two parts. */
static void put_bstr(struct imp_tbs *t, struct imp_writer *w, struct imp_span bytes)
{
	size_t from = w->len;

	imp_cbor_put_head(w, IMP_CBOR_BYTES, bytes.len);
	/* Joined to the part before where that is the head, too. */
	if (t->count > 0 &&
	    t->part[t->count - 1].ptr + t->part[t->count - 1].len == w->ptr + from)
		t->part[t->count - 1].len += w->len - from;
	else
		t->part[t->count++] = (struct imp_span){ w->ptr + from, w->len - from };
	if (bytes.len > 0)
		t->part[t->count++] = bytes;
}

void imp_tbs(struct imp_tbs *out, struct imp_span body_protected,
	     const struct imp_span *sign_protected, struct imp_span external_aad,
	     struct imp_span payload)
{
	struct imp_writer w = imp_writer(out->head, sizeof(out->head));

	imp_cbor_put_array(&w, sign_protected ? 5 : 4);
	imp_cbor_put_text(&w, sign_protected ? IMP_TEXT("Signature")
					     : IMP_TEXT("Signature1"));
	out->part[0] = imp_written(&w);
	out->count = 1;
	put_bstr(out, &w, canonical(body_protected));
	if (sign_protected)
		put_bstr(out, &w, canonical(*sign_protected));
	put_bstr(out, &w, external_aad);
	put_bstr(out, &w, payload);
}

void imp_sign_tbs(const struct imp_sign *m, size_t i, struct imp_span external_aad,
		  struct imp_span payload, struct imp_tbs *out)
{
	imp_tbs(out, m->protected,
		m->tag == IMP_TAG_SIGN ? &m->signature[i].protected : NULL, external_aad,
		payload);
}

void imp_enc_structure(struct imp_writer *w, const char *context,
		       struct imp_span protected, struct imp_span external_aad)
{
	imp_cbor_put_array(w, 3);
	imp_cbor_put_text(w, imp_span_str(context));
	imp_cbor_put_bytes(w, canonical(protected));
	imp_cbor_put_bytes(w, external_aad);
}

int imp_kek(struct imp_crypto *crypto, const uint8_t z[32],
	    struct imp_span recipient_protected, uint8_t kek[32])
{
	enum { A256KW = -5, KEK_BITS = 256 };
	uint8_t info[IMP_RECIPIENT_MAX + 32];
	struct imp_writer w = imp_writer(info, sizeof(info));
	struct imp_span secret = { z, 32 };

	imp_cbor_put_array(&w, 4);
	imp_cbor_put_int(&w, A256KW);
	for (int party = 0; party < 2; party++) {
		imp_cbor_put_array(&w, 3);
		imp_cbor_put_null(&w);
		imp_cbor_put_null(&w);
		imp_cbor_put_null(&w);
	}
	imp_cbor_put_array(&w, 2);
	imp_cbor_put_uint(&w, KEK_BITS);
	imp_cbor_put_bytes(&w, recipient_protected);
	if (!w.ok)
		return -IMP_EINTERNAL;
	return imp_hkdf(crypto, secret, imp_written(&w), kek, 32);
}

int imp_sign1_put(struct imp_writer *w, const struct imp_signer *signer,
		  struct imp_span protected, struct imp_span un, struct imp_span payload)
{
	uint8_t sig[IMP_SIG_LEN];
	struct imp_tbs tbs;
	int rc;

	imp_tbs(&tbs, protected, NULL, (struct imp_span){ 0 }, payload);
	rc = signer->sign(signer->ctx, tbs.part, tbs.count, sig);
	if (rc)
		return rc;
	imp_cbor_put_tag(w, IMP_TAG_SIGN1);
	imp_cbor_put_array(w, 4);
	imp_cbor_put_bytes(w, protected);
	imp_put(w, un);
	imp_cbor_put_bytes(w, payload);
	imp_cbor_put_bytes(w, IMP_SPAN(sig));
	return w->ok ? 0 : -IMP_ERESOURCE;
}
