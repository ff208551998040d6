/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way from what a device proved last to what it proves now: which of the entries that
 * the ledger knows lead there?
 */
#include <stdlib.h>
#include <string.h>

#include "base/grow.h"
#include "ledger/audit_case.h"

/* Entries are tried one after the other; most ways are straight, and where somebody else
 * was there no number of trials finds one. */
enum {
	FOLDS_MAX = 4096,
	DEPTH_MAX = 64,
	CANDIDATES_MAX = 1024,
	IDLE_MAX = 512,
	COMMANDS_MAX = 16
};

/* An entry that may have been applied. */
struct candidate {
	struct imp_entry entry;
	uint64_t order; /* each comes after those of a lower one */
	bool idle;	/* nothing says that it ever came near the device */
};

struct candidates {
	struct candidate *at; /* owned */
	size_t count, cap;
};

static void candidates_fini(struct candidates *c)
{
	free(c->at);
}

struct search {
	struct imp_crypto *crypto;
	const struct candidates *from;
	const struct imp_chain_head *to;
	unsigned domain, folds_left;
	bool idle_too; /* choose those as well */
	size_t chosen[DEPTH_MAX];
};

static int add(struct candidates *c, const struct imp_entry *e, uint64_t order,
	       struct imp_error *err)
{
	void *more = imp_grow(c->at, c->count, &c->cap, sizeof(*c->at), err);

	if (!more)
		return -IMP_ERESOURCE;
	c->at = more;
	c->at[c->count++] = (struct candidate){ *e, order };
	return 0;
}

/* Is the pair of a after that of b? */
static bool is_after(const struct imp_entry *a, const struct imp_entry *b)
{
	if (a->owner_epoch != b->owner_epoch)
		return a->owner_epoch > b->owner_epoch;
	if (a->domain_epoch != b->domain_epoch)
		return a->domain_epoch > b->domain_epoch;
	return a->sequence > b->sequence;
}

static struct imp_entry entry_of(const struct imp_issue *i)
{
	struct imp_entry e = { .kind = IMP_ENTRY_PROFILE,
			       .domain = (uint8_t)i->domain,
			       .owner_epoch = i->owner_epoch,
			       .domain_epoch = i->domain_epoch,
			       .sequence = i->sequence };

	memcpy(e.issuer, i->issuer, sizeof(e.issuer));
	memcpy(e.id, i->id, sizeof(e.id));
	return e;
}

/* Those that were issued above the pair that the domain had where the way starts, up to
 * the one that it has now: no other can have been applied. */
static int add_issues(const struct imp_case *c, const struct imp_way *w, unsigned d,
		      struct candidates *out, struct imp_error *err)
{
	const struct imp_replay *was = &w->chains.replay;
	const struct imp_measured *m = &w->token->domain[d];
	const struct imp_issue floor = { .domain = d,
					 .owner_epoch = was->owner_epoch,
					 .domain_epoch = was->domain[d].domain_epoch,
					 .sequence = was->domain[d].sequence };
	const struct imp_issue top = { .domain = d,
				       .owner_epoch = w->token->owner_epoch,
				       .domain_epoch = m->domain_epoch,
				       .sequence = m->sequence };
	size_t idles = 0;
	int rc = 0;

	for (size_t i = imp_case_above(c, &floor); !rc && i < c->issues; i++) {
		const struct imp_issue *issue = c->by_pair[i];
		struct imp_entry e = entry_of(issue);
		bool idle = !issue->carried && !issue->shown;

		if (imp_issue_order(issue, &top) > 0 || out->count == CANDIDATES_MAX)
			break;
		if (w->now->from.source == IMP_FACT_ENTRY &&
		    w->now->from.number < issue->entry)
			continue; /* written down behind what it would explain */
		if (idle && idles++ >= IDLE_MAX)
			continue; /* leaves room for what was carried */
		rc = add(out, &e, issue->entry, err);
		if (!rc)
			out->at[out->count - 1].idle = idle;
	}
	return rc;
}

