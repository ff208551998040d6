/* SPDX-License-Identifier: Apache-2.0 */
/* Forgetting a device. */
#include <stdlib.h>
#include <string.h>

#include "base/digits.h"
#include "base/grow.h"
#include "ledger/core.h"
#include "ledger/forget.h"
#include "ledger/journal.h"
#include "ledger/registry.h"
#include "model/identifier.h"
#include "object/target.h"

enum { LIST = 4096 /* entries that one record names */, LIST_BYTES = 16 + 9 * LIST };

#define GONE "a device that was forgotten"

struct forgetting {
	struct imp_ledger *l;
	struct imp_span ueid;
	const char *reason;
	/* As texts name it; imei "": it has none. */
	char hex[2 * IMP_UEID_MAX + 1], imei[16];
	struct imp_secret objects; /* ids of what was issued to it, 32 bytes each */
	uint64_t *at;		   /* entries that are about it, ascending; owned */
	size_t count, cap;
};

static void forgetting_fini(struct forgetting *f)
{
	free(f->at);
	imp_secret_fini(&f->objects);
}

static bool has(struct imp_span in, const void *what, size_t len)
{
	return len > 0 && in.len >= len && memmem(in.ptr, in.len, what, len);
}

/* In any field, its reasons and the objects within it among them. The check digit of an
 * IMEI follows from the others. */
static bool names(const struct forgetting *f, struct imp_span record)
{
	enum { DIGITS = 14 };

	return has(record, f->ueid.ptr, f->ueid.len) ||
	       has(record, f->hex, strlen(f->hex)) ||
	       (f->imei[0] && has(record, f->imei, DIGITS));
}

static bool is_step(enum imp_leaf type)
{
	return type >= IMP_LEAF_RESERVED && type <= IMP_LEAF_WRITTEN_OFF;
}

/* Was it issued to the device? */
static bool has_object(const struct forgetting *f, struct imp_span id)
{
	for (size_t at = 0; at < f->objects.len; at += 32)
		if (imp_span_eq(id, (struct imp_span){ f->objects.ptr + at, 32 }))
			return true;
	return false;
}

/* Steps of its items name no device, but objects that somebody may still have; where they
 * count for an order they stay. */
static bool is_its_step(const struct forgetting *f, const struct imp_record *r)
{
	return is_step(r->type) && r->order.len == 0 && has_object(f, r->object) &&
	       (r->ueid.len == 0 || imp_span_eq(r->ueid, f->ueid));
}

static int look(void *ctx, const struct imp_row *row, struct imp_error *err)
{
	struct forgetting *f = ctx;
	struct imp_record r;
	uint64_t *more;
	int rc;

	if (row->salt.len == 0)
		return 0;
	rc = imp_record_decode(row->type, row->record, &r, err);
	if (rc || (!names(f, row->record) && !is_its_step(f, &r)))
		return rc;
	if (r.type == IMP_LEAF_ISSUE)
		rc = imp_secret_append(&f->objects, r.object, err);
	more = imp_grow(f->at, f->count, &f->cap, sizeof(*more), err);
	if (!more)
		return -IMP_ERESOURCE;
	f->at = more;
	f->at[f->count++] = row->index;
	return rc;
}

static int in_the_way(const struct forgetting *f, const struct imp_found *found,
		      const char *why, struct imp_error *err)
{
	char name[80];

	imp_device_name(f->ueid, name);
	return imp_fail(err, IMP_EPOLICY, "%s: entry %llu (%s) %s", name,
			(unsigned long long)found->index,
			imp_leaf_name(found->record.type), why);
}

static int check_item(const struct forgetting *f, const struct imp_found *found,
		      struct imp_error *err)
{
	struct imp_item_now now;
	int rc = imp_ledger_item(f->l, found->record.object.ptr, f->ueid, &now, err);

	if (rc || (now.state != IMP_ITEM_RESERVED && now.state != IMP_ITEM_SENT))
		return rc;
	rc = in_the_way(f, found, "is of an item that is open", err);
	return imp_hint(err, rc,
			"imprint ledger items tells of it; push it again, or "
			"write it off");
}

static bool is_about_it(const struct forgetting *f, const struct imp_record *r)
{
	return imp_span_eq(r->ueid, f->ueid) || is_its_step(f, r) ||
	       (r->type == IMP_LEAF_REVOKE && imp_span_eq(r->subject, f->ueid));
}

static bool is_shared_key(struct imp_span reason)
{
	const struct imp_span why = IMP_TEXT(IMP_REASON_SHARED_KEY);

	return reason.len >= why.len &&
	       imp_span_eq((struct imp_span){ reason.ptr, why.len }, why);
}

/* One that is out for this device's sake stays out; a later reason stands as it is. */
static int keep_out(const struct forgetting *f, const struct imp_record *r,
		    struct imp_error *err)
{
	CLEANUP(imp_device_fini) struct imp_device d = { 0 };
	int rc = imp_ledger_device(f->l, r->ueid, &d, err);

	if (rc <= 0 || !d.quarantined || d.retired ||
	    !imp_span_eq(r->reason, imp_span_str(d.reason)))
		return rc < 0 ? rc : 0;
	return imp_ledger_quarantine(f->l, r->ueid,
				     is_shared_key(r->reason)
					     ? IMP_REASON_SHARED_KEY GONE
					     : "for a reason that named " GONE,
				     err);
}

static int check_entry(const struct forgetting *f, const struct imp_found *found,
		       struct imp_error *err)
{
	const struct imp_record *r = &found->record;

