/* SPDX-License-Identifier: Apache-2.0 */
/* What a device comes to, after all of its evidence. */
#include <string.h>

#include "ledger/audit_case.h"

enum { DAY_S = 86400, SLACK_S = 600 /* between the clocks of stations */ };

struct end {
	struct imp_case *c;
	const struct imp_carded *card;
	const struct imp_shown_token *last; /* NULL: it has proven nothing */
	const struct imp_evidence *token;   /* of last */
};

static int accuse(const struct end *e, enum imp_finding_code code, int domain,
		  struct imp_fact fact, struct imp_fact against, struct imp_error *err)
{
	const struct imp_charge charge = {
		.code = code,
		.domain = domain,
		.time = e->last && e->last->time ? e->last->time : e->card->time,
		.station = e->last ? e->last->station : e->card->station,
		.fact = { fact, against },
	};

	return imp_case_tell(e->c, &charge, err);
}

/* Did the device say that after this entry was made? */
static bool is_after(const struct end *e, uint64_t entry)
{
	return e->last &&
	       (e->last->from.source == IMP_FACT_DEVICE ||
		(e->last->from.source == IMP_FACT_ENTRY && e->last->from.number > entry));
}

static struct imp_fact lives(const struct end *e)
{
	return imp_fact_token(e->last, "its lifecycle is %s",
			      imp_life_name(e->token->life));
}

static int judge_life(const struct end *e, struct imp_error *err)
{
	const struct imp_case *c = e->c;
	bool ended = e->token->life == IMP_LIFE_DECOMMISSIONED;
	uint64_t took = imp_case_first_took(c);

	if (c->retired.entry && !ended && is_after(e, c->retired.entry))
		return accuse(e, IMP_FOUND_WRONG_LIFECYCLE, -1, lives(e),
			      imp_fact_entry(c->retired.entry, "it was retired"), err);
	if (!c->retired.entry && ended)
		return accuse(e, IMP_FOUND_WRONG_LIFECYCLE, -1, lives(e),
			      imp_fact_entry(e->card->entry, "it is in service"), err);
	if (e->token->life != IMP_LIFE_UNOWNED || took == 0 || !is_after(e, took))
		return 0;
	return accuse(e, IMP_FOUND_WRONG_LIFECYCLE, -1, lives(e),
		      imp_fact_entry(took, "it took an object of its owner"), err);
}

/* Is there evidence that did not come by the station that enrolled it? */
static bool has_other_path(const struct end *e)
{
	for (size_t i = 0; i < e->c->tokens; i++) {
		const struct imp_shown_token *t = &e->c->token[i];

		if (t->good && memcmp(t->signing, e->card->signing, 32) == 0 &&
		    (t->from.source == IMP_FACT_DEVICE ||
		     (t->from.source == IMP_FACT_ENTRY && t->station[0] &&
		      strcmp(t->station, e->card->station) != 0)))
			return true;
	}
	return false;
}

/* How far the key is known: factories that the user names count before the ledger. */
static enum imp_assurance assurance_of(const struct end *e)
{
	enum imp_verdict verdict = imp_run_verdict(e->c->run, e->card->entry);
	enum imp_assurance is = e->card->assurance;

	if (verdict == IMP_VOUCHED)
		is = IMP_ENDORSED;
	if (verdict == IMP_UNVOUCHED)
		is = IMP_ASSERTED;
	return is == IMP_ASSERTED && e->c->confirmed.entry ? IMP_CONFIRMED : is;
}

static int judge_key(const struct end *e, struct imp_error *err)
{
	const struct imp_noted *confirmed = &e->c->confirmed;
	enum imp_assurance is = assurance_of(e);
	const char *station = e->card->station;

	if (is == IMP_ENDORSED || has_other_path(e))
		return 0;
	if (is == IMP_ASSERTED)
		return accuse(e, IMP_FOUND_ASSERTED_KEY, -1,
			      imp_fact_entry(e->card->entry,
					     "enrolled by station %.64s: %s", station,
					     e->card->assurance == IMP_ENDORSED
						     ? "endorsed, by no factory named"
						     : "its key is asserted"),
			      imp_fact_ledger("has evidence of it by that station alone"),
			      err);
	if (!confirmed->entry || strcmp(confirmed->station, station) != 0)
		return 0;
	return accuse(
		e, IMP_FOUND_SINGLE_PATH, -1,
		imp_fact_entry(confirmed->entry, "confirmed by station %.64s",
			       confirmed->station),
		imp_fact_entry(e->card->entry, "enrolled by station %.64s", station),
		err);
}

/* The last time that it proved anything; what is dated after now proves no time. */
static const struct imp_shown_token *last_seen(const struct end *e)
{
	const uint64_t latest = e->c->run->a->now_s + SLACK_S;
	const struct imp_shown_token *last = NULL;

	for (size_t i = 0; i < e->c->tokens; i++) {
		const struct imp_shown_token *t = &e->c->token[i];

		if (t->good && t->time > 0 && t->time <= latest &&
		    (!last || t->time > last->time))
			last = t;
	}
	return last;
}

