/* SPDX-License-Identifier: Apache-2.0 */
/* Grants that a user names. */
#include <time.h>

#include "crypto/key.h"
#include "grantarg.h"
#include "keyarg.h"
#include "note.h"

enum { OPT_GRANT = 0x900, OPT_OWNER };

static const struct argp_option options[] = {
	{ "grant", OPT_GRANT, "FILE", 0,
	  "By the right that the grant in FILE gives; what it does not allow is refused",
	  0 },
	{ "owner", OPT_OWNER, "PUB", 0,
	  "With --grant or --revoked: it must be signed by PUB", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct grant_args *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->revoked;
		return 0;
	case OPT_GRANT:
		a->grant = arg;
		return 0;
	case OPT_OWNER:
		a->owner = arg;
		return 0;
	case ARGP_KEY_END:
		if (a->owner && !a->grant && !revoked_is_named(&a->revoked))
			argp_error(state, "--owner goes with --grant FILE or --revoked");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = { { &revoked_argp, 0, NULL, 0 }, { 0 } };

const struct argp grant_argp = { .options = options,
				 .parser = parse,
				 .children = children };

const struct imp_grants *grants_given(const struct imp_grants *g)
{
	return g->name ? g : NULL;
}

int grants_form(const struct imp_grants *g, const struct form_args *a, bool *many,
		struct imp_error *err)
{
	bool asked = g->name && g->link[0].grant.approval.threshold > 0;

	*many = a->many || asked;
	return a->many && g->name && !asked
		       ? imp_fail(err, IMP_EPOLICY,
				  "--to-approve: %s asks for nobody's approval", g->name)
		       : 0;
}

/* An owner's key and one that works by its grant are both for tests, or neither is. */
static int read_owner(struct imp_key *owner, struct imp_crypto *crypto,
		      const struct grant_args *a, const struct grant_use *use,
		      struct imp_error *err)
{
	int rc = trusted_read(crypto, a->owner, owner, err);

	if (!rc && use->key)
		rc = key_check_class(&(struct key_user){ use->path, use->key->class },
				     a->owner, owner, err);
	if (!rc && use->key)
		rc = key_check_class(&(struct key_user){ a->owner, owner->class },
				     use->path, use->key, err);
	return rc;
}

static int read_grant(struct imp_grants *g, struct imp_crypto *crypto,
		      const struct grant_args *a, const struct imp_pub *owner,
		      const struct imp_key *key, struct imp_error *err)
{
	int rc = imp_grants_read(g, crypto, a->grant, owner, (uint64_t)time(NULL), err);

	if (!rc && key)
		rc = imp_grants_fit(g, crypto, &key->pub, err);
	if (!rc && !owner)
		say_note("%s: the owner's signature is not verified without --owner PUB",
			 a->grant);
	return rc;
}

int grants_open(struct imp_grants *g, struct imp_revoked *revoked,
		struct imp_crypto *crypto, const struct grant_args *a,
		const struct grant_use *use, struct imp_error *err)
{
	CLEANUP(imp_key_fini) struct imp_key owner = { 0 };
	struct revoked_use list = { .looks = use->looks, .ledger = use->ledger };
	int rc = a->owner ? read_owner(&owner, crypto, a, use, err) : 0;

	if (a->owner)
		list.owner = &owner.pub;
	else if (!a->grant && use->key)
		list.owner = &use->key->pub;
	if (!rc && a->grant)
		rc = read_grant(g, crypto, a, a->owner ? &owner.pub : NULL, use->key,
				err);
	if (!rc)
		rc = revoked_open(revoked, crypto, &a->revoked, &list, err);
	if (!rc && use->key)
		rc = revoked_check_key(revoked, crypto, use->path, "the signing key",
				       &use->key->pub, err);
	return rc || !a->grant
		       ? rc
		       : imp_wrap(err, imp_revoked_check_grants(revoked, crypto, g, err),
				  "%s", a->grant);
}
