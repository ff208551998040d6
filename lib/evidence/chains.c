/* SPDX-License-Identifier: Apache-2.0 */
/* A verifier's own fold of a device's history. */
#include <stdio.h>
#include <string.h>

#include "base/digits.h"
#include "evidence/chains.h"

int imp_chains_start(struct imp_crypto *crypto, const struct imp_known *known,
		     struct imp_chains *out)
{
	out->known = 0;
	imp_replay_start(&out->replay);
	for (uint8_t d = 0; d < IMP_EVIDENCE_DOMAINS; d++)
		if (imp_head_start(crypto, known->signing_kid, d, &out->head[d]))
			return -IMP_EINTERNAL;
	return 0;
}

void imp_chains_take(struct imp_chains *c, const struct imp_evidence *token)
{
	imp_replay_take(&c->replay, token);
	for (unsigned d = 0; d < IMP_EVIDENCE_DOMAINS; d++) {
		if (!(token->chains >> d & 1))
			continue;
		c->known |= (uint16_t)(1u << d);
		c->head[d].n = token->chain[d].n;
		memcpy(c->head[d].h, token->chain[d].h.ptr, 32);
	}
}

static int fold(struct imp_crypto *crypto, struct imp_chains *c,
		const struct imp_entry *e)
{
	uint8_t bytes[IMP_ENTRY_LEN];

	imp_entry_encode(e, bytes);
	imp_replay_fold(&c->replay, e);
	return imp_head_fold(crypto, &c->head[e->domain], bytes);
}

static bool same_head(const struct imp_head *a, const struct imp_chain_head *b)
{
	return a->n == b->n && imp_span_eq(IMP_SPAN(a->h), b->h);
}

/* Are these exactly the token's heads? */
static bool match(const struct imp_chains *c, const struct imp_evidence *token)
{
	for (unsigned d = 0; d < IMP_EVIDENCE_DOMAINS; d++) {
		bool there = token->chains >> d & 1;

		if (there ? !same_head(&c->head[d], &token->chain[d]) : c->head[d].n != 0)
			return false;
	}
	return true;
}

/* Nothing changes without an entry. */
static int check_state(const struct imp_chains *c, struct imp_appraisal *a)
{
	char buf[48], found[80];
	const char *what = imp_replay_contradiction(&c->replay, &a->token, buf);

	if (!what)
		return 0;
	snprintf(found, sizeof(found), "contradicted by the %s", what);
	return imp_differs(a, "history", IMP_EVERIFY, found, "an entry for each change");
}

static int follows(struct imp_crypto *crypto, const struct imp_chains *known,
		   struct imp_step step, struct imp_appraisal *a)
{
	struct imp_chains next = *known;

	if (!step.must && match(known, &a->token)) {
		(void)check_state(known, a);
		return 1;
	}
	if (!step.entry)
		return 0;
	if (fold(crypto, &next, step.entry))
		return -IMP_EINTERNAL;
	if (!match(&next, &a->token))
		return 0;
	(void)check_state(&next, a);
	return 1;
}

int imp_chains_foretell(struct imp_crypto *crypto, const struct imp_chains *known,
			struct imp_step step, struct imp_appraisal *a)
{
	const struct imp_evidence *token = &a->token;
	struct imp_entry claim = { .kind = IMP_ENTRY_TRANSFER, .owner_epoch = 1 };
	struct imp_chains claimed = *known;
	int rc = follows(crypto, known, step, a);

	if (rc || known->known != 0 || !token->owned || token->owner_epoch != 1)
		return rc;
	memcpy(claim.issuer, token->owner.ptr, 32);
	memcpy(claim.id, token->record.ptr, 32);
	if (fold(crypto, &claimed, &claim))
		return -IMP_EINTERNAL;
	return follows(crypto, &claimed, step, a);
}

