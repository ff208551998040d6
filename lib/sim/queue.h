/* SPDX-License-Identifier: Apache-2.0 */
/* Queue: bytes on their way out of a line. What does not fit is lost, as on a UART that
 * nobody reads. Private to lib/sim. */
#ifndef IMP_SIM_QUEUE_H
#define IMP_SIM_QUEUE_H

#include "base/bytes.h"

struct sim_queue {
	uint8_t *ptr; /* owned; NULL until the first byte */
	size_t cap, at, end;
};

/* All of it or nothing: half a frame helps nobody. False where it was lost. */
bool sim_queue_put(struct sim_queue *q, struct imp_span bytes);
struct imp_span sim_queue_rest(const struct sim_queue *q);
void sim_queue_drop(struct sim_queue *q, size_t n);
void sim_queue_clear(struct sim_queue *q);
void sim_queue_fini(struct sim_queue *q);

#endif
