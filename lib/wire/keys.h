/* SPDX-License-Identifier: Apache-2.0 */
/* Putting fields with text keys. Private to lib/wire. */
#ifndef IMP_WIRE_KEYS_H
#define IMP_WIRE_KEYS_H

#include "cbor/writer.h"

static inline void put_key(struct imp_writer *w, const char *key)
{
	imp_cbor_put_text(w, imp_span_str(key));
}

static inline void put_bytes_if(struct imp_writer *w, const char *key, struct imp_span s)
{
	if (s.len == 0)
		return;
	put_key(w, key);
	imp_cbor_put_bytes(w, s);
}

static inline void put_uint_if(struct imp_writer *w, const char *key, bool there,
			       uint64_t v)
{
	if (!there)
		return;
	put_key(w, key);
	imp_cbor_put_uint(w, v);
}

#endif
