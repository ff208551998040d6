/* SPDX-License-Identifier: Apache-2.0 */
/* Known devices: cards that were verified. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "evidence/known.h"
#include "object/batch.h"
#include "object/signed.h"

const char *imp_assurance_name(enum imp_assurance a)
{
	return a == IMP_ENDORSED ? "endorsed" : "asserted";
}

void imp_known_fini(struct imp_known *k)
{
	imp_secret_fini(&k->bytes);
	*k = (struct imp_known){ 0 };
}

void imp_known_list_fini(struct imp_known_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		imp_known_fini(&list->at[i]);
	free(list->at);
	*list = (struct imp_known_list){ 0 };
}

/* The check digit is not in the ueid. Source: 3GPP TS 23.003 6.2.1, B.2. */
static char luhn(const uint8_t digit[14])
{
	unsigned sum = 0;

	for (unsigned i = 0; i < 14; i++) {
		unsigned d = i & 1 ? 2u * digit[i] : digit[i];

		sum += d > 9 ? d - 9 : d;
	}
	return (char)('0' + (10 - sum % 10) % 10);
}

void imp_device_name(struct imp_span ueid, char out[80])
{
	bool imei = ueid.len == 15 && ueid.ptr[0] == 3;
	size_t n = (size_t)snprintf(out, 80, imei ? "imei " : "ueid ");

	for (size_t i = 1; imei && i < 15; i++)
		imei = ueid.ptr[i] <= 9;
	if (imei) {
		for (size_t i = 1; i < 15; i++)
			out[n++] = (char)('0' + ueid.ptr[i]);
		out[n++] = luhn(ueid.ptr + 1);
		out[n] = '\0';
		return;
	}
	n = (size_t)snprintf(out, 80, "ueid ");
	for (size_t i = 0; i < ueid.len && n + 3 < 80; i++)
		n += (size_t)snprintf(out + n, 80 - n, "%02x", ueid.ptr[i]);
}

static bool endorses(const struct imp_endorsement *e, const struct imp_card *card)
{
	return imp_span_eq(e->ueid, card->ueid) && e->oemid == card->oemid &&
	       imp_span_eq(e->hwmodel, card->hwmodel) &&
	       imp_pub_eq(&e->signing, &card->signing) &&
	       imp_pub_eq(&e->sealing, &card->sealing);
}

/* A card with an endorsement that is not its own is refused, whether its factory is known
 * or not. */
static int check_endorsement(struct imp_crypto *crypto, struct imp_span chain,
			     const struct imp_factories *factories, struct imp_known *k,
			     struct imp_error *err)
{
	struct imp_endorsement e;
	struct imp_signed s;
	uint8_t kid[32];
	int rc = imp_signed_decode(chain, &s, err);

	if (!rc && (s.kind != IMP_KIND_ENDORSEMENT || s.cose.tag != IMP_TAG_SIGN1))
		rc = imp_fail(err, IMP_EFORMAT, "card: header 13 is no endorsement");
	if (!rc)
		rc = imp_endorsement_decode(s.cose.payload, &e, err);
	if (rc)
		return rc;
	if (!endorses(&e, &k->card))
		return imp_fail(err, IMP_EVERIFY,
				"card: its endorsement is that of another device");
	for (size_t i = 0; i < factories->count; i++) {
		if (imp_cose_kid(crypto, &factories->key[i], kid) ||
		    !imp_span_eq(s.issuer, IMP_SPAN(kid)))
			continue;
		if (imp_signed_verify(crypto, &s, 0, &factories->key[i]))
			return imp_fail(
				err, IMP_EVERIFY,
				"card: the factory's endorsement does not verify");
		k->assurance = IMP_ENDORSED;
	}
	return 0;
}

static int check_card(struct imp_crypto *crypto, const struct imp_signed *s,
		      const uint8_t *nonce, struct imp_known *k, struct imp_error *err)
{
	if (imp_pub_check(crypto, &k->card.signing) ||
	    imp_pub_check(crypto, &k->card.sealing))
		return imp_fail(err, IMP_EKEY,
				"card: a key of the device is not on its curve");
	if (imp_cose_kid(crypto, &k->card.signing, k->signing_kid) ||
	    imp_cose_kid(crypto, &k->card.sealing, k->sealing_kid))
		return imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
	if (!imp_span_eq(s->issuer, IMP_SPAN(k->signing_kid)))
		return imp_fail(err, IMP_EVERIFY,
				"card: signed by another key than its own");
	if (imp_signed_verify(crypto, s, 0, &k->card.signing))
		return imp_fail(err, IMP_EVERIFY, "card: its signature does not verify");
	if (nonce &&
	    !imp_span_eq(k->card.nonce, (struct imp_span){ nonce, IMP_NONCE_LEN }))
		return imp_fail(err, IMP_EVERIFY,
				"card: answers another nonce than ours");
	return 0;
}

int imp_known_check(struct imp_crypto *crypto, struct imp_span signed_card,
		    const uint8_t *nonce, const struct imp_factories *factories,
		    struct imp_known *out, struct imp_error *err)
{
	CLEANUP(imp_known_fini) struct imp_known k = { 0 };
	struct imp_signed s;
	int rc = imp_secret_set(&k.bytes, signed_card, err);

