/* SPDX-License-Identifier: Apache-2.0 */
/* Lines that are descriptors: pseudo-terminals and TCP. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rig.h"
#include "transport/tcp.h"

struct line {
	struct rig *rig;
	pthread_t thread;
	int wake;
	bool stop;
	int fd, slave, door; /* -1 */
	char link[64];	     /* of a terminal */
	struct imp_tcp_where where;
};

static void wake(void *line)
{
	struct line *l = line;

	cr_assert_eq(eventfd_write(l->wake, 1), 0);
}

static void shut(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void pull(struct line *l)
{
	if (l->fd >= 0 && l->door >= 0) {
		const struct linger now = { .l_onoff = 1 };

		(void)setsockopt(l->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	}
	shut(&l->fd);
	shut(&l->slave);
	if (l->door >= 0) /* closing alone waits for the thread that polls it */
		(void)shutdown(l->door, SHUT_RDWR);
	shut(&l->door);
	if (l->link[0])
		(void)unlink(l->link);
}

static void hear(struct line *l, struct device *d)
{
	uint8_t buf[4096];
	size_t room = d->room < sizeof(buf) ? d->room : sizeof(buf);
	ssize_t n = read(l->fd, buf, device_until_pull(d, room));

	if (n > 0)
		device_hear(d, (struct imp_span){ buf, (size_t)n }, false);
	else if (l->door >= 0 && (n == 0 || errno != EAGAIN))
		shut(&l->fd); /* the host has hung up */
}

static void talk(struct line *l, struct device *d)
{
	struct imp_span next = device_next(d);
	ssize_t n = write(l->fd, next.ptr, device_until_pull(d, next.len));

	if (n <= 0)
		return;
	device_went(d, (size_t)n);
	if (device_next(d).len == 0)
		device_drop_first(d);
}

/* One round; the device's lock is held but while waiting. */
static void turn(struct line *l, struct device *d)
{
	struct pollfd fds[] = {
		{ l->wake, POLLIN, 0 },
		{ l->fd, (short)((d->room > 0 ? POLLIN : 0) | (d->outs ? POLLOUT : 0)),
		  0 },
		{ l->fd < 0 ? l->door : -1, POLLIN, 0 },
	};
	eventfd_t n;

	pthread_mutex_unlock(&d->lock);
	(void)poll(fds, 3, -1);
	pthread_mutex_lock(&d->lock);
	if (fds[0].revents)
		(void)eventfd_read(l->wake, &n);
	if (l->fd < 0 && l->door >= 0)
		l->fd = accept4(l->door, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (l->fd >= 0 && l->fd == fds[1].fd && d->room > 0 && (fds[1].revents & POLLIN))
		hear(l, d);
	if (l->fd >= 0 && d->outs > 0)
		talk(l, d);
	if (device_is_pulled(d))
		pull(l);
}

static void *run(void *arg)
{
	struct line *l = arg;
	struct device *d = &l->rig->device;

	pthread_mutex_lock(&d->lock);
	while (!l->stop)
		turn(l, d);
	pthread_mutex_unlock(&d->lock);
	return NULL;
}

static struct line *start(struct rig *r)
{
	struct line *l = calloc(1, sizeof(*l));

	cr_assert_not_null(l);
	l->rig = r;
	l->fd = l->slave = l->door = -1;
	l->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r->line = l;
	r->device.line = l;
	r->device.nudge = wake;
	return l;
}

static void pty_start(struct rig *r)
{
	struct line *l = start(r);

	snprintf(l->link, sizeof(l->link), "/tmp/imprint-rig-%d", getpid());
	snprintf(r->uri, sizeof(r->uri), "serial:%s", l->link);
	pthread_create(&l->thread, NULL, run, l);
}

static void tcp_start(struct rig *r)
{
	struct line *l = start(r);

	cr_assert(imp_tcp_where("127.0.0.1:0", &l->where));
	pthread_create(&l->thread, NULL, run, l);
}

static void fd_stop(struct rig *r)
{
	struct line *l = r->line;

	pthread_mutex_lock(&r->device.lock);
	l->stop = true;
	pthread_mutex_unlock(&r->device.lock);
	wake(l);
	pthread_join(l->thread, NULL);
	close(l->wake);
	free(l);
}

static void fd_unplug(struct rig *r)
{
	struct line *l = r->line;

	pthread_mutex_lock(&r->device.lock);
	pull(l);
	pthread_mutex_unlock(&r->device.lock);
	wake(l);
}

static void pty_plug(struct rig *r)
{
	struct line *l = r->line;
	char name[64];
	int fd, slave;

	cr_assert_eq(openpty(&fd, &slave, name, NULL, NULL), 0);
	cr_assert_eq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	(void)unlink(l->link);
	cr_assert_eq(symlink(name, l->link), 0);
	pthread_mutex_lock(&r->device.lock);
	l->fd = fd;
	l->slave = slave;
	pthread_mutex_unlock(&r->device.lock);
	wake(l);
}

static void tcp_plug(struct rig *r)
{
	struct line *l = r->line;
	int door;

	cr_assert_eq(imp_tcp_listen(&l->where, &door, NULL), 0);
	snprintf(r->uri, sizeof(r->uri), "tcp:127.0.0.1:%s", l->where.port);
	pthread_mutex_lock(&r->device.lock);
	l->door = door;
	pthread_mutex_unlock(&r->device.lock);
	wake(l);
}

const struct rig_ops rig_pty = {
	.name = "pty",
	.carries = IMP_CARRIES_TEXT,
	.exclusive = true,
	.unplugs = "unplugged",
	.start = pty_start,
	.stop = fd_stop,
	.plug = pty_plug,
	.unplug = fd_unplug,
};

const struct rig_ops rig_tcp = {
	.name = "tcp",
	.carries = IMP_CARRIES_PACKETS,
	.unplugs = "closed by the peer",
	.start = tcp_start,
	.stop = fd_stop,
	.plug = tcp_plug,
	.unplug = fd_unplug,
};
