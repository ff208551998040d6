/* SPDX-License-Identifier: Apache-2.0 */
/* Items that are given away once. */
#include <stdio.h>
#include <string.h>

#include "base/digits.h"
#include "ledger/core.h"
#include "ledger/journal.h"

enum { PENDING_AT_ONCE = 32 };

static const struct {
	enum imp_leaf type;
	enum imp_item_state state;
} states[] = {
	{ IMP_LEAF_RESERVED, IMP_ITEM_RESERVED },
	{ IMP_LEAF_SENT, IMP_ITEM_SENT },
	{ IMP_LEAF_PROVEN, IMP_ITEM_PROVEN },
	{ IMP_LEAF_RELEASED, IMP_ITEM_RELEASED },
	{ IMP_LEAF_WRITTEN_OFF, IMP_ITEM_WRITTEN_OFF },
};

static enum imp_item_state state_of(enum imp_leaf type)
{
	for (size_t i = 0; i < COUNTOF(states); i++)
		if (states[i].type == type)
			return states[i].state;
	return IMP_ITEM_FREE;
}

static enum imp_leaf leaf_of(enum imp_item_state state)
{
	for (size_t i = 0; i < COUNTOF(states); i++)
		if (states[i].state == state)
			return states[i].type;
	return IMP_LEAF_RESERVED;
}

static bool is_open(enum imp_leaf type)
{
	return type == IMP_LEAF_RESERVED || type == IMP_LEAF_SENT;
}

/* A step that is asked for. */
struct request {
	enum imp_item_state to;
	struct imp_span item, object, order; /* object empty: the one it was taken for */
	struct imp_span ueid;		     /* empty: whosever it is */
	uint64_t quota;
	const struct imp_shown *shown;
	const char *reason;
};

/* The numbers of the object that an item was taken for, as it was issued. */
static int take_claims(struct imp_ledger *l, struct imp_span object,
		       struct imp_item_step *s, struct imp_error *err)
{
	CLEANUP(imp_found_fini) struct imp_found f = { 0 };
	int rc = imp_find_latest(l, IMP_REF_OBJECT, object, &f, err);

	if (rc == 0)
		return imp_fail(err, IMP_EPOLICY,
				"the object that it was sent with is not in the ledger");
	if (rc < 0)
		return rc;
	s->owner_epoch = (uint32_t)f.record.owner_epoch;
	s->domain_epoch = (uint32_t)f.record.domain_epoch;
	s->sequence = f.record.sequence;
	return 0;
}

static int refuse(const struct request *q, const struct imp_found *now, const char *why,
		  struct imp_error *err)
{
	char name[65];
	const struct imp_record *r = &now->record;
	bool open = r->type == IMP_LEAF_RESERVED || r->type == IMP_LEAF_SENT;
	int rc;

	imp_hex(q->item, name);
	rc = imp_fail(err, IMP_EPOLICY, "item %.16s: %s", name, why);
	if (r->type == IMP_LEAF_WRITTEN_OFF)
		return imp_hint(err, rc,
				"entry %llu burnt it: what the device is to have is "
				"packed anew, with a higher --sequence",
				(unsigned long long)now->index);
	return !open ? rc
		     : imp_hint(err, rc,
				"entry %llu, by station %.*s: push it there (--station), "
				"or let imprint verify --ledger settle it",
				(unsigned long long)now->index, (int)r->station.len,
				(const char *)r->station.ptr);
}

static int check(struct imp_ledger *l, const struct request *q,
		 const struct imp_found *now, enum imp_item_state from,
		 struct imp_error *err)
{
	const struct imp_record *r = &now->record;
	struct imp_item_step s = { .from = from, .to = q->to, .shown = q->shown };
	const char *why;
	int rc = 0;

