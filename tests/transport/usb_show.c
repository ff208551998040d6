/* SPDX-License-Identifier: Apache-2.0 */
/* What a device on the emulated bus looks like: descriptors, and what sysfs has of it. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "usb_show.h"

static void put_interface(struct imp_writer *w, unsigned number, unsigned setting,
			  unsigned endpoints, unsigned class, unsigned subclass,
			  unsigned protocol)
{
	const unsigned bytes[] = { 9,	      4,     number,   setting,
				   endpoints, class, subclass, protocol };

	for (size_t i = 0; i < COUNTOF(bytes); i++)
		imp_put_u8(w, (uint8_t)bytes[i]);
	imp_put_u8(w, class == 0xff ? 4 : 0);
}

static void put_endpoint(struct imp_writer *w, unsigned address, unsigned type,
			 unsigned packet)
{
	const unsigned bytes[] = { 7, 5, address, type, packet & 255, packet >> 8, 1 };

	for (size_t i = 0; i < COUNTOF(bytes); i++)
		imp_put_u8(w, (uint8_t)bytes[i]);
}

static unsigned packet_of(const struct usb_show *s)
{
	return s->packet ? s->packet : 512;
}

static unsigned put_interfaces(struct imp_writer *w, const struct usb_show *s)
{
	unsigned n = 1;

	for (unsigned i = 0; i < s->setting; i++)
		put_interface(w, 0, i, 0, 0xff, s->subclass, s->protocol);
	put_interface(w, 0, s->setting, 2, 0xff, s->subclass, s->protocol);
	put_endpoint(w, USB_SHOW_OUT, 2, packet_of(s));
	put_endpoint(w, USB_SHOW_IN, 2, packet_of(s));
	if (s->serial_port) {
		put_interface(w, n++, 0, 1, 2, 2, 1);
		imp_put(w,
			IMP_TEXT("\x05\x24\x00\x10\x01")); /* of the class: passed over */
		put_endpoint(w, 0x84, 3, 16);
		put_interface(w, n++, 0, 2, 10, 0, 0);
		put_endpoint(w, 0x05, 2, packet_of(s));
		put_endpoint(w, 0x85, 2, packet_of(s));
	}
	if (s->hid) {
		put_interface(w, n++, 0, 1, 3, 1, 1);
		put_endpoint(w, 0x86, 3, 8);
	}
	return n;
}

struct imp_span usb_show_descriptors(const struct usb_show *s, uint8_t *out, size_t cap)
{
	struct imp_writer w = imp_writer(out, cap);
	unsigned v = s->vendor ? s->vendor : 0x1209, p = s->product ? s->product : 1, n;
	const unsigned device[] = { 18,	    1,	     0x00,   0x02, 0, 0, 0, 64, v & 255,
				    v >> 8, p & 255, p >> 8, 0,	   1, 1, 2, 3,	1 };

	if (s->raw)
		return (struct imp_span){ s->raw, s->raw_len };
	for (size_t i = 0; i < COUNTOF(device); i++)
		imp_put_u8(&w, (uint8_t)device[i]);
	imp_put(&w, IMP_TEXT("\x09\x02\x00\x00\x00\x01\x00\x80\x32"));
	n = put_interfaces(&w, s);
	out[18 + 2] = (uint8_t)(w.len - 18);
	out[18 + 3] = (uint8_t)((w.len - 18) >> 8);
	out[18 + 4] = (uint8_t)n;
	return imp_written(&w);
}

struct text {
	char buf[16384];
	size_t len;
};

IMP_PRINTF(2, 3) static void add(struct text *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	t->len += (size_t)vsnprintf(t->buf + t->len, sizeof(t->buf) - t->len, fmt, ap);
	va_end(ap);
	if (t->len >= sizeof(t->buf))
		abort();
}

static void add_hex(struct text *t, struct imp_span bytes)
{
	for (size_t i = 0; i < bytes.len; i++)
		add(t, "%02X", bytes.ptr[i]);
}

static void add_text(struct text *t, const char *name, const char *text)
{
	if (text)
		add(t, "A: %s=%s\\n\n", name, text);
}

char *usb_show_device(const struct usb_show *s, const char *sysdir, const char *node,
		      struct imp_span descriptors)
{
	struct text t = { .len = 0 };
	unsigned v = s->vendor ? s->vendor : 0x1209, p = s->product ? s->product : 1;

	if (s->weak_hub)
		add(&t,
		    "P: %.*s/%.*s\nE: SUBSYSTEM=usb\nE: DEVTYPE=usb_device\nA: bmAttributes=80\\n\n"
		    "A: bMaxPower=100mA\\n\n\n",
		    (int)(strrchr(sysdir, '/') - sysdir), sysdir,
		    (int)(strrchr(s->port, '.') - s->port), s->port);
	add(&t, "P: %s\nN: %s=", sysdir, node + strlen("/dev/"));
	add_hex(&t, descriptors);
	add(&t, "\nE: SUBSYSTEM=usb\nE: DEVTYPE=usb_device\nE: DEVNAME=%s\n", node);
	add(&t, "A: busnum=%u\\n\nA: devnum=%u\\n\nA: speed=480\\n\n",
	    (unsigned)strtoul(s->port, NULL, 10), s->number);
	add(&t, "A: idVendor=%04x\\n\nA: idProduct=%04x\\n\n", v, p);
	if (s->sleeps)
		add(&t, "A: power/control=auto\\n\n");
	if (s->power)
		add(&t, "A: bMaxPower=%umA\\n\n", s->power);
	if (!s->unconfigured)
		add(&t, "A: bConfigurationValue=1\\n\n");
	add(&t, "H: descriptors=");
	add_hex(&t, descriptors);
	add(&t, "\n\nP: %s/%s:1.0\nE: SUBSYSTEM=usb\nE: DEVTYPE=usb_interface\n", sysdir,
	    s->port);
	if (s->driver)
		add(&t, "L: driver=../../../../../bus/usb/drivers/%s\n", s->driver);
	add_text(&t, "interface", s->interface);
	if (s->serial_port)
		add(&t, "\nP: %s/%s:1.1/tty/ttyACM%u\nE: SUBSYSTEM=tty\n", sysdir,
		    s->port, s->number);
	add(&t, "\n");
	return strdup(t.buf);
}
