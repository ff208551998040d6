/* SPDX-License-Identifier: Apache-2.0 */
/* One transfer on USB that a deadline or a cancel ends. Private to lib/transport. */
#ifndef IMP_TRANSPORT_USB_MOVE_H
#define IMP_TRANSPORT_USB_MOVE_H

#include "transport/transport.h"
#include "transport/usb_lib.h"

/* How a transfer went. Bytes may have been moved in any case. */
enum usb_went {
	USB_DONE,
	USB_LATE,    /* the deadline passed */
	USB_HALTED,  /* the device halted the endpoint */
	USB_GONE,    /* the device was unplugged */
	USB_TOO_BIG, /* a packet larger than the endpoint's */
	USB_FAILED,  /* the bus or the host's system */
};

/*
 * Submit a bulk transfer that has been filled in, and wait for it; when this returns it
 * is not in flight any more.
 *
 *   t      its callback, user_data and timeout are set here
 *   name   for messages
 *
 * An enum usb_went; or as wait_any() where that failed, above all -IMP_EINTERRUPTED.
 */
int usb_move(const struct usb_lib *lib, libusb_context *ctx, struct libusb_transfer *t,
	     const struct imp_wait *wait, const char *name, struct imp_error *err);

#endif
