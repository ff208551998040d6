/* SPDX-License-Identifier: Apache-2.0 */
/* A verifier's own fold of a device's history. */
#include <stdio.h>
#include <string.h>

#include "evidence/chains.h"

int imp_chains_start(struct imp_crypto *crypto, const struct imp_known *known,
		     struct imp_chains *out)
{
	out->known = 0;
	for (uint8_t d = 0; d < IMP_EVIDENCE_DOMAINS; d++)
		if (imp_head_start(crypto, known->signing_kid, d, &out->head[d]))
			return -IMP_EINTERNAL;
	return 0;
}

void imp_chains_take(struct imp_chains *c, const struct imp_evidence *token)
{
	for (unsigned d = 0; d < IMP_EVIDENCE_DOMAINS; d++) {
		if (!(token->chains >> d & 1))
			continue;
		c->known |= (uint16_t)(1u << d);
		c->head[d].n = token->chain[d].n;
		memcpy(c->head[d].h, token->chain[d].h.ptr, 32);
	}
}

int imp_chains_fold(struct imp_crypto *crypto, struct imp_chains *c,
		    const struct imp_entry *e)
{
	uint8_t bytes[IMP_ENTRY_LEN];

	imp_entry_encode(e, bytes);
	return imp_head_fold(crypto, &c->head[e->domain], bytes);
}

static bool same_head(const struct imp_head *a, const struct imp_chain_head *b)
{
	return a->n == b->n && imp_span_eq(IMP_SPAN(a->h), b->h);
}

bool imp_chains_match(const struct imp_chains *c, const struct imp_evidence *token)
{
	for (unsigned d = 0; d < IMP_EVIDENCE_DOMAINS; d++) {
		bool there = token->chains >> d & 1;

		if (there ? !same_head(&c->head[d], &token->chain[d]) : c->head[d].n != 0)
			return false;
	}
	return true;
}

static int follows(struct imp_crypto *crypto, const struct imp_chains *known,
		   struct imp_step step, const struct imp_evidence *token)
{
	struct imp_chains next = *known;

	if (!step.must && imp_chains_match(known, token))
		return 1;
	if (!step.entry)
		return 0;
	if (imp_chains_fold(crypto, &next, step.entry))
		return -IMP_EINTERNAL;
	return imp_chains_match(&next, token);
}

int imp_chains_foretell(struct imp_crypto *crypto, const struct imp_chains *known,
			struct imp_step step, const struct imp_evidence *token)
{
	struct imp_entry claim = { .kind = IMP_ENTRY_TRANSFER, .owner_epoch = 1 };
	struct imp_chains claimed = *known;
	int rc = follows(crypto, known, step, token);

	if (rc || known->known != 0 || !token->owned || token->owner_epoch != 1)
		return rc;
	memcpy(claim.issuer, token->owner.ptr, 32);
	memcpy(claim.id, token->record.ptr, 32);
	if (imp_chains_fold(crypto, &claimed, &claim))
		return -IMP_EINTERNAL;
	return follows(crypto, &claimed, step, token);
}

static bool same_heads(const struct imp_evidence *a, const struct imp_evidence *b)
{
	bool same = a->chains == b->chains;

	for (unsigned d = 0; same && d < IMP_EVIDENCE_DOMAINS; d++)
		if (a->chains >> d & 1)
			same = a->chain[d].n == b->chain[d].n &&
			       imp_span_eq(a->chain[d].h, b->chain[d].h);
	return same;
}

static bool same_domain(const struct imp_measured *a, const struct imp_measured *b)
{
	return a->state == b->state && a->domain_epoch == b->domain_epoch &&
	       a->sequence == b->sequence && imp_span_eq(a->id, b->id) &&
	       imp_span_eq(a->authority, b->authority);
}

static bool same_state(const struct imp_evidence *a, const struct imp_evidence *b)
{
	bool same = a->life == b->life && a->policy == b->policy &&
		    a->owned == b->owned && a->used == b->used;

	if (same && a->owned)
		same = a->owner_epoch == b->owner_epoch &&
		       imp_span_eq(a->owner, b->owner) &&
		       imp_span_eq(a->record, b->record);
	for (unsigned d = 0; same && d < IMP_EVIDENCE_DOMAINS; d++)
		same = !(a->used >> d & 1) || same_domain(&a->domain[d], &b->domain[d]);
	return same;
}

