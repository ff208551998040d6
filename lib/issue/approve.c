/* SPDX-License-Identifier: Apache-2.0 */
/* Who must sign an object, who has, and who may still. */
#include <string.h>

#include "base/digits.h"
#include "issue/approve.h"
#include "issue/issuer.h"

enum { KEYS = 2 * (1 + IMP_APPROVERS_MAX) };

/* All that is known of an object's signers. */
struct signers {
	struct imp_pub issuer;	      /* crv 0: not known */
	struct imp_approval approval; /* of the issuer */
	bool known;		      /* the approvers of the issuer are */
	bool hands_over;	      /* a transfer: the new owner signs, too */
	struct imp_pub next;	      /* that one */
	struct imp_approval of_next;  /* and its approvers */
	bool may_have_maker;	      /* a claim: a maker's key, which no host knows */
	struct imp_grant grant;	      /* what the keys above were borrowed from */
};

static const uint8_t nothing[32];

static int no_digest(struct imp_error *err)
{
	return imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
}

/* By the owner: whatever this host was told. */
static void of_owner(struct signers *w, const struct imp_quorum *q)
{
	if (q->owner)
		w->issuer = *q->owner;
	w->known = q->approval != NULL;
	if (q->approval)
		w->approval = *q->approval;
}

static int of_transfer(struct signers *w, const struct imp_signed *s,
		       const struct imp_quorum *q, struct imp_error *err)
{
	struct imp_transfer t;
	int rc = imp_transfer_decode(s->payload, &t, err);

	if (rc)
		return rc;
	if (t.owner_epoch == 1 && memcmp(t.previous.ptr, nothing, 32) == 0) {
		w->issuer = t.owner;
		w->approval = t.approval;
		w->known = w->may_have_maker = true;
		return 0;
	}
	of_owner(w, q);
	w->hands_over = true;
	w->next = t.owner;
	w->of_next = t.approval;
	return 0;
}

static int gather(struct imp_crypto *crypto, const struct imp_signed *s,
		  const struct imp_quorum *q, struct signers *w, struct imp_error *err)
{
	struct imp_chain chain;
	struct imp_signed link;
	enum imp_reason reason = imp_chain_open(crypto, s, &chain);

	*w = (struct signers){ 0 };
	if (reason)
		return imp_fail(err, imp_reason_row(reason)->code, "%s",
				imp_reason_row(reason)->says);
	if (s->kind == IMP_KIND_TRANSFER)
		return of_transfer(w, s, q, err);
	if (chain.links == 0) {
		of_owner(w, q);
		return 0;
	}
	if (!imp_link_open(chain.link[0], &link, &w->grant))
		return imp_fail(err, IMP_EFORMAT, "a link that is no grant");
	w->issuer = w->grant.holder;
	w->approval = w->grant.approval;
	w->known = true;
	return 0;
}

/* What a signer is there for. */
enum part { NOBODY, ISSUER, NEXT, APPROVER, UNKNOWN };

static bool is_key(struct imp_crypto *crypto, const struct imp_pub *key,
		   struct imp_span kid)
{
	uint8_t own[32];

	return key->crv != 0 && imp_cose_kid(crypto, key, own) == 0 &&
	       imp_span_eq(kid, IMP_SPAN(own));
}

static const struct imp_pub *find(struct imp_crypto *crypto, const struct imp_approval *a,
				  struct imp_span kid)
{
	for (uint32_t i = 0; i < a->count; i++)
		if (is_key(crypto, &a->key[i], kid))
			return &a->key[i];
	return NULL;
}

static enum part part_of(struct imp_crypto *crypto, const struct signers *w,
			 const struct imp_signed *s, struct imp_span kid,
			 const struct imp_pub **key)
{
	*key = NULL;
	if (imp_span_eq(kid, s->issuer)) {
		*key = w->issuer.crv ? &w->issuer : NULL;
		return ISSUER;
	}
	if (w->hands_over && is_key(crypto, &w->next, kid)) {
		*key = &w->next;
		return NEXT;
	}
	*key = find(crypto, &w->approval, kid);
	if (!*key)
		*key = find(crypto, &w->of_next, kid);
	if (*key)
		return APPROVER;
	return w->known && !w->may_have_maker ? NOBODY : UNKNOWN;
}

static int foreign(struct imp_span kid, struct imp_error *err)
{
	char text[24];

	imp_short_hex(kid, text);
	return imp_fail(err, IMP_EPOLICY, "%s is not among those who may approve it",
			text);
}

