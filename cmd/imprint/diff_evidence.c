/* SPDX-License-Identifier: Apache-2.0 */
/* Reading one side of a comparison: evidence, the newest of each device. */
#include <stdlib.h>
#include <string.h>

#include "base/grow.h"
#include "diff.h"
#include "object/signed.h"

int side_take_token(const struct imp_evidence *t, bool proven,
		    int (*each)(void *ctx, const struct held *h, struct imp_error *err),
		    void *ctx, struct imp_error *err)
{
	struct held h = { .domain = NO_DOMAIN, .unproven = !proven };
	int rc;

	held_set_ueid(&h, t->ueid);
	h.owned = t->owned;
	h.epochs[0] = t->owner_epoch;
	if (t->owned)
		memcpy(h.owner, t->owner.ptr, sizeof(h.owner));
	rc = each(ctx, &h, err);
	for (unsigned i = 0; !rc && i < IMP_EVIDENCE_DOMAINS; i++) {
		const struct imp_measured *m = &t->domain[i];

		if (!(t->used >> i & 1))
			continue;
		h.domain = (uint8_t)i;
		h.wiped = m->state == IMP_DOMAIN_WIPED;
		h.epochs[0] = t->owned ? t->owner_epoch : 0;
		h.epochs[1] = m->domain_epoch;
		h.sequence = m->sequence;
		held_set_id(&h, m->id, m->authority);
		rc = each(ctx, &h, err);
	}
	return rc;
}

/* One token of the file: which device it is of. */
struct token {
	size_t index;
	struct imp_evidence claims; /* borrowed */
	struct imp_signed signed_;
};

struct newest {
	struct side *side;
	const struct side_work *work;
	struct imp_secret bytes; /* all items, back to back */
	size_t *at;		 /* where each starts; owned */
	size_t count, cap;
	struct order {
		uint8_t ueid[IMP_UEID_MAX];
		uint8_t len;
		size_t index;
	} * order; /* owned */
};

static void newest_fini(struct newest *n)
{
	imp_secret_fini(&n->bytes);
	free(n->at);
	free(n->order);
}

static int add_item(struct newest *n, struct imp_span item, struct imp_error *err)
{
	size_t *more = imp_grow(n->at, n->count, &n->cap, sizeof(*more), err);

	if (!more)
		return -IMP_ERESOURCE;
	n->at = more;
	n->at[n->count++] = n->bytes.len;
	return imp_secret_append(&n->bytes, item, err);
}

static struct imp_span item_at(const struct newest *n, size_t i)
{
	size_t end = i + 1 < n->count ? n->at[i + 1] : n->bytes.len;

	return (struct imp_span){ n->bytes.ptr + n->at[i], end - n->at[i] };
}

static int decode(const struct newest *n, size_t i, struct token *out,
		  struct imp_error *err)
{
	int rc = imp_signed_decode(item_at(n, i), &out->signed_, err);

	if (!rc && out->signed_.kind != IMP_KIND_EVIDENCE)
		rc = imp_fail(err, IMP_EFORMAT, "is a %s, expected evidence",
			      imp_kind_name(out->signed_.kind));
	if (!rc)
		rc = imp_evidence_decode(out->signed_.cose.payload, &out->claims, err);
	return imp_wrap(err, rc, "%s: item %zu", n->side->name, i + 1);
}

static int by_ueid(const void *a, const void *b)
{
	const struct order *x = a, *y = b;
	int ueid = imp_span_cmp((struct imp_span){ x->ueid, x->len },
				(struct imp_span){ y->ueid, y->len });

	return ueid ? ueid : (x->index > y->index) - (x->index < y->index);
}

/* Whoever keeps evidence adds it at the end: the last of a device is its newest. */
static int sort_tokens(struct newest *n, struct imp_error *err)
{
	int rc = 0;

	n->order = calloc(n->count + 1, sizeof(*n->order));
	if (!n->order)
		return imp_fail(err, IMP_ERESOURCE, "out of memory");
	for (size_t i = 0; !rc && i < n->count; i++) {
		struct token t;

		rc = decode(n, i, &t, err);
		if (rc)
			return rc;
		n->order[i].index = i;
		n->order[i].len = (uint8_t)t.claims.ueid.len;
		memcpy(n->order[i].ueid, t.claims.ueid.ptr, t.claims.ueid.len);
	}
	qsort(n->order, n->count, sizeof(*n->order), by_ueid);
	return 0;
}

static int each_token(void *ctx, const struct held *h, struct imp_error *err)
{
	struct newest *n = ctx;

	return side_hand_on(n->side, n->work, h, NULL, err);
}

/* By its card, where there is one. */
static int prove(const struct newest *n, const struct token *t, size_t i, bool *proven,
		 struct imp_error *err)
{
	const struct verifier *v = n->work->verifier;
	struct imp_known k = { 0 };
	int rc = v ? imp_cards_find(&v->cards, n->work->crypto, t->claims.ueid, &k, err)
		   : 0;

	*proven = rc > 0;
	if (rc > 0 && v->require_endorsed && k.assurance == IMP_ASSERTED)
		rc = imp_fail(err, IMP_EPOLICY,
			      "its device's card is not endorsed by a key of --factory");
	else if (rc > 0 &&
		 (!imp_span_eq(t->signed_.issuer, IMP_SPAN(k.signing_kid)) ||
		  imp_signed_verify(n->work->crypto, &t->signed_, 0, &k.card.signing)))
		rc = imp_fail(err, IMP_EVERIFY, "does not verify with its device's card");
	imp_known_fini(&k);
	return rc < 0 ? imp_wrap(err, rc, "%s: item %zu", n->side->name, i + 1) : 0;
}

/* All of the batch; first is what was read of it already, or empty. */
static int gather(struct newest *n, struct imp_span first, struct imp_error *err)
{
	struct imp_span item;
	int rc = first.len > 0 ? add_item(n, first, err) : 0;

	while (!rc && (rc = imp_batch_next(&n->side->batch, &item, err)) > 0)
		rc = add_item(n, item, err);
	return rc;
}

int side_read_evidence(struct side *s, const struct side_work *w, struct imp_span first,
		       struct imp_error *err)
{
	CLEANUP(newest_fini) struct newest n = { .side = s, .work = w };
	int rc = gather(&n, first, err);

	if (!rc)
		rc = sort_tokens(&n, err);
	for (size_t i = 0; !rc && i < n.count; i++) {
		const struct order *o = &n.order[i];
		struct token t;
		bool proven;

		if (i + 1 < n.count &&
		    imp_span_eq((struct imp_span){ o->ueid, o->len },
				(struct imp_span){ o[1].ueid, o[1].len }))
			continue;
		rc = decode(&n, o->index, &t, err);
		if (!rc)
			rc = prove(&n, &t, o->index, &proven, err);
		if (!rc)
			rc = side_take_token(&t.claims, proven, each_token, &n, err);
	}
	return rc;
}
