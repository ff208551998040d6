/* SPDX-License-Identifier: Apache-2.0 */
/* Going through a ledger device by device. */
#include <stdlib.h>
#include <string.h>

#include "cose/key.h"
#include "ledger/audit_case.h"
#include "object/signed.h"

static void run_fini(struct imp_audit_run *r)
{
	imp_secret_fini(&r->grants);
	free(r->grant);
	free(r->resigned);
	imp_types_fini(&r->types);
}

/* The ledger itself. */
static int judge_ledger(struct imp_audit_run *r, struct imp_error *err)
{
	const struct imp_auditing *a = r->a;
	struct imp_charge c = { .code = IMP_FOUND_NOT_ANCHORED, .domain = -1 };
	char why[IMP_GOES_ON_TEXT];
	int rc;

	if (!a->outside) {
		c.fact[0] = imp_fact_ledger(
			"%llu entr%s together", (unsigned long long)r->out->entries,
			r->out->entries == 1 ? "y that fits" : "ies that fit");
		c.fact[1] = imp_fact_option("--checkpoint", "is not given");
		return imp_run_tell(r, &c, err);
	}
	rc = imp_ledger_goes_on(r->l, a->outside, why, err);
	if (rc > 0)
		r->out->anchored = a->outside->size;
	if (rc != 0)
		return rc > 0 ? 0 : rc;
	c.code = IMP_FOUND_LEDGER_FORKED;
	c.fact[0] = imp_fact_ledger("%s", why);
	c.fact[1] = imp_fact_option("--checkpoint", "%s: %llu entries, root %s",
				    a->outside_name, (unsigned long long)a->outside->size,
				    imp_short(IMP_SPAN(a->outside->root.byte)).text);
	return imp_run_tell(r, &c, err);
}

/* Is there any entry of this kind? */
static int look(struct imp_audit_run *r, enum imp_ref_kind kind, bool *out,
		struct imp_error *err)
{
	CLEANUP(imp_rows_fini)
	struct imp_rows q = { .l = r->l, .types = &r->types, .kind = kind };
	struct imp_span key;
	int rc = imp_rows_key(&q, &key, err);

	*out = rc > 0;
	return rc < 0 ? rc : 0;
}

/* Once in an audit: who can write a ledger can write many. */
static int tell_unverified(struct imp_audit_run *r, uint64_t entry, struct imp_error *err)
{
	struct imp_charge c = { .code = IMP_FOUND_UNVERIFIED, .domain = -1 };

	if (r->unverified_told)
		return 0;
	r->unverified_told = true;
	c.fact[0] = imp_fact_entry(entry, "a revocation, by no list of an owner that is "
					  "named");
	c.fact[1] = imp_fact_owners(r->a);
	return imp_run_tell(r, &c, err);
}

int imp_run_revoked(struct imp_audit_run *r, struct imp_span subject, uint64_t *entry,
		    struct imp_error *err)
{
	const struct imp_owner_kids by = { r->a->owner, r->a->owners };
	struct imp_revoked_by v;
	int rc = imp_find_revoked(r->l, &by, subject, &v, err);

	*entry = v.entry;
	if (rc == 0 && v.claimed)
		rc = tell_unverified(r, v.entry, err);
	return rc;
}

/* Devices. */
static int report(const struct imp_case *c, struct imp_error *err)
{
	const struct imp_carded *card = imp_case_card(c);
	struct imp_audited d = { .ueid = c->ueid,
				 .verdict = c->verdict,
				 .station = card ? card->station : "" };

	for (size_t i = 0; i < c->tokens; i++) {
		const struct imp_shown_token *t = &c->token[i];

		d.evidence += t->good;
		if (!t->good || t->from.source != IMP_FACT_ENTRY)
			continue;
		d.time = t->time;
		d.station = t->station;
	}
	c->run->out->devices++;
	return c->run->a->device(c->run->a->ctx, &d, err);
}

static int judge_device(struct imp_audit_run *r, struct imp_rows *registry,
			struct imp_rows *rest, struct imp_span ueid,
			struct imp_error *err)
{
	CLEANUP(imp_case_fini) struct imp_case c = { .run = r, .ueid = ueid };
	int rc = imp_case_read(&c, registry, rest, err);

	if (!rc)
		rc = imp_judge_registry(&c, err);
	if (!rc)
		rc = imp_case_admit(&c, err);
	if (!rc)
		rc = imp_judge_tokens(&c, err);
	if (!rc)
		rc = imp_judge_issues(&c, err);
	return rc ? rc : report(&c, err);
}

/* Those that the registry knows and those that something else names. */
static int judge_devices(struct imp_audit_run *r, struct imp_error *err)
{
	CLEANUP(imp_rows_fini)
	struct imp_rows registry = { .l = r->l,
				     .types = &r->types,
				     .kind = IMP_REF_REGISTRY };
	CLEANUP(imp_rows_fini)
	struct imp_rows rest = { .l = r->l, .types = &r->types, .kind = IMP_REF_DEVICE };
	struct imp_span known, named;
	int rc = 0;

	while (!rc) {
		int in_registry = imp_rows_key(&registry, &known, err);
		int in_rest =
			in_registry < 0 ? in_registry : imp_rows_key(&rest, &named, err);
		struct imp_span next;
		uint8_t ueid[IMP_ROWS_KEY];

		if (in_rest < 0 || in_registry + in_rest == 0)
			return in_rest;
		next = in_rest == 0 || (in_registry > 0 && imp_span_cmp(known, named) < 0)
			       ? known
			       : named;
		memcpy(ueid, next.ptr, next.len);
		next.ptr = ueid;
		rc = judge_device(r, &registry, &rest, next, err);
	}
	return rc;
}

