/* SPDX-License-Identifier: Apache-2.0 */
/* What the registry says of a device, and what was issued to it. */
#include <string.h>

#include "ledger/audit_case.h"
#include "ledger/registry.h"

/* The first thing that the ledger has about a device that nobody enrolled. */
static struct imp_fact first_of(const struct imp_case *c, uint64_t *time)
{
	if (c->issues > 0) {
		*time = c->issue[0].time;
		return imp_fact_entry(c->issue[0].entry, "%.16s was issued to it",
				      imp_short(IMP_SPAN(c->issue[0].id)).text);
	}
	if (c->tokens > 0) {
		*time = c->token[0].time;
		return imp_fact_token(&c->token[0], "evidence by the key %s",
				      imp_short(IMP_SPAN(c->token[0].signing)).text);
	}
	if (c->carried_count > 0)
		return imp_fact_entry(c->carried[0].entry, "an object was sent to it");
	return imp_fact_ledger("names it");
}

/* What was signed and never sent happened to no device. */
static int only_issued(const struct imp_case *c, struct imp_error *err)
{
	int rc = 0;

	if (c->issues == 0 || c->tokens > 0 || c->carried_count > 0)
		return 0;
	for (size_t i = 0; !rc && i < c->issues; i++) {
		CLEANUP(imp_found_fini) struct imp_found f = { 0 };

		rc = imp_find_latest(c->run->l, IMP_REF_ITEM, IMP_SPAN(c->issue[i].id),
				     &f, err);
	}
	return rc < 0 ? rc : rc == 0;
}

static int unknown(struct imp_case *c, struct imp_error *err)
{
	struct imp_charge charge = { .code = IMP_FOUND_UNKNOWN_DEVICE, .domain = -1 };
	int rc = only_issued(c, err);

	if (rc)
		return rc < 0 ? rc : 0;
	charge.fact[0] = first_of(c, &charge.time);
	charge.fact[1] = imp_fact_ledger("has no card of it");
	return imp_case_tell(c, &charge, err);
}

static struct imp_fact carded(const struct imp_carded *card)
{
	return imp_fact_entry(card->entry, "its card has the key %s",
			      imp_short(IMP_SPAN(card->signing)).text);
}

struct rival {
	struct imp_span ueid; /* of this device */
	uint64_t entry;	      /* of the other's card; 0: none */
	char name[80];
};

static int take_rival(void *ctx, const struct imp_found *f, struct imp_error *err)
{
	struct rival *r = ctx;

	(void)err;
	if (imp_span_eq(f->record.ueid, r->ueid))
		return 0;
	r->entry = f->index;
	imp_device_name(f->record.ueid, r->name);
	return 0;
}

/* The card of another device that has this one's key. */
static int find_rival(struct imp_case *c, struct rival *out, struct imp_error *err)
{
	const struct imp_carded *card = imp_case_card(c);
	const struct imp_span key[] = { IMP_SPAN(card->signing),
					IMP_SPAN(card->sealing) };
	int rc = 0;

	*out = (struct rival){ .ueid = c->ueid };
	for (size_t i = 0; !rc && out->entry == 0 && i < COUNTOF(key); i++)
		rc = imp_find_each(c->run->l, IMP_REF_KEY, key[i], take_rival, out, err);
	return rc;
}

/* What the registry itself took out; a person's reasons are the person's. */
static int judge_quarantine(struct imp_case *c, struct imp_error *err)
{
	const struct imp_noted *q = &c->quarantined;
	bool shared = strncmp(q->reason, IMP_REASON_SHARED_KEY,
			      strlen(IMP_REASON_SHARED_KEY)) == 0;
	struct imp_charge charge = { .code = shared ? IMP_FOUND_KEY_CONFLICT
						    : IMP_FOUND_DUPLICATE_IDENTITY,
				     .domain = -1,
				     .time = q->time,
				     .station = q->station };
	struct rival rival;
	int rc;

	if (q->entry == 0 || (!shared && strcmp(q->reason, IMP_REASON_OTHER_KEYS) != 0))
		return 0;
	rc = find_rival(c, &rival, err);
	if (rc)
		return rc;
	charge.fact[0] =
		shared && rival.entry
			? imp_fact_entry(rival.entry, "%s has its key, too", rival.name)
			: imp_fact_entry(q->entry, "%s", q->reason);
	charge.fact[1] = carded(imp_case_card(c));
	return imp_case_tell(c, &charge, err);
}

