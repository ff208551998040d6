/* SPDX-License-Identifier: Apache-2.0 */
/* A listener that one host at a time gets in at. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sim/port.h"

static void hang_up(struct sim_port *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
}

static void shut(struct sim_port *p)
{
	hang_up(p);
	if (p->door >= 0)
		close(p->door);
	p->door = -1;
}

static int tcp_plug(struct sim_port *p, struct imp_error *err)
{
	static const char scheme[] = "tcp:";
	int rc = imp_tcp_listen(&p->where, &p->door, err);

	if (rc) {
		p->door = -1;
		return rc;
	}
	snprintf(p->name, sizeof(p->name), "%s", scheme);
	if (!imp_tcp_text(&p->where, p->name + strlen(scheme),
			  sizeof(p->name) - strlen(scheme)))
		rc = imp_fail(err, IMP_EUSAGE, "%s: too long", p->where.host);
	if (!rc)
		rc = sim_port_put_link(p, err);
	if (rc)
		shut(p);
	return rc;
}

static void tcp_unplug(struct sim_port *p)
{
	(void)unlink(p->link);
	shut(p);
}

/* Is the host still there, or are there bytes of it? */
static bool is_occupied(const struct sim_port *p)
{
	char byte;

	return p->fd >= 0 && recv(p->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) != 0;
}

/* Who comes while another host is there finds the door closed behind it. */
static void answer_door(struct sim_port *p)
{
	int fd = accept4(p->door, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), on = 1;

	if (fd < 0)
		return;
	if (is_occupied(p)) {
		close(fd);
		return;
	}
	hang_up(p);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	p->fd = fd;
	p->hosts++;
}

static ssize_t tcp_read(struct sim_port *p, uint8_t *buf, size_t cap)
{
	ssize_t n;

	answer_door(p);
	n = p->fd >= 0 ? recv(p->fd, buf, cap, 0) : -1;
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		hang_up(p);
	return n;
}

static ssize_t tcp_write(struct sim_port *p, struct imp_span bytes)
{
	return send(p->fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
}

const struct sim_port_ops sim_tcp = {
	.framing = IMP_FRAMING_BARE,
	.plug = tcp_plug,
	.unplug = tcp_unplug,
	.read = tcp_read,
	.write = tcp_write,
};
