/* SPDX-License-Identifier: Apache-2.0 */
/* Places on the network, listening there, and whoever calls. */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "transport/tcp.h"
#include "transport/tcp_stream.h"

enum { PORT_DIGITS = 5 };

/* Of IPv6, perhaps with a zone: fe80::1%eth0. */
static bool is_address(const char *text)
{
	struct in6_addr bytes;
	char address[INET6_ADDRSTRLEN];

	return (size_t)snprintf(address, sizeof(address), "%.*s", (int)strcspn(text, "%"),
				text) < sizeof(address) &&
	       inet_pton(AF_INET6, address, &bytes) == 1;
}

/* HOST:PORT, or [ADDRESS]:PORT since an address of IPv6 has colons itself. */
bool imp_tcp_where(const char *text, struct imp_tcp_where *out)
{
	const char *colon = strrchr(text, ':'), *host = text;
	size_t len = colon ? (size_t)(colon - text) : 0;
	struct imp_tcp_where w;
	unsigned long port;

	if (text[0] == '[') {
		if (len < 3 || text[len - 1] != ']')
			return false;
		host++;
		len -= 2;
	} else if (memchr(text, ':', len)) {
		return false;
	}
	if (len == 0 || len >= sizeof(w.host) || strlen(colon + 1) > PORT_DIGITS ||
	    colon[1] == '\0' || colon[1 + strspn(colon + 1, "0123456789")])
		return false;
	port = strtoul(colon + 1, NULL, 10);
	if (port > UINT16_MAX)
		return false;
	snprintf(w.host, sizeof(w.host), "%.*s", (int)len, host);
	snprintf(w.port, sizeof(w.port), "%lu", port);
	if (text[0] == '[' ? !is_address(w.host) : strchr(w.host, '/') != NULL)
		return false;
	*out = w;
	return true;
}

bool imp_tcp_text(const struct imp_tcp_where *w, char *out, size_t cap)
{
	bool colons = strchr(w->host, ':') != NULL;

	return (size_t)snprintf(out, cap, "%s%s%s:%s", colons ? "[" : "", w->host,
				colons ? "]" : "", w->port) < cap;
}

static void take_port(int fd, struct imp_tcp_where *where)
{
	struct sockaddr_storage mine = { 0 };
	socklen_t len = sizeof(mine);

	if (getsockname(fd, (struct sockaddr *)&mine, &len) == 0)
		(void)getnameinfo((struct sockaddr *)&mine, len, NULL, 0, where->port,
				  sizeof(where->port), NI_NUMERICSERV);
}

static int listen_at(const struct addrinfo *a)
{
	int on = 1, why;
	int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, a->ai_addr, a->ai_addrlen) == 0 && listen(fd, SOMAXCONN) == 0)
		return fd;
	why = errno;
	close(fd);
	errno = why;
	return -1;
}

static int not_listening(const struct imp_tcp_where *w, struct imp_error *err)
{
	switch (errno) {
	case EADDRINUSE:
		return imp_fail(err, IMP_ETRANSPORT, "%s port %s: in use", w->host,
				w->port);
	case EADDRNOTAVAIL:
		return imp_fail(err, IMP_EUSAGE, "%s: no address of this host", w->host);
	default:
		return imp_fail(err, IMP_ETRANSPORT, "%s port %s: %s", w->host, w->port,
				strerror(errno));
	}
}

int imp_tcp_listen(struct imp_tcp_where *where, int *fd, struct imp_error *err)
{
	const struct addrinfo want = { .ai_socktype = SOCK_STREAM,
				       .ai_flags = AI_NUMERICSERV | AI_PASSIVE };
	struct addrinfo *list;
	int why = getaddrinfo(where->host, where->port, &want, &list), listening;

	if (why)
		return imp_fail(err, IMP_EUSAGE, "%s: %s", where->host,
				gai_strerror(why));
	listening = listen_at(list);
	freeaddrinfo(list);
	if (listening < 0)
		return not_listening(where, err);
	take_port(listening, where);
	*fd = listening;
	return 0;
}

/* A device that called: what it says is its own. */
static const struct imp_transport_ops caller_ops = {
	.scheme = "tcp",
	.names = "HOST:PORT",
	.carries = IMP_CARRIES_PACKETS,
	.write = stream_write,
	.read = stream_read,
	.close = tcp_close,
};

static void name_peer(const struct sockaddr_storage *peer, socklen_t len,
		      char name[IMP_TCP_NAME])
{
	struct imp_tcp_where w = { .host = "unknown", .port = "0" };

	(void)getnameinfo((const struct sockaddr *)peer, len, w.host, sizeof(w.host),
			  w.port, sizeof(w.port), NI_NUMERICHOST | NI_NUMERICSERV);
	(void)imp_tcp_text(&w, name, IMP_TCP_NAME);
}

/* A peer that left before it was taken is nobody. */
static int not_taken(struct imp_error *err)
{
	static const int full[] = { EMFILE, ENFILE, ENOBUFS, ENOMEM };

	for (size_t i = 0; i < COUNTOF(full); i++)
		if (errno == full[i])
			return imp_fail(err, IMP_ERESOURCE,
					"a caller cannot be taken: %s", strerror(errno));
	return 0;
}

int imp_tcp_accept(int fd, struct imp_transport **out, char name[IMP_TCP_NAME],
		   struct imp_error *err)
{
	struct sockaddr_storage peer = { 0 };
	socklen_t len = sizeof(peer);
	char text[IMP_TCP_NAME];
	struct stream *s;
	int taken =
		accept4(fd, (struct sockaddr *)&peer, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);

	*out = NULL;
	if (taken < 0)
		return not_taken(err);
	name_peer(&peer, len, text);
	s = tcp_stream(text);
	if (!s) {
		close(taken);
		return imp_fail(err, IMP_ERESOURCE, "out of memory");
	}
	tcp_tune(taken);
	s->fd = taken;
	s->base.ops = &caller_ops;
	snprintf(name, IMP_TCP_NAME, "%s", s->name);
	*out = &s->base;
	return 0;
}

void imp_tcp_cut(struct imp_transport *t)
{
	(void)shutdown(((struct stream *)t)->fd, SHUT_RDWR);
}
