/* SPDX-License-Identifier: Apache-2.0 */
/* The list of what an owner has taken back. */
#include <stdlib.h>

#include "keyarg.h"
#include "lastseen.h"
#include "revokedarg.h"
#include "scope.h"

enum { OPT_REVOKED = 0xb00, OPT_OWNER, OPT_APPROVAL };

#define REVOKED_OPTION                                                               \
	{                                                                            \
		"revoked", OPT_REVOKED, "FILE", 0,                                   \
			"Refuse what the owner's list in FILE takes back (default: " \
			"$IMPRINT_REVOKED)",                                         \
			0                                                            \
	}

#define APPROVAL_OPTION                                                                  \
	{                                                                                \
		"revoked-approval", OPT_APPROVAL, "M:PUB,...", 0,                        \
			"The list needs M of these keys besides, as the claim has it", 0 \
	}

static const struct argp_option options[] = { REVOKED_OPTION, APPROVAL_OPTION, { 0 } };

static const struct argp_option owner_options[] = {
	REVOKED_OPTION,
	APPROVAL_OPTION,
	{ "owner", OPT_OWNER, "PUB", 0, "With --revoked: the list must be signed by PUB",
	  0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct revoked_args *a = state->input;

	switch (key) {
	case OPT_REVOKED:
		a->list = arg;
		return 0;
	case OPT_OWNER:
		a->owner = arg;
		return 0;
	case OPT_APPROVAL:
		a->approval = arg;
		return 0;
	case ARGP_KEY_END:
		if (a->approval && !revoked_is_named(a))
			argp_error(state, "--revoked-approval goes with --revoked FILE");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp revoked_argp = { .options = options, .parser = parse };
const struct argp revoked_owner_argp = { .options = owner_options, .parser = parse };

static const char *name_of(const struct revoked_args *a)
{
	const char *env = getenv("IMPRINT_REVOKED");

	return a->list ? a->list : env && *env ? env : NULL;
}

bool revoked_is_named(const struct revoked_args *a)
{
	return name_of(a);
}

int revoked_open(struct imp_revoked *r, struct imp_crypto *crypto,
		 const struct revoked_args *a, const struct revoked_use *use,
		 struct imp_error *err)
{
	CLEANUP(imp_key_fini) struct imp_key key = { 0 };
	const char *name = name_of(a);
	struct imp_approval approval;
	struct imp_quorum by = { .owner = use->owner };
	int rc = 0;

	if (!name)
		return 0;
	if (!by.owner && !a->owner)
		return imp_fail(err, IMP_EUSAGE,
				"%s: missing --owner PUB: who must have signed the list?",
				name);
	if (!by.owner) {
		rc = trusted_read(crypto, a->owner, &key, err);
		by.owner = &key.pub;
	}
	if (!rc && a->approval) {
		rc = approval_parse(crypto, a->approval, NULL, &approval, err);
		by.approval = &approval;
	}
	if (!rc)
		rc = imp_revoked_read(r, crypto, name, &by, err);
	return rc ? rc : lastseen_check(r, use->ledger, !use->looks, err);
}

int revoked_check_key(const struct imp_revoked *r, struct imp_crypto *crypto,
		      const char *path, const char *what, const struct imp_pub *key,
		      struct imp_error *err)
{
	return imp_wrap(err, imp_revoked_check_pub(r, crypto, what, key, err), "%s",
			path);
}
