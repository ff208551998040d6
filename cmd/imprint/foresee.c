/* SPDX-License-Identifier: Apache-2.0 */
/* What describe tells of an object before it is sent, and of a refusal after it. */
#include <inttypes.h>
#include <string.h>

#include "base/reason.h"
#include "plan.h"

static const struct imp_described *described(const struct device *d,
					     const struct plan *plan)
{
	return &d->describe.domain[plan->entry.domain];
}

static int hint_state(struct device *d, int rc)
{
	switch (d->describe.life) {
	case IMP_LIFE_UNOWNED:
		return imp_hint(&d->err, rc, "nobody owns it yet: imprint claim");
	case IMP_LIFE_DECOMMISSIONED:
		return imp_hint(&d->err, rc, "it is retired and takes nothing any more");
	default:
		return imp_hint(&d->err, rc,
				"it has an owner already; imprint verify shows which");
	}
}

/* What is made for a device is sealed to its key. */
static int hint_board(struct device *d, int rc)
{
	if (!d->has_kid || d->known.bytes.len == 0 ||
	    memcmp(d->signing_kid, d->known.signing_kid, 32) == 0)
		return rc;
	return imp_hint(&d->err, rc,
			"its key is not the one in its card: was the board exchanged? "
			"imprint enroll --replace, and pack again");
}

/* Others sign what is in a package, or of an owner. */
static int hint_approval(struct device *d, int rc)
{
	return imp_hint(&d->err, rc,
			"its owner's claim, or the grant, says how many others must "
			"sign: sign with --to-approve, then imprint approve");
}

/* An instance goes from one domain to another in two steps. */
static int hint_conflict(struct device *d, const struct plan *plan, int rc)
{
	return imp_hint(&d->err, rc,
			"another domain than %u has it, and gives it up first: by a "
			"profile without it, or imprint wipe --domain",
			plan->entry.domain);
}

/* The owner record, or what may change it, is another now. */
static int hint_change(struct device *d, const struct plan *plan, int rc)
{
	switch (d->reason) {
	case IMP_R_APPROVAL:
		return imp_hint(&d->err, rc,
				plan->entry.owner_epoch == 1
					? "its firmware asks for the maker's signature: "
					  "--maker KEY"
					: "the new owner signs, too (imprint transfer "
					  "--accept), and whom either of them needs "
					  "(imprint approve)");
	case IMP_R_EPOCH:
	case IMP_R_REPLACED_ID:
		return imp_hint(&d->err, rc,
				"its owner record is another than this %s was made for: "
				"make it anew with fresh evidence",
				plan->what);
	default:
		return plan->entry.kind != IMP_ENTRY_RECOVERY
			       ? imp_hint(&d->err, rc,
					  "another key owns it; imprint verify shows "
					  "which")
			       : imp_hint(&d->err, rc,
					  "its owner does not let the maker recover it, "
					  "or its firmware has no key of this maker");
	}
}

static bool is_about_owner(const struct device *d, const struct plan *plan)
{
	return plan_changes_owner(plan) &&
	       (d->reason == IMP_R_APPROVAL || d->reason == IMP_R_EPOCH ||
		d->reason == IMP_R_REPLACED_ID || d->reason == IMP_R_SCOPE);
}

/* What to do next about a refusal. The numbers are what the device says without proof. */
int plan_hint(struct device *d, const struct plan *plan, int rc)
{
	const char *how = plan->entry.kind == IMP_ENTRY_PROFILE ? "build" : "sign";

	if (!rc || d->describe.restricted)
		return rc;
	if (is_about_owner(d, plan))
		return hint_change(d, plan, rc);
	switch (d->reason) {
	case IMP_R_SEQUENCE:
		return imp_hint(&d->err, rc,
				"domain %u has sequence %" PRIu64
				": %s with --sequence %" PRIu64 " or higher",
				plan->entry.domain, described(d, plan)->sequence, how,
				described(d, plan)->sequence + 1);
	case IMP_R_EPOCH:
		return imp_hint(
			&d->err, rc,
			"owner-epoch %u, domain-epoch %u of domain %u: build with "
			"--epochs %u,%u",
			d->owner_epoch, described(d, plan)->domain_epoch,
			plan->entry.domain, d->owner_epoch,
			described(d, plan)->domain_epoch);
	case IMP_R_STATE:
		return hint_state(d, rc);
	case IMP_R_APPROVAL:
		return hint_approval(d, rc);
	case IMP_R_CONFLICT:
		return hint_conflict(d, plan, rc);
	case IMP_R_NOT_FOR_ME:
	case IMP_R_DECRYPT:
		return hint_board(d, rc);
	case IMP_R_SCOPE:
		return plan->entry.domain > 0
			       ? imp_hint(&d->err, rc,
					  "no grant by its owner allows that: imprint "
					  "check --grant tells what one allows")
			       : imp_hint(&d->err, rc,
					  "another key owns it; imprint verify shows "
					  "which");
	default:
		return rc;
	}
}

