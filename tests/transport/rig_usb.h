/* SPDX-License-Identifier: Apache-2.0 */
/* What is behind the line of rig_usb. */
#ifndef IMPRINT_TEST_RIG_USB_H
#define IMPRINT_TEST_RIG_USB_H

#include "rig.h"
#include "usb_bus.h"

enum { USB_RIG_DEVICES = 512 /* that are plugged in one after another */ };

struct usb_rig {
	UMockdevTestbed *bus;
	struct usb_show show;	   /* of the next device that is plugged in */
	struct usb_bus_device *at; /* the one that is there; NULL */
	struct usb_bus_device *all[USB_RIG_DEVICES];
	size_t count;
};

#endif
