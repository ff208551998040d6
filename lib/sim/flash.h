/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flash: the emulated storage of one device, in a file, with a power switch.
 *
 * Two halves as the agent sees them, and a page of the board's own: boot count and
 * endorsement. Private to lib/sim.
 */
#ifndef IMP_SIM_FLASH_H
#define IMP_SIM_FLASH_H

#include "sim/sim.h"

enum {
	SIM_HALF = 32 * 1024, /* bytes */
	SIM_UNIT = 16,
	SIM_PAGE = 4096,
	SIM_ENDORSEMENT_MAX = 1024,
};

struct sim_flash {
	uint8_t *map; /* half 0, half 1, page */
	uint32_t ops; /* erases, writes and syncs since the simulation started */
	uint32_t cut[IMP_SIM_NUMBERS];
	size_t cuts, cut_next;
	bool off; /* the power went at a cut; until the next boot everything fails */
};

/* 0, -IMP_EUSAGE (no such folder), -IMP_EFORMAT (another file), -IMP_ERESOURCE. */
int sim_flash_open(struct sim_flash *f, const char *path, struct imp_error *err);
void sim_flash_close(struct sim_flash *f);

int sim_flash_read(const struct sim_flash *f, unsigned half, uint32_t off, uint8_t *buf,
		   size_t len);
int sim_flash_erase(struct sim_flash *f, unsigned half);
/* Refuses what real flash would spoil: parts of units, and units that are not blank. */
int sim_flash_write(struct sim_flash *f, unsigned half, uint32_t off, const uint8_t *buf,
		    size_t len);
int sim_flash_sync(struct sim_flash *f);

/* Power comes back: counts the boot. */
uint32_t sim_flash_boot(struct sim_flash *f);
/* Board data; empty where there is none. */
struct imp_span sim_flash_endorsement(const struct sim_flash *f);
void sim_flash_set_endorsement(struct sim_flash *f, struct imp_span endorsement);

#endif
