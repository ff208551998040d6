/* SPDX-License-Identifier: Apache-2.0 */
/* Opening devices on USB through the kernel's usbfs, and giving them back. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "transport/holder.h"
#include "transport/stream.h"
#include "transport/usb_open.h"

int usb_gone(const struct usb *u, struct imp_error *err)
{
	return line_is_gone(&u->base, u->name, "unplugged", err);
}

static int no_permission(const struct usb *u, struct imp_error *err)
{
	int rc = imp_fail(err, IMP_ETRANSPORT, "%s: no permission for %s", u->name,
			  u->found.node);

	return imp_hint(err, rc,
			"a udev rule gives it to whoever sits at this host: "
			"SUBSYSTEM==\"usb\", ATTR{idVendor}==\"%04x\", "
			"ATTR{idProduct}==\"%04x\", TAG+=\"uaccess\"",
			u->found.vendor, u->found.product);
}

static int busy(const struct usb *u, struct imp_error *err)
{
	char interface[SYSFS_NAME], driver[SYSFS_NAME] = "", who[96] = "";
	int rc;

	usb_interface_name(&u->found, interface);
	(void)sysfs_driver(interface, driver, sizeof(driver));
	(void)imp_holder_name(u->found.node, who, sizeof(who));
	rc = imp_fail(err, IMP_ETRANSPORT, "%s: interface %s is held by %s", u->name,
		      interface,
		      who[0]	  ? who
		      : driver[0] ? driver
				  : "another process");
	return imp_hint(err, rc, "end that program, or let its driver leave it alone");
}

static int refused(const struct usb *u, int why, struct imp_error *err)
{
	switch (why) {
	case LIBUSB_ERROR_BUSY:
		return busy(u, err);
	case LIBUSB_ERROR_NO_DEVICE:
	case LIBUSB_ERROR_NOT_FOUND:
		return usb_gone(u, err);
	case LIBUSB_ERROR_ACCESS:
		return no_permission(u, err);
	default:
		return imp_fail(err, IMP_ETRANSPORT, "%s: %s", u->name,
				u->lib.strerror(why));
	}
}

/* The node belongs to one plugging-in: what hangs there next has another number. */
static int open_node(struct usb *u, struct imp_error *err)
{
	u->fd = open(u->found.node, O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (u->fd >= 0)
		return 0;
	if (errno == EACCES || errno == EPERM)
		return no_permission(u, err);
	if (errno == ENOENT || errno == ENODEV)
		return usb_gone(u, err);
	return imp_fail(err, IMP_ETRANSPORT, "%s: %s: %s", u->name, u->found.node,
			strerror(errno));
}

/* One context a device, and none that watches or lists the others. */
static int wrap(struct usb *u, struct imp_error *err)
{
	struct libusb_device_descriptor d = { 0 };
	int rc = u->lib.set_option(NULL, LIBUSB_OPTION_NO_DEVICE_DISCOVERY);

	if (!rc)
		rc = u->lib.init(&u->ctx);
	if (!rc)
		rc = u->lib.wrap_sys_device(u->ctx, u->fd, &u->handle);
	if (!rc)
		rc = u->lib.get_device_descriptor(u->lib.get_device(u->handle), &d);
	if (rc)
		return refused(u, rc, err);
	return d.idVendor == u->found.vendor && d.idProduct == u->found.product
		       ? 0
		       : usb_gone(u, err);
}

/* A kernel driver that has the interface gets it back at the end. */
static int claim(struct usb *u, struct imp_error *err)
{
	const struct usb_face *f = &u->found.face;
	int rc = u->lib.set_auto_detach_kernel_driver(u->handle, 1);

	if (!rc)
		rc = u->lib.claim_interface(u->handle, f->interface);
	u->claimed = rc == 0;
	if (!rc && f->setting != 0)
		rc = u->lib.set_interface_alt_setting(u->handle, f->interface,
						      f->setting);
	return rc ? refused(u, rc, err) : 0;
}

/* Whole packets: a device cannot overrun the buffer, nor end a message by filling it. */
static int make_transfers(struct usb *u, struct imp_error *err)
{
	const struct usb_face *f = &u->found.face;
	int len = USB_BUFFER / f->packet_in * f->packet_in;

	u->in = u->lib.alloc_transfer(0);
	u->out = u->lib.alloc_transfer(0);
	if (!u->in || !u->out)
		return imp_fail(err, IMP_ERESOURCE, "out of memory");
	libusb_fill_bulk_transfer(u->in, u->handle, f->in, u->buffer, len, NULL, NULL, 0);
	libusb_fill_bulk_transfer(u->out, u->handle, f->out, NULL, 0, NULL, NULL, 0);
	return 0;
}

void usb_close(struct imp_transport *base)
{
	struct usb *u = (struct usb *)base;

	if (u->in)
		u->lib.free_transfer(u->in);
	if (u->out)
		u->lib.free_transfer(u->out);
	if (u->claimed)
		(void)u->lib.release_interface(u->handle, u->found.face.interface);
	if (u->handle)
		u->lib.close(u->handle);
	if (u->ctx)
		u->lib.exit(u->ctx);
	if (u->fd >= 0)
		close(u->fd);
	free(u->name);
	free(u);
}

static int begin(struct usb *u, struct imp_error *err)
{
	int rc = 0;

	if (u->found.has_hid)
		rc = imp_fail(err, IMP_EPOLICY, "%s: %s", u->name, u->found.trouble);
	else if (u->found.trouble && u->found.face.packet_in == 0)
		rc = imp_fail(err, IMP_ETRANSPORT, "%s: %s", u->name, u->found.trouble);
	if (!rc)
		rc = open_node(u, err);
	if (!rc)
		rc = usb_lib_load(&u->lib, err);
	if (!rc)
		rc = wrap(u, err);
	if (!rc)
		rc = claim(u, err);
	return rc ? rc : make_transfers(u, err);
}

int usb_open(struct imp_transport **out, const char *name, const struct imp_usb_ids *ids,
	     const struct imp_wait *wait, struct imp_error *err)
{
	struct usb *u = calloc(1, sizeof(*u));
	int rc;

	(void)wait; /* opening asks the kernel, not the device */
	if (!u)
		return imp_fail(err, IMP_ERESOURCE, "out of memory");
	u->fd = -1;
	rc = usb_find(name, ids, &u->found, err);
	if (!rc && asprintf(&u->name, "usb:%s", u->found.port) < 0) {
		u->name = NULL;
		rc = imp_fail(err, IMP_ERESOURCE, "out of memory");
	}
	if (!rc)
		rc = begin(u, err);
	if (rc) {
		usb_close(&u->base);
		return rc;
	}
	*out = &u->base;
	return 0;
}
