/* SPDX-License-Identifier: Apache-2.0 */
/* Reading object descriptions: objects, files, folders. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "source/catalog.h"
#include "source/describe.h"

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

static int refuse(struct imp_object *o)
{
	imp_object_fini(o);
	return 0;
}

/* Is its number or its name another one's? */
static bool is_taken(const struct imp_catalog *c, const struct imp_object *o,
		     struct reading *r, const struct imp_yaml *n)
{
	const struct imp_object *number = imp_catalog_by_id(c, o->id),
				*name = imp_catalog_by_name(c, o->name);

	if (number && number == name)
		imp_diag(r->diags, n->mark, "object %u (%s) is described already", o->id,
			 o->name);
	else if (number)
		imp_diag(r->diags, imp_yaml_get(n, "object")->mark,
			 "object %u is described already, as %s", o->id, number->name);
	if (name && number != name)
		imp_diag(r->diags, imp_yaml_get(n, "name")->mark,
			 "the name %s is taken already, by object %u", o->name, name->id);
	return number || name;
}

/* One with a mistake is no object; the others are read all the same. */
static int add_object(struct imp_catalog *c, struct imp_object *o, struct reading *r,
		      const struct imp_yaml *n, size_t hits, struct imp_error *err)
{
	struct imp_object *more;

	if (r->diags->hits > hits || r->out_of_memory || is_taken(c, o, r, n))
		return refuse(o);
	more = reallocarray(c->object, c->objects + 1, sizeof(*more));
	if (!more) {
		imp_object_fini(o);
		return imp_fail(err, IMP_ERESOURCE, "out of memory");
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
	if (!rc && diags.hits == 0 && children(root) == 0)
		imp_diag(&diags, (struct imp_mark){ 0 }, "describes no object");
	for (const struct imp_yaml *n = root ? root->child : NULL; !rc && n;
	     n = n->next) {
		struct imp_object o = { 0 };
		size_t hits = diags.hits;

		read_object(&r, n, &o);
		rc = imp_wrap(err, add_object(c, &o, &r, n, hits, err), "%s", path);
	}
	if (!rc && r.out_of_memory)
		rc = imp_fail(err, IMP_ERESOURCE, "%s: out of memory", path);
	return rc ? rc : imp_diag_end(&diags, imp_secret_span(&bytes), text, err);
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

	if (n < 0)
		rc = imp_read_failed(dir, err);
	else if (n == 0)
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
