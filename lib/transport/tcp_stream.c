/* SPDX-License-Identifier: Apache-2.0 */
/* A TCP connection, whoever began it. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "transport/tcp_stream.h"

enum {
	IDLE_S = 10, /* a peer that vanished is found after IDLE_S + PROBES * PROBE_S */
	PROBE_S = 5,
	PROBES = 3,
	UNHEARD_MS = 25000, /* bytes that nobody acknowledges */
};

static void set(int fd, int level, int option, int value)
{
	(void)setsockopt(fd, level, option, &value, sizeof(value));
}

void tcp_tune(int fd)
{
	set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	set(fd, IPPROTO_TCP, TCP_KEEPIDLE, IDLE_S);
	set(fd, IPPROTO_TCP, TCP_KEEPINTVL, PROBE_S);
	set(fd, IPPROTO_TCP, TCP_KEEPCNT, PROBES);
	set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, UNHEARD_MS);
}

struct stream *tcp_stream(const char *peer)
{
	struct stream *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->fd = -1;
	s->ends = "closed by the peer";
	s->is_socket = true;
	if (asprintf(&s->name, "tcp:%s", peer) < 0) {
		free(s);
		return NULL;
	}
	return s;
}

void tcp_close(struct imp_transport *base)
{
	stream_free((struct stream *)base);
}
