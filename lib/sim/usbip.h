/* SPDX-License-Identifier: Apache-2.0 */
/*
 * USB/IP: what the kernel's virtual host controller says to a device, and hears.
 *
 * Each message is a header of 48 bytes, big-endian, and the data of a transfer where it
 * carries some. Source: Linux, Documentation/usb/usbip_protocol.rst. Private to lib/sim.
 */
#ifndef IMP_SIM_USBIP_H
#define IMP_SIM_USBIP_H

#include "base/bytes.h"

enum {
	SIM_USBIP_HEADER = 48,
	SIM_USBIP_DATA = 65536, /* bytes of the largest transfer to the device */
};

enum sim_usbip_kind { SIM_USBIP_SUBMIT = 1, SIM_USBIP_UNLINK = 2 };

struct sim_usbip {
	enum sim_usbip_kind kind;
	uint32_t sequence;
	uint32_t victim; /* of UNLINK: the sequence number of what it takes back */
	/* Of SUBMIT: */
	bool in;	  /* towards the host */
	uint8_t endpoint; /* 0..15 */
	bool zero_packet; /* a transfer of full packets ends in an empty one */
	uint32_t length;  /* bytes to the device, or at most to the host */
	uint8_t setup[8]; /* of a control transfer */
};

/*
 * Decode a header.
 *
 *   header   48 bytes
 *
 * False where it is no such message, or one that no device of ours could be sent:
 * isochronous, or larger than SIM_USBIP_DATA to the device.
 */
bool sim_usbip_decode(struct imp_span header, struct sim_usbip *out);
/* Bytes of data that follow the header. */
size_t sim_usbip_follows(const struct sim_usbip *m);

/* What the host learns of a transfer: 0 or -errno, and how many bytes were moved. Those
 * to the host follow. */
void sim_usbip_put_done(struct imp_writer *w, uint32_t sequence, int status,
			size_t actual);
/* What it learns of one that it takes back: -ECONNRESET; 0 where it was done already. */
void sim_usbip_put_unlinked(struct imp_writer *w, uint32_t sequence, int status);

#endif
