/* SPDX-License-Identifier: Apache-2.0 */
/* Comparing one device and domain, and telling what differs. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/grow.h"
#include "base/quote.h"
#include "diff_result.h"
#include "object/signed.h"
#include "source/wording.h"

static void result_fini(struct result *r)
{
	for (size_t i = 0; i < r->count; i++) {
		imp_secret_fini(&r->at[i].was);
		imp_secret_fini(&r->at[i].is);
	}
	free(r->at);
}

static struct change *add(struct result *r, enum sign sign, const char *what,
			  struct imp_error *err)
{
	struct change *c = imp_grow(r->at, r->count, &r->cap, sizeof(*c), err);

	if (!c)
		return NULL;
	r->at = c;
	c = &r->at[r->count++];
	*c = (struct change){ .sign = sign };
	snprintf(c->what, sizeof(c->what), "%s", what);
	if (sign != PASSED_OVER)
		r->verdict = DIFFERS;
	return c;
}

static int differ_number(struct result *r, const char *what, uint64_t was, uint64_t is,
			 struct imp_error *err)
{
	struct change *c = was == is ? NULL : add(r, CHANGED, what, err);
	int rc;

	if (was == is)
		return 0;
	rc = c ? imp_append_fmt(&c->was, err, "%" PRIu64, was) : -IMP_ERESOURCE;
	return rc ? rc : imp_append_fmt(&c->is, err, "%" PRIu64, is);
}

static int differ_text(struct result *r, const char *what, struct imp_span was,
		       struct imp_span is, bool secret, struct imp_error *err)
{
	bool same = imp_span_eq(was, is);
	struct change *c = same ? NULL : add(r, CHANGED, what, err);
	int rc;

	if (same)
		return 0;
	if (!c)
		return -IMP_ERESOURCE;
	c->secret = secret;
	rc = secret ? 0 : imp_quote(&c->was, was, err);
	return rc || secret ? rc : imp_quote(&c->is, is, err);
}

static int differ_hex(struct result *r, const char *what, struct imp_span was,
		      struct imp_span is, struct imp_error *err)
{
	bool same = imp_span_eq(was, is);
	struct change *c = same ? NULL : add(r, CHANGED, what, err);
	int rc;

	if (same)
		return 0;
	rc = c ? imp_append_hex(&c->was, was, err) : -IMP_ERESOURCE;
	return rc ? rc : imp_append_hex(&c->is, is, err);
}

/* PEN/MODEL, MODEL, or nothing, as profiles have it. */
static int class_of(const struct imp_target *t, struct imp_secret *out,
		    struct imp_error *err)
{
	int rc = t->has_oemid ? imp_append_fmt(out, err, "%" PRIu32 "/", t->oemid) : 0;

	return rc ? rc : imp_secret_append(out, t->hwmodel, err);
}

static int compare_target(struct result *r, const struct imp_target *was,
			  const struct imp_target *is, struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret a = { 0 }, b = { 0 };
	int rc = class_of(was, &a, err);

	if (!rc)
		rc = class_of(is, &b, err);
	if (!rc)
		rc = differ_text(r, "class", imp_secret_span(&a), imp_secret_span(&b),
				 false, err);
	return rc ? rc : differ_hex(r, "sealing-key", was->sealing, is->sealing, err);
}

static int compare_pairs(struct result *r, const struct held *was, const struct held *is,
			 struct imp_error *err)
{
	int rc = differ_number(r, "sequence", was->sequence, is->sequence, err);

	if (!rc)
		rc = differ_number(r, "owner-epoch", was->epochs[0], is->epochs[0], err);
	return rc ? rc
		  : differ_number(r, "domain-epoch", was->epochs[1], is->epochs[1], err);
}

/* One side's settings, one at a time. */
struct reader {
	const struct held *held;
	bool drawn;
	struct imp_settings_walk walk;
	size_t index; /* of the one at hand */
	bool more;
};

static void begin(struct reader *r, const struct held *h, bool drawn,
		  struct imp_span settings)
{
	*r = (struct reader){ .held = h, .drawn = drawn };
	imp_settings_begin(&r->walk, settings);
	r->more = imp_settings_next(&r->walk);
}

static void next(struct reader *r)
{
	r->more = imp_settings_next(&r->walk);
	r->index++;
}

static unsigned mark(const struct reader *r)
{
	return r->index < r->held->marks.len ? r->held->marks.ptr[r->index] : 0;
}

/* In the order of the wire; one value and a list of one are not the same. */
static int order(const struct reader *a, const struct reader *b)
{
	const struct imp_setting *x = &a->walk.at, *y = &b->walk.at;
	const int by[] = { x->object - y->object, x->instance - y->instance,
			   x->resource - y->resource, x->multiple - y->multiple,
			   x->resource_instance - y->resource_instance };

	if (!a->more || !b->more)
		return a->more ? -1 : 1;
	for (size_t i = 0; i < COUNTOF(by); i++)
		if (by[i])
			return by[i];
	return 0;
}

static void word(const struct diff_report *d, const struct reader *r,
		 struct imp_wording *out)
{
	imp_word(d->catalog, &r->walk.at, mark(r) & IMP_SETTING_HIDDEN, out);
}

/* Generated for this run only on one side: it says nothing about the other. */
static bool is_comparable(const struct reader *a, const struct reader *b)
{
	bool x = a->drawn && (mark(a) & IMP_SETTING_GENERATED);
	bool y = b->drawn && (mark(b) & IMP_SETTING_GENERATED);

	return x == y;
}

