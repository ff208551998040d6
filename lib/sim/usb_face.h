/* SPDX-License-Identifier: Apache-2.0 */
/*
 * USB face: what a simulated board is on USB, and how it answers the host there.
 *
 * A composite device of high speed: an interface of class FF with a bulk endpoint each
 * way, on which packets are messages; and a serial port (CDC-ACM). Source: USB 2.0,
 * chapter 9 and 5.8; USB CDC 1.2 and PSTN 1.2; imprint-device(7). Private to lib/sim.
 */
#ifndef IMP_SIM_USB_FACE_H
#define IMP_SIM_USB_FACE_H

#include "sim/queue.h"
#include "sim/usbip.h"

enum sim_usb_pipe { SIM_USB_BULK, SIM_USB_ACM, SIM_USB_PIPES };

enum {
	SIM_USB_PACKET = 512, /* bytes of a bulk packet; Source: USB 2.0, 5.8.3 */
	SIM_USB_WAITING = 64, /* transfers to the host that wait for bytes */
	SIM_USB_TEXT = 32,
};

/* Messages on their way to the host. */
struct sim_usb_out {
	struct sim_queue queue; /* each behind its length, 4 bytes */
	size_t left;		/* of the message that is being sent */
	bool open;		/* its last packet is still to come, be it an empty one */
};

struct sim_usb_waiting {
	uint32_t sequence, length;
	uint8_t endpoint;
};

struct sim_usb_face {
	char serial[SIM_USB_TEXT + 1];
	uint8_t configuration; /* 0: the host has not set one */
	uint8_t coding[7];     /* of the serial port; PSTN 1.2, table 17 */
	struct sim_usb_out out[SIM_USB_PIPES];
	struct sim_usb_waiting waiting[SIM_USB_WAITING];
	size_t count;
	/* Where answers go; data may be empty. */
	void (*answer)(void *ctx, struct imp_span header, struct imp_span data);
	void *ctx;
};

/* Bytes of the host's. */
struct sim_usb_got {
	enum sim_usb_pipe pipe;
	struct imp_span bytes; /* borrowed from the data taken */
	bool ended;	       /* with them, a message of the bulk pipe */
};

/*
 * Begin, not yet configured.
 *
 *   serial   the number on its label, copied
 *   answer   outlives the face, with ctx
 */
void sim_usb_init(struct sim_usb_face *f, const char *serial,
		  void (*answer)(void *ctx, struct imp_span header, struct imp_span data),
		  void *ctx);
/*
 * Take one message of the host's and answer it, now or when there is something to say.
 *
 *   data   sim_usbip_follows(m) bytes
 *   got    what the firmware gets of it
 *
 * True with bytes for the firmware, or the end of a message.
 */
bool sim_usb_take(struct sim_usb_face *f, const struct sim_usbip *m, struct imp_span data,
		  struct sim_usb_got *got);
/* Send one message, or some bytes of the serial port's. What finds no room is lost. */
void sim_usb_send(struct sim_usb_face *f, enum sim_usb_pipe pipe, struct imp_span bytes);
void sim_usb_fini(struct sim_usb_face *f);

/*
 * usb_control.c: answer a control request.
 *
 *   setup   8 bytes
 *   data    of a request that carries some to the device
 *   w       what the host gets of one that asks; its cap is what the host takes
 *
 * 0, or -EPIPE: the request is none that this device knows (a stall).
 */
int sim_usb_control(struct sim_usb_face *f, const uint8_t setup[8], struct imp_span data,
		    struct imp_writer *w);

#endif
