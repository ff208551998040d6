/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors, and the requests of chapter 9 and of a serial port. */
#include <errno.h>
#include <string.h>

#include "base/attr.h"
#include "sim/usb_face.h"

enum {
	DEVICE = 1,
	CONFIGURATION = 2,
	STRING = 3,
	U16 = 2,
	TEXT_MAKER = 1,
	TEXT_PRODUCT,
	TEXT_SERIAL,
	TEXT_BULK,
	TEXT_ACM,
	TEXTS,
};

#define U16LE(n) (uint8_t)((n)&0xff), (uint8_t)((n) >> 8)

/* 1209:0001 is for private tests. Source: pid.codes, 1209/0001. */
static const uint8_t device[] = {
	18,
	DEVICE,
	U16LE(0x0200), /* USB 2.0 */
	0xef,	       /* class, subclass, protocol: has interface associations */
	2,
	1,
	64, /* bytes of a packet on endpoint 0 */
	U16LE(0x1209),
	U16LE(0x0001),
	U16LE(0x0100), /* version of the device */
	TEXT_MAKER,
	TEXT_PRODUCT,
	TEXT_SERIAL,
	1, /* configurations */
};

/* A descriptor a line. */
/* clang-format off */
static const uint8_t configuration[] = {
	9, CONFIGURATION, U16LE(98), 3, 1, 0, 0x80, 50, /* three interfaces; from the bus, 100 mA */
	9, 4, 0, 0, 2, 0xff, 0, 0, TEXT_BULK, /* interface 0: a vendor's, two endpoints */
	7, 5, 0x01, 2, U16LE(SIM_USB_PACKET), 0, /* bulk, to the device */
	7, 5, 0x81, 2, U16LE(SIM_USB_PACKET), 0, /* bulk, to the host */
	8, 11, 1, 2, 2, 2, 1, TEXT_ACM, /* 1 and 2 belong together: CDC, ACM, AT commands */
	9, 4, 1, 0, 1, 2, 2, 1, TEXT_ACM, /* interface 1: control */
	5, 0x24, 0, U16LE(0x0110), /* CDC 1.10 */
	5, 0x24, 1, 0, 2, /* call management: none; data on 2 */
	4, 0x24, 2, 2, /* ACM: line coding and line state */
	5, 0x24, 6, 1, 2, /* union of 1 and 2 */
	7, 5, 0x82, 3, U16LE(16), 8, /* notifications */
	9, 4, 2, 0, 2, 10, 0, 0, 0, /* interface 2: data */
	7, 5, 0x03, 2, U16LE(SIM_USB_PACKET), 0,
	7, 5, 0x83, 2, U16LE(SIM_USB_PACKET), 0,
};
/* clang-format on */

static const char *text_of(const struct sim_usb_face *f, unsigned index)
{
	static const char *const text[TEXTS] = {
		[TEXT_MAKER] = "imprint",
		[TEXT_PRODUCT] = "Simulated device",
		[TEXT_BULK] = "imprint SMP",
		[TEXT_ACM] = "imprint console",
	};

	if (index >= TEXTS)
		return NULL;
	return index == TEXT_SERIAL ? f->serial : text[index];
}

/* Put as much as the host takes. */
static int give(struct imp_writer *w, struct imp_span s)
{
	size_t room = w->cap - w->len;

	imp_put(w, (struct imp_span){ s.ptr, s.len < room ? s.len : room });
	return 0;
}

/* UTF-16 of ASCII; number 0 lists the languages: English (United States). */
static int give_text(const struct sim_usb_face *f, unsigned index, struct imp_writer *w)
{
	static const uint8_t languages[] = { 4, STRING, U16LE(0x0409) };
	const char *text = text_of(f, index);
	uint8_t out[2 + U16 * SIM_USB_TEXT];
	size_t len;

	if (index == 0)
		return give(w, IMP_SPAN(languages));
	if (!text)
		return -EPIPE;
	len = strlen(text);
	out[0] = (uint8_t)(2 + U16 * len);
	out[1] = STRING;
	for (size_t i = 0; i < len; i++) {
		out[2 + U16 * i] = (uint8_t)text[i];
		out[3 + U16 * i] = 0;
	}
	return give(w, (struct imp_span){ out, out[0] });
}

