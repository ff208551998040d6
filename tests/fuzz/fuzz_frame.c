/* SPDX-License-Identifier: Apache-2.0 */
/* Deframing: however the bytes are cut, the same packets come out; each frames and
 * deframes to itself. */
#include <string.h>

#include "fuzz.h"
#include "wire/frame.h"

enum { CAP = 1024, PACKETS = 64 };

static size_t collect(struct imp_span in, enum imp_framing framing, size_t chunk,
		      uint8_t *out, size_t cap)
{
	uint8_t buf[CAP + 4];
	struct imp_deframer d;
	size_t n = 0;

	imp_deframer_init(&d, framing, buf, CAP);
	while (in.len > 0) {
		struct imp_span part = { in.ptr, chunk < in.len ? chunk : in.len },
				packet;

		in.ptr += part.len;
		in.len -= part.len;
		while (imp_deframe(&d, &part, &packet)) {
			MUST(packet.len <= CAP);
			for (size_t i = 0; i < packet.len && n < cap; i++)
				out[n++] = packet.ptr[i];
		}
	}
	return n;
}

static void round_trip(struct imp_span packet, enum imp_framing framing)
{
	static uint8_t wire[IMP_WIRE_MAX(CAP)], out[CAP];
	struct imp_writer w = imp_writer(wire, sizeof(wire));

	imp_frame_put(&w, framing, packet);
	MUST(w.ok);
	MUST(collect(imp_written(&w), framing, w.len, out, sizeof(out)) == packet.len);
	MUST(memcmp(out, packet.ptr, packet.len) == 0);
}

/* On a line of text, and on one of bare packets. */
static void cut_in_any_way(struct imp_span in, enum imp_framing framing)
{
	static uint8_t whole[65536], bits[65536];
	size_t n = collect(in, framing, in.len, whole, sizeof(whole));

	MUST(collect(in, framing, 1, bits, sizeof(bits)) == n);
	MUST(memcmp(whole, bits, n) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A header as ours are: version 2, flags 0. */
	uint8_t packet[CAP] = { 0x0a, 0, (uint8_t)(size >> 8), (uint8_t)size };

	cut_in_any_way((struct imp_span){ data, size }, IMP_FRAMING_CONSOLE);
	cut_in_any_way((struct imp_span){ data, size }, IMP_FRAMING_BARE);
	if (size < 8 || size > CAP - 8)
		return 0;
	memcpy(packet + 8, data, size);
	for (int framing = 0; framing < 3; framing++)
		round_trip((struct imp_span){ packet, size + 8 },
			   (enum imp_framing)framing);
	return 0;
}
