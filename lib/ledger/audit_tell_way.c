/* SPDX-License-Identifier: Apache-2.0 */
/* What it means that a device's history does not follow; and who wrote it, where the
 * device's ring tells. */
#include <string.h>

#include "ledger/audit_case.h"

/* The entries of the ring from one head to another; NULL where it does not have them. */
static const struct imp_ring_entry *find_start(const struct imp_case *c,
					       const struct imp_head *head, unsigned d)
{
	for (size_t i = 0; i < c->ring.count; i++) {
		const struct imp_ring_entry *e = &c->ring.at[i];

		if (e->entry.domain == d && e->before.n == head->n &&
		    memcmp(e->before.h, head->h, sizeof(head->h)) == 0)
			return e;
	}
	return NULL;
}

static bool reaches(const struct imp_case *c, const struct imp_ring_entry *from,
		    const struct imp_chain_head *to, unsigned d)
{
	for (const struct imp_ring_entry *e = from; e < c->ring.at + c->ring.count; e++)
		if (e->entry.domain == d && e->after.n == to->n)
			return imp_span_eq(IMP_SPAN(e->after.h), to->h);
	return false;
}

static int accuse(struct imp_case *c, enum imp_finding_code code,
		  const struct imp_ring_entry *e, struct imp_fact against,
		  struct imp_error *err)
{
	const struct imp_entry *x = &e->entry;
	const struct imp_charge charge = {
		.code = code,
		.domain = x->domain,
		.time = c->ring_of->time,
		.station = c->ring_of->station,
		.each = code == IMP_FOUND_UNISSUED_PROFILE,
		.fact = { imp_fact_token(c->ring_of,
					 "its history, entry %u of domain %u: %.16s by "
					 "%s, sequence %llu",
					 e->after.n, x->domain,
					 imp_short(IMP_SPAN(x->id)).text,
					 imp_short(IMP_SPAN(x->issuer)).text,
					 (unsigned long long)x->sequence),
			  against },
	};

	return imp_case_tell(c, &charge, err);
}

/* An entry of the ring that the ledger does not explain: is it at least by somebody who
 * may? Commands need not be in the ledger, profiles must. */
static int judge(struct imp_case *c, const struct imp_ring_entry *e,
		 struct imp_error *err)
{
	const struct imp_claimed w = { .by = IMP_SPAN(e->entry.issuer),
				       .domain = e->entry.domain,
				       .epochs = { e->entry.owner_epoch,
						   e->entry.domain_epoch },
				       .sequence = e->entry.sequence };
	struct imp_right right = imp_case_right(c, &w);
	struct imp_issue *issue = imp_case_issue(c, IMP_SPAN(e->entry.id));
	int rc = 0;

	if (e->entry.kind == IMP_ENTRY_PROFILE && issue) {
		issue->led = issue->led ? issue->led : c->ring_of;
		return 0;
	}
	if (right.is != IMP_RIGHT_YES)
		rc = accuse(c, IMP_FOUND_FOREIGN_AUTHORITY, e,
			    imp_fact_ledger("%s", right.why), err);
	if (!rc && e->entry.kind == IMP_ENTRY_PROFILE &&
	    imp_case_name(c, IMP_SPAN(e->entry.id)))
		rc = accuse(c, IMP_FOUND_UNISSUED_PROFILE, e,
			    imp_fact_ledger("has no issuance of it"), err);
	return rc;
}

/* 1 where the ring explains it, whatever it tells. */
static int by_ring(struct imp_case *c, const struct imp_way *w, unsigned d,
		   struct imp_error *err)
{
	const struct imp_chain_head *to = &w->token->chain[d];
	const struct imp_ring_entry *at = find_start(c, &w->chains.head[d], d);
	int rc = 0;

	if (!at || !(w->token->chains >> d & 1) || !reaches(c, at, to, d))
		return 0;
	for (; !rc && at < c->ring.at + c->ring.count; at++) {
		if (at->entry.domain != d)
			continue;
		rc = judge(c, at, err);
		if (at->after.n == to->n)
			break;
	}
	return rc ? rc : 1;
}

static struct imp_fact before(const struct imp_way *w, const struct imp_way_result *r)
{
	if (!w->before)
		return imp_fact_ledger("knows of nothing before that: 0 entries");
	if (r->end == IMP_WAY_SEIZED)
		return imp_fact_token(w->before,
				      "its policy let nobody recover it, and no command "
				      "changed that");
	return imp_fact_token(w->before, "had %u entr%s in domain %u before", r->from,
			      r->from == 1 ? "y" : "ies", r->domain);
}

static struct imp_fact found(const struct imp_way *w, const struct imp_way_result *r)
{
	switch (r->end) {
	case IMP_WAY_CONTRADICTS:
		return imp_fact_token(w->now, "its %s is not what its history comes to",
				      r->what);
	case IMP_WAY_SEIZED:
		return imp_fact_token(w->now, "the maker's key recovered it for %s",
				      imp_short(w->token->owner).text);
	case IMP_WAY_FORKS:
		return imp_fact_token(
			w->now, "its history of domain %u has another entry %u: head %s",
			r->domain, r->to, imp_short(w->token->chain[r->domain].h).text);
	case IMP_WAY_FALLS:
		return imp_fact_token(w->now, "its history of domain %u has %u entr%s",
				      r->domain, r->to, r->to == 1 ? "y" : "ies");
	default:
		return imp_fact_token(
			w->now,
			"its history of domain %u has %u entries; what was issued "
			"explains %u of the %u since",
			r->domain, r->to,
			r->missing ? r->to - r->from - r->missing : r->to - r->from - 1,
			r->to - r->from);
	}
}

static enum imp_finding_code code_of(const struct imp_way *w,
				     const struct imp_way_result *r)
{
	if (r->end == IMP_WAY_FALLS)
		return IMP_FOUND_ROLLBACK;
	if (r->end == IMP_WAY_SEIZED)
		return IMP_FOUND_FOREIGN_AUTHORITY;
	if (r->end != IMP_WAY_GAP)
		return IMP_FOUND_HISTORY_MISMATCH;
	/* After an honest claim the first entry follows from the owner record. */
	return !w->before && r->domain == 0 && r->to == 1 ? IMP_FOUND_PRE_CLAIMED
							  : IMP_FOUND_HISTORY_GAP;
}

int imp_way_tell(struct imp_case *c, const struct imp_way *w,
		 const struct imp_way_result *r, struct imp_error *err)
{
	bool more = r->end == IMP_WAY_GAP || (r->end == IMP_WAY_FORKS && r->to > r->from);
	int rc = more ? by_ring(c, w, r->domain, err) : 0;
	const struct imp_charge charge = {
		.code = code_of(w, r),
		.domain = r->end == IMP_WAY_CONTRADICTS ? -1 : (int)r->domain,
		.time = w->now->time,
		.station = w->now->station,
		.fact = { found(w, r), before(w, r) },
	};

	if (rc)
		return rc < 0 ? rc : 0;
	return imp_case_tell(c, &charge, err);
}
