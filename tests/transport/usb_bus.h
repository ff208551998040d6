/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Devices on an emulated USB: what the kernel's usbfs and sysfs show of them, packet by
 * packet, with what can go wrong. Runs under umockdev-wrapper; whatever program runs
 * beside it sees the devices as real ones.
 *
 * Source: umockdev, UMockdevIoctlBase; Linux, include/uapi/linux/usbdevice_fs.h.
 */
#ifndef IMPRINT_TEST_USB_BUS_H
#define IMPRINT_TEST_USB_BUS_H

#include <umockdev.h>

#include "device.h"

enum { USB_BUS_DESCRIPTORS = 2048 };

/* How a device shows itself; unset: what is said behind it. */
struct usb_show {
	const char *port;		   /* "1-2" */
	unsigned number;		   /* of the device on its bus: 2 */
	unsigned vendor, product;	   /* 1209:0001 */
	const char *serial, *maker, *name; /* none */
	const char *interface;		   /* text of the interface: none */
	unsigned packet;		   /* bytes of the bulk endpoints: 512 */
	unsigned subclass, protocol;
	unsigned setting;   /* alternate setting that has the endpoints: 0 */
	bool hid;	    /* a keyboard beside it */
	bool serial_port;   /* a CDC-ACM function beside it, ttyACMn where n is number */
	const char *driver; /* that has the interface: none */
	bool unconfigured;
	bool sleeps;	/* the kernel may suspend it */
	unsigned power; /* mA that it asks for: none is told */
	bool weak_hub;	/* above it, on a port with a dot; without a supply */
	/* In place of the descriptors that follow from the above. */
	const uint8_t *raw;
	size_t raw_len;
};

struct usb_bus_device;

/*
 * Plug a device in. Its bytes are those of `device`.
 *
 *   bus   umockdev_testbed_new()
 */
struct usb_bus_device *usb_bus_plug(UMockdevTestbed *bus, const struct usb_show *show,
				    struct device *device);
/* Pull it: transfers end, the node is dead, the kernel forgets it. */
void usb_bus_pull(struct usb_bus_device *u);
/* And free it. */
void usb_bus_free(struct usb_bus_device *u);

/* What goes wrong, from now on. */
struct usb_faults {
	unsigned halts_in, halts_out; /* how many times the endpoint halts */
	unsigned errors_in;	      /* transfers that end in an error of the bus */
	unsigned babbles;	      /* transfers that end in a packet too large */
	bool no_empty;		      /* the device leaves out the packet of no bytes */
	bool slow_pull; /* a pull shows as errors before the kernel notices */
	bool busy;	/* another process has the interface */
};
void usb_bus_set_faults(struct usb_bus_device *u, struct usb_faults f);

/* What the host did. */
struct usb_seen {
	unsigned clears;	     /* of halted endpoints */
	unsigned empties;	     /* messages ended by a packet of no bytes */
	unsigned claims, releases;   /* of the interface */
	unsigned detached, attached; /* kernel drivers taken and given back */
	unsigned discards;	     /* transfers taken back */
	unsigned setting;	     /* that was set last */
};
struct usb_seen usb_bus_seen(struct usb_bus_device *u);

#endif