bool imp_ring_base(struct imp_span base, struct imp_chains *out)
{
	struct imp_cbor c;
	size_t left;

	if (imp_cbor_open(&c, base, IMP_CBOR_LENIENT, NULL))
		return false;
	left = imp_cbor_map(&c);
	while (imp_cbor_more(&c, &left)) {
		unsigned d = (unsigned)imp_cbor_uint_max(&c, IMP_EVIDENCE_DOMAINS - 1);
		size_t pair = imp_cbor_array(&c);
		struct imp_head h = { .n = (uint32_t)imp_cbor_uint_max(&c, UINT32_MAX) };
		struct imp_span hash = imp_cbor_bytes_len(&c, 32, 32);

		if (!imp_cbor_ok(&c) ||
		    (pair == IMP_CBOR_OPEN && imp_cbor_more(&c, &pair)))
			return false;
		memcpy(h.h, hash.ptr, 32);
		out->head[d] = h;
		out->known |= (uint16_t)(1u << d);
	}
	return imp_cbor_done(&c);
}

/* Where the walk stands: is what we know passed, and does it lie on the device's chain?
 */
static int compare_known(const struct imp_chains *known, const struct imp_chains *walk,
			 unsigned d, struct imp_appraisal *a)
{
	const struct imp_head *mine = &known->head[d], *theirs = &walk->head[d];
	char what[40];

	if (mine->n != theirs->n || memcmp(mine->h, theirs->h, 32) == 0)
		return 0;
	snprintf(what, sizeof(what), "another chain from entry %u on", mine->n);
	return imp_differs(a, "history", IMP_EVERIFY, what,
			   "an extension of what was proven");
}

/* Did the owner take the device over by it? */
static bool is_takeover(const struct imp_writers *w, const struct imp_evidence *token,
			const struct imp_entry *e)
{
	return token->owned && imp_span_eq(w->owner, token->owner) &&
	       imp_span_eq(IMP_SPAN(e->id), token->record);
}

static bool may_write(const struct imp_writers *w, const struct imp_entry *e)
{
	struct imp_span by = IMP_SPAN(e->issuer);

	if (w->owner.len > 0 && imp_span_eq(by, w->owner))
		return true;
	for (size_t i = 0; i < w->parties; i++)
		if (e->kind == IMP_ENTRY_PROFILE && w->party[i].domain == e->domain &&
		    imp_span_eq(by, IMP_SPAN(w->party[i].kid)))
			return true;
	return false;
}

static int check_entry(const struct imp_entry *e, uint32_t number,
		       const struct imp_writers *writers, struct imp_appraisal *a)
{
	char who[65], found[IMP_DIFFERENCE_TEXT], expected[65];

	if (may_write(writers, e))
		return 0;
	imp_hex(IMP_SPAN(e->issuer), who);
	imp_hex(writers->owner, expected);
	snprintf(found, sizeof(found), "entry %u of domain %u is signed by %s", number,
		 e->domain, who);
	if (a->foreign == 0 && e->kind == IMP_ENTRY_PROFILE)
		a->foreign = e->domain;
	return imp_differs(a, "history", IMP_EVERIFY, found, expected);
}

/* The way from what is known to the end of the ring. */
struct walk {
	struct imp_crypto *crypto;
	const struct imp_chains *known;
	struct imp_step step;
	const struct imp_writers *writers;
	struct imp_appraisal *a;
	struct imp_chains at;
	bool stepped; /* the step's entry was met */
};

static bool is_step(const struct walk *w, struct imp_span bytes)
{
	uint8_t own[IMP_ENTRY_LEN];

	if (!w->step.entry)
		return false;
	imp_entry_encode(w->step.entry, own);
	return imp_span_eq(bytes, IMP_SPAN(own));
}

/* Entries up to what is known were judged when it was proven. */
static int walk_entry(struct walk *w, struct imp_span bytes)
{
	struct imp_entry e;
	bool fresh;
	int rc = 0;

	if (imp_entry_decode(bytes.ptr, &e))
		return imp_differs(w->a, "history", IMP_EDEVICE, "an unreadable entry",
				   "82 bytes");
	fresh = w->at.head[e.domain].n >= w->known->head[e.domain].n;
	if (fresh) {
		bool step = is_step(w, bytes);

		rc = step ? 0
			  : check_entry(&e, w->at.head[e.domain].n + 1, w->writers, w->a);
		w->stepped |= step;
		imp_replay_fold(&w->at.replay, &e);
	}
	if (!rc && imp_head_fold(w->crypto, &w->at.head[e.domain], bytes.ptr))
		rc = -IMP_EINTERNAL;
	return rc ? rc : compare_known(w->known, &w->at, e.domain, w->a);
}

