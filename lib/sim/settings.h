/* SPDX-License-Identifier: Apache-2.0 */
/* What a simulated board makes of settings. Private to lib/sim. */
#ifndef IMP_SIM_SETTINGS_H
#define IMP_SIM_SETTINGS_H

#include "base/reason.h"
#include "model/object.h"

enum { SIM_VENDOR_OBJECTS = 32 };

/* What the firmware of the boards has: the objects that ship, and a vendor's. */
struct sim_objects {
	const struct imp_catalog *vendor; /* borrowed; NULL: none */
	uint8_t map[512];		  /* {object => version text}, as in a card */
	size_t len;			  /* bytes of map */
};

/* 0; -IMP_EUSAGE: one that ships, or more than SIM_VENDOR_OBJECTS. */
int sim_objects_init(struct sim_objects *o, const struct imp_catalog *vendor,
		     struct imp_error *err) IMP_MUST_CHECK;

/* Would the board take them: resources that it has, of the type that they have? */
enum imp_reason sim_settings_check(const struct sim_objects *o, struct imp_span settings);

#endif
