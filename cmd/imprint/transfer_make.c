/* SPDX-License-Identifier: Apache-2.0 */
/* Making transfers by what devices have proven, and accepting them. */
#include <string.h>

#include "base/digits.h"
#include "base/text.h"
#include "cose/key.h"
#include "note.h"
#include "transfer.h"

/* What was accepted for this device. */
static int take_accepted(struct transfer *t, struct device *d)
{
	int rc = transfers_find(&t->list, d->known.card.ueid, &d->object, &d->err);

	if (rc == 0)
		return imp_fail(&d->err, IMP_EPOLICY,
				"%s: %s: no transfer of it was accepted", d->uri,
				d->name);
	return rc < 0 ? rc : 0;
}

/* A signed one, or the leaf of a batch that will be. */
static int make_object(struct transfer *t, struct imp_crypto *crypto,
		       const struct imp_evidence *token, struct imp_writer *w,
		       struct imp_error *err)
{
	return t->batch ? imp_handover_terms(crypto, &t->terms, token, w, err)
			: imp_handover_make(crypto, &t->terms, token, w, err);
}

static int add_made(struct transfer *t, struct imp_crypto *crypto, struct imp_span ueid,
		    struct imp_span object, struct imp_error *err)
{
	return transfers_add(t->batch ? &t->offered : &t->list, crypto, ueid, object,
			     err);
}

/* By what it proves now. */
static int make(struct transfer *t, struct device *d)
{
	struct plan now = { .expected.any_life = true };
	uint8_t buf[IMP_HANDOVER_MAX], kid[32];
	struct imp_writer w = imp_writer(buf, sizeof(buf));
	int rc = imp_cose_kid(d->crypto, &t->signer.pub, kid)
			 ? imp_fail(&d->err, IMP_EINTERNAL, "SHA-256 failed")
			 : 0;

	if (!t->terms.recovery) /* then it is who lets go of it */
		now.expected.owner = IMP_SPAN(kid);
	if (!rc)
		rc = plan_attest(d, &now, &t->verifier);

	if (rc)
		return rc;
	rc = make_object(t, d->crypto, &d->appraisal.token, &w, &d->err);
	if (rc)
		return imp_wrap(&d->err, rc, "%s: %s", d->uri, d->name);
	return imp_secret_set(&d->object, imp_written(&w), &d->err);
}

/* What is made, and what will become of what the device holds. */
static void say_made(const struct transfer *t, struct device *d)
{
	const struct imp_evidence *e = &d->appraisal.token;
	uint16_t set = 0;
	char kept[80], wiped[80], to[24];

	for (unsigned i = 0; i < IMP_EVIDENCE_DOMAINS; i++)
		if ((e->used >> i & 1) && e->domain[i].state == IMP_DOMAIN_SET)
			set |= (uint16_t)(1u << i);
	imp_short_hex(IMP_SPAN(t->owner), to);
	snprintf(d->says, sizeof(d->says),
		 "%s to %s made, owner-epoch %u; would keep %s, wipe %s; attested",
		 t->terms.recovery ? "recovery" : "transfer", to, e->owner_epoch + 1,
		 transfer_domains(set & t->terms.kept, "nothing", kept),
		 transfer_domains((uint16_t)(set & ~t->terms.kept), "nothing", wiped));
}

int transfer_talk(struct device *d, void *ctx)
{
	struct transfer *t = ctx;
	struct plan plan;
	int rc = verifier_card(&t->verifier, d) ? 0 : -(int)d->err.code;

	if (!rc)
		rc = t->terms.issuer ? make(t, d) : take_accepted(t, d);
	if (!rc && !t->apply) {
		say_made(t, d);
		return add_made(t, d->crypto, d->known.card.ueid,
				imp_secret_span(&d->object), &d->err);
	}
	if (!rc)
		rc = plan_object(d->crypto, imp_secret_span(&d->object), &plan, &d->err);
	return rc ? rc : plan_apply(d, &plan, &t->verifier);
}

/* Of one card: what its device has proven last. 1 made, 0 nothing is known of it. */
static int from_card(struct transfer *t, struct imp_span ueid, struct imp_error *err)
{
	CLEANUP(imp_known_fini) struct imp_known known = { 0 };
	CLEANUP(imp_secret_fini) struct imp_secret bytes = { 0 };
	uint8_t buf[IMP_HANDOVER_MAX];
	struct imp_writer w = imp_writer(buf, sizeof(buf));
	struct imp_chains chains;
	struct imp_evidence token;
	struct imp_offer offer;
	char name[80];
	int rc = imp_cards_find(&t->verifier.cards, t->crypto, ueid, &known, err);

	if (rc > 0)
		rc = imp_proven_last(&t->verifier.proven, t->crypto, &known, &bytes,
				     &chains, &token, err);
	if (rc <= 0)
		return rc;
	imp_device_name(ueid, name);
	rc = imp_wrap(err, make_object(t, t->crypto, &token, &w, err), "%s", name);
	if (!rc && !t->batch)
		rc = imp_offer_open(t->crypto, imp_written(&w), NULL, &offer, err);
	if (!rc && !t->batch)
		rc = transfer_show(&t->show, t->crypto, &offer, err);
	if (!rc)
		rc = add_made(t, t->crypto, ueid, imp_written(&w), err);
	return rc ? rc : 1;
}

/* Each --id is among what was made. */
static int check_ids(const struct dev_args *dev, const bool *found, struct imp_error *err)
{
	for (size_t i = 0; i < dev->ids; i++)
		if (!found[i])
			return imp_fail(err, IMP_EUSAGE,
					"--id %s: no such device has proven anything",
					dev->id[i]);
	return 0;
}

/* Which --id names it. */
static void mark(const struct dev_args *dev, const struct imp_card *card, bool *found)
{
	for (size_t i = 0; i < dev->ids; i++) {
		const struct dev_args one = { .id = { dev->id[i] }, .ids = 1 };

		found[i] |= card_is_wanted(&one, card);
	}
}

int transfer_from_evidence(struct transfer *t, const struct dev_args *dev,
			   struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret bytes = { 0 };
	const struct imp_cards *cards = &t->verifier.cards;
	bool found[IDS_MAX] = { false };
	size_t unknown = 0;
	int rc = 0;

	for (size_t i = 0; rc >= 0 && i < cards->index.count; i++) {
		struct imp_card card;

		rc = imp_cards_read(cards, i, &bytes, &card, err);
		if (rc || !imp_cards_is_latest(cards, i, card.ueid) ||
		    (dev->ids > 0 && !card_is_wanted(dev, &card)))
			continue;
		rc = from_card(t, card.ueid, err);
		if (rc > 0)
			mark(dev, &card, found);
		unknown += rc == 0;
	}
	if (rc < 0)
		return rc;
	rc = check_ids(dev, found, err);
	if (!rc && t->list.count + t->offered.count == 0)
		rc = imp_fail(err, IMP_EUSAGE,
			      "no device of the cards has proven anything");
	if (!rc && unknown > 0)
		say_note("%zu device%s of the cards %s proven nothing, and %s left out",
			 unknown, imp_plural(unknown), unknown == 1 ? "has" : "have",
			 unknown == 1 ? "is" : "are");
	return rc;
}
