/* SPDX-License-Identifier: Apache-2.0 */
/* Asking devices for an audit: fresh evidence, and the history that they keep. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "base/grow.h"
#include "devices.h"
#include "note.h"
#include "object/signed.h"

enum { PARTS = 4 /* of what is kept: evidence, base, entries, the device's name */ };

struct asking {
	struct answers *l;
	pthread_mutex_t lock; /* of the list */
};

static int grow(struct answers *l, struct imp_error *err)
{
	void *more = imp_grow(l->at, l->count, &l->cap, sizeof(*l->at), err);
	struct imp_secret(*kept)[PARTS];

	if (!more)
		return -IMP_ERESOURCE;
	l->at = more;
	kept = imp_grow(l->kept, l->count, &l->kept_cap, sizeof(*kept), err);
	if (!kept)
		return -IMP_ERESOURCE;
	l->kept = kept[0];
	return 0;
}

/* Takes over the parts. */
static int keep(struct asking *x, struct device *d, struct imp_secret part[PARTS])
{
	struct answers *l = x->l;
	int rc;

	pthread_mutex_lock(&x->lock);
	rc = grow(l, &d->err);
	if (!rc) {
		memcpy(&l->kept[l->count * PARTS], part, PARTS * sizeof(*part));
		memset(part, 0, PARTS * sizeof(*part));
		l->count++;
	}
	pthread_mutex_unlock(&x->lock);
	return rc;
}

/* Who signed it, the audit judges; that it is of now, only who asked can. */
static int check_nonce(struct device *d, struct imp_span evidence,
		       const uint8_t nonce[32])
{
	struct imp_evidence e;
	struct imp_signed s;
	int rc = imp_signed_decode(evidence, &s, &d->err);

	if (!rc)
		rc = imp_evidence_decode(s.cose.payload, &e, &d->err);
	if (!rc && !imp_span_eq(e.nonce, (struct imp_span){ nonce, 32 }))
		rc = imp_fail(&d->err, IMP_EVERIFY, "it answers another nonce than ours");
	return imp_wrap(&d->err, rc, "%s: evidence", d->uri);
}

static void parts_fini(struct imp_secret (*part)[PARTS])
{
	for (size_t i = 0; i < PARTS; i++)
		imp_secret_fini(&(*part)[i]);
}

static int talk(struct device *d, void *ctx)
{
	CLEANUP(parts_fini) struct imp_secret part[PARTS] = { 0 };
	struct imp_response r;
	uint8_t nonce[32];
	int rc = device_nonce(d, nonce);

	if (!rc)
		rc = device_ask_evidence(d, nonce, &r);
	if (!rc)
		rc = check_nonce(d, r.evidence, nonce);
	if (!rc)
		rc = imp_secret_set(&part[0], r.evidence, &d->err);
	if (!rc)
		rc = device_ring(d, &part[1], &part[2]);
	if (!rc)
		rc = imp_secret_set(
			&part[3],
			(struct imp_span){ (const uint8_t *)d->uri, strlen(d->uri) + 1 },
			&d->err);
	return rc ? rc : keep(ctx, d, part);
}

/* One that does not answer keeps no other from being audited. */
static void show(const struct device *d, void *ctx)
{
	struct answers *l = ((struct asking *)ctx)->l;

	if (!d->rc)
		return;
	say_note("%.*s", (int)strcspn(d->err.msg, "\n"), d->err.msg);
	if (!l->rc) {
		l->rc = d->rc;
		l->err = d->err;
	}
}

int answers_read(struct answers *l, const struct dev_args *dev,
		 struct challenges *challenges, struct imp_error *err)
{
	struct asking x = { l, PTHREAD_MUTEX_INITIALIZER };
	const struct device_work work = { .verb = "audit",
					  .talk = talk,
					  .show = show,
					  .ctx = &x,
					  .challenges = challenges };
	int rc = devices_run(dev, &work, err);

	for (size_t i = 0; i < l->count; i++) {
		const struct imp_secret *part = &l->kept[i * PARTS];

		l->at[i].uri = (const char *)part[3].ptr;
		l->at[i].evidence = imp_secret_span(&part[0]);
		l->at[i].base = imp_secret_span(&part[1]);
		l->at[i].entries = imp_secret_span(&part[2]);
	}
	return rc;
}

void answers_fini(struct answers *l)
{
	for (size_t i = 0; i < l->count * PARTS; i++)
		imp_secret_fini(&l->kept[i]);
	free(l->kept);
	free(l->at);
}