/* A device that has proven nothing yet may take as long from its enrolment on. */
static bool is_stale(const struct end *e, const struct imp_shown_token *seen)
{
	const struct imp_auditing *a = e->c->run->a;
	uint64_t since = seen ? seen->time : e->last ? 0 : e->card->time;

	if (a->stale_s == 0 || (seen && a->now_s < since))
		return false;
	return a->now_s < since || a->now_s - since > a->stale_s;
}

static int judge_age(const struct end *e, struct imp_error *err)
{
	const struct imp_auditing *a = e->c->run->a;
	const struct imp_shown_token *seen = last_seen(e);
	struct imp_charge charge = { .code = IMP_FOUND_STALE,
				     .domain = -1,
				     .time = a->now_s,
				     .station = e->card->station };

	if (!is_stale(e, seen))
		return 0;
	charge.fact[0] =
		seen ? imp_fact_token(seen, "its last evidence is of %s",
				      imp_date(seen->time).text)
		: e->last && e->last->time
			? imp_fact_token(e->last, "its evidence is dated %s, after now",
					 imp_date(e->last->time).text)
			: imp_fact_entry(e->card->entry,
					 "enrolled at %s; no dated evidence since",
					 imp_date(e->card->time).text);
	charge.fact[1] =
		imp_fact_option("--stale", "%llu day%s, and it is %s",
				(unsigned long long)(a->stale_s / DAY_S),
				a->stale_s == DAY_S ? "" : "s", imp_date(a->now_s).text);
	return imp_case_tell(e->c, &charge, err);
}

/* Something of a device that may be revoked. */
struct subject {
	enum imp_revoked_set set;
	struct imp_span bytes;
	const char *what; /* does the device with it */
	int domain;
	uint64_t issued; /* the entry that it stays good by, or 0 */
};

/* A list that is given has no place among the entries: it is as when a device is
 * verified. */
static int judge_listed(const struct end *e, const struct subject *s,
			struct imp_error *err)
{
	const struct imp_revoked *list = e->c->run->a->revoked;

	if (e->c->retired.entry || !imp_revoked_has(list, s->set, s->bytes))
		return 0;
	return accuse(e, IMP_FOUND_REVOKED, s->domain,
		      imp_fact_token(e->last, "%s %s", s->what, imp_short(s->bytes).text),
		      imp_fact_option("--revoked", "%s: sequence %llu", list->name,
				      (unsigned long long)list->sequence),
		      err);
}

static int judge_revoked(const struct end *e, const struct subject *s,
			 struct imp_error *err)
{
	uint64_t entry = 0;
	int rc = judge_listed(e, s, err);

	if (!rc && e->c->run->any_revoked)
		rc = imp_run_revoked(e->c->run, s->bytes, &entry, err);
	if (rc <= 0 || !is_after(e, entry) || (s->issued > 0 && s->issued < entry))
		return rc < 0 ? rc : 0;
	return accuse(e, IMP_FOUND_REVOKED, s->domain,
		      imp_fact_token(e->last, "%s %s", s->what, imp_short(s->bytes).text),
		      imp_fact_entry(entry, "revokes that"), err);
}

/* An authority that is revoked leaves valid what it had issued before. */
static int judge_holding(const struct end *e, unsigned d, struct imp_error *err)
{
	const struct imp_measured *m = &e->token->domain[d];
	const struct imp_issue *issue = imp_case_issue(e->c, m->id);
	const struct subject of[] = {
		{ IMP_REVOKED_OBJECT, m->id, "still holds", (int)d, 0 },
		{ IMP_REVOKED_KEY, m->authority, "holds a profile by", (int)d,
		  issue ? issue->entry : 0 },
	};
	int rc = 0;

	for (size_t i = 0; !rc && i < COUNTOF(of); i++)
		rc = judge_revoked(e, &of[i], err);
	return rc;
}

static int judge_revocations(const struct end *e, struct imp_error *err)
{
	const struct subject of[] = {
		{ IMP_REVOKED_DEVICE, e->c->ueid, "still proves its state, as", -1, 0 },
		{ IMP_REVOKED_KEY, IMP_SPAN(e->card->signing), "still signs by", -1, 0 },
		{ IMP_REVOKED_KEY, IMP_SPAN(e->card->sealing), "still is sealed to", -1,
		  0 },
		{ IMP_REVOKED_KEY, e->token->owner, "is owned by", -1, 0 },
	};
	int rc = 0;

	for (size_t i = 0; !rc && i < COUNTOF(of); i++)
		if (of[i].bytes.len > 0)
			rc = judge_revoked(e, &of[i], err);
	for (unsigned d = 0; !rc && d < IMP_EVIDENCE_DOMAINS; d++)
		if ((e->token->used >> d & 1) &&
		    e->token->domain[d].state == IMP_DOMAIN_SET)
			rc = judge_holding(e, d, err);
	return rc;
}

int imp_judge_end(struct imp_case *c, const struct imp_shown_token *last,
		  const struct imp_evidence *token, struct imp_error *err)
{
	const struct end e = { c, imp_case_card(c), last, token };
	int rc = last ? judge_life(&e, err) : 0;

	if (!rc && last && (c->run->any_revoked || c->run->a->revoked))
		rc = judge_revocations(&e, err);
	if (rc || c->retired.entry)
		return rc;
	if (c->quarantined.entry == 0)
		rc = judge_key(&e, err);
	return rc ? rc : judge_age(&e, err);
}
