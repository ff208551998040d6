/* SPDX-License-Identifier: Apache-2.0 */
/* One epoll loop over all lines. */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "sim/state.h"
#include "transport/transport.h"

enum { EVENTS = 64, STOPS = 4 };

static const uint64_t PATIENCE_NS = 30000000000u, LOOK_NS = 20000000u;

/* ADD fails with EEXIST where the descriptor is watched already; a closed one leaves by
 * itself. */
static void watch(struct sim_line *l, int fd, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = l };

	if (fd >= 0 && epoll_ctl(l->sim->epoll, EPOLL_CTL_MOD, fd, &ev) != 0)
		(void)epoll_ctl(l->sim->epoll, EPOLL_CTL_ADD, fd, &ev);
}

void sim_watch(struct sim_line *l)
{
	watch(l, l->port.fd, l->blocked ? EPOLLIN | EPOLLOUT : EPOLLIN);
	watch(l, l->port.door, EPOLLIN);
}

static int wait_ms(const struct imp_sim *s, uint64_t until_ns)
{
	uint64_t next = until_ns, now;

	for (size_t i = 0; i < s->count; i++) {
		uint64_t t = s->line[i].wake_ns;

		if (t && (next == 0 || t < next))
			next = t;
	}
	if (next == 0)
		return -1;
	now = imp_now_ns();
	return next <= now ? 0 : (int)((next - now) / 1000000 + 1);
}

static void tell_ports(struct imp_sim *s)
{
	char buf[4096];
	ssize_t len;

	while ((len = read(s->inotify, buf, sizeof(buf))) > 0) {
		struct inotify_event e;

		for (const char *at = buf; at < buf + len; at += sizeof(e) + e.len) {
			memcpy(&e, at, sizeof(e));
			for (size_t i = 0; i < s->count; i++)
				sim_pty_closed(&s->line[i].port, e.wd);
		}
	}
}

static void serve(struct imp_sim *s, const struct epoll_event *ev, size_t n)
{
	uint64_t now;

	for (size_t i = 0; i < n; i++) {
		struct sim_line *l = ev[i].data.ptr;

		if (ev[i].data.ptr == &s->inotify) {
			tell_ports(s);
			continue;
		}
		if (ev[i].events & EPOLLOUT)
			sim_line_writable(l);
		if ((ev[i].events & EPOLLIN) && sim_port_is_plugged(&l->port))
			sim_line_readable(l);
	}
	now = imp_now_ns();
	for (size_t i = 0; i < s->count; i++)
		sim_line_wake(&s->line[i], now);
}

static bool is_stop(const struct epoll_event *ev, const int *stop, size_t count,
		    int *which)
{
	for (size_t i = 0; i < count; i++)
		if (ev->data.ptr == &stop[i]) {
			*which = (int)i;
			return true;
		}
	return false;
}

static int watch_stops(struct imp_sim *s, const int *stop, size_t count,
		       struct imp_error *err)
{
	for (size_t i = 0; i < count; i++) {
		struct epoll_event ev = { .events = EPOLLIN,
					  .data.ptr = (void *)(uintptr_t)&stop[i] };

		if (stop[i] >= 0 && epoll_ctl(s->epoll, EPOLL_CTL_ADD, stop[i], &ev) != 0)
			return imp_fail(err, IMP_EINTERNAL, "epoll: %s", strerror(errno));
	}
	return 0;
}

static int watch_closes(struct imp_sim *s, struct imp_error *err)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = &s->inotify };

	if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, s->inotify, &ev) != 0 && errno != EEXIST)
		return imp_fail(err, IMP_EINTERNAL, "epoll: %s", strerror(errno));
	return 0;
}

static void unwatch_stops(struct imp_sim *s, const int *stop, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (stop[i] >= 0)
			(void)epoll_ctl(s->epoll, EPOLL_CTL_DEL, stop[i], NULL);
}

/* Until one of the descriptors becomes readable: its index. Or until then, where it is
 * not 0: count. */
static int run(struct imp_sim *s, const int *stop, size_t count, uint64_t until_ns,
	       struct imp_error *err)
{
	struct epoll_event ev[EVENTS];
	int which = -1, rc = watch_closes(s, err);

	if (!rc)
		rc = watch_stops(s, stop, count, err);
	while (!rc && which < 0) {
		int n = epoll_wait(s->epoll, ev, EVENTS, wait_ms(s, until_ns));

		if (n < 0 && errno != EINTR)
			rc = imp_fail(err, IMP_EINTERNAL, "epoll: %s", strerror(errno));
		for (int i = 0; i < n && which < 0; i++)
			(void)is_stop(&ev[i], stop, count, &which);
		if (which < 0 && !rc)
			serve(s, ev, n > 0 ? (size_t)n : 0);
		if (which < 0 && until_ns && imp_now_ns() >= until_ns)
			which = (int)count;
	}
	unwatch_stops(s, stop, count);
	return rc ? rc : which;
}

int imp_sim_run(struct imp_sim *s, const int *stop, size_t count, struct imp_error *err)
{
	return run(s, stop, count, 0, err);
}

/* How many can be found by hosts; *down is one of the others. */
static size_t count_up(const struct imp_sim *s, const struct sim_port **down)
{
	size_t up = 0;

	for (size_t i = 0; i < s->count; i++) {
		const struct sim_port *p = &s->line[i].port;
		bool is_up = !p->ops->is_up || p->ops->is_up(p);

		up += is_up;
		if (!is_up)
			*down = p;
	}
	return up;
}

/* Patience begins anew with each device: emulators of processors are slow. */
int imp_sim_settle(struct imp_sim *s, int stop, struct imp_error *err)
{
	const struct sim_port *down = NULL;
	uint64_t end = 0;
	size_t up, before = 0;

	while ((up = count_up(s, &down)) < s->count) {
		uint64_t now = imp_now_ns();
		int rc;

		if (end == 0 || up > before)
			end = now + PATIENCE_NS;
		before = up;
		if (now >= end)
			return imp_fail(err, IMP_ERESOURCE,
					"%s: the kernel does not take up the device at "
					"%s",
					down->link, down->name);
		rc = run(s, &stop, 1, now + LOOK_NS, err);
		if (rc == 0)
			return imp_fail(err, IMP_EINTERRUPTED, "interrupted");
		if (rc < 0)
			return rc;
	}
	return 0;
}
