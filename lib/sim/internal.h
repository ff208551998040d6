/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of a simulated device share. Private to lib/sim. */
#ifndef IMP_SIM_INTERNAL_H
#define IMP_SIM_INTERNAL_H

#include "sim/device.h"

/* board.c */
int board_setup(struct imp_sim_device *d, const struct imp_sim_setup *setup,
		struct imp_error *err);
/* lie.c: the answer that a lying device gives in place of the agent's; may be the same.
 */
struct imp_span lie_about(struct imp_sim_device *d, struct imp_span request,
			  struct imp_span answer, struct imp_writer *w);
bool lie_before(struct imp_sim_device *d, struct imp_span request, struct imp_writer *w);
/* device.c */
void device_send(struct imp_sim_device *d, struct imp_span bytes);
uint64_t now_ns(void);

#endif
