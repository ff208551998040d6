/* SPDX-License-Identifier: Apache-2.0 */
/* Verifying the signatures of cards and evidence again, by several threads. */
#include <stdlib.h>

#include "base/grow.h"
#include "issue/pool.h"
#include "ledger/audit_case.h"
#include "object/signed.h"

/* What the ledger says travels with an item's number. */
enum { IS_CARD = 4, SAID = 3, NUMBER_AT = 3 };

struct resigning {
	struct imp_audit_run *r;
	struct imp_pool *pool;
};

static enum imp_verdict judge_card(const struct imp_audit_run *r,
				   struct imp_crypto *crypto, struct imp_span card,
				   unsigned said)
{
	CLEANUP(imp_known_fini) struct imp_known known = { 0 };

	if (imp_known_check(crypto, card, NULL, &r->a->factories, &known, NULL))
		return IMP_FORGED;
	if (r->a->factories.count == 0 ||
	    (known.assurance == IMP_ENDORSED) == (said == IMP_ENDORSED))
		return IMP_AS_SAID;
	return known.assurance == IMP_ENDORSED ? IMP_VOUCHED : IMP_UNVOUCHED;
}

static enum imp_verdict judge_evidence(struct imp_crypto *crypto,
				       const struct imp_pool_item *item)
{
	struct imp_signed s;

	return imp_is_evidence(crypto, item->in, &item->key, &s) ? IMP_AS_SAID
								 : IMP_FORGED;
}

static int make(void *ctx, struct imp_crypto *crypto, const struct imp_pool_item *item,
		struct imp_writer *out, struct imp_error *err)
{
	const struct resigning *x = ctx;

	(void)err;
	imp_put_u8(out, (uint8_t)(item->where & IS_CARD
					  ? judge_card(x->r, crypto, item->in,
						       (unsigned)(item->where & SAID))
					  : judge_evidence(crypto, item)));
	return 0;
}

static int take(void *ctx, uint64_t where, int rc, struct imp_span out,
		struct imp_error *err)
{
	struct resigning *x = ctx;
	struct imp_audit_run *r = x->r;
	void *more;

	if (rc)
		return rc;
	r->out->signatures++;
	if (out.len == 0 || out.ptr[0] == IMP_AS_SAID)
		return 0;
	more = imp_grow(r->resigned, r->resigned_count, &r->resigned_cap,
			sizeof(*r->resigned), err);
	if (!more)
		return -IMP_ERESOURCE;
	r->resigned = more;
	r->resigned[r->resigned_count++] =
		(struct imp_resigned){ .entry = where >> NUMBER_AT,
				       .verdict = (enum imp_verdict)out.ptr[0] };
	return 0;
}

static int put(void *ctx, const struct imp_row *row, struct imp_error *err)
{
	struct resigning *x = ctx;
	struct imp_pool_item item = { .where = row->index << NUMBER_AT };
	struct imp_record record;
	bool card = row->type == IMP_LEAF_DEVICE;
	int rc;

	if (row->salt.len == 0)
		return 0; /* it is forgotten */
	if (!card && (row->type != IMP_LEAF_EVIDENCE || !x->r->a->deep))
		return 0;
	rc = imp_record_decode(row->type, row->record, &record, err);
	if (rc)
		return rc;
	if (card)
		item.where |= IS_CARD | (record.assurance & SAID);
	else if (imp_parse_key(x->r->l, record.key, &item.key, NULL))
		item.key.crv = 0; /* and so it verifies nothing */
	item.in = record.bytes;
	return imp_pool_put(x->pool, &item, err);
}

int imp_audit_resign(struct imp_audit_run *r, struct imp_error *err)
{
	CLEANUP(imp_pool_close) struct imp_pool *pool = NULL;
	struct resigning x = { .r = r };
	const struct imp_pool_work work = { .make = make, .take = take, .ctx = &x };
	int rc;

	if (!r->a->deep && r->a->factories.count == 0)
		return 0;
	rc = imp_pool_open(&pool, r->a->threads, r->l->crypto, &work, err);
	x.pool = pool;
	if (!rc)
		rc = imp_each_signed(r->l, put, &x, err);
	return rc ? rc : imp_pool_finish(pool, err);
}

enum imp_verdict imp_run_verdict(const struct imp_audit_run *r, uint64_t entry)
{
	size_t low = 0, high = r->resigned_count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (r->resigned[mid].entry == entry)
			return r->resigned[mid].verdict;
		if (r->resigned[mid].entry < entry)
			low = mid + 1;
		else
			high = mid;
	}
	return IMP_AS_SAID;
}
