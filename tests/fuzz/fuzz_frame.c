/* SPDX-License-Identifier: Apache-2.0 */
/* Deframing: however the bytes are cut, the same packets come out; each frames and
 * deframes to itself. */
#include <string.h>

#include "fuzz.h"
#include "wire/frame.h"

enum { CAP = 1024, PACKETS = 64 };

static size_t collect(struct imp_span in, size_t chunk, uint8_t *out, size_t cap)
{
	uint8_t buf[CAP + 4];
	struct imp_deframer d;
	size_t n = 0;

	imp_deframer_init(&d, buf, CAP);
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
	MUST(collect(imp_written(&w), w.len, out, sizeof(out)) == packet.len);
	MUST(memcmp(out, packet.ptr, packet.len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t whole[65536], bits[65536];
	uint8_t packet[CAP] = { 0x0a };
	size_t n = collect((struct imp_span){ data, size }, size, whole, sizeof(whole));

	MUST(collect((struct imp_span){ data, size }, 1, bits, sizeof(bits)) == n);
	MUST(memcmp(whole, bits, n) == 0);
	if (size < 8 || size > CAP - 8)
		return 0;
	memcpy(packet + 8, data, size); /* a header as ours are: version 2, flags 0 */
	for (int framing = 0; framing < 2; framing++)
		round_trip((struct imp_span){ packet, size + 8 },
			   (enum imp_framing)framing);
	return 0;
}
