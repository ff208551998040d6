/* SPDX-License-Identifier: Apache-2.0 */
/* Settings: names to numbers, then the map in the order of the wire. */
#include <stdlib.h>
#include <string.h>

#include "source/build.h"

enum { SETTINGS_MAX = 2000 };

/* One resource (instance) with its encoded value. */
struct entry {
	uint16_t object, instance, resource, index;
	bool multiple;
	size_t at, len; /* in the value bytes */
};

struct compiler {
	struct imp_profile_source *s;
	struct entry *entry; /* SETTINGS_MAX of them; owned */
	size_t count;
	struct imp_writer values; /* encoded values, back to back */
};

static void unknown(struct imp_profile_source *s, struct imp_mark mark, const char *what,
		    const char *word, const char *near)
{
	if (near)
		imp_diag(&s->diags, mark, "unknown %s '%s'; did you mean %s?", what, word,
			 near);
	else
		imp_diag(&s->diags, mark, "unknown %s '%s'", what, word);
}

static const char *near_object(const struct imp_catalog *c, const char *word)
{
	const char *names[256];
	size_t n = 0;

	for (; n < c->objects && n < COUNTOF(names); n++)
		names[n] = c->object[n].name;
	return imp_nearest(word, names, n);
}

static const char *near_resource(const struct imp_object *o, const char *word)
{
	const char *names[256];
	size_t n = 0;

	for (; n < o->resources && n < COUNTOF(names); n++)
		names[n] = o->resource[n].name;
	return imp_nearest(word, names, n);
}

/* What is below a secret, or below what nobody knows, is never shown. */
static void mask(struct imp_profile_source *s, const struct imp_yaml *n)
{
	if (n->kind == IMP_YAML_SCALAR)
		imp_diag_mask(&s->diags, n->mark);
	for (const struct imp_yaml *c = n->child; c; c = c->next)
		mask(s, c);
}

static struct entry *add(struct compiler *c, const struct value *v, bool multiple,
			 size_t at)
{
	struct entry *e = &c->entry[c->count];

	if (c->count == SETTINGS_MAX) {
		imp_diag(&c->s->diags, v->node->mark, "more than %d settings",
			 SETTINGS_MAX);
		return NULL;
	}
	c->count++;
	*e = (struct entry){ .object = v->object->id,
			     .instance = v->instance,
			     .resource = v->resource->id,
			     .index = v->resource_instance,
			     .multiple = multiple,
			     .at = at,
			     .len = c->values.len - at };
	return e;
}

static int add_value(struct compiler *c, struct value *v, bool multiple,
		     struct imp_error *err)
{
	size_t at = c->values.len;
	int rc;

	v->w = &c->values;
	rc = compile_value(v, err);
	if (!rc && !c->values.ok)
		rc = imp_fail(err, IMP_EFORMAT, "%s: the settings are larger than 64 KiB",
			      c->s->diags.file);
	if (!rc)
		add(c, v, multiple, at);
	return rc;
}

/* [psm, edrx]: one number with these bits. */
static void add_bits(struct compiler *c, struct value *v)
{
	const struct imp_yaml *list = v->node;
	uint64_t bits = 0;
	size_t at = c->values.len;

	for (const struct imp_yaml *n = list->child; n; n = n->next) {
		bool found = false;

		for (size_t i = 0; n->text && i < v->resource->bits_count; i++)
			if (strcmp(v->resource->bits[i].name, n->text) == 0) {
				bits |= UINT64_C(1) << v->resource->bits[i].number;
				found = true;
			}
		v->node = n;
		if (!found)
			value_wrong(v, n->text, "no such bit");
	}
	v->node = list;
	imp_cbor_put_uint(&c->values, bits);
	add(c, v, false, at);
}

