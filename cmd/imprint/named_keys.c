/* SPDX-License-Identifier: Apache-2.0 */
/* The keys that objects name. */
#include <string.h>

#include "base/digits.h"
#include "cbor/reader.h"
#include "cose/key.h"
#include "cose/published.h"
#include "named_keys.h"
#include "note.h"

enum { WRAPPED_MAX = 8 /* byte strings within byte strings */ };

static void take_kid(struct named_keys *k, const uint8_t kid[32])
{
	if (!imp_published(kid) || k->count == NAMED_KEYS)
		return;
	for (size_t i = 0; i < k->count; i++)
		if (memcmp(k->kid[i], kid, 32) == 0)
			return;
	memcpy(k->kid[k->count++], kid, 32);
}

static void take_key(struct named_keys *k, struct imp_span map)
{
	struct imp_cose_key key;
	uint8_t kid[32];

	if (imp_cose_key_parse(map, &key, NULL) == 0 && key.pub.crv != 0 &&
	    imp_cose_kid(k->crypto, &key.pub, kid) == 0)
		take_kid(k, kid);
}

static void look(struct named_keys *k, struct imp_span item, unsigned wrapped);

/* A kid, or what may hold an item of its own: a header, a payload, a leaf. */
static void look_at_bytes(struct named_keys *k, struct imp_cbor *c, unsigned wrapped)
{
	struct imp_cbor at = *c;
	struct imp_span bytes = imp_cbor_bytes(&at);

	imp_cbor_item(c);
	if (!imp_cbor_ok(&at)) /* in pieces */
		return;
	if (bytes.len == 32)
		take_kid(k, bytes.ptr);
	if (bytes.len > 1 && wrapped < WRAPPED_MAX)
		look(k, bytes, wrapped + 1);
}

/* As deep as the reader lets it be. */
static void walk(struct named_keys *k, struct imp_cbor *c, unsigned wrapped)
{
	struct imp_cbor ahead = *c;
	size_t left;

	switch (imp_cbor_peek(c)) {
	case IMP_T_BYTES:
		look_at_bytes(k, c, wrapped);
		return;
	case IMP_T_ARRAY:
		for (left = imp_cbor_array(c); imp_cbor_more(c, &left);)
			walk(k, c, wrapped);
		return;
	case IMP_T_MAP:
		take_key(k, imp_cbor_item(&ahead));
		for (left = imp_cbor_map(c); imp_cbor_more(c, &left);) {
			walk(k, c, wrapped);
			walk(k, c, wrapped);
		}
		return;
	case IMP_T_TAG:
		imp_cbor_tag(c);
		walk(k, c, wrapped);
		return;
	default:
		imp_cbor_item(c);
	}
}

static void look(struct named_keys *k, struct imp_span item, unsigned wrapped)
{
	struct imp_cbor c;

	if (imp_cbor_open(&c, item, IMP_CBOR_ANY, NULL) == 0)
		walk(k, &c, wrapped);
}

void named_keys_look(struct named_keys *k, struct imp_span item)
{
	look(k, item, 0);
}

void named_keys_warn(const struct named_keys *k, const char *name)
{
	for (size_t i = 0; i < k->count; i++) {
		char kid[24];

		imp_short_hex(IMP_SPAN(k->kid[i]), kid);
		say_note("%s: the private key of %s, which it names, is published (%s)",
			 name, kid, imp_published(k->kid[i]));
	}
}
