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

static void check_rule(const struct compiler *c, const struct imp_object *o, size_t from,
		       const struct imp_rule *rule, struct imp_mark mark)
{
	bool applies = false;
	int64_t is = 0;

	if (number_at(c, from, rule->if_resource, &is))
		for (size_t i = 0; i < rule->if_count; i++)
			applies |= rule->if_value[i] == is;
	if (!applies)
		return;
	for (size_t i = 0; i < rule->presents; i++)
		if (!is_there(c, from, rule->present[i]))
			imp_diag(&c->s->diags, mark, "%s: %s needs %s", o->name,
				 imp_object_by_id(o, rule->if_resource)->name,
				 imp_object_by_id(o, rule->present[i])->name);
	for (size_t i = 0; i < rule->absents; i++)
		if (is_there(c, from, rule->absent[i]))
			imp_diag(&c->s->diags, mark, "%s: %s excludes %s", o->name,
				 imp_object_by_id(o, rule->if_resource)->name,
				 imp_object_by_id(o, rule->absent[i])->name);
}

void check_instance(const struct compiler *c, const struct imp_object *o, size_t from,
		    struct imp_mark mark)
{
	for (size_t i = 0; i < o->resources; i++)
		if (o->resource[i].required && !is_there(c, from, o->resource[i].id))
			imp_diag(&c->s->diags, mark, "%s: %s is missing", o->name,
				 o->resource[i].name);
	for (size_t i = 0; i < o->rules; i++)
		check_rule(c, o, from, &o->rule[i], mark);
}
