/* SPDX-License-Identifier: Apache-2.0 */
/* One CBOR head, decoded: what the checker and the cursor share. Private to lib/cbor. */
#ifndef IMP_CBOR_SCAN_H
#define IMP_CBOR_SCAN_H

#include "cbor/reader.h"
#include "cbor/writer.h"

struct head {
	enum imp_cbor_major major;
	uint8_t info;	 /* low five bits of the first byte */
	uint64_t value;	 /* argument */
	size_t len;	 /* bytes of the head */
	bool indefinite; /* info 31 */
};

/* head_at() of a head that has more than its first byte, or is special. */
const char *head_rest(struct imp_span in, size_t at, struct head *h);

/* Decode the head at in[at]; NULL, or the rule that it breaks. Most are one byte. */
static inline const char *head_at(struct imp_span in, size_t at, struct head *h)
{
	if (at >= in.len)
		return imp_cbor_truncated;
	h->major = in.ptr[at] >> 5;
	h->info = in.ptr[at] & 31;
	h->indefinite = h->info == 31;
	h->value = h->info;
	h->len = 1;
	return h->info < 24 ? NULL : head_rest(in, at, h);
}

/* Is the argument in its shortest form? */
bool head_is_shortest(const struct head *h);
/* Order of two map keys (integers or definite texts) as their shortest encodings sort. */
int key_order(struct imp_span in, size_t a, size_t b);

#endif
