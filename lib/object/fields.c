/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a map with integer keys in the order that the wire has them. */
#include "object/fields.h"

struct imp_fields imp_fields(struct imp_cbor *c, bool open)
{
	struct imp_fields f = { .c = c, .open = open };

	f.left = imp_cbor_map(c);
	return f;
}

/* Bytewise order of two integer keys: unsigned first, then negative, each by magnitude.
 */
static bool sorts_before(int64_t a, int64_t b)
{
	if ((a < 0) != (b < 0))
		return a >= 0;
	return a < 0 ? a > b : a < b;
}

bool imp_field(struct imp_fields *f, int64_t key)
{
	while (f->left > 0 && imp_cbor_peek(f->c) == IMP_T_INT) {
		struct imp_cbor ahead = *f->c;
		int64_t next = imp_cbor_int(&ahead);

		if (next == key) {
			*f->c = ahead;
			f->left--;
			return true;
		}
		if (!f->open || !imp_cbor_ok(&ahead) || !sorts_before(next, key))
			return false;
		imp_cbor_item(&ahead);
		*f->c = ahead;
		f->left--;
	}
	return false;
}

void imp_field_need(struct imp_fields *f, int64_t key)
{
	if (!imp_field(f, key))
		imp_cbor_fail(f->c, "a field is missing or unknown here");
}

void imp_fields_end(struct imp_fields *f)
{
	if (!f->open && f->left > 0)
		imp_cbor_fail(f->c, "a field that this object does not have");
	for (; f->open && f->left > 0; f->left--) {
		imp_cbor_item(f->c);
		imp_cbor_item(f->c);
	}
}
