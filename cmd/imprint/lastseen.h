/* SPDX-License-Identifier: Apache-2.0 */
/* The newest revocation list of each owner that was ever shown: an older one would put
 * back what was taken. */
#ifndef IMPRINT_LASTSEEN_H
#define IMPRINT_LASTSEEN_H

#include "issue/revoked.h"
#include "ledgerarg.h"

/*
 * Is there no newer list of this owner? The ledger knows, where one is named; else a file
 * of this user's.
 *
 *   ledger   NULL: none but that of the environment
 *   keep     remember this list, where it is new
 *
 * 0; -IMP_EPOLICY: a newer list was seen, or another one of this sequence; -IMP_EFORMAT:
 * what was remembered is damaged; -IMP_ERESOURCE; the errors of ledger_open().
 */
int lastseen_check(const struct imp_revoked *list, const struct ledger_args *ledger,
		   bool keep, struct imp_error *err);

#endif
