/* SPDX-License-Identifier: Apache-2.0 */
/* What a device on USB says of itself, in bytes. Private to lib/transport. */
#ifndef IMP_TRANSPORT_USB_DESCRIPTOR_H
#define IMP_TRANSPORT_USB_DESCRIPTOR_H

#include "base/bytes.h"

enum {
	USB_FACES = 8,		     /* of one configuration that are looked at */
	USB_DESCRIPTORS_MAX = 65536, /* bytes of all of them */
	USB_PACKET_MAX = 1024,	     /* of a bulk endpoint; Source: USB 3.2, 9.6.6 */
};

/* An interface (in one of its settings) of class FF with one bulk endpoint each way. */
struct usb_face {
	uint8_t interface, setting, subclass, protocol;
	uint8_t in, out;		/* addresses */
	uint16_t packet_in, packet_out; /* bytes, 1..1024 */
};

struct usb_described {
	uint16_t vendor, product;
	bool has_hid; /* an interface for keyboards and the like, in any configuration */
	struct usb_face face[USB_FACES];
	size_t faces; /* of the configuration asked for */
};

/*
 * Read the device descriptor and all configurations after it, as the kernel keeps them.
 *
 *   configuration   the value of the one whose interfaces are wanted
 *
 * False where lengths or types do not fit each other. Source: USB 2.0, 9.6.
 */
bool usb_describe(struct imp_span all, uint8_t configuration, struct usb_described *out);

#endif