static int walk_ring(struct walk *w, struct imp_span entries)
{
	struct imp_cbor c;
	size_t left;
	int rc = 0;

	if (imp_cbor_open(&c, entries, IMP_CBOR_LENIENT, NULL))
		return imp_differs(w->a, "history", IMP_EDEVICE, "an unreadable ring",
				   "entries");
	left = imp_cbor_array(&c);
	while (!rc && imp_cbor_more(&c, &left)) {
		struct imp_span bytes =
			imp_cbor_bytes_len(&c, IMP_ENTRY_LEN, IMP_ENTRY_LEN);

		rc = imp_cbor_ok(&c) ? walk_entry(w, bytes)
				     : imp_differs(w->a, "history", IMP_EDEVICE,
						   "an unreadable entry", "82 bytes");
	}
	return rc;
}

/* Does the ring begin with the taking over by whom the token calls the owner? */
static bool begins_with_takeover(const struct walk *w, struct imp_span entries)
{
	struct imp_cbor c;
	struct imp_span first;
	struct imp_entry e;
	size_t left;

	if (imp_cbor_open(&c, entries, IMP_CBOR_LENIENT, NULL))
		return false;
	left = imp_cbor_array(&c);
	if (!imp_cbor_more(&c, &left))
		return false;
	first = imp_cbor_bytes_len(&c, IMP_ENTRY_LEN, IMP_ENTRY_LEN);
	return imp_cbor_ok(&c) && imp_entry_decode(first.ptr, &e) == 0 &&
	       is_takeover(w->writers, &w->a->token, &e);
}

/* Where the ring begins: on the known chains, and not behind them. */
static int check_base(struct walk *w, struct imp_span entries)
{
	bool takeover = begins_with_takeover(w, entries);
	char gap[64];
	int rc = 0;

	for (unsigned d = 0; !rc && d < IMP_EVIDENCE_DOMAINS; d++) {
		rc = compare_known(w->known, &w->at, d, w->a);
		if (rc || w->at.head[d].n <= w->known->head[d].n)
			continue;
		if (takeover && w->writers->owner_named) {
			imp_replay_forget(&w->at.replay);
			continue;
		}
		snprintf(gap, sizeof(gap),
			 "domain %u is known to entry %u, its ring starts at %u", d,
			 w->known->head[d].n, w->at.head[d].n + 1);
		rc = imp_differs(w->a, "history gap", IMP_EVERIFY, gap,
				 takeover ? "--owner, who took it over, or --evidence "
					    "with an older proof"
					  : "--evidence with an older proof");
	}
	return rc;
}

static int check_end(const struct walk *w)
{
	for (unsigned d = 0; d < IMP_EVIDENCE_DOMAINS; d++)
		if (w->at.head[d].n < w->known->head[d].n)
			return imp_differs(w->a, "history", IMP_EVERIFY,
					   "a chain that is shorter than what was proven",
					   "an extension of it");
	if (!match(&w->at, &w->a->token))
		return imp_differs(w->a, "history", IMP_EVERIFY,
				   "a ring that does not fold to the heads",
				   "the signed heads");
	if (w->step.must && !w->stepped)
		return imp_differs(w->a, "history", IMP_EVERIFY,
				   "a chain without a new entry",
				   "the one that was applied now");
	return check_state(&w->at, w->a);
}

int imp_chains_explain(struct imp_crypto *crypto, const struct imp_chains *known,
		       struct imp_step step, const struct imp_ring *ring,
		       const struct imp_writers *writers, struct imp_appraisal *a)
{
	struct walk w = { .crypto = crypto,
			  .known = known,
			  .step = step,
			  .writers = writers,
			  .a = a,
			  .at = *known };
	int rc;

	/* Chains that the device does not name must still be at their start. */
	w.at.known = 0;
	if (!imp_ring_base(ring->base, &w.at))
		return imp_differs(a, "history", IMP_EDEVICE, "an unreadable ring",
				   "its base");
	rc = check_base(&w, ring->entries);
	if (!rc)
		rc = walk_ring(&w, ring->entries);
	return rc ? rc : check_end(&w);
}
