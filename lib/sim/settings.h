/* SPDX-License-Identifier: Apache-2.0 */
/* What a simulated board makes of settings. Private to lib/sim. */
#ifndef IMP_SIM_SETTINGS_H
#define IMP_SIM_SETTINGS_H

#include "base/bytes.h"
#include "base/reason.h"

/* Would the board take them: resources that it has, of the type that they have? */
enum imp_reason sim_settings_check(struct imp_span settings);

#endif
