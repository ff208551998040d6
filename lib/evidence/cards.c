/* SPDX-License-Identifier: Apache-2.0 */
/* The devices of a .cards file. */
#include <string.h>
#include <unistd.h>

#include "evidence/cards.h"
#include "object/signed.h"

int imp_card_open(struct imp_span signed_card, struct imp_card *card,
		  struct imp_error *err)
{
	struct imp_signed s;
	int rc = imp_signed_decode(signed_card, &s, err);

	if (!rc && s.kind != IMP_KIND_CARD)
		rc = imp_fail(err, IMP_EFORMAT, "is a %s, expected a card",
			      imp_kind_name(s.kind));
	return rc ? rc : imp_card_decode(s.cose.payload, card, err);
}

int imp_cards_read(const struct imp_cards *c, size_t i, struct imp_secret *bytes,
		   struct imp_card *card, struct imp_error *err)
{
	int rc = imp_index_read(&c->index, i, bytes, err);

	return rc ? rc : imp_card_open(imp_secret_span(bytes), card, err);
}

bool imp_cards_is_latest(const struct imp_cards *c, size_t i, struct imp_span ueid)
{
	return imp_index_find(&c->index, ueid) == i;
}

static struct imp_span key_bytes(const struct imp_pub *pub)
{
	return (struct imp_span){ (const uint8_t *)pub, sizeof(*pub) };
}

static int same_key(const struct imp_card *a, const struct imp_card *b,
		    struct imp_error *err)
{
	char one[80], two[80];

	imp_device_name(a->ueid, one);
	imp_device_name(b->ueid, two);
	return imp_fail(err, IMP_EPOLICY, "%s and %s have the same key", one, two);
}

static int other_keys(const struct imp_card *card, struct imp_error *err)
{
	char name[80];
	int rc;

	imp_device_name(card->ueid, name);
	rc = imp_fail(err, IMP_EPOLICY, "%s: two cards with different keys", name);
	return imp_hint(err, rc,
			"one of them is a clone, or the board was exchanged: trust "
			"neither before you know");
}

int imp_card_compare(const struct imp_card *old, const struct imp_card *card,
		     struct imp_error *err)
{
	bool signing = imp_pub_eq(&old->signing, &card->signing);
	bool sealing = imp_pub_eq(&old->sealing, &card->sealing);

	if (imp_span_eq(old->ueid, card->ueid))
		return signing && sealing ? 0 : other_keys(card, err);
	return signing || sealing ? same_key(old, card, err) : 0;
}

/* The cards that may contradict one: the last of the same device, and those in which its
 * keys stood first. */
enum { RIVALS = 3 };

static void find_rivals(const struct imp_cards *c, const struct imp_card *card,
			const uint32_t *at[RIVALS])
{
	at[0] = imp_seen_find(&c->index.seen, card->ueid);
	at[1] = imp_seen_find(&c->signing, key_bytes(&card->signing));
	at[2] = imp_seen_find(&c->sealing, key_bytes(&card->sealing));
}

int imp_cards_contradict(const struct imp_cards *c, struct imp_crypto *crypto,
			 const struct imp_card *card, bool *endorsed,
			 struct imp_error *err)
{
	const uint32_t *at[RIVALS];
	int result = 0;

	find_rivals(c, card, at);
	for (size_t i = 0; i < RIVALS; i++) {
		CLEANUP(imp_secret_fini) struct imp_secret bytes = { 0 };
		CLEANUP(imp_known_fini) struct imp_known rival = { 0 };
		struct imp_card old;
		int rc = at[i] ? imp_cards_read(c, *at[i], &bytes, &old, err) : 0;

		if (rc)
			return rc;
		rc = at[i] ? imp_card_compare(&old, card, err) : 0;
		result = rc ? rc : result;
		if (rc && endorsed &&
		    imp_known_check(crypto, imp_secret_span(&bytes), NULL, &c->factories,
				    &rival, NULL) == 0)
			*endorsed |= rival.assurance == IMP_ENDORSED;
	}
	return result;
}

static int quarantine(struct imp_cards *c, struct imp_span ueid, struct imp_error *err)
{
	uint32_t ignored;

	return imp_seen_add(&c->quarantined, ueid, 0, &ignored, err);
}

/* Whoever contradicts whom, neither is trusted. */
static int compare_rivals(struct imp_cards *c, const struct imp_card *card,
			  struct imp_error *err)
{
	const uint32_t *at[RIVALS];
	int rc = 0;

	find_rivals(c, card, at);
	for (size_t i = 0; !rc && i < RIVALS; i++) {
		CLEANUP(imp_secret_fini) struct imp_secret bytes = { 0 };
		struct imp_card old;

		if (!at[i])
			continue;
		rc = imp_cards_read(c, *at[i], &bytes, &old, err);
		if (rc || imp_card_compare(&old, card, NULL) == 0)
			continue;
		rc = quarantine(c, old.ueid, err);
		if (!rc)
			rc = quarantine(c, card->ueid, err);
	}
	return rc;
}

/* A card on its way into the index: compared with those before it. */
static int key_of(void *ctx, struct imp_span item, struct imp_span *key,
		  struct imp_error *err)
{
	struct imp_cards *c = ctx;
	uint32_t where = (uint32_t)c->index.count, ignored;
	struct imp_card card;
	int rc = imp_card_open(item, &card, err);

