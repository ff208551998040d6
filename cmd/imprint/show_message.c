/* SPDX-License-Identifier: Apache-2.0 */
/* Showing COSE messages: their parts by name. */
#include <inttypes.h>

#include "cose/message.h"
#include "show_tables.h"
#include "show_tree.h"

static void put_named(struct show *s, bool first, const char *name)
{
	show_next(s, first);
	if (s->json)
		fprintf(s->f, "\"%s\":", name);
	else
		fprintf(s->f, "%s: ", name);
}

/* Is this byte string, in this place of a message, something to look into? */
static struct imp_span typ_of(struct imp_span message)
{
	struct imp_error quiet = { 0 };
	struct imp_encrypt e;
	struct imp_sign m;

	if (imp_sign_decode(message, IMP_CBOR_LENIENT, &m, &quiet) == 0)
		return m.ph.typ;
	if (imp_encrypt_decode(message, IMP_CBOR_LENIENT, &e, &quiet) == 0)
		return e.ph.typ;
	return (struct imp_span){ 0 };
}

static void put_header_pair(struct show *s, struct imp_cbor *c)
{
	put_named(s, true, "protected");
	show_wrapped(s, c, SHOW_MAP, show_headers);
	put_named(s, false, "unprotected");
	show_value(s, c, SHOW_MAP, show_headers);
}

/* [protected, unprotected, bytes] of a signature or a recipient. */
static void put_parts(struct show *s, struct imp_cbor *c, const char *name)
{
	size_t left = imp_cbor_array(c);

	show_open(s, '[');
	for (bool first = true; imp_cbor_more(c, &left); first = false) {
		size_t inner;

		show_next(s, first);
		if (!s->json)
			fputc('-', s->f);
		inner = imp_cbor_array(c);
		show_open(s, '{');
		put_header_pair(s, c);
		put_named(s, false, name);
		for (size_t i = 2; i < inner && imp_cbor_ok(c); i++)
			show_value(s, c, SHOW_PLAIN, NULL);
		show_close(s, '}');
	}
	show_close(s, ']');
}

/* The payload's table, by the header before it; NULL where either is none. */
static const struct show_key *leaf_payload(struct imp_cbor *c)
{
	struct imp_span header = imp_cbor_bytes(c), typ = { 0 };
	struct imp_cbor h;
	size_t left;

	if (imp_cbor_open(&h, header, IMP_CBOR_ANY, NULL) ||
	    imp_cbor_peek(&h) != IMP_T_MAP)
		return NULL;
	for (left = imp_cbor_map(&h); imp_cbor_more(&h, &left);) {
		bool is_typ =
			imp_cbor_peek(&h) == IMP_T_INT && imp_cbor_int(&h) == IMP_HDR_TYP;

		if (is_typ && imp_cbor_peek(&h) == IMP_T_TEXT)
			typ = imp_cbor_text(&h);
		else
			imp_cbor_item(&h);
	}
	return imp_cbor_peek(c) == IMP_T_BYTES ? show_payload(typ) : NULL;
}

void show_leaf(struct show *s, struct imp_cbor *c)
{
	struct imp_cbor before = *c, inner, ahead;
	const struct show_key *payload = NULL;

	if (imp_cbor_peek(c) == IMP_T_BYTES &&
	    imp_cbor_open(&inner, imp_cbor_bytes(c), IMP_CBOR_ANY, NULL) == 0 &&
	    imp_cbor_peek(&inner) == IMP_T_ARRAY && imp_cbor_array(&inner) == 2) {
		ahead = inner;
		payload = leaf_payload(&ahead);
	}
	if (!payload) {
		*c = before;
		show_value(s, c, SHOW_SECRET, NULL);
		return;
	}
	show_open(s, '{');
	put_named(s, true, "protected");
	show_wrapped(s, &inner, SHOW_MAP, show_headers);
	put_named(s, false, "payload");
	show_wrapped(s, &inner, SHOW_MAP, payload);
	show_close(s, '}');
}

static const char *message_name(uint64_t tag)
{
	return tag == IMP_TAG_SIGN1	 ? "COSE_Sign1"
	       : tag == IMP_TAG_SIGN	 ? "COSE_Sign"
	       : tag == IMP_TAG_ENCRYPT0 ? "COSE_Encrypt0"
	       : tag == IMP_TAG_ENCRYPT	 ? "COSE_Encrypt"
					 : NULL;
}

/* The cursor stands behind the tag of a message whose structure has been checked. */
static void put_message(struct show *s, struct imp_cbor *c, uint64_t tag,
			struct imp_span typ)
{
	bool signs = tag == IMP_TAG_SIGN1 || tag == IMP_TAG_SIGN;
	const struct show_key *payload = show_payload(typ);

	imp_cbor_array(c);
	show_open(s, '{');
	put_header_pair(s, c);
	put_named(s, false, signs ? "payload" : "ciphertext");
	if (signs && payload && imp_cbor_peek(c) == IMP_T_BYTES)
		show_wrapped(s, c, SHOW_MAP, payload);
	else
		show_value(s, c, SHOW_PLAIN, NULL);
	if (tag != IMP_TAG_ENCRYPT0)
		put_named(s, false,
			  tag == IMP_TAG_SIGN1 ? "signature"
			  : signs	       ? "signatures"
					       : "recipients");
	if (tag == IMP_TAG_SIGN1)
		show_value(s, c, SHOW_PLAIN, NULL);
	else if (tag != IMP_TAG_ENCRYPT0)
		put_parts(s, c, signs ? "signature" : "wrapped key");
	show_close(s, '}');
}

static bool is_message(struct imp_span item, uint64_t tag)
{
	struct imp_error quiet = { 0 };
	struct imp_encrypt e;
	struct imp_sign m;

	if (tag == IMP_TAG_SIGN1 || tag == IMP_TAG_SIGN)
		return imp_sign_decode(item, IMP_CBOR_LENIENT, &m, &quiet) == 0;
	return message_name(tag) &&
	       imp_encrypt_decode(item, IMP_CBOR_LENIENT, &e, &quiet) == 0;
}

void show_tag(struct show *s, struct imp_cbor *c)
{
	struct imp_cbor start = *c;
	struct imp_span item = imp_cbor_item(&start);
	uint64_t tag = imp_cbor_tag(c);

	if (is_message(item, tag)) {
		struct imp_span typ = typ_of(item);

		if (s->json)
			fprintf(s->f,
				"{\"message\":\"%s\",\"parts\":", message_name(tag));
		else
			fprintf(s->f, "%s (tag %" PRIu64 ")", message_name(tag), tag);
		put_message(s, c, tag, typ);
	} else {
		fprintf(s->f,
			s->json ? "{\"tag\":%" PRIu64 ",\"value\":" : "%" PRIu64 "(",
			tag);
		show_value(s, c, SHOW_PLAIN, NULL);
		fputs(s->json ? "" : ")", s->f);
	}
	if (s->json)
		fputc('}', s->f);
}
