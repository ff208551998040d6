/* SPDX-License-Identifier: Apache-2.0 */
/* Issuing one profile. */
#include "issue/seal.h"
#include "base/wipe.h"
#include "cose/published.h"
#include "crypto/key.h"
#include "issue/approve.h"
#include "issue/issuer.h"
#include "object/profile.h"
#include "object/seal.h"
#include "object/signed.h"

/* {13: grant}; empty for the owner. */
static struct imp_span header_of(const struct imp_right *right)
{
	return right->grants ? imp_secret_span(&right->grants->un)
			     : (struct imp_span){ 0 };
}

static int sign(struct imp_crypto *crypto, const struct imp_right *right,
		struct imp_span profile, struct imp_writer *w, uint8_t id[IMP_ID_LEN],
		struct imp_error *err)
{
	if (right->leaves)
		return imp_leaves_put(right->leaves, crypto, right->leaf, profile, w, id,
				      err);
	return imp_signed_put_one(crypto, right->signer, IMP_KIND_PROFILE,
				  header_of(right), profile, w, id)
		       ? imp_sign_failed(right->signer, err)
		       : 0;
}

/* device: what is known of it besides the profile's target; NULL: nothing. */
static int allow(const struct imp_right *right, const struct imp_profile *p,
		 const struct imp_target *device, struct imp_error *err)
{
	int rc = imp_revoked_check(right->revoked, IMP_REVOKED_DEVICE, "the device",
				   p->target.ueid, err);

	return rc || !right->grants
		       ? rc
		       : imp_grants_allow_profile(right->grants, p, device, NULL, err);
}

int imp_issue_sign(struct imp_crypto *crypto, const struct imp_right *right,
		   struct imp_span profile, struct imp_writer *w, struct imp_error *err)
{
	struct imp_profile p;
	int rc = imp_profile_decode(profile, &p, err);

	if (!rc)
		rc = allow(right, &p, NULL, err);
	if (!rc && right->many && !right->leaves)
		return imp_issuer_sign(crypto, right->signer, true, IMP_KIND_PROFILE,
				       header_of(right), profile, w, err);
	return rc ? rc : sign(crypto, right, profile, w, NULL, err);
}

int imp_issue_leaf(struct imp_crypto *crypto, const struct imp_right *right,
		   struct imp_span profile, struct imp_leaves *leaves,
		   struct imp_error *err)
{
	struct imp_profile p;
	int rc = imp_profile_decode(profile, &p, err);

	if (!rc)
		rc = allow(right, &p, NULL, err);
	return rc ? rc : imp_leaves_add(leaves, crypto, profile, err);
}

int imp_issue_root(struct imp_crypto *crypto, const struct imp_right *right,
		   struct imp_span label, struct imp_leaves *leaves,
		   struct imp_error *err)
{
	leaves->many = right->many;
	return imp_leaves_sign(leaves, crypto, right->signer, header_of(right), label,
			       err);
}

/* A signed profile on its way to a device. */
struct sealing {
	struct imp_crypto *crypto;
	const struct imp_sealer *sealer;
	const struct imp_pub *key;
	struct imp_span issuer; /* kid */
	struct imp_profile profile;
	uint8_t id[IMP_ID_LEN];
	char name[80];
	struct imp_known known; /* the card, where there is one */
	bool has_card;
};

static int no_key(const struct sealing *s, struct imp_error *err)
{
	int rc =
		imp_fail(err, IMP_EPOLICY, "%s: no card, and no key of its own", s->name);

	return imp_hint(err, rc,
			"imprint enroll reads the card; a column key names a key");
}

static int not_trusted(const struct sealing *s, struct imp_error *err)
{
	int rc = imp_fail(err, IMP_EPOLICY,
			  s->has_card
				  ? "%s: its key is asserted by the device alone, and "
				    "the profile may hold secrets"
				  : "%s: nobody vouches for its key, and the profile may "
				    "hold secrets",
			  s->name);

	return imp_hint(err, rc,
			"--factory PUB names the key that endorsed it; "
			"--accept-asserted goes without");
}

/* Is there a key, do all agree on it, and may it be used? */
static int check_key(struct sealing *s, bool *asserted, struct imp_error *err)
{
	struct imp_span wanted = s->profile.target.sealing;
	const struct imp_pub *card = &s->known.card.sealing;
	uint8_t kid[IMP_KID_LEN];

	if (!s->has_card && !s->key)
		return no_key(s, err);
	if (s->has_card && s->key && !imp_pub_eq(s->key, card))
		return imp_fail(err, IMP_EPOLICY,
				"%s: the key given is another than in its card", s->name);
	if (s->has_card)
		s->key = card;
	*asserted = !s->has_card || s->known.assurance == IMP_ASSERTED;
	if (*asserted && !s->sealer->accept_asserted)
		return not_trusted(s, err);
	if (imp_cose_kid(s->crypto, s->key, kid))
		return imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
	if (imp_published(kid))
		return imp_fail(err, IMP_EPOLICY,
				"%s: its private key is published (%s): everybody could "
				"read the package",
				s->name, imp_published(kid));
	if (wanted.len > 0 && !imp_span_eq(wanted, IMP_SPAN(kid)))
		return imp_fail(err, IMP_EPOLICY,
				"%s: the profile is for another sealing key", s->name);
	return imp_wrap(err,
			imp_revoked_check(s->sealer->revoked, IMP_REVOKED_KEY,
					  "its sealing key", IMP_SPAN(kid), err),
			"%s", s->name);
}

