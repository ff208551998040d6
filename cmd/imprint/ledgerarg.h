/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger that a command works with. */
#ifndef IMPRINT_LEDGERARG_H
#define IMPRINT_LEDGERARG_H

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

#endif
