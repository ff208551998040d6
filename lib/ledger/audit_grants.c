/* SPDX-License-Identifier: Apache-2.0 */
/* The grants that an audit knows: those that are given, and those of the ledger. */
#include <stdlib.h>
#include <string.h>

#include "base/grow.h"
#include "base/seen.h"
#include "cose/key.h"
#include "ledger/audit_case.h"

static int add_grant(struct imp_audit_run *r, const struct imp_grant *g,
		     struct imp_error *err)
{
	void *more =
		imp_grow(r->grant, r->grant_count, &r->grant_cap, sizeof(*r->grant), err);
	struct imp_held_grant *held;

	if (!more)
		return -IMP_ERESOURCE;
	r->grant = more;
	held = &r->grant[r->grant_count++];
	*held = (struct imp_held_grant){ .grant = *g };
	return imp_cose_kid(r->l->crypto, &g->holder, held->holder)
		       ? imp_fail(err, IMP_EINTERNAL, "SHA-256 failed")
		       : 0;
}

/* A grant that the ledger holds, and those above it, as far as they are not there yet. */
static int add_links(struct imp_audit_run *r, struct imp_span at, unsigned links,
		     struct imp_error *err)
{
	int rc = 0;

	for (unsigned i = 0; !rc && at.len > 0 && i < links; i++) {
		struct imp_signed s;
		struct imp_grant g;

		if (!imp_link_open(at, &s, &g))
			return 0;
		rc = add_grant(r, &g, err);
		at = s.cose.uh.chain;
	}
	return rc;
}

/* The grants of the ledger: each different one once, and the entries that hold it. */
struct kept {
	struct imp_secret *bytes;
	struct imp_seen seen, above; /* different ones; what stands above good ones */
	struct different {
		size_t at, len;
		bool good;
		size_t owner; /* whose, of those that are named; where it is good */
	} * grant;	      /* owned */
	size_t grants, grant_cap;
	struct place {
		uint64_t entry;
		uint32_t grant;
	} * at; /* owned */
	size_t count, cap;
};

static void kept_fini(struct kept *k)
{
	imp_seen_fini(&k->seen);
	imp_seen_fini(&k->above);
	free(k->grant);
	free(k->at);
}

static struct imp_span bytes_of(const struct kept *k, const struct different *d)
{
	return (struct imp_span){ k->bytes->ptr + d->at, d->len };
}

/* Which of the different ones is it? Who can write a ledger can enter one often. */
static int which(struct kept *k, struct imp_span bytes, uint32_t *out,
		 struct imp_error *err)
{
	uint32_t before;
	void *more;
	int rc = imp_seen_add(&k->seen, bytes, (uint32_t)k->grants, &before, err);

	if (!rc && before != IMP_SEEN_NOWHERE &&
	    imp_span_eq(bytes_of(k, &k->grant[before]), bytes)) {
		*out = before;
		return 0;
	}
	more = rc ? NULL
		  : imp_grow(k->grant, k->grants, &k->grant_cap, sizeof(*k->grant), err);
	if (!more)
		return -IMP_ERESOURCE;
	k->grant = more;
	*out = (uint32_t)k->grants;
	k->grant[k->grants++] =
		(struct different){ .at = k->bytes->len, .len = bytes.len };
	return imp_secret_append(k->bytes, bytes, err);
}

static int keep_grant(void *ctx, const struct imp_found *f, struct imp_error *err)
{
	struct place place = { .entry = f->index };
	struct kept *k = ctx;
	void *more;
	int rc;

	if (f->record.type != IMP_LEAF_GRANT)
		return 0;
	rc = which(k, f->record.bytes, &place.grant, err);
	if (rc)
		return rc;
	more = imp_grow(k->at, k->count, &k->cap, sizeof(*k->at), err);
	if (!more)
		return -IMP_ERESOURCE;
	k->at = more;
	k->at[k->count++] = place;
	return 0;
}

/* What stands above it, as it was signed; empty: nothing. */
static struct imp_span above_of(const struct kept *k, const struct different *d)
{
	struct imp_signed s;

	return imp_signed_decode(bytes_of(k, d), &s, NULL) ? (struct imp_span){ 0 }
							   : s.cose.uh.chain;
}