	s.other_object = q->object.len > 0 && !imp_span_eq(q->object, r->object);
	s.other_station = !imp_span_eq(r->station, imp_span_str(l->station));
	if (s.other_station && r->ueid.len > 0) {
		rc = imp_find_refused(l, r->ueid, r->object, err);
		s.refused = rc > 0;
		rc = rc < 0 ? rc : 0;
	}
	if (!rc && from == IMP_ITEM_SENT && q->to == IMP_ITEM_RELEASED && q->shown)
		rc = take_claims(l, r->object, &s, err);
	why = rc ? NULL : imp_item_step_refused(&s);
	return why ? refuse(q, now, why, err) : rc;
}

/* How many items of an order are taken, after this step. */
static int count_order(struct imp_ledger *l, const struct request *q,
		       struct imp_record *r, struct imp_error *err)
{
	CLEANUP(imp_found_fini) struct imp_found f = { 0 };
	uint64_t used;
	int rc = imp_find_latest(l, IMP_REF_ORDER, r->order, &f, err);

	if (rc < 0)
		return rc;
	used = rc > 0 ? f.record.used : 0;
	if (q->to == IMP_ITEM_RESERVED && used >= q->quota)
		return imp_fail(err, IMP_EPOLICY,
				"the order is used up: %llu of %llu are taken",
				(unsigned long long)used, (unsigned long long)q->quota);
	if (q->to == IMP_ITEM_RESERVED)
		r->used = used + 1;
	if (q->to == IMP_ITEM_RELEASED)
		r->used = used > 0 ? used - 1 : 0;
	return 0;
}

int imp_track_item(struct imp_ledger *l, const struct imp_record *r, uint64_t index,
		   struct imp_error *err)
{
	struct imp_db *db = l->db;

	if (r->item.len == 0)
		return 0;
	return is_open(r->type)
		       ? db->ops->run(db, IMP_SQL_PUT_PENDING,
				      IMP_WITH(IMP_BYTES(r->item), IMP_INT(index)), err)
		       : db->ops->run(db, IMP_SQL_DROP_PENDING,
				      IMP_WITH(IMP_BYTES(r->item)), err);
}

static int put_step(struct imp_ledger *l, const struct request *q,
		    const struct imp_found *now, struct imp_error *err)
{
	struct imp_record r = { .type = leaf_of(q->to),
				.item = q->item,
				.ueid = q->ueid,
				.object = q->object,
				.order = q->order,
				.after = now->index,
				.reason = imp_span_str(q->reason) };
	uint64_t index = 0;
	int rc = 0;

	if (q->object.len == 0) { /* as it was taken */
		r.object = now->record.object;
		r.ueid = now->record.ueid;
		r.order = now->record.order;
	}
	if (r.order.len > 0)
		rc = count_order(l, q, &r, err);
	if (!rc)
		rc = imp_append_record(l, &r, &index, err);
	return rc ? rc : imp_track_item(l, &r, index, err);
}

/* Taking what one has, proving what is proven: nothing new. A second `sent` is: it says
 * that something may have left again. */
static bool is_news(enum imp_item_state from, enum imp_item_state to)
{
	bool has = to == IMP_ITEM_RESERVED && from == IMP_ITEM_SENT;

	return to == IMP_ITEM_SENT || (from != to && !has);
}

static int step(struct imp_ledger *l, void *ctx, struct imp_error *err)
{
	CLEANUP(imp_found_fini) struct imp_found now = { 0 };
	const struct request *q = ctx;
	enum imp_item_state from;
	int rc = imp_find_item(l, q->item, q->ueid, &now, err);

	if (rc < 0)
		return rc;
	from = rc > 0 ? state_of(now.record.type) : IMP_ITEM_FREE;
	rc = check(l, q, &now, from, err);
	return rc || !is_news(from, q->to) ? rc : put_step(l, q, &now, err);
}

int imp_ledger_reserve(struct imp_ledger *l, const struct imp_item *item,
		       struct imp_error *err)
{
	struct request q = { .to = IMP_ITEM_RESERVED,
			     .item = { item->id, 32 },
			     .object = { item->object, 32 },
			     .ueid = item->ueid,
			     .order = item->order,
			     .quota = item->quota };

