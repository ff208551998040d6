/* SPDX-License-Identifier: Apache-2.0 */
/* What simulate says of its devices once they are there. */
#ifndef IMPRINT_ANNOUNCE_H
#define IMPRINT_ANNOUNCE_H

#include "sim/sim.h"

/* A line a device, or an object of JSON, and that they are ready. */
void announce(const struct imp_sim *sim, const struct imp_sim_identity *identity,
	      size_t count, bool json);

#endif
