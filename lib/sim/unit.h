/* SPDX-License-Identifier: Apache-2.0 */
/* Unit: one simulated board, the agent on it, and the lie it tells. Private to lib/sim.
 */
#ifndef IMP_SIM_UNIT_H
#define IMP_SIM_UNIT_H

#include "agent/agent.h"
#include "sim/flash.h"
#include "sim/keys.h"
#include "sim/lie.h"
#include "sim/settings.h"

enum { SIM_PATH = 4200 };

struct sim_unit {
	struct imp_sim_identity identity;
	uint8_t ueid[IMP_SIM_UEID];
	struct imp_board board;
	struct imp_port port;
	struct imp_crypto *crypto;	   /* borrowed */
	const struct sim_objects *objects; /* borrowed */
	struct sim_flash flash;
	struct sim_keys keys;
	uint8_t kid[32]; /* of the signing key */
	uint32_t boot;
	int boot_rc; /* of the agent: not 0 where its state cannot be read */
	struct sim_lying lying;
	struct imp_agent agent;
};

struct sim_unit_setup {
	const struct imp_sim_identity *identity;
	const char *dir;    /* the folder of the state files */
	const char *suffix; /* "" or what tells a clone's flash from the original's */
	const struct imp_pub *maker;
	bool production;
	const struct imp_signer *factory;
	const struct sim_objects *objects;
};

/*
 * Open a board's files and make what is missing: keys, blank flash, endorsement. The
 * power is off until sim_unit_boot().
 */
int sim_unit_open(struct sim_unit *u, struct imp_crypto *crypto,
		  const struct sim_unit_setup *setup, struct imp_error *err);
void sim_unit_close(struct sim_unit *u);
/* Power on. False where a scripted cut struck during the boot. */
bool sim_unit_boot(struct sim_unit *u);
/*
 * Answer one packet, lies told.
 *
 *   bare   it came on a line of bare packets
 *   w      empty where no answer is due, and where the power was lost on the way
 *          (u->flash.off)
 */
void sim_unit_handle(struct sim_unit *u, struct imp_span packet, bool bare,
		     struct imp_writer *w);

#endif
