/* SPDX-License-Identifier: Apache-2.0 */
/* Plans: what an object will do, doing it, and appraising what came of it. */
#include <inttypes.h>
#include <string.h>

#include "base/digits.h"
#include "base/reason.h"
#include "cose/key.h"
#include "issue/approve.h"
#include "plan.h"

static int plan_package(struct imp_span object, struct plan *p, struct imp_error *err)
{
	struct imp_package k;
	int rc = imp_package_decode(object, &k, err);

	if (rc)
		return rc;
	p->what = "profile";
	p->claims = k.claims;
	memcpy(p->id, k.claims.profile_id.ptr, 32);
	p->entry = (struct imp_entry){ .kind = IMP_ENTRY_PROFILE,
				       .domain = (uint8_t)k.claims.domain,
				       .owner_epoch = k.claims.epochs[0],
				       .domain_epoch = k.claims.epochs[1],
				       .sequence = k.claims.sequence };
	memcpy(p->entry.issuer, k.claims.issuer.ptr, 32);
	memcpy(p->entry.id, p->id, 32);
	p->target.ueid = k.claims.ueid;
	/* Domain 0 is the owner's alone. */
	p->expected = (struct imp_expected){
		.owner = k.claims.domain == 0 ? k.claims.issuer : (struct imp_span){ 0 },
		.has_profile = true,
		.domain = k.claims.domain,
		.id = k.claims.profile_id,
		.authority = k.claims.issuer,
		.epochs = { k.claims.epochs[0], k.claims.epochs[1] },
		.sequence = k.claims.sequence
	};
	return 0;
}

static int plan_transfer(struct imp_crypto *crypto, const struct imp_signed *s,
			 struct plan *p, struct imp_error *err)
{
	struct imp_transfer t;
	enum imp_change change;
	int rc = imp_transfer_decode(s->payload, &t, err);

	if (!rc && imp_cose_kid(crypto, &t.owner, p->owner))
		rc = imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
	if (rc)
		return rc;
	change = imp_transfer_change(&t);
	p->what = imp_change_name(change);
	p->target = t.target;
	p->issuer = s->issuer;
	p->previous = t.previous;
	p->entry = (struct imp_entry){ .kind = change == IMP_CHANGE_RECOVERY
						       ? IMP_ENTRY_RECOVERY
						       : IMP_ENTRY_TRANSFER,
				       .owner_epoch = t.owner_epoch };
	p->expected = (struct imp_expected){ .has_policy = true,
					     .policy = t.policy,
					     .wiped_domains = (uint16_t)~t.kept };
	return 0;
}

static int plan_command(const struct imp_signed *s, struct plan *p, struct imp_error *err)
{
	struct imp_command m;
	int rc = imp_command_decode(s->payload, &m, err);

	if (rc)
		return rc;
	p->what = imp_op_name(m.op);
	p->target = m.target;
	p->entry = (struct imp_entry){ .kind = (uint8_t)m.op,
				       .owner_epoch = m.owner_epoch,
				       .sequence = m.sequence };
	p->expected =
		(struct imp_expected){ .owner = s->issuer,
				       .locked = m.op == IMP_OP_LOCK,
				       .decommissioned = m.op == IMP_OP_DECOMMISSION,
				       .has_policy = m.op == IMP_OP_POLICY,
				       .policy = m.policy };
	if (m.op == IMP_OP_WIPE)
		p->expected.wiped_domains = m.domains;
	if (m.op == IMP_OP_FLOOR) {
		p->expected.floors = m.domains;
		memcpy(p->expected.floor, m.floor, sizeof(m.floor));
	}
	return 0;
}

static int not_in_clear(const struct imp_signed *s, struct imp_error *err)
{
	int rc = imp_fail(err, IMP_EPOLICY, "a %s is not pushed in clear",
			  imp_kind_name(s->kind));

	return s->kind != IMP_KIND_PROFILE
		       ? rc
		       : imp_hint(err, rc,
				  "imprint encrypt makes packages of signed profiles");
}

int plan_object(struct imp_crypto *crypto, struct imp_span object, struct plan *out,
		struct imp_error *err)
{
	const struct imp_quorum nobody_told = { 0 };
	struct plan p = { .object = object };
	struct imp_signed s;
	int rc;

	if (imp_cose_tag(object) == IMP_TAG_ENCRYPT) {
		rc = plan_package(object, &p, err);
	} else {
		rc = imp_signed_decode(object, &s, err);
		if (!rc && s.kind == IMP_KIND_TRANSFER)
			rc = plan_transfer(crypto, &s, &p, err);
		else if (!rc && s.kind == IMP_KIND_COMMAND)
			rc = plan_command(&s, &p, err);
		else if (!rc)
			rc = not_in_clear(&s, err);
		if (!rc)
			rc = imp_approvals_check(crypto, &s, &nobody_told, err);
		if (!rc && imp_signed_id(crypto, &s, p.id))
			rc = imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
		if (!rc) {
			memcpy(p.entry.issuer, s.issuer.ptr, 32);
			memcpy(p.entry.id, p.id, 32);
		}
	}
	if (rc)
		return rc;
	*out = p;
	if (plan_changes_owner(&p)) {
		memcpy(out->entry.issuer, p.owner, 32);
		out->expected.owner = IMP_SPAN(out->owner);
		out->expected.record = IMP_SPAN(out->id);
	}
	return 0;
}

/* What it proved last: in this run, or before. 1, 0 (nothing), or a negative code. */
static int last_proof(struct device *d, const struct verifier *v,
		      const struct imp_known *known, struct imp_chains *chains,
		      struct imp_evidence *last)
{
	struct imp_signed s;
	int rc;