	if (!rc)
		rc = compare_rivals(c, &card, err);
	if (!rc)
		rc = imp_seen_add(&c->signing, key_bytes(&card.signing), where, &ignored,
				  err);
	if (!rc)
		rc = imp_seen_add(&c->sealing, key_bytes(&card.sealing), where, &ignored,
				  err);
	*key = card.ueid;
	return rc;
}

static void start(struct imp_cards *c, const struct imp_factories *factories)
{
	*c = (struct imp_cards){ .index.fd = -1, .factories.count = factories->count };
	for (size_t i = 0; i < factories->count; i++)
		c->factory[i] = factories->key[i];
	c->factories.key = c->factory;
}

void imp_cards_from(struct imp_cards *c, imp_cards_ask *ask, void *ctx,
		    const struct imp_factories *factories)
{
	start(c, factories);
	c->ask = ask;
	c->ctx = ctx;
}

int imp_cards_open(struct imp_cards *c, const char *path,
		   const struct imp_factories *factories, struct imp_error *err)
{
	int rc;

	start(c, factories);
	rc = imp_seen_init(&c->signing, err);
	if (!rc)
		rc = imp_seen_init(&c->sealing, err);
	if (!rc)
		rc = imp_seen_init(&c->quarantined, err);
	if (!rc)
		rc = imp_index_open(&c->index, path, IMP_BATCH_CARDS, key_of, c, err);
	if (rc)
		imp_cards_close(c);
	if (rc == -IMP_EUSAGE && strcmp(path, "-") != 0 && access(path, F_OK) != 0)
		rc = imp_hint(err, rc, "imprint enroll -d DEVICE -o FILE makes it");
	return rc;
}

static int check_at(const struct imp_cards *c, struct imp_crypto *crypto, uint32_t where,
		    struct imp_known *out, struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret bytes = { 0 };
	int rc = imp_index_read(&c->index, where, &bytes, err);

	return rc ? rc
		  : imp_wrap(err,
			     imp_known_check(crypto, imp_secret_span(&bytes), NULL,
					     &c->factories, out, err),
			     "%s: card %u", c->index.name, where + 1);
}

/* Among cards that disagree only an endorsed one counts, and only if no other endorsed
 * one says something else. */
static int find_endorsed(const struct imp_cards *c, struct imp_crypto *crypto,
			 uint32_t where, struct imp_known *out, struct imp_error *err)
{
	CLEANUP(imp_known_fini) struct imp_known best = { 0 }, last = { 0 };
	int rc = check_at(c, crypto, where, &last, err);

	if (rc)
		return rc;
	for (uint32_t i = where; i != IMP_SEEN_NOWHERE; i = c->index.place[i].previous) {
		CLEANUP(imp_known_fini) struct imp_known k = { 0 };

		if (check_at(c, crypto, i, &k, NULL) || k.assurance != IMP_ENDORSED)
			continue;
		if (best.bytes.len > 0)
			rc = imp_card_compare(&best.card, &k.card, err);
		if (rc)
			return imp_wrap(err, rc, "%s", c->index.name);
		if (best.bytes.len == 0) {
			best = k;
			k = (struct imp_known){ 0 };
		}
	}
	if (best.bytes.len > 0) {
		*out = best;
		best = (struct imp_known){ 0 };
		return 1;
	}
	rc = imp_cards_contradict(c, crypto, &last.card, NULL, err);
	if (!rc) /* the rival came after it, with its key */
		rc = imp_fail(err, IMP_EPOLICY, "two devices have the same key");
	return imp_wrap(err, rc, "%s", c->index.name);
}

int imp_cards_find(const struct imp_cards *c, struct imp_crypto *crypto,
		   struct imp_span ueid, struct imp_known *out, struct imp_error *err)
{
	uint32_t where;
	int rc;

	if (c->ask)
		return c->ask(c->ctx, crypto, &c->factories, ueid, out, err);
	where = imp_index_find(&c->index, ueid);
	if (where == IMP_SEEN_NOWHERE)
		return 0;
	if (imp_seen_find(&c->quarantined, ueid))
		return find_endorsed(c, crypto, where, out, err);
	rc = check_at(c, crypto, where, out, err);
	if (rc)
		return rc;
	if (imp_span_eq(out->card.ueid, ueid))
		return 1;
	imp_known_fini(out);
	return 0;
}

int imp_cards_count_serial(const struct imp_cards *c, struct imp_span serial,
			   struct imp_error *err)
{
	int found = 0;

	for (size_t i = 0; i < c->index.count; i++) {
		CLEANUP(imp_secret_fini) struct imp_secret bytes = { 0 };
		struct imp_card card;
		int rc = imp_cards_read(c, i, &bytes, &card, err);

		if (rc)
			return rc;
		found += imp_cards_is_latest(c, i, card.ueid) &&
			 imp_span_eq(card.serial, serial);
	}
	return found;
}

void imp_cards_close(struct imp_cards *c)
{
	imp_index_close(&c->index);
	imp_seen_fini(&c->signing);
	imp_seen_fini(&c->sealing);
	imp_seen_fini(&c->quarantined);
	*c = (struct imp_cards){ .index.fd = -1 };
}
