/* SPDX-License-Identifier: Apache-2.0 */
/* The objects of a file, each found by the device it is for. */
#include "plan.h"

static int key_of(void *ctx, struct imp_span item, struct imp_span *key,
		  struct imp_error *err)
{
	struct objects *o = ctx;
	struct plan plan;
	char name[80];
	int rc = plan_object(o->crypto, item, &plan, err);

	*key = rc || o->any ? (struct imp_span){ 0 } : plan.target.ueid;
	if (rc)
		return o->any ? 0 : rc;
	if (key->len == 0 || imp_index_find(&o->index, *key) == IMP_SEEN_NOWHERE)
		return 0;
	imp_device_name(*key, name);
	return imp_hint(err, imp_fail(err, IMP_EUSAGE, "the second one for %s", name),
			"push --index N sends one of them");
}

int objects_open(struct objects *o, struct imp_crypto *crypto, const char *path,
		 struct imp_error *err)
{
	o->crypto = crypto;
	return imp_index_open(&o->index, path, IMP_BATCH_PACKAGES, key_of, o, err);
}

/* A lone object may be for a class, or the device may hide who it is. */
static bool is_for_anyone(const struct objects *o, const struct device *d)
{
	return o->index.count == 1 && (o->index.keys == 0 || d->ueid.len == 0);
}

int objects_find(const struct objects *o, struct device *d, size_t number,
		 struct plan *out)
{
	size_t i = number > 0	      ? number - 1
		   : d->ueid.len == 0 ? IMP_SEEN_NOWHERE
				      : imp_index_find(&o->index, d->ueid);
	int rc;

	if (i == IMP_SEEN_NOWHERE && is_for_anyone(o, d))
		i = 0;
	if (i == IMP_SEEN_NOWHERE)
		return imp_fail(&d->err, IMP_EPOLICY, "%s: %s: nothing for it in %s",
				d->uri, d->name, o->index.name);
	rc = imp_index_read(&o->index, i, &d->object, &d->err);
	if (rc)
		return rc;
	rc = plan_object(d->crypto, imp_secret_span(&d->object), out, &d->err);
	if (!rc || !o->any)
		return rc;
	*out = (struct plan){ .object = imp_secret_span(&d->object), .what = "object" };
	return 0;
}

void objects_close(struct objects *o)
{
	imp_index_close(&o->index);
}
