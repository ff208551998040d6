/* SPDX-License-Identifier: Apache-2.0 */
/* Settings: names to numbers, then the map in the order of the wire. */
#include <stdlib.h>
#include <string.h>

#include "source/build.h"
#include "source/settings.h"

void too_large(struct imp_profile_source *s, const char *what, int max)
{
	s->diags.row = s->row;
	imp_diag(&s->diags, s->settings->mark, "the %s are larger than %d bytes", what,
		 max);
	s->diags.row = 0;
}

static struct imp_compiled *add(struct compiler *c, const struct value *v, bool multiple,
				size_t at)
{
	struct imp_compiled *e = &c->entry[c->count];

	if (c->count == IMP_SETTINGS_MAX) {
		imp_diag(&c->s->diags, v->node->mark, "more than %d settings",
			 IMP_SETTINGS_MAX);
		return NULL;
	}
	c->count++;
	*e = (struct imp_compiled){ .object = v->object->id,
				    .instance = v->instance,
				    .resource = v->resource->id,
				    .index = v->resource_instance,
				    .multiple = multiple,
				    .mark = c->s->mark,
				    .at = at,
				    .len = c->values.len - at };
	c->s->mark = 0;
	return e;
}

static int add_value(struct compiler *c, struct value *v, bool multiple,
		     struct imp_error *err)
{
	size_t at = c->values.len, hits = c->s->diags.hits;
	int rc;

	v->w = &c->values;
	rc = compile_value(v, err);
	if (c->s->diags.hits != hits)
		c->values.len = at; /* no rule is judged by a wrong value */
	if (!rc && !c->values.ok)
		too_large(c->s, "settings", IMP_CBOR_MAX);
	if (!rc)
		add(c, v, multiple, at);
	return rc;
}

/* [psm, edrx]: one number with these bits. */
static void add_bits(struct compiler *c, struct value *v)
{
	const struct imp_yaml *list = v->node;
	uint64_t bits = 0, bit = 0;
	size_t at = c->values.len, hits = c->s->diags.hits;

	for (const struct imp_yaml *n = list->child; n; n = n->next) {
		const char *text = expand_value(v, n);

		v->node = n;
		if (text && bit_of(v, text, &bit))
			bits |= bit;
	}
	v->node = list;
	if (c->s->diags.hits == hits)
		check_number(v, NULL, (int64_t)bits);
	imp_cbor_put_uint(&c->values, bits);
	add(c, v, false, at);
}

/* [00101, 310410]: one text. */
static int add_joined(struct compiler *c, struct value *v)
{
	size_t at = c->values.len;

	v->w = &c->values;
	put_joined(v);
	add(c, v, false, at);
	return 0;
}

/* In a list of names, an order of preference, none stands twice. */
static void check_twice(const struct compiler *c, const struct value *v, size_t from)
{
	const struct imp_compiled *last = &c->entry[c->count - 1];

	if (v->resource->values_count == 0 || last->len == 0)
		return;
	for (const struct imp_compiled *e = &c->entry[from]; e < last; e++)
		if (e->len == last->len &&
		    memcmp(c->values.ptr + e->at, c->values.ptr + last->at, e->len) == 0)
			value_wrong(v, v->node->text, "stands there twice");
}

static int add_list(struct compiler *c, struct value *v, struct imp_error *err)
{
	const struct imp_yaml *list = v->node;
	size_t from = c->count;
	int rc = 0;

	if (v->resource->bits_count > 0) {
		add_bits(c, v);
		return 0;
	}
	if (takes_list(v->resource) && list->count > 0)
		return add_joined(c, v);
	if (!v->resource->multiple || list->count == 0) {
		value_wrong(v, NULL,
			    list->count ? "takes one value, not a list"
					: "an empty list");
		add(c, v, false, c->values.len);
		return 0;
	}
	for (const struct imp_yaml *n = list->child; !rc && n; n = n->next) {
		v->node = n;
		rc = add_value(c, v, true, err);
		if (!rc && c->count > from)
			check_twice(c, v, from);
		v->resource_instance++;
	}
	return rc;
}

bool is_there(const struct compiler *c, size_t from, uint16_t resource)
{
	for (size_t i = from; i < c->count; i++)
		if (c->entry[i].resource == resource)
			return true;
	return false;
}

static int add_resource(struct compiler *c, const struct value *instance, size_t from,
			const struct imp_yaml *n, struct imp_error *err)
{
	struct value v = *instance;

	v.node = n;
	v.resource = lookup_resource(c->s, v.object, n);
	if (!v.resource)
		return 0;
	if (is_there(c, from, v.resource->id)) {
		imp_diag(&c->s->diags, n->key_mark, "key '%s' stands there twice",
			 n->key);
		return 0;
	}
	c->s->has_secret |= v.resource->secret;
	if (n->kind == IMP_YAML_LIST)
		return add_list(c, &v, err);
	return add_value(c, &v, v.resource->multiple, err);
}

static bool instance_is_there(const struct compiler *c, const struct value *v)
{
	for (size_t i = 0; i < c->count; i++)
		if (c->entry[i].object == v->object->id &&
		    c->entry[i].instance == v->instance)
			return true;
	return false;
}