	if (is_about_it(f, r))
		return r->type == IMP_LEAF_ISSUE ? check_item(f, found, err) : 0;
	if (r->type == IMP_LEAF_QUARANTINE)
		return keep_out(f, r, err);
	if (r->type == IMP_LEAF_DELIVERY && r->code != IMP_OK)
		return 0; /* it told of this device instead of another */
	return in_the_way(f, found, "names it, and is about others, too", err);
}

static int drop(const struct forgetting *f, const struct imp_found *found,
		struct imp_error *err)
{
	struct imp_db *db = f->l->db;
	struct imp_refs refs;
	int rc = db->ops->run(db, IMP_SQL_DROP_RECORD, IMP_WITH(IMP_INT(found->index)),
			      err);

	imp_record_refs(&found->record, &refs);
	for (size_t i = 0; !rc && i < refs.count; i++)
		rc = db->ops->run(db, IMP_SQL_DROP_REF,
				  IMP_WITH(IMP_INT(refs.ref[i].kind),
					   IMP_BYTES(refs.ref[i].key),
					   IMP_INT(found->index)),
				  err);
	return rc;
}

static int each_entry(const struct forgetting *f,
		      int (*fn)(const struct forgetting *f, const struct imp_found *found,
				struct imp_error *err),
		      struct imp_error *err)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < f->count; i++) {
		CLEANUP(imp_found_fini) struct imp_found found = { 0 };

		rc = imp_find_entry(f->l, f->at[i], &found, err);
		rc = rc > 0 ? fn(f, &found, err) : rc;
	}
	return rc;
}

/* Which ones: that they are missing is no damage then. */
static int say_which(const struct forgetting *f, struct imp_error *err)
{
	int rc = 0;

	for (size_t from = 0, n; !rc && from < f->count; from += n) {
		uint8_t list[LIST_BYTES];
		struct imp_writer w = imp_writer(list, sizeof(list));
		struct imp_record r = { .type = IMP_LEAF_FORGOTTEN,
					.reason = imp_span_str(f->reason) };

		n = f->count - from < LIST ? f->count - from : LIST;
		imp_cbor_put_array(&w, n);
		for (size_t i = 0; i < n; i++)
			imp_cbor_put_uint(&w, f->at[from + i]);
		r.bytes = imp_written(&w);
		rc = imp_append_record(f->l, &r, NULL, err);
	}
	return rc;
}

static int forget(struct imp_ledger *l, void *ctx, struct imp_error *err)
{
	struct forgetting *f = ctx;
	int rc;

	f->l = l;
	f->count = 0;
	f->objects.len = 0;
	rc = imp_each_row(l, 0, look, f, err);
	if (!rc)
		rc = each_entry(f, check_entry, err);
	if (!rc)
		rc = each_entry(f, drop, err);
	return rc ? rc : say_which(f, err);
}

int imp_ledger_forget(struct imp_ledger *l, struct imp_span ueid, const char *reason,
		      uint64_t *entries, struct imp_error *err)
{
	CLEANUP(forgetting_fini)
	struct forgetting f = { .ueid = ueid, .reason = reason };
	int rc;

	imp_hex(ueid, f.hex);
	if (!imp_imei_of_ueid(ueid, f.imei))
		f.imei[0] = '\0';
	rc = imp_ledger_do(l, forget, &f, err);
	if (!rc)
		*entries = f.count;
	return rc;
}

static int scrub(struct imp_ledger *l, struct imp_error *err)
{
	int rc = l->db->ops->scrub(l->db, err);

	return imp_hint(err, rc,
			"what was forgotten is still in old pages of it: the "
			"same command again finds and writes over them");
}

int imp_ledger_scrub(struct imp_ledger *l, struct imp_error *err)
{
	int rc;

	pthread_mutex_lock(&l->writing);
	rc = scrub(l, err);
	pthread_mutex_unlock(&l->writing);
	return rc;
}

static int count(struct imp_ledger *l, void *ctx, struct imp_error *err)
{
	struct imp_value n;
	int rc = imp_db_one(l->db, IMP_SQL_FORGOTTEN, IMP_WITHOUT, &n, 1, err);

	if (rc > 0)
		*(uint64_t *)ctx = (uint64_t)n.n;
	return rc < 0 ? rc : 0;
}

int imp_ledger_forgotten(struct imp_ledger *l, uint64_t *entries, struct imp_error *err)
{
	*entries = 0;
	return imp_ledger_read(l, count, entries, err);
}

int imp_forgotten_each(struct imp_span list, uint64_t index,
		       int (*fn)(void *ctx, uint64_t entry, struct imp_error *err),
		       void *ctx, struct imp_error *err)
{
	struct imp_cbor_fault fault;
	struct imp_cbor c;
	uint64_t entry, next = 0;
	size_t items;
	int rc = 0;

	if (imp_cbor_open(&c, list, IMP_CBOR_STRICT, &fault))
		return imp_cbor_refuse(&fault, "what was forgotten", err);
	items = imp_cbor_array(&c);
	for (size_t i = 0; !rc && i < items && imp_cbor_ok(&c); i++) {
		entry = imp_cbor_uint(&c);
		if (entry < next || entry >= index)
			imp_cbor_fail(&c, "an entry that is not the next one");
		next = entry + 1;
		if (imp_cbor_ok(&c))
			rc = fn(ctx, entry, err);
	}
	return rc ? rc : imp_cbor_finish(&c, "what was forgotten", err);
}