/* Of the profile and of whoever it is for. */
static int check_revoked(const struct sealing *s, struct imp_error *err)
{
	const struct imp_revoked *r = s->sealer->revoked;
	int rc = imp_revoked_check(r, IMP_REVOKED_DEVICE, "the device",
				   s->profile.target.ueid, err);

	if (!rc)
		rc = imp_revoked_check(r, IMP_REVOKED_OBJECT, "the profile",
				       IMP_SPAN(s->id), err);
	if (!rc && s->has_card)
		rc = imp_revoked_check_card(r, &s->known, err);
	return imp_wrap(err, rc, "%s", s->name);
}

static int check_objects(const struct sealing *s, struct imp_error *err)
{
	struct imp_settings_walk walk;

	if (!s->has_card)
		return 0;
	imp_settings_begin(&walk, s->profile.settings);
	while (imp_settings_next(&walk))
		if (!imp_card_has_object(&s->known.card, walk.at.object))
			return imp_fail(err, IMP_EPOLICY,
					"%s: its firmware has no object %u", s->name,
					walk.at.object);
	return 0;
}

static int find_card(struct sealing *s, struct imp_error *err)
{
	int rc = 0;

	imp_device_name(s->profile.target.ueid, s->name);
	if (s->sealer->cards)
		rc = imp_cards_find(s->sealer->cards, s->crypto, s->profile.target.ueid,
				    &s->known, err);
	s->has_card = rc > 0;
	return rc < 0 ? rc : 0;
}

static int put(const struct sealing *s, struct imp_span object, struct imp_writer *w,
	       struct imp_error *err)
{
	const struct imp_profile *p = &s->profile;
	const struct imp_package_claims claims = { .ueid = p->target.ueid,
						   .profile_id = IMP_SPAN(s->id),
						   .issuer = s->issuer,
						   .domain = p->domain,
						   .epochs = { p->epochs[0],
							       p->epochs[1] },
						   .sequence = p->sequence };
	size_t before = w->len;
	int rc = imp_package_seal(s->crypto, s->key, &claims, object, w);

	if (rc)
		return imp_fail(err, (enum imp_code) - rc, "%s: sealing failed", s->name);
	if (s->has_card && w->len - before > s->known.card.largest)
		return imp_fail(err, IMP_EPOLICY,
				"%s: package of %zu bytes, the device takes %u", s->name,
				w->len - before, s->known.card.largest);
	return 0;
}

/* The profile, its id, its issuer and the card are known. */
static int seal(struct sealing *s, struct imp_span object, struct imp_writer *w,
		bool *asserted, struct imp_error *err)
{
	int rc = check_key(s, asserted, err);

	if (!rc)
		rc = check_revoked(s, err);
	if (!rc)
		rc = check_objects(s, err);
	return rc ? rc : put(s, object, w, err);
}

int imp_issue_seal(struct imp_crypto *crypto, const struct imp_sealer *sealer,
		   const struct imp_pub *key, struct imp_span object,
		   struct imp_writer *w, bool *asserted, struct imp_error *err)
{
	struct sealing s = { .crypto = crypto, .sealer = sealer, .key = key };
	const struct imp_quorum told = { .approval = sealer->approval };
	struct imp_signed signed_;
	int rc = imp_signed_decode(object, &signed_, err);

	if (!rc && signed_.kind != IMP_KIND_PROFILE)
		rc = imp_fail(err, IMP_EFORMAT, "is a %s, expected a profile",
			      imp_kind_name(signed_.kind));
	if (!rc)
		rc = imp_profile_decode(signed_.payload, &s.profile, err);
	if (!rc)
		rc = imp_approvals_check(crypto, &signed_, &told, err);
	if (!rc && imp_signed_id(crypto, &signed_, s.id))
		rc = imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
	s.issuer = signed_.issuer;
	if (!rc)
		rc = imp_revoked_check_object(sealer->revoked, crypto, &signed_, err);
	if (!rc)
		rc = find_card(&s, err);
	if (!rc)
		rc = seal(&s, object, w, asserted, err);
	imp_known_fini(&s.known);
	return rc;
}

/* What its card tells of the device counts, too. */
static int allow_known(const struct sealing *s, const struct imp_right *right,
		       struct imp_error *err)
{
	const struct imp_card *card = &s->known.card;
	const struct imp_target device = { .has_oemid = true,
					   .oemid = card->oemid,
					   .hwmodel = card->hwmodel };
	int rc = allow(right, &s->profile, s->has_card ? &device : NULL, err);

	return imp_wrap(err, rc, "%s", s->name);
}

int imp_issue_pack(struct imp_crypto *crypto, const struct imp_right *right,
		   const struct imp_sealer *sealer, const struct imp_pub *key,
		   struct imp_span profile, struct imp_writer *w, bool *asserted,
		   struct imp_error *err)
{
	struct sealing s = { .crypto = crypto, .sealer = sealer, .key = key };
	uint8_t object[IMP_CBOR_MAX], kid[IMP_KID_LEN];
	struct imp_writer o = imp_writer(object, sizeof(object));
	int rc = imp_profile_decode(profile, &s.profile, err);

	if (!rc)
		rc = find_card(&s, err);
	if (!rc)
		rc = allow_known(&s, right, err);
	if (!rc)
		rc = sign(crypto, right, profile, &o, s.id, err);
	if (!rc && imp_cose_kid(crypto, &right->signer->pub, kid))
		rc = imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
	s.issuer = IMP_SPAN(kid);
	if (!rc)
		rc = seal(&s, imp_written(&o), w, asserted, err);
	imp_known_fini(&s.known);
	imp_wipe(object, o.len);
	return rc;
}