	if (!d->proved)
		return imp_proven_last(&v->proven, d->crypto, known, &d->last, chains,
				       last, &d->err);
	if (imp_chains_start(d->crypto, known, chains))
		return imp_fail(&d->err, IMP_EINTERNAL, "SHA-256 failed");
	rc = imp_secret_set(&d->last, imp_secret_span(&d->evidence), &d->err);
	if (!rc)
		rc = imp_signed_decode(imp_secret_span(&d->last), &s, &d->err);
	if (!rc)
		rc = imp_evidence_decode(s.payload, last, &d->err);
	if (rc)
		return rc;
	imp_chains_take(chains, last);
	return 1;
}

/* Where the owner changes, --owner names the one before or the one after it. */
static int check_named(struct device *d, const struct plan *plan,
		       const struct verifier *v)
{
	char found[24], named[24];

	d->owner_compared = true;
	if (imp_span_eq(v->owner, IMP_SPAN(plan->owner)) ||
	    imp_span_eq(v->owner, plan->issuer))
		return 0;
	imp_short_hex(IMP_SPAN(plan->owner), found);
	imp_short_hex(v->owner, named);
	return imp_fail(&d->err, IMP_EPOLICY,
			"%s: %s: this %s makes %s its owner, expected %s of --owner",
			d->uri, d->name, plan->what, found, named);
}

/* What holds at once, and what may have changed since. */
static void expect_later(const struct plan *plan, struct imp_expected *x)
{
	x->later = true;
	if (!plan_changes_owner(plan))
		return;
	x->has_policy = false;
	x->wiped_domains = 0;
}

int plan_prepare(struct device *d, const struct plan *plan, const struct verifier *v,
		 const uint8_t nonce[32], struct device_check *check)
{
	struct imp_evidence last;
	int found;

	check->expected = plan->expected;
	check->expected.known = verifier_card(v, d);
	check->expected.nonce = nonce;
	check->expected.allow_debug = v->allow_debug;
	check->expected.locked |= v->require_locked;
	if (!check->expected.known)
		return -(int)d->err.code;
	check->party = v->party;
	check->parties = v->parties;
	found = last_proof(d, v, check->expected.known, &check->chains, &last);
	if (found < 0)
		return found;
	if (v->owner.len > 0 && plan_changes_owner(plan))
		return check_named(d, plan, v);
	if (v->owner.len > 0)
		check->expected.owner = v->owner;
	else if (found && last.owned && check->expected.owner.len == 0)
		check->expected.owner = last.owner;
	d->owner_compared = check->expected.owner.len > 0;
	return 0;
}

static void say(struct device *d, const struct plan *plan)
{
	const struct imp_evidence *t = &d->appraisal.token;
	/* A repeat may be ours: the first answer can have been lost. */
	const char *again = !d->again		 ? ""
			    : d->session.retries ? "already there (after a retry), "
						 : "already there, ";
	char proof[DEVICE_PROOF];

	if (plan->entry.kind == IMP_ENTRY_PROFILE)
		snprintf(d->says, sizeof(d->says),
			 "%sdomain %u sequence %" PRIu64 ", %s, %s", again,
			 plan->entry.domain, plan->entry.sequence, imp_life_name(t->life),
			 device_proof_says(d, proof));
	else
		snprintf(d->says, sizeof(d->says), "%s%s, %s, %s", again, plan->what,
			 imp_life_name(t->life), device_proof_says(d, proof));
}

int plan_apply(struct device *d, const struct plan *plan, const struct verifier *v)
{
	struct device_check check = { 0 };
	struct imp_response r;
	uint8_t nonce[32];
	int rc = device_nonce(d, nonce);

	if (!rc)
		rc = plan_prepare(d, plan, v, nonce, &check);
	if (!rc)
		rc = imp_session_stage(&d->session, plan->object, nonce, &r, &d->reason,
				       &d->err);
	if (rc)
		return plan_hint(d, plan, rc);
	d->again = r.again;
	if (r.evidence.len == 0)
		return imp_fail(&d->err, IMP_EDEVICE,
				"%s: %s: applied, but no evidence came", d->uri, d->name);
	if (r.again)
		expect_later(plan, &check.expected);
	check.step = (struct imp_step){ &plan->entry, .must = !r.again };
	rc = device_appraise(d, r.evidence, &check);
	if (!rc)
		say(d, plan);
	return rc;
}

int plan_attest(struct device *d, const struct plan *plan, const struct verifier *v)
{
	struct device_check check = { 0 };
	struct imp_response r;
	uint8_t nonce[32];
	int rc = device_nonce(d, nonce);

	if (!rc)
		rc = plan_prepare(d, plan, v, nonce, &check);
	if (!rc)
		rc = device_ask_evidence(d, nonce, &r);
	expect_later(plan, &check.expected);
	if (plan->entry.kind)
		check.step.entry = &plan->entry;
	return rc ? rc : device_appraise(d, r.evidence, &check);
}

bool plan_is_held(struct device *d, const struct plan *plan)
{
	const struct imp_evidence *t = &d->appraisal.token;
	unsigned domain = plan->entry.domain;

	d->again = plan->entry.kind == IMP_ENTRY_PROFILE && (t->used >> domain & 1) &&
		   t->domain[domain].state == IMP_DOMAIN_SET &&
		   imp_span_eq(t->domain[domain].id, IMP_SPAN(plan->id));
	if (d->again)
		say(d, plan);
	return d->again;
}
