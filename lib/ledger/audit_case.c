/* SPDX-License-Identifier: Apache-2.0 */
/* Reading what the ledger and files say of one device. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/grow.h"
#include "ledger/audit_case.h"
#include "ledger/journal.h"

struct imp_span imp_case_bytes(const struct imp_case *c, size_t at, size_t len)
{
	return (struct imp_span){ c->bytes.ptr + at, len };
}

const struct imp_carded *imp_case_card(const struct imp_case *c)
{
	return c->cards > 0 ? &c->card[c->cards - 1] : NULL;
}

const struct imp_carded *imp_case_card_of(const struct imp_case *c,
					  const uint8_t signing[32])
{
	for (size_t i = c->cards; i > 0; i--)
		if (memcmp(c->card[i - 1].signing, signing, 32) == 0)
			return &c->card[i - 1];
	return NULL;
}

static int compare(uint64_t a, uint64_t b)
{
	return a == b ? 0 : a < b ? -1 : 1;
}

int imp_case_decode(struct imp_case *c, const struct imp_shown_token *t,
		    struct imp_error *err)
{
	int rc;

	if (c->read.of == t)
		return 0;
	c->read.of = NULL;
	rc = imp_signed_decode(imp_case_bytes(c, t->at, t->len), &c->read.s, err);
	if (!rc)
		rc = imp_evidence_decode(c->read.s.cose.payload, &c->read.evidence, err);
	if (!rc)
		c->read.of = t;
	return rc;
}

static int by_id(const void *a, const void *b)
{
	const struct imp_issue *x = *(struct imp_issue *const *)a;
	const struct imp_issue *y = *(struct imp_issue *const *)b;
	int c = memcmp(x->id, y->id, sizeof(x->id));

	return c ? c : compare(x->entry, y->entry);
}

int imp_issue_order(const struct imp_issue *a, const struct imp_issue *b)
{
	int c = compare(a->domain, b->domain);

	if (c == 0)
		c = compare(a->owner_epoch, b->owner_epoch);
	if (c == 0)
		c = compare(a->domain_epoch, b->domain_epoch);
	return c ? c : compare(a->sequence, b->sequence);
}

static int by_pair(const void *a, const void *b)
{
	return imp_issue_order(*(struct imp_issue *const *)a,
			       *(struct imp_issue *const *)b);
}

/* Both orders, once all are there. */
static int put_in_order(struct imp_case *c, struct imp_error *err)
{
	c->by_id = calloc(c->issues + 1, sizeof(struct imp_issue *));
	c->by_pair = calloc(c->issues + 1, sizeof(struct imp_issue *));
	if (!c->by_id || !c->by_pair)
		return imp_fail(err, IMP_ERESOURCE, "out of memory");
	for (size_t i = 0; i < c->issues; i++)
		c->by_id[i] = c->by_pair[i] = &c->issue[i];
	qsort(c->by_id, c->issues, sizeof(struct imp_issue *), by_id);
	qsort(c->by_pair, c->issues, sizeof(struct imp_issue *), by_pair);
	for (size_t i = 0; i < c->carried_count; i++) {
		struct imp_issue *issue = imp_case_issue(c, IMP_SPAN(c->carried[i].id));

		if (!issue)
			continue;
		issue->carried = true;
		if (c->carried[i].took)
			issue->took = c->carried[i].entry;
	}
	return 0;
}

struct imp_issue *imp_case_issue(const struct imp_case *c, struct imp_span id)
{
	size_t low = 0, high = c->issues;