	if (!rc)
		rc = imp_wrap(err, imp_signed_decode(imp_secret_span(&k.bytes), &s, err),
			      "card");
	if (!rc && (s.kind != IMP_KIND_CARD || s.cose.tag != IMP_TAG_SIGN1 || s.batched))
		rc = imp_fail(err, IMP_EFORMAT, "card: is a %s", imp_kind_name(s.kind));
	if (!rc)
		rc = imp_card_decode(s.cose.payload, &k.card, err);
	if (!rc)
		rc = check_card(crypto, &s, nonce, &k, err);
	if (!rc && (s.cose.uh.has & IMP_HAS_CHAIN))
		rc = check_endorsement(crypto, s.cose.uh.chain, factories, &k, err);
	if (rc)
		return rc;
	*out = k;
	k = (struct imp_known){ 0 };
	return 0;
}

/* Where a ueid is, or would be. */
static size_t position(const struct imp_known_list *list, struct imp_span ueid)
{
	size_t lo = 0, hi = list->count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (imp_span_cmp(list->at[mid].card.ueid, ueid) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

const struct imp_known *imp_known_find(const struct imp_known_list *list,
				       struct imp_span ueid)
{
	size_t at = position(list, ueid);

	return at < list->count && imp_span_eq(list->at[at].card.ueid, ueid)
		       ? &list->at[at]
		       : NULL;
}

static int replace(struct imp_known *old, struct imp_known *k, struct imp_error *err)
{
	char name[80];

	imp_device_name(k->card.ueid, name);
	if (!imp_pub_eq(&old->card.signing, &k->card.signing) ||
	    !imp_pub_eq(&old->card.sealing, &k->card.sealing)) {
		int rc = imp_fail(err, IMP_EPOLICY, "%s: two cards with different keys",
				  name);

		return imp_hint(
			err, rc,
			"one of them is a clone, or the board was exchanged: trust "
			"neither before you know");
	}
	imp_known_fini(old);
	*old = *k;
	*k = (struct imp_known){ 0 };
	return 0;
}

int imp_known_add(struct imp_known_list *list, struct imp_known *k, struct imp_error *err)
{
	size_t at = position(list, k->card.ueid);

	if (at < list->count && imp_span_eq(list->at[at].card.ueid, k->card.ueid))
		return replace(&list->at[at], k, err);
	if (list->count == list->cap) {
		size_t cap = list->cap ? 2 * list->cap : 16;
		struct imp_known *more = reallocarray(list->at, cap, sizeof(*more));

		if (!more)
			return imp_fail(err, IMP_ERESOURCE, "out of memory for %zu cards",
					cap);
		list->at = more;
		list->cap = cap;
	}
	memmove(&list->at[at + 1], &list->at[at], (list->count - at) * sizeof(*list->at));
	list->at[at] = *k;
	list->count++;
	*k = (struct imp_known){ 0 };
	return 0;
}

static int by_key(const void *a, const void *b)
{
	const struct imp_known *const *x = a, *const *y = b;

	return memcmp((*x)->signing_kid, (*y)->signing_kid, 32);
}

/* One key in two devices is a clone of it. KEY-14 */
static int check_shared(const struct imp_known_list *list, struct imp_error *err)
{
	const struct imp_known **sorted = calloc(list->count + 1, sizeof(*sorted));
	char one[80], two[80];
	int rc = sorted ? 0 : imp_fail(err, IMP_ERESOURCE, "out of memory");

	for (size_t i = 0; sorted && i < list->count; i++)
		sorted[i] = &list->at[i];
	if (sorted)
		qsort(sorted, list->count, sizeof(*sorted), by_key);
	for (size_t i = 1; !rc && i < list->count; i++)
		if (memcmp(sorted[i - 1]->signing_kid, sorted[i]->signing_kid, 32) == 0) {
			imp_device_name(sorted[i - 1]->card.ueid, one);
			imp_device_name(sorted[i]->card.ueid, two);
			rc = imp_fail(err, IMP_EPOLICY, "%s and %s have the same key",
				      one, two);
		}
	free(sorted);
	return rc;
}

int imp_known_read(struct imp_crypto *crypto, const char *path,
		   const struct imp_factories *factories, struct imp_known_list *out,
		   struct imp_error *err)
{
	CLEANUP(imp_known_list_fini) struct imp_known_list list = { 0 };
	CLEANUP(imp_batch_close) struct imp_batch b = { 0 };
	struct imp_span item;
	int rc = imp_batch_open(&b, path, IMP_BATCH_CARDS, err);

	while (!rc && (rc = imp_batch_next(&b, &item, err)) > 0) {
		CLEANUP(imp_known_fini) struct imp_known k = { 0 };

		rc = imp_known_check(crypto, item, NULL, factories, &k, err);
		if (!rc)
			rc = imp_known_add(&list, &k, err);
		imp_wrap(err, rc, "%s: card %llu", path, (unsigned long long)b.index);
	}
	if (!rc)
		rc = imp_wrap(err, check_shared(&list, err), "%s", path);
	if (rc)
		return rc;
	*out = list;
	list = (struct imp_known_list){ 0 };
	return 0;
}
