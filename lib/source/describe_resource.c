/* SPDX-License-Identifier: Apache-2.0 */
/* Object descriptions: resources. */
#include <stdlib.h>
#include <string.h>

#include "source/build.h"
#include "source/describe.h"

static void read_named(struct reading *r, const struct imp_yaml *n, int64_t max,
		       struct imp_named **out, size_t *count)
{
	if (!n)
		return;
	if (n->kind != IMP_YAML_MAP) {
		imp_diag(r->diags, n->mark, "expected {NAME: NUMBER, ...}");
		return;
	}
	*out = calloc(children(n) + 1, sizeof(**out));
	r->out_of_memory |= !*out;
	for (const struct imp_yaml *c = *out ? n->child : NULL; c; c = c->next) {
		struct imp_named *at = &(*out)[(*count)++];

		at->name = text_of(r, c->key);
		number_of(r, c, 0, max, &at->number);
	}
}

/* LOW..HIGH */
static void read_range(struct reading *r, const struct imp_yaml *n,
		       struct imp_resource *out)
{
	const char *dots = n && n->text ? strstr(n->text, "..") : NULL;
	char low[32] = "";

	if (!n)
		return;
	if (dots && dots - n->text < (ptrdiff_t)sizeof(low))
		memcpy(low, n->text, (size_t)(dots - n->text));
	if (!dots || !parse_int(low, &out->min) || !parse_int(dots + 2, &out->max) ||
	    out->min > out->max)
		imp_diag(r->diags, n->mark, "expected LOW..HIGH");
	out->has_range = true;
}

/* What is said about a value must fit its type. */
static void check_resource(struct reading *r, const struct imp_yaml *n,
			   const struct imp_resource *out)
{
	bool number = out->type == IMP_V_INT || out->type == IMP_V_UINT;
	bool timer = out->encoding == IMP_ENC_T3324 || out->encoding == IMP_ENC_T3412;
	bool edrx = out->encoding != IMP_ENC_NONE && !timer;

	if (!number && (out->has_range || out->values || out->bits || out->unit))
		imp_diag(r->diags, n->key_mark,
			 "%s: range, values, bits and unit are for int and uint", n->key);
	if (timer && (!number || out->unit != IMP_UNIT_S))
		imp_diag(r->diags, n->key_mark, "%s: a timer is an int with unit s",
			 n->key);
	if (edrx && out->type != IMP_V_OPAQUE)
		imp_diag(r->diags, n->key_mark, "%s: eDRX is opaque", n->key);
	if ((out->values || out->unit) && out->bits)
		imp_diag(r->diags, n->key_mark, "%s: bits stand alone", n->key);
}

static void read_resource(struct reading *r, const struct imp_yaml *n,
			  struct imp_resource *out)
{
	static const char *const keys[] = { "id",	"type",	    "range", "unit",
					    "encoding", "values",   "bits",  "multiple",
					    "secret",	"required", NULL };
	static const char *const units[] = { NULL, "s", "min" };
	static const char *const encodings[] = { NULL,	    "t3324",   "t3412-extended",
						 "edrx-iu", "edrx-wb", "edrx-nb" };
	const struct imp_yaml *type = imp_yaml_get(n, "type"),
			      *unit = imp_yaml_get(n, "unit");
	const struct imp_yaml *encoding = imp_yaml_get(n, "encoding");
	int64_t id = 0;
	int word;

	out->name = text_of(r, n->key);
	r->at = n->mark;
	if (n->kind != IMP_YAML_MAP || !n->key) {
		imp_diag(r->diags, n->mark, "expected NAME: {id: N, type: TYPE, ...}");
		return;
	}
	check_keys(r, n, keys);
	number_of(r, imp_yaml_get(n, "id"), 0, UINT16_MAX, &id);
	out->id = (uint16_t)id;
	word = type ? word_of(r, type, imp_type_names(), IMP_V_TYPES) : -1;
	if (!type)
		imp_diag(r->diags, n->mark, "resource %s: no type", n->key);
	out->type = word < 0 ? IMP_V_TEXT : (enum imp_value_type)word;
	word = unit ? word_of(r, unit, units, COUNTOF(units)) : 0;
	out->unit = word < 0 ? IMP_UNIT_NONE : (enum imp_unit)word;
	word = encoding ? word_of(r, encoding, encodings, COUNTOF(encodings)) : 0;
	out->encoding = word < 0 ? IMP_ENC_NONE : (enum imp_encoding)word;
	out->multiple = truth_of(r, imp_yaml_get(n, "multiple"));
	out->secret = truth_of(r, imp_yaml_get(n, "secret"));
	out->required = truth_of(r, imp_yaml_get(n, "required"));
	read_range(r, imp_yaml_get(n, "range"), out);
	read_named(r, imp_yaml_get(n, "values"), UINT32_MAX, &out->values,
		   &out->values_count);
	read_named(r, imp_yaml_get(n, "bits"), 31, &out->bits, &out->bits_count);
	check_resource(r, n, out);
}

static int by_id(const void *a, const void *b)
{
	const struct imp_resource *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

void read_resources(struct reading *r, const struct imp_yaml *n, struct imp_object *o)
{
	o->resource = calloc(children(n) + 1, sizeof(*o->resource));
	if (!o->resource) {
		r->out_of_memory = true;
		return;
	}
	if (!n || n->kind != IMP_YAML_MAP || n->count == 0) {
		imp_diag(r->diags, n ? n->mark : r->at,
			 "resources: expected NAME: {id: N, type: TYPE, ...}");
		return;
	}
	for (const struct imp_yaml *c = n->child; c; c = c->next)
		read_resource(r, c, &o->resource[o->resources++]);
	qsort(o->resource, o->resources, sizeof(*o->resource), by_id);
	for (size_t i = 1; i < o->resources; i++)
		if (o->resource[i].id == o->resource[i - 1].id)
			imp_diag(r->diags, n->mark, "two resources have id %u",
				 o->resource[i].id);
}
