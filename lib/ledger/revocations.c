/* SPDX-License-Identifier: Apache-2.0 */
/* Entering parts of revocation lists, and asking them. */
#include <stdlib.h>
#include <string.h>

#include "base/grow.h"
#include "cose/key.h"
#include "ledger/core.h"
#include "ledger/journal.h"
#include "object/revocation.h"
#include "object/signed.h"

static bool set_has(struct imp_span all, struct imp_span subject)
{
	struct imp_cbor c = { .in = all };
	size_t n = imp_cbor_array(&c);

	while (imp_cbor_more(&c, &n))
		if (imp_span_eq(imp_cbor_bytes(&c), subject))
			return true;
	return false;
}

static bool names(struct imp_span payload, struct imp_span subject)
{
	struct imp_revocation r;

	if (imp_revocation_decode(payload, &r, NULL))
		return false;
	for (int i = 0; i < IMP_REVOKED_SETS; i++)
		if (set_has(r.set[i], subject))
			return true;
	return false;
}

static bool is_one_of(const struct imp_owner_kids *by, const uint8_t kid[32])
{
	for (size_t i = 0; i < by->count; i++)
		if (memcmp(by->kid[i], kid, 32) == 0)
			return true;
	return false;
}

/* 0 where it is a part of a list that this key has signed. */
static int open_part(struct imp_crypto *crypto, struct imp_span part,
		     const struct imp_pub *key, struct imp_signed *s,
		     struct imp_error *err)
{
	uint8_t kid[32];
	int rc = imp_signed_decode(part, s, err);

	if (rc)
		return rc;
	if (s->kind != IMP_KIND_REVOCATION || s->batched || s->cose.tag != IMP_TAG_SIGN1)
		return imp_fail(err, IMP_EFORMAT, "is a %s, expected a revocation",
				imp_kind_name(s->kind));
	if (imp_cose_kid(crypto, key, kid))
		return imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
	if (!imp_span_eq(s->issuer, IMP_SPAN(kid)) ||
	    imp_signed_verify(crypto, s, 0, key))
		return imp_fail(err, IMP_EVERIFY,
				"the owner's signature does not verify");
	return 0;
}

struct opening {
	struct imp_ledger *l;
	struct imp_span id;
};

/* Others may have been entered under its id, before and after it. */
static int take_part(void *ctx, const struct imp_found *f, struct imp_error *err)
{
	const struct opening *q = ctx;
	struct imp_part *p = &q->l->part;
	struct imp_signed s;
	struct imp_pub key;
	uint8_t id[32];
	int rc;

	if (f->record.type != IMP_LEAF_LIST_PART ||
	    imp_parse_key(q->l, f->record.key, &key, NULL) ||
	    open_part(q->l->crypto, f->record.bytes, &key, &s, NULL))
		return 0;
	if (imp_signed_id(q->l->crypto, &s, id))
		return imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
	if (!imp_span_eq(IMP_SPAN(id), q->id))
		return 0;
	rc = imp_secret_set(&p->payload, s.payload, err);
	memcpy(p->id, id, sizeof(id));
	memcpy(p->owner, s.issuer.ptr, sizeof(p->owner));
	return rc ? rc : 1;
}

/* Have a part at hand that was verified: what is asked for next stands in the same one,
 * most often. 1, 0, a negative code. */
static int fetch_part(struct imp_ledger *l, const uint8_t id[32], struct imp_error *err)
{
	struct opening q = { l, { id, 32 } };

	if (l->part.payload.len > 0 && memcmp(l->part.id, id, sizeof(l->part.id)) == 0)
		return 1;
	imp_secret_fini(&l->part.payload);
	return imp_find_each(l, IMP_REF_GIVEN, q.id, take_part, &q, err);
}

/* Entries that say that something is revoked, and by which part. */
struct claims {
	struct claim {
		uint64_t entry;
		uint8_t part[32];
	} * at; /* owned */
	size_t count, cap;
};

static void claims_fini(struct claims *c)
{
	free(c->at);
}

