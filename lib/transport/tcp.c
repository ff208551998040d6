/* SPDX-License-Identifier: Apache-2.0 */
/* TCP: connecting to devices. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "transport/resolve.h"
#include "transport/tcp.h"
#include "transport/tcp_stream.h"
#include "transport/wait.h"

/* A port of this host that nobody listens on may be given to the very socket that calls
 * it: TCP then connects it to itself. */
static bool is_itself(int fd)
{
	struct sockaddr_storage mine = { 0 }, theirs = { 0 };
	socklen_t mine_len = sizeof(mine), theirs_len = sizeof(theirs);

	return getsockname(fd, (struct sockaddr *)&mine, &mine_len) == 0 &&
	       getpeername(fd, (struct sockaddr *)&theirs, &theirs_len) == 0 &&
	       mine_len == theirs_len && memcmp(&mine, &theirs, mine_len) == 0;
}

static int not_connected(const struct stream *s, int why, struct imp_error *err)
{
	switch (why) {
	case ECONNREFUSED:
		return imp_hint(err,
				imp_fail(err, IMP_ETRANSPORT,
					 "%s: refused, nothing listens there", s->name),
				"is the device's port another one, or is it in use?");
	case ENETUNREACH:
	case EHOSTUNREACH:
		return imp_fail(err, IMP_ETRANSPORT, "%s: no route to it", s->name);
	case ETIMEDOUT:
		return imp_hint(err,
				imp_fail(err, IMP_ETRANSPORT, "%s: nothing answers there",
					 s->name),
				"is the device on the network, and no firewall between?");
	default:
		return imp_fail(err, IMP_ETRANSPORT, "%s: %s", s->name, strerror(why));
	}
}

/* Connect, or wait until it is done: 0, an errno, or an error of the wait. */
static int finish(const struct stream *s, const struct addrinfo *a,
		  const struct imp_wait *wait, struct imp_error *err)
{
	int rc, why = 0;
	socklen_t len = sizeof(why);

	if (connect(s->fd, a->ai_addr, a->ai_addrlen) == 0)
		return 0;
	if (errno != EINPROGRESS)
		return errno;
	rc = wait_for(s->fd, POLLOUT, wait, s->name, err);
	if (rc < 0)
		return rc;
	if (rc == 0)
		return ETIMEDOUT;
	return getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &why, &len) ? errno : why;
}

static int connect_one(struct stream *s, const struct addrinfo *a,
		       const struct imp_wait *wait, struct imp_error *err)
{
	int rc;

	s->fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd < 0)
		return not_connected(s, errno, err);
	tcp_tune(s->fd);
	rc = finish(s, a, wait, err);
	if (rc == 0 && is_itself(s->fd))
		rc = ECONNREFUSED;
	if (rc == 0)
		return 0;
	close(s->fd);
	s->fd = -1;
	return rc > 0 ? not_connected(s, rc, err) : rc;
}

/* Which addresses a name has, where it has several: each of them was tried. */
static int hint_tried(const struct addrinfo *list, int rc, struct imp_error *err)
{
	char all[256] = "", one[NI_MAXHOST];
	size_t len = 0;

	if (rc != -IMP_ETRANSPORT || !list->ai_next)
		return rc;
	for (const struct addrinfo *a = list; a && len < sizeof(all); a = a->ai_next)
		if (getnameinfo(a->ai_addr, a->ai_addrlen, one, sizeof(one), NULL, 0,
				NI_NUMERICHOST) == 0)
			len += (size_t)snprintf(all + len, sizeof(all) - len, "%s%s",
						len ? ", then " : "", one);
	return imp_hint(err, rc, "tried %s", all);
}

/* Each address gets its share of the time, so that a dead one does not cost all of it. */
static int connect_any(struct stream *s, const struct addrinfo *list,
		       const struct imp_wait *wait, struct imp_error *err)
{
	unsigned left = 0;
	int rc = -IMP_ETRANSPORT;

	for (const struct addrinfo *a = list; a; a = a->ai_next)
		left++;
	for (const struct addrinfo *a = list; a && rc == -IMP_ETRANSPORT;
	     a = a->ai_next) {
		uint64_t now = imp_now_ns();
		uint64_t time = wait->deadline_ns > now ? wait->deadline_ns - now : 0;
		const struct imp_wait share = wait_at_most(wait, time / left--);

		rc = connect_one(s, a, &share, err);
	}
	return hint_tried(list, rc, err);
}

static int dial(struct stream *s, const struct imp_tcp_where *w,
		const struct imp_wait *wait, struct imp_error *err)
{
	struct addrinfo *list = NULL;
	int rc = resolve(w->host, w->port, wait, s->name, &list, err);

	if (!rc)
		rc = connect_any(s, list, wait, err);
	if (list)
		freeaddrinfo(list);
	return rc;
}

/* It is no URL: tcp://HOST:PORT is typed all the same. */
static int no_place(const char *rest, struct imp_error *err)
{
	const char *meant = rest + strspn(rest, "/");
	struct imp_tcp_where where;
	int rc = imp_fail(err, IMP_EUSAGE,
			  "tcp:%s: expected HOST:PORT, or [ADDRESS]:PORT with an "
			  "address of IPv6",
			  rest);

	return meant != rest && imp_tcp_where(meant, &where)
		       ? imp_hint(err, rc, "did you mean tcp:%s?", meant)
		       : rc;
}

static int tcp_open(struct imp_transport **out, const char *rest,
		    const struct imp_usb_ids *ids, const struct imp_wait *wait,
		    struct imp_error *err)
{
	struct imp_tcp_where where;
	struct stream *s;
	int rc;

	(void)ids;
	if (!imp_tcp_where(rest, &where) || strcmp(where.port, "0") == 0)
		return no_place(rest, err);
	s = tcp_stream(rest);
	if (!s)
		return imp_fail(err, IMP_ERESOURCE, "out of memory");
	s->unheard = "most often another host has the device: it talks to one at a time";
	rc = dial(s, &where, wait, err);
	if (rc) {
		stream_free(s);
		return rc;
	}
	*out = &s->base;
	return 0;
}

/* A name is all that tells one from another before there is a connection. */
static bool tcp_place(const char *rest, const struct imp_usb_ids *ids, char *out,
		      size_t cap)
{
	struct imp_tcp_where w;

	(void)ids;
	return imp_tcp_where(rest, &w) &&
	       (size_t)snprintf(out, cap, "%s:%s", w.host, w.port) < cap;
}

static int tcp_advise(const struct imp_transport *base, enum imp_heard heard, int rc,
		      struct imp_error *err)
{
	static const char *const hints[IMP_HEARDS] = {
		[IMP_HEARD_NOTHING] =
			"is that its port, and has no other host the device? it talks to one at a time",
		[IMP_HEARD_ITSELF] = "an echo service listens there",
		[IMP_HEARD_PIECES] = "something between cuts the stream",
		[IMP_HEARD_TEXT] = "another service listens there; is the port right?",
		[IMP_HEARD_BYTES] = "another service listens there; is the port right?",
	};

	(void)base;
	return imp_hint(err, rc, "%s", hints[heard]);
}

const struct imp_transport_ops imp_tcp_ops = {
	.scheme = "tcp",
	.names = "HOST:PORT",
	.carries = IMP_CARRIES_PACKETS,
	.open = tcp_open,
	.write = stream_write,
	.read = stream_read,
	.close = tcp_close,
	.place = tcp_place,
	.advise = tcp_advise,
};
