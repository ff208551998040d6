/* SPDX-License-Identifier: Apache-2.0 */
/* Taking cards in, and what is decided over devices. */
#include <stdio.h>
#include <string.h>

#include "evidence/cards.h"
#include "ledger/core.h"
#include "ledger/registry.h"

enum { CARD_MAX = 8192 };

static int no_such(struct imp_span ueid, const char *why, struct imp_error *err)
{
	char name[80];

	imp_device_name(ueid, name);
	return imp_fail(err, IMP_EPOLICY, "%s: %s", name, why);
}

/* Taking a card in. */
struct intake {
	const struct imp_known *known;
	const char *replaces;
	enum imp_registration *out;
	struct imp_device old, rival; /* the same device; another one with its key */
	uint8_t other[34];	      /* ueid of rival: length, bytes */
};

static void intake_fini(struct intake *in)
{
	imp_device_fini(&in->old);
	imp_device_fini(&in->rival);
}

static bool same_keys(const struct imp_device *d, const struct imp_known *k)
{
	return imp_span_eq(IMP_SPAN(d->signing), IMP_SPAN(k->signing_kid)) &&
	       imp_span_eq(IMP_SPAN(d->sealing), IMP_SPAN(k->sealing_kid));
}

static bool has_key_of(const struct imp_device *d, const struct imp_known *k)
{
	const struct imp_span own[] = { IMP_SPAN(d->signing), IMP_SPAN(d->sealing) };

	for (size_t i = 0; i < COUNTOF(own); i++)
		if (imp_span_eq(own[i], IMP_SPAN(k->signing_kid)) ||
		    imp_span_eq(own[i], IMP_SPAN(k->sealing_kid)))
			return true;
	return false;
}

/* Do they say the same of the device? Each answers a nonce of its own. */
static bool same_card(const struct imp_device *d, const struct imp_known *k)
{
	uint8_t old[CARD_MAX], new[CARD_MAX];
	struct imp_writer wo = imp_writer(old, sizeof(old));
	struct imp_writer wn = imp_writer(new, sizeof(new));
	struct imp_card card;

	if (imp_card_open(imp_secret_span(&d->card), &card, NULL))
		return false;
	card.nonce = k->card.nonce;
	imp_card_encode(&card, &wo);
	imp_card_encode(&k->card, &wn);
	return wo.ok && wn.ok && imp_span_eq(imp_written(&wo), imp_written(&wn));
}

/* Other devices whose cards have or had a key of this one. */
struct others {
	struct imp_span own;
	struct imp_secret ueids; /* of OTHER bytes each: length, bytes */
};
enum { OTHER = 34 };

static int take_other(void *ctx, const struct imp_found *f, struct imp_error *err)
{
	struct imp_span ueid = f->record.ueid;
	uint8_t at[OTHER] = { (uint8_t)ueid.len };
	struct others *o = ctx;

	if (imp_span_eq(ueid, o->own))
		return 0;
	memcpy(at + 1, ueid.ptr, ueid.len);
	return imp_secret_append(&o->ueids, IMP_SPAN(at), err);
}

/* Has it the key now? One that is in service comes before those that are not: then 1. */
static int consider(struct imp_ledger *l, struct intake *in, const uint8_t other[OTHER],
		    struct imp_error *err)
{
	CLEANUP(imp_device_fini) struct imp_device d = { 0 };
	int rc = imp_find_device(l, (struct imp_span){ other + 1, other[0] }, &d, err);
	bool out = d.quarantined || d.retired;

	if (rc <= 0 || !has_key_of(&d, in->known) || (out && in->rival.card.len > 0))
		return rc < 0 ? rc : 0;
	memcpy(in->other, other, OTHER);
	imp_device_fini(&in->rival);
	in->rival = d;
	d = (struct imp_device){ 0 };
	return !out;
}

/* Another device that has a key of this one; in->rival stays empty where none has. */
static int find_rival(struct imp_ledger *l, struct intake *in, struct imp_error *err)
{
	const struct imp_known *k = in->known;
	const struct imp_span kid[] = { IMP_SPAN(k->signing_kid),
					IMP_SPAN(k->sealing_kid) };
	struct others o = { .own = k->card.ueid };
	int rc = 0;

	for (size_t i = 0; !rc && i < COUNTOF(kid); i++)
		rc = imp_find_each(l, IMP_REF_KEY, kid[i], take_other, &o, err);
	for (size_t at = o.ueids.len; !rc && at >= OTHER; at -= OTHER)
		rc = consider(l, in, o.ueids.ptr + at - OTHER, err);
	imp_secret_fini(&o.ueids);
	return rc < 0 ? rc : 0;
}

