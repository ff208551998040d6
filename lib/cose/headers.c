/* SPDX-License-Identifier: Apache-2.0 */
/* Gathering header buckets. */
#include "cose/headers.h"

struct row {
	int64_t label;
	uint32_t bit;
	enum { NUMBER, BYTES, TEXT, ITEM, IGNORE } kind;
	size_t offset; /* of the span in struct imp_headers */
};

#define SPAN(field) offsetof(struct imp_headers, field)

static const struct row rows[] = {
	{ IMP_HDR_ALG, IMP_HAS_ALG, NUMBER, 0 },
	{ IMP_HDR_CRIT, IMP_HAS_CRIT, ITEM, SPAN(crit) },
	{ IMP_HDR_CONTENT_TYPE, IMP_HAS_CONTENT_TYPE, IGNORE, 0 },
	{ IMP_HDR_KID, IMP_HAS_KID, BYTES, SPAN(kid) },
	{ IMP_HDR_IV, IMP_HAS_IV, BYTES, SPAN(iv) },
	{ IMP_HDR_PARTIAL_IV, IMP_HAS_PARTIAL_IV, IGNORE, 0 },
	{ IMP_HDR_CHAIN, IMP_HAS_CHAIN, ITEM, SPAN(chain) },
	{ IMP_HDR_CLAIMS, IMP_HAS_CLAIMS, ITEM, SPAN(claims) },
	{ 14, IMP_HAS_KEYS, IGNORE, 0 },
	{ IMP_HDR_TYP, IMP_HAS_TYP, TEXT, SPAN(typ) },
	{ 32, IMP_HAS_KEYS, IGNORE, 0 },
	{ 33, IMP_HAS_KEYS, IGNORE, 0 },
	{ 34, IMP_HAS_KEYS, IGNORE, 0 },
	{ 35, IMP_HAS_KEYS, IGNORE, 0 },
	{ IMP_HDR_EPK, IMP_HAS_EPK, ITEM, SPAN(epk) },
	{ IMP_HDR_LEAF, IMP_HAS_LEAF, BYTES, SPAN(leaf) },
	{ IMP_HDR_PROOF, IMP_HAS_PROOF, BYTES, SPAN(proof) },
};

static const struct row *row_of(int64_t label)
{
	for (size_t i = 0; i < COUNTOF(rows); i++)
		if (rows[i].label == label)
			return &rows[i];
	return NULL;
}

/* Only the value's type is judged here; a text alg or a numeric typ is legal COSE, so its
 * bit is set and its value stays empty. */
static void take_value(struct imp_cbor *c, const struct row *row, struct imp_headers *h)
{
	struct imp_span *span = (struct imp_span *)((char *)h + row->offset);
	enum imp_cbor_type type = imp_cbor_peek(c);

	if (row->kind == NUMBER && type == IMP_T_INT)
		h->alg = imp_cbor_int(c);
	else if (row->kind == BYTES)
		*span = imp_cbor_bytes(c);
	else if (row->kind == TEXT && type == IMP_T_TEXT)
		*span = imp_cbor_text(c);
	else if (row->kind == ITEM)
		*span = imp_cbor_item(c);
	else
		imp_cbor_item(c);
	h->has |= row->bit;
}

static void take_map(struct imp_cbor *c, struct imp_headers *h)
{
	size_t left = imp_cbor_map(c);

	while (imp_cbor_more(c, &left)) {
		const struct row *row = NULL;

		if (imp_cbor_peek(c) == IMP_T_INT)
			row = row_of(imp_cbor_int(c));
		else
			imp_cbor_item(c);
		if (row) {
			take_value(c, row, h);
		} else {
			imp_cbor_item(c);
			h->has |= IMP_HAS_OTHER;
		}
	}
}

