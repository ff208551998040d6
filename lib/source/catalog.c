/* SPDX-License-Identifier: Apache-2.0 */
/* Reading object descriptions. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "source/build.h"
#include "source/catalog.h"
#include "source/tree.h"

enum { RULE_MAX = 8 };

struct reading {
	struct imp_diags *diags;
	struct imp_mark at; /* of the description at hand, for what is missing in it */
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

/* Never NULL while there is memory: names are compared. */
static char *text_of(struct reading *r, const char *text)
{
	char *s = strdup(text ? text : "");

	r->out_of_memory |= !s;
	return s;
}

static bool number_of(struct reading *r, const struct imp_yaml *n, int64_t min,
		      int64_t max, int64_t *out)
{
	int64_t v = 0;

	if (!n || !n->text || !parse_int(n->text, &v) || v < min || v > max) {
		imp_diag(r->diags, n ? n->mark : r->at,
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

static void read_resources(struct reading *r, const struct imp_yaml *n,
			   struct imp_object *o)
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
	const struct imp_yaml *name = imp_yaml_get(n, "name"),
			      *urn = imp_yaml_get(n, "urn");
	const struct imp_yaml *many = imp_yaml_get(n, "instances"),
			      *rep = imp_yaml_get(n, "reported");
	int64_t id = 0;

	r->at = n->mark;
	o->name = text_of(r, name ? name->text : NULL);
	o->urn = text_of(r, urn ? urn->text : NULL);
	if (n->kind != IMP_YAML_MAP) {
		imp_diag(r->diags, n->mark,
			 "expected {object: N, name: NAME, resources: {...}}");
		return;
	}
	check_keys(r, n, keys);
	number_of(r, imp_yaml_get(n, "object"), 0, UINT16_MAX, &id);
	o->id = (uint16_t)id;
	if (!name || !name->text || !*name->text || strchr(name->text, '/'))
		imp_diag(r->diags, name ? name->mark : n->mark,
			 "object %u: expected a name without a slash", o->id);
	o->multiple = many && word_of(r, many, instances, 2) == 1;
	if (rep && (rep->kind != IMP_YAML_LIST || rep->count > COUNTOF(o->reported)))
		imp_diag(r->diags, rep->mark, "reported: expected a list of at most %zu",
			 COUNTOF(o->reported));
	for (const struct imp_yaml *c = rep ? rep->child : NULL;
	     c && o->reporteds < COUNTOF(o->reported); c = c->next)
		if (number_of(r, c, 0, UINT16_MAX, &id))
			o->reported[o->reporteds++] = (uint16_t)id;
	read_resources(r, imp_yaml_get(n, "resources"), o);
	if (!r->out_of_memory)
		read_rules(r, imp_yaml_get(n, "rules"), o);
}

static int add_object(struct imp_catalog *c, struct imp_object *o, struct reading *r,
		      const struct imp_yaml *n)
{
	struct imp_object *more;

	if (!o->name || imp_catalog_by_id(c, o->id) || imp_catalog_by_name(c, o->name)) {
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
	if (rc || diags.hits == 0)
		return rc;
	rc = imp_diag_format(&diags, imp_secret_span(&bytes), text, err);
	return rc ? rc : imp_fail(err, IMP_EFORMAT, "%s: %zu mistakes", path, diags.hits);
}

static int is_yaml(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return n > 5 && e->d_name[0] != '.' && strcmp(e->d_name + n - 5, ".yaml") == 0;
}

int imp_catalog_read(struct imp_catalog *c, const char *dir, struct imp_secret *text,
		     struct imp_error *err)
{
	struct dirent **list = NULL;
	int n = scandir(dir, &list, is_yaml, alphasort), rc = 0;

	if (n <= 0)
		rc = imp_fail(err, IMP_EUSAGE, "%s: no object descriptions there", dir);
	for (int i = 0; i < n; i++) {
		char *path = NULL;

		if (!rc && asprintf(&path, "%s/%s", dir, list[i]->d_name) < 0)
			rc = imp_fail(err, IMP_ERESOURCE, "out of memory");
		if (!rc)
			rc = imp_catalog_add_file(c, path, text, err);
		free(path);
		free(list[i]);
	}
	free(list);
	return rc;
}
