/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Framing: packets on a line.
 *
 *   console   06 09 (first) or 04 14 (next), base64 of up to 93 bytes of (u16 length |
 *             packet | CRC-16/XMODEM of the packet), 0a: at most 127 bytes a line
 *   COBS      00 | COBS(packet | CRC-32/ISO-HDLC, u32 big-endian) | 00
 *   bare      packets as they are; the header tells where one ends
 *
 * Console and COBS share a line with logs, a shell and noise: a receiver tells the two
 * apart by the first byte, so there is no mode to get stuck in; what is neither is text;
 * a frame that does not check is dropped, and the next one is found. Bare is for lines
 * that lose nothing and carry nothing else (TCP, USB): what is no header is passed over
 * there. Source: Zephyr, SMP transport over console; S. Cheshire, M. Baker: COBS (1999);
 * imprint-protocol(7).
 */
#ifndef IMP_WIRE_FRAME_H
#define IMP_WIRE_FRAME_H

#include "base/bytes.h"
#include "wire/smp.h"

enum imp_framing { IMP_FRAMING_CONSOLE, IMP_FRAMING_COBS, IMP_FRAMING_BARE };

/* Bytes that a packet of n bytes takes on the wire, at most. */
#define IMP_CONSOLE_WIRE_MAX(n) (((n) + 4 + 92) / 93 * 127)
#define IMP_COBS_WIRE_MAX(n)	((n) + 4 + ((n) + 4) / 254 + 3)
#define IMP_WIRE_MAX(n)		(IMP_CONSOLE_WIRE_MAX(n))

enum { IMP_FRAME_TEXT = 160 }; /* bytes of text that are remembered */

struct imp_deframer {
	uint8_t *buf; /* the packet being put together; the caller's */
	size_t cap, len;
	uint8_t state;		/* what the next byte is for; see frame.c */
	uint16_t want;		/* console: bytes of packet and checksum still to come */
	bool head;		/* console: the length has been read */
	uint8_t quad[4], quads; /* console: base64 characters waiting */
	uint8_t code;		/* COBS: bytes left in this block */
	bool zero;		/* COBS: a zero follows the block */
	bool over;		/* COBS: larger than the buffer */
	enum imp_framing framing;     /* of the last packet; bare: of all */
	uint32_t bad;		      /* frames dropped: checksum, base64, length */
	size_t noise;		      /* bytes that were no part of a frame */
	uint8_t text[IMP_FRAME_TEXT]; /* the last of them */
	size_t text_len;
};

/*
 * Begin on a line.
 *
 *   framing   bare, or else console and COBS, whichever comes
 *   buf       receives packets of at most cap bytes; four bytes more are needed for the
 *             checksum
 */
void imp_deframer_init(struct imp_deframer *d, enum imp_framing framing, uint8_t *buf,
		       size_t cap);
/*
 * Take bytes until one packet is complete.
 *
 *   in       advanced past what was taken
 *   packet   borrowed from the deframer's buffer until the next call; writable through
 * d->buf
 *
 * True with a packet; false when `in` is used up.
 */
bool imp_deframe(struct imp_deframer *d, struct imp_span *in, struct imp_span *packet);
/* On a line of messages, one has ended: a packet that did not is dropped. */
void imp_deframe_end(struct imp_deframer *d);
/* Has a frame begun that is not complete? */
bool imp_deframer_busy(const struct imp_deframer *d);
/* Put one packet as one frame (console: as many lines as it takes). */
void imp_frame_put(struct imp_writer *w, enum imp_framing framing,
		   struct imp_span packet);

#endif
