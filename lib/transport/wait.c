/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting with a deadline and a way out. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "transport/wait.h"

enum { SECOND = 1000000000 };

uint64_t imp_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * SECOND + (uint64_t)t.tv_nsec;
}

static struct timespec left_until(uint64_t deadline_ns)
{
	uint64_t now = imp_now_ns();
	uint64_t left = deadline_ns > now ? deadline_ns - now : 0;

	return (struct timespec){ (time_t)(left / SECOND), (long)(left % SECOND) };
}

int wait_any(struct pollfd *fds, size_t count, const struct imp_wait *wait,
	     const char *name, struct imp_error *err)
{
	struct pollfd all[WAIT_FDS + 1];
	struct timespec left;
	int n;

	if (count > WAIT_FDS)
		return imp_fail(err, IMP_EINTERNAL, "%s: %zu descriptors", name, count);
	memcpy(all, fds, count * sizeof(*fds));
	all[count] = (struct pollfd){ .fd = wait->cancel_fd, .events = POLLIN };
	do {
		left = left_until(wait->deadline_ns);
		n = ppoll(all, (nfds_t)count + 1, &left, NULL);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return imp_fail(err, IMP_ETRANSPORT, "%s: %s", name, strerror(errno));
	if (n > 0 && all[count].revents)
		return imp_fail(err, IMP_EINTERRUPTED, "interrupted");
	memcpy(fds, all, count * sizeof(*fds));
	return n > 0;
}

int wait_for(int fd, short events, const struct imp_wait *wait, const char *name,
	     struct imp_error *err)
{
	struct pollfd one = { .fd = fd, .events = events };

	return wait_any(&one, 1, wait, name, err);
}

int wait_check(const struct imp_wait *wait, struct imp_error *err)
{
	const struct imp_wait now = { .cancel_fd = wait->cancel_fd };
	struct pollfd none;

	return wait_any(&none, 0, &now, "", err);
}

struct imp_wait wait_at_most(const struct imp_wait *wait, uint64_t ns)
{
	uint64_t end = imp_now_ns() + ns;

	return (struct imp_wait){
		.deadline_ns = end < wait->deadline_ns ? end : wait->deadline_ns,
		.cancel_fd = wait->cancel_fd,
	};
}
