/* SPDX-License-Identifier: Apache-2.0 */
/* A device on USB: plugged in at the kernel's virtual host controller. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "sim/port.h"
#include "sim/usb_face.h"
#include "sim/vhci.h"
#include "wire/smp.h"

enum {
	PATIENCE_S = 5, /* the kernel's threads take and give messages at once */
	MESSAGE = 4096 + 4,
};

struct sim_usb {
	struct sim_usb_face face;
	int vhci; /* the port number that it has had; -1: none yet */
	char port[SIM_VHCI_NAME];
	enum sim_usb_pipe pipe; /* that the host uses */
	uint8_t data[SIM_USBIP_DATA];
	struct sim_usb_got got;	  /* its bytes are those not read yet */
	uint8_t message[MESSAGE]; /* towards the host */
	size_t len;
};

/* Patience ends in an error, here or where the next message is read. */
static void answer(void *ctx, struct imp_span header, struct imp_span data)
{
	const struct sim_port *p = ctx;
	struct iovec part[] = {
		{ .iov_base = (void *)(uintptr_t)header.ptr, .iov_len = header.len },
		{ .iov_base = (void *)(uintptr_t)data.ptr, .iov_len = data.len },
	};
	const struct msghdr m = { .msg_iov = part, .msg_iovlen = data.len > 0 ? 2 : 1 };

	if (sendmsg(p->fd, &m, MSG_NOSIGNAL) != (ssize_t)(header.len + data.len))
		(void)shutdown(p->fd, SHUT_RDWR);
}

static void hang_up(struct sim_port *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
	sim_usb_fini(&p->usb->face);
}

static bool be_patient(int fd)
{
	const struct timeval t = { .tv_sec = PATIENCE_S };

	return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)) == 0 &&
	       setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t)) == 0;
}

/* The kernel takes its end by number and keeps it. */
static int attach(struct sim_port *p, struct imp_error *err)
{
	int ends[2], rc;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return imp_fail(err, IMP_ERESOURCE, "no socket: %s", strerror(errno));
	rc = be_patient(ends[0])
		     ? sim_vhci_attach(p->usb->vhci, ends[1], err)
		     : imp_fail(err, IMP_ERESOURCE, "no socket: %s", strerror(errno));
	close(ends[1]);
	if (rc < 0) {
		close(ends[0]);
		return rc;
	}
	p->usb->vhci = rc;
	p->fd = ends[0];
	return 0;
}

/* The boot log goes to the serial port. */
static void start(struct sim_port *p)
{
	struct sim_usb *u = p->usb;

	sim_usb_init(&u->face, p->serial, answer, p);
	u->pipe = SIM_USB_ACM;
	u->got = (struct sim_usb_got){ 0 };
	u->len = 0;
	p->framing = IMP_FRAMING_CONSOLE;
	p->ended = false;
}

static int usb_plug(struct sim_port *p, struct imp_error *err)
{
	int rc;

	if (!p->usb) {
		p->usb = calloc(1, sizeof(*p->usb));
		if (!p->usb)
			return imp_fail(err, IMP_ERESOURCE, "out of memory");
		p->usb->vhci = -1;
	}
	start(p);
	rc = attach(p, err);
	if (rc)
		return rc;
	if (!sim_vhci_name(p->usb->vhci, p->usb->port))
		rc = imp_fail(err, IMP_ERESOURCE,
			      "no bus for port %d of the virtual USB controller",
			      p->usb->vhci);
	snprintf(p->name, sizeof(p->name), "usb:%s", p->usb->port);
	if (!rc)
		rc = sim_port_put_link(p, err);
	if (rc)
		hang_up(p);
	return rc;
}

/* A closed socket is a pulled plug. */
static void usb_unplug(struct sim_port *p)
{
	(void)unlink(p->link);
	hang_up(p);
}

static bool receive(int fd, uint8_t *buf, size_t len)
{
	return len == 0 || recv(fd, buf, len, MSG_WAITALL) == (ssize_t)len;
}

/* Take one message of the kernel's. False: it has hung up, or makes no sense. */
static bool take_message(struct sim_port *p)
{
	struct sim_usb *u = p->usb;
	uint8_t header[SIM_USBIP_HEADER];
	struct sim_usbip m;
	struct imp_span data = { .ptr = u->data };

	if (!receive(p->fd, header, sizeof(header)) ||
	    !sim_usbip_decode(IMP_SPAN(header), &m))
		return false;
	data.len = sim_usbip_follows(&m);
	if (!receive(p->fd, u->data, data.len))
		return false;
	(void)sim_usb_take(&u->face, &m, data, &u->got);
	return true;
}

/* Who speaks on the other interface is another host. */
static void change_pipe(struct sim_port *p)
{
	struct sim_usb *u = p->usb;

	if (u->got.bytes.len == 0 || u->got.pipe == u->pipe)
		return;
	u->pipe = u->got.pipe;
	u->len = 0;
	p->framing = u->pipe == SIM_USB_BULK ? IMP_FRAMING_BARE : IMP_FRAMING_CONSOLE;
	p->hosts++;
}

static ssize_t usb_read(struct sim_port *p, uint8_t *buf, size_t cap)
{
	struct imp_span *rest = &p->usb->got.bytes;
	size_t n;

	p->ended = false;
	if (rest->len == 0 && !take_message(p)) {
		usb_unplug(p);
		return 0;
	}
	change_pipe(p);
	n = rest->len < cap ? rest->len : cap;
	if (n > 0)
		memcpy(buf, rest->ptr, n);
	rest->ptr += n;
	rest->len -= n;
	p->ended =
		rest->len == 0 && p->usb->got.ended && p->usb->got.pipe == SIM_USB_BULK;
	return (ssize_t)n;
}

/* Is that all of a message? Bytes that are no packet go as they come. */
static bool is_whole(struct imp_span m)
{
	size_t body;

	if (m.ptr[0] >> 3 > 1 || (m.ptr[0] & 7) > IMP_SMP_WRITE_RSP)
		return true;
	if (m.len < IMP_SMP_HEADER)
		return false;
	body = (size_t)(m.ptr[2] << 8 | m.ptr[3]);
	return m.len >= IMP_SMP_HEADER + body || IMP_SMP_HEADER + body > MESSAGE;
}

static ssize_t usb_write(struct sim_port *p, struct imp_span bytes)
{
	struct sim_usb *u = p->usb;
	size_t room = sizeof(u->message) - u->len;
	size_t n = bytes.len < room ? bytes.len : room;

	memcpy(u->message + u->len, bytes.ptr, n);
	u->len += n;
	if (u->pipe == SIM_USB_ACM || u->len == sizeof(u->message) ||
	    is_whole((struct imp_span){ u->message, u->len })) {
		sim_usb_send(&u->face, u->pipe, (struct imp_span){ u->message, u->len });
		u->len = 0;
	}
	return (ssize_t)n;
}

static bool usb_is_free(const struct sim_port *p)
{
	return sim_vhci_is_free(p->usb->vhci);
}

static bool usb_is_up(const struct sim_port *p)
{
	return p->usb->face.configuration > 0 && sim_vhci_is_up(p->usb->port);
}

static void usb_free(struct sim_port *p)
{
	if (p->usb)
		sim_usb_fini(&p->usb->face);
	free(p->usb);
	p->usb = NULL;
}

const struct sim_port_ops sim_usb = {
	.framing = IMP_FRAMING_CONSOLE,
	.powers = true,
	.plug = usb_plug,
	.unplug = usb_unplug,
	.read = usb_read,
	.write = usb_write,
	.is_free = usb_is_free,
	.is_up = usb_is_up,
	.free = usb_free,
};
