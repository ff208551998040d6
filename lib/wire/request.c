/* SPDX-License-Identifier: Apache-2.0 */
/* Requests: decode and encode. */
#include "wire/keys.h"
#include "wire/message.h"

/* Where a field goes, by name. */
static void take_field(struct imp_cbor *c, struct imp_span key, struct imp_request *q)
{
	if (imp_span_eq(key, IMP_TEXT("off"))) {
		q->has_off = true;
		q->off = (uint32_t)imp_cbor_uint_max(c, UINT32_MAX);
	} else if (imp_span_eq(key, IMP_TEXT("len"))) {
		q->has_len = true;
		q->len = (uint32_t)imp_cbor_uint_max(c, UINT32_MAX);
	} else if (imp_span_eq(key, IMP_TEXT("from"))) {
		q->has_from = true;
		q->from = (uint32_t)imp_cbor_uint_max(c, UINT32_MAX);
	} else if (imp_span_eq(key, IMP_TEXT("data"))) {
		q->data = imp_cbor_bytes(c);
	} else if (imp_span_eq(key, IMP_TEXT("sha"))) {
		q->sha = imp_cbor_bytes_len(c, 32, 32);
	} else if (imp_span_eq(key, IMP_TEXT("nonce"))) {
		q->nonce = imp_cbor_bytes_len(c, 32, 32);
	} else if (imp_span_eq(key, IMP_TEXT("challenge"))) {
		q->challenge = imp_cbor_bytes(c);
	} else if (imp_span_eq(key, IMP_TEXT("r"))) {
		q->r = imp_cbor_bytes_len(c, 16, 16);
	} else if (imp_span_eq(key, IMP_TEXT("d"))) {
		q->echo = imp_cbor_text(c);
	} else {
		imp_cbor_item(c);
	}
}

bool imp_request_decode(struct imp_span body, struct imp_request *out)
{
	struct imp_request q = { 0 };
	struct imp_cbor c;
	size_t left;

	if (imp_cbor_open(&c, body, IMP_CBOR_LENIENT, NULL))
		return false;
	left = imp_cbor_map(&c);
	while (imp_cbor_more(&c, &left))
		take_field(&c, imp_cbor_text(&c), &q);
	if (!imp_cbor_done(&c))
		return false;
	*out = q;
	return true;
}

void imp_request_encode(const struct imp_request *q, struct imp_writer *w)
{
	bool has_data = q->has_off;

	imp_cbor_put_map(w, (size_t)(q->echo.len > 0) + (q->r.len > 0) + q->has_len +
				    q->has_off + (q->sha.len > 0) + has_data +
				    q->has_from + (q->nonce.len > 0) +
				    (q->challenge.len > 0));
	if (q->echo.len > 0) {
		put_key(w, "d");
		imp_cbor_put_text(w, q->echo);
	}
	put_bytes_if(w, "r", q->r);
	put_uint_if(w, "len", q->has_len, q->len);
	put_uint_if(w, "off", q->has_off, q->off);
	put_bytes_if(w, "sha", q->sha);
	if (has_data) {
		put_key(w, "data");
		imp_cbor_put_bytes(w, q->data);
	}
	put_uint_if(w, "from", q->has_from, q->from);
	put_bytes_if(w, "nonce", q->nonce);
	put_bytes_if(w, "challenge", q->challenge);
}
