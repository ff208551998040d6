/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting with a deadline and a way out. Private to lib/transport. */
#ifndef IMP_TRANSPORT_WAIT_H
#define IMP_TRANSPORT_WAIT_H

#include <poll.h>

#include "transport/transport.h"

enum { WAIT_FDS = 16 };

/*
 * Wait until one of `count` descriptors, at most WAIT_FDS, has an event; revents are set.
 * Whoever cancels comes first, what is ready comes before the deadline.
 *
 *   name   for messages
 *
 * 1, 0 at the deadline, -IMP_EINTERRUPTED, -IMP_ETRANSPORT.
 */
int wait_any(struct pollfd *fds, size_t count, const struct imp_wait *wait,
	     const char *name, struct imp_error *err) IMP_MUST_CHECK;
/* The same for one descriptor. */
int wait_for(int fd, short events, const struct imp_wait *wait, const char *name,
	     struct imp_error *err) IMP_MUST_CHECK;
/* 0, or -IMP_EINTERRUPTED where it was cancelled already. */
int wait_check(const struct imp_wait *wait, struct imp_error *err) IMP_MUST_CHECK;
/* A wait for at most so long, within another. */
struct imp_wait wait_at_most(const struct imp_wait *wait, uint64_t ns);

#endif