/* A good one below the same grants, or NULL. */
static const struct different *sibling(const struct kept *k, struct imp_span above)
{
	const uint32_t *where = above.len > 0 ? imp_seen_find(&k->above, above) : NULL;

	return where && imp_span_eq(above_of(k, &k->grant[*where]), above)
		       ? &k->grant[*where]
		       : NULL;
}

/* Every signature, the topmost by the key of an owner that is named. */
static int open_grant(const struct imp_audit_run *r, const struct kept *k,
		      struct different *d, const struct different *below_same)
{
	size_t from = below_same ? below_same->owner : 0;
	size_t to = below_same ? from + 1 : r->a->owners;
	int rc = -IMP_EVERIFY;

	for (size_t i = from; rc && i < to; i++) {
		CLEANUP(imp_grants_fini)
		struct imp_grants g = { .above_verified = below_same != NULL };

		rc = imp_grants_open(&g, r->l->crypto, bytes_of(k, d),
				     &r->a->owner_key[i], NULL);
		d->owner = i;
	}
	d->good = !rc;
	return rc == -IMP_EINTERNAL || rc == -IMP_ERESOURCE ? rc : 0;
}

static int verify_grant(struct imp_audit_run *r, struct kept *k, uint32_t i,
			struct imp_error *err)
{
	struct different *d = &k->grant[i];
	struct imp_span above = above_of(k, d);
	const struct different *known = sibling(k, above);
	uint32_t before;
	int rc = open_grant(r, k, d, known);

	if (rc)
		return imp_fail(err, (enum imp_code) - rc,
				"a grant of the ledger cannot be verified");
	if (!d->good)
		return 0;
	if (above.len > 0 && !known)
		rc = imp_seen_add(&k->above, above, i, &before, err);
	return rc ? rc : add_links(r, bytes_of(k, d), known ? 1 : IMP_GRANT_LINKS, err);
}

static int tell_bad(struct imp_audit_run *r, uint64_t entry, struct imp_error *err)
{
	struct imp_charge c = { .code = IMP_FOUND_KEY_CONFLICT, .domain = -1 };

	c.fact[0] = imp_fact_entry(entry, "a grant that does not verify");
	c.fact[1] = imp_fact_option("--owner", "no owner that is named gave it");
	return imp_run_tell(r, &c, err);
}

/* Whose key must have signed the topmost, nobody has said. */
static int tell_unverified(struct imp_audit_run *r, const struct place *first,
			   struct imp_error *err)
{
	const struct imp_charge c = {
		.code = IMP_FOUND_UNVERIFIED,
		.domain = -1,
		.fact = { imp_fact_entry(first->entry, "a grant, which no key verifies"),
			  imp_fact_owners(r->a) },
	};

	return imp_run_tell(r, &c, err);
}

static int take_kept(struct imp_audit_run *r, struct kept *k, struct imp_error *err)
{
	int rc = 0;

	for (uint32_t i = 0; !rc && i < k->grants; i++)
		rc = verify_grant(r, k, i, err);
	for (size_t i = 0; !rc && i < k->count; i++)
		if (!k->grant[k->at[i].grant].good)
			rc = tell_bad(r, k->at[i].entry, err);
	return rc;
}

int imp_audit_grants(struct imp_audit_run *r, struct imp_error *err)
{
	CLEANUP(imp_rows_fini)
	struct imp_rows given = { .l = r->l, .types = &r->types, .kind = IMP_REF_GIVEN };
	CLEANUP(kept_fini) struct kept k = { .bytes = &r->grants };
	const struct imp_auditing *a = r->a;
	int rc = imp_seen_init(&k.seen, err);

	if (!rc)
		rc = imp_seen_init(&k.above, err);
	for (size_t i = 0; !rc && i < a->grants; i++)
		for (size_t n = 0; !rc && n < a->grant[i].links; n++)
			rc = add_grant(r, &a->grant[i].link[n].grant, err);
	if (!rc)
		rc = imp_rows_take(&given, NULL, keep_grant, &k, err);
	if (!rc && a->owners == 0)
		return k.count > 0 ? tell_unverified(r, &k.at[0], err) : 0;
	return rc ? rc : take_kept(r, &k, err);
}