static int add_object(struct compiler *c, const struct imp_yaml *n, struct imp_error *err)
{
	struct value v = { .s = c->s };
	size_t from = c->count;
	int rc = 0;

	v.object = lookup_object(c->s, n, &v.instance);
	if (!v.object)
		return 0;
	if (n->kind != IMP_YAML_MAP || n->count == 0) {
		imp_diag(&c->s->diags, n->mark, "%s: expected RESOURCE: VALUE",
			 v.object->name);
		return 0;
	}
	if (instance_is_there(c, &v))
		imp_diag(&c->s->diags, n->key_mark, "%s/%u stands there twice",
			 v.object->name, v.instance);
	for (const struct imp_yaml *r = n->child; !rc && r; r = r->next)
		rc = add_resource(c, &v, from, r, err);
	if (!rc)
		check_instance(c, v.object, from, n);
	return rc;
}

static int order(const void *a, const void *b)
{
	const struct imp_compiled *x = a, *y = b;
	uint64_t p = (uint64_t)x->object << 48 | (uint64_t)x->instance << 32 |
		     (uint64_t)x->resource << 16 | x->index;
	uint64_t q = (uint64_t)y->object << 48 | (uint64_t)y->instance << 32 |
		     (uint64_t)y->resource << 16 | y->index;

	return (p > q) - (p < q);
}

/* How many entries from i on share object (level 1), instance (2) and resource (3). */
static size_t run_of(const struct compiler *c, size_t i, unsigned level)
{
	size_t n = 1;

	for (; i + n < c->count; n++) {
		const struct imp_compiled *a = &c->entry[i], *b = &c->entry[i + n];

		if (a->object != b->object || (level > 1 && a->instance != b->instance) ||
		    (level > 2 && a->resource != b->resource))
			break;
	}
	return n;
}

/* How many different keys stand at a level in a range. */
static size_t groups(const struct compiler *c, size_t from, size_t count, unsigned level)
{
	size_t n = 0;

	for (size_t i = from; i < from + count; i += run_of(c, i, level))
		n++;
	return n;
}

static void emit_resource(const struct compiler *c, struct imp_writer *w, size_t from,
			  size_t count)
{
	imp_cbor_put_uint(w, c->entry[from].resource);
	if (c->entry[from].multiple)
		imp_cbor_put_map(w, count);
	for (size_t i = from; i < from + count; i++) {
		if (c->entry[i].multiple)
			imp_cbor_put_uint(w, c->entry[i].index);
		imp_put(w, (struct imp_span){ c->values.ptr + c->entry[i].at,
					      c->entry[i].len });
	}
}

static void emit_instance(const struct compiler *c, struct imp_writer *w, size_t from,
			  size_t count)
{
	size_t n;

	imp_cbor_put_uint(w, c->entry[from].instance);
	imp_cbor_put_map(w, groups(c, from, count, 3));
	for (size_t i = from; i < from + count; i += n) {
		n = run_of(c, i, 3);
		emit_resource(c, w, i, n);
	}
}

static void emit(const struct compiler *c, struct imp_writer *w)
{
	size_t n, m;

	imp_cbor_put_map(w, groups(c, 0, c->count, 1));
	for (size_t i = 0; i < c->count; i += n) {
		n = run_of(c, i, 1);
		imp_cbor_put_uint(w, c->entry[i].object);
		imp_cbor_put_map(w, groups(c, i, n, 2));
		for (size_t k = i; k < i + n; k += m) {
			m = run_of(c, k, 2);
			emit_instance(c, w, k, m);
		}
	}
}

static int compile(struct compiler *c, struct imp_writer *w, struct imp_error *err)
{
	const struct imp_yaml *settings = c->s->settings;
	int rc = 0;

	for (const struct imp_yaml *n = settings->child; !rc && n; n = n->next)
		rc = add_object(c, n, err);
	if (rc || c->s->diags.hits > 0)
		return rc;
	qsort(c->entry, c->count, sizeof(*c->entry), order);
	for (size_t i = 0; i < c->count; i++)
		c->s->marks[i] = c->entry[i].mark;
	c->s->marks_count = c->count;
	emit(c, w);
	if (!w->ok)
		too_large(c->s, "settings", IMP_CBOR_MAX);
	return 0;
}

int compile_settings(struct imp_profile_source *s, struct imp_writer *w,
		     struct imp_error *err)
{
	struct compiler c = { .s = s };
	int rc = imp_secret_reserve(&s->values, IMP_CBOR_MAX, err);

	if (!s->entries)
		s->entries = calloc(IMP_SETTINGS_MAX, sizeof(*s->entries));
	if (!s->entries)
		return imp_fail(err, IMP_ERESOURCE, "out of memory");
	c.entry = s->entries;
	if (!rc) {
		c.values = imp_writer(s->values.ptr, s->values.cap);
		s->mark = 0;
		rc = compile(&c, w, err);
		s->values.len = c.values.len; /* to be wiped */
	}
	return rc;
}
