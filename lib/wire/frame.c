/* SPDX-License-Identifier: Apache-2.0 */
/* Receiving frames. */
#include <string.h>

#include "base/digits.h"
#include "wire/crc.h"
#include "wire/frame.h"

enum state {
	OUTSIDE,    /* between frames */
	CONSOLE_1,  /* after 06 or 04 */
	CONSOLE,    /* in a line's base64 */
	COBS_START, /* after the first 00 */
	COBS,	    /* in a block */
};

enum {
	FIRST_1 = 0x06,
	FIRST_2 = 0x09,
	NEXT_1 = 0x04,
	NEXT_2 = 0x14,
	LINE_END = 0x0a,
	DELIMITER = 0x00,
	CRC16_LEN = 2,
	CRC32_LEN = 4,
};

void imp_deframer_init(struct imp_deframer *d, enum imp_framing framing, uint8_t *buf,
		       size_t cap)
{
	*d = (struct imp_deframer){ .buf = buf, .cap = cap, .framing = framing };
}

static void remember(struct imp_deframer *d, uint8_t byte)
{
	d->noise++;
	if (d->text_len == sizeof(d->text)) {
		memmove(d->text, d->text + 1, sizeof(d->text) - 1);
		d->text_len--;
	}
	d->text[d->text_len++] = byte;
}

static void drop(struct imp_deframer *d)
{
	d->bad++;
	d->state = OUTSIDE;
	d->len = 0;
	d->head = false;
	d->want = 0;
}

static bool check16(const struct imp_deframer *d, struct imp_span *packet)
{
	size_t n = d->len - CRC16_LEN;
	uint16_t crc = imp_crc16(0, (struct imp_span){ d->buf, n });

	*packet = (struct imp_span){ d->buf, n };
	return d->buf[n] == crc >> 8 && d->buf[n + 1] == (crc & 0xff);
}

static bool check32(const struct imp_deframer *d, struct imp_span *packet)
{
	size_t n = d->len - CRC32_LEN;
	uint32_t crc = imp_crc32(0, (struct imp_span){ d->buf, n });
	struct imp_reader r = imp_reader((struct imp_span){ d->buf + n, CRC32_LEN });

	*packet = (struct imp_span){ d->buf, n };
	return imp_take_u32be(&r) == crc;
}

/* One decoded byte of a console line: the length first, then packet and checksum. */
static bool console_byte(struct imp_deframer *d, uint8_t byte)
{
	if (!d->head) {
		d->buf[d->len++] = byte;
		if (d->len < 2)
			return true;
		d->want = (uint16_t)(d->buf[0] << 8 | d->buf[1]);
		d->len = 0;
		d->head = true;
		return d->want > IMP_SMP_HEADER + CRC16_LEN - 1 &&
		       d->want <= d->cap + CRC16_LEN;
	}
	if (d->want == 0)
		return false;
	d->buf[d->len++] = byte;
	d->want--;
	return true;
}

/* Four characters are three bytes, or fewer with padding. */
static bool console_quad(struct imp_deframer *d)
{
	unsigned pad = (unsigned)(d->quad[2] == '=') + (d->quad[3] == '=');
	uint32_t bits = 0;

	if (d->quad[2] == '=' && d->quad[3] != '=')
		return false;
	for (unsigned i = 0; i < 4; i++) {
		int v = i >= 4 - pad ? 0 : imp_base64_digit(d->quad[i]);

		if (v < 0)
			return false;
		bits = bits << 6 | (uint32_t)v;
	}
	d->quads = 0;
	for (unsigned i = 0; i < 3 - pad; i++)
		if (!console_byte(d, (uint8_t)(bits >> (16 - 8 * i))))
			return false;
	return true;
}

/* The end of a line: a packet, a line of several, or rubbish. */
static bool console_end(struct imp_deframer *d, struct imp_span *packet)
{
	d->state = OUTSIDE;
	if (d->quads != 0 || !d->head) {
		drop(d);
		return false;
	}
	if (d->want > 0)
		return false; /* the next line goes on */
	d->head = false;
	if (!check16(d, packet)) {
		drop(d);
		return false;
	}
	d->len = 0;
	d->framing = IMP_FRAMING_CONSOLE;
	return true;
}

static bool outside(struct imp_deframer *d, uint8_t byte)
{
	if (byte == FIRST_1 || byte == NEXT_1) {
		d->state = CONSOLE_1;
		d->code = byte;
		return false;
	}
	remember(d, byte);
	return false;
}

static bool in_console(struct imp_deframer *d, uint8_t byte, struct imp_span *packet)
{
	if (byte == '\r')
		return false; /* consoles like to add it */
	if (byte == LINE_END)
		return console_end(d, packet);
	d->quad[d->quads++] = byte;
	if (imp_base64_digit(byte) < 0 && byte != '=') {
		d->quads = 0;
		drop(d);
		return outside(d, byte); /* the next frame may begin here */
	}
	if (d->quads == 4 && !console_quad(d)) {
		d->quads = 0;
		drop(d);
	}
	return false;
}

