/* SPDX-License-Identifier: Apache-2.0 */
/* Appraisal: does the evidence show what should be? */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/digits.h"
#include "base/escape.h"
#include "evidence/appraise.h"
#include "object/signed.h"

int imp_differs(struct imp_appraisal *a, const char *what, enum imp_code code,
		const char *found, const char *expected)
{
	struct imp_difference *d = &a->difference[a->count];

	if (a->count == IMP_DIFFERENCES)
		return -(int)code;
	a->count++;
	d->what = what;
	d->code = code;
	imp_escape(d->found, sizeof(d->found), imp_span_str(found));
	imp_escape(d->expected, sizeof(d->expected), imp_span_str(expected));
	return -(int)code;
}

int imp_appraisal_code(const struct imp_appraisal *a)
{
	return a->count > 0 ? -(int)a->difference[0].code : 0;
}

static void differ_hash(struct imp_appraisal *a, const char *what, enum imp_code code,
			struct imp_span found, struct imp_span expected)
{
	char f[65] = "none", e[65] = "none";

	if (imp_span_eq(found, expected))
		return;
	if (found.len > 0)
		imp_hex(found, f);
	if (expected.len > 0)
		imp_hex(expected, e);
	imp_differs(a, what, code, f, e);
}

static void differ_number(struct imp_appraisal *a, const char *what, enum imp_code code,
			  uint64_t found, uint64_t expected)
{
	char f[24], e[24];

	if (found == expected)
		return;
	snprintf(f, sizeof(f), "%" PRIu64, found);
	snprintf(e, sizeof(e), "%" PRIu64, expected);
	imp_differs(a, what, code, f, e);
}

/* The token, if it is one by the carded key; nothing in it means anything before. */
static bool open_token(struct imp_crypto *crypto, struct imp_span in,
		       const struct imp_expected *x, struct imp_appraisal *a)
{
	struct imp_error err = { 0 };
	struct imp_signed s;
	char f[65], e[65];

	if (imp_signed_decode(in, &s, &err) || s.kind != IMP_KIND_EVIDENCE ||
	    s.cose.tag != IMP_TAG_SIGN1 || (s.cose.uh.has & IMP_HAS_CHAIN)) {
		imp_differs(a, "form", IMP_EDEVICE,
			    err.msg[0] ? err.msg : "another object", "signed evidence");
		return false;
	}
	if (!imp_span_eq(s.issuer, IMP_SPAN(x->known->signing_kid))) {
		imp_hex(s.issuer, f);
		imp_hex(IMP_SPAN(x->known->signing_kid), e);
		imp_differs(a, "signing key", IMP_EVERIFY, f, e);
		return false;
	}
	if (imp_signed_verify(crypto, &s, 0, &x->known->card.signing)) {
		imp_differs(a, "signature", IMP_EVERIFY, "wrong",
			    "one by the carded key");
		return false;
	}
	if (imp_evidence_decode(s.cose.payload, &a->token, &err)) {
		imp_differs(a, "form", IMP_EDEVICE, err.msg, "evidence of imprint");
		return false;
	}
	a->decoded = true;
	return true;
}

static void check_identity(const struct imp_expected *x, struct imp_appraisal *a)
{
	const struct imp_evidence *t = &a->token;
	const struct imp_card *card = &x->known->card;
	char f[80], e[80];

	if (x->nonce)
		differ_hash(a, "nonce", IMP_EVERIFY, t->nonce,
			    (struct imp_span){ x->nonce, IMP_NONCE_LEN });
	if (!imp_span_eq(t->ueid, card->ueid)) {
		imp_device_name(t->ueid, f);
		imp_device_name(card->ueid, e);
		imp_differs(a, "identity", IMP_EVERIFY, f, e);
	}
	if (t->oemid != card->oemid || !imp_span_eq(t->hwmodel, card->hwmodel)) {
		snprintf(f, sizeof(f), "%u/%.*s", t->oemid, (int)t->hwmodel.len,
			 (const char *)t->hwmodel.ptr);
		snprintf(e, sizeof(e), "%u/%.*s", card->oemid, (int)card->hwmodel.len,
			 (const char *)card->hwmodel.ptr);
		imp_differs(a, "class", IMP_EPOLICY, f, e);
	}
}

static void check_life(const struct imp_expected *x, struct imp_appraisal *a)
{
	uint32_t life = a->token.life;
	bool good = x->any_life		? true
		    : x->unowned	? life == IMP_LIFE_UNOWNED
		    : x->decommissioned ? life == IMP_LIFE_DECOMMISSIONED
		    : x->locked		? life == IMP_LIFE_LOCKED
				: life == IMP_LIFE_OWNED || life == IMP_LIFE_LOCKED;

	if (!good)
		imp_differs(a, "lifecycle", IMP_EPOLICY, imp_life_name(life),
			    x->unowned		? "unowned"
			    : x->decommissioned ? "decommissioned"
			    : x->locked		? "locked"
						: "owned or locked");
	if (a->token.dbgstat == IMP_DEBUG_ENABLED && !x->allow_debug)
		imp_differs(a, "debug", IMP_EPOLICY, "enabled", "disabled");
	if (x->has_policy)
		differ_number(a, "policy", IMP_EPOLICY, a->token.policy, x->policy);
}