static int one_sided(const struct diff_report *d, struct result *r,
		     const struct reader *side, enum sign sign, struct imp_error *err)
{
	struct imp_wording w;
	struct change *c;

	word(d, side, &w);
	c = add(r, sign, w.names, err);
	if (!c)
		return -IMP_ERESOURCE;
	memcpy(c->numbers, w.numbers, sizeof(c->numbers));
	c->secret = w.secret;
	return imp_word_value(&w, sign == ADDED ? &c->is : &c->was, err);
}

static int both_sided(struct diff_report *d, struct result *r, const struct reader *a,
		      const struct reader *b, struct imp_error *err)
{
	bool comparable = is_comparable(a, b);
	struct imp_wording was, is;
	struct change *c;
	int rc;

	if (comparable && imp_span_eq_ct(a->walk.at.item, b->walk.at.item))
		return 0;
	word(d, a, &was);
	word(d, b, &is);
	d->not_compared |= !comparable;
	c = add(r, comparable ? CHANGED : PASSED_OVER, was.names, err);
	if (!c)
		return -IMP_ERESOURCE;
	memcpy(c->numbers, was.numbers, sizeof(c->numbers));
	c->secret = was.secret || is.secret;
	rc = imp_word_value(&was, &c->was, err);
	return rc ? rc : imp_word_value(&is, &c->is, err);
}

static int compare_settings(struct diff_report *d, struct result *r, struct reader *a,
			    struct reader *b, struct imp_error *err)
{
	int rc = 0;

	while (!rc && (a->more || b->more)) {
		int o = order(a, b);

		if (o < 0)
			rc = one_sided(d, r, a, REMOVED, err);
		else if (o > 0)
			rc = one_sided(d, r, b, ADDED, err);
		else
			rc = both_sided(d, r, a, b, err);
		if (o <= 0)
			next(a);
		if (o >= 0)
			next(b);
	}
	return rc;
}

static int compare_profiles(struct diff_report *d, struct result *r,
			    const struct held *was, const struct held *is,
			    struct imp_error *err)
{
	struct imp_profile a, b;
	struct reader x, y;
	int rc = imp_profile_decode(was->payload, &a, err);

	if (!rc)
		rc = imp_profile_decode(is->payload, &b, err);
	if (!rc)
		rc = compare_pairs(r, was, is, err);
	if (!rc)
		rc = differ_text(r, "label", a.label, b.label,
				 was->label_hidden || is->label_hidden, err);
	if (!rc)
		rc = compare_target(r, &a.target, &b.target, err);
	if (!rc)
		rc = differ_hex(r, "replaces", a.replaces, b.replaces, err);
	if (rc)
		return rc;
	begin(&x, was, d->drawn[0], a.settings);
	begin(&y, is, d->drawn[1], b.settings);
	return compare_settings(d, r, &x, &y, err);
}

static int need_seed(const char *side, struct imp_error *err)
{
	int rc = imp_fail(err, IMP_EKEY,
			  "%s: it holds secrets: --seed KEY is needed to tell its ids",
			  side);

	return imp_hint(err, rc, "the seed that its profiles are built with");
}

/* An id is over the payload and who signed it. */
static int compare_id(const struct diff_report *d, const struct held *const side[2],
		      enum by_id *out, struct imp_error *err)
{
	int clear = side[0]->has_id ? 1 : 0, same;
	const struct held *a = side[clear], *b = side[!clear];

	if (a->has_id) {
		same = memcmp(a->id, b->id, sizeof(a->id)) == 0;
	} else if (a->needs_seed) {
		return need_seed(d->name[clear], err);
	} else if (!b->has_issuer) {
		*out = UNTOLD_ID;
		return 0;
	} else {
		same = imp_signed_would_be(d->crypto, IMP_KIND_PROFILE, b->issuer,
					   a->payload, b->id);
		if (same < 0)
			return imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
	}
	*out = same ? SAME_ID : OTHER_ID;
	return 0;
}

static int differ_state(struct result *r, const struct held *was, const struct held *is,
			struct imp_error *err)
{
	static const char *const states[] = { "set", "wiped" };
	struct change *c = add(r, CHANGED, "state", err);
	int rc = c ? imp_append_fmt(&c->was, err, "%s", states[was->wiped])
		   : -IMP_ERESOURCE;

	return rc ? rc : imp_append_fmt(&c->is, err, "%s", states[is->wiped]);
}

static int compare_ids(struct diff_report *d, struct result *r, const struct held *was,
		       const struct held *is, struct imp_error *err)
{
	const struct held *const side[] = { was, is };
	int rc = compare_id(d, side, &r->by_id, err);

	if (!rc && was->wiped != is->wiped)
		rc = differ_state(r, was, is, err);
	if (!rc && r->by_id == UNTOLD_ID && r->verdict == SAME)
		r->verdict = UNKNOWN;
	/* The pair of a domain moves on by commands, too: of one profile it is no
	 * difference. */
	if (rc || r->by_id != OTHER_ID)
		return rc;
	r->verdict = DIFFERS;
	return compare_pairs(r, was, is, err);
}

int diff_one(struct diff_report *d, const struct held *first, const struct held *second,
	     struct imp_error *err)
{
	CLEANUP(result_fini) struct result r = { 0 };
	bool has_first = first && first->domain != NO_DOMAIN;
	bool has_second = second && second->domain != NO_DOMAIN;
	int rc = 0;

	if (!has_first || !has_second)
		r.verdict = has_first ? ONLY_FIRST : ONLY_SECOND;
	else if (first->payload.len > 0 && second->payload.len > 0)
		rc = compare_profiles(d, &r, first, second, err);
	else
		rc = compare_ids(d, &r, first, second, err);
	if (rc)
		return rc;
	d->total++;
	d->differing += r.verdict != SAME && r.verdict != UNKNOWN;
	d->unknown += r.verdict == UNKNOWN;
	d->unproven += r.verdict == SAME && diff_is_unproven(first, second);
	diff_show(d, &r, first, second);
	return 0;
}
