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
	{ "owner", OPT_OWNER, "PUB", 0, "With --grant: it must be signed by PUB", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct grant_args *a = state->input;

	switch (key) {
	case OPT_GRANT:
		a->grant = arg;
		return 0;
	case OPT_OWNER:
		a->owner = arg;
		return 0;
	case ARGP_KEY_END:
		if (a->owner && !a->grant)
			argp_error(state, "--owner goes with --grant FILE");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp grant_argp = { .options = options, .parser = parse };

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

int grants_open(struct imp_grants *g, struct imp_crypto *crypto,
		const struct grant_args *a, const struct imp_pub *key,
		struct imp_error *err)
{
	CLEANUP(imp_key_fini) struct imp_key owner = { 0 };
	int rc;

	if (!a->grant)
		return 0;
	rc = a->owner ? trusted_read(crypto, a->owner, &owner, err) : 0;
	if (!rc)
		rc = imp_grants_read(g, crypto, a->grant, a->owner ? &owner.pub : NULL,
				     (uint64_t)time(NULL), err);
	if (!rc && key)
		rc = imp_grants_fit(g, crypto, key, err);
	if (!rc && !a->owner)
		say_note("%s: the owner's signature is not verified without --owner PUB",
			 a->grant);
	return rc;
}
