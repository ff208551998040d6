/* SPDX-License-Identifier: Apache-2.0 */
/* Keeping cards: in a file, in the ledger, or in both. */
#include <string.h>

#include "enroll.h"
#include "ledger/registry.h"

/* Goes through items that stand back to back. */
static bool next_item(struct imp_span *rest, struct imp_span *item)
{
	size_t len = rest->len > 0 ? imp_cbor_item_len(*rest, IMP_CBOR_STRICT, NULL) : 0;

	*item = (struct imp_span){ rest->ptr, len };
	if (len > 0)
		rest->ptr += len;
	rest->len -= len;
	return len > 0;
}

/* One identity or key on two ports at once is a clone, or one device attached twice. */
static int check_fresh(const struct enroll *e, const struct device *d,
		       struct imp_error *err)
{
	struct imp_span rest = imp_secret_span(&e->fresh), item;
	struct imp_card other;
	int rc = 0;

	while (!rc && next_item(&rest, &item)) {
		rc = imp_card_open(item, &other, err);
		if (!rc && imp_span_eq(other.ueid, d->known.card.ueid))
			return imp_fail(err, IMP_EPOLICY,
					"%s is on another port, too: a clone?", d->name);
		if (!rc)
			rc = imp_card_compare(&other, &d->known.card, err);
	}
	return rc;
}

/* What came of a card: it goes into the file; it counts against one that no factory
 * vouches for. */
struct outcome {
	bool added, outweighs;
};

/* Against the file. Where two cards disagree and nobody vouches for one of them, both are
 * quarantined, and this one may go into the file all the same. */
static int check_old(const struct enroll *e, struct device *d, struct outcome *o)
{
	bool vouched = e->endorses || d->known.assurance == IMP_ENDORSED;
	bool rival = false;
	int rc = imp_cards_contradict(&e->cards, d->crypto, &d->known.card, &rival,
				      &d->err);

	o->added = rc == 0 || e->replaces || vouched || !rival;
	o->outweighs = rc == -IMP_EPOLICY && !e->replaces && vouched && !rival;
	if (rc != -IMP_EPOLICY || e->replaces || (vouched && !rival))
		return rc == -IMP_EPOLICY ? 0 : rc;
	imp_wrap(&d->err, rc, "%s", e->file.path);
	return imp_hint(&d->err, rc,
			"enroll --replace, where you exchanged the board; --factory PUB "
			"tells an endorsed card from others");
}

static int add(struct enroll *e, struct device *d, struct outcome *o)
{
	int rc = check_fresh(e, d, &d->err), doubt;

	if (rc)
		return rc;
	doubt = check_old(e, d, o);
	rc = o->added ? enroll_keep_endorsement(e, d) : 0;
	if (!rc && o->added)
		rc = imp_secret_append(&e->fresh, imp_secret_span(&d->card), &d->err);
	return rc ? rc : doubt;
}

/* The card as it is kept, with the endorsement that it may have got here. */
static int register_card(const struct enroll *e, struct device *d, struct outcome *o)
{
	CLEANUP(imp_known_fini) struct imp_known k = { 0 };
	const char *why = e->replaces ? "enroll --replace" : NULL;
	enum imp_registration r;
	int rc = imp_known_check(d->crypto, imp_secret_span(&d->card), NULL,
				 &e->factories, &k, &d->err);

	k.assurance = d->known.assurance;
	if (!rc)
		rc = imp_ledger_register(e->ledger, &k, why, &r, &d->err);
	o->outweighs |= !rc && r == IMP_REG_OUTWEIGHS;
	if (rc || r != IMP_REG_QUARANTINED)
		return rc;
	rc = imp_fail(
		&d->err, IMP_EPOLICY,
		"%s: contradicts a card in the ledger: what disagrees is quarantined",
		d->name);
	return imp_hint(
		&d->err, rc,
		"imprint log tells which; enroll --replace, where you exchanged the "
		"board");
}

/* One of the two was not the device: whoever enrolls it is to know. */
static void tell_outweighed(struct device *d)
{
	size_t n = strlen(d->says);

	snprintf(d->says + n, sizeof(d->says) - n,
		 "; a card that nobody vouches for contradicts it, and counts no more");
}

/* Where cards disagree this device fails, the others stay. */
int enroll_keep(struct device *d, void *ctx)
{
	struct enroll *e = ctx;
	struct imp_error err = { 0 };
	struct outcome o = { 0 };
	int rc, kept = 0, refused = 0;

	pthread_mutex_lock(&e->lock);
	rc = add(e, d, &o);
	pthread_mutex_unlock(&e->lock);
	/* A card that the ledger refuses is in no file. */
	if (!rc && e->ledger)
		rc = refused = register_card(e, d, &o);
	if (o.added && !refused)
		kept = imp_append(&e->file, imp_secret_span(&d->card), &err);
	if (kept && !rc) {
		d->err = err;
		rc = kept;
	}
	if (!rc && o.outweighs)
		tell_outweighed(d);
	return imp_wrap(&d->err, rc, "%s", d->uri);
}

/* One with other keys that somebody added meanwhile stays, too: whoever reads the file is
 * told. */
bool enroll_stays(void *ctx, struct imp_span old, struct imp_span added)
{
	const struct enroll *e = ctx;
	struct imp_card before, now;
	struct imp_span item;

	if (imp_card_open(old, &before, NULL))
		return true;
	while (next_item(&added, &item))
		if (imp_card_open(item, &now, NULL) == 0 &&
		    imp_span_eq(now.ueid, before.ueid) &&
		    (e->replaces || imp_card_compare(&before, &now, NULL) == 0))
			return false;
	return true;
}
