/* SPDX-License-Identifier: Apache-2.0 */
/* One epoll loop over an array of simulated devices. */
#ifndef IMP_SIM_LOOP_H
#define IMP_SIM_LOOP_H

#include "sim/device.h"

/*
 * Serve all devices until cancel_fd becomes readable.
 *
 *   child_fd   a pidfd, or -1; when it becomes readable the loop ends
 *
 * 0, or -IMP_ERESOURCE.
 */
int imp_sim_loop(struct imp_sim_device *devices, size_t count, int cancel_fd,
		 int child_fd, struct imp_error *err) IMP_MUST_CHECK;

#endif