static void check_sense(struct imp_appraisal *a)
{
	const char *what = imp_evidence_contradiction(&a->token);

	if (what)
		imp_differs(a, "evidence", IMP_EVERIFY, what, "one state");
}

static void check_owner(const struct imp_expected *x, struct imp_appraisal *a)
{
	const struct imp_evidence *t = &a->token;

	if (x->owner.len > 0)
		differ_hash(a, "owner", IMP_EPOLICY, t->owner, x->owner);
	if (x->record.len > 0)
		differ_hash(a, "owner record", IMP_EPOLICY, t->record, x->record);
}

static void check_wiped(const struct imp_expected *x, struct imp_appraisal *a)
{
	char f[32];

	for (unsigned d = 0; d < IMP_EVIDENCE_DOMAINS; d++)
		if ((x->wiped_domains >> d & 1) && (a->token.used >> d & 1) &&
		    a->token.domain[d].state != IMP_DOMAIN_WIPED) {
			snprintf(f, sizeof(f), "domain %u set", d);
			imp_differs(a, "domain", IMP_EPOLICY, f, "wiped");
		}
}

/* A floor holds whether a profile was ever there or not. */
static void check_floors(const struct imp_expected *x, struct imp_appraisal *a)
{
	char f[40], e[40];

	for (unsigned d = 0; d < IMP_EVIDENCE_DOMAINS; d++) {
		uint32_t is = a->token.domain[d].domain_epoch;

		if (!(x->floors >> d & 1) || is >= x->floor[d])
			continue;
		snprintf(f, sizeof(f), "%u in domain %u", is, d);
		snprintf(e, sizeof(e), "%u or more", x->floor[d]);
		imp_differs(a, "domain-epoch", IMP_EPOLICY, f, e);
	}
}

/* Kept through a change of owner: under the new owner-epoch it could not be applied, and
 * its pair is the new owner's to raise. */
static bool was_kept(const struct imp_expected *x, const struct imp_evidence *t)
{
	return x->later && t->owner_epoch > x->epochs[0] &&
	       imp_span_eq(t->domain[x->domain].id, x->id);
}

static void check_numbers(const struct imp_expected *x, struct imp_appraisal *a)
{
	const struct imp_measured *m = &a->token.domain[x->domain];

	if (was_kept(x, &a->token))
		return;
	differ_number(a, "owner-epoch", IMP_EPOLICY, a->token.owner_epoch, x->epochs[0]);
	differ_number(a, "domain-epoch", IMP_EPOLICY, m->domain_epoch, x->epochs[1]);
	/* Commands spend sequences of domain 0, too. */
	if (!x->later || x->domain != 0 || m->sequence < x->sequence ||
	    !imp_span_eq(m->id, x->id))
		differ_number(a, "sequence", IMP_EPOLICY, m->sequence, x->sequence);
}

static void check_profile(const struct imp_expected *x, struct imp_appraisal *a)
{
	const struct imp_measured *m = &a->token.domain[x->domain];
	char domain[32];

	if (!x->has_profile)
		return;
	snprintf(domain, sizeof(domain), "domain %u", x->domain);
	if (!(a->token.used >> x->domain & 1)) {
		imp_differs(a, "profile", IMP_EPOLICY, "none was ever applied", domain);
		return;
	}
	if ((m->state == IMP_DOMAIN_WIPED) != x->wiped)
		imp_differs(a, "domain", IMP_EPOLICY,
			    m->state == IMP_DOMAIN_WIPED ? "wiped" : "set",
			    x->wiped ? "wiped" : "set");
	if (x->id.len > 0) {
		differ_hash(a, "profile id", IMP_EPOLICY, m->id, x->id);
		differ_hash(a, "authority", IMP_EPOLICY, m->authority, x->authority);
		check_numbers(x, a);
	}
}

int imp_appraise(struct imp_crypto *crypto, struct imp_span signed_evidence,
		 const struct imp_expected *expected, struct imp_appraisal *out)
{
	memset(out, 0, sizeof(*out));
	if (open_token(crypto, signed_evidence, expected, out)) {
		check_identity(expected, out);
		check_life(expected, out);
		check_sense(out);
		check_owner(expected, out);
		check_wiped(expected, out);
		check_floors(expected, out);
		check_profile(expected, out);
	}
	return imp_appraisal_code(out);
}