/* Count who signed, and verify each whose key is known. */
static int count(struct imp_crypto *crypto, const struct imp_signed *s,
		 const struct signers *w, bool verify, struct imp_approvals *out,
		 struct imp_error *err)
{
	unsigned strangers = 0;

	for (size_t i = 0; i < s->cose.count; i++) {
		struct imp_span kid = imp_signed_kid(s, i);
		const struct imp_pub *key;
		enum part part = part_of(crypto, w, s, kid, &key);
		char text[24];

		imp_short_hex(kid, text);
		if (i > 0 && imp_span_eq(kid, imp_signed_kid(s, i - 1)))
			return imp_fail(err, IMP_EPOLICY, "%s has signed it twice", text);
		strangers += part == UNKNOWN;
		if (part == NOBODY || (w->may_have_maker && strangers > 1))
			return foreign(kid, err);
		if (verify && key && imp_signed_verify(crypto, s, i, key))
			return imp_fail(err, IMP_EVERIFY, "the signature of %s is wrong",
					text);
		out->there += part == APPROVER || (part == UNKNOWN && !w->may_have_maker);
	}
	return 0;
}

static void set_asked(const struct signers *w, struct imp_approvals *out)
{
	out->known = w->known;
	out->asked = w->approval.threshold + w->of_next.threshold;
	out->candidates = w->approval.count + w->of_next.count;
}

static bool asks_nobody(const struct signers *w)
{
	return w->known && w->approval.threshold == 0 && w->of_next.threshold == 0;
}

static int check_form(const struct imp_signed *s, const struct signers *w,
		      struct imp_error *err)
{
	int rc;

	if (asks_nobody(w))
		return imp_fail(err, IMP_EPOLICY, "the %s asks for nobody's approval",
				imp_kind_name(s->kind));
	if (s->cose.tag == IMP_TAG_SIGN)
		return 0;
	rc = imp_fail(err, IMP_EPOLICY,
		      "the %s is signed by one, in a form that has no room for others",
		      imp_kind_name(s->kind));
	return imp_hint(err, rc, "its issuer signs it anew with --to-approve");
}

int imp_approvals_look(struct imp_crypto *crypto, const struct imp_signed *s,
		       const struct imp_quorum *q, struct imp_approvals *out,
		       struct imp_error *err)
{
	struct signers w;
	int rc = gather(crypto, s, q, &w, err);

	*out = (struct imp_approvals){ 0 };
	if (!rc && w.issuer.crv == 0)
		rc = imp_fail(err, IMP_EUSAGE,
			      "missing --owner PUB: in whose name is this?");
	if (!rc)
		rc = check_form(s, &w, err);
	if (!rc)
		rc = s->cose.uh.chain.len > 0
			     ? imp_issuers_verify(crypto, s, q->owner, err)
			     : imp_issuer_verify(crypto, s, &w.issuer, err);
	if (!rc)
		rc = count(crypto, s, &w, true, out, err);
	set_asked(&w, out);
	return rc;
}

/* Where every key is known, the device's own rule. */
static bool is_whole(struct imp_crypto *crypto, const struct imp_signed *s,
		     const struct signers *w)
{
	const struct imp_signers all = {
		.side = { { &w->issuer, &w->approval }, { &w->next, &w->of_next } },
		.sides = w->hands_over ? 2 : 1,
		.many = w->hands_over || w->approval.threshold > 0,
	};
	struct imp_matched matched;

	return w->known && !w->may_have_maker && w->issuer.crv != 0 &&
	       imp_signers_match(crypto, s, &all, &matched) == IMP_R_NONE;
}

/* Both sides' own approvers are counted apart: one who stands on both fills a place of
 * either. Would there be one for this key, too, as the device counts? */
static bool has_place(struct imp_crypto *crypto, const struct imp_signed *s,
		      const struct signers *w, struct imp_span more)
{
	const struct imp_approval *side[] = { &w->approval, &w->of_next };
	size_t only[2] = { 0 }, both = 0;

	for (size_t i = 0; i <= s->cose.count; i++) {
		struct imp_span kid = i < s->cose.count ? imp_signed_kid(s, i) : more;
		const struct imp_pub *key;
		bool first = find(crypto, side[0], kid);
		bool second = find(crypto, side[1], kid);

		if (part_of(crypto, w, s, kid, &key) != APPROVER)
			continue;
		both += first && second;
		only[0] += first && !second;
		only[1] += second && !first;
	}
	return only[0] <= side[0]->threshold && only[1] <= side[1]->threshold &&
	       only[0] + only[1] + both <= side[0]->threshold + side[1]->threshold;
}