/* A key that no card has verifies nothing, and a file may come from anybody. */
static int tell_stranger(struct imp_audit_run *r, const struct imp_shown_token *t,
			 struct imp_span key, struct imp_span ueid, struct imp_error *err)
{
	char name[80];
	struct imp_charge charge = {
		.code = IMP_FOUND_UNVERIFIED,
		.domain = -1,
		.fact[1] = imp_fact_ledger("has no card with this key"),
	};

	imp_device_name(ueid, name);
	charge.fact[0] = imp_fact_token(t, "evidence in the name of %s by the key %s",
					name, imp_short(key).text);
	return imp_run_tell(r, &charge, err);
}

/* Evidence from outside by a key that no card has. */
static int judge_stranger(struct imp_audit_run *r, struct imp_span bytes,
			  struct imp_fact from, struct imp_error *err)
{
	CLEANUP(imp_found_fini) struct imp_found f = { 0 };
	CLEANUP(imp_case_fini) struct imp_case c = { .run = r };
	struct imp_shown_token t = { .from = from };
	struct imp_charge charge = { .domain = -1 };
	struct imp_evidence e;
	struct imp_signed s;
	int rc = imp_signed_decode(bytes, &s, NULL);

	if (rc || imp_evidence_decode(s.cose.payload, &e, NULL))
		return 0;
	rc = imp_find_latest(r->l, IMP_REF_KEY, s.issuer, &f, err);
	if (rc)
		return rc < 0 ? rc : 0;
	c.ueid = e.ueid;
	rc = imp_find_latest(r->l, IMP_REF_REGISTRY, c.ueid, &f, err);
	if (rc < 0)
		return rc;
	if (rc > 0 && from.source == IMP_FACT_FILE)
		return tell_stranger(r, &t, s.issuer, c.ueid, err);
	charge.code = rc > 0 ? IMP_FOUND_DUPLICATE_IDENTITY : IMP_FOUND_UNKNOWN_DEVICE;
	charge.fact[0] = imp_fact_token(&t, "evidence in its name by the key %s",
					imp_short(s.issuer).text);
	charge.fact[1] = rc > 0 ? imp_fact_entry(f.index, "its card has another key")
				: imp_fact_ledger("has no card of it");
	return imp_case_tell(&c, &charge, err);
}

static int judge_strangers(struct imp_audit_run *r, struct imp_error *err)
{
	const struct imp_auditing *a = r->a;
	struct imp_fact from = { .source = IMP_FACT_DEVICE };
	int rc = 0;

	for (size_t i = 0; !rc && i < a->asked_count; i++) {
		strncpy(from.name, a->asked[i].uri, sizeof(from.name) - 1);
		rc = judge_stranger(r, a->asked[i].evidence, from, err);
	}
	from.source = IMP_FACT_FILE;
	for (size_t k = 0; !rc && k < a->files; k++)
		for (size_t i = 0; !rc && i < a->file[k].count; i++) {
			CLEANUP(imp_secret_fini) struct imp_secret bytes = { 0 };

			strncpy(from.name, a->file[k].name, sizeof(from.name) - 1);
			from.number = i + 1;
			rc = imp_index_read(&a->file[k], i, &bytes, err);
			if (!rc)
				rc = judge_stranger(r, imp_secret_span(&bytes), from,
						    err);
		}
	return rc;
}

static int audit(struct imp_ledger *l, void *ctx, struct imp_error *err)
{
	CLEANUP(run_fini) struct imp_audit_run r = *(const struct imp_audit_run *)ctx;
	struct imp_ledger_report whole;
	int rc = imp_verify_types(l, NULL, &r.types, &whole, err);

	if (rc)
		return rc;
	r.l = l;
	l->verified = true; /* all of it, until this reading ends */
	*r.out = (struct imp_audit_report){ .entries = whole.entries,
					    .forgotten = whole.forgotten };
	rc = look(&r, IMP_REF_REVOKED, &r.any_revoked, err);
	if (!rc)
		rc = judge_ledger(&r, err);
	if (!rc)
		rc = imp_audit_grants(&r, err);
	if (!rc)
		rc = imp_audit_resign(&r, err);
	if (!rc)
		rc = judge_devices(&r, err);
	return rc ? rc : judge_strangers(&r, err);
}

int imp_audit(struct imp_ledger *l, const struct imp_auditing *a,
	      struct imp_audit_report *out, struct imp_error *err)
{
	struct imp_audit_run r = { .a = a,
				   .out = out,
				   .types = { .most = IMP_TYPES_MOST } };

	return imp_ledger_read(l, audit, &r, err);
}
