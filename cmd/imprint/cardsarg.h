/* SPDX-License-Identifier: Apache-2.0 */
/* Which devices are known to a command, and whose word for their keys counts. */
#ifndef IMPRINT_CARDSARG_H
#define IMPRINT_CARDSARG_H

#include "args.h"
#include "keyarg.h"
#include "ledgerarg.h"

/* --cards, --factory, --ledger, --station */
struct cards_args {
	const char *cards; /* NULL: not given */
	struct path_list factories;
	struct ledger_args ledger;
};
extern const struct argp cards_argp;

/* Are there any: in a file, or in a ledger? */
bool cards_are_named(const struct cards_args *a);
/* Do these factories vouch for anything that this key works with? `test` is one that is
 * for tests, or NULL. 0, -IMP_EPOLICY. */
int factories_check(const struct key_user *by, const char *test, struct imp_error *err);
/* Public keys of --factory and the like. out has room for as many as the list has; *test
 * becomes the path of one of class test, or NULL; test may be NULL. */
int pubs_read(struct imp_crypto *crypto, const struct path_list *l, struct imp_pub *out,
	      const char **test, struct imp_error *err);

#endif
