/* SPDX-License-Identifier: Apache-2.0 */
/* Revoked: reading a list and looking things up in it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digits.h"
#include "base/grow.h"
#include "issue/revoked.h"
#include "object/batch.h"

void imp_revoked_fini(struct imp_revoked *r)
{
	free(r->entry);
	*r = (struct imp_revoked){ 0 };
}

static int order(enum imp_revoked_set set, struct imp_span subject,
		 const struct imp_revoked_entry *e)
{
	return set != e->set
		       ? (int)set - e->set
		       : imp_span_cmp(subject, (struct imp_span){ e->bytes, e->len });
}

int imp_revoked_add(struct imp_revoked *r, enum imp_revoked_set set,
		    struct imp_span subject, struct imp_error *err)
{
	struct imp_revoked_entry *e, *grown;

	if (r->count == IMP_REVOKED_MAX)
		return imp_fail(err, IMP_EUSAGE, "a list of more than %d entries",
				IMP_REVOKED_MAX);
	if (!imp_revoked_len(set, subject.len))
		return imp_fail(err, IMP_EUSAGE, "%zu bytes are no %s that is revoked",
				subject.len, imp_revoked_set_name(set));
	grown = imp_grow(r->entry, r->count, &r->cap, sizeof(*r->entry), err);
	if (!grown)
		return -IMP_ERESOURCE;
	r->entry = grown;
	e = &r->entry[r->count++];
	*e = (struct imp_revoked_entry){ .set = (uint8_t)set,
					 .len = (uint8_t)subject.len };
	memcpy(e->bytes, subject.ptr, subject.len);
	return 0;
}

static int take_set(struct imp_revoked *r, enum imp_revoked_set set, struct imp_span all,
		    struct imp_error *err)
{
	struct imp_cbor c = { .in = all };
	size_t n = imp_cbor_array(&c);
	int rc = 0;

	while (!rc && imp_cbor_more(&c, &n)) {
		struct imp_span next = imp_cbor_bytes(&c);

		if (r->count > 0 && order(set, next, &r->entry[r->count - 1]) <= 0)
			return imp_fail(err, IMP_EFORMAT,
					"its entries do not ascend from part to part");
		rc = imp_revoked_add(r, set, next, err);
	}
	return rc;
}

/* The parts of a list are one: each says which of how many it is. */
static int take_part(struct imp_revoked *r, const struct imp_batch *b,
		     struct imp_span payload, struct imp_error *err)
{
	struct imp_revocation p;
	int rc = imp_revocation_decode(payload, &p, err);

	if (!rc && (p.parts != b->count || p.part != b->index))
		rc = imp_fail(err, IMP_EFORMAT, "is part %u of %u, expected %llu of %llu",
			      p.part, p.parts, (unsigned long long)b->index,
			      (unsigned long long)b->count);
	if (!rc && b->index > 1 && p.sequence != r->sequence)
		rc = imp_fail(
			err, IMP_EFORMAT, "has sequence %llu, the part before it %llu",
			(unsigned long long)p.sequence, (unsigned long long)r->sequence);
	for (int set = 0; !rc && set < IMP_REVOKED_SETS; set++)
		rc = take_set(r, (enum imp_revoked_set)set, p.set[set], err);
	r->sequence = p.sequence;
	return rc;
}

/* Several parts are named by all of them. */
static int add_id(struct imp_revoked *r, struct imp_crypto *crypto,
		  const struct imp_signed *s, bool first, struct imp_error *err)
{
	uint8_t id[32];
	const struct imp_span part[] = { IMP_SPAN(r->id), IMP_SPAN(id) };

	if (imp_signed_id(crypto, s, id) ||
	    (!first && imp_sha256(crypto, part, COUNTOF(part), r->id)))
		return imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
	if (first)
		memcpy(r->id, id, sizeof(id));
	return 0;
}

/* As many as the owner has bound itself to; each whose key is known is verified. */
static int verify_many(struct imp_crypto *crypto, const struct imp_signed *s,
		       const struct imp_quorum *by, struct imp_error *err)
{
	struct imp_approvals now;
	int rc = imp_approvals_check(crypto, s, by, err);

	return rc ? rc : imp_approvals_look(crypto, s, by, &now, err);
}

