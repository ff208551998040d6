/* SPDX-License-Identifier: Apache-2.0 */
/* An open device on USB. Private to lib/transport. */
#ifndef IMP_TRANSPORT_USB_OPEN_H
#define IMP_TRANSPORT_USB_OPEN_H

#include "transport/usb_find.h"
#include "transport/usb_move.h"

enum { USB_BUFFER = 16384 }; /* one message: more than a packet of SMP may be */

struct usb {
	struct imp_transport base;
	struct usb_found found;
	char *name; /* for messages; owned */
	int fd;	    /* of the node; -1 */
	struct usb_lib lib;
	libusb_context *ctx;
	libusb_device_handle *handle;
	bool claimed;
	struct libusb_transfer *in, *out;
	uint8_t buffer[USB_BUFFER];
	size_t held; /* bytes in it that came while the user cancelled */
};

/* open and close of struct imp_transport_ops. */
int usb_open(struct imp_transport **out, const char *name, const struct imp_usb_ids *ids,
	     const struct imp_wait *wait, struct imp_error *err);
void usb_close(struct imp_transport *base);
/* It was unplugged. */
int usb_gone(const struct usb *u, struct imp_error *err);

#endif
