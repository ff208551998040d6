/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree walk. Text indents by depth; JSON keeps the order of the wire: a map is an
 * array of
 * {"key", "name", "value"}, bytes are {"bytes": hex}, a secret is {"secret": length}.
 */
#include <inttypes.h>
#include <string.h>

#include "cbor/reader.h"
#include "cose/message.h"
#include "crypto/alg.h"
#include "encode.h"
#include "evidence/token.h"
#include "json.h"
#include "object/command.h"
#include "object/profile.h"
#include "object/transfer.h"
#include "show.h"
#include "show_tables.h"
#include "show_tree.h"

static void indent(const struct show *s)
{
	for (unsigned i = 0; !s->json && i < s->depth; i++)
		fputs("  ", s->f);
}

static void put_bytes(struct show *s, struct imp_span bytes)
{
	fputs(s->json ? "{\"bytes\":\"" : "h'", s->f);
	encode_hex(s->f, bytes);
	fputs(s->json ? "\"}" : "'", s->f);
}

static void put_word(struct show *s, const char *word, int64_t number)
{
	if (!word)
		fprintf(s->f, "%" PRId64, number);
	else if (s->json)
		fprintf(s->f, "{\"value\":%" PRId64 ",\"name\":\"%s\"}", number, word);
	else
		fprintf(s->f, "%" PRId64 " (%s)", number, word);
}

static void put_integer(struct show *s, struct imp_cbor *c, enum show_as as)
{
	struct imp_cbor before = *c;
	int64_t v = imp_cbor_int(c);
	const struct imp_alg_row *row = as == SHOW_ALG ? imp_alg_row(v) : NULL;

	if (!imp_cbor_ok(c)) { /* beyond 64 bits signed: well formed all the same */
		struct imp_span item;

		*c = before;
		item = imp_cbor_item(c);
		put_bytes(s, item);
		return;
	}
	put_word(s,
		 row			     ? row->name
		 : as == SHOW_OP && v >= 0   ? imp_op_name((unsigned)v)
		 : as == SHOW_LIFE && v >= 0 ? imp_life_name((uint32_t)v)
		 : as == SHOW_POLICY && v >= 0 && v <= IMP_POLICY_ALL
			 ? imp_policy_name((uint32_t)v)
			 : NULL,
		 v);
}

static void put_hidden(struct show *s, struct imp_cbor *c)
{
	size_t len = imp_cbor_item(c).len;

	fprintf(s->f, s->json ? "{\"secret\":%zu}" : "(secret, %zu bytes encoded)", len);
}

static void put_other(struct show *s, struct imp_cbor *c)
{
	struct imp_span item = imp_cbor_item(c);

	if (item.len == 1 && item.ptr[0] == 0xf7)
		fputs(s->json ? "\"undefined\"" : "undefined", s->f);
	else
		put_bytes(s, item);
}

/* Between items of a container. */
void show_next(struct show *s, bool first)
{
	if (s->json)
		fputs(first ? "" : ",", s->f);
	else
		fputc('\n', s->f);
	indent(s);
}

void show_open(struct show *s, char c)
{
	if (s->json)
		fputc(c, s->f);
	s->depth++;
}

void show_close(struct show *s, char c)
{
	if (s->json)
		fputc(c, s->f);
	s->depth--;
}

static const struct show_key *row_of(const struct show_key *map, int64_t key)
{
	for (; map && map->name; map++)
		if (map->key == key)
			return map;
	return NULL;
}

/* "key name: " or the JSON that stands for it. */
static void put_label(struct show *s, struct imp_cbor *c, const char *name)
{
	if (s->json)
		fputs("{\"key\":", s->f);
	show_value(s, c, SHOW_PLAIN, NULL);
	if (s->json && !name)
		fputs(",\"name\":null", s->f);
	else if (s->json)
		fprintf(s->f, ",\"name\":\"%s\"", name);
	else if (name)
		fprintf(s->f, " %s", name);
	fputs(s->json ? ",\"value\":" : ": ", s->f);
}

static void put_map(struct show *s, struct imp_cbor *c, const struct show_key *map)
{
	size_t left = imp_cbor_map(c);

	show_open(s, '[');
	for (bool first = true; imp_cbor_more(c, &left); first = false) {
		struct imp_cbor key = *c;
		bool numbered = imp_cbor_peek(c) == IMP_T_INT;
		const struct show_key *row =
			numbered ? row_of(map, imp_cbor_int(&key)) : NULL;

		show_next(s, first);
		put_label(s, c, row ? row->name : NULL);
		show_value(s, c, row ? row->as : SHOW_PLAIN, row ? row->map : NULL);
		if (s->json)
			fputc('}', s->f);
	}
	show_close(s, ']');
}

static void put_array(struct show *s, struct imp_cbor *c, enum show_as as,
		      const struct show_key *map)
{
	size_t left = imp_cbor_array(c);

	show_open(s, '[');
	for (bool first = true; imp_cbor_more(c, &left); first = false) {
		show_next(s, first);
		if (!s->json)
			fputs("- ", s->f);
		show_value(s, c, as, map);
	}
	show_close(s, ']');
}

