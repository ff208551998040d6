/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger's side of a push. */
#include <string.h>

#include "base/digits.h"
#include "base/reason.h"
#include "journal.h"
#include "registry.h"

/* One transaction: then either all three are on disk, or nothing is sent. */
static int before(struct imp_ledger *l, void *ctx, struct imp_error *err)
{
	const struct journal *j = ctx;
	const struct plan *p = j->plan;
	const struct imp_item item = { .id = p->id,
				       .object = p->id,
				       .ueid = p->claims.ueid };
	const struct imp_issued issued = { .object = p->id,
					   .ueid = p->claims.ueid,
					   .issuer = p->entry.issuer,
					   .domain = p->entry.domain,
					   .owner_epoch = p->entry.owner_epoch,
					   .domain_epoch = p->entry.domain_epoch,
					   .sequence = p->entry.sequence,
					   .carried = true };
	struct imp_item_now now;
	int rc = imp_ledger_item(l, p->id, p->claims.ueid, &now, err);

	if (rc || now.state == IMP_ITEM_PROVEN)
		return rc;
	rc = imp_ledger_issue(l, &issued, err);
	if (!rc)
		rc = imp_ledger_reserve(l, &item, err);
	return rc ? rc : imp_ledger_sent(l, p->id, p->claims.ueid, err);
}

int journal_before(struct journal *j)
{
	struct device *d = j->d;

	j->had_proof = d->attested;
	if (d->attested)
		memcpy(j->nonce, d->appraisal.token.nonce.ptr, sizeof(j->nonce));
	if (!j->l || j->plan->entry.kind != IMP_ENTRY_PROFILE)
		return 0;
	return imp_wrap(&d->err, imp_ledger_do(j->l, before, j, &d->err), "%s: %s",
			d->uri, d->name);
}

struct outcome {
	const struct journal *j;
	int rc; /* of the conversation */
};

/* Did this object bring evidence, or is it that of the one before? */
static bool has_proof(const struct journal *j)
{
	return j->d->attested &&
	       !(j->had_proof &&
		 imp_span_eq(j->d->appraisal.token.nonce, IMP_SPAN(j->nonce)));
}

/* What went wrong; of a change of owner also what came of it. */
static const char *words(const struct outcome *o, char out[IMP_ERROR_TEXT])
{
	const struct plan *p = o->j->plan;
	const struct device *d = o->j->d;
	char owner[24];

	if (o->rc) {
		snprintf(out, IMP_ERROR_TEXT, "%.*s", (int)strcspn(d->err.msg, "\n"),
			 d->err.msg);
		return out;
	}
	if (!plan_changes_owner(p))
		return NULL;
	imp_short_hex(IMP_SPAN(p->owner), owner);
	snprintf(out, IMP_ERROR_TEXT, "%s to %s, owner-epoch %u", p->what, owner,
		 p->entry.owner_epoch);
	return out;
}

/* Whether it took it, once it asked for a challenge, is not said. */
static enum imp_delivered way_of(const struct outcome *o, bool proof)
{
	unsigned reason = o->rc ? o->j->d->reason : 0;

	if (proof)
		return IMP_ATTESTED;
	return reason && reason != IMP_R_CHALLENGE ? IMP_REFUSED : IMP_UNPROVEN;
}

static int after(struct imp_ledger *l, void *ctx, struct imp_error *err)
{
	const struct outcome *o = ctx;
	const struct device *d = o->j->d;
	bool proof = has_proof(o->j);
	char message[IMP_ERROR_TEXT];
	const struct imp_delivery delivery = { .object = o->j->plan->id,
					       .ueid = d->known.card.ueid,
					       .code = (enum imp_code) - o->rc,
					       .way = way_of(o, proof),
					       .message = words(o, message) };
	int rc = proof ? registry_keep(l, d, -o->rc, o->j->plan->id, err) : 0;

	return rc ? rc : imp_ledger_deliver(l, &delivery, err);
}

int journal_after(struct journal *j, int rc)
{
	struct outcome o = { j, rc };
	struct imp_error err = { 0 };
	int kept = j->l ? imp_ledger_do(j->l, after, &o, &err) : 0;

	return registry_kept(j->d, rc, kept, &err,
			     "it took it, but that is not in the ledger");
}
