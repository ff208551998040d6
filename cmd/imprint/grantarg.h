/* SPDX-License-Identifier: Apache-2.0 */
/* Grants that a user names: --grant, and --owner who gave it. */
#ifndef IMPRINT_GRANTARG_H
#define IMPRINT_GRANTARG_H

#include "args.h"
#include "issue/grants.h"

/* --grant, --owner */
struct grant_args {
	const char *grant; /* NULL: the owner's own right */
	const char *owner;
};
extern const struct argp grant_argp;

/*
 * Read the grant, where one is named, and say where its owner's signature was not
 * verified.
 *
 *   key   whose objects it must allow; NULL: anybody's
 *
 * 0, or the errors of imp_grants_read() and imp_grants_fit().
 */
int grants_open(struct imp_grants *g, struct imp_crypto *crypto,
		const struct grant_args *a, const struct imp_pub *key,
		struct imp_error *err);
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