static int take_claim(void *ctx, const struct imp_found *f, struct imp_error *err)
{
	struct claims *c = ctx;
	void *more = imp_grow(c->at, c->count, &c->cap, sizeof(*c->at), err);

	if (!more)
		return -IMP_ERESOURCE;
	c->at = more;
	c->at[c->count].entry = f->index;
	memcpy(c->at[c->count++].part, f->record.object.ptr, 32);
	return 0;
}

int imp_find_revoked(struct imp_ledger *l, const struct imp_owner_kids *by,
		     struct imp_span subject, struct imp_revoked_by *out,
		     struct imp_error *err)
{
	CLEANUP(claims_fini) struct claims c = { 0 };
	int rc = imp_find_each(l, IMP_REF_REVOKED, subject, take_claim, &c, err);

	*out = (struct imp_revoked_by){ .claimed = c.count > 0,
					.entry = c.count > 0 ? c.at[0].entry : 0 };
	for (size_t i = 0; !rc && i < c.count && by->count > 0; i++) {
		rc = fetch_part(l, c.at[i].part, err);
		if (rc <= 0)
			continue;
		rc = is_one_of(by, l->part.owner) &&
		     names(imp_secret_span(&l->part.payload), subject);
		out->entry = rc ? c.at[i].entry : out->entry;
	}
	return rc;
}

struct question {
	const struct imp_owner_kids *by;
	struct imp_span subject;
	uint64_t *entry;
};

static int look_up(struct imp_ledger *l, void *ctx, struct imp_error *err)
{
	const struct question *q = ctx;
	struct imp_revoked_by r;
	int rc = imp_find_revoked(l, q->by, q->subject, &r, err);

	if (rc > 0 && q->entry)
		*q->entry = r.entry;
	return rc;
}

int imp_ledger_revoked(struct imp_ledger *l, const struct imp_owner_kids *by,
		       struct imp_span subject, uint64_t *entry, struct imp_error *err)
{
	struct question q = { by, subject, entry };

	return imp_ledger_read(l, look_up, &q, err);
}

struct entering {
	struct imp_span part;
	const struct imp_pub *owner;
	uint8_t id[32];
	struct imp_revocation r;
	uint8_t kid[1][32];
};

static int enter_set(struct imp_ledger *l, const struct entering *e, struct imp_span all,
		     struct imp_error *err)
{
	const struct imp_owner_kids by = { e->kid, 1 };
	struct imp_cbor c = { .in = all };
	size_t n = imp_cbor_array(&c);
	int rc = 0;

	while (!rc && imp_cbor_more(&c, &n)) {
		struct imp_span subject = imp_cbor_bytes(&c);
		struct imp_revoked_by r;

		rc = imp_find_revoked(l, &by, subject, &r, err);
		rc = rc > 0 ? 0
		     : rc   ? rc
			    : imp_ledger_revoke(l, e->id, e->r.sequence, subject, NULL,
						err);
	}
	return rc;
}

static int enter(struct imp_ledger *l, void *ctx, struct imp_error *err)
{
	struct entering *e = ctx;
	uint8_t key[IMP_COSE_KEY_MAX];
	struct imp_writer w = imp_writer(key, sizeof(key));
	struct imp_record part = { .type = IMP_LEAF_LIST_PART,
				   .object = IMP_SPAN(e->id),
				   .issuer = IMP_SPAN(e->kid[0]),
				   .bytes = e->part };
	struct imp_signed s;
	int rc = open_part(l->crypto, e->part, e->owner, &s, err);

	if (!rc)
		rc = imp_revocation_decode(s.payload, &e->r, err);
	if (rc)
		return rc;
	memcpy(e->kid[0], s.issuer.ptr, sizeof(e->kid[0]));
	if (imp_signed_id(l->crypto, &s, e->id))
		return imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
	imp_cose_key_put(&w, e->owner);
	part.key = imp_written(&w);
	part.sequence = e->r.sequence;
	rc = imp_append_record(l, &part, NULL, err);
	for (int i = 0; !rc && i < IMP_REVOKED_SETS; i++)
		rc = enter_set(l, e, e->r.set[i], err);
	return rc;
}

int imp_ledger_revoke_part(struct imp_ledger *l, struct imp_span part,
			   const struct imp_pub *owner, struct imp_error *err)
{
	struct entering e = { .part = part, .owner = owner };

	return imp_ledger_do(l, enter, &e, err);
}
