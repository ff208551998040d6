/* SPDX-License-Identifier: Apache-2.0 */
/* Reading object descriptions. */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "source/catalog.h"
#include "source/tree.h"

struct reading {
	struct imp_diags *diags;
	bool out_of_memory;
};

static bool known_key(const char *key, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(key, *list) == 0)
			return true;
	return false;
}

static void check_keys(struct reading *r, const struct imp_yaml *map,
		       const char *const *list)
{
	for (const struct imp_yaml *n = map->child; n; n = n->next)
		if (n->key && !known_key(n->key, list))
			imp_diag(r->diags, n->key_mark, "unknown key '%s'", n->key);
}

static char *text_of(struct reading *r, const struct imp_yaml *n)
{
	char *s = n && n->text ? strdup(n->text) : NULL;

	if (n && n->text && !s)
		r->out_of_memory = true;
	return s;
}

static bool number_of(struct reading *r, const struct imp_yaml *n, int64_t min,
		      int64_t max, int64_t *out)
{
	char *end = NULL;
	long long v = n && n->text ? strtoll(n->text, &end, 0) : 0;

	if (!n || !n->text || end == n->text || *end || v < min || v > max) {
		imp_diag(r->diags, n ? n->mark : (struct imp_mark){ 0 },
			 "expected a number from %lld to %lld", (long long)min,
			 (long long)max);
		return false;
	}
	*out = v;
	return true;
}

static bool truth_of(struct reading *r, const struct imp_yaml *n)
{
	if (!n)
		return false;
	if (n->text && strcmp(n->text, "true") == 0)
		return true;
	if (!n->text || strcmp(n->text, "false") != 0)
		imp_diag(r->diags, n->mark, "expected true or false");
	return false;
}

/* The index of a word in a list; -1 with a mistake recorded. */
static int word_of(struct reading *r, const struct imp_yaml *n, const char *const *list,
		   size_t count)
{
	for (size_t i = 0; n->text && i < count; i++)
		if (list[i] && strcmp(n->text, list[i]) == 0)
			return (int)i;
	imp_diag(r->diags, n->mark, "'%s' is none of the words that are known here",
		 n->text ? n->text : "(a list)");
	return -1;
}

static size_t children(const struct imp_yaml *n)
{
	return n ? n->count : 0;
}

static void read_named(struct reading *r, const struct imp_yaml *n,
		       struct imp_named **out, size_t *count)
{
	*out = n ? calloc(children(n) + 1, sizeof(**out)) : NULL;
	if (n && !*out) {
		r->out_of_memory = true;
		return;
	}
	for (const struct imp_yaml *c = n ? n->child : NULL; c; c = c->next) {
		struct imp_named *at = &(*out)[(*count)++];

		at->name = c->key ? strdup(c->key) : NULL;
		if (!c->key)
			imp_diag(r->diags, c->mark, "expected NAME: NUMBER");
		number_of(r, c, INT32_MIN, UINT32_MAX, &at->number);
	}
}

/* LOW..HIGH */
static void read_range(struct reading *r, const struct imp_yaml *n,
		       struct imp_resource *out)
{
	long long lo, hi;

	if (!n)
		return;
	if (!n->text || sscanf(n->text, "%lld..%lld", &lo, &hi) != 2 || lo > hi) {
		imp_diag(r->diags, n->mark, "expected LOW..HIGH");
		return;
	}
	out->has_range = true;
	out->min = lo;
	out->max = hi;
}

static void read_resource(struct reading *r, const struct imp_yaml *n,
			  struct imp_resource *out)
{
	static const char *const keys[] = { "id",	"type",	    "range", "unit",
					    "encoding", "values",   "bits",  "multiple",
					    "secret",	"required", NULL };
	static const char *const units[] = { NULL, "s", "min" };
	static const char *const encodings[] = { NULL, "t3324", "t3412-extended",
						 "edrx-wb", "edrx-nb" };
	const struct imp_yaml *type = imp_yaml_get(n, "type"),
			      *unit = imp_yaml_get(n, "unit");
	const struct imp_yaml *encoding = imp_yaml_get(n, "encoding");
	int64_t id = 0;
	int word;

	out->name = n->key ? strdup(n->key) : NULL;
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
	read_named(r, imp_yaml_get(n, "values"), &out->values, &out->values_count);
	read_named(r, imp_yaml_get(n, "bits"), &out->bits, &out->bits_count);
}