/* What the domain holds was applied, issued or not. */
static int add_held(const struct imp_case *c, const struct imp_way *w, unsigned d,
		    struct candidates *out, struct imp_error *err)
{
	const struct imp_measured *m = &w->token->domain[d];
	struct imp_entry e = { .kind = IMP_ENTRY_PROFILE,
			       .domain = (uint8_t)d,
			       .owner_epoch = w->token->owner_epoch,
			       .domain_epoch = m->domain_epoch,
			       .sequence = m->sequence };

	if (!(w->token->used >> d & 1) || imp_case_issue(c, m->id))
		return 0;
	memcpy(e.issuer, m->authority.ptr, sizeof(e.issuer));
	memcpy(e.id, m->id.ptr, sizeof(e.id));
	return add(out, &e, UINT64_MAX - 1, err);
}

/* A change of owner follows from the record that the device names. */
static int add_owner(const struct imp_way *w, struct candidates *out,
		     struct imp_error *err)
{
	const struct imp_replay *was = &w->chains.replay;
	const struct imp_evidence *t = w->token;
	struct imp_entry e = { .kind = IMP_ENTRY_TRANSFER,
			       .owner_epoch = t->owner_epoch };
	int rc;

	if (!t->owned || (was->owned && imp_span_eq(IMP_SPAN(was->record), t->record)))
		return 0;
	memcpy(e.issuer, t->owner.ptr, sizeof(e.issuer));
	memcpy(e.id, t->record.ptr, sizeof(e.id));
	if (!was->owned)
		return add(out, &e, 0, err); /* nothing came before the claim */
	rc = add(out, &e, UINT64_MAX, err);
	e.kind = IMP_ENTRY_RECOVERY;
	return rc ? rc : add(out, &e, UINT64_MAX, err);
}

/* A command that was carried to the device: which one, the ledger does not say. */
static int add_command(const struct imp_way *w, const struct imp_carried *d,
		       struct candidates *out, struct imp_error *err)
{
	struct imp_entry e = { .owner_epoch = w->token->owner_epoch };
	int rc = 0;

	memcpy(e.issuer, w->token->owner.ptr, sizeof(e.issuer));
	memcpy(e.id, d->id, sizeof(e.id));
	for (e.kind = IMP_ENTRY_LOCK; !rc && e.kind <= IMP_ENTRY_DECOMMISSION; e.kind++) {
		e.sequence = e.kind > IMP_ENTRY_FLOOR ? w->token->domain[0].sequence : 0;
		rc = add(out, &e, d->entry, err);
	}
	return rc;
}

/* Where deliveries begin that came after what was proven last. */
static size_t first_after(const struct imp_case *c, const struct imp_way *w)
{
	uint64_t entry = w->before && w->before->from.source == IMP_FACT_ENTRY
				 ? w->before->from.number
				 : 0;
	size_t low = 0, high = c->carried_count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (c->carried[mid].entry <= entry)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* Not an issuance, the owner's record, or one that is there already: it was retried. */
static bool is_new_command(const struct imp_case *c, const struct imp_way *w,
			   const struct candidates *there, struct imp_span id)
{
	for (size_t i = 0; i < there->count; i++)
		if (imp_span_eq(IMP_SPAN(there->at[i].entry.id), id))
			return false;
	return !imp_case_issue(c, id) && !imp_span_eq(id, w->token->record);
}

/* Those that it took come before those whose answer was lost: there is room for some. */
static int add_commands(const struct imp_case *c, const struct imp_way *w,
			struct candidates *out, struct imp_error *err)
{
	const size_t first = first_after(c, w), count = c->carried_count - first;
	size_t added = 0;
	int rc = 0;

	for (size_t k = 0; !rc && w->token->owned && k < 2 * count; k++) {
		const struct imp_carried *d = &c->carried[first + k % count];

		if (added == COMMANDS_MAX)
			break;
		if (d->took != (k < count) || !is_new_command(c, w, out, IMP_SPAN(d->id)))
			continue;
		rc = add_command(w, d, out, err);
		added++;
	}
	return rc;
}

static int by_order(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->order == y->order)
		return 0;
	return x->order < y->order ? -1 : 1;
}