static int verify(const struct imp_revoked *r, struct imp_crypto *crypto,
		  const struct imp_signed *s, const struct imp_quorum *by,
		  struct imp_error *err)
{
	bool asks = by->approval && by->approval->threshold > 0;
	char found[24], expected[24];

	if (s->kind != IMP_KIND_REVOCATION || s->batched)
		return imp_fail(err, IMP_EFORMAT, "is a %s, expected a revocation",
				imp_kind_name(s->kind));
	imp_short_hex(s->issuer, found);
	imp_short_hex(IMP_SPAN(r->owner), expected);
	if (!imp_span_eq(s->issuer, IMP_SPAN(r->owner)))
		return imp_fail(err, IMP_EPOLICY, "signed by %s, expected the owner %s",
				found, expected);
	if (asks || s->cose.tag == IMP_TAG_SIGN)
		return verify_many(crypto, s, by, err);
	return imp_signed_verify(crypto, s, 0, by->owner)
		       ? imp_fail(err, IMP_EVERIFY,
				  "the owner's signature does not verify")
		       : 0;
}

static int take_item(struct imp_revoked *r, struct imp_crypto *crypto,
		     const struct imp_batch *b, struct imp_span item,
		     const struct imp_quorum *by, struct imp_error *err)
{
	struct imp_signed s;
	int rc = imp_signed_decode(item, &s, err);

	if (!rc)
		rc = verify(r, crypto, &s, by, err);
	if (!rc)
		rc = take_part(r, b, s.payload, err);
	return rc ? rc : add_id(r, crypto, &s, b->index == 1, err);
}

int imp_revoked_read(struct imp_revoked *r, struct imp_crypto *crypto, const char *path,
		     const struct imp_quorum *by, struct imp_error *err)
{
	CLEANUP(imp_revoked_fini) struct imp_revoked t = { .name = path };
	CLEANUP(imp_batch_close) struct imp_batch b = { 0 };
	struct imp_span item;
	int rc;

	if (imp_cose_kid(crypto, by->owner, t.owner))
		return imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
	rc = imp_batch_open(&b, path, IMP_BATCH_REVOCATIONS, err);
	if (rc)
		return rc;
	if (b.count < 1 || b.count > IMP_REVOCATION_PARTS)
		return imp_fail(err, IMP_EFORMAT, "%s: %llu parts, expected 1 to %d",
				path, (unsigned long long)b.count, IMP_REVOCATION_PARTS);
	while (!rc && (rc = imp_batch_next(&b, &item, err)) > 0)
		rc = imp_wrap(err, take_item(&t, crypto, &b, item, by, err), "%s", path);
	if (rc)
		return rc;
	*r = t;
	t = (struct imp_revoked){ 0 };
	return 0;
}

struct subject {
	enum imp_revoked_set set;
	struct imp_span bytes;
};

static int compare(const void *key, const void *entry)
{
	const struct subject *s = key;

	return order(s->set, s->bytes, entry);
}

bool imp_revoked_has(const struct imp_revoked *r, enum imp_revoked_set set,
		     struct imp_span subject)
{
	const struct subject key = { set, subject };

	return r && r->count > 0 &&
	       bsearch(&key, r->entry, r->count, sizeof(*r->entry), compare);
}

int imp_revoked_check(const struct imp_revoked *r, enum imp_revoked_set set,
		      const char *what, struct imp_span subject, struct imp_error *err)
{
	char name[80];

	if (!imp_revoked_has(r, set, subject))
		return 0;
	if (set == IMP_REVOKED_DEVICE)
		imp_device_name(subject, name);
	else
		imp_short_hex(subject, name);
	return imp_fail(err, IMP_EPOLICY, "%s %s is revoked, by %s (sequence %llu)", what,
			name, r->name, (unsigned long long)r->sequence);
}

int imp_revoked_check_pub(const struct imp_revoked *r, struct imp_crypto *crypto,
			  const char *what, const struct imp_pub *key,
			  struct imp_error *err)
{
	uint8_t kid[32];

	if (imp_cose_kid(crypto, key, kid))
		return imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
	return imp_revoked_check(r, IMP_REVOKED_KEY, what, IMP_SPAN(kid), err);
}

