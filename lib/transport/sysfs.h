/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel says of devices on USB. Private to lib/transport.
 *
 * A port is named as the kernel names it: bus, then the ports of the hubs on the way:
 * "1-2.3"; an interface of what hangs there "1-2.3:1.0" (configuration 1, interface 0).
 * Source: Linux, Documentation/ABI/testing/sysfs-bus-usb.
 */
#ifndef IMP_TRANSPORT_SYSFS_H
#define IMP_TRANSPORT_SYSFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SYSFS_DEVICES "/sys/bus/usb/devices"

enum { SYSFS_NAME = 64, SYSFS_TEXT = 256 };

/* Call fn for each entry of a folder, sorted (2 before 10), until it returns false; none
 * where there is no such folder. Entries with a leading dot are passed over. */
void sysfs_list(const char *dir, bool (*fn)(const char *name, void *arg), void *arg);
/* A port, as above? */
bool sysfs_is_port(const char *name);
/* The text of an attribute of a port or an interface, without its line end; as much of it
 * as fits. False: there is none. */
bool sysfs_text(const char *name, const char *attribute, char *out, size_t cap);
/* The bytes of an attribute, as many as fit; how many. */
size_t sysfs_bytes(const char *name, const char *attribute, uint8_t *out, size_t cap);
/* A number, in decimal or, where base is 16, in hex. */
bool sysfs_number(const char *name, const char *attribute, int base, unsigned long max,
		  unsigned long *out);
/* The driver that has an interface; false: none. */
bool sysfs_driver(const char *interface, char *out, size_t cap);
/* The USB interface that a terminal of this name ("ttyACM0") belongs to; false: it is
 * none of USB. */
bool sysfs_interface_of_tty(const char *tty, char out[SYSFS_NAME]);
/* Cut the name of an interface to that of its port. */
void sysfs_cut_to_port(char *name);
/* Maker, product and serial of what hangs on a port, escaped; "" where it says nothing.
 */
void sysfs_what(const char *port, char out[SYSFS_TEXT]);

#endif
