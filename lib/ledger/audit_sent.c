/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was issued and sent, held against what the device shows of it: evidence that names
 * it, or a history that goes by it.
 *
 * That the history goes by it proves that the device took it, and not from whom. A push
 * that fails, by a package whose outside alone is right, writes an issuance as well.
 */
#include "ledger/audit_case.h"

/* Where an item stands that no evidence names, and what became of it. */
struct standing {
	struct imp_found last; /* about the item; type 0: nothing */
	bool refused;	       /* each time that it was sent */
};

static void standing_fini(struct standing *s)
{
	imp_found_fini(&s->last);
}

static int find_standing(struct imp_case *c, const struct imp_issue *i,
			 struct standing *out, struct imp_error *err)
{
	struct imp_ledger *l = c->run->l;
	int rc = i->shown ? 0 /* whatever its item says, the device has it */
			  : imp_find_item(l, IMP_SPAN(i->id), c->ueid, &out->last, err);

	if (rc >= 0 && (i->shown || i->led) && !i->took)
		rc = imp_find_refused(l, c->ueid, IMP_SPAN(i->id), err);
	else if (rc > 0)
		rc = 0;
	out->refused = rc > 0;
	return rc < 0 ? rc : 0;
}

static struct imp_fact issued(const struct imp_issue *i)
{
	return imp_fact_entry(i->entry, "issued %.16s in domain %u, sequence %llu, by %s",
			      imp_short(IMP_SPAN(i->id)).text, i->domain,
			      (unsigned long long)i->sequence,
			      imp_short(IMP_SPAN(i->issuer)).text);
}

/* Why it cannot be by a push in the ledger that the device has it; false: it can. */
static bool contradicts(const struct imp_issue *i, const struct standing *s,
			struct imp_fact *why)
{
	enum imp_leaf type = s->last.record.type;

	if (!i->shown && !i->led)
		return false;
	if (s->refused)
		*why = imp_fact_ledger("has nothing but the device's refusals of it");
	else if (i->shown || i->took > 0 || !type || type == IMP_LEAF_SENT ||
		 type == IMP_LEAF_PROVEN)
		return false; /* without an item, who signed it may have sent it, too */
	else
		*why = imp_fact_entry(s->last.index,
				      "its item was %s, as if no device had it",
				      imp_leaf_name(type));
	return true;
}

static int unissued(struct imp_case *c, const struct imp_issue *i, struct imp_fact why,
		    struct imp_error *err)
{
	const struct imp_shown_token *t = i->shown ? i->shown : i->led;
	const struct imp_charge charge = {
		.code = IMP_FOUND_UNISSUED_PROFILE,
		.domain = (int)i->domain,
		.time = t->time,
		.station = t->station,
		.each = true,
		.fact = { imp_fact_token(t, "%s %.16s, sequence %llu, by %s",
					 i->shown ? "it holds" : "its history goes by",
					 imp_short(IMP_SPAN(i->id)).text,
					 (unsigned long long)i->sequence,
					 imp_short(IMP_SPAN(i->issuer)).text),
			  why },
	};

	return imp_case_name(c, IMP_SPAN(i->id)) ? imp_case_tell(c, &charge, err) : 0;
}

/* Sent, or said to be there, and nothing that the device signed names it. */
static int in_doubt(struct imp_case *c, const struct imp_issue *i,
		    const struct standing *s, struct imp_error *err)
{
	const char *but =
		i->led ? "and only its history goes by it" : "and no evidence names it";
	const enum imp_leaf type = s->last.record.type;
	struct imp_charge charge = { .code = IMP_FOUND_IN_DOUBT,
				     .domain = (int)i->domain,
				     .time = i->time,
				     .station = i->station,
				     .fact = { issued(i) } };

	if (type == IMP_LEAF_SENT || type == IMP_LEAF_PROVEN ||
	    type == IMP_LEAF_WRITTEN_OFF)
		charge.fact[1] =
			imp_fact_entry(s->last.index, "%s at %s, %s", imp_leaf_name(type),
				       imp_date(s->last.record.time).text, but);
	else if (!type && i->took > 0)
		charge.fact[1] = imp_fact_entry(i->took, "delivered, %s", but);
	else
		return 0;
	return imp_case_tell(c, &charge, err);
}

int imp_judge_sent(struct imp_case *c, const struct imp_issue *i, struct imp_error *err)
{
	CLEANUP(standing_fini) struct standing s = { 0 };
	struct imp_fact why;
	int rc;

	if (imp_case_issue(c, IMP_SPAN(i->id)) != i)
		return 0; /* refused, and issued again with its own numbers */
	rc = find_standing(c, i, &s, err);
	if (rc)
		return rc;
	if (contradicts(i, &s, &why))
		return unissued(c, i, why, err);
	return i->shown ? 0 : in_doubt(c, i, &s, err);
}
