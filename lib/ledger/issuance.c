/* SPDX-License-Identifier: Apache-2.0 */
/* What was issued: nothing else under the same numbers, and by nobody who is revoked. */
#include <stdlib.h>
#include <string.h>

#include "base/digits.h"
#include "base/grow.h"
#include "ledger/core.h"
#include "ledger/journal.h"
#include "object/signed.h"

/* Objects that are written down in one transaction. */
struct issuing {
	const struct imp_issued *object;
	size_t count, *at;
	uint64_t rule;		/* the entry that asks for issuance first; 0: none */
	bool any_revoked;	/* anything is, by this ledger */
	struct imp_span issuer; /* that was found good last, for whomever */
};

/* Whose a device is, by its last evidence. */
struct owner {
	uint8_t kid[1][32];
	bool known;
};

static int take_owner(void *ctx, const struct imp_found *f, struct imp_error *err)
{
	struct owner *o = ctx;
	struct imp_evidence e;
	struct imp_signed s;

	(void)err;
	if (f->record.type != IMP_LEAF_EVIDENCE ||
	    imp_signed_decode(f->record.bytes, &s, NULL) ||
	    imp_evidence_decode(s.payload, &e, NULL))
		return 0;
	o->known = e.owned;
	if (e.owned)
		memcpy(o->kid[0], e.owner.ptr, sizeof(o->kid[0]));
	return 0;
}

/* Only what the owner of the device has taken back: anybody can sign a list. */
static int check_owners(struct imp_ledger *l, struct imp_span ueid, const char *what,
			struct imp_span subject, struct imp_error *err)
{
	struct owner o = { 0 };
	struct imp_revoked_by found;
	int rc = imp_find_each(l, IMP_REF_DEVICE, ueid, take_owner, &o, err);
	const struct imp_owner_kids by = { o.kid, o.known };

	if (!rc)
		rc = imp_find_revoked(l, &by, subject, &found, err);
	return rc > 0 ? imp_fail(err, IMP_EPOLICY, "its %s is revoked, by entry %llu",
				 what, (unsigned long long)found.entry)
		      : rc;
}

/* claimed: some list says so, whosever it is. */
static int check_revoked(struct imp_ledger *l, const struct issuing *q,
			 const struct imp_record *r, const char *what,
			 struct imp_span subject, bool *claimed, struct imp_error *err)
{
	const struct imp_owner_kids nobody = { NULL, 0 };
	struct imp_revoked_by found = { 0 };
	int rc = q->any_revoked ? imp_find_revoked(l, &nobody, subject, &found, err) : 0;

	if (claimed)
		*claimed = found.claimed;
	return rc || !found.claimed ? rc : check_owners(l, r->ueid, what, subject, err);
}

/* The key of the log signs nothing else. */
static int check_log_key(struct imp_ledger *l, struct imp_span issuer,
			 struct imp_error *err)
{
	CLEANUP(imp_found_fini) struct imp_found first = { 0 }, key = { 0 };
	int rc = imp_find_entry(l, 0, &first, err);

	if (rc > 0)
		rc = imp_find_latest(l, IMP_REF_SIGNER, first.record.name, &key, err);
	if (rc > 0 && imp_span_eq(key.record.signing, issuer))
		return imp_fail(err, IMP_EPOLICY,
				"it is signed by the key of the ledger, which signs "
				"checkpoints and nothing else");
	return rc < 0 ? rc : 0;
}

/* Most often they are all by one. */
static int check_issuer(struct imp_ledger *l, struct issuing *q,
			const struct imp_record *r, struct imp_error *err)
{
	bool claimed;
	int rc;

	if (imp_span_eq(q->issuer, r->issuer))
		return 0;
	rc = check_revoked(l, q, r, "issuer", r->issuer, &claimed, err);
	if (!rc)
		rc = check_log_key(l, r->issuer, err);
	if (!rc && !claimed)
		q->issuer = r->issuer;
	return rc;
}

