/* SPDX-License-Identifier: Apache-2.0 */
/* What was issued: nothing else under the same numbers, and by nobody who is revoked. */
#include <string.h>

#include "base/digits.h"
#include "ledger/core.h"
#include "ledger/journal.h"
#include "object/signed.h"

/* Objects that are written down in one transaction. */
struct issuing {
	const struct imp_issued *object;
	size_t count, *at;
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

static int taken(const struct imp_record *r, const struct imp_found *f,
		 struct imp_error *err)
{
	char id[65];

	imp_hex(f->record.object, id);
	return imp_fail(err, IMP_EPOLICY,
			"sequence %llu of domain %llu was issued already, as %.16s "
			"(entry %llu)",
			(unsigned long long)r->sequence, (unsigned long long)r->domain,
			id, (unsigned long long)f->index);
}

static int check_new(struct imp_ledger *l, struct issuing *q, const struct imp_record *r,
		     struct imp_error *err)
{
	CLEANUP(imp_found_fini) struct imp_found f = { 0 };
	uint8_t pair[IMP_PAIR_MAX];
	struct imp_writer w = imp_writer(pair, sizeof(pair));
	int rc;

	imp_pair_put(r, &w);
	rc = imp_find_latest(l, IMP_REF_PAIR, imp_written(&w), &f, err);
	if (rc > 0)
		return taken(r, &f, err);
	if (!rc)
		rc = check_issuer(l, q, r, err);
	if (!rc)
		rc = check_revoked(l, q, r, "device", r->ueid, NULL, err);
	return rc ? rc : check_revoked(l, q, r, "id", r->object, NULL, err);
}

static bool is_same(const struct imp_record *a, const struct imp_record *b)
{
	uint8_t one[IMP_PAIR_MAX], two[IMP_PAIR_MAX];
	struct imp_writer v = imp_writer(one, sizeof(one));
	struct imp_writer w = imp_writer(two, sizeof(two));

	imp_pair_put(a, &v);
	imp_pair_put(b, &w);
	return imp_span_eq(imp_written(&v), imp_written(&w)) &&
	       imp_span_eq(a->issuer, b->issuer);
}

static int issue(struct imp_ledger *l, struct issuing *q, struct imp_record *r,
		 struct imp_error *err)
{
	CLEANUP(imp_found_fini) struct imp_found f = { 0 };
	int rc = imp_find_latest(l, IMP_REF_OBJECT, r->object, &f, err);

	/* A retry builds the same object; an id under another outside is forged. */
	if (rc > 0)
		return is_same(&f.record, r)
			       ? 0
			       : imp_fail(err, IMP_EPOLICY,
					  "its id is that of entry %llu, which is for "
					  "another device, or has other numbers",
					  (unsigned long long)f.index);
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

static int issue_all(struct imp_ledger *l, void *ctx, struct imp_error *err)
{
	struct issuing *q = ctx;
	struct imp_value first;
	struct imp_span none = IMP_TEXT("");
	int rc = imp_db_one(l->db, IMP_SQL_KEYS,
			    IMP_WITH(IMP_INT(IMP_REF_REVOKED), IMP_BYTES(none)), &first,
			    1, err);

	q->any_revoked = rc > 0;
	q->issuer = none;
	for (*q->at = 0; rc >= 0 && *q->at < q->count; ++*q->at) {
		struct imp_record r = record_of(&q->object[*q->at]);

		rc = issue(l, q, &r, err);
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
