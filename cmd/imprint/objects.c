/* SPDX-License-Identifier: Apache-2.0 */
/* The objects of files, found by the device that they are for. */
#include "plan.h"

/* Is there one before it for the same domain of the same device? */
static int is_second(struct objects *o, const struct imp_index *x, const struct plan *p,
		     struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret bytes = { 0 };
	uint32_t i = imp_index_find(x, p->target.ueid);

	for (; i != IMP_SEEN_NOWHERE; i = x->place[i].previous) {
		struct plan before;
		int rc = imp_index_read(x, i, &bytes, err);

		if (!rc)
			rc = plan_object(o->crypto, imp_secret_span(&bytes), &before,
					 err);
		if (rc)
			return rc;
		if (before.entry.kind != IMP_ENTRY_PROFILE ||
		    p->entry.kind != IMP_ENTRY_PROFILE ||
		    before.entry.domain == p->entry.domain)
			return 1;
	}
	return 0;
}

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
	rc = key->len > 0 ? is_second(o, &o->file[o->files], &plan, err) : 0;
	if (rc <= 0)
		return rc;
	imp_device_name(*key, name);
	return imp_hint(err, imp_fail(err, IMP_EUSAGE, "the second one for %s", name),
			"push --index N sends one of them");
}

int objects_open(struct objects *o, struct imp_crypto *crypto, const char *path,
		 struct imp_error *err)
{
	int rc;

	o->crypto = crypto;
	rc = imp_index_open(&o->file[o->files], path, IMP_BATCH_PACKAGES, key_of, o, err);
	o->files += !rc;
	return rc;
}

/* A lone object may be for a class, or the device may hide who it is. */
static bool is_for_anyone(const struct imp_index *x, const struct device *d)
{
	return x->count == 1 && (x->keys == 0 || d->ueid.len == 0);
}

/* The items of one file, in its order. */
static void list_file(const struct imp_index *x, size_t file, const struct device *d,
		      struct objects_of *out)
{
	size_t first = out->count;
	uint32_t i = d->ueid.len > 0 ? imp_index_find(x, d->ueid) : IMP_SEEN_NOWHERE;

	if (i == IMP_SEEN_NOWHERE && is_for_anyone(x, d))
		out->at[out->count++] = (struct object_at){ file, 0 };
	for (; i != IMP_SEEN_NOWHERE && out->count < COUNTOF(out->at);
	     i = x->place[i].previous) {
		for (size_t k = out->count; k > first; k--)
			out->at[k] = out->at[k - 1];
		out->at[first] = (struct object_at){ file, i };
		out->count++;
	}
}

static int nothing(const struct objects *o, struct device *d)
{
	int rc =
		imp_fail(&d->err, IMP_EPOLICY, "%s: %s: nothing for it in %s%s", d->uri,
			 d->name, o->file[0].name, o->files > 1 ? " and the others" : "");

	return d->ueid.len > 0 ? rc : device_hint_hidden(d, rc);
}

/* Two files may be for two domains of a device, not for one. */
static int check_domains(const struct objects *o, struct device *d,
			 const struct objects_of *l)
{
	uint16_t seen = 0;
	int rc = 0;

	for (size_t i = 0; o->files > 1 && !rc && i < l->count; i++) {
		struct plan p;

		rc = objects_take(o, d, l->at[i], &p);
		if (rc || p.entry.kind != IMP_ENTRY_PROFILE)
			continue;
		if (seen >> p.entry.domain & 1)
			rc = imp_fail(&d->err, IMP_EUSAGE,
				      "%s: %s: %s has a second one for its domain %u",
				      d->uri, d->name, o->file[l->at[i].file].name,
				      p.entry.domain);
		seen |= (uint16_t)(1u << p.entry.domain);
	}
	return rc;
}

int objects_list(const struct objects *o, struct device *d, size_t number,
		 struct objects_of *out)
{
	*out = (struct objects_of){ 0 };
	if (number > 0)
		out->at[out->count++] = (struct object_at){ 0, number - 1 };
	for (size_t i = 0; number == 0 && i < o->files; i++)
		list_file(&o->file[i], i, d, out);
	return out->count == 0 ? nothing(o, d) : check_domains(o, d, out);
}

int objects_take(const struct objects *o, struct device *d, struct object_at at,
		 struct plan *out)
{
	int rc = imp_index_read(&o->file[at.file], at.item, &d->object, &d->err);

	if (rc)
		return rc;
	rc = plan_object(d->crypto, imp_secret_span(&d->object), out, &d->err);
	if (!rc || !o->any)
		return rc;
	*out = (struct plan){ .object = imp_secret_span(&d->object), .what = "object" };
	return 0;
}

static void join(struct device *d, const char *before)
{
	char last[sizeof(d->says)];

	if (!before[0])
		return;
	snprintf(last, sizeof(last), "%s", d->says);
	snprintf(d->says, sizeof(d->says), "%.*s; %s", (int)sizeof(d->says) / 2, before,
		 last);
}

int objects_each(const struct objects *o, struct device *d, const struct objects_of *all,
		 struct verifier *v,
		 int (*one)(struct device *d, const struct plan *plan, void *ctx),
		 void *ctx)
{
	bool again = true;
	int rc = 0;

	for (size_t i = 0; !rc && i < all->count; i++) {
		char before[sizeof(d->says)];
		struct plan plan;

		snprintf(before, sizeof(before), "%s", d->says);
		rc = objects_take(o, d, all->at[i], &plan);
		if (!rc)
			rc = verifier_allows(v, d, plan.object);
		if (!rc)
			rc = one(d, &plan, ctx);
		again &= d->again;
		if (!rc)
			join(d, before);
		if (!rc && !d->dry && i + 1 < all->count)
			rc = verifier_keep(v, d);
	}
	d->again = again;
	return rc;
}

void objects_close(struct objects *o)
{
	for (size_t i = 0; i < COUNTOF(o->file); i++)
		imp_index_close(&o->file[i]);
}
