/* SPDX-License-Identifier: Apache-2.0 */
/* Object descriptions: rules. */
#include <stdlib.h>
#include <string.h>

#include "source/describe.h"

enum { RULE_MAX = 8 };

static void read_group(struct reading *r, const struct imp_object *o,
		       const struct imp_yaml *n, struct imp_group *out)
{
	if (n && (n->kind != IMP_YAML_LIST || n->count > RULE_MAX))
		imp_diag(r->diags, n->mark, "expected a list of at most %d", RULE_MAX);
	for (const struct imp_yaml *c = n ? n->child : NULL; c && out->count < RULE_MAX;
	     c = c->next) {
		const struct imp_resource *res =
			c->text ? imp_object_by_name(o, c->text) : NULL;

		if (res)
			out->resource[out->count++] = res->id;
		else
			imp_diag(r->diags, c->mark, "no such resource");
	}
}

static void read_condition(struct reading *r, const struct imp_object *o,
			   const struct imp_yaml *cond, struct imp_rule *out)
{
	const struct imp_yaml *value = cond->child;
	const struct imp_resource *res =
		value && value->key ? imp_object_by_name(o, value->key) : NULL;

	if (!res || cond->count != 1 || value->count > RULE_MAX) {
		imp_diag(r->diags, cond->mark, "expected {RESOURCE: VALUE}");
		return;
	}
	out->if_resource = res->id;
	if (value->kind == IMP_YAML_SCALAR)
		out->if_count = value_of_node(r, res, value, &out->if_value[0]);
	for (const struct imp_yaml *c = value->child; c; c = c->next)
		out->if_count += value_of_node(r, res, c, &out->if_value[out->if_count]);
}

/* A condition belongs to present and absent, and to nothing else. */
static void read_rule(struct reading *r, const struct imp_object *o,
		      const struct imp_yaml *n, struct imp_rule *out)
{
	static const char *const keys[] = { "if",   "present", "absent",
					    "same", "differ",  NULL };
	const struct imp_yaml *cond = imp_yaml_get(n, "if");
	bool unconditional = imp_yaml_get(n, "same") || imp_yaml_get(n, "differ");

	if (n->kind != IMP_YAML_MAP || !cond == !unconditional) {
		imp_diag(
			r->diags, n->mark,
			"expected {if: {RESOURCE: VALUE}, present: [...], absent: [...]}, "
			"{same: [...]} or {differ: [...]}");
		return;
	}
	check_keys(r, n, keys);
	if (cond)
		read_condition(r, o, cond, out);
	read_group(r, o, imp_yaml_get(n, "present"), &out->present);
	read_group(r, o, imp_yaml_get(n, "absent"), &out->absent);
	read_group(r, o, imp_yaml_get(n, "same"), &out->same);
	read_group(r, o, imp_yaml_get(n, "differ"), &out->differ);
}

void read_rules(struct reading *r, const struct imp_yaml *n, struct imp_object *o)
{
	o->rule = calloc(children(n) + 1, sizeof(*o->rule));
	if (!o->rule) {
		r->out_of_memory = true;
		return;
	}
	for (const struct imp_yaml *c = n ? n->child : NULL; c; c = c->next)
		read_rule(r, o, c, &o->rule[o->rules++]);
}