	return imp_ledger_do(l, step, &q, err);
}

int imp_ledger_sent(struct imp_ledger *l, const uint8_t item[32], struct imp_span ueid,
		    struct imp_error *err)
{
	struct request q = { .to = IMP_ITEM_SENT, .item = { item, 32 }, .ueid = ueid };

	return imp_ledger_do(l, step, &q, err);
}

int imp_ledger_proven(struct imp_ledger *l, const uint8_t item[32],
		      const struct imp_shown *shown, struct imp_error *err)
{
	struct request q = { .to = IMP_ITEM_PROVEN,
			     .item = { item, 32 },
			     .shown = shown };

	return imp_ledger_do(l, step, &q, err);
}

int imp_ledger_release(struct imp_ledger *l, const uint8_t item[32],
		       const struct imp_shown *shown, const char *reason,
		       struct imp_error *err)
{
	struct request q = { .to = IMP_ITEM_RELEASED,
			     .item = { item, 32 },
			     .shown = shown,
			     .reason = reason };

	return imp_ledger_do(l, step, &q, err);
}

int imp_ledger_write_off(struct imp_ledger *l, const uint8_t item[32], const char *reason,
			 struct imp_error *err)
{
	struct request q = { .to = IMP_ITEM_WRITTEN_OFF,
			     .item = { item, 32 },
			     .reason = reason };

	return imp_ledger_do(l, step, &q, err);
}

/* Within a work. */
static int item_now(struct imp_ledger *l, struct imp_span item, struct imp_span ueid,
		    struct imp_item_now *out, struct imp_error *err)
{
	CLEANUP(imp_found_fini) struct imp_found f = { 0 };
	int rc = imp_find_item(l, item, ueid, &f, err);

	if (rc < 0)
		return rc;
	*out = (struct imp_item_now){ .state = IMP_ITEM_FREE };
	memcpy(out->item, item.ptr, sizeof(out->item));
	if (rc == 0)
		return 0;
	out->state = state_of(f.record.type);
	memcpy(out->object, f.record.object.ptr, sizeof(out->object));
	out->entry = f.index;
	out->time = f.record.time;
	snprintf(out->station, sizeof(out->station), "%.*s", (int)f.record.station.len,
		 (const char *)f.record.station.ptr);
	return 0;
}

struct question {
	struct imp_span item, ueid;
	struct imp_item_now *out;
};

static int look_up(struct imp_ledger *l, void *ctx, struct imp_error *err)
{
	const struct question *q = ctx;

	return item_now(l, q->item, q->ueid, q->out, err);
}

int imp_ledger_item(struct imp_ledger *l, const uint8_t item[32], struct imp_span ueid,
		    struct imp_item_now *out, struct imp_error *err)
{
	struct question q = { { item, 32 }, ueid, out };

	return imp_ledger_read(l, look_up, &q, err);
}

static bool is_in_doubt(enum imp_item_state s)
{
	return s == IMP_ITEM_RESERVED || s == IMP_ITEM_SENT || s == IMP_ITEM_WRITTEN_OFF;
}

struct whose {
	struct imp_span ueid;
	bool its, others;
};

static int take_issue(void *ctx, const struct imp_found *f, struct imp_error *err)
{
	struct whose *w = ctx;

	(void)err;
	if (imp_span_eq(f->record.ueid, w->ueid))
		w->its = true;
	else
		w->others = true;
	return 0;
}

/* Was the object issued to this device, or to nobody? What another one says of it counts
 * for nothing. 1, 0, a negative code. */
static int is_its(struct imp_ledger *l, const uint8_t object[32], struct imp_span ueid,
		  struct imp_error *err)
{
	struct whose w = { .ueid = ueid };
	int rc = imp_find_each(l, IMP_REF_OBJECT, (struct imp_span){ object, 32 },
			       take_issue, &w, err);

	return rc ? rc : w.its || !w.others;
}

