/* SPDX-License-Identifier: Apache-2.0 */
/* Listing entries. */
#include "ledger/list.h"
#include "ledger/core.h"

struct listing {
	struct imp_ledger *l;
	uint64_t from;
	imp_ledger_entry *fn;
	void *ctx;
};

static int call(void *ctx, const struct imp_row *row, struct imp_error *err)
{
	CLEANUP(imp_found_fini) struct imp_found f = { 0 };
	const struct listing *q = ctx;
	int rc;

	if (row->salt.len == 0)
		return q->fn(q->ctx, row->index,
			     &(struct imp_record){ .type = row->type, .forgotten = true },
			     err);
	rc = imp_found_take(q->l, row, &f, err);
	return rc > 0 ? q->fn(q->ctx, f.index, &f.record, err) : rc;
}

static int list(struct imp_ledger *l, void *ctx, struct imp_error *err)
{
	struct listing *q = ctx;

	q->l = l;
	return imp_each_row(l, q->from, call, q, err);
}

int imp_ledger_each(struct imp_ledger *l, uint64_t from, imp_ledger_entry *fn, void *ctx,
		    struct imp_error *err)
{
	struct listing q = { .from = from, .fn = fn, .ctx = ctx };

	return imp_ledger_read(l, list, &q, err);
}
