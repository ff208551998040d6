/* SPDX-License-Identifier: Apache-2.0 */
/* Making transfers of devices that are not attached: which, and by what they proved. */
#include "base/text.h"
#include "ledger/registry.h"
#include "note.h"
#include "registry.h"
#include "transfer.h"

struct picking {
	struct transfer *t;
	const struct dev_args *dev;
	struct listed *listed;
	bool found[IDS_MAX]; /* by each --id */
	size_t unproven, out;
};

/* 1; 0 where it is left out: there is no card, or the ledger took it out and nobody named
 * it. */
static int known(struct picking *p, struct imp_span ueid, bool named,
		 struct imp_known *out, struct imp_error *err)
{
	const struct verifier *v = &p->t->verifier;
	struct imp_error why = { 0 };
	int rc = imp_cards_find(&v->cards, p->t->crypto, ueid, out, &why);
	bool taken_out = rc == -IMP_EPOLICY && v->cards.ask;
	char name[80];

	if (rc > 0 && registry_speaks(v, out, &why)) {
		imp_device_name(ueid, name);
		rc = imp_wrap(&why, -(int)why.code, "%s", name);
		taken_out = rc == -IMP_EPOLICY;
	}
	if (taken_out && !named) {
		p->out++;
		return 0;
	}
	if (rc > 0 && imp_revoked_check_card(&v->revoked, out, &why))
		rc = -(int)why.code;
	if (rc < 0)
		*err = why;
	return rc;
}

/* By what it proved last. 1 made, 0 left out. */
static int make(struct picking *p, struct imp_span ueid, bool named,
		struct imp_error *err)
{
	CLEANUP(imp_known_fini) struct imp_known device = { 0 };
	CLEANUP(imp_secret_fini) struct imp_secret bytes = { 0 };
	struct transfer *t = p->t;
	uint8_t buf[IMP_HANDOVER_MAX];
	struct imp_writer w = imp_writer(buf, sizeof(buf));
	struct imp_chains chains;
	struct imp_evidence token;
	struct imp_offer offer;
	char name[80];
	int rc = known(p, ueid, named, &device, err);

	if (rc <= 0)
		return rc;
	rc = imp_proven_last(&t->verifier.proven, t->crypto, &device, &bytes, &chains,
			     &token, err);
	p->unproven += rc == 0;
	if (rc <= 0)
		return rc;
	imp_device_name(ueid, name);
	rc = imp_wrap(err, transfer_make(t, t->crypto, &token, &w, err), "%s", name);
	if (!rc && !t->batch)
		rc = imp_offer_open(t->crypto, imp_written(&w), NULL, &offer, err);
	if (!rc && !t->batch)
		rc = transfer_show(&t->show, t->crypto, &offer, err);
	if (!rc)
		rc = transfer_add(t, t->crypto, ueid, imp_written(&w), err);
	return rc ? rc : 1;
}

/* Which --id names it. */
static void mark(struct picking *p, const struct imp_card *card)
{
	for (size_t i = 0; i < p->dev->ids; i++) {
		const struct dev_args one = { .id = { p->dev->id[i] }, .ids = 1 };

		p->found[i] |= card_is_wanted(&one, card);
	}
}

/* Of a registry's card only the ueid is known yet. */
static int look_at(struct picking *p, const struct imp_card *card, struct imp_error *err)
{
	uint8_t *standing;
	int rc;

	if (!card_is_wanted(p->dev, card))
		return 0;
	rc = listed_find(p->listed, card->ueid, card->serial, &standing, err);
	if (rc <= 0)
		return rc;
	rc = make(p, card->ueid, standing || p->dev->ids > 0, err);
	if (rc > 0)
		mark(p, card);
	if (standing)
		*standing = rc > 0 ? LISTED_DONE : LISTED_UNPROVEN;
	return rc < 0 ? rc : 0;
}

static int each_of_file(struct picking *p, struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret bytes = { 0 };
	const struct imp_cards *cards = &p->t->verifier.cards;
	int rc = 0;

	for (size_t i = 0; !rc && i < cards->index.count; i++) {
		struct imp_card card;

		rc = cli_check_cancel(err);
		if (!rc)
			rc = imp_cards_read(cards, i, &bytes, &card, err);
		if (!rc && imp_cards_is_latest(cards, i, card.ueid))
			rc = look_at(p, &card, err);
	}
	return rc;
}

static int each_of_ledger(struct picking *p, struct imp_error *err)
{
	struct imp_ledger *l = p->t->verifier.ledger;
	struct imp_roster roster = { 0 };
	int rc;

	while ((rc = imp_ledger_roster(l, &roster, err)) > 0)
		for (size_t i = 0; i < roster.count; i++) {
			const struct imp_roster_place *at = &roster.place[i];
			const struct imp_card card = { .ueid = { at->ueid, at->len } };

			rc = cli_check_cancel(err);
			if (!rc)
				rc = look_at(p, &card, err);
			if (rc)
				return rc;
		}
	return rc;
}

/* Each --id is among what was made. */
static int check_ids(const struct picking *p, struct imp_error *err)
{
	for (size_t i = 0; i < p->dev->ids; i++)
		if (!p->found[i])
			return imp_fail(err, IMP_EUSAGE,
					"--id %s: no such device has proven anything",
					p->dev->id[i]);
	return 0;
}

static void note(const struct picking *p)
{
	if (p->unproven > 0)
		say_note("%zu device%s of the cards %s proven nothing, and %s left out",
			 p->unproven, imp_plural(p->unproven),
			 p->unproven == 1 ? "has" : "have",
			 p->unproven == 1 ? "is" : "are");
	if (p->out > 0)
		say_note("%zu device%s that the ledger took out %s left out", p->out,
			 imp_plural(p->out), p->out == 1 ? "is" : "are");
}

int transfer_from_evidence(struct transfer *t, const struct dev_args *dev,
			   struct listed *listed, struct imp_error *err)
{
	struct picking p = { .t = t, .dev = dev, .listed = listed };
	int rc = t->verifier.cards.ask ? each_of_ledger(&p, err) : each_of_file(&p, err);

	if (!rc)
		rc = check_ids(&p, err);
	if (!rc)
		rc = listed_check(listed, err);
	if (!rc && t->list.count + t->offered.count == 0)
		rc = imp_fail(err, IMP_EUSAGE,
			      "no device of the cards has proven anything");
	if (!rc)
		note(&p);
	return rc;
}