/* In a domain of profiles alone the device's own rule tells the order. */
static int by_pair(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	return is_after(&x->entry, &y->entry)	? 1
	       : is_after(&y->entry, &x->entry) ? -1
						: 0;
}

static int collect(const struct imp_case *c, const struct imp_way *w, unsigned d,
		   struct candidates *out, struct imp_error *err)
{
	int rc = add_issues(c, w, d, out, err);

	if (!rc)
		rc = add_held(c, w, d, out, err);
	if (!rc && d == 0)
		rc = add_owner(w, out, err);
	if (!rc && d == 0)
		rc = add_commands(c, w, out, err);
	if (rc || out->count == 0)
		return rc;
	qsort(out->at, out->count, sizeof(*out->at), d == 0 ? by_order : by_pair);
	if (d > 0)
		for (size_t i = 0; i < out->count; i++)
			out->at[i].order = i + 1;
	return 0;
}

static int fold(struct imp_crypto *crypto, const struct candidate *c,
		struct imp_head *head, struct imp_error *err)
{
	uint8_t bytes[IMP_ENTRY_LEN];

	imp_entry_encode(&c->entry, bytes);
	return imp_head_fold(crypto, head, bytes)
		       ? imp_fail(err, IMP_EINTERNAL, "SHA-256 failed")
		       : 0;
}

static bool is_end(const struct search *s, const struct imp_head *head)
{
	return head->n == s->to->n && imp_span_eq(IMP_SPAN(head->h), s->to->h);
}

/* Choose one candidate after another; 1 where they lead to the end. */
static int choose(struct search *s, const struct imp_head *head, size_t depth, size_t at,
		  uint64_t after, struct imp_error *err)
{
	int rc = head->n == s->to->n ? is_end(s, head) : 0;

	if (head->n == s->to->n || depth == DEPTH_MAX)
		return rc;
	for (size_t i = at; rc == 0 && i < s->from->count && s->folds_left > 0; i++) {
		const struct candidate *c = &s->from->at[i];
		struct imp_head next = *head;

		if ((depth > 0 && c->order <= after) || (c->idle && !s->idle_too))
			continue;
		s->folds_left--;
		s->chosen[depth] = i;
		rc = fold(s->crypto, c, &next, err);
		if (!rc)
			rc = choose(s, &next, depth + 1, i + 1, c->order, err);
	}
	return rc;
}

/* Of those that are known to have been carried first: however much was issued besides,
 * what honest stations did is found. */
static int find_way(struct search *s, const struct imp_head *head, struct imp_error *err)
{
	int rc = 0;

	for (int pass = 0; !rc && pass < 2; pass++) {
		s->idle_too = pass > 0;
		s->folds_left = FOLDS_MAX;
		rc = choose(s, head, 0, 0, 0, err);
	}
	return rc;
}

/* All of them, where there are as many as entries. */
static int straight(struct search *s, const struct imp_head *head, struct imp_error *err)
{
	struct imp_head at = *head;
	int rc = 0;

	if (s->from->count != s->to->n - head->n)
		return 0;
	for (size_t i = 0; !rc && i < s->from->count; i++)
		rc = fold(s->crypto, &s->from->at[i], &at, err);
	return rc ? rc : is_end(s, &at);
}

enum { RECOVERY_ALLOWED = 1 /* bit of the policy */ };

/* By the policy that was proven last, where none of the commands since may have set
 * another. */
