/* SPDX-License-Identifier: Apache-2.0 */
/* Pty: one pseudo-terminal under a stable link. Private to lib/sim. */
#ifndef IMP_SIM_TERMINAL_H
#define IMP_SIM_TERMINAL_H

#include "base/error.h"

struct sim_pty {
	int master, slave; /* -1: closed */
	char tty[32];	   /* /dev/pts/7 */
};

/* Open one in raw mode and put the link there. 0, -IMP_EUSAGE (something else has the
 * link's name), -IMP_ERESOURCE. */
int sim_pty_open(struct sim_pty *p, const char *link, struct imp_error *err);
/* The line goes dead: whoever has it open sees an unplug. */
void sim_pty_close(struct sim_pty *p, const char *link);

#endif