/* Issuances that an object is held against. */
struct others {
	struct imp_ledger *l;
	const struct imp_record *r;
	uint64_t *at; /* owned */
	size_t count, cap;
	bool same; /* one of them is this very one */
};

static void others_fini(struct others *o)
{
	free(o->at);
}

static bool has_same_numbers(const struct imp_record *a, const struct imp_record *b)
{
	return a->domain == b->domain && a->owner_epoch == b->owner_epoch &&
	       a->domain_epoch == b->domain_epoch && a->sequence == b->sequence &&
	       imp_span_eq(a->issuer, b->issuer);
}

static int add_other(struct others *o, const struct imp_found *f, struct imp_error *err)
{
	void *more = imp_grow(o->at, o->count, &o->cap, sizeof(*o->at), err);

	if (!more)
		return -IMP_ERESOURCE;
	o->at = more;
	o->at[o->count++] = f->index;
	return 0;
}

/* Under its id, for this device; what is for another one is that one's. */
static int take_id(void *ctx, const struct imp_found *f, struct imp_error *err)
{
	struct others *o = ctx;

	if (!imp_span_eq(f->record.ueid, o->r->ueid))
		return 0;
	o->same |= has_same_numbers(&f->record, o->r);
	return has_same_numbers(&f->record, o->r) ? 0 : add_other(o, f, err);
}

/* Under its numbers; those of another issuer are another's. */
static int take_pair(void *ctx, const struct imp_found *f, struct imp_error *err)
{
	struct others *o = ctx;

	return imp_span_eq(f->record.issuer, o->r->issuer) &&
			       !imp_span_eq(f->record.object, o->r->object)
		       ? add_other(o, f, err)
		       : 0;
}

/* The first that the device has not refused, which any can be whose outside is forged: 1,
 * 0, a negative code. */
static int find_standing(struct others *o, struct imp_found *out, struct imp_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < o->count; i++) {
		rc = imp_find_entry(o->l, o->at[i], out, err);
		if (rc > 0)
			rc = imp_find_refused(o->l, out->record.ueid, out->record.object,
					      err);
		if (rc >= 0)
			rc = !rc;
	}
	return rc;
}

static int taken(const struct imp_record *r, const struct imp_found *f,
		 struct imp_error *err)
{
	char id[65];

	int rc;

	imp_hex(f->record.object, id);
	rc = imp_fail(err, IMP_EPOLICY,
		      "sequence %llu of domain %llu was issued already, as %.16s "
		      "(entry %llu)",
		      (unsigned long long)r->sequence, (unsigned long long)r->domain, id,
		      (unsigned long long)f->index);
	return imp_hint(err, rc, "sign it with the next sequence");
}

static int check_new(struct imp_ledger *l, struct issuing *q, const struct imp_record *r,
		     struct imp_error *err)
{
	CLEANUP(imp_found_fini) struct imp_found f = { 0 };
	CLEANUP(others_fini) struct others o = { .l = l, .r = r };
	uint8_t pair[IMP_PAIR_MAX];
	struct imp_writer w = imp_writer(pair, sizeof(pair));
	int rc;

	imp_pair_put(r, &w);
	rc = imp_find_each(l, IMP_REF_PAIR, imp_written(&w), take_pair, &o, err);
	if (!rc)
		rc = find_standing(&o, &f, err);
	if (rc > 0)
		return taken(r, &f, err);
	if (!rc)
		rc = check_issuer(l, q, r, err);
	if (!rc)
		rc = check_revoked(l, q, r, "device", r->ueid, NULL, err);
	return rc ? rc : check_revoked(l, q, r, "id", r->object, NULL, err);
}

static int not_issued(const struct issuing *q, struct imp_error *err)
{
	int rc = imp_fail(err, IMP_EPOLICY,
			  "it was not issued in this ledger, which carries nothing else "
			  "(entry %llu)",
			  (unsigned long long)q->rule);

	return imp_hint(err, rc,
			"imprint pack --ledger and sign --ledger write down what "
			"they sign");
}

