/* SPDX-License-Identifier: Apache-2.0 */
/* The two private keys of a simulated device, in a file of mode 0600. Private to lib/sim.
 */
#ifndef IMP_SIM_KEYS_H
#define IMP_SIM_KEYS_H

#include "sim/sim.h"

struct sim_keys {
	uint8_t signing[32], sealing[32]; /* P-256 scalars */
	struct imp_pub signing_pub, sealing_pub;
};

/* Read them, or make them where the file is missing. 0, -IMP_EKEY, -IMP_ERESOURCE. */
int sim_keys_open(struct sim_keys *k, struct imp_crypto *crypto, const char *path,
		  struct imp_error *err);
void sim_keys_wipe(struct sim_keys *k);

#endif
