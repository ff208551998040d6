/* SPDX-License-Identifier: Apache-2.0 */
/* Names of objects and resources for showing. */
#include "names.h"
#include "datadir.h"
#include "mistakes.h"
#include "source/catalog.h"

static bool find(void *ctx, unsigned object, unsigned resource, struct show_resource *out)
{
	const struct imp_object *o = imp_catalog_by_id(ctx, object);
	const struct imp_resource *r = o ? imp_object_by_id(o, resource) : NULL;

	out->object = o ? o->name : NULL;
	if (!r)
		return false;
	out->resource = r->name;
	out->secret = r->secret;
	return true;
}

int names_open(struct names *n, const char *dir, struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret text = { 0 };
	char installed[4096];
	int said, rc;

	n->table = (struct show_names){ .ctx = &n->catalog, .find = find };
	objects_dir(installed, sizeof(installed));
	rc = imp_catalog_read(&n->catalog, dir ? dir : installed, &text, err);
	if (rc)
		imp_catalog_fini(&n->catalog);
	if (!dir && rc != -IMP_ERESOURCE)
		return 0;
	said = mistakes_say(&text, rc ? NULL : err);
	return rc ? rc : said;
}

void names_close(struct names *n)
{
	imp_catalog_fini(&n->catalog);
}