/* Has no other one that is in service its key? Then a person chose the other. */
static int check_alone(struct imp_ledger *l, struct imp_span ueid,
		       const struct imp_device *d, struct imp_error *err)
{
	struct imp_known own = { .card.ueid = ueid };
	CLEANUP(intake_fini) struct intake in = { .known = &own };
	char name[80];
	int rc;

	memcpy(own.signing_kid, d->signing, sizeof(own.signing_kid));
	memcpy(own.sealing_kid, d->sealing, sizeof(own.sealing_kid));
	rc = find_rival(l, &in, err);
	if (rc || in.rival.card.len == 0 || in.rival.quarantined || in.rival.retired)
		return rc;
	rc = no_such(ueid, "has the key of another device, which is in service", err);
	imp_device_name((struct imp_span){ in.other + 1, in.other[0] }, name);
	return imp_hint(err, rc, "that is %s: quarantine it first", name);
}

/* A verdict of the registry over a device: an entry without a card. */
struct verdict {
	struct imp_record record;
	bool key_must_fit; /* record.signing is the device's */
};

static int judge(struct imp_ledger *l, void *ctx, struct imp_error *err)
{
	CLEANUP(imp_device_fini) struct imp_device d = { 0 };
	struct verdict *v = ctx;
	struct imp_span ueid = v->record.ueid;
	int rc = imp_find_device(l, ueid, &d, err);

	if (rc < 0)
		return rc;
	if (rc == 0)
		return no_such(ueid, "is not in the ledger", err);
	if (d.retired)
		return v->record.type == IMP_LEAF_RETIRE
			       ? 0
			       : no_such(ueid, "is retired", err);
	if (v->record.type == IMP_LEAF_REINSTATE && !d.quarantined)
		return no_such(ueid, "is not quarantined", err);
	rc = v->record.type == IMP_LEAF_REINSTATE ? check_alone(l, ueid, &d, err) : 0;
	if (rc)
		return rc;
	if (v->key_must_fit && d.quarantined)
		return no_such(ueid, "is quarantined", err);
	if (v->key_must_fit && !imp_span_eq(v->record.signing, IMP_SPAN(d.signing)))
		return no_such(ueid, "has another signing key in the ledger", err);
	return imp_append_record(l, &v->record, NULL, err);
}

int imp_ledger_confirm(struct imp_ledger *l, struct imp_span ueid,
		       const uint8_t signing[32], const char *path, struct imp_error *err)
{
	struct verdict v = { .record = { .type = IMP_LEAF_CONFIRM,
					 .ueid = ueid,
					 .signing = { signing, 32 },
					 .reason = imp_span_str(path) },
			     .key_must_fit = true };

	return imp_ledger_do(l, judge, &v, err);
}

static int decide(struct imp_ledger *l, enum imp_leaf type, struct imp_span ueid,
		  const char *reason, struct imp_error *err)
{
	struct verdict v = {
		.record = { .type = type, .ueid = ueid, .reason = imp_span_str(reason) }
	};

	return imp_ledger_do(l, judge, &v, err);
}

int imp_ledger_quarantine(struct imp_ledger *l, struct imp_span ueid, const char *reason,
			  struct imp_error *err)
{
	return decide(l, IMP_LEAF_QUARANTINE, ueid, reason, err);
}

int imp_ledger_reinstate(struct imp_ledger *l, struct imp_span ueid, const char *reason,
			 struct imp_error *err)
{
	return decide(l, IMP_LEAF_REINSTATE, ueid, reason, err);
}

int imp_ledger_retire(struct imp_ledger *l, struct imp_span ueid, const char *reason,
		      struct imp_error *err)
{
	return decide(l, IMP_LEAF_RETIRE, ueid, reason, err);
}

/* Whose word counts more? */
enum ruling { NEW, OLD, NEITHER };

static enum ruling weigh(const struct imp_device *old, const struct imp_known *k)
{
	bool old_endorsed = old->assurance == IMP_ENDORSED;
	bool new_endorsed = k->assurance == IMP_ENDORSED;

	return old_endorsed == new_endorsed ? NEITHER : new_endorsed ? NEW : OLD;
}

/* What speaks against taking the card in at all; NULL: nothing. */
static const char *objection(const struct intake *in)
{
	const struct imp_known *k = in->known;
	bool lifts = in->replaces || k->assurance == IMP_ENDORSED;

	if (in->old.retired)
		return "is retired";
	if (in->old.quarantined && !lifts)
		return "is quarantined: a factory must vouch for it, or enroll --replace";
	if (in->old.card.len > 0 && !same_keys(&in->old, k) && !in->replaces &&
	    weigh(&in->old, k) == OLD)
		return "has other keys in the ledger, which a factory vouches for";
	if (in->rival.card.len > 0 && weigh(&in->rival, k) == OLD)
		return "has the key of another device, which a factory vouches for";
	return NULL;
}

