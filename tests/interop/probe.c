/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An agent on standard input, for the model to be held against: u32be length and a
 * request in, u32be length and an answer out.
 *
 *   'n' ueid (15 bytes), then nothing or the maker's COSE_Key: a new device. Empty answer
 *   'r' the device boots again. Empty answer
 *   'p' one SMP packet: u8 1 where flash or state changed, then the packet that answers
 */
#include <stdio.h>
#include <string.h>

#include "cose/key.h"
#include "ram/ram.h"

static struct ram ram;
static struct imp_agent agent;
static struct imp_agent_state state;
static uint8_t in[1 + RAM_PACKET], out[5 + RAM_PACKET];

static bool read_exactly(uint8_t *buf, size_t len)
{
	return fread(buf, 1, len, stdin) == len;
}

static bool read_request(size_t *len)
{
	uint8_t head[4];
	struct imp_reader r = imp_reader(IMP_SPAN(head));

	if (!read_exactly(head, sizeof(head)))
		return false;
	*len = imp_take_u32be(&r);
	MUST(*len >= 1 && *len <= sizeof(in));
	MUST(read_exactly(in, *len));
	return true;
}

static void answer(size_t len)
{
	struct imp_writer w = imp_writer(out, 4);

	imp_put_u32be(&w, (uint32_t)len);
	MUST(fwrite(out, 1, 4 + len, stdout) == 4 + len);
	MUST(fflush(stdout) == 0);
}

static void new_device(struct imp_span what)
{
	struct imp_crypto *crypto = ram.crypto;
	struct imp_cbor c;

	MUST(what.len >= sizeof(ram.ueid));
	ram_init(&ram, crypto);
	ram.signs = true;
	ram.draw_step = 1;
	memcpy(ram.ueid, what.ptr, sizeof(ram.ueid));
	what.ptr += sizeof(ram.ueid);
	what.len -= sizeof(ram.ueid);
	if (what.len > 0) {
		MUST(imp_cbor_open(&c, what, IMP_CBOR_STRICT, NULL) == 0);
		imp_cose_key_take(&c, &ram.maker);
		MUST(imp_cbor_done(&c));
		ram.board.maker = &ram.maker;
	}
	MUST(ram_boot(&ram, &agent) == 0);
	answer(0);
}

/* Whatever is written counts, whether or not the same came back. */
static void handle(struct imp_span packet)
{
	struct imp_writer w = imp_writer(out + 5, RAM_PACKET);
	unsigned ops = ram.ops;

	memcpy(&state, &agent.state, sizeof(state));
	imp_agent_handle(&agent, packet, &w);
	out[4] = ops != ram.ops || memcmp(&state, &agent.state, sizeof(state)) != 0;
	answer(1 + w.len);
}

int main(void)
{
	size_t len;

	MUST(imp_crypto_new(&ram.crypto, NULL) == 0);
	while (read_request(&len)) {
		const struct imp_span rest = { in + 1, len - 1 };

		if (in[0] == 'n') {
			new_device(rest);
		} else if (in[0] == 'r') {
			MUST(ram_boot(&ram, &agent) == 0);
			answer(0);
		} else {
			handle(rest);
		}
	}
	imp_crypto_free(&ram.crypto);
	return 0;
}
