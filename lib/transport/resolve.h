/* SPDX-License-Identifier: Apache-2.0 */
/* Looking up hosts, with a way out. Private to lib/transport. */
#ifndef IMP_TRANSPORT_RESOLVE_H
#define IMP_TRANSPORT_RESOLVE_H

#include <netdb.h>

#include "transport/transport.h"

/*
 * Look up the addresses of a host.
 *
 *   host   a name, or an address as text
 *   port   digits
 *   name   for messages
 *   out    freeaddrinfo(); at least one
 *
 * A lookup that is given up goes on in a thread of its own until the system's resolver
 * ends it. 0, -IMP_ETRANSPORT, -IMP_EINTERRUPTED, -IMP_ERESOURCE.
 */
int resolve(const char *host, const char *port, const struct imp_wait *wait,
	    const char *name, struct addrinfo **out, struct imp_error *err);

#endif
