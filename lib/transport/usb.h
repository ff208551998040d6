/* SPDX-License-Identifier: Apache-2.0 */
/*
 * USB: an interface of class FF with two bulk endpoints, without a kernel driver of its
 * own.
 *
 * usb: (the only one), usb:1-2.3 (what hangs on that port), usb:serial=NUMBER,
 * usb:1209:0001 (by vendor and product). Each packet is a message: it ends in a packet
 * shorter than the endpoint's, or in one of no bytes. Which interfaces are ours is told
 * by a table, not by numbers here. Source: USB 2.0, 5.8.3; imprint-device(7).
 */
#ifndef IMP_TRANSPORT_USB_H
#define IMP_TRANSPORT_USB_H

#include "transport/transport.h"

enum { IMP_USB_ANY = -1 };

/* Interfaces that are devices of ours: all that is given must be so. */
struct imp_usb_id {
	int vendor, product;	/* 0..65535, or IMP_USB_ANY */
	int subclass, protocol; /* 0..255, or IMP_USB_ANY */
	const char *interface;	/* the whole interface string; NULL: any */
};

struct imp_usb_ids {
	const struct imp_usb_id *row;
	size_t count;
};

extern const struct imp_transport_ops imp_usb_ops;

#endif
