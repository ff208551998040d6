/* SPDX-License-Identifier: Apache-2.0 */
/* Object descriptions: mistakes in words, or objects that hold together. */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "source/catalog.h"

static void whole_group(const struct imp_object *o, const struct imp_group *g)
{
	for (size_t i = 0; i < g->count; i++)
		MUST(imp_object_by_id(o, g->resource[i]));
}

static void whole(const struct imp_object *o)
{
	MUST(o->name && *o->name && o->resources > 0);
	for (size_t i = 0; i < o->resources; i++) {
		const struct imp_resource *r = &o->resource[i];

		MUST(r->name && (i == 0 || r[-1].id < r->id));
		MUST(r->type < IMP_V_TYPES && r->encoding < IMP_ENCODINGS);
		MUST(!r->has_range || r->min <= r->max);
	}
	for (size_t i = 0; i < o->rules; i++) {
		MUST(imp_object_by_id(o, o->rule[i].if_resource) ||
		     o->rule[i].if_count == 0);
		whole_group(o, &o->rule[i].present);
		whole_group(o, &o->rule[i].absent);
		whole_group(o, &o->rule[i].same);
		whole_group(o, &o->rule[i].differ);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("catalog", MFD_CLOEXEC), rc;
	struct imp_catalog c = { 0 };
	struct imp_secret text = { 0 };
	struct imp_error err;
	char path[32];

	MUST(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/dev/fd/%d", fd);
	rc = imp_catalog_add_file(&c, path, &text, &err);
	MUST(rc == 0 || rc == -IMP_EFORMAT);
	MUST((rc == 0) == (text.len == 0) && (rc != 0 || c.objects > 0));
	for (size_t i = 0; rc == 0 && i < c.objects; i++)
		whole(&c.object[i]);
	imp_secret_fini(&text);
	imp_catalog_fini(&c);
	close(fd);
	return 0;
}
