/* SPDX-License-Identifier: Apache-2.0 */
/* Making transfers by what devices prove now, and having them applied. */
#include <string.h>

#include "base/digits.h"
#include "cose/key.h"
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

int transfer_make(struct transfer *t, struct imp_crypto *crypto,
		  const struct imp_evidence *token, struct imp_writer *w,
		  struct imp_error *err)
{
	return t->batch ? imp_handover_terms(crypto, &t->terms, token, w, err)
			: imp_handover_make(crypto, &t->terms, token, w, err);
}

int transfer_add(struct transfer *t, struct imp_crypto *crypto, struct imp_span ueid,
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
	rc = transfer_make(t, d->crypto, &d->appraisal.token, &w, &d->err);
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
		return transfer_add(t, d->crypto, d->known.card.ueid,
				    imp_secret_span(&d->object), &d->err);
	}
	if (!rc)
		rc = plan_object(d->crypto, imp_secret_span(&d->object), &plan, &d->err);
	return rc ? rc : plan_apply(d, &plan, &t->verifier);
}
