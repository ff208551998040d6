/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One key's evidence in the order of its counts: it must be one device's, one after the
 * other.
 *
 * What the ledger holds is taken in its order. Where a count falls, the device went back,
 * or there are two; two it is where the old one is heard of again.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/audit_case.h"
#include "object/signed.h"

struct line {
	const struct imp_shown_token *last; /* NULL: nothing yet */
	struct imp_chains chains;
};

struct lines {
	struct imp_case *c;
	const struct imp_shown_token **order; /* owned */
	size_t count;
	struct line high, low; /* by the highest count; after a fall */
	/* Where a count fell, and whether the higher line went on after it. */
	const struct imp_shown_token *fell_from, *fell_to, *went_on;
};

static void lines_fini(struct lines *l)
{
	free(l->order);
}

static int compare(const struct imp_shown_token *a, const struct imp_shown_token *b)
{
	if (a->boot != b->boot)
		return a->boot < b->boot ? -1 : 1;
	return a->count == b->count ? 0 : a->count < b->count ? -1 : 1;
}

static int by_count(const void *a, const void *b)
{
	return compare(*(const struct imp_shown_token *const *)a,
		       *(const struct imp_shown_token *const *)b);
}

static bool is_ordered(const struct imp_shown_token *t)
{
	return t->from.source != IMP_FACT_FILE;
}

/* Evidence in files has no place in time but its counts. */
static int put_in_order(struct lines *l, const uint8_t signing[32], struct imp_error *err)
{
	const struct imp_case *c = l->c;
	const struct imp_shown_token **filed = calloc(c->tokens + 1, sizeof(*filed));
	size_t n = 0, at = 0;

	l->order = calloc(c->tokens + 1, sizeof(*l->order));
	if (!filed || !l->order) {
		free(filed);
		return imp_fail(err, IMP_ERESOURCE, "out of memory");
	}
	for (size_t i = 0; i < c->tokens; i++)
		if (c->token[i].good && !is_ordered(&c->token[i]) &&
		    memcmp(c->token[i].signing, signing, 32) == 0)
			filed[n++] = &c->token[i];
	qsort(filed, n, sizeof(*filed), by_count);
	for (size_t i = 0; i < c->tokens; i++) {
		const struct imp_shown_token *t = &c->token[i];

		if (!t->good || !is_ordered(t) || memcmp(t->signing, signing, 32) != 0)
			continue;
		while (at < n && (t->asked || compare(filed[at], t) <= 0))
			l->order[l->count++] = filed[at++];
		l->order[l->count++] = t;
	}
	while (at < n)
		l->order[l->count++] = filed[at++];
	free(filed);
	return 0;
}

static bool says_the_same(const struct lines *l, const struct imp_shown_token *t)
{
	struct imp_signed s;

	return imp_signed_decode(imp_case_bytes(l->c, t->at, t->len), &s, NULL) == 0 &&
	       imp_span_eq(s.cose.payload, l->c->read.s.cose.payload);
}

static int charge(struct lines *l, enum imp_finding_code code,
		  const struct imp_shown_token *now, const struct imp_shown_token *then,
		  const char *how, struct imp_error *err)
{
	const struct imp_charge c = {
		.code = code,
		.domain = -1,
		.time = now->time,
		.station = now->station,
		.fact = { imp_fact_token(now, "it counts boot %u, evidence %u", now->boot,
					 now->count),
			  imp_fact_token(then, "boot %u, evidence %u %s", then->boot,
					 then->count, how) },
	};

	return imp_case_tell(l->c, &c, err);
}

static void take(struct line *line, const struct lines *l,
		 const struct imp_shown_token *t)
{
	line->last = t;
	imp_chains_take(&line->chains, &l->c->read.evidence);
}

/* Chains of which nothing was proven yet: their start is a hash each, and most devices
 * use few. */
static int start_chains(const struct lines *l, const struct imp_shown_token *t,
			struct imp_chains *c, struct imp_error *err)
{
	unsigned new = l->c->read.evidence.chains & ~(unsigned)c->known;

	for (uint8_t d = 0; d < IMP_EVIDENCE_DOMAINS; d++)
		if ((new >> d & 1) &&
		    imp_head_start(l->c->run->l->crypto, t->signing, d, &c->head[d]))
			return imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
	return 0;
}

static int walk(struct lines *l, const struct line *from, const struct imp_shown_token *t,
		struct imp_way *w, struct imp_way_result *r, struct imp_error *err)
{
	int rc;

	*w = (struct imp_way){ .chains = from->chains,
			       .before = from->last,
			       .now = t,
			       .token = &l->c->read.evidence };
	rc = start_chains(l, t, &w->chains, err);
	return rc ? rc : imp_way_walk(l->c, w, r, err);
}

/* Go on with a line, and tell where it does not follow. */
static int go_on(struct lines *l, struct line *line, const struct imp_shown_token *t,
		 struct imp_error *err)
{
	struct imp_way_result r;
	struct imp_way w;
	int rc = walk(l, line, t, &w, &r, err);

