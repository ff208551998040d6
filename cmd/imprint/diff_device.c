/* SPDX-License-Identifier: Apache-2.0 */
/* Reading one side of a comparison: devices that are attached. */
#include <pthread.h>
#include <string.h>

#include "diff.h"
#include "plan.h"

struct ask {
	struct verifier *verifier; /* NULL: without proof */
	struct held_list *list;
	pthread_mutex_t lock; /* of the list: devices talk in parallel */
};

static int add(void *ctx, const struct held *h, struct imp_error *err)
{
	struct ask *x = ctx;
	int rc;

	pthread_mutex_lock(&x->lock);
	rc = held_add(x->list, h, err);
	pthread_mutex_unlock(&x->lock);
	return rc;
}

/* Who signed is not in a description; in the owner's domain it was the owner. */
static void set_issuer(struct held *h, const struct imp_describe *d)
{
	h->has_issuer = h->domain == 0 && d->owned;
	if (h->has_issuer)
		memcpy(h->issuer, d->owner.ptr, sizeof(h->issuer));
}

static int take_describe(struct device *d, struct ask *x)
{
	static const uint8_t none[32];
	const struct imp_describe *m = &d->describe;
	struct held h = { .domain = NO_DOMAIN,
			  .ueid_len = (uint8_t)d->ueid.len,
			  .unproven = true };
	int rc;

	if (m->restricted)
		return imp_hint(&d->err,
				imp_fail(&d->err, IMP_EPOLICY,
					 "%s: %s: it says nothing without a challenge",
					 d->uri, d->name),
				"--cards FILE and --challenge FILE have it prove what it "
				"holds");
	memcpy(h.ueid_buf, d->ueid.ptr, d->ueid.len);
	h.owned = m->owned;
	h.epochs[0] = m->owner_epoch;
	if (m->owned)
		memcpy(h.owner, m->owner.ptr, sizeof(h.owner));
	rc = add(x, &h, &d->err);
	for (unsigned i = 0; !rc && i < IMP_EVIDENCE_DOMAINS; i++) {
		const struct imp_described *at = &m->domain[i];

		/* A domain may have a pair and no profile. */
		if (!(m->domains >> i & 1) || imp_span_eq(at->id, IMP_SPAN(none)))
			continue;
		h.domain = (uint8_t)i;
		h.epochs[0] = m->owner_epoch;
		h.epochs[1] = at->domain_epoch;
		h.sequence = at->sequence;
		h.has_id = true;
		memcpy(h.id, at->id.ptr, sizeof(h.id));
		set_issuer(&h, m);
		rc = add(x, &h, &d->err);
	}
	return rc;
}

static int talk(struct device *d, void *ctx)
{
	const struct plan nothing = { 0 };
	struct ask *x = ctx;
	int rc;

	if (!x->verifier)
		return take_describe(d, x);
	rc = plan_attest(d, &nothing, x->verifier);
	return rc ? rc : side_take_token(&d->appraisal.token, true, add, x, &d->err);
}

int devices_read(const struct dev_args *args, struct verifier *verifier, bool json,
		 struct held_list *out, struct imp_error *err)
{
	struct ask x = { verifier, out, PTHREAD_MUTEX_INITIALIZER };
	const struct device_work work = { .verb = "diff",
					  .talk = talk,
					  .ctx = &x,
					  .verifier = verifier,
					  .json = json,
					  .quiet = true };

	return devices_run(args, &work, err);
}
