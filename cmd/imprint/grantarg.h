/* SPDX-License-Identifier: Apache-2.0 */
/* Grants that a user names: --grant, and --owner who gave it. */
#ifndef IMPRINT_GRANTARG_H
#define IMPRINT_GRANTARG_H

#include "args.h"
#include "issue/grants.h"
#include "revokedarg.h"

/* --grant, --owner, --revoked */
struct grant_args {
	const char *grant; /* NULL: the owner's own right */
	const char *owner;
	struct revoked_args revoked;
};
extern const struct argp grant_argp;

/* What it is read for. */
struct grant_use {
	const char *path;	   /* of the key */
	const struct imp_key *key; /* whose objects it must allow; NULL: anybody's */
	bool looks;		   /* nothing is written */
	const struct ledger_args *ledger; /* NULL: none but that of the environment */
};

/*
 * Read the grant, where one is named, and say where its owner's signature was not
 * verified; and the owner's list of what is revoked, where that is named.
 *
 * 0; -IMP_EPOLICY: a test key meets one for production; the errors of imp_grants_read(),
 * imp_grants_fit(), revoked_open() and imp_revoked_check_grants().
 */
int grants_open(struct imp_grants *g, struct imp_revoked *revoked,
		struct imp_crypto *crypto, const struct grant_args *a,
		const struct grant_use *use, struct imp_error *err);
/*
 * Does what the holder, or the owner, signs need room for others' signatures?
 *
 *   many   set where it does: the grant says so, or the option
 *
 * 0, or -IMP_EPOLICY: the option, and a grant that asks for nobody.
 */
int grants_form(const struct imp_grants *g, const struct form_args *a, bool *many,
		struct imp_error *err);
/* NULL where none is named. */
const struct imp_grants *grants_given(const struct imp_grants *g);

#endif
