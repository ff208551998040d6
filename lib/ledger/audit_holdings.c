/* SPDX-License-Identifier: Apache-2.0 */
/* What one token says of itself: whose the device is, and what its domains hold. */
#include <string.h>

#include "ledger/audit_case.h"

/* Whoever judges one token: its case, and where it comes from. */
struct at {
	struct imp_case *c;
	const struct imp_shown_token *s;
	const struct imp_evidence *token;
};

static int accuse(const struct at *at, enum imp_finding_code code, int domain,
		  struct imp_fact fact, struct imp_fact against, struct imp_error *err)
{
	const struct imp_charge charge = { .code = code,
					   .domain = domain,
					   .time = at->s->time,
					   .station = at->s->station,
					   .fact = { fact, against } };

	return imp_case_tell(at->c, &charge, err);
}

static bool is_named(const struct imp_case *c, struct imp_span owner)
{
	const struct imp_auditing *a = c->run->a;

	for (size_t i = 0; i < a->owners; i++)
		if (imp_span_eq(owner, (struct imp_span){ a->owner[i], 32 }))
			return true;
	return false;
}

static struct imp_fact owned_by(const struct at *at)
{
	return imp_fact_token(at->s, "is owned by %s, owner-epoch %u",
			      imp_short(at->token->owner).text, at->token->owner_epoch);
}

/* Another owner than those named; or, where none is, one that no object in the ledger has
 * made it. */
static int judge_owner(const struct at *at, struct imp_error *err)
{
	const struct imp_case *c = at->c;
	const struct imp_evidence *t = at->token;
	enum imp_finding_code code =
		c->owners > 0 ? IMP_FOUND_FOREIGN_AUTHORITY : IMP_FOUND_PRE_CLAIMED;

	if (c->run->a->owners > 0 && !is_named(c, t->owner))
		return accuse(at, code, -1, owned_by(at), imp_fact_owners(c->run->a),
			      err);
	if (imp_case_took(c, t->record))
		return 0;
	if (c->owners == 0 && t->owner_epoch > 1)
		return accuse(at, code, -1, owned_by(at),
			      imp_fact_ledger("knows no transfer to that owner"), err);
	if (c->owners > 0 && c->run->a->owners == 0)
		return accuse(at, code, -1, owned_by(at),
			      imp_fact_ledger(
				      "knows no transfer from %s",
				      imp_short(IMP_SPAN(c->owner[c->owners - 1])).text),
			      err);
	return 0;
}

static int take_owner(const struct at *at, struct imp_error *err)
{
	struct imp_case *c = at->c;
	const struct imp_evidence *t = at->token;
	int rc;

	if (!t->owned || (c->owners > 0 && imp_span_eq(t->record, IMP_SPAN(c->record))))
		return 0;
	rc = judge_owner(at, err);
	if (c->owners == IMP_OWNERS_SEEN)
		memmove(c->owner, c->owner[1], sizeof(c->owner) - sizeof(c->owner[0]));
	else
		c->owners++;
	memcpy(c->owner[c->owners - 1], t->owner.ptr, 32);
	memcpy(c->record, t->record.ptr, sizeof(c->record));
	return rc;
}

static struct imp_fact holds(const struct at *at, unsigned d)
{
	const struct imp_measured *m = &at->token->domain[d];

	return imp_fact_token(at->s, "domain %u holds %.16s, sequence %llu, by %s", d,
			      imp_short(m->id).text, (unsigned long long)m->sequence,
			      imp_short(m->authority).text);
}

static struct imp_fact last_issued(const struct imp_case *c, unsigned d)
{
	for (size_t i = c->issues; i > 0; i--) {
		const struct imp_issue *s = &c->issue[i - 1];

		if (s->domain == d)
			return imp_fact_entry(s->entry,
					      "the last that was issued there is %.16s, "
					      "sequence %llu",
					      imp_short(IMP_SPAN(s->id)).text,
					      (unsigned long long)s->sequence);
	}
	return imp_fact_ledger("nothing was issued to it in domain %u", d);
}

static int judge_profile(const struct at *at, unsigned d, const struct imp_issue *issue,
			 struct imp_error *err)
{
	if (!issue && imp_case_name(at->c, at->token->domain[d].id))
		return accuse(at, IMP_FOUND_UNISSUED_PROFILE, (int)d, holds(at, d),
			      last_issued(at->c, d), err);
	if (!issue || at->s->from.source != IMP_FACT_ENTRY ||
	    issue->entry < at->s->from.number)
		return 0;
	return accuse(at, IMP_FOUND_UNISSUED_PROFILE, (int)d, holds(at, d),
		      imp_fact_entry(issue->entry, "it was issued only afterwards"), err);
}

/* Its numbers, as they were issued: a floor and a new owner change those of a device. */
static struct imp_claimed claim_of(const struct imp_evidence *t, unsigned d,
				   const struct imp_issue *issue)
{
	const struct imp_measured *m = &t->domain[d];

	if (issue)
		return (struct imp_claimed){ .by = m->authority,
					     .domain = d,
					     .epochs = { issue->owner_epoch,
							 issue->domain_epoch },
					     .sequence = issue->sequence,
					     .time = issue->time };
	return (struct imp_claimed){ .by = m->authority,
				     .domain = d,
				     .epochs = { t->owner_epoch, m->domain_epoch },
				     .sequence = m->sequence };
}

static int judge_domain(const struct at *at, unsigned d, struct imp_error *err)
{
	const struct imp_measured *m = &at->token->domain[d];
	struct imp_issue *issue = imp_case_issue(at->c, m->id);
	const struct imp_claimed w = claim_of(at->token, d, issue);
	struct imp_right right = imp_case_right(at->c, &w);
	int rc = judge_profile(at, d, issue, err);

	if (issue)
		issue->shown = at->s;
	if (rc || right.is == IMP_RIGHT_YES)
		return rc;
	return accuse(at,
		      right.is == IMP_RIGHT_NO ? IMP_FOUND_FOREIGN_AUTHORITY
					       : IMP_FOUND_OUT_OF_SCOPE,
		      (int)d, holds(at, d), imp_fact_ledger("%s", right.why), err);
}

int imp_judge_holdings(struct imp_case *c, const struct imp_shown_token *s,
		       const struct imp_evidence *token, struct imp_error *err)
{
	const struct at at = { c, s, token };
	const struct imp_carded *card = imp_case_card(c);
	int rc = take_owner(&at, err);

	for (unsigned d = 0; !rc && d < IMP_EVIDENCE_DOMAINS; d++)
		if (token->used >> d & 1)
			rc = judge_domain(&at, d, err);
	if (!rc && token->dbgstat == IMP_DEBUG_ENABLED)
		rc = accuse(&at, IMP_FOUND_DEBUG_ENABLED, -1,
			    imp_fact_token(s, "debug access is enabled"),
			    imp_fact_entry(card->entry, "it is in service"), err);
	return rc;
}
