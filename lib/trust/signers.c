/* SPDX-License-Identifier: Apache-2.0 */
/* Who must sign an object, and did they? */
#include "trust/signers.h"

enum { CANDIDATES = 2 + IMP_APPROVERS_MAX };

struct candidate {
	const struct imp_pub *key;
	uint8_t kid[32];
	bool must, used;
};

static int gather(struct imp_crypto *crypto, const struct imp_signers *s,
		  struct candidate *list, size_t *count)
{
	int rc = 0;

	*count = 0;
	for (size_t i = 0; i < s->musts; i++)
		list[(*count)++] = (struct candidate){ .key = s->must[i], .must = true };
	for (size_t i = 0; i < s->approval->count; i++)
		list[(*count)++] = (struct candidate){ .key = &s->approval->key[i] };
	for (size_t i = 0; !rc && i < *count; i++)
		rc = imp_cose_kid(crypto, list[i].key, list[i].kid);
	return rc;
}

/* Those who must come first in the list, so a key that is both counts as the former. */
static struct candidate *find(struct candidate *list, size_t count, struct imp_span kid)
{
	for (size_t i = 0; i < count; i++)
		if (imp_span_eq(kid, IMP_SPAN(list[i].kid)))
			return &list[i];
	return NULL;
}

enum imp_reason imp_signers_match(struct imp_crypto *crypto,
				  const struct imp_signed *object,
				  const struct imp_signers *signers,
				  struct imp_matched *out)
{
	bool many = object->cose.tag == IMP_TAG_SIGN;
	struct candidate list[CANDIDATES];
	size_t count, musts = 0, approvers = 0;

	if (many != signers->many || gather(crypto, signers, list, &count))
		return IMP_R_APPROVAL;
	for (size_t i = 0; i < object->cose.count; i++) {
		struct candidate *c = find(list, count, imp_signed_kid(object, i));

		if (!c || c->used)
			return IMP_R_APPROVAL;
		c->used = true;
		out->key[i] = c->key;
		*(c->must ? &musts : &approvers) += 1;
	}
	if (musts != signers->musts || approvers != signers->approval->threshold)
		return IMP_R_APPROVAL;
	return IMP_R_NONE;
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