int imp_chains_unchanged(const struct imp_evidence *before, struct imp_appraisal *a)
{
	if (!same_heads(before, &a->token) || same_state(before, &a->token))
		return 0;
	return imp_differs(a, "history", IMP_EVERIFY,
			   "another state than was proven, without an entry",
			   "an entry for each change");
}

static bool take_base(struct imp_span base, struct imp_chains *out)
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

static int check_entry(const struct imp_chains *known, const struct imp_chains *walk,
		       const struct imp_entry *e, struct imp_span owner,
		       struct imp_appraisal *a)
{
	char who[24], found[80], expected[24];

	/* Entries up to what is known were judged when it was proven. */
	if (walk->head[e->domain].n < known->head[e->domain].n ||
	    (owner.len > 0 && imp_span_eq(IMP_SPAN(e->issuer), owner)))
		return 0;
	imp_short_hex(IMP_SPAN(e->issuer), who);
	imp_short_hex(owner, expected);
	snprintf(found, sizeof(found), "entry %u of domain %u is signed by %s",
		 walk->head[e->domain].n + 1, e->domain, who);
	return imp_differs(a, "history", IMP_EVERIFY, found, expected);
}

static int walk_ring(struct imp_crypto *crypto, const struct imp_chains *known,
		     struct imp_span entries, struct imp_span owner,
		     struct imp_chains *walk, struct imp_appraisal *a)
{
	struct imp_cbor c;
	size_t left;
	int rc = 0;

	if (imp_cbor_open(&c, entries, IMP_CBOR_LENIENT, NULL))
		return imp_differs(a, "history", IMP_EDEVICE, "an unreadable ring",
				   "entries");
	left = imp_cbor_array(&c);
	while (!rc && imp_cbor_more(&c, &left)) {
		struct imp_span bytes =
			imp_cbor_bytes_len(&c, IMP_ENTRY_LEN, IMP_ENTRY_LEN);
		struct imp_entry e;

		if (!imp_cbor_ok(&c) || imp_entry_decode(bytes.ptr, &e))
			return imp_differs(a, "history", IMP_EDEVICE,
					   "an unreadable entry", "82 bytes");
		rc = check_entry(known, walk, &e, owner, a);
		if (!rc && imp_head_fold(crypto, &walk->head[e.domain], bytes.ptr))
			rc = -IMP_EINTERNAL;
		if (!rc)
			rc = compare_known(known, walk, e.domain, a);
	}
	return rc;
}

int imp_chains_explain(struct imp_crypto *crypto, const struct imp_chains *known,
		       const struct imp_ring *ring, struct imp_span owner,
		       struct imp_appraisal *a)
{
	struct imp_chains walk = *known;
	char gap[64];
	int rc = 0;

	/* Chains that the device does not name must still be at their start. */
	walk.known = 0;
	if (!take_base(ring->base, &walk))
		return imp_differs(a, "history", IMP_EDEVICE, "an unreadable ring",
				   "its base");
	for (unsigned d = 0; !rc && d < IMP_EVIDENCE_DOMAINS; d++) {
		rc = compare_known(known, &walk, d, a);
		if (!rc && walk.head[d].n > known->head[d].n) {
			snprintf(gap, sizeof(gap),
				 "domain %u is known to entry %u, its ring starts at %u",
				 d, known->head[d].n, walk.head[d].n + 1);
			rc = imp_differs(a, "history gap", IMP_EVERIFY, gap,
					 "--evidence with an older proof");
		}
	}
	if (!rc)
		rc = walk_ring(crypto, known, ring->entries, owner, &walk, a);
	for (unsigned d = 0; !rc && d < IMP_EVIDENCE_DOMAINS; d++)
		if (walk.head[d].n < known->head[d].n)
			rc = imp_differs(a, "history", IMP_EVERIFY,
					 "a chain that is shorter than what was proven",
					 "an extension of it");
	if (!rc && !imp_chains_match(&walk, &a->token))
		rc = imp_differs(a, "history", IMP_EVERIFY,
				 "a ring that does not fold to the heads",
				 "the signed heads");
	return rc;
}
