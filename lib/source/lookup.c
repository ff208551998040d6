/* SPDX-License-Identifier: Apache-2.0 */
/* Names under settings: which object and resource they mean, and what is secret. */
#include <string.h>

#include "source/build.h"

/* "apn/0", "cellular", "11/0": an object and an instance. NULL: no such object, or no
 * such way to write one (*wrong). */
static const struct imp_object *find_object(const struct imp_catalog *c, const char *key,
					    uint16_t *instance, bool *wrong)
{
	const char *slash = strchr(key, '/');
	size_t len = slash ? (size_t)(slash - key) : strlen(key);
	const struct imp_object *o;
	char name[64];
	uint64_t i = 0, id;

	*wrong = len >= sizeof(name) || (slash && !parse_uint(slash + 1, UINT16_MAX, &i));
	if (*wrong)
		return NULL;
	*instance = (uint16_t)i;
	memcpy(name, key, len);
	name[len] = '\0';
	o = imp_catalog_by_name(c, name);
	if (!o && parse_uint(name, UINT16_MAX, &id))
		o = imp_catalog_by_id(c, (uint32_t)id);
	return o;
}

struct imp_mark imp_profile_source_object(const struct imp_profile_source *s,
					  uint16_t object, uint16_t instance)
{
	for (const struct imp_yaml *n = s->settings->child; n; n = n->next) {
		uint16_t i = 0;
		bool wrong;
		const struct imp_object *o = find_object(&s->catalog, n->key, &i, &wrong);

		if (o && o->id == object && i == instance)
			return n->key_mark;
	}
	return (struct imp_mark){ 0 };
}

const struct imp_resource *find_resource(const struct imp_object *o, const char *key)
{
	const struct imp_resource *r = imp_object_by_name(o, key);
	uint64_t id;

	if (!r && parse_uint(key, UINT16_MAX, &id))
		r = imp_object_by_id(o, (uint32_t)id);
	return r;
}

static void unknown(struct imp_profile_source *s, struct imp_mark mark, const char *what,
		    const char *word, const char *near)
{
	s->diags.near = near;
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

/* An object that has a resource of this name; NULL: none. */
static const struct imp_object *owner_of(const struct imp_catalog *c, const char *name)
{
	for (size_t i = 0; i < c->objects; i++)
		if (imp_object_by_name(&c->object[i], name))
			return &c->object[i];
	return NULL;
}

bool names_object(const struct imp_catalog *c, const char *key)
{
	uint16_t instance;
	bool wrong;

	return find_object(c, key, &instance, &wrong) != NULL;
}

const struct imp_object *lookup_object(struct imp_profile_source *s,
				       const struct imp_yaml *n, uint16_t *instance)
{
	bool wrong;
	const struct imp_object *o = find_object(&s->catalog, n->key, instance, &wrong);
	const struct imp_object *owner = NULL;
	char word[64] = "";

	if (wrong) {
		imp_diag(&s->diags, n->key_mark,
			 "'%.64s': expected OBJECT or OBJECT/INSTANCE", n->key);
	} else if (!o && (owner = owner_of(&s->catalog, n->key))) {
		imp_diag(&s->diags, n->key_mark,
			 "'%.40s' is a resource: indent it below %s:", n->key,
			 owner->name);
	} else if (!o) {
		memcpy(word, n->key, strcspn(n->key, "/"));
		unknown(s, n->key_mark, "object", word, near_object(&s->catalog, word));
	} else if (!o->multiple && *instance != 0) {
		imp_diag(&s->diags, n->key_mark, "%s: has one instance, 0", o->name);
	}
	return o;
}

static bool is_reported(const struct imp_object *o, uint64_t resource)
{
	for (size_t i = 0; i < o->reporteds; i++)
		if (o->reported[i] == resource)
			return true;
	return false;
}

static void unknown_resource(struct imp_profile_source *s, const struct imp_object *o,
			     const struct imp_yaml *n)
{
	const struct imp_object *other = owner_of(&s->catalog, n->key);

	if (other)
		imp_diag(&s->diags, n->key_mark,
			 "unknown resource '%s' of %s: it belongs to %s", n->key, o->name,
			 other->name);
	else
		unknown(s, n->key_mark, "resource", n->key, near_resource(o, n->key));
}

const struct imp_resource *lookup_resource(struct imp_profile_source *s,
					   const struct imp_object *o,
					   const struct imp_yaml *n)
{
	const struct imp_resource *r = find_resource(o, n->key);
	uint64_t id;

	if (r && is_reported(o, r->id)) {
		imp_diag(&s->diags, n->key_mark, "%s: is reported by the device, not set",
			 r->name);
		return NULL;
	}
	if (!r && parse_uint(n->key, UINT16_MAX, &id) && is_reported(o, id))
		imp_diag(&s->diags, n->key_mark,
			 "%s: resource %s is reported by the device, not set", o->name,
			 n->key);
	else if (!r)
		unknown_resource(s, o, n);
	return r;
}

/* Keys, too: {abc} is a map with a key abc. */
static void hide(struct imp_profile_source *s, const struct imp_yaml *n, bool key)
{
	if (key && !is_form(n->key))
		imp_diag_mask(&s->diags, n->key_mark);
	if (n->kind == IMP_YAML_SCALAR)
		imp_diag_mask(&s->diags, n->mark);
	for (const struct imp_yaml *c = n->child; c; c = c->next)
		hide(s, c, c->key != NULL);
}

static void hide_resource(struct imp_profile_source *s, const struct imp_object *o,
			  const struct imp_yaml *n)
{
	const struct imp_resource *r = n->key ? find_resource(o, n->key) : NULL;

	if (r && !r->secret)
		return;
	hide(s, n, false);
	variables_hide(s, n);
}

void settings_hide(struct imp_profile_source *s)
{
	for (const struct imp_yaml *n = s->settings->child; n; n = n->next) {
		uint16_t instance;
		bool wrong;
		const struct imp_object *o =
			n->key ? find_object(&s->catalog, n->key, &instance, &wrong)
			       : NULL;

		if (!o || n->kind != IMP_YAML_MAP) {
			hide(s, n, false);
			variables_hide(s, n);
			continue;
		}
		for (const struct imp_yaml *c = n->child; c; c = c->next)
			hide_resource(s, o, c);
	}
}
