/* SPDX-License-Identifier: Apache-2.0 */
/* Messages to and from a device on USB. */
#include <stdio.h>
#include <string.h>

#include "transport/stream.h"
#include "transport/usb_open.h"
#include "transport/wait.h"

enum {
	PAUSE_NS = 20000000,   /* after a halt or an error, so that nobody spins */
	SETTLE_NS = 300000000, /* a plug that is pulled shows as errors at first */
	ERRORS = 3,	       /* one after another, then it is the cable */
};

/* Not there any more, or another one: the kernel never gives a number twice in a row. */
static bool is_there(const struct usb *u)
{
	unsigned long bus, device;
	char node[sizeof(u->found.node)];

	if (!sysfs_number(u->found.port, "busnum", 10, 999, &bus) ||
	    !sysfs_number(u->found.port, "devnum", 10, 999, &device))
		return false;
	snprintf(node, sizeof(node), "/dev/bus/usb/%03lu/%03lu", bus, device);
	return strcmp(node, u->found.node) == 0;
}

static int take_a_rest(const struct usb *u, uint64_t ns, const struct imp_wait *wait,
		       struct imp_error *err)
{
	const struct imp_wait pause = wait_at_most(wait, ns);
	struct pollfd none;

	return wait_any(&none, 0, &pause, u->name, err);
}

/* An endpoint that halted is cleared: the next transfer starts anew. 0, or the device is
 * gone, or the user cancelled. */
static int clear(struct usb *u, uint8_t endpoint, const struct imp_wait *wait,
		 struct imp_error *err)
{
	if (u->lib.clear_halt(u->handle, endpoint) == LIBUSB_ERROR_NO_DEVICE)
		return usb_gone(u, err);
	return take_a_rest(u, PAUSE_NS, wait, err);
}

/* After an error on the bus: was that the plug? */
static int settle(struct usb *u, uint8_t endpoint, const struct imp_wait *wait,
		  struct imp_error *err)
{
	uint64_t end = imp_now_ns() + SETTLE_NS;
	int rc = 0;

	while (!rc && is_there(u) && imp_now_ns() < end &&
	       imp_now_ns() < wait->deadline_ns)
		rc = take_a_rest(u, PAUSE_NS, wait, err);
	if (rc)
		return rc;
	return is_there(u) ? clear(u, endpoint, wait, err) : usb_gone(u, err);
}

/* What cannot be mended by trying again. */
static int give_up(const struct usb *u, enum usb_went went, struct imp_error *err)
{
	int rc;

	if (went == USB_TOO_BIG)
		return imp_fail(err, IMP_ETRANSPORT,
				"%s: the device sends packets larger than it says",
				u->name);
	rc = imp_fail(err, IMP_ETRANSPORT, "%s: one error on the bus after another",
		      u->name);
	return imp_hint(err, rc, "another cable, another port, no hub between?");
}

static int recover(struct usb *u, enum usb_went went, unsigned *errors,
		   const struct imp_wait *wait, struct imp_error *err)
{
	if (went == USB_HALTED) {
		u->base.stalls++;
		return clear(u, u->in->endpoint, wait, err);
	}
	if (++*errors == ERRORS)
		return give_up(u, went, err);
	return settle(u, u->in->endpoint, wait, err);
}

/* The message in the buffer, or what there is of one whose end never came. */
static void deliver(struct usb *u, size_t n, uint8_t *buf, size_t cap, size_t *len)
{
	u->held = 0;
	u->base.read += n;
	*len = n < cap ? n : cap;
	memcpy(buf, u->buffer, *len);
}

static int usb_read(struct imp_transport *base, uint8_t *buf, size_t cap, size_t *len,
		    const struct imp_wait *wait, struct imp_error *err)
{
	struct usb *u = (struct usb *)base;
	unsigned errors = 0;

	*len = 0;
	while (u->held == 0) {
		int went = usb_move(&u->lib, u->ctx, u->in, wait, u->name, err), rc = 0;

		u->held = (size_t)u->in->actual_length;
		if (went < 0)
			return went;
		if (went == USB_GONE)
			return usb_gone(u, err);
		if (went == USB_LATE && u->held == 0)
			return 0;
		if (went != USB_DONE && went != USB_LATE) {
			u->held = 0; /* nobody knows which bytes these are */
			rc = recover(u, (enum usb_went)went, &errors, wait, err);
		}
		if (rc)
			return rc;
		if (u->held == 0 && imp_now_ns() >= wait->deadline_ns)
			return 0;
	}
	deliver(u, u->held, buf, cap, len);
	return 0;
}

static int write_failed(struct usb *u, int went, size_t all, const struct imp_wait *wait,
			struct imp_error *err)
{
	size_t done = (size_t)u->out->actual_length;
	int rc;

	if (went == USB_LATE)
		return takes_no_more(done, all, u->name, err);
	if (went == USB_HALTED) {
		rc = line_is_gone_after(done, all, u->name,
					"the device halted its endpoint", err);
		return imp_hint(err, rc, "does its firmware take packets of this size?");
	}
	if (went == USB_FAILED && settle(u, u->out->endpoint, wait, NULL) == 0)
		return line_is_gone_after(done, all, u->name, "an error on the bus", err);
	return line_is_gone_after(done, all, u->name, "unplugged", err);
}

/* A message whose last packet is full ends in one of no bytes. */
static int usb_write(struct imp_transport *base, struct imp_span bytes,
		     const struct imp_wait *wait, struct imp_error *err)
{
	struct usb *u = (struct usb *)base;
	struct libusb_transfer *t = u->out;
	int went, rc = 0;

	t->buffer = (uint8_t *)(uintptr_t)bytes.ptr;
	t->length = (int)bytes.len;
	t->flags = LIBUSB_TRANSFER_ADD_ZERO_PACKET;
	went = usb_move(&u->lib, u->ctx, t, wait, u->name, err);
	if (went == USB_HALTED) { /* maybe over what came before */
		u->base.stalls++;
		rc = clear(u, t->endpoint, wait, err);
		if (!rc)
			went = usb_move(&u->lib, u->ctx, t, wait, u->name, err);
	}
	base->written += (uint64_t)t->actual_length;
	if (rc)
		return rc;
	if (went < 0)
		return imp_wrap(err, went, "%s: after %d of %zu bytes", u->name,
				t->actual_length, bytes.len);
	return went == USB_DONE ? 0 : write_failed(u, went, bytes.len, wait, err);
}

static int usb_advise(const struct imp_transport *base, enum imp_heard heard, int rc,
		      struct imp_error *err)
{
	static const char *const hints[IMP_HEARDS] = {
		[IMP_HEARD_NOTHING] =
			"does the firmware run, with its imprint group here?",
		[IMP_HEARD_ITSELF] = "the firmware sends back what it gets",
		[IMP_HEARD_PIECES] = "does each packet end in a short or an empty one?",
		[IMP_HEARD_TEXT] = "is this the interface of the imprint group?",
		[IMP_HEARD_BYTES] = "is this the interface of the imprint group?",
	};

	(void)base;
	return imp_hint(err, rc, "%s", hints[heard]);
}

const struct imp_transport_ops imp_usb_ops = {
	.scheme = "usb",
	.names = "[PORT|serial=NUMBER|VVVV:PPPP]",
	.carries = IMP_CARRIES_MESSAGES,
	.access = "a device on USB needs a udev rule only (TAG+=\"uaccess\")",
	.open = usb_open,
	.write = usb_write,
	.read = usb_read,
	.close = usb_close,
	.each = usb_each,
	.place = usb_place,
	.advise = usb_advise,
};
