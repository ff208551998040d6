/* SPDX-License-Identifier: Apache-2.0 */
/* What the registry says of a device: its entries, one after another. */
#include <stdio.h>
#include <string.h>

#include "ledger/core.h"
#include "ledger/registry.h"

void imp_device_fini(struct imp_device *d)
{
	imp_secret_fini(&d->card);
	*d = (struct imp_device){ 0 };
}

static void take_reason(struct imp_device *d, const struct imp_record *r)
{
	snprintf(d->reason, sizeof(d->reason), "%.*s", (int)r->reason.len,
		 (const char *)r->reason.ptr);
}

static int take_card(struct imp_device *d, const struct imp_found *f,
		     struct imp_error *err)
{
	const struct imp_record *r = &f->record;

	d->entry = f->index;
	d->assurance = (enum imp_assurance)(r->assurance <= IMP_ENDORSED ? r->assurance
									 : IMP_ASSERTED);
	d->quarantined = false;
	memcpy(d->signing, r->signing.ptr, sizeof(d->signing));
	memcpy(d->sealing, r->sealing.ptr, sizeof(d->sealing));
	return imp_secret_set(&d->card, r->bytes, err);
}

/* What each entry about a device changes. */
static int fold(void *ctx, const struct imp_found *f, struct imp_error *err)
{
	const struct imp_record *r = &f->record;
	struct imp_device *d = ctx;

	switch (r->type) {
	case IMP_LEAF_DEVICE:
		return take_card(d, f, err);
	case IMP_LEAF_CONFIRM:
		if (imp_span_eq(r->signing, IMP_SPAN(d->signing)) &&
		    d->assurance < IMP_CONFIRMED)
			d->assurance = IMP_CONFIRMED;
		return 0;
	case IMP_LEAF_QUARANTINE:
		d->quarantined = true;
		take_reason(d, r);
		return 0;
	case IMP_LEAF_REINSTATE:
		d->quarantined = false;
		d->reinstated = f->index;
		return 0;
	case IMP_LEAF_RETIRE:
		d->retired = true;
		take_reason(d, r);
		return 0;
	default:
		return 0;
	}
}

int imp_find_device(struct imp_ledger *l, struct imp_span ueid, struct imp_device *out,
		    struct imp_error *err)
{
	int rc;

	imp_device_fini(out);
	rc = imp_find_each(l, IMP_REF_REGISTRY, ueid, fold, out, err);
	return rc ? rc : out->card.len > 0;
}

struct lookup {
	struct imp_span ueid;
	struct imp_device *out;
};

static int look_up(struct imp_ledger *l, void *ctx, struct imp_error *err)
{
	struct lookup *q = ctx;

	return imp_find_device(l, q->ueid, q->out, err);
}

int imp_ledger_device(struct imp_ledger *l, struct imp_span ueid, struct imp_device *out,
		      struct imp_error *err)
{
	struct lookup q = { ueid, out };

	return imp_ledger_read(l, look_up, &q, err);
}

int imp_ledger_known(struct imp_ledger *l, struct imp_crypto *crypto,
		     const struct imp_factories *factories, struct imp_span ueid,
		     bool retired, struct imp_known *out, struct imp_error *err)
{
	CLEANUP(imp_device_fini) struct imp_device d = { 0 };
	int rc = imp_ledger_device(l, ueid, &d, err);

	if (rc <= 0)
		return rc;
	if (d.quarantined || (d.retired && !retired)) {
		char name[80];

		imp_device_name(ueid, name);
		rc = imp_fail(err, IMP_EPOLICY, "%s: is %s: %s", name,
			      d.retired ? "retired" : "quarantined", d.reason);
		return d.retired ? imp_hint(err, rc, IMP_HINT_RETIRED) : rc;
	}
	rc = imp_known_check(crypto, imp_secret_span(&d.card), NULL, factories, out, err);
	if (rc)
		return imp_wrap(err, rc, "%s: entry %llu", l->db->shown,
				(unsigned long long)d.entry);
	/* What a station wrote is its word alone: whoever names factories asks theirs. */
	if (factories->count == 0 && out->assurance < d.assurance)
		out->assurance = d.assurance;
	return 1;
}