/* Every label that crit lists must be known to us and protected. Source: RFC 9052 3.1. */
static bool crit_holds(const struct imp_headers *ph)
{
	struct imp_cbor c;
	size_t left;

	if (!(ph->has & IMP_HAS_CRIT))
		return true;
	if (imp_cbor_open(&c, ph->crit, IMP_CBOR_LENIENT, NULL))
		return false;
	left = imp_cbor_peek(&c) == IMP_T_ARRAY ? imp_cbor_array(&c) : 0;
	if (left == 0)
		return false;
	while (imp_cbor_more(&c, &left)) {
		const struct row *row =
			imp_cbor_peek(&c) == IMP_T_INT ? row_of(imp_cbor_int(&c)) : NULL;

		if (!row || !(ph->has & row->bit) || row->bit == IMP_HAS_CRIT)
			return false;
	}
	return imp_cbor_done(&c);
}

/* A label in both buckets, compared through the maps themselves: unknown labels have no
 * bit. */
static bool disjoint(struct imp_span protected, struct imp_span un)
{
	struct imp_cbor a, b;
	size_t i, j;

	if (protected.len == 0 || imp_cbor_open(&a, protected, IMP_CBOR_LENIENT, NULL))
		return protected.len == 0;
	for (i = imp_cbor_map(&a); imp_cbor_more(&a, &i); imp_cbor_item(&a)) {
		struct imp_span key = imp_cbor_item(&a);

		if (imp_cbor_open(&b, un, IMP_CBOR_LENIENT, NULL))
			return false;
		for (j = imp_cbor_map(&b); imp_cbor_more(&b, &j); imp_cbor_item(&b))
			if (imp_span_eq(key, imp_cbor_item(&b)))
				return false;
	}
	return true;
}

/* Bounds the comparison above: no honest message has so many. */
enum { LABELS_MAX = 32 };

static bool few_labels(struct imp_span map)
{
	struct imp_cbor c;

	return imp_cbor_open(&c, map, IMP_CBOR_LENIENT, NULL) == 0 &&
	       (imp_cbor_map(&c) <= LABELS_MAX || c.in.len <= 2 * LABELS_MAX);
}

void take_buckets(struct imp_cbor *c, enum imp_cbor_rules rules,
		  struct imp_span *protected, struct imp_headers *ph,
		  struct imp_headers *uh)
{
	struct imp_span bytes = imp_cbor_bytes(c), un;
	struct imp_cbor inner;

	*ph = *uh = (struct imp_headers){ 0 };
	*protected = bytes;
	if (bytes.len > 0) {
		if (imp_cbor_open(&inner, bytes, rules, NULL) ||
		    imp_cbor_peek(&inner) != IMP_T_MAP) {
			imp_cbor_fail(c, "protected header is not one map");
			return;
		}
		take_map(&inner, ph);
		if (!imp_cbor_done(&inner))
			imp_cbor_fail(c, inner.bad ? inner.bad : "protected header");
	}
	un = imp_cbor_item(c);
	if (!imp_cbor_ok(c))
		return;
	if (imp_cbor_open(&inner, un, rules, NULL) ||
	    imp_cbor_peek(&inner) != IMP_T_MAP) {
		imp_cbor_fail(c, "unprotected header is not a map");
		return;
	}
	take_map(&inner, uh);
	if (!imp_cbor_done(&inner))
		imp_cbor_fail(c, inner.bad ? inner.bad : "unprotected header");
	if (uh->has & IMP_HAS_CRIT)
		imp_cbor_fail(c, "crit stands in the unprotected header (RFC 9052 3.1)");
	if (!crit_holds(ph))
		imp_cbor_fail(
			c,
			"crit is empty or names what is unknown or absent (RFC 9052 3.1)");
	if ((bytes.len > 0 && !few_labels(bytes)) || !few_labels(un))
		imp_cbor_fail(c, "more than 32 header labels");
	else if (!disjoint(bytes, un))
		imp_cbor_fail(c, "a label stands in both headers (RFC 9052 3)");
}
