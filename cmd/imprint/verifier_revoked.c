/* SPDX-License-Identifier: Apache-2.0 */
/* What devices hold and are sent, held against an owner's list of what is revoked. */
#include "keyarg.h"
#include "object/package.h"
#include "object/signed.h"
#include "verifier.h"

int verifier_revoke(struct verifier *v, struct imp_crypto *crypto,
		    const struct verifier_args *verifier, const struct revoked_args *a,
		    const struct revoked_use *use, struct imp_error *err)
{
	CLEANUP(imp_key_fini) struct imp_key owner = { 0 };
	struct revoked_use by = *use;
	int rc = 0;

	if (!revoked_is_named(a))
		return 0;
	if (verifier->owner) {
		rc = trusted_read(crypto, verifier->owner, &owner, err);
		by.owner = &owner.pub;
	}
	return rc ? rc : revoked_open(&v->revoked, crypto, a, &by, err);
}

/* As its outside has it: the inside is between its signer and the device. */
static int check_package(const struct imp_revoked *r, struct imp_span object,
			 struct imp_error *err)
{
	struct imp_package k;
	int rc;

	if (imp_package_decode(object, &k, NULL))
		return 0; /* the device refuses it */
	rc = imp_revoked_check(r, IMP_REVOKED_KEY, "the signing key", k.claims.issuer,
			       err);
	if (!rc)
		rc = imp_revoked_check(r, IMP_REVOKED_OBJECT, "the profile",
				       k.claims.profile_id, err);
	return rc ? rc
		  : imp_revoked_check(r, IMP_REVOKED_DEVICE, "the device", k.claims.ueid,
				      err);
}

int verifier_allows(const struct verifier *v, struct device *d, struct imp_span object)
{
	struct imp_signed s;
	int rc = 0;

	if (imp_cose_tag(object) == IMP_TAG_ENCRYPT)
		rc = check_package(&v->revoked, object, &d->err);
	else if (imp_signed_decode(object, &s, NULL) == 0)
		rc = imp_revoked_check_object(&v->revoked, d->crypto, &s, &d->err);
	return imp_wrap(&d->err, rc, "%s: %s", d->uri, d->name);
}

int verifier_allows_held(const struct verifier *v, struct device *d)
{
	const struct imp_evidence *t = &d->appraisal.token;
	int rc = t->owned ? imp_revoked_check(&v->revoked, IMP_REVOKED_KEY, "its owner",
					      t->owner, &d->err)
			  : 0;

	for (unsigned i = 0; !rc && i < IMP_EVIDENCE_DOMAINS; i++) {
		char what[48];

		if (!(t->used >> i & 1) || t->domain[i].state != IMP_DOMAIN_SET)
			continue;
		snprintf(what, sizeof(what), "domain %u: the signing key", i);
		rc = imp_revoked_check(&v->revoked, IMP_REVOKED_KEY, what,
				       t->domain[i].authority, &d->err);
		snprintf(what, sizeof(what), "domain %u: the profile", i);
		if (!rc)
			rc = imp_revoked_check(&v->revoked, IMP_REVOKED_OBJECT, what,
					       t->domain[i].id, &d->err);
	}
	return imp_wrap(&d->err, rc, "%s: %s", d->uri, d->name);
}
