/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TCP: a device that listens, or something between that does.
 *
 * tcp:HOST:PORT, tcp:[ADDRESS]:PORT. Bare packets, one after another. Nothing here is
 * secret or trusted: the objects are. Source: imprint-device(7).
 */
#ifndef IMP_TRANSPORT_TCP_H
#define IMP_TRANSPORT_TCP_H

#include "transport/transport.h"

extern const struct imp_transport_ops imp_tcp_ops;

enum { IMP_TCP_NAME = 272 };

/* A place on the network. */
struct imp_tcp_where {
	char host[256]; /* a name, or an address without brackets */
	char port[6];	/* digits: 0..65535, without leading zeros */
};

/* Read HOST:PORT or [ADDRESS]:PORT; false where it is neither. */
bool imp_tcp_where(const char *text, struct imp_tcp_where *out);
/* The same as text, with brackets where they are needed; false where it does not fit. */
bool imp_tcp_text(const struct imp_tcp_where *w, char *out, size_t cap);
/*
 * Listen, for devices that call and for tests.
 *
 *   where   port 0: any free one, put in its place
 *   fd      owned by the caller; does not block
 *
 * 0; -IMP_EUSAGE (no such address here); -IMP_ETRANSPORT (the port is in use, or not for
 * this user); -IMP_ERESOURCE.
 */
int imp_tcp_listen(struct imp_tcp_where *where, int *fd, struct imp_error *err)
	IMP_MUST_CHECK;
/*
 * Take the next caller.
 *
 *   fd     of imp_tcp_listen()
 *   out    owned by the caller; NULL where nobody is there, or is any more
 *   name   "tcp:192.0.2.1:40312"
 *
 * 0; -IMP_ERESOURCE (no descriptor or memory for it: it waits on).
 */
int imp_tcp_accept(int fd, struct imp_transport **out, char name[IMP_TCP_NAME],
		   struct imp_error *err) IMP_MUST_CHECK;
/* End the connection of imp_tcp_accept() under whoever uses it, from any thread. */
void imp_tcp_cut(struct imp_transport *t);

#endif
