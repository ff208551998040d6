/* SPDX-License-Identifier: Apache-2.0 */
/* Object descriptions: looking up, letting go, suggesting. */
#include <stdlib.h>
#include <string.h>

#include "model/object.h"

static const char *const types[IMP_V_TYPES] = { "text",	 "apn",	 "int",	   "uint",
						"float", "bool", "opaque", "link" };

static const char *const encodings[IMP_ENCODINGS] = {
	NULL,	       "t3324", "t3412-extended", "gprs-timer-3", "edrx-iu",   "edrx-wb",
	"edrx-nb",     "rai",	"plmn",		  "plmn-pair",	  "plmn-list", "list",
	"seconds-list"
};

const char *const *imp_encoding_names(void)
{
	return encodings;
}

const char *const *imp_type_names(void)
{
	return types;
}

const struct imp_object *imp_catalog_by_id(const struct imp_catalog *c, uint32_t id)
{
	for (size_t i = 0; i < c->objects; i++)
		if (c->object[i].id == id)
			return &c->object[i];
	return NULL;
}

const struct imp_object *imp_catalog_by_name(const struct imp_catalog *c,
					     const char *name)
{
	for (size_t i = 0; i < c->objects; i++)
		if (strcmp(c->object[i].name, name) == 0)
			return &c->object[i];
	return NULL;
}

const struct imp_resource *imp_object_by_id(const struct imp_object *o, uint32_t id)
{
	for (size_t i = 0; i < o->resources; i++)
		if (o->resource[i].id == id)
			return &o->resource[i];
	return NULL;
}

const struct imp_resource *imp_object_by_name(const struct imp_object *o,
					      const char *name)
{
	for (size_t i = 0; i < o->resources; i++)
		if (strcmp(o->resource[i].name, name) == 0)
			return &o->resource[i];
	return NULL;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static char small(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Levenshtein's distance of short words; capitals are near enough. */
static size_t distance(const char *a, const char *b)
{
	enum { WORD_MAX = 48 };
	size_t n = strlen(a), m = strlen(b), row[WORD_MAX + 1];

	if (n > WORD_MAX || m > WORD_MAX)
		return WORD_MAX;
	for (size_t j = 0; j <= m; j++)
		row[j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= m; j++) {
			size_t change = diagonal + (small(a[i - 1]) != small(b[j - 1]));

			diagonal = row[j];
			row[j] = least(change, least(row[j], row[j - 1]) + 1);
		}
	}
	return row[m];
}

const char *imp_nearest(const char *word, const char *const *names, size_t count)
{
	const char *best = NULL;
	size_t limit = strlen(word) / 3 + 1, found = limit + 1;

	for (size_t i = 0; i < count; i++) {
		size_t d = distance(word, names[i]);

		if (d < found) {
			found = d;
			best = names[i];
		}
	}
	return best;
}

static void named_fini(struct imp_named *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(list[i].name);
	free(list);
}

void imp_object_fini(struct imp_object *o)
{
	for (size_t i = 0; i < o->resources; i++) {
		struct imp_resource *r = &o->resource[i];

		free(r->name);
		named_fini(r->values, r->values_count);
		named_fini(r->bits, r->bits_count);
	}
	free(o->resource);
	free(o->rule);
	free(o->name);
	free(o->urn);
	*o = (struct imp_object){ 0 };
}

void imp_catalog_fini(struct imp_catalog *c)
{
	for (size_t i = 0; i < c->objects; i++)
		imp_object_fini(&c->object[i]);
	free(c->object);
	*c = (struct imp_catalog){ 0 };
}
