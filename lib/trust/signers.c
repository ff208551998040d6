/* SPDX-License-Identifier: Apache-2.0 */
/* Who must sign an object, and did they? */
#include "trust/signers.h"
#include "cose/published.h"

enum { CANDIDATES = 2 * (1 + IMP_APPROVERS_MAX) };

/* What a key may sign for, on side 0 or 1. */
static unsigned must(size_t side)
{
	return 1u << side;
}

static unsigned may(size_t side)
{
	return 4u << side;
}

struct candidate {
	const struct imp_pub *key;
	uint8_t kid[32];
	unsigned role;
};

static int gather(struct imp_crypto *crypto, const struct imp_signers *s,
		  struct candidate *list, size_t *count)
{
	size_t n = 0;
	int rc = 0;

	for (size_t i = 0; i < s->sides; i++) {
		const struct imp_approval *a = s->side[i].approval;

		list[n++] = (struct candidate){ .key = s->side[i].key, .role = must(i) };
		for (size_t k = 0; k < a->count; k++)
			list[n++] =
				(struct candidate){ .key = &a->key[k], .role = may(i) };
	}
	for (size_t i = 0; !rc && i < n; i++)
		rc = imp_cose_kid(crypto, list[i].key, list[i].kid);
	*count = n;
	return rc;
}

/* All that a key may sign for; who must sign for a side does not approve it as well. 0:
 * it is nobody's. */
static unsigned role_of(const struct candidate *list, size_t count, struct imp_span kid,
			const struct imp_pub **key)
{
	unsigned role = 0;

	for (size_t i = 0; i < count; i++)
		if (imp_span_eq(kid, IMP_SPAN(list[i].kid))) {
			role |= list[i].role;
			*key = list[i].key;
		}
	for (size_t side = 0; side < 2; side++)
		if (role & must(side))
			role &= ~may(side);
	return role;
}

struct tally {
	unsigned must;	 /* who has signed of those who must */
	size_t only[2];	 /* approvers of one side alone */
	size_t both;	 /* approvers of both sides */
	size_t spare[2]; /* who must sign for the other side, and may approve this one */
};

static void count(struct tally *t, unsigned role)
{
	const bool first = role & may(0), second = role & may(1);

	if (role & (must(0) | must(1))) {
		t->must |= role & (must(0) | must(1));
		t->spare[0] += first;
		t->spare[1] += second;
	} else if (first && second) {
		t->both++;
	} else {
		t->only[second]++;
	}
}

/* Is every part filled, each by another key of its side, and nobody without one? */
static bool is_exact(const struct tally *t, const struct imp_signers *s)
{
	size_t need[2] = { 0 };

	if (t->must != (s->sides == 2 ? (must(0) | must(1)) : must(0)))
		return false;
	for (size_t i = 0; i < s->sides; i++) {
		size_t asked = s->side[i].approval->threshold;

		if (t->only[i] > asked || asked - t->only[i] > t->both + t->spare[i])
			return false;
		need[i] = asked - t->only[i];
	}
	return need[0] + need[1] >= t->both;
}

enum imp_reason imp_signers_match(struct imp_crypto *crypto,
				  const struct imp_signed *object,
				  const struct imp_signers *signers,
				  struct imp_matched *out)
{
	bool many = object->cose.tag == IMP_TAG_SIGN;
	struct candidate list[CANDIDATES];
	struct tally tally = { 0 };
	size_t candidates;

	if (many != signers->many || gather(crypto, signers, list, &candidates))
		return IMP_R_APPROVAL;
	for (size_t i = 0; i < object->cose.count; i++) {
		struct imp_span kid = imp_signed_kid(object, i);
		unsigned role = role_of(list, candidates, kid, &out->key[i]);

		/* Signatures ascend by kid, so the same one comes next to itself. */
		if (role == 0 ||
		    (i > 0 && imp_span_eq(kid, imp_signed_kid(object, i - 1))))
			return IMP_R_APPROVAL;
		count(&tally, role);
	}
	return is_exact(&tally, signers) ? IMP_R_NONE : IMP_R_APPROVAL;
}

enum imp_reason imp_signers_verify(struct imp_crypto *crypto,
				   const struct imp_signed *object,
				   const struct imp_matched *matched)
{
	for (size_t i = 0; i < object->cose.count; i++)
		if (imp_signed_verify(crypto, object, i, matched->key[i]))
			return IMP_R_SIGNATURE;
	return IMP_R_NONE;
}

static bool counts(struct imp_crypto *crypto, const struct imp_side *side,
		   const struct imp_pub *key)
{
	uint8_t kid[32];

	if (imp_pub_check(crypto, key))
		return false;
	return !side->production ||
	       (imp_cose_kid(crypto, key, kid) == 0 && !imp_published(kid));
}

enum imp_reason imp_side_check(struct imp_crypto *crypto, const struct imp_side *side)
{
	bool good = counts(crypto, side, side->key);

	for (uint32_t i = 0; good && i < side->approval->count; i++)
		good = counts(crypto, side, &side->approval->key[i]);
	return good ? IMP_R_NONE : IMP_R_SIGNATURE;
}