static bool takes_objects(const struct device *d)
{
	return d->describe.life == IMP_LIFE_OWNED || d->describe.life == IMP_LIFE_LOCKED;
}

/* Whether the maker may, describe does not tell. */
static enum imp_reason foresee_change(const struct device *d, const struct plan *plan)
{
	bool claim = plan->entry.owner_epoch == 1;

	if (claim ? d->describe.life != IMP_LIFE_UNOWNED : !takes_objects(d))
		return IMP_R_STATE;
	if (claim)
		return IMP_R_NONE;
	if (plan->entry.owner_epoch != (uint64_t)d->owner_epoch + 1)
		return IMP_R_EPOCH;
	if (!imp_span_eq(plan->previous, d->describe.record))
		return IMP_R_REPLACED_ID;
	return plan->entry.kind == IMP_ENTRY_RECOVERY ||
			       imp_span_eq(plan->issuer, d->describe.owner)
		       ? IMP_R_NONE
		       : IMP_R_SCOPE;
}

/* The device's own order of checks, as far as describe tells. */
static enum imp_reason foresee(const struct device *d, const struct plan *plan)
{
	const struct imp_described *have = described(d, plan);
	const struct imp_entry *e = &plan->entry;
	bool profile = e->kind == IMP_ENTRY_PROFILE;

	if (plan_changes_owner(plan))
		return foresee_change(d, plan);
	if (!takes_objects(d))
		return IMP_R_STATE;
	if (e->owner_epoch != d->owner_epoch ||
	    (profile && e->domain_epoch < have->domain_epoch))
		return IMP_R_EPOCH;
	if (e->sequence > 0 && e->domain_epoch <= have->domain_epoch &&
	    e->sequence <= have->sequence)
		return IMP_R_SEQUENCE;
	/* In other domains it may have a grant, which is sealed up in the package. */
	return e->domain > 0 || imp_span_eq(IMP_SPAN(e->issuer), d->describe.owner)
		       ? IMP_R_NONE
		       : IMP_R_SCOPE;
}

/* Is it the last thing that was done, which a device answers without doing it again? */
static bool is_there(const struct device *d, const struct plan *plan)
{
	const struct imp_span id = IMP_SPAN(plan->id);
	unsigned domain = plan->entry.domain;

	switch (plan->entry.kind) {
	case IMP_ENTRY_PROFILE:
		return takes_objects(d) && (d->describe.domains >> domain & 1) &&
		       imp_span_eq(described(d, plan)->id, id);
	case IMP_ENTRY_TRANSFER:
	case IMP_ENTRY_RECOVERY:
		return d->describe.owned && imp_span_eq(d->describe.record, id);
	case IMP_ENTRY_LOCK:
		return d->describe.life == IMP_LIFE_LOCKED;
	default:
		return false;
	}
}

static void say_foreseen(struct device *d, const struct plan *plan)
{
	const struct imp_entry *e = &plan->entry;

	if (e->kind == IMP_ENTRY_PROFILE && !d->again)
		snprintf(d->says, sizeof(d->says),
			 "would set domain %u to sequence %" PRIu64 " (now %" PRIu64
			 ", %s), unproven",
			 e->domain, e->sequence, described(d, plan)->sequence,
			 imp_life_name(d->describe.life));
	else if (e->kind == IMP_ENTRY_PROFILE)
		snprintf(d->says, sizeof(d->says),
			 "already there: domain %u sequence %" PRIu64 ", unproven",
			 e->domain, e->sequence);
	else
		snprintf(d->says, sizeof(d->says), "%s: %s, unproven",
			 d->again ? "already there" : "would apply", plan->what);
}

int plan_foresee(struct device *d, const struct plan *plan)
{
	enum imp_reason reason;

	d->dry = true;
	d->again = !d->describe.restricted && is_there(d, plan);
	reason = d->again || d->describe.restricted || !plan->entry.kind
			 ? IMP_R_NONE
			 : foresee(d, plan);
	if (!reason) {
		say_foreseen(d, plan);
		return 0;
	}
	d->reason = reason;
	return plan_hint(d, plan,
			 imp_fail(&d->err, imp_reason_row(reason)->code,
				  "%s: %s: would refuse (%s): %s", d->uri, d->name,
				  imp_reason_row(reason)->name,
				  imp_reason_row(reason)->says));
}
