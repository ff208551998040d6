/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fields: reading a map with integer keys in the order that the wire has them.
 *
 * A closed map has the fields that are asked for and no others; in an open one (evidence)
 * unknown claims are passed over.
 */
#ifndef IMP_OBJECT_FIELDS_H
#define IMP_OBJECT_FIELDS_H

#include "cbor/reader.h"

struct imp_fields {
	struct imp_cbor *c;
	size_t left; /* pairs */
	bool open;
};

struct imp_fields imp_fields(struct imp_cbor *c, bool open);
/* Is the next field this one? Then the cursor stands before its value. Ask in ascending
 * order. */
bool imp_field(struct imp_fields *f, int64_t key);
/* As imp_field(), but the cursor fails where it is missing. */
void imp_field_need(struct imp_fields *f, int64_t key);
/* Nothing more may come in a closed map; what comes in an open one is passed over. */
void imp_fields_end(struct imp_fields *f);

#endif