static int add_list(struct compiler *c, struct value *v, struct imp_error *err)
{
	const struct imp_yaml *list = v->node;
	int rc = 0;

	if (v->resource->bits_count > 0) {
		add_bits(c, v);
		return 0;
	}
	if (!v->resource->multiple || list->count == 0) {
		value_wrong(v, NULL,
			    list->count ? "takes one value, not a list"
					: "an empty list");
		return 0;
	}
	for (const struct imp_yaml *n = list->child; !rc && n; n = n->next) {
		v->node = n;
		rc = add_value(c, v, true, err);
		v->resource_instance++;
	}
	return rc;
}

static bool is_reported(const struct imp_object *o, uint16_t id)
{
	for (size_t i = 0; i < o->reporteds; i++)
		if (o->reported[i] == id)
			return true;
	return false;
}

static const struct imp_resource *
find_resource(struct compiler *c, const struct imp_object *o, const struct imp_yaml *n)
{
	const struct imp_resource *r = imp_object_by_name(o, n->key);
	char *end;
	unsigned long id = strtoul(n->key, &end, 10);

	if (!r && end != n->key && !*end)
		r = imp_object_by_id(o, (uint32_t)id);
	if (!r && end != n->key && !*end && id <= UINT16_MAX &&
	    is_reported(o, (uint16_t)id))
		imp_diag(&c->s->diags, n->key_mark,
			 "%s: resource %lu is reported by the device, not set", o->name,
			 id);
	else if (!r)
		unknown(c->s, n->key_mark, "resource", n->key, near_resource(o, n->key));
	return r;
}

static int add_resource(struct compiler *c, const struct imp_object *o, uint16_t instance,
			const struct imp_yaml *n, struct imp_error *err)
{
	struct value v = { .s = c->s, .object = o, .instance = instance, .node = n };

	v.resource = find_resource(c, o, n);
	if (!v.resource || v.resource->secret)
		mask(c->s, n);
	if (!v.resource)
		return 0;
	if (is_reported(o, v.resource->id)) {
		value_wrong(&v, NULL, "is reported by the device, not set");
		return 0;
	}
	c->s->has_secret |= v.resource->secret;
	if (n->kind == IMP_YAML_LIST)
		return add_list(c, &v, err);
	return add_value(c, &v, v.resource->multiple, err);
}

/* What a resource was set to, where it is a number or a bool; false where it is not
 * there. */
static bool number_at(const struct compiler *c, size_t from, uint16_t resource,
		      int64_t *out)
{
	for (size_t i = from; i < c->count; i++) {
		struct imp_cbor v = { .in = { c->values.ptr + c->entry[i].at,
					      c->entry[i].len } };

		if (c->entry[i].resource != resource)
			continue;
		*out = 0;
		if (imp_cbor_peek(&v) == IMP_T_BOOL)
			*out = imp_cbor_bool(&v);
		else if (imp_cbor_peek(&v) == IMP_T_INT)
			*out = imp_cbor_int(&v);
		return true;
	}
	return false;
}

static void check_rule(const struct compiler *c, const struct imp_object *o, size_t from,
		       const struct imp_rule *rule, struct imp_mark mark)
{
	int64_t is = 0, ignored;
	bool applies = false;

	if (number_at(c, from, rule->if_resource, &is))
		for (size_t i = 0; i < rule->if_count; i++)
			applies |= rule->if_value[i] == is;
	if (!applies)
		return;
	for (size_t i = 0; i < rule->presents; i++)
		if (!number_at(c, from, rule->present[i], &ignored))
			imp_diag(&c->s->diags, mark, "%s: %s needs %s", o->name,
				 imp_object_by_id(o, rule->if_resource)->name,
				 imp_object_by_id(o, rule->present[i])->name);
	for (size_t i = 0; i < rule->absents; i++)
		if (number_at(c, from, rule->absent[i], &ignored))
			imp_diag(&c->s->diags, mark, "%s: %s excludes %s", o->name,
				 imp_object_by_id(o, rule->if_resource)->name,
				 imp_object_by_id(o, rule->absent[i])->name);
}