int imp_revoked_check_approval(const struct imp_revoked *r, struct imp_crypto *crypto,
			       const struct imp_approval *a, struct imp_error *err)
{
	int rc = 0;

	for (uint32_t i = 0; !rc && i < a->count; i++)
		rc = imp_revoked_check_pub(r, crypto, "an approver's key", &a->key[i],
					   err);
	return rc;
}

int imp_revoked_check_transfer(const struct imp_revoked *r, struct imp_crypto *crypto,
			       const struct imp_transfer *t, struct imp_error *err)
{
	int rc = imp_revoked_check(r, IMP_REVOKED_DEVICE, "the device", t->target.ueid,
				   err);

	if (!rc)
		rc = imp_revoked_check_pub(r, crypto, "the new owner's key", &t->owner,
					   err);
	return rc ? rc : imp_revoked_check_approval(r, crypto, &t->approval, err);
}

/* What: "the grant", "the profile", ... */
static int check_signed(const struct imp_revoked *r, struct imp_crypto *crypto,
			const struct imp_signed *s, struct imp_error *err)
{
	char what[64];
	uint8_t id[32];
	int rc = imp_revoked_check(r, IMP_REVOKED_KEY, "the signing key", s->issuer, err);

	for (size_t i = 0; !rc && i < s->cose.count; i++)
		rc = imp_revoked_check(r, IMP_REVOKED_KEY, "the signing key",
				       imp_signed_kid(s, i), err);
	if (!rc && imp_signed_id(crypto, s, id))
		rc = imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
	snprintf(what, sizeof(what), "the %s", imp_kind_name(s->kind));
	return rc ? rc
		  : imp_revoked_check(r, IMP_REVOKED_OBJECT, what, IMP_SPAN(id), err);
}

int imp_revoked_check_object(const struct imp_revoked *r, struct imp_crypto *crypto,
			     const struct imp_signed *s, struct imp_error *err)
{
	struct imp_span next = s->cose.uh.chain;
	struct imp_signed link;
	struct imp_grant g;
	int rc;

	if (!r || r->count == 0)
		return 0;
	rc = check_signed(r, crypto, s, err);
	while (!rc && next.len > 0) {
		if (!imp_link_open(next, &link, &g))
			return imp_fail(err, IMP_EFORMAT, "its header 13 is no grant");
		rc = check_signed(r, crypto, &link, err);
		next = link.cose.uh.chain;
	}
	return rc;
}

int imp_revoked_check_grants(const struct imp_revoked *r, struct imp_crypto *crypto,
			     const struct imp_grants *g, struct imp_error *err)
{
	int rc = imp_revoked_check(r, IMP_REVOKED_KEY, "the holder of a grant",
				   IMP_SPAN(g->holder), err);

	return rc ? rc : imp_revoked_check_object(r, crypto, &g->link[0].object, err);
}

static int check_endorser(const struct imp_revoked *r, struct imp_span card,
			  struct imp_error *err)
{
	struct imp_signed s, endorsement;
	int rc = imp_signed_decode(card, &s, err);

	if (rc || !(s.cose.uh.has & IMP_HAS_CHAIN))
		return rc;
	rc = imp_signed_decode(s.cose.uh.chain, &endorsement, err);
	return rc ? rc
		  : imp_revoked_check(r, IMP_REVOKED_KEY,
				      "the factory key that endorsed its card",
				      endorsement.issuer, err);
}

int imp_revoked_check_keys(const struct imp_revoked *r, const struct imp_known *k,
			   struct imp_error *err)
{
	int rc = imp_revoked_check(r, IMP_REVOKED_KEY, "the device's signing key",
				   IMP_SPAN(k->signing_kid), err);

	if (!rc)
		rc = imp_revoked_check(r, IMP_REVOKED_KEY, "the device's sealing key",
				       IMP_SPAN(k->sealing_kid), err);
	return rc || !r || r->count == 0
		       ? rc
		       : check_endorser(r, imp_secret_span(&k->bytes), err);
}

int imp_revoked_check_card(const struct imp_revoked *r, const struct imp_known *k,
			   struct imp_error *err)
{
	int rc =
		imp_revoked_check(r, IMP_REVOKED_DEVICE, "the device", k->card.ueid, err);

	return rc ? rc : imp_revoked_check_keys(r, k, err);
}