/* A retry builds the same object; an id under another outside is forged, one of both. */
static int issue(struct imp_ledger *l, struct issuing *q, struct imp_record *r,
		 bool carried, struct imp_error *err)
{
	CLEANUP(imp_found_fini) struct imp_found f = { 0 };
	CLEANUP(others_fini) struct others o = { .l = l, .r = r };
	int rc = imp_find_each(l, IMP_REF_OBJECT, r->object, take_id, &o, err);

	if (rc || o.same)
		return rc;
	rc = find_standing(&o, &f, err);
	if (rc > 0)
		return imp_fail(err, IMP_EPOLICY,
				"its id is that of entry %llu, which has other numbers",
				(unsigned long long)f.index);
	if (!rc && carried && q->rule > 0)
		return not_issued(q, err);
	if (!rc)
		rc = check_new(l, q, r, err);
	return rc ? rc : imp_append_record(l, r, NULL, err);
}

static struct imp_record record_of(const struct imp_issued *o)
{
	return (struct imp_record){ .type = IMP_LEAF_ISSUE,
				    .ueid = o->ueid,
				    .object = { o->object, 32 },
				    .issuer = { o->issuer, 32 },
				    .domain = o->domain,
				    .owner_epoch = o->owner_epoch,
				    .domain_epoch = o->domain_epoch,
				    .sequence = o->sequence,
				    .order = o->order };
}

/* The entry that says so, once; the log's own name leads to it. */
static int find_rule(struct imp_ledger *l, uint64_t *entry, struct imp_error *err)
{
	CLEANUP(imp_found_fini) struct imp_found first = { 0 }, rule = { 0 };
	int rc = imp_find_entry(l, 0, &first, err);

	if (rc > 0)
		rc = imp_find_latest(l, IMP_REF_RULE, first.record.name, &rule, err);
	*entry = rc > 0 ? rule.index : 0;
	return rc < 0 ? rc : 0;
}

static int put_rule(struct imp_ledger *l, void *ctx, struct imp_error *err)
{
	CLEANUP(imp_found_fini) struct imp_found first = { 0 };
	struct imp_record r = { .type = IMP_LEAF_ONLY_ISSUED,
				.reason = imp_span_str(ctx) };
	uint64_t entry;
	int rc = find_rule(l, &entry, err);

	if (!rc && entry == 0)
		rc = imp_find_entry(l, 0, &first, err);
	r.name = first.record.name;
	return rc > 0 ? imp_append_record(l, &r, NULL, err) : rc;
}

int imp_ledger_only_issued(struct imp_ledger *l, const char *reason,
			   struct imp_error *err)
{
	return imp_ledger_do(l, put_rule, (void *)reason, err);
}

static int issue_all(struct imp_ledger *l, void *ctx, struct imp_error *err)
{
	struct issuing *q = ctx;
	struct imp_value first;
	struct imp_span none = IMP_TEXT("");
	int rc = find_rule(l, &q->rule, err);

	if (rc)
		return rc;
	rc = imp_db_one(l->db, IMP_SQL_KEYS,
			IMP_WITH(IMP_INT(IMP_REF_REVOKED), IMP_BYTES(none)), &first, 1,
			err);

	q->any_revoked = rc > 0;
	q->issuer = none;
	for (*q->at = 0; rc >= 0 && *q->at < q->count; ++*q->at) {
		struct imp_record r = record_of(&q->object[*q->at]);

		rc = issue(l, q, &r, q->object[*q->at].carried, err);
		if (rc)
			return rc;
	}
	return rc < 0 ? rc : 0;
}

int imp_ledger_issue_all(struct imp_ledger *l, const struct imp_issued *object,
			 size_t count, size_t *at, struct imp_error *err)
{
	struct issuing q = { .object = object, .count = count, .at = at };

	return imp_ledger_do(l, issue_all, &q, err);
}

int imp_ledger_issue(struct imp_ledger *l, const struct imp_issued *object,
		     struct imp_error *err)
{
	size_t at;

	return imp_ledger_issue_all(l, object, 1, &at, err);
}
