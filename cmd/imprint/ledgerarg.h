/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger that a command works with. */
#ifndef IMPRINT_LEDGERARG_H
#define IMPRINT_LEDGERARG_H

#include <limits.h>

#include "ledger/ledger.h"

/* --ledger, --station */
struct ledger_args {
	const char *name;    /* NULL: not given */
	const char *station; /* NULL: the host's name */
};
extern const struct argp ledger_argp;

/* Is one named, by --ledger or in the environment? */
bool ledger_is_named(const struct ledger_args *a);

struct ledger_new {
	bool make;
	bool empty;	    /* to be imported */
	const char *origin; /* NULL: a random one */
};

/*
 * Open the ledger that is named, or the user's own.
 *
 *   how   NULL: it must be there
 *
 * 0, or the errors of imp_ledger_open().
 */
int ledger_open(const struct ledger_args *a, const struct ledger_new *how,
		struct imp_ledger **out, struct imp_error *err);

/*
 * The file of a ledger that is to be made, where there is none yet: it is made, empty,
 * and whoever fails to fill it takes it away again.
 *
 *   made   its path; "" where it was there before, or is no file
 *
 * 0, or the errors of state_path(); what else is wrong, opening it tells.
 */
int ledger_make_file(const struct ledger_args *a, char made[PATH_MAX],
		     struct imp_error *err);
/* Take it away; "" is nothing. */
void ledger_drop_file(const char *made);

#endif
