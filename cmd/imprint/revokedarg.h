/* SPDX-License-Identifier: Apache-2.0 */
/* The list of what an owner has taken back, as a user names it: --revoked, or
 * $IMPRINT_REVOKED. */
#ifndef IMPRINT_REVOKEDARG_H
#define IMPRINT_REVOKEDARG_H

#include "args.h"
#include "issue/revoked.h"
#include "ledgerarg.h"

/* --revoked, --revoked-approval; --owner in revoked_owner_argp only */
struct revoked_args {
	const char *list, *owner;
	const char *approval; /* NULL: not known */
};
extern const struct argp revoked_argp;
extern const struct argp revoked_owner_argp; /* for commands that have no --owner */

/* Is one named, by --revoked or in the environment? */
bool revoked_is_named(const struct revoked_args *a);

struct revoked_use {
	const struct imp_pub *owner;	  /* who must have signed it; NULL: not known */
	const struct ledger_args *ledger; /* NULL: none but that of the environment */
	bool looks; /* nothing is written, not even that it was seen */
};
/*
 * Read the list, where one is named, and see that it is the newest.
 *
 *   r   nothing is read where none is named
 *
 * 0; -IMP_EUSAGE: nobody says whose it is; the errors of imp_revoked_read() and
 * lastseen_check().
 */
int revoked_open(struct imp_revoked *r, struct imp_crypto *crypto,
		 const struct revoked_args *a, const struct revoked_use *use,
		 struct imp_error *err);

/* Is a key that the user named still good? The message names its path. 0, -IMP_EPOLICY,
 * -IMP_EINTERNAL. */
int revoked_check_key(const struct imp_revoked *r, struct imp_crypto *crypto,
		      const char *path, const char *what, const struct imp_pub *key,
		      struct imp_error *err);

#endif
