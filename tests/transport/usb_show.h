/* SPDX-License-Identifier: Apache-2.0 */
/* What a device on the emulated bus looks like. Private to usb_bus.c. */
#ifndef IMPRINT_TEST_USB_SHOW_H
#define IMPRINT_TEST_USB_SHOW_H

#include "usb_bus.h"

enum { USB_SHOW_OUT = 0x02, USB_SHOW_IN = 0x83 }; /* addresses that nobody would guess */

/* Into out, but for raw ones. */
struct imp_span usb_show_descriptors(const struct usb_show *s, uint8_t *out, size_t cap);
/* The device as umockdev_testbed_add_from_string() takes it; free(). */
char *usb_show_device(const struct usb_show *s, const char *sysdir, const char *node,
		      struct imp_span descriptors);

#endif