/* A card with other keys took the place of one, and nobody said why. */
static int judge_cards(struct imp_case *c, struct imp_error *err)
{
	int rc = 0;

	for (size_t i = 1; !rc && i < c->cards; i++) {
		const struct imp_carded *was = &c->card[i - 1], *now = &c->card[i];
		const struct imp_charge charge = { .code = IMP_FOUND_DUPLICATE_IDENTITY,
						   .domain = -1,
						   .time = now->time,
						   .station = now->station,
						   .fact = { carded(now), carded(was) } };

		if (!now->replaces && memcmp(was->signing, now->signing, 32) != 0)
			rc = imp_case_tell(c, &charge, err);
	}
	return rc;
}

int imp_judge_registry(struct imp_case *c, struct imp_error *err)
{
	int rc;

	if (c->cards == 0)
		return unknown(c, err);
	rc = judge_quarantine(c, err);
	if (!rc)
		rc = judge_cards(c, err);
	if (!rc && imp_run_verdict(c->run, imp_case_card(c)->entry) == IMP_FORGED) {
		const struct imp_charge charge = {
			.code = IMP_FOUND_KEY_CONFLICT,
			.domain = -1,
			.time = imp_case_card(c)->time,
			.station = imp_case_card(c)->station,
			.fact = { imp_fact_entry(imp_case_card(c)->entry,
						 "its card is not signed by its key"),
				  carded(imp_case_card(c)) },
		};

		rc = imp_case_tell(c, &charge, err);
	}
	return rc;
}

static struct imp_fact issued(const struct imp_issue *i)
{
	return imp_fact_entry(i->entry, "issued %.16s in domain %u, sequence %llu, by %s",
			      imp_short(IMP_SPAN(i->id)).text, i->domain,
			      (unsigned long long)i->sequence,
			      imp_short(IMP_SPAN(i->issuer)).text);
}

static int accuse(struct imp_case *c, enum imp_finding_code code,
		  const struct imp_issue *i, struct imp_fact against,
		  struct imp_error *err)
{
	const struct imp_charge charge = { .code = code,
					   .domain = (int)i->domain,
					   .time = i->time,
					   .station = i->station,
					   .fact = { issued(i), against } };

	return imp_case_tell(c, &charge, err);
}

static int judge_right(struct imp_case *c, const struct imp_issue *i,
		       struct imp_error *err)
{
	const struct imp_claimed w = { .by = IMP_SPAN(i->issuer),
				       .domain = i->domain,
				       .epochs = { i->owner_epoch, i->domain_epoch },
				       .sequence = i->sequence,
				       .time = i->time };
	struct imp_right right = imp_case_right(c, &w);

	return right.is == IMP_RIGHT_YES
		       ? 0
		       : accuse(c,
				right.is == IMP_RIGHT_NO ? IMP_FOUND_FOREIGN_AUTHORITY
							 : IMP_FOUND_OUT_OF_SCOPE,
				i, imp_fact_ledger("%s", right.why), err);
}

/* The ledger refuses that; somebody who writes past it does not. */
static int judge_revoked(struct imp_case *c, const struct imp_issue *i,
			 struct imp_error *err)
{
	const struct imp_span subject[] = { IMP_SPAN(i->issuer), IMP_SPAN(i->id),
					    c->ueid };
	static const char *const what[] = { "its issuer", "it", "the device" };
	int rc = 0;

	for (size_t k = 0; !rc && k < COUNTOF(subject); k++) {
		uint64_t entry = 0;

		rc = imp_run_revoked(c->run, subject[k], &entry, err);
		if (rc > 0)
			rc = entry < i->entry ? accuse(c, IMP_FOUND_REVOKED, i,
						       imp_fact_entry(entry, "revokes %s",
								      what[k]),
						       err)
					      : 0;
	}
	return rc;
}

int imp_judge_issues(struct imp_case *c, struct imp_error *err)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < c->issues; i++) {
		rc = judge_right(c, &c->issue[i], err);
		if (!rc && c->run->any_revoked)
			rc = judge_revoked(c, &c->issue[i], err);
		if (!rc && c->cards > 0)
			rc = imp_judge_sent(c, &c->issue[i], err);
	}
	return rc;
}
