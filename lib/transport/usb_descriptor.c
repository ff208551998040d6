/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors of USB. Source: USB 2.0, 9.6; tables 9-5, 9-8 to 9-13. */
#include "transport/usb_descriptor.h"

enum {
	DEVICE = 1,
	CONFIGURATION = 2,
	INTERFACE = 4,
	ENDPOINT = 5,
	HEADER = 2, /* every descriptor starts with its length and its type */
	DEVICE_LEN = 18,
	CONFIGURATION_LEN = 9,
	INTERFACE_LEN = 9,
	ENDPOINT_LEN = 7,
	CLASS_HID = 0x03,
	CLASS_VENDOR = 0xff,
	BULK = 2, /* bits 1..0 of an endpoint's attributes */
	TRANSFER_TYPE = 3,
	IN = 0x80,	     /* of an endpoint's address */
	PACKET_BITS = 0x7ff, /* of wMaxPacketSize */
};

static uint16_t u16le(const uint8_t *at)
{
	return (uint16_t)(at[0] | at[1] << 8);
}

/* What is gathered on the way through one configuration. */
struct walk {
	struct usb_described *out;
	bool wanted;
	bool open; /* `face` is an interface of class FF */
	unsigned ins, outs;
	struct usb_face face;
};

/* The interface at hand is complete: is it one that can be used? */
static void end_interface(struct walk *w)
{
	struct usb_described *d = w->out;

	if (w->wanted && w->open && w->ins == 1 && w->outs == 1 && d->faces < USB_FACES)
		d->face[d->faces++] = w->face;
	w->open = false;
}

static bool take_interface(struct walk *w, struct imp_span d)
{
	end_interface(w);
	if (d.len < INTERFACE_LEN)
		return false;
	w->open = d.ptr[5] == CLASS_VENDOR;
	w->out->has_hid |= d.ptr[5] == CLASS_HID;
	w->ins = w->outs = 0;
	w->face = (struct usb_face){ .interface = d.ptr[2],
				     .setting = d.ptr[3],
				     .subclass = d.ptr[6],
				     .protocol = d.ptr[7] };
	return true;
}

static bool take_endpoint(struct walk *w, struct imp_span d)
{
	uint16_t packet;

	if (d.len < ENDPOINT_LEN)
		return false;
	packet = u16le(d.ptr + 4) & PACKET_BITS;
	if ((d.ptr[3] & TRANSFER_TYPE) != BULK || !w->open)
		return true;
	if (packet == 0 || packet > USB_PACKET_MAX)
		return false;
	if (d.ptr[2] & IN) {
		w->ins++;
		w->face.in = d.ptr[2];
		w->face.packet_in = packet;
	} else {
		w->outs++;
		w->face.out = d.ptr[2];
		w->face.packet_out = packet;
	}
	return true;
}

/* The descriptor that a span starts with; empty where its length cannot be. */
static struct imp_span first(struct imp_span rest)
{
	if (rest.len < HEADER || rest.ptr[0] < HEADER || rest.ptr[0] > rest.len)
		return (struct imp_span){ 0 };
	return (struct imp_span){ rest.ptr, rest.ptr[0] };
}

static bool take(struct walk *w, struct imp_span d)
{
	switch (d.ptr[1]) {
	case INTERFACE:
		return take_interface(w, d);
	case ENDPOINT:
		return take_endpoint(w, d);
	default: /* of a class, of a vendor, of later versions */
		return d.ptr[1] != DEVICE && d.ptr[1] != CONFIGURATION;
	}
}

static bool walk(struct imp_span rest, struct walk *w)
{
	while (rest.len > 0) {
		struct imp_span d = first(rest);

		if (d.len == 0 || !take(w, d))
			return false;
		rest.ptr += d.len;
		rest.len -= d.len;
	}
	end_interface(w);
	return true;
}

bool usb_describe(struct imp_span all, uint8_t configuration, struct usb_described *out)
{
	struct imp_span d = first(all);

	*out = (struct usb_described){ 0 };
	if (d.len != DEVICE_LEN || d.ptr[1] != DEVICE)
		return false;
	out->vendor = u16le(d.ptr + 8);
	out->product = u16le(d.ptr + 10);
	for (size_t at = d.len; at < all.len;) {
		struct imp_span rest = { all.ptr + at, all.len - at };
		struct walk w = { .out = out };
		size_t len;

		d = first(rest);
		if (d.len < CONFIGURATION_LEN || d.ptr[1] != CONFIGURATION)
			return false;
		len = u16le(d.ptr + 2);
		w.wanted = d.ptr[5] == configuration;
		if (len < d.len || len > rest.len ||
		    !walk((struct imp_span){ rest.ptr + d.len, len - d.len }, &w))
			return false;
		at += len;
	}
	return true;
}
