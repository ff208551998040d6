/* SPDX-License-Identifier: Apache-2.0 */
/* The grants that an audit knows: those that are given, and those of the ledger. */
#include <stdlib.h>
#include <string.h>

#include "base/grow.h"
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

/* A grant that the ledger holds, and those above it. */
static int add_links(struct imp_audit_run *r, struct imp_span at, struct imp_error *err)
{
	int rc = 0;

	for (unsigned i = 0; !rc && at.len > 0 && i < IMP_GRANT_LINKS; i++) {
		struct imp_signed s;
		struct imp_grant g;

		if (!imp_link_open(at, &s, &g))
			return 0;
		rc = add_grant(r, &g, err);
		at = s.cose.uh.chain;
	}
	return rc;
}

/* Where each grant of the ledger stands among their bytes. */
struct kept {
	struct imp_secret *bytes;
	struct place {
		uint64_t entry;
		size_t len;
	} * at; /* owned */
	size_t count, cap;
};

static void kept_fini(struct kept *k)
{
	free(k->at);
}

static int keep_grant(void *ctx, const struct imp_found *f, struct imp_error *err)
{
	struct kept *k = ctx;
	void *more;

	if (f->record.type != IMP_LEAF_GRANT)
		return 0;
	more = imp_grow(k->at, k->count, &k->cap, sizeof(*k->at), err);
	if (!more)
		return -IMP_ERESOURCE;
	k->at = more;
	k->at[k->count++] = (struct place){ f->index, f->record.bytes.len };
	return imp_secret_append(k->bytes, f->record.bytes, err);
}

/* Every signature, the topmost by the key of an owner that is named. */
static int open_grant(struct imp_audit_run *r, struct imp_span bytes)
{
	int rc = -IMP_EVERIFY;

	for (size_t i = 0; rc && i < r->a->owners; i++) {
		CLEANUP(imp_grants_fini) struct imp_grants g = { 0 };

		rc = imp_grants_open(&g, r->l->crypto, bytes, &r->a->owner_key[i], NULL);
	}
	return rc;
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

static int judge_grant(struct imp_audit_run *r, const struct place *p,
		       struct imp_span bytes, struct imp_error *err)
{
	struct imp_charge c = { .code = IMP_FOUND_KEY_CONFLICT, .domain = -1 };
	int rc = open_grant(r, bytes);

	if (!rc)
		return add_links(r, bytes, err);
	if (rc == -IMP_EINTERNAL || rc == -IMP_ERESOURCE)
		return imp_fail(err, (enum imp_code) - rc,
				"a grant of the ledger cannot be verified");
	c.fact[0] = imp_fact_entry(p->entry, "a grant that does not verify");
	c.fact[1] = imp_fact_option("--owner", "no owner that is named gave it");
	return imp_run_tell(r, &c, err);
}

int imp_audit_grants(struct imp_audit_run *r, struct imp_error *err)
{
	CLEANUP(imp_rows_fini)
	struct imp_rows given = { .l = r->l, .types = &r->types, .kind = IMP_REF_GIVEN };
	CLEANUP(kept_fini) struct kept k = { .bytes = &r->grants };
	const struct imp_auditing *a = r->a;
	size_t at = 0;
	int rc = 0;

	for (size_t i = 0; !rc && i < a->grants; i++)
		for (size_t n = 0; !rc && n < a->grant[i].links; n++)
			rc = add_grant(r, &a->grant[i].link[n].grant, err);
	if (!rc)
		rc = imp_rows_take(&given, NULL, keep_grant, &k, err);
	if (!rc && a->owners == 0)
		return k.count > 0 ? tell_unverified(r, &k.at[0], err) : 0;
	for (size_t i = 0; !rc && i < k.count; at += k.at[i++].len)
		rc = judge_grant(r, &k.at[i],
				 (struct imp_span){ r->grants.ptr + at, k.at[i].len },
				 err);
	return rc;
}
