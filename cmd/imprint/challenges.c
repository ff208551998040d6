/* SPDX-License-Identifier: Apache-2.0 */
/* Challenges that a station was given, and asking by them. */
#include <stdlib.h>
#include <string.h>

#include "challenges.h"
#include "devices.h"
#include "issue/issuer.h"
#include "object/signed.h"

/* By the device that it is for; one for a class by its model. */
static int open_one(const struct challenges *c, struct imp_span item,
		    struct imp_signed *s, struct imp_challenge *x, struct imp_error *err)
{
	int rc = imp_signed_decode(item, s, err);

	if (!rc && s->kind != IMP_KIND_CHALLENGE)
		rc = imp_fail(err, IMP_EFORMAT, "is a %s, expected a challenge",
			      imp_kind_name(s->kind));
	if (!rc)
		rc = imp_challenge_decode(s->payload, x, err);
	return rc ? rc : imp_issuers_verify(c->crypto, s, c->owner, err);
}

static int key_of(void *ctx, struct imp_span item, struct imp_span *key,
		  struct imp_error *err)
{
	struct imp_challenge x;
	struct imp_signed s;
	int rc = open_one(ctx, item, &s, &x, err);

	if (!rc)
		*key = x.target.ueid.len > 0 ? x.target.ueid : x.target.hwmodel;
	return rc;
}

int challenges_open(struct challenges *c, struct imp_crypto *crypto, const char *path,
		    const struct imp_pub *owner, struct imp_error *err)
{
	int rc;

	c->crypto = crypto;
	c->owner = owner;
	pthread_mutex_init(&c->lock, NULL);
	rc = imp_index_open(&c->index, path, IMP_BATCH_SIGNED, key_of, c, err);
	if (rc || c->index.count < 2)
		return rc;
	c->used = calloc(c->index.count, sizeof(*c->used));
	return c->used ? 0 : imp_fail(err, IMP_ERESOURCE, "out of memory");
}

void challenges_close(struct challenges *c)
{
	imp_index_close(&c->index);
	free(c->used);
	c->used = NULL;
}

void asked_fini(struct asked *a)
{
	imp_secret_fini(&a->bytes);
}

/* The first of a key that nobody has used; afterwards it is. */
static uint32_t take(struct challenges *c, struct imp_span key, bool *any)
{
	uint32_t i = key.len > 0 ? imp_index_find(&c->index, key) : IMP_SEEN_NOWHERE;

	*any |= i != IMP_SEEN_NOWHERE;
	pthread_mutex_lock(&c->lock);
	while (i != IMP_SEEN_NOWHERE && c->used && c->used[i])
		i = c->index.place[i].previous;
	if (i != IMP_SEEN_NOWHERE && c->used)
		c->used[i] = true;
	pthread_mutex_unlock(&c->lock);
	return i;
}

/* Is the i-th one for a class? 1, 0, or a negative code. */
static int is_for_class(const struct challenges *c, struct device *d, size_t i)
{
	CLEANUP(imp_secret_fini) struct imp_secret bytes = { 0 };
	struct imp_challenge x;
	struct imp_signed s;
	int rc = imp_index_read(&c->index, i, &bytes, &d->err);

	if (!rc)
		rc = imp_signed_decode(imp_secret_span(&bytes), &s, &d->err);
	if (!rc)
		rc = imp_challenge_decode(s.payload, &x, &d->err);
	return rc ? rc : x.target.ueid.len == 0;
}

/* The next one for a class, whichever: 1, 0 (none is left), or a negative code. */
static int take_for_class(struct challenges *c, struct device *d, uint32_t *where)
{
	int found = 0;

	pthread_mutex_lock(&c->lock);
	for (; found == 0 && c->next < c->index.count; c->next++) {
		if (!c->used[c->next])
			found = is_for_class(c, d, c->next);
		if (found > 0)
			c->used[c->next] = true;
		*where = (uint32_t)c->next;
	}
	pthread_mutex_unlock(&c->lock);
	return found;
}

static int none(const struct challenges *c, struct device *d, bool any)
{
	const char *file = c->index.name;
	int rc;

	if (any)
		return imp_hint(
			&d->err,
			imp_fail(&d->err, IMP_EPOLICY,
				 "%s: %s: every challenge for it in %s is used", d->uri,
				 d->name, file),
			"each of many serves one conversation: imprint challenge -n "
			"makes more, without -n one that serves all");
	rc = imp_fail(&d->err, IMP_EPOLICY, "%s: %s: no challenge for it in %s", d->uri,
		      d->name, file);
	return d->ueid.len > 0
		       ? rc
		       : imp_hint(&d->err, rc,
				  "it hides who it is: --id ID names the one that is "
				  "there");
}

/* One of its own before one of its class; who is quite unknown takes the next one for a
 * class. A lone one is what there is: the device judges it. */
static int pick(struct challenges *c, struct device *d, uint32_t *where)
{
	const struct imp_card *card = &d->known.card;
	bool known = d->known.bytes.len > 0, any = false;
	int found;

	*where = 0;
	if (!c->used)
		return 0;
	if (!known && d->ueid.len == 0) {
		found = take_for_class(c, d, where);
		return found == 0 ? none(c, d, false) : found < 0 ? found : 0;
	}
	*where = take(c, known ? card->ueid : d->ueid, &any);
	if (*where == IMP_SEEN_NOWHERE)
		*where = take(c, known ? card->hwmodel : d->describe.hwmodel, &any);
	return *where == IMP_SEEN_NOWHERE ? none(c, d, any) : 0;
}

static int read_one(struct challenges *c, struct device *d, uint32_t where)
{
	struct asked *a = &d->asked;
	struct imp_signed s;
	int rc = imp_index_read(&c->index, where, &a->bytes, &d->err);
	const struct challenges mine = { .crypto = d->crypto, .owner = c->owner };

	if (!rc)
		rc = open_one(&mine, imp_secret_span(&a->bytes), &s, &a->challenge,
			      &d->err);
	if (!rc && imp_signed_id(d->crypto, &s, a->id))
		rc = imp_fail(&d->err, IMP_EINTERNAL, "SHA-256 failed");
	if (!rc)
		memcpy(a->by, s.issuer.ptr, sizeof(a->by));
	return rc;
}

/* Its card, unproven: nobody knows yet which nonce it must answer. */
static int identify(struct device *d)
{
	struct imp_response r;
	struct imp_card card;
	uint8_t nonce[32];
	int rc = device_nonce(d, nonce);

	if (!rc)
		rc = device_ask_card(d, nonce, &r);
	if (!rc)
		rc = imp_card_open(r.card, &card, &d->err);
	if (rc)
		return rc;
	if (d->known.bytes.len > 0 && !imp_span_eq(d->known.card.ueid, card.ueid)) {
		imp_known_fini(&d->known);
		d->known = (struct imp_known){ 0 };
	}
	memcpy(d->ueid_buf, card.ueid.ptr, card.ueid.len);
	d->ueid = (struct imp_span){ d->ueid_buf, card.ueid.len };
	imp_device_name(d->ueid, d->name);
	return 0;
}

int challenges_begin(struct challenges *c, struct device *d)
{
	uint32_t where;
	int rc;

	if (!c || !c->index.name)
		return 0;
	rc = pick(c, d, &where);
	if (!rc)
		rc = read_one(c, d, where);
	return rc || d->ueid.len > 0 ? rc : identify(d);
}