	if (!rc && r.end != IMP_WAY_FOLLOWS)
		rc = imp_way_tell(l->c, &w, &r, err);
	take(line, l, t);
	return rc;
}

/* A device that others had before starts where it is first seen. */
static int start(struct lines *l, const struct imp_shown_token *t, struct imp_error *err)
{
	imp_replay_start(&l->high.chains.replay);
	if (l->c->read.evidence.owner_epoch > 1) {
		take(&l->high, l, t);
		return 0;
	}
	return go_on(l, &l->high, t, err);
}

/* Could the lower line have taken what the token holds, since the count fell? Not what
 * was delivered before that and never again. */
static bool could_take(const struct lines *l)
{
	const struct imp_evidence *t = &l->c->read.evidence;

	for (unsigned d = 0; d < IMP_EVIDENCE_DOMAINS; d++)
		if ((t->used >> d & 1) && t->chain[d].n > l->low.chains.head[d].n &&
		    l->fell_to->from.source == IMP_FACT_ENTRY &&
		    imp_case_took(l->c, t->domain[d].id) < l->fell_to->from.number)
			return false;
	return true;
}

/* Which of two lines is it that goes on above both? */
static int above(struct lines *l, const struct imp_shown_token *t, struct imp_error *err)
{
	struct imp_way_result low, high;
	struct imp_way w;
	int rc;

	if (!l->low.last)
		return go_on(l, &l->high, t, err);
	rc = walk(l, &l->low, t, &w, &low, err);
	if (!rc)
		rc = walk(l, &l->high, t, &w, &high, err);
	if (rc)
		return rc;
	/* Where both could: one device does not come back to the very boot that it
	 * had, nor to what it was not given again. */
	if (high.end != IMP_WAY_FOLLOWS ||
	    (low.end == IMP_WAY_FOLLOWS && t->boot != l->high.last->boot &&
	     could_take(l))) {
		l->high = l->low;
		l->low.last = NULL;
	} else if (!l->went_on) {
		l->went_on = t;
	}
	return go_on(l, &l->high, t, err);
}

static int below(struct lines *l, const struct imp_shown_token *t, struct imp_error *err)
{
	if (l->low.last && compare(t, l->low.last) > 0)
		return go_on(l, &l->low, t, err);
	if (!l->fell_from) {
		l->fell_from = l->high.last;
		l->fell_to = t;
	}
	l->low.chains = l->high.chains;
	take(&l->low, l, t);
	return 0;
}

/* The same counts as another one that was seen, or NULL. */
static const struct imp_shown_token *twin(const struct lines *l, size_t i)
{
	for (size_t k = i; k > 0; k--)
		if (compare(l->order[k - 1], l->order[i]) == 0)
			return l->order[k - 1];
	return NULL;
}

static int next(struct lines *l, size_t i, struct imp_error *err)
{
	const struct imp_shown_token *t = l->order[i], *same;
	int rc = imp_case_decode(l->c, t, err);

	if (rc)
		return rc;
	if (!l->high.last) {
		rc = start(l, t, err);
	} else if (compare(t, l->high.last) > 0) {
		rc = above(l, t, err);
	} else {
		same = twin(l, i);
		if (same && says_the_same(l, same))
			return 0;
		rc = same ? charge(l, IMP_FOUND_CLONE, t, same, "says something else",
				   err)
			  : below(l, t, err);
		if (same)
			return rc;
	}
	return rc ? rc : imp_judge_holdings(l->c, t, &l->c->read.evidence, err);
}

static int tell_fall(struct lines *l, struct imp_error *err)
{
	if (!l->fell_from)
		return 0;
	return l->went_on ? charge(l, IMP_FOUND_CLONE, l->went_on, l->fell_to,
				   "came in between", err)
			  : charge(l, IMP_FOUND_ROLLBACK, l->fell_to, l->fell_from,
				   "was there before", err);
}

static int judge_key(struct imp_case *c, const uint8_t signing[32], bool current,
		     struct imp_error *err)
{
	CLEANUP(lines_fini) struct lines l = { .c = c };
	int rc = put_in_order(&l, signing, err);

	for (size_t i = 0; !rc && i < l.count; i++)
		rc = next(&l, i, err);
	if (!rc)
		rc = tell_fall(&l, err);
	if (!rc && current)
		rc = imp_judge_end(c, l.count > 0 ? l.order[l.count - 1] : NULL,
				   l.count > 0 ? &c->read.evidence : NULL, err);
	return rc;
}

/* A board that was exchanged has a line of its own. */
int imp_judge_tokens(struct imp_case *c, struct imp_error *err)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < c->cards; i++)
		if (imp_case_card_of(c, c->card[i].signing) == &c->card[i])
			rc = judge_key(c, c->card[i].signing, i + 1 == c->cards, err);
	return rc;
}
