/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a device has refused an object, as far as the ledger can tell. */
#include "ledger/core.h"
#include "ledger/journal.h"

struct count {
	struct imp_span ueid, object;
	uint64_t sent, refused; /* how often */
};

static int count_delivery(void *ctx, const struct imp_found *f, struct imp_error *err)
{
	struct count *c = ctx;

	(void)err;
	c->refused += f->record.type == IMP_LEAF_DELIVERY &&
		      f->record.assurance == IMP_REFUSED &&
		      imp_span_eq(f->record.object, c->object);
	return 0;
}

static int count_sent(void *ctx, const struct imp_found *f, struct imp_error *err)
{
	struct count *c = ctx;

	(void)err;
	c->sent += f->record.type == IMP_LEAF_SENT &&
		   (f->record.ueid.len == 0 || imp_span_eq(f->record.ueid, c->ueid));
	return 0;
}

int imp_find_refused(struct imp_ledger *l, struct imp_span ueid, struct imp_span object,
		     struct imp_error *err)
{
	struct count c = { .ueid = ueid, .object = object };
	int rc = imp_find_each(l, IMP_REF_DEVICE, ueid, count_delivery, &c, err);

	if (rc || c.refused == 0)
		return rc;
	rc = imp_find_each(l, IMP_REF_ITEM, object, count_sent, &c, err);
	return rc ? rc : c.sent <= c.refused;
}
