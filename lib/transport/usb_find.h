/* SPDX-License-Identifier: Apache-2.0 */
/* Which devices on USB are ours, by name or by looking. Private to lib/transport. */
#ifndef IMP_TRANSPORT_USB_FIND_H
#define IMP_TRANSPORT_USB_FIND_H

#include "transport/sysfs.h"
#include "transport/usb.h"
#include "transport/usb_descriptor.h"

struct usb_found {
	char port[SYSFS_NAME]; /* "1-2.3" */
	char node[32];	       /* "/dev/bus/usb/001/004" */
	unsigned configuration;
	uint16_t vendor, product;
	struct usb_face face;
	bool has_hid;
	const char *trouble; /* why it cannot be used; NULL */
};

/*
 * Find the one device that a name is about.
 *
 *   rest   what follows "usb:"
 *
 * 0, also for a device with trouble; -IMP_EUSAGE (no such name; several devices, listed);
 * -IMP_ETRANSPORT (none).
 */
int usb_find(const char *rest, const struct imp_usb_ids *ids, struct usb_found *out,
	     struct imp_error *err);

/* The name of a face's interface in sysfs: "1-2.3:1.0". */
void usb_interface_name(const struct usb_found *f, char out[SYSFS_NAME]);

/* each and place of struct imp_transport_ops. */
void usb_each(const struct imp_usb_ids *ids,
	      void (*fn)(const struct imp_attached *a, void *arg), void *arg);
bool usb_place(const char *rest, const struct imp_usb_ids *ids, char *out, size_t cap);

#endif
