/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chains: a verifier's own fold of a device's history, and the comparison with what the
 * device signed (host only). Source: imprint-formats(7), history.
 */
#ifndef IMP_EVIDENCE_CHAINS_H
#define IMP_EVIDENCE_CHAINS_H

#include "evidence/appraise.h"
#include "evidence/replay.h"

struct imp_chains {
	uint16_t known; /* bit d: head[d] is proven; others are at their start */
	struct imp_head head[IMP_EVIDENCE_DOMAINS];
	struct imp_replay replay; /* the state that follows */
};

/* Every chain at its start. 0, or -IMP_EINTERNAL. */
int imp_chains_start(struct imp_crypto *crypto, const struct imp_known *known,
		     struct imp_chains *out) IMP_MUST_CHECK;
/* Take over the heads, and the state, that a verified token shows. */
void imp_chains_take(struct imp_chains *c, const struct imp_evidence *token);

/* What the device did since the heads were known. */
struct imp_step {
	const struct imp_entry *entry; /* NULL: nothing that we know of */
	bool must;		       /* it was applied just now; else it may be old */
};

/*
 * Do the token's heads follow from what is known by this step? Where nothing was proven
 * yet, a first claim by the token's owner may come before it: that entry follows from the
 * owner record. Where they follow, the token's state is held against them, and a
 * difference is added to a.
 *
 * 1 yes, 0 no (the ring must explain), -IMP_EINTERNAL.
 */
int imp_chains_foretell(struct imp_crypto *crypto, const struct imp_chains *known,
			struct imp_step step, struct imp_appraisal *a) IMP_MUST_CHECK;

/* Who may have signed an entry: the owner, and in a domain each party that has a grant
 * of it. */
struct imp_party {
	uint8_t kid[32];
	uint32_t domain;
};
struct imp_writers {
	struct imp_span owner; /* kid, 32 bytes, or empty */
	const struct imp_party *party;
	size_t parties;
	/* It is certain who the owner is: where the ring begins with its taking the
	 * device over, what was before is no gap. */
	bool owner_named;
};

/* What the device's ring says, in the form of the history response. */
struct imp_ring {
	struct imp_span base;	 /* encoded map {domain => [n, H]} */
	struct imp_span entries; /* encoded array of 82-byte strings */
};
/* Take the heads that a ring starts from; other chains stay. False: it is malformed. */
bool imp_ring_base(struct imp_span base, struct imp_chains *out);

/*
 * Explain the way from the heads that are known to the token's by the ring: the ring must
 * fold to the signed heads, reach back to what is known or to the owner's taking the
 * device over, hold no new entry by anybody but these writers and the step itself, and
 * hold the step where it must; the token's state must follow from it.
 *
 * 0, or -code with differences added to a.
 */
int imp_chains_explain(struct imp_crypto *crypto, const struct imp_chains *known,
		       struct imp_step step, const struct imp_ring *ring,
		       const struct imp_writers *writers, struct imp_appraisal *a);

#endif