static bool after_mark(struct imp_deframer *d, uint8_t mark, uint8_t byte)
{
	bool first = mark == FIRST_1 && byte == FIRST_2;
	bool next = mark == NEXT_1 && byte == NEXT_2 && d->head && d->want > 0;

	if (!first && !next)
		return false;
	if (first) {
		if (d->head)
			d->bad++; /* the frame before never ended */
		d->len = 0;
		d->head = false;
	}
	d->quads = 0;
	d->state = CONSOLE;
	return true;
}

static void cobs_begin(struct imp_deframer *d)
{
	d->state = COBS_START;
	d->len = 0;
	d->head = false;
	d->want = 0;
	d->code = 0;
	d->zero = false;
	d->over = false;
}

static void cobs_put(struct imp_deframer *d, uint8_t byte)
{
	if (d->len < d->cap + CRC32_LEN)
		d->buf[d->len++] = byte;
	else
		d->over = true;
}

/* A delimiter: the end of a frame, and maybe the start of the next. */
static bool cobs_end(struct imp_deframer *d, struct imp_span *packet)
{
	bool whole = d->state == COBS && d->code == 0 && !d->over &&
		     d->len >= IMP_SMP_HEADER + CRC32_LEN;
	bool good = whole && check32(d, packet);
	bool junk = d->state == COBS && !good;

	cobs_begin(d);
	if (junk)
		d->bad++;
	if (good)
		d->framing = IMP_FRAMING_COBS;
	return good;
}

static void in_cobs(struct imp_deframer *d, uint8_t byte)
{
	if (d->code == 0) {
		if (d->zero)
			cobs_put(d, 0);
		d->code = (uint8_t)(byte - 1);
		d->zero = byte != 0xff;
		d->state = COBS;
		return;
	}
	cobs_put(d, byte);
	d->code--;
	if (d->over)
		drop(d);
}

/* May these bytes start a packet that fits? The version is 0 or 1, there are four ops and
 * no flags. */
static bool may_be_header(const struct imp_deframer *d)
{
	const uint8_t *b = d->buf;
	bool op = d->len < 1 || ((b[0] >> 3) <= 1 && (b[0] & 7) <= IMP_SMP_WRITE_RSP);
	bool flags = d->len < 2 || b[1] == 0;
	size_t body = d->len < 4 ? 0 : (size_t)(b[2] << 8 | b[3]);

	return op && flags && body + IMP_SMP_HEADER <= d->cap;
}

/* One more byte of bare packets; those in front of what may be a header are passed over.
 */
static bool in_bare(struct imp_deframer *d, uint8_t byte, struct imp_span *packet)
{
	size_t body;

	d->buf[d->len++] = byte;
	while (d->len <= IMP_SMP_HEADER && !may_be_header(d)) {
		remember(d, d->buf[0]);
		memmove(d->buf, d->buf + 1, --d->len);
	}
	if (d->len < IMP_SMP_HEADER)
		return false;
	body = (size_t)(d->buf[2] << 8 | d->buf[3]);
	if (d->len < IMP_SMP_HEADER + body)
		return false;
	*packet = (struct imp_span){ d->buf, d->len };
	d->len = 0;
	return true;
}

static bool take(struct imp_deframer *d, uint8_t byte, struct imp_span *packet)
{
	if (d->framing == IMP_FRAMING_BARE)
		return in_bare(d, byte, packet);
	if (byte == DELIMITER)
		return cobs_end(d, packet);
	if (d->state == CONSOLE_1) {
		uint8_t mark = d->code;

		d->state = OUTSIDE;
		if (after_mark(d, mark, byte))
			return false;
		remember(d, mark);
		return outside(d, byte);
	}
	if (d->state == CONSOLE)
		return in_console(d, byte, packet);
	/* The second byte of a packet (flags) is 0, so its first block is 1 or 2 long:
	 * any other byte after a delimiter is not COBS. Noise with a zero in it swallows
	 * nothing. */
	if (d->state == COBS_START && byte > 2) {
		d->state = OUTSIDE;
		return outside(d, byte);
	}
	if (d->state == COBS_START || d->state == COBS) {
		in_cobs(d, byte);
		return false;
	}
	return outside(d, byte);
}

bool imp_deframe(struct imp_deframer *d, struct imp_span *in, struct imp_span *packet)
{
	while (in->len > 0) {
		uint8_t byte = *in->ptr++;

		in->len--;
		if (take(d, byte, packet))
			return true;
	}
	return false;
}

void imp_deframe_end(struct imp_deframer *d)
{
	d->bad += d->len >= IMP_SMP_HEADER;
	for (size_t i = 0; d->len < IMP_SMP_HEADER && i < d->len; i++)
		remember(d, d->buf[i]);
	d->len = 0;
}

bool imp_deframer_busy(const struct imp_deframer *d)
{
	if (d->framing == IMP_FRAMING_BARE)
		return d->len > 0;
	return d->head || d->state == CONSOLE || d->state == COBS;
}
