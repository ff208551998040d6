/* SPDX-License-Identifier: Apache-2.0 */
/* Between a ledger and its PostgreSQL server, on a socket of its own: cuts the line where
 * a test wants it. */
#ifndef IMPRINT_TEST_PROXY_H
#define IMPRINT_TEST_PROXY_H

#include <sys/types.h>

#include "place.h"

enum proxy_cut {
	CUT_NOTHING,
	CUT_BEFORE_COMMIT, /* the server does not get the first COMMIT */
	CUT_AFTER_COMMIT,  /* it does; its answer is lost */
};

struct proxy {
	pid_t pid;
	char folder[64]; /* of its socket */
};

/* Lets `commits` pass, then cuts one; p's ledger is reached through it from then on. */
void proxy_start(struct proxy *x, struct place *p, enum proxy_cut cut, unsigned commits);
void proxy_stop(struct proxy *x);

#endif
