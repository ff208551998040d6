/* SPDX-License-Identifier: Apache-2.0 */
/* Pseudo-terminals. */
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "sim/port.h"

static void shut(struct sim_port *p)
{
	if (p->slave >= 0)
		close(p->slave);
	if (p->fd >= 0)
		close(p->fd);
	p->fd = p->slave = -1;
}

static bool set_up(struct sim_port *p)
{
	struct termios raw;

	if (fcntl(p->fd, F_SETFL, O_NONBLOCK) != 0 ||
	    fcntl(p->fd, F_SETFD, FD_CLOEXEC) != 0 ||
	    fcntl(p->slave, F_SETFD, FD_CLOEXEC) != 0 || tcgetattr(p->slave, &raw) != 0)
		return false;
	cfmakeraw(&raw);
	cfsetspeed(&raw, B115200);
	return tcsetattr(p->slave, TCSANOW, &raw) == 0;
}

/* The slave stays open here: without it the master fails while no host is there. */
static int pty_plug(struct sim_port *p, struct imp_error *err)
{
	int rc = 0;

	if (openpty(&p->fd, &p->slave, p->name, NULL, NULL) != 0) {
		p->fd = p->slave = -1;
		return imp_fail(err, IMP_ERESOURCE, "no pseudo-terminal: %s",
				strerror(errno));
	}
	if (!set_up(p))
		rc = imp_fail(err, IMP_ERESOURCE, "%s: %s", p->name, strerror(errno));
	if (!rc)
		rc = sim_port_put_link(p, err);
	if (rc)
		shut(p);
	else
		p->watch = inotify_add_watch(p->inotify, p->name, IN_CLOSE);
	return rc;
}

static void pty_unplug(struct sim_port *p)
{
	(void)inotify_rm_watch(p->inotify, p->watch);
	(void)unlink(p->link);
	shut(p);
}

static ssize_t pty_read(struct sim_port *p, uint8_t *buf, size_t cap)
{
	return read(p->fd, buf, cap);
}

static ssize_t pty_write(struct sim_port *p, struct imp_span bytes)
{
	return write(p->fd, bytes.ptr, bytes.len);
}

/* A host that was killed leaves its port exclusive, since the last descriptor is ours: on
 * a real port the kernel would end that. */
void sim_pty_closed(struct sim_port *p, int watch)
{
	if (p->slave >= 0 && p->watch == watch)
		(void)ioctl(p->slave, TIOCNXCL);
}

const struct sim_port_ops sim_pty = {
	.framing = IMP_FRAMING_CONSOLE,
	.plug = pty_plug,
	.unplug = pty_unplug,
	.read = pty_read,
	.write = pty_write,
};