static int prove(struct imp_ledger *l, const uint8_t item[32], struct imp_span ueid,
		 struct imp_error *err)
{
	const struct imp_shown held = { .holds_object = true };
	struct request q = {
		.to = IMP_ITEM_PROVEN, .item = { item, 32 }, .ueid = ueid, .shown = &held
	};

	return step(l, &q, err);
}

/* Within a work. */
static int settle(struct imp_ledger *l, void *ctx, struct imp_error *err)
{
	const struct imp_evidence *token = ctx;
	struct imp_item_now now;
	int rc = 0;

	for (unsigned i = 0; !rc && i < IMP_EVIDENCE_DOMAINS; i++) {
		if (!(token->used >> i & 1))
			continue;
		rc = item_now(l, token->domain[i].id, token->ueid, &now, err);
		if (rc || !is_in_doubt(now.state) ||
		    memcmp(now.item, now.object, sizeof(now.item)) != 0)
			continue;
		rc = is_its(l, now.object, token->ueid, err);
		if (rc > 0)
			rc = prove(l, now.item, token->ueid, err);
	}
	return rc;
}

int imp_ledger_settle(struct imp_ledger *l, const struct imp_evidence *token,
		      struct imp_error *err)
{
	struct imp_evidence copy = *token;

	return imp_ledger_do(l, settle, &copy, err);
}

/* Some of the open items, those after `after`. */
struct batch {
	uint8_t after[32];
	size_t count;
	struct imp_item_now item[PENDING_AT_ONCE];
};

static int collect(void *ctx, const struct imp_value *col, struct imp_error *err)
{
	struct batch *b = ctx;

	if (col[0].bytes.len != 32 || b->count == PENDING_AT_ONCE)
		return imp_fail(err, IMP_ELEDGER, "an open item is malformed");
	memcpy(b->item[b->count++].item, col[0].bytes.ptr, 32);
	return 0;
}

/* Within a work. */
static int tell_device(struct imp_ledger *l, struct imp_item_now *item,
		       struct imp_error *err)
{
	CLEANUP(imp_found_fini) struct imp_found f = { 0 };
	int rc = imp_find_latest(l, IMP_REF_OBJECT, IMP_SPAN(item->object), &f, err);

	if (rc <= 0 || f.record.ueid.len > sizeof(item->ueid))
		return rc < 0 ? rc : 0;
	item->ueid_len = f.record.ueid.len;
	memcpy(item->ueid, f.record.ueid.ptr, f.record.ueid.len);
	return 0;
}

static int next_open(struct imp_ledger *l, void *ctx, struct imp_error *err)
{
	struct batch *b = ctx;
	struct imp_span after = IMP_SPAN(b->after);
	int rc;

	b->count = 0;
	rc = imp_db_all(l->db, IMP_SQL_PENDING,
			IMP_WITH(IMP_BYTES(after), IMP_INT(PENDING_AT_ONCE)), collect, b,
			err);
	for (size_t i = 0; !rc && i < b->count; i++) {
		uint8_t id[32];

		memcpy(id, b->item[i].item, sizeof(id));
		rc = item_now(l, IMP_SPAN(id), (struct imp_span){ 0 }, &b->item[i], err);
		if (!rc)
			rc = tell_device(l, &b->item[i], err);
	}
	return rc;
}

int imp_ledger_each_open(struct imp_ledger *l,
			 int (*fn)(void *ctx, const struct imp_item_now *item,
				   struct imp_error *err),
			 void *ctx, struct imp_error *err)
{
	struct batch b = { 0 };
	int rc;

	do {
		rc = imp_ledger_read(l, next_open, &b, err);
		for (size_t i = 0; !rc && i < b.count; i++)
			rc = fn(ctx, &b.item[i], err);
		if (b.count > 0)
			memcpy(b.after, b.item[b.count - 1].item, sizeof(b.after));
	} while (!rc && b.count == PENDING_AT_ONCE);
	return rc;
}