static int put_card(struct imp_ledger *l, const struct intake *in, struct imp_error *err)
{
	const struct imp_known *k = in->known;
	bool kept = in->old.card.len > 0 && same_keys(&in->old, k);
	enum imp_assurance was = kept ? in->old.assurance : IMP_ASSERTED;
	struct imp_record r = { .type = IMP_LEAF_DEVICE,
				.ueid = k->card.ueid,
				.signing = IMP_SPAN(k->signing_kid),
				.sealing = IMP_SPAN(k->sealing_kid),
				.assurance = k->assurance > was ? k->assurance : was,
				.reason = imp_span_str(in->replaces),
				.bytes = imp_secret_span(&k->bytes) };

	*in->out = IMP_REG_ADDED;
	return imp_append_record(l, &r, NULL, err);
}

static int put_quarantine(struct imp_ledger *l, struct imp_span ueid, const char *why,
			  struct imp_span other, struct imp_error *err)
{
	char name[80], reason[IMP_LEDGER_REASON + 1];
	struct imp_record r = { .type = IMP_LEAF_QUARANTINE, .ueid = ueid };

	imp_device_name(other, name);
	snprintf(reason, sizeof(reason), "%s%s", why, other.len > 0 ? name : "");
	r.reason = imp_span_str(reason);
	return imp_append_record(l, &r, NULL, err);
}

/* Did somebody who knew of the other one's card say that this one is right? */
static bool is_decided(const struct intake *in)
{
	return in->old.reinstated > in->rival.entry && same_keys(&in->old, in->known);
}

/* Another device has its key: neither is trusted, unless a factory vouches for this one.
 */
static int part_from_rival(struct imp_ledger *l, struct intake *in, struct imp_error *err)
{
	struct imp_span own = in->known->card.ueid;
	struct imp_span other = { in->other + 1, in->other[0] };
	int rc = 0;

	if (!in->rival.quarantined && !in->rival.retired)
		rc = put_quarantine(l, other, IMP_REASON_SHARED_KEY, own, err);
	if (rc || is_decided(in) || weigh(&in->rival, in->known) == NEW)
		return rc;
	if (in->old.card.len == 0)
		rc = put_card(l, in, err);
	*in->out = IMP_REG_QUARANTINED;
	return rc ? rc : put_quarantine(l, own, IMP_REASON_SHARED_KEY, other, err);
}

static bool is_news(const struct intake *in)
{
	const struct imp_known *k = in->known;

	return in->old.card.len == 0 || in->old.quarantined || !same_keys(&in->old, k) ||
	       k->assurance > in->old.assurance || !same_card(&in->old, k);
}

static bool has_other_keys(const struct intake *in)
{
	return in->old.card.len > 0 && !same_keys(&in->old, in->known) && !in->replaces;
}

static int take_in(struct imp_ledger *l, struct intake *in, struct imp_error *err)
{
	const struct imp_known *k = in->known;
	const char *against = objection(in);
	int rc = 0;

	*in->out = IMP_REG_KNOWN;
	if (against)
		return no_such(k->card.ueid, against, err);
	if (in->rival.card.len > 0)
		rc = part_from_rival(l, in, err);
	if (rc || *in->out == IMP_REG_QUARANTINED)
		return rc;
	if (has_other_keys(in) && weigh(&in->old, k) == NEITHER) {
		*in->out = IMP_REG_QUARANTINED;
		return put_quarantine(l, k->card.ueid, IMP_REASON_OTHER_KEYS,
				      (struct imp_span){ 0 }, err);
	}
	if (!is_news(in))
		return 0;
	rc = put_card(l, in, err);
	if (!rc && (has_other_keys(in) || in->rival.card.len > 0))
		*in->out = IMP_REG_OUTWEIGHS;
	return rc;
}

static int intake(struct imp_ledger *l, void *ctx, struct imp_error *err)
{
	CLEANUP(intake_fini) struct intake in = *(const struct intake *)ctx;
	int rc = imp_find_device(l, in.known->card.ueid, &in.old, err);

	if (rc >= 0)
		rc = find_rival(l, &in, err);
	return rc < 0 ? rc : take_in(l, &in, err);
}

int imp_ledger_register(struct imp_ledger *l, const struct imp_known *known,
			const char *replaces, enum imp_registration *out,
			struct imp_error *err)
{
	struct intake in = { .known = known, .replaces = replaces, .out = out };

	return imp_ledger_do(l, intake, &in, err);
}