/* A byte string that holds one item, shown as that item; as bytes where it holds none. */
void show_wrapped(struct show *s, struct imp_cbor *c, enum show_as as,
		  const struct show_key *map)
{
	struct imp_span bytes = imp_cbor_bytes(c);
	struct imp_cbor inner;

	if (imp_cbor_open(&inner, bytes, IMP_CBOR_ANY, NULL)) {
		put_bytes(s, bytes);
		return;
	}
	if (!s->json)
		fputs("<<", s->f);
	show_value(s, &inner, as, map);
	if (!s->json)
		fputs(" >>", s->f);
}

/* One resource: its number and name, the value unless it is or may be a secret. */
static void put_resource(struct show *s, struct imp_cbor *c, unsigned object, bool first)
{
	struct imp_cbor key = *c;
	unsigned resource = (unsigned)imp_cbor_uint_max(&key, UINT16_MAX);
	struct show_resource r = { 0 };
	bool known = s->names && s->names->find(s->names->ctx, object, resource, &r);

	show_next(s, first);
	put_label(s, c, r.resource);
	if (r.secret || !known)
		put_hidden(s, c);
	else
		show_value(s, c, SHOW_PLAIN, NULL);
	if (s->json)
		fputc('}', s->f);
}

static void put_instances(struct show *s, struct imp_cbor *c, unsigned object)
{
	size_t instances = imp_cbor_map(c), resources;

	show_open(s, '[');
	for (bool first = true; imp_cbor_more(c, &instances); first = false) {
		show_next(s, first);
		put_label(s, c, "instance");
		resources = imp_cbor_map(c);
		show_open(s, '[');
		for (bool lead = true; imp_cbor_more(c, &resources); lead = false)
			put_resource(s, c, object, lead);
		show_close(s, ']');
		if (s->json)
			fputc('}', s->f);
	}
	show_close(s, ']');
}

static void put_settings(struct show *s, struct imp_cbor *c)
{
	size_t objects = imp_cbor_map(c);

	show_open(s, '[');
	for (bool first = true; imp_cbor_more(c, &objects); first = false) {
		struct imp_cbor key = *c;
		unsigned object = (unsigned)imp_cbor_uint_max(&key, UINT16_MAX);
		struct show_resource r = { 0 };

		if (s->names)
			s->names->find(s->names->ctx, object, 0, &r);
		show_next(s, first);
		put_label(s, c, r.object);
		put_instances(s, c, object);
		if (s->json)
			fputc('}', s->f);
	}
	show_close(s, ']');
}

static bool is_settings(struct imp_span item)
{
	struct imp_error quiet = { 0 };

	return imp_settings_check(item, &quiet) == 0;
}

static void put_component(struct show *s, struct imp_cbor *c, const struct show_key *map)
{
	size_t left = imp_cbor_array(c);

	show_open(s, '[');
	for (bool first = true; imp_cbor_more(c, &left); first = false) {
		show_next(s, first);
		if (!s->json)
			fputs("- ", s->f);
		if (imp_cbor_peek(c) == IMP_T_ARRAY && imp_cbor_array(c) == 2) {
			imp_cbor_item(c);
			show_wrapped(s, c, SHOW_MAP, map);
		} else {
			imp_cbor_fail(c, "a measurement is not [format, component]");
		}
	}
	show_close(s, ']');
}

static struct imp_span ahead(const struct imp_cbor *c)
{
	struct imp_cbor copy = *c;

	return imp_cbor_item(&copy);
}

void show_value(struct show *s, struct imp_cbor *c, enum show_as as,
		const struct show_key *map)
{
	enum imp_cbor_type type = imp_cbor_peek(c);

	if (as == SHOW_SECRET)
		put_hidden(s, c);
	else if (as == SHOW_SETTINGS && is_settings(ahead(c)))
		put_settings(s, c);
	else if (as == SHOW_SETTINGS)
		put_hidden(s, c);
	else if (as == SHOW_LEAF)
		show_leaf(s, c);
	else if (as == SHOW_WRAPPED && type == IMP_T_BYTES)
		show_wrapped(s, c, SHOW_PLAIN, map);
	else if (as == SHOW_COMPONENT && type == IMP_T_ARRAY)
		put_component(s, c, map);
	else if (type == IMP_T_INT)
		put_integer(s, c, as);
	else if (type == IMP_T_BYTES)
		put_bytes(s, imp_cbor_bytes(c));
	else if (type == IMP_T_TEXT)
		json_quote(s->f, imp_cbor_text(c));
	else if (type == IMP_T_ARRAY)
		put_array(s, c, SHOW_PLAIN, NULL);
	else if (type == IMP_T_MAP)
		put_map(s, c, map ? map : show_guess(ahead(c)));
	else if (type == IMP_T_TAG)
		show_tag(s, c);
	else if (type == IMP_T_BOOL)
		fputs(imp_cbor_bool(c) ? "true" : "false", s->f);
	else if (type == IMP_T_NULL)
		fputs(imp_cbor_item(c).len == 1 ? "null" : "", s->f);
	else
		put_other(s, c);
}

int show_item(FILE *f, bool json, struct imp_span item, const struct show_names *names,
	      struct imp_error *err)
{
	struct show s = { .f = f, .json = json, .names = names };
	struct imp_cbor_fault fault;
	struct imp_cbor c;

	if (imp_cbor_open(&c, item, IMP_CBOR_ANY, &fault))
		return imp_cbor_refuse(&fault, "item", err);
	show_value(&s, &c, SHOW_PLAIN, NULL);
	fputc('\n', f);
	return imp_cbor_finish(&c, "item", err);
}
