/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger as a verifier has it. */
#include <string.h>

#include "base/digits.h"
#include "ledger/journal.h"
#include "ledger/registry.h"
#include "model/identifier.h"
#include "registry.h"

static int ask_card(void *ctx, struct imp_crypto *crypto,
		    const struct imp_factories *factories, struct imp_span ueid,
		    struct imp_known *out, struct imp_error *err)
{
	return imp_ledger_known(ctx, crypto, factories, ueid, false, out, err);
}

static int ask_any_card(void *ctx, struct imp_crypto *crypto,
			const struct imp_factories *factories, struct imp_span ueid,
			struct imp_known *out, struct imp_error *err)
{
	return imp_ledger_known(ctx, crypto, factories, ueid, true, out, err);
}

void registry_cards(struct imp_cards *c, struct imp_ledger *l,
		    const struct imp_factories *factories)
{
	imp_cards_from(c, ask_card, l, factories);
}

static int ask_evidence(void *ctx, struct imp_span kid, struct imp_secret *out,
			struct imp_error *err)
{
	return imp_ledger_last_evidence(ctx, kid, out, err);
}

int registry_open(struct verifier *v, const struct verifier_args *a,
		  const struct imp_factories *factories, const struct dev_args *dev,
		  struct imp_error *err)
{
	int rc = 0;

	if (!ledger_is_named(&a->known.ledger))
		return 0;
	for (size_t i = 0; !rc && !a->known.cards && i < dev->ids; i++)
		if (!id_is_ueid(dev->id[i]))
			rc = imp_fail(
				err, IMP_EUSAGE,
				"--id %s: expected an imei or a ueid: a ledger does "
				"not find serials; name the --cards, too",
				dev->id[i]);
	if (!rc)
		rc = ledger_open(&a->known.ledger, NULL, &v->ledger, err);
	if (rc)
		return rc;
	if (!a->known.cards)
		registry_cards(&v->cards, v->ledger, factories);
	v->proven.ask = ask_evidence;
	v->proven.ctx = v->ledger;
	return 0;
}

void registry_take_retired(struct verifier *v)
{
	v->takes_retired = true;
	if (v->cards.ask)
		v->cards.ask = ask_any_card;
}

int registry_speaks(const struct verifier *v, const struct imp_known *known,
		    struct imp_error *err)
{
	CLEANUP(imp_device_fini) struct imp_device there = { 0 };
	int rc;

	if (!v->ledger || v->cards.ask)
		return 0;
	rc = imp_ledger_device(v->ledger, known->card.ueid, &there, err);
	if (rc > 0 && memcmp(there.signing, known->signing_kid, 32) != 0)
		return imp_fail(err, IMP_EPOLICY,
				"its card in the file has another key than that of entry "
				"%llu of the ledger",
				(unsigned long long)there.entry);
	if (rc <= 0 || !(there.quarantined || (there.retired && !v->takes_retired)))
		return rc < 0 ? rc : 0;
	rc = imp_fail(err, IMP_EPOLICY, "is %s in the ledger: %s",
		      there.retired ? "retired" : "quarantined", there.reason);
	return there.retired ? imp_hint(err, rc, IMP_HINT_RETIRED) : rc;
}

int registry_check(const struct verifier *v, struct device *d)
{
	return imp_wrap(&d->err, registry_speaks(v, &d->known, &d->err), "%s: %s", d->uri,
			d->name);
}

int registry_hidden(const struct verifier *v, struct device *d)
{
	uint8_t ueid[33];
	struct imp_writer w = imp_writer(ueid, sizeof(ueid));

	if (d->args->ids != 1)
		return 0;
	if (strlen(d->args->id[0]) == 15) {
		imp_ueid_of_imei(d->args->id[0], ueid);
		w.len = 15;
	} else if (!imp_from_hex(imp_span_str(d->args->id[0]), &w)) {
		return 0;
	}
	return imp_cards_find(&v->cards, d->crypto, imp_written(&w), &d->known, &d->err);
}

struct keeping {
	const struct device *d;
	int verdict;
	const uint8_t *object;
};

static int keep(struct imp_ledger *l, void *ctx, struct imp_error *err)
{
	const struct keeping *k = ctx;
	const struct device *d = k->d;
	bool is = d->fresh == FRESH_SINCE_CHALLENGE;
	const struct imp_proof_of_state proof = { .bytes = imp_secret_span(&d->evidence),
						  .token = &d->appraisal.token,
						  .key = &d->known.card.signing,
						  .verdict = (enum imp_code)k->verdict,
						  .object = k->object,
						  .challenge = is ? d->asked.id : NULL,
						  .beacon = d->asked.challenge.beacon,
						  .by = d->asked.by,
						  .r = d->asked.r };
	int rc = imp_ledger_evidence(l, &proof, err);

	return rc ? rc : imp_ledger_settle(l, &d->appraisal.token, err);
}

int registry_keep(struct imp_ledger *l, const struct device *d, int verdict,
		  const uint8_t *object, struct imp_error *err)
{
	struct keeping k = { d, verdict, object };

	return imp_ledger_do(l, keep, &k, err);
}

int registry_kept(struct device *d, int rc, int kept, const struct imp_error *err,
		  const char *lost)
{
	if (!kept)
		return rc;
	if (rc)
		return imp_hint(&d->err, rc, "this is not in the ledger: %.*s",
				(int)strcspn(err->msg, "\n"), err->msg);
	d->err = *err;
	d->proved = false;
	return imp_wrap(&d->err, kept, "%s: %s: %s", d->uri, d->name, lost);
}

int registry_record(const struct verifier *v, struct device *d, int rc)
{
	struct imp_error err = { 0 };
	int kept = v && v->ledger && d->attested
			   ? registry_keep(v->ledger, d, -rc, NULL, &err)
			   : 0;

	return registry_kept(d, rc, kept, &err, "what it proved is not in the ledger");
}