static void check_instance(const struct compiler *c, const struct imp_object *o,
			   size_t from, struct imp_mark mark)
{
	int64_t ignored;

	for (size_t i = 0; i < o->resources; i++)
		if (o->resource[i].required &&
		    !number_at(c, from, o->resource[i].id, &ignored))
			imp_diag(&c->s->diags, mark, "%s: %s is missing", o->name,
				 o->resource[i].name);
	for (size_t i = 0; i < o->rules; i++)
		check_rule(c, o, from, &o->rule[i], mark);
}

/* "apn/0", "cellular": an object and an instance. */
static const struct imp_object *find_object(struct compiler *c, const struct imp_yaml *n,
					    uint16_t *instance)
{
	const char *slash = strchr(n->key, '/');
	size_t len = slash ? (size_t)(slash - n->key) : strlen(n->key);
	char name[64], *end = NULL;
	unsigned long i = slash ? strtoul(slash + 1, &end, 10) : 0, id;
	const struct imp_object *o;

	*instance = (uint16_t)i;
	if (len >= sizeof(name) ||
	    (slash && (end == slash + 1 || *end || i > UINT16_MAX))) {
		imp_diag(&c->s->diags, n->key_mark,
			 "'%s': expected OBJECT or OBJECT/INSTANCE", n->key);
		return NULL;
	}
	memcpy(name, n->key, len);
	name[len] = '\0';
	o = imp_catalog_by_name(&c->s->catalog, name);
	id = strtoul(name, &end, 10);
	if (!o && end != name && !*end)
		o = imp_catalog_by_id(&c->s->catalog, (uint32_t)id);
	if (!o)
		unknown(c->s, n->key_mark, "object", name,
			near_object(&c->s->catalog, name));
	else if (!o->multiple && i != 0)
		imp_diag(&c->s->diags, n->key_mark, "%s: has one instance, 0", o->name);
	return o;
}

static int add_object(struct compiler *c, const struct imp_yaml *n, struct imp_error *err)
{
	uint16_t instance;
	const struct imp_object *o = find_object(c, n, &instance);
	size_t from = c->count;
	int rc = 0;

	if (!o) {
		mask(c->s, n);
		return 0;
	}
	if (n->kind != IMP_YAML_MAP || n->count == 0) {
		mask(c->s, n);
		imp_diag(&c->s->diags, n->mark, "%s: expected RESOURCE: VALUE", o->name);
		return 0;
	}
	for (size_t i = 0; i < from; i++)
		if (c->entry[i].object == o->id && c->entry[i].instance == instance) {
			imp_diag(&c->s->diags, n->key_mark, "%s/%u stands there twice",
				 o->name, instance);
			break;
		}
	for (const struct imp_yaml *r = n->child; !rc && r; r = r->next)
		rc = add_resource(c, o, instance, r, err);
	if (!rc)
		check_instance(c, o, from, n->key_mark);
	return rc;
}

static int order(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
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
		const struct entry *a = &c->entry[i], *b = &c->entry[i + n];

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
	if (rc || c->s->diags.count > 0)
		return rc;
	qsort(c->entry, c->count, sizeof(*c->entry), order);
	emit(c, w);
	return w->ok ? 0
		     : imp_fail(err, IMP_EFORMAT,
				"%s: the settings are larger than 64 KiB",
				c->s->diags.file);
}

int compile_settings(struct imp_profile_source *s, struct imp_writer *w,
		     struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret bytes = { 0 };
	struct compiler c = { .s = s, .entry = calloc(SETTINGS_MAX, sizeof(*c.entry)) };
	int rc = c.entry ? imp_secret_reserve(&bytes, IMP_CBOR_MAX, err)
			 : imp_fail(err, IMP_ERESOURCE, "out of memory");

	if (!rc) {
		c.values = imp_writer(bytes.ptr, bytes.cap);
		rc = compile(&c, w, err);
	}
	free(c.entry);
	return rc;
}
