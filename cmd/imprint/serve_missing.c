/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a bundle was for, and who got nothing. */
#include <string.h>

#include "report.h"
#include "serve.h"

/* The bundle. A lone object for a class is for any number of devices. */
static const struct imp_index *bundle(const struct serve *s)
{
	return &s->objects.file[0];
}

size_t serve_devices(const struct serve *s)
{
	return bundle(s)->keys;
}

/* A device that has several items stands at its last. */
static bool is_missing(const struct serve *s, size_t i, struct imp_span ueid)
{
	return ueid.len > 0 && imp_index_find(bundle(s), ueid) == i &&
	       !imp_seen_find(&s->served, ueid);
}

static void tell(const struct serve *s, struct imp_span ueid)
{
	const struct device_work work = { .verb = "serve", .json = s->json };
	struct device d = { .uri = "", .ueid = ueid };

	imp_device_name(ueid, d.name);
	d.rc = imp_fail(&d.err, IMP_EPOLICY, "was not served");
	report_device(&work, &d);
}

int serve_tell_missing(const struct serve *s, struct imp_error *err)
{
	size_t all = serve_devices(s), missing = 0;

	for (size_t i = 0; i < bundle(s)->count; i++) {
		CLEANUP(imp_secret_fini) struct imp_secret bytes = { 0 };
		struct plan p;
		int rc = imp_index_read(bundle(s), i, &bytes, err);

		if (!rc)
			rc = plan_object(s->objects.crypto, imp_secret_span(&bytes), &p,
					 err);
		if (rc)
			return rc;
		if (!is_missing(s, i, p.target.ueid))
			continue;
		missing++;
		tell(s, p.target.ueid);
	}
	return missing == 0 ? 0
			    : imp_fail(err, IMP_EPARTIAL,
				       "serve: %zu of %zu devices were not served",
				       missing, all);
}
