/* SPDX-License-Identifier: Apache-2.0 */
/* Decoding one CBOR head. */
#include "cbor/scan.h"

const char imp_cbor_truncated[] = "input ends inside an item (RFC 8949 3)";

const char *head_rest(struct imp_span in, size_t at, struct head *h)
{
	size_t extra;

	h->value = 0;
	if (h->info >= 28 && !h->indefinite)
		return "reserved additional information 28..30 (RFC 8949 3)";
	if (h->indefinite && (h->major <= IMP_CBOR_NINT || h->major == IMP_CBOR_TAG))
		return "an integer or a tag of indefinite length (RFC 8949 3.2)";
	if (h->indefinite)
		return NULL;
	extra = (size_t)1 << (h->info - 24);
	if (extra > in.len - at - 1)
		return imp_cbor_truncated;
	for (size_t i = 1; i <= extra; i++)
		h->value = h->value << 8 | in.ptr[at + i];
	h->len = 1 + extra;
	return NULL;
}

bool head_is_shortest(const struct head *h)
{
	return h->indefinite || h->len == imp_cbor_head_len(h->value);
}

int key_order(struct imp_span in, size_t a, size_t b)
{
	struct head x, y;
	struct imp_span s, t;

	if (head_at(in, a, &x) || head_at(in, b, &y))
		return 0;
	if (x.major != y.major)
		return x.major < y.major ? -1 : 1;
	if (x.value != y.value)
		return x.value < y.value ? -1 : 1;
	if (x.major != IMP_CBOR_TEXT)
		return 0;
	s = (struct imp_span){ in.ptr + a + x.len, (size_t)x.value };
	t = (struct imp_span){ in.ptr + b + y.len, (size_t)y.value };
	return imp_span_cmp(s, t);
}
