/* SPDX-License-Identifier: Apache-2.0 */
/* A device that calls its host, and calls again. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sim/port.h"

enum { RETRY_MS = 1000 /* where nobody answered */ };

static void hang_up(struct sim_port *p, uint32_t again_ms)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
	p->again_ms = again_ms;
}

static int look_up(const struct imp_tcp_where *w, struct addrinfo **out,
		   struct imp_error *err)
{
	const struct addrinfo want = { .ai_socktype = SOCK_STREAM,
				       .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
	int why = getaddrinfo(w->host, w->port, &want, out);

	return why ? imp_fail(err, IMP_EUSAGE, "%s: expected an address: %s", w->host,
			      gai_strerror(why))
		   : 0;
}

/* What comes of the call shows when the line is read. */
static void dial(struct sim_port *p, const struct addrinfo *a)
{
	int on = 1;

	p->fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (p->fd < 0)
		return;
	(void)setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(p->fd, a->ai_addr, a->ai_addrlen) != 0 && errno != EINPROGRESS)
		hang_up(p, RETRY_MS);
}

static int caller_plug(struct sim_port *p, struct imp_error *err)
{
	static const char scheme[] = "tcp:";
	struct addrinfo *list;
	int rc = look_up(&p->where, &list, err);

	if (rc)
		return rc;
	snprintf(p->name, sizeof(p->name), "%s", scheme);
	(void)imp_tcp_text(&p->where, p->name + strlen(scheme),
			   sizeof(p->name) - strlen(scheme));
	p->again_ms = RETRY_MS;
	p->heard = false;
	p->hosts++;
	dial(p, list);
	freeaddrinfo(list);
	return 0;
}

static void caller_unplug(struct sim_port *p)
{
	hang_up(p, 0);
}

static ssize_t caller_read(struct sim_port *p, uint8_t *buf, size_t cap)
{
	ssize_t n = p->fd >= 0 ? recv(p->fd, buf, cap, 0) : -1;

	p->heard |= n > 0;
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		hang_up(p, p->heard ? p->every_ms : RETRY_MS);
	return n;
}

static ssize_t caller_write(struct sim_port *p, struct imp_span bytes)
{
	return send(p->fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
}

const struct sim_port_ops sim_caller = {
	.framing = IMP_FRAMING_BARE,
	.plug = caller_plug,
	.unplug = caller_unplug,
	.read = caller_read,
	.write = caller_write,
};
