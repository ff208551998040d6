/* SPDX-License-Identifier: Apache-2.0 */
/* CBOR writer over one function that encodes a head. */
#include "cbor/head.h"

size_t imp_cbor_head_len(uint64_t value)
{
	return value < 24	     ? 1
	       : value <= 0xff	     ? 2
	       : value <= 0xffff     ? 3
	       : value <= 0xffffffff ? 5
				     : 9;
}

void imp_cbor_put_head(struct imp_writer *w, enum imp_cbor_major major, uint64_t value)
{
	uint8_t head[9];
	size_t len = imp_cbor_head(head, major, value);

	imp_put(w, (struct imp_span){ head, len });
}

void imp_cbor_put_uint(struct imp_writer *w, uint64_t v)
{
	imp_cbor_put_head(w, IMP_CBOR_UINT, v);
}

void imp_cbor_put_int(struct imp_writer *w, int64_t v)
{
	if (v < 0)
		imp_cbor_put_head(w, IMP_CBOR_NINT, ~(uint64_t)v);
	else
		imp_cbor_put_head(w, IMP_CBOR_UINT, (uint64_t)v);
}

void imp_cbor_put_bytes(struct imp_writer *w, struct imp_span s)
{
	imp_cbor_put_head(w, IMP_CBOR_BYTES, s.len);
	imp_put(w, s);
}

void imp_cbor_put_text(struct imp_writer *w, struct imp_span s)
{
	imp_cbor_put_head(w, IMP_CBOR_TEXT, s.len);
	imp_put(w, s);
}

void imp_cbor_put_array(struct imp_writer *w, size_t items)
{
	imp_cbor_put_head(w, IMP_CBOR_ARRAY, items);
}

void imp_cbor_put_map(struct imp_writer *w, size_t pairs)
{
	imp_cbor_put_head(w, IMP_CBOR_MAP, pairs);
}

void imp_cbor_put_tag(struct imp_writer *w, uint64_t tag)
{
	imp_cbor_put_head(w, IMP_CBOR_TAG, tag);
}

void imp_cbor_put_bool(struct imp_writer *w, bool v)
{
	imp_cbor_put_head(w, IMP_CBOR_SIMPLE, v ? 21 : 20);
}

void imp_cbor_put_null(struct imp_writer *w)
{
	imp_cbor_put_head(w, IMP_CBOR_SIMPLE, 22);
}