struct request {
	uint16_t value;
	struct imp_span data;
};

static int get_descriptor(struct sim_usb_face *f, const struct request *r,
			  struct imp_writer *w)
{
	switch (r->value >> 8) {
	case DEVICE:
		return give(w, IMP_SPAN(device));
	case CONFIGURATION:
		return (r->value & 0xff) == 0 ? give(w, IMP_SPAN(configuration)) : -EPIPE;
	case STRING:
		return give_text(f, r->value & 0xff, w);
	default:
		return -EPIPE;
	}
}

/* Not self-powered, no remote wakeup, nothing halted. */
static int get_status(struct sim_usb_face *f, const struct request *r,
		      struct imp_writer *w)
{
	static const uint8_t none[2];

	(void)f;
	(void)r;
	return give(w, IMP_SPAN(none));
}

static int set_configuration(struct sim_usb_face *f, const struct request *r,
			     struct imp_writer *w)
{
	(void)w;
	if (r->value > 1)
		return -EPIPE;
	f->configuration = (uint8_t)r->value;
	return 0;
}

static int get_configuration(struct sim_usb_face *f, const struct request *r,
			     struct imp_writer *w)
{
	(void)r;
	return give(w, (struct imp_span){ &f->configuration, 1 });
}

/* Interfaces have one setting. */
static int set_interface(struct sim_usb_face *f, const struct request *r,
			 struct imp_writer *w)
{
	(void)f;
	(void)w;
	return r->value == 0 ? 0 : -EPIPE;
}

static int set_coding(struct sim_usb_face *f, const struct request *r,
		      struct imp_writer *w)
{
	(void)w;
	if (r->data.len != sizeof(f->coding))
		return -EPIPE;
	memcpy(f->coding, r->data.ptr, sizeof(f->coding));
	return 0;
}

static int get_coding(struct sim_usb_face *f, const struct request *r,
		      struct imp_writer *w)
{
	(void)r;
	return give(w, IMP_SPAN(f->coding));
}

static int take(struct sim_usb_face *f, const struct request *r, struct imp_writer *w)
{
	(void)f;
	(void)r;
	(void)w;
	return 0;
}

/* Sources: USB 2.0, table 9-3; PSTN 1.2, table 13. */
static const struct {
	uint8_t type, number;
	int (*answer)(struct sim_usb_face *f, const struct request *r,
		      struct imp_writer *w);
} requests[] = {
	{ 0x80, 6, get_descriptor },
	{ 0x80, 0, get_status },
	{ 0x81, 0, get_status },
	{ 0x82, 0, get_status },
	{ 0x80, 8, get_configuration },
	{ 0x00, 9, set_configuration },
	{ 0x01, 11, set_interface },
	{ 0x02, 1, take },	    /* CLEAR_FEATURE: no endpoint is halted after it */
	{ 0x21, 0x20, set_coding }, /* SET_LINE_CODING */
	{ 0xa1, 0x21, get_coding },
	{ 0x21, 0x22, take }, /* SET_CONTROL_LINE_STATE */
	{ 0x21, 0x23, take }, /* SEND_BREAK */
};

int sim_usb_control(struct sim_usb_face *f, const uint8_t setup[8], struct imp_span data,
		    struct imp_writer *w)
{
	const struct request r = {
		.value = (uint16_t)(setup[2] | setup[3] << 8),
		.data = data,
	};

	for (size_t i = 0; i < COUNTOF(requests); i++)
		if (requests[i].type == setup[0] && requests[i].number == setup[1])
			return requests[i].answer(f, &r, w);
	return -EPIPE;
}
