/* SPDX-License-Identifier: Apache-2.0 */
/* Sending frames. */
#include "base/digits.h"
#include "wire/crc.h"
#include "wire/frame.h"

enum { LINE_BYTES = 93, BLOCK = 254 };

/* Byte i of u16 length | packet | u16 checksum. */
static uint8_t console_at(struct imp_span packet, uint16_t crc, size_t i)
{
	size_t len = packet.len + 2;

	if (i < 2)
		return (uint8_t)(i == 0 ? len >> 8 : len);
	if (i < len)
		return packet.ptr[i - 2];
	return (uint8_t)(i == len ? crc >> 8 : crc);
}

static void put_console(struct imp_writer *w, struct imp_span packet)
{
	uint16_t crc = imp_crc16(0, packet);
	size_t total = packet.len + 4;

	for (size_t at = 0; at < total;) {
		size_t end = at + LINE_BYTES < total ? at + LINE_BYTES : total;

		imp_put_u16be(w, at == 0 ? 0x0609 : 0x0414);
		while (at < end) {
			uint8_t three[3] = { 0 };
			size_t n = 0;

			while (n < 3 && at < end)
				three[n++] = console_at(packet, crc, at++);
			imp_put_base64(w, (struct imp_span){ three, n });
		}
		imp_put_u8(w, '\n');
	}
}

static void put_cobs(struct imp_writer *w, struct imp_span packet)
{
	uint32_t crc = imp_crc32(0, packet);
	const uint8_t tail[4] = { (uint8_t)(crc >> 24), (uint8_t)(crc >> 16),
				  (uint8_t)(crc >> 8), (uint8_t)crc };
	size_t total = packet.len + sizeof(tail), code_at;

	imp_put_u8(w, 0);
	code_at = w->len;
	imp_put_u8(w, 1);
	for (size_t i = 0; i < total && w->ok; i++) {
		uint8_t byte = i < packet.len ? packet.ptr[i] : tail[i - packet.len];

		if (byte != 0) {
			imp_put_u8(w, byte);
			w->ptr[code_at]++;
		}
		if (byte == 0 || (w->ptr[code_at] == BLOCK + 1 && i + 1 < total)) {
			code_at = w->len;
			imp_put_u8(w, 1);
		}
	}
	imp_put_u8(w, 0);
}

void imp_frame_put(struct imp_writer *w, enum imp_framing framing, struct imp_span packet)
{
	switch (framing) {
	case IMP_FRAMING_CONSOLE:
		put_console(w, packet);
		break;
	case IMP_FRAMING_COBS:
		put_cobs(w, packet);
		break;
	case IMP_FRAMING_BARE:
		imp_put(w, packet);
		break;
	}
}
