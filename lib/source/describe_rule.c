/* SPDX-License-Identifier: Apache-2.0 */
/* Object descriptions: rules. */
#include <stdlib.h>
#include <string.h>

#include "source/describe.h"

enum { RULE_MAX = 8 };

/* The number that a rule names: a named value, true, false or a number. */
static bool rule_value(struct reading *r, const struct imp_resource *res,
		       const struct imp_yaml *n, int64_t *out)
{
	for (size_t i = 0; n->text && i < res->values_count; i++)
		if (strcmp(res->values[i].name, n->text) == 0) {
			*out = res->values[i].number;
			return true;
		}
	if (n->text && (strcmp(n->text, "true") == 0 || strcmp(n->text, "false") == 0)) {
		*out = n->text[0] == 't';
		return true;
	}
	return number_of(r, n, INT32_MIN, UINT32_MAX, out);
}

static void rule_list(struct reading *r, const struct imp_object *o,
		      const struct imp_yaml *n, uint16_t *out, size_t *count)
{
	if (n && (n->kind != IMP_YAML_LIST || n->count > RULE_MAX))
		imp_diag(r->diags, n->mark, "expected a list of at most %d", RULE_MAX);
	for (const struct imp_yaml *c = n ? n->child : NULL; c && *count < RULE_MAX;
	     c = c->next) {
		const struct imp_resource *res =
			c->text ? imp_object_by_name(o, c->text) : NULL;

		if (res)
			out[(*count)++] = res->id;
		else
			imp_diag(r->diags, c->mark, "no such resource");
	}
}

static void read_rule(struct reading *r, const struct imp_object *o,
		      const struct imp_yaml *n, struct imp_rule *out)
{
	static const char *const keys[] = { "if", "present", "absent", NULL };
	const struct imp_yaml *cond = imp_yaml_get(n, "if"),
			      *value = cond ? cond->child : NULL;
	const struct imp_resource *res =
		value && value->key ? imp_object_by_name(o, value->key) : NULL;

	if (n->kind != IMP_YAML_MAP || !res || cond->count != 1 ||
	    value->count > RULE_MAX) {
		imp_diag(
			r->diags, n->mark,
			"expected {if: {RESOURCE: VALUE}, present: [...], absent: [...]}");
		return;
	}
	check_keys(r, n, keys);
	out->if_resource = res->id;
	if (value->kind == IMP_YAML_SCALAR)
		out->if_count = rule_value(r, res, value, &out->if_value[0]);
	for (const struct imp_yaml *c = value->child; c; c = c->next)
		out->if_count += rule_value(r, res, c, &out->if_value[out->if_count]);
	rule_list(r, o, imp_yaml_get(n, "present"), out->present, &out->presents);
	rule_list(r, o, imp_yaml_get(n, "absent"), out->absent, &out->absents);
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
