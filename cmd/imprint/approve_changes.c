/* SPDX-License-Identifier: Apache-2.0 */
/* What profiles change, compared with what devices hold. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "approve.h"

enum { SHOWN = 20 /* devices, at most */ };

static int hold(void *ctx, const struct held *h, const struct imp_profile_source *source,
		struct imp_error *err)
{
	(void)source;
	return held_add(ctx, h, err);
}

static int read_file(struct changes *c, const char *path, const struct verifier *v,
		     struct imp_error *err)
{
	const struct side_work w = {
		.crypto = c->diff.crypto, .verifier = v, .each = hold, .ctx = &c->list
	};
	int rc = side_open(&c->side, path, err);

	if (!rc && c->side.kind == SIDE_YAML)
		rc = imp_fail(err, IMP_EUSAGE,
			      "%s: is YAML: expected profiles, signed profiles, packages "
			      "or evidence",
			      path);
	return rc ? rc : side_read(&c->side, &w, err);
}

int changes_open(struct changes *c, const char *against, const struct dev_args *dev,
		 struct verifier *v, struct imp_error *err)
{
	const char *name = against ? against : "the devices";
	int rc;

	c->diff.name[0] = name;
	c->proven = v != NULL;
	c->diff.f = open_memstream(&c->text, &c->len);
	if (!c->diff.f)
		return imp_fail(err, IMP_ERESOURCE, "out of memory");
	rc = against ? read_file(c, against, v, err)
		     : devices_read(dev, v, c->diff.json, &c->list, err);
	return rc ? rc : held_sort(&c->list, name, err);
}

int changes_add(struct changes *c, struct imp_span object, struct imp_error *err)
{
	struct held h = { 0 };
	struct held_entry *e;
	int rc = held_take_signed(c->diff.crypto, object, &h, err);

	if (rc)
		return rc;
	e = held_find(&c->list, held_ueid(&h), h.domain);
	if (!e)
		e = held_find(&c->list, held_ueid(&h), NO_DOMAIN);
	if (c->diff.differing == SHOWN) { /* the others are counted */
		fclose(c->diff.f);
		c->diff.f = fopen("/dev/null", "w");
	}
	return c->diff.f ? diff_one(&c->diff, e ? held_at(&c->list, e) : NULL, &h, err)
			 : imp_fail(err, IMP_ERESOURCE, "/dev/null: %s", strerror(errno));
}

void changes_show(struct changes *c, FILE *f)
{
	const struct diff_report *r = &c->diff;

	fflush(r->f);
	fprintf(f, "what changes, compared with %s%s:\n%s", r->name[0],
		c->proven ? "" : ", unproven", c->text ? c->text : "");
	if (r->differing > SHOWN)
		fprintf(f, "... and %" PRIu64 " more: imprint diff shows all\n",
			r->differing - SHOWN);
	fprintf(f, "%" PRIu64 " of %" PRIu64 " change\n", r->differing, r->total);
}

void changes_fini(struct changes *c)
{
	if (c->diff.f)
		fclose(c->diff.f);
	free(c->text);
	side_close(&c->side);
	held_fini(&c->list);
}