	while (low < high) { /* behind the last of them */
		size_t mid = low + (high - low) / 2;

		if (memcmp(c->by_id[mid]->id, id.ptr, 32) <= 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low > 0 && imp_span_eq(IMP_SPAN(c->by_id[low - 1]->id), id)
		       ? c->by_id[low - 1]
		       : NULL;
}

size_t imp_case_above(const struct imp_case *c, const struct imp_issue *floor)
{
	size_t low = 0, high = c->issues;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (imp_issue_order(c->by_pair[mid], floor) <= 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

uint64_t imp_case_took(const struct imp_case *c, struct imp_span id)
{
	for (size_t i = c->carried_count; i > 0; i--)
		if (c->carried[i - 1].took &&
		    imp_span_eq(IMP_SPAN(c->carried[i - 1].id), id))
			return c->carried[i - 1].entry;
	return 0;
}

uint64_t imp_case_first_took(const struct imp_case *c)
{
	for (size_t i = 0; i < c->carried_count; i++)
		if (c->carried[i].took)
			return c->carried[i].entry;
	return 0;
}

void imp_case_fini(struct imp_case *c)
{
	imp_secret_fini(&c->bytes);
	free(c->card);
	free(c->issue);
	free(c->by_id);
	free(c->by_pair);
	free(c->carried);
	free(c->token);
	*c = (struct imp_case){ 0 };
}

/* One more of a list that is zeroed, or NULL. */
#define MORE(list, count, cap, err)                                                \
	({                                                                         \
		void *more_ = imp_grow(list, count, &(cap), sizeof(*(list)), err); \
		if (more_) {                                                       \
			(list) = more_;                                            \
			memset(&(list)[count], 0, sizeof(*(list)));                \
		}                                                                  \
		more_ ? &(list)[(count)++] : NULL;                                 \
	})

static void take_text(char *out, size_t cap, struct imp_span text)
{
	size_t len = text.len < cap ? text.len : cap - 1;

	if (len > 0)
		memcpy(out, text.ptr, len);
	out[len] = '\0';
}

static int keep_bytes(struct imp_case *c, struct imp_span bytes, size_t *at, size_t *len,
		      struct imp_error *err)
{
	*at = c->bytes.len;
	*len = bytes.len;
	return imp_secret_append(&c->bytes, bytes, err);
}

static int take_card(struct imp_case *c, const struct imp_found *f, struct imp_error *err)
{
	const struct imp_record *r = &f->record;
	struct imp_carded *card = MORE(c->card, c->cards, c->card_cap, err);

	if (!card)
		return -IMP_ERESOURCE;
	card->entry = f->index;
	card->time = r->time;
	card->assurance = (enum imp_assurance)(
		r->assurance <= IMP_ENDORSED ? r->assurance : IMP_ASSERTED);
	card->replaces = r->reason.len > 0;
	memcpy(card->signing, r->signing.ptr, sizeof(card->signing));
	memcpy(card->sealing, r->sealing.ptr, sizeof(card->sealing));
	take_text(card->station, sizeof(card->station), r->station);
	c->quarantined.entry = 0; /* a card that was taken in lifts it */
	return keep_bytes(c, r->bytes, &card->at, &card->len, err);
}

static void take_note(struct imp_noted *n, const struct imp_found *f)
{
	n->entry = f->index;
	n->time = f->record.time;
	take_text(n->station, sizeof(n->station), f->record.station);
	take_text(n->reason, sizeof(n->reason), f->record.reason);
}

static int take_registry(void *ctx, const struct imp_found *f, struct imp_error *err)
{
	struct imp_case *c = ctx;
	const struct imp_carded *card = imp_case_card(c);

	switch (f->record.type) {
	case IMP_LEAF_DEVICE:
		return take_card(c, f, err);
	case IMP_LEAF_CONFIRM:
		if (card && imp_span_eq(f->record.signing, IMP_SPAN(card->signing)))
			take_note(&c->confirmed, f);
		return 0;
	case IMP_LEAF_QUARANTINE:
		take_note(&c->quarantined, f);
		return 0;
	case IMP_LEAF_REINSTATE:
		c->quarantined.entry = 0;
		return 0;
	case IMP_LEAF_RETIRE:
		take_note(&c->retired, f);
		return 0;
	default:
		return 0;
	}
}

static int take_issue(struct imp_case *c, const struct imp_found *f,
		      struct imp_error *err)
{
	const struct imp_record *r = &f->record;
	struct imp_issue *i = MORE(c->issue, c->issues, c->issue_cap, err);

	if (!i)
		return -IMP_ERESOURCE;
	i->entry = f->index;
	i->time = r->time;
	take_text(i->station, sizeof(i->station), r->station);
	memcpy(i->id, r->object.ptr, sizeof(i->id));
	memcpy(i->issuer, r->issuer.ptr, sizeof(i->issuer));
	i->domain = (uint32_t)r->domain;
	i->owner_epoch = (uint32_t)r->owner_epoch;
	i->domain_epoch = (uint32_t)r->domain_epoch;
	i->sequence = r->sequence;
	return 0;
}

static int take_delivery(struct imp_case *c, const struct imp_found *f,
			 struct imp_error *err)
{
	struct imp_carried *d;

	if (f->record.assurance == IMP_REFUSED)
		return 0;
	d = MORE(c->carried, c->carried_count, c->carried_cap, err);
	if (!d)
		return -IMP_ERESOURCE;
	d->entry = f->index;
	d->took = f->record.code == IMP_OK;
	memcpy(d->id, f->record.object.ptr, sizeof(d->id));
	return 0;
}

static int take_evidence(struct imp_case *c, const struct imp_found *f,
			 struct imp_error *err)
{
	const struct imp_record *r = &f->record;
	struct imp_shown_token *t = MORE(c->token, c->tokens, c->token_cap, err);

	if (!t)
		return -IMP_ERESOURCE;
	t->from = (struct imp_fact){ .source = IMP_FACT_ENTRY, .number = f->index };
	t->time = r->time;
	t->boot = (uint32_t)r->boot;
	t->count = (uint32_t)r->count;
	take_text(t->station, sizeof(t->station), r->station);
	memcpy(t->signing, r->signing.ptr, sizeof(t->signing));
	return keep_bytes(c, r->bytes, &t->at, &t->len, err);
}

static int take_rest(void *ctx, const struct imp_found *f, struct imp_error *err)
{
	switch (f->record.type) {
	case IMP_LEAF_ISSUE:
		return take_issue(ctx, f, err);
	case IMP_LEAF_DELIVERY:
		return take_delivery(ctx, f, err);
	case IMP_LEAF_EVIDENCE:
		return take_evidence(ctx, f, err);
	default:
		return 0;
	}
}

/* Evidence that the ledger does not hold. */
static int take_outside(struct imp_case *c, enum imp_fact_source source, const char *name,
			uint64_t number, const uint8_t signing[32], struct imp_span bytes,
			struct imp_error *err)
{
	struct imp_shown_token *t = MORE(c->token, c->tokens, c->token_cap, err);

	if (!t)
		return -IMP_ERESOURCE;
	t->from = (struct imp_fact){ .source = source, .number = number };
	take_text(t->from.name, sizeof(t->from.name), imp_span_str(name));
	memcpy(t->signing, signing, sizeof(t->signing));
	return keep_bytes(c, bytes, &t->at, &t->len, err);
}

/* All items of a key, from the last one back. */
static int take_items(struct imp_case *c, const struct imp_index *x,
		      const uint8_t signing[32], struct imp_error *err)
{
	uint32_t at = imp_index_find(x, (struct imp_span){ signing, 32 });
	int rc = 0;

	while (!rc && at != IMP_SEEN_NOWHERE) {
		CLEANUP(imp_secret_fini) struct imp_secret bytes = { 0 };

		rc = imp_index_read(x, at, &bytes, err);
		if (!rc)
			rc = take_outside(c, IMP_FACT_FILE, x->name, at + 1u, signing,
					  imp_secret_span(&bytes), err);
		at = x->place[at].previous;
	}
	return rc;
}

static bool is_new_key(const struct imp_case *c, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (memcmp(c->card[k].signing, c->card[i].signing, 32) == 0)
			return false;
	return true;
}

static int read_files(struct imp_case *c, struct imp_error *err)
{
	const struct imp_auditing *a = c->run->a;
	int rc = 0;

	for (size_t i = 0; !rc && i < c->cards; i++)
		for (size_t k = 0; !rc && k < a->files && is_new_key(c, i); k++) {
			uint8_t signing[32];

			memcpy(signing, c->card[i].signing, sizeof(signing));
			rc = take_items(c, &a->file[k], signing, err);
		}
	return rc;
}

static int read_asked(struct imp_case *c, struct imp_error *err)
{
	const struct imp_auditing *a = c->run->a;
	int rc = 0;

	for (size_t i = 0; !rc && i < a->asked_count; i++) {
		struct imp_signed s;

		if (imp_signed_decode(a->asked[i].evidence, &s, NULL) ||
		    s.issuer.len != 32 || !imp_case_card_of(c, s.issuer.ptr))
			continue;
		rc = take_outside(c, IMP_FACT_DEVICE, a->asked[i].uri, 0, s.issuer.ptr,
				  a->asked[i].evidence, err);
		if (!rc) {
			c->token[c->tokens - 1].asked = &a->asked[i];
			c->token[c->tokens - 1].time = a->now_s;
		}
	}
	return rc;
}

int imp_case_read(struct imp_case *c, struct imp_rows *registry, struct imp_rows *rest,
		  struct imp_error *err)
{
	int rc = imp_rows_take(registry, &c->ueid, take_registry, c, err);

	if (!rc)
		rc = imp_rows_take(rest, &c->ueid, take_rest, c, err);
	if (!rc)
		rc = put_in_order(c, err);
	if (!rc)
		rc = read_files(c, err);
	return rc ? rc : read_asked(c, err);
}
