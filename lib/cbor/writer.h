/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CBOR writer: shortest heads into a struct imp_writer.
 *
 * The caller writes map keys in ascending bytewise order of their encodings (unsigned
 * before negative, both by size). Nothing here allocates; what does not fit makes the
 * writer fail. Source: RFC 8949 4.2.1.
 */
#ifndef IMP_CBOR_WRITER_H
#define IMP_CBOR_WRITER_H

#include "base/bytes.h"

enum imp_cbor_major {
	IMP_CBOR_UINT = 0,
	IMP_CBOR_NINT = 1,
	IMP_CBOR_BYTES = 2,
	IMP_CBOR_TEXT = 3,
	IMP_CBOR_ARRAY = 4,
	IMP_CBOR_MAP = 5,
	IMP_CBOR_TAG = 6,
	IMP_CBOR_SIMPLE = 7,
};

void imp_cbor_put_uint(struct imp_writer *w, uint64_t v);
void imp_cbor_put_int(struct imp_writer *w, int64_t v);
void imp_cbor_put_bytes(struct imp_writer *w, struct imp_span s);
void imp_cbor_put_text(struct imp_writer *w, struct imp_span s);
void imp_cbor_put_array(struct imp_writer *w, size_t items);
void imp_cbor_put_map(struct imp_writer *w, size_t pairs);
void imp_cbor_put_tag(struct imp_writer *w, uint64_t tag);
void imp_cbor_put_bool(struct imp_writer *w, bool v);
void imp_cbor_put_null(struct imp_writer *w);
/* Only the head, for a string whose bytes are put afterwards. */
void imp_cbor_put_head(struct imp_writer *w, enum imp_cbor_major major, uint64_t value);

/* Length of the head that announces value. 1, 2, 3, 5 or 9 bytes. */
size_t imp_cbor_head_len(uint64_t value);

#endif