static int by_id(const void *a, const void *b)
{
	const struct imp_resource *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

static void read_resources(struct reading *r, const struct imp_yaml *n,
			   struct imp_object *o)
{
	o->resource = calloc(children(n) + 1, sizeof(*o->resource));
	if (!o->resource) {
		r->out_of_memory = true;
		return;
	}
	for (const struct imp_yaml *c = n ? n->child : NULL; c; c = c->next)
		read_resource(r, c, &o->resource[o->resources++]);
	qsort(o->resource, o->resources, sizeof(*o->resource), by_id);
	for (size_t i = 1; i < o->resources; i++)
		if (o->resource[i].id == o->resource[i - 1].id)
			imp_diag(r->diags, n->mark, "two resources have id %u",
				 o->resource[i].id);
}

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
	for (const struct imp_yaml *c = n ? n->child : NULL; c && *count < 8;
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
	const struct imp_yaml *cond = imp_yaml_get(n, "if"),
			      *value = cond ? cond->child : NULL;
	const struct imp_resource *res =
		value && value->key ? imp_object_by_name(o, value->key) : NULL;

	if (!res) {
		imp_diag(
			r->diags, n->mark,
			"expected {if: {RESOURCE: VALUE}, present: [...], absent: [...]}");
		return;
	}
	out->if_resource = res->id;
	if (value->kind == IMP_YAML_SCALAR)
		out->if_count = rule_value(r, res, value, &out->if_value[0]);
	for (const struct imp_yaml *c = value->child; c && out->if_count < 8; c = c->next)
		out->if_count += rule_value(r, res, c, &out->if_value[out->if_count]);
	rule_list(r, o, imp_yaml_get(n, "present"), out->present, &out->presents);
	rule_list(r, o, imp_yaml_get(n, "absent"), out->absent, &out->absents);
}

static void read_rules(struct reading *r, const struct imp_yaml *n, struct imp_object *o)
{
	o->rule = calloc(children(n) + 1, sizeof(*o->rule));
	if (!o->rule) {
		r->out_of_memory = true;
		return;
	}
	for (const struct imp_yaml *c = n ? n->child : NULL; c; c = c->next)
		read_rule(r, o, c, &o->rule[o->rules++]);
}

static void read_object(struct reading *r, const struct imp_yaml *n, struct imp_object *o)
{
	static const char *const keys[] = { "object",	 "name",   "urn",
					    "instances", "source", "reported",
					    "resources", "rules",  NULL };
	static const char *const instances[] = { "single", "multiple" };
	const struct imp_yaml *many = imp_yaml_get(n, "instances"),
			      *rep = imp_yaml_get(n, "reported");
	int64_t id = 0;

	if (n->kind != IMP_YAML_MAP) {
		imp_diag(r->diags, n->mark,
			 "expected {object: N, name: NAME, resources: {...}}");
		return;
	}
	check_keys(r, n, keys);
	number_of(r, imp_yaml_get(n, "object"), 0, UINT16_MAX, &id);
	o->id = (uint16_t)id;
	o->name = text_of(r, imp_yaml_get(n, "name"));
	o->urn = text_of(r, imp_yaml_get(n, "urn"));
	if (!o->name)
		imp_diag(r->diags, n->mark, "object %u: no name", o->id);
	o->multiple = many && word_of(r, many, instances, 2) == 1;
	for (const struct imp_yaml *c = rep ? rep->child : NULL; c && o->reporteds < 32;
	     c = c->next)
		if (number_of(r, c, 0, UINT16_MAX, &id))
			o->reported[o->reporteds++] = (uint16_t)id;
	read_resources(r, imp_yaml_get(n, "resources"), o);
	read_rules(r, imp_yaml_get(n, "rules"), o);
}

static int add_object(struct imp_catalog *c, struct imp_object *o, struct reading *r,
		      const struct imp_yaml *n)
{
	struct imp_object *more;

	if (imp_catalog_by_id(c, o->id) || (o->name && imp_catalog_by_name(c, o->name))) {
		imp_diag(r->diags, n->mark, "object %u (%s) is described already", o->id,
			 o->name ? o->name : "?");
		imp_object_fini(o);
		return 0;
	}
	more = reallocarray(c->object, c->objects + 1, sizeof(*more));
	if (!more) {
		imp_object_fini(o);
		return -IMP_ERESOURCE;
	}
	c->object = more;
	c->object[c->objects++] = *o;
	return 0;
}

static void yaml_freep(struct imp_yaml **y)
{
	imp_yaml_free(y);
}

int imp_catalog_add_file(struct imp_catalog *c, const char *path, struct imp_secret *text,
			 struct imp_error *err)
{
	CLEANUP(imp_diag_fini) struct imp_diags diags = { .file = path };
	CLEANUP(imp_secret_fini) struct imp_secret bytes = { 0 };
	CLEANUP(yaml_freep) struct imp_yaml *root = NULL;
	struct reading r = { .diags = &diags };
	int rc = imp_file_read(path, IMP_YAML_MAX + 1, &bytes, err);

	if (!rc)
		rc = imp_yaml_parse_all(imp_secret_span(&bytes), &diags, &root, err);
	for (const struct imp_yaml *n = root ? root->child : NULL; !rc && n;
	     n = n->next) {
		struct imp_object o = { 0 };

		read_object(&r, n, &o);
		rc = add_object(c, &o, &r, n);
	}
	if (!rc && r.out_of_memory)
		rc = imp_fail(err, IMP_ERESOURCE, "%s: out of memory", path);
	if (rc || diags.count == 0)
		return rc;
	rc = imp_diag_format(&diags, imp_secret_span(&bytes), text, err);
	return rc ? rc
		  : imp_fail(err, IMP_EFORMAT, "%s: %zu mistakes", path, diags.count);
}

int imp_catalog_read(struct imp_catalog *c, const char *dir, struct imp_secret *text,
		     struct imp_error *err)
{
	char pattern[4096];
	glob_t g = { 0 };
	int rc = 0;

	snprintf(pattern, sizeof(pattern), "%s/*.yaml", dir);
	if (glob(pattern, 0, NULL, &g) != 0) {
		globfree(&g);
		return imp_fail(err, IMP_EUSAGE, "%s: no object descriptions there", dir);
	}
	for (size_t i = 0; !rc && i < g.gl_pathc; i++)
		rc = imp_catalog_add_file(c, g.gl_pathv[i], text, err);
	globfree(&g);
	return rc;
}
