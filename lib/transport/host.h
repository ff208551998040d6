/* SPDX-License-Identifier: Apache-2.0 */
/* What this host does to devices: power, sleep, what udev and other programs think of
 * them. */
#ifndef IMP_TRANSPORT_HOST_H
#define IMP_TRANSPORT_HOST_H

#include <stdbool.h>
#include <stddef.h>

/* Has this host a bus for USB at all? Containers and small machines have none. */
bool imp_usb_is_here(void);
#define IMP_NO_USB "this host has no USB bus: there is no /sys/bus/usb"

/* May the kernel put what hangs on a USB port ("1-2.3") to sleep when it is idle?
 * Source: Linux, Documentation/driver-api/usb/power-management.rst. */
bool imp_usb_sleeps(const char *port);

/* A hub without a supply of its own gives 100 mA a port, out of the 500 that it gets.
 * Source: USB 2.0, 7.2.1.1. */
struct imp_usb_hub {
	char port[64];	   /* that the hub hangs on */
	unsigned asked_ma; /* by what hangs on it, and by itself */
};
/* Is the hub above a port such a hub, and more is asked of it than it has? */
bool imp_usb_hub_is_weak(const char *port, struct imp_usb_hub *out);

/* Whose a device node is, or a folder. */
struct imp_node_owner {
	char owner[64], group[64]; /* names, or numbers where they have none */
	char mode[11];		   /* "crw-rw----" */
	bool group_may; /* its group, which is not root's, may read and write */
};
/* False where there is no such node, or it cannot be looked at. */
bool imp_node_owner(const char *node, struct imp_node_owner *out);

/* Has udev noted a property ("NAME=VALUE") of a device node? */
bool imp_udev_notes(const char *node, const char *property);

/* "process 1234 (NAME)" of the first process of that name; false: none is seen. */
bool imp_process_find(const char *name, char *out, size_t cap);

#endif
