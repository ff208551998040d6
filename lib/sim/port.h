/* SPDX-License-Identifier: Apache-2.0 */
/* Port: the end of a line that a host plugs into. Private to lib/sim. */
#ifndef IMP_SIM_PORT_H
#define IMP_SIM_PORT_H

#include <sys/types.h>

#include "transport/tcp.h"
#include "wire/frame.h"

struct sim_port_ops;
struct sim_usb;

struct sim_port {
	const struct sim_port_ops *ops;
	char *link;		  /* the file that leads to it: DIR/1; owned */
	char name[272];		  /* what the link says: /dev/pts/7, tcp:127.0.0.1:4001 */
	int fd;			  /* bytes of the host that is there; -1: none can be */
	int door;		  /* hosts knock here; -1: they just come */
	unsigned hosts;		  /* that have come through the door so far */
	enum imp_framing framing; /* of that host: bare; or console and COBS */
	bool ended;		  /* with what was read last, a message */
	/* A terminal's: */
	int slave;   /* held open; -1 */
	int inotify; /* borrowed: tells who closes it */
	int watch;   /* its number there */
	/* Of TCP: where to listen; port "0" until one was given. */
	struct imp_tcp_where where;
	/* Of a device that calls: where, as above. */
	uint32_t every_ms; /* from the end of one conversation to the next call */
	uint32_t again_ms; /* where the line has ended: to the next call; 0: none */
	bool heard;	   /* something came on this call */
	/* Of USB: */
	const char *serial;  /* on its label; borrowed */
	struct sim_usb *usb; /* owned; NULL until it was plugged in */
};

/* What a port of one kind does. */
struct sim_port_ops {
	enum imp_framing framing; /* of a host that has not spoken yet */
	bool powers;		  /* without power a device is unplugged, too */
	/* Be there, under the link. 0, or what the user has to know. */
	int (*plug)(struct sim_port *p, struct imp_error *err);
	/* The line goes dead: whoever has it open sees an unplug. */
	void (*unplug)(struct sim_port *p);
	/* What the host sent: bytes, or not above 0 where there is nothing for now. */
	ssize_t (*read)(struct sim_port *p, uint8_t *buf, size_t cap);
	/* Bytes that were taken; or -1, with EAGAIN where the host takes more later. */
	ssize_t (*write)(struct sim_port *p, struct imp_span bytes);
	/* Can it be plugged in again yet? NULL: at once. */
	bool (*is_free)(const struct sim_port *p);
	/* Can hosts find it yet? NULL: at once. */
	bool (*is_up)(const struct sim_port *p);
	/* Free what is its own; NULL: nothing is. */
	void (*free)(struct sim_port *p);
};

extern const struct sim_port_ops sim_pty, sim_tcp, sim_caller, sim_usb;

/* Start unplugged. */
void sim_port_init(struct sim_port *p, const struct sim_port_ops *ops);
bool sim_port_is_plugged(const struct sim_port *p);
/* Unplug and free. Accepts a port that was never plugged in. */
void sim_port_fini(struct sim_port *p);
/* A host has closed a terminal, if it was this one: nothing of it stays. */
void sim_pty_closed(struct sim_port *p, int watch);

/* For the kinds: let the link lead to p->name. 0, -IMP_EUSAGE (something else has the
 * link's name), or -IMP_ERESOURCE. */
int sim_port_put_link(const struct sim_port *p, struct imp_error *err);

#endif