static int too_many(const struct signers *w, struct imp_error *err)
{
	if (w->hands_over)
		return imp_fail(err, IMP_EPOLICY,
				"as many as its owner needs have approved it, one more "
				"is one too many");
	return imp_fail(err, IMP_EPOLICY,
			"all %u that it needs have approved it, one more is one too many",
			w->approval.threshold);
}

int imp_approvals_allow(struct imp_crypto *crypto, const struct imp_signed *s,
			const struct imp_quorum *q, const struct imp_pub *key,
			struct imp_error *err)
{
	const struct imp_pub *found;
	struct signers w;
	uint8_t kid[32];
	char text[24];
	enum part part;
	int rc = gather(crypto, s, q, &w, err);

	if (rc)
		return rc;
	if (imp_cose_kid(crypto, key, kid))
		return no_digest(err);
	imp_short_hex(IMP_SPAN(kid), text);
	part = part_of(crypto, &w, s, IMP_SPAN(kid), &found);
	if (part == ISSUER || part == NEXT)
		return imp_fail(err, IMP_EPOLICY,
				"%s signs it in its own name, and can't approve it, too",
				text);
	for (size_t i = 0; i < s->cose.count; i++)
		if (imp_span_eq(imp_signed_kid(s, i), IMP_SPAN(kid)))
			return imp_fail(err, IMP_EPOLICY, "%s has approved it already",
					text);
	if (part == NOBODY || (part == UNKNOWN && w.may_have_maker))
		return foreign(IMP_SPAN(kid), err);
	if (is_whole(crypto, s, &w) ||
	    (w.known && !has_place(crypto, s, &w, IMP_SPAN(kid))))
		return too_many(&w, err);
	return 0;
}

static bool has_issuer(const struct imp_signed *s)
{
	bool has = false;

	for (size_t i = 0; i < s->cose.count; i++)
		has |= imp_span_eq(imp_signed_kid(s, i), s->issuer);
	return has;
}

static int not_whole(const struct imp_signed *s, const struct signers *w,
		     const struct imp_approvals *a, struct imp_error *err)
{
	const char *kind = w->may_have_maker ? "claim" : imp_kind_name(s->kind);
	int rc;

	if (!has_issuer(s))
		return imp_fail(err, IMP_EPOLICY,
				"the issuer's signature of the %s is missing", kind);
	if (asks_nobody(w))
		return imp_fail(err, IMP_EPOLICY,
				"the %s is signed by several, and asks for nobody's "
				"approval",
				kind);
	rc = !a->known
		     ? imp_fail(err, IMP_EPOLICY, "nobody has approved the %s yet", kind)
		     : imp_fail(err, IMP_EPOLICY,
				"the %s has %u of the %u approvals that it needs", kind,
				a->there, a->asked);
	return imp_hint(err, rc, "imprint approve adds a signature");
}

/* Of the new owner's approvers it is known who they are; the old owner may be one. */
static bool has_next(struct imp_crypto *crypto, const struct imp_signed *s,
		     const struct signers *w)
{
	uint32_t there = 0;

	for (size_t i = 0; i < s->cose.count; i++)
		there += find(crypto, &w->of_next, imp_signed_kid(s, i)) != NULL;
	return there >= w->of_next.threshold;
}

/* As far as it can be counted without the keys: a maker may be an approver, too. */
static bool may_be_whole(struct imp_crypto *crypto, const struct imp_signed *s,
			 const struct signers *w, const struct imp_approvals *a)
{
	bool many = s->cose.tag == IMP_TAG_SIGN;

	if (!has_issuer(s) || (w->known && !w->may_have_maker && w->issuer.crv))
		return false;
	if (w->may_have_maker)
		return a->there == a->asked || (a->asked && a->there == a->asked + 1);
	if (!a->known)
		return !many || (w->hands_over ? has_next(crypto, s, w) : a->there > 0);
	return a->there == a->asked && many == (a->asked > 0 || w->hands_over);
}

int imp_approvals_check(struct imp_crypto *crypto, const struct imp_signed *s,
			const struct imp_quorum *q, struct imp_error *err)
{
	struct imp_approvals a = { 0 };
	struct signers w;
	int rc = gather(crypto, s, q, &w, err);

	if (rc || is_whole(crypto, s, &w))
		return rc;
	rc = count(crypto, s, &w, false, &a, err);
	set_asked(&w, &a);
	return rc || may_be_whole(crypto, s, &w, &a) ? rc : not_whole(s, &w, &a, err);
}
