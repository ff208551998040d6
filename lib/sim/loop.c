/* SPDX-License-Identifier: Apache-2.0 */
/* One epoll loop over an array of simulated devices. */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/attr.h"
#include "sim/internal.h"
#include "sim/loop.h"

enum { EVENTS = 64, TICK_MS = 20, CHUNK = 4096 };

static void close_int(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static int watch(int ep, int fd, void *ptr)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = ptr };

	return fd < 0 ? 0 : epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev);
}

static void unplug(struct imp_sim_device *d)
{
	unlink(d->link_path);
	d->link_path[0] = '\0';
	close_int(&d->keeper);
	close_int(&d->master); /* leaves the epoll set */
	d->keeper = d->master = -1;
}

/* Bytes that may go out now: all, or on a slow line what its rate allows. */
static size_t allowance(struct imp_sim_device *d, uint64_t now)
{
	const struct imp_fault *slow = imp_sim_fault(d, IMP_FAULT_SLOW);
	size_t left = d->pending.len - d->pending_at;

	if (!slow)
		return left;
	if (now < d->next_send_ns)
		return 0;
	d->next_send_ns = now + 1000000000ull / slow->n;
	return left > 0 ? 1 : 0;
}

static void flush(struct imp_sim_device *d, uint64_t now)
{
	size_t left = allowance(d, now);

	while (left > 0 && d->master >= 0) {
		ssize_t n = write(d->master, d->pending.ptr + d->pending_at, left);

		if (n <= 0)
			return; /* full: the next tick goes on */
		d->pending_at += (size_t)n;
		left -= (size_t)n;
	}
	if (d->pending_at == d->pending.len)
		d->pending.len = d->pending_at = 0;
}

static void receive(struct imp_sim_device *d)
{
	const struct imp_fault *gone = imp_sim_fault(d, IMP_FAULT_UNPLUG);
	uint8_t buf[CHUNK];
	ssize_t n = d->master < 0 ? 0 : read(d->master, buf, sizeof(buf));

	if (n <= 0)
		return;
	imp_sim_device_feed(d, (struct imp_span){ buf, (size_t)n });
	flush(d, now_ns());
	if (gone && d->received >= gone->n)
		unplug(d);
}

static void tick(struct imp_sim_device *d, uint64_t now)
{
	static const char flood[] =
		"<dbg> counting sheep, and counting sheep, and counting\r\n";

	if (d->reboot_at_ns != 0 && now >= d->reboot_at_ns)
		imp_sim_device_boot(d);
	if (imp_sim_fault(d, IMP_FAULT_FLOOD) && d->received > 0 &&
	    d->pending.len < CHUNK)
		(void)!imp_secret_append(&d->pending, IMP_TEXT(flood), NULL);
	flush(d, now);
}

/* Timers are needed only while somebody's output or power waits. */
static bool restless(const struct imp_sim_device *devices, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (devices[i].pending.len > 0 || devices[i].reboot_at_ns != 0 ||
		    imp_sim_fault(&devices[i], IMP_FAULT_FLOOD))
			return true;
	return false;
}

int imp_sim_loop(struct imp_sim_device *devices, size_t count, int cancel_fd,
		 int child_fd, struct imp_error *err)
{
	CLEANUP(close_int) int ep = epoll_create1(EPOLL_CLOEXEC);
	int bad = ep < 0 || watch(ep, cancel_fd, NULL) || watch(ep, child_fd, NULL);

	for (size_t i = 0; !bad && i < count; i++)
		bad = watch(ep, devices[i].master, &devices[i]);
	if (bad)
		return imp_fail(err, IMP_ERESOURCE, "epoll: %s", strerror(errno));
	for (;;) {
		struct epoll_event ev[EVENTS];
		int n = epoll_wait(ep, ev, EVENTS,
				   restless(devices, count) ? TICK_MS : -1);
		uint64_t now = now_ns();

		if (n < 0 && errno != EINTR)
			return imp_fail(err, IMP_ERESOURCE, "epoll: %s", strerror(errno));
		for (int i = 0; i < n; i++) {
			if (!ev[i].data.ptr)
				return 0;
			receive(ev[i].data.ptr);
		}
		for (size_t i = 0; i < count; i++)
			tick(&devices[i], now);
	}
}