static bool is_seized(const struct imp_replay *r, const struct imp_entry *e)
{
	return e->kind == IMP_ENTRY_RECOVERY && r->policy_known &&
	       !(r->policy & RECOVERY_ALLOWED);
}

/* What was found on the way changes the state that the token must show, and is proven by
 * it: no other entries lead to its head. */
static enum imp_way_end replay(const struct imp_case *c, const struct imp_way *w,
			       const struct search *s, bool all, struct imp_replay *r)
{
	enum imp_way_end end = IMP_WAY_FOLLOWS;
	const uint32_t entries = s->to->n - w->chains.head[s->domain].n;

	for (uint32_t i = 0; i < entries; i++) {
		const struct imp_entry *e = &s->from->at[all ? i : s->chosen[i]].entry;
		struct imp_issue *issue = imp_case_issue(c, IMP_SPAN(e->id));

		if (is_seized(r, e))
			end = IMP_WAY_SEIZED;
		imp_replay_fold(r, e);
		if (issue && !issue->led)
			issue->led = w->now;
	}
	return end;
}

/* The longest row of candidates that could have come, for how much is missing. */
static uint32_t missing(const struct candidates *c, uint32_t entries)
{
	uint32_t could = 0;
	uint64_t last = 0;

	for (size_t i = 0; i < c->count; i++) {
		could += i == 0 || c->at[i].order != last;
		last = c->at[i].order;
	}
	return entries > could ? entries - could : 0;
}

static int walk_domain(const struct imp_case *c, const struct imp_way *w, unsigned d,
		       struct imp_replay *r, struct imp_way_result *out,
		       struct imp_error *err)
{
	CLEANUP(candidates_fini) struct candidates from = { 0 };
	const struct imp_head *head = &w->chains.head[d];
	const struct imp_chain_head none = { 0 };
	bool there = w->token->chains >> d & 1;
	const struct imp_chain_head *to = there ? &w->token->chain[d] : &none;
	struct search s = {
		.crypto = c->run->l->crypto, .from = &from, .to = to, .domain = d
	};
	int rc;

	*out = (struct imp_way_result){ .domain = d, .from = head->n, .to = to->n };
	if (to->n < head->n)
		out->end = IMP_WAY_FALLS;
	else if (to->n == head->n)
		out->end = !there || is_end(&s, head) ? IMP_WAY_FOLLOWS : IMP_WAY_FORKS;
	if (to->n <= head->n)
		return 0;
	rc = collect(c, w, d, &from, err);
	if (!rc)
		rc = straight(&s, head, err);
	out->missing = missing(&from, to->n - head->n);
	out->end = d > 0 && to->n - head->n == 1 ? IMP_WAY_FORKS : IMP_WAY_GAP;
	if (rc > 0)
		out->end = replay(c, w, &s, true, r);
	else if (!rc && (rc = find_way(&s, head, err)) > 0)
		out->end = replay(c, w, &s, false, r);
	return rc < 0 ? rc : 0;
}

/* Profiles first: what a wipe or a floor did not leave known stays unknown. */
int imp_way_walk(const struct imp_case *c, const struct imp_way *w,
		 struct imp_way_result *out, struct imp_error *err)
{
	struct imp_replay r = w->chains.replay;
	const char *what;
	int rc = 0;

	for (unsigned i = 1; i <= IMP_EVIDENCE_DOMAINS; i++) {
		rc = walk_domain(c, w, i % IMP_EVIDENCE_DOMAINS, &r, out, err);
		if (rc || out->end != IMP_WAY_FOLLOWS)
			return rc;
	}
	if (w->before && w->chains.replay.owner_epoch != w->token->owner_epoch)
		return 0; /* a new owner starts over */
	what = imp_replay_contradiction(&r, w->token, out->what);
	if (!what)
		return 0;
	if (what != out->what)
		strncpy(out->what, what, sizeof(out->what) - 1);
	out->end = IMP_WAY_CONTRADICTS;
	return 0;
}
