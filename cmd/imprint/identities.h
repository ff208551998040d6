/* SPDX-License-Identifier: Apache-2.0 */
/* Who simulated devices are, by the rows of a CSV or by a number each. */
#ifndef IMPRINT_IDENTITIES_H
#define IMPRINT_IDENTITIES_H

#include "sim/sim.h"

struct identities {
	struct imp_sim_identity *identity; /* count of them; owned */
	size_t count;
};

/*
 * Make identities.
 *
 *   path    a CSV with the columns imei, iccid and serial, all optional but imei; NULL:
 *           test TACs of 00101 and a serial number each
 *   count   0: as many as the CSV has rows, or 1
 *   out     for identities_fini
 *
 * 0, or -IMP_EUSAGE (too few rows, or too many), -IMP_EFORMAT (the CSV), -IMP_ERESOURCE.
 */
int identities_read(const char *path, unsigned count, struct identities *out,
		    struct imp_error *err);
/* Accepts a zeroed struct. */
void identities_fini(struct identities *all);

#endif
