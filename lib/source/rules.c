/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of an object, judged over one instance. */
#include "source/settings.h"

/* What a resource was set to, where that is a number or a bool. */
static bool number_at(const struct compiler *c, size_t from, uint16_t resource,
		      int64_t *out)
{
	for (size_t i = from; i < c->count; i++) {
		struct imp_cbor v = { .in = { c->values.ptr + c->entry[i].at,
					      c->entry[i].len } };

		if (c->entry[i].resource != resource)
			continue;
		if (imp_cbor_peek(&v) == IMP_T_BOOL)
			*out = imp_cbor_bool(&v);
		else if (imp_cbor_peek(&v) == IMP_T_INT)
			*out = imp_cbor_int(&v);
		else
			return false;
		return true;
	}
	return false;
}

static const char *name(const struct imp_object *o, uint16_t resource)
{
	return imp_object_by_id(o, resource)->name;
}

static void check_condition(const struct compiler *c, const struct imp_object *o,
			    size_t from, const struct imp_rule *rule,
			    struct imp_mark mark)
{
	bool applies = false;
	int64_t is = 0;

	if (number_at(c, from, rule->if_resource, &is))
		for (size_t i = 0; i < rule->if_count; i++)
			applies |= rule->if_value[i] == is;
	if (!applies)
		return;
	for (size_t i = 0; i < rule->present.count; i++)
		if (!is_there(c, from, rule->present.resource[i]))
			imp_diag(&c->s->diags, mark, "%s: %s needs %s", o->name,
				 name(o, rule->if_resource),
				 name(o, rule->present.resource[i]));
	for (size_t i = 0; i < rule->absent.count; i++)
		if (is_there(c, from, rule->absent.resource[i]))
			imp_diag(&c->s->diags, mark, "%s: %s excludes %s", o->name,
				 name(o, rule->if_resource),
				 name(o, rule->absent.resource[i]));
}

/* What a resource was set to, encoded; empty where it was not, or to something wrong. */
static struct imp_span value_at(const struct compiler *c, size_t from, uint16_t resource)
{
	for (size_t i = from; i < c->count; i++)
		if (c->entry[i].resource == resource)
			return (struct imp_span){ c->values.ptr + c->entry[i].at,
						  c->entry[i].len };
	return (struct imp_span){ 0 };
}

/* What is wrong already is compared with nothing. */
static void check_same(const struct compiler *c, const struct imp_object *o, size_t from,
		       const struct imp_group *same, struct imp_mark mark)
{
	for (size_t i = 1; i < same->count; i++) {
		uint16_t a = same->resource[0], b = same->resource[i];
		struct imp_span x = value_at(c, from, a), y = value_at(c, from, b);
		bool both = x.len > 0 && y.len > 0;

		if (is_there(c, from, a) != is_there(c, from, b) ||
		    (both && !imp_span_eq(x, y)))
			imp_diag(&c->s->diags, mark,
				 "%s: %s and %s come together, with the same value",
				 o->name, name(o, a), name(o, b));
	}
}

static void check_differ(const struct compiler *c, const struct imp_object *o,
			 size_t from, const struct imp_group *differ,
			 struct imp_mark mark)
{
	for (size_t i = 0; i < differ->count; i++)
		for (size_t k = i + 1; k < differ->count; k++) {
			uint16_t a = differ->resource[i], b = differ->resource[k];
			struct imp_span x = value_at(c, from, a);

			if (x.len > 0 && imp_span_eq(x, value_at(c, from, b)))
				imp_diag(&c->s->diags, mark, "%s: %s and %s must differ",
					 o->name, name(o, a), name(o, b));
		}
}

void check_instance(const struct compiler *c, const struct imp_object *o, size_t from,
		    const struct imp_yaml *n)
{
	struct imp_mark mark = n->key_mark;

	c->s->diags.row = uses_variables(n) ? c->s->row : 0;
	for (size_t i = 0; i < o->resources; i++)
		if (o->resource[i].required && !is_there(c, from, o->resource[i].id))
			imp_diag(&c->s->diags, mark, "%s: %s is missing", o->name,
				 o->resource[i].name);
	for (size_t i = 0; i < o->rules; i++) {
		check_condition(c, o, from, &o->rule[i], mark);
		check_same(c, o, from, &o->rule[i].same, mark);
		check_differ(c, o, from, &o->rule[i].differ, mark);
	}
	c->s->diags.row = 0;
}
