/* SPDX-License-Identifier: Apache-2.0 */
/* SipHash-2-4 of 128 bits. */
#include "base/sip.h"

struct state {
	uint64_t v[4];
};

static uint64_t turn(uint64_t x, unsigned n)
{
	return x << n | x >> (64 - n);
}

static void mix(struct state *s, unsigned rounds)
{
	uint64_t *v = s->v;

	while (rounds-- > 0) {
		v[0] += v[1];
		v[1] = turn(v[1], 13) ^ v[0];
		v[0] = turn(v[0], 32);
		v[2] += v[3];
		v[3] = turn(v[3], 16) ^ v[2];
		v[0] += v[3];
		v[3] = turn(v[3], 21) ^ v[0];
		v[2] += v[1];
		v[1] = turn(v[1], 17) ^ v[2];
		v[2] = turn(v[2], 32);
	}
}

static void take(struct state *s, uint64_t word)
{
	s->v[3] ^= word;
	mix(s, 2);
	s->v[0] ^= word;
}

/* At most eight bytes, the first one lowest. */
static uint64_t word_of(const uint8_t *p, size_t len)
{
	uint64_t word = 0;

	for (size_t i = 0; i < len; i++)
		word |= (uint64_t)p[i] << (8 * i);
	return word;
}

static uint64_t sum(const struct state *s)
{
	return s->v[0] ^ s->v[1] ^ s->v[2] ^ s->v[3];
}

void imp_sip(const uint64_t key[2], struct imp_span value, uint64_t out[2])
{
	struct state s = {
		{ key[0] ^ 0x736f6d6570736575u, key[1] ^ 0x646f72616e646f6du ^ 0xee,
		  key[0] ^ 0x6c7967656e657261u, key[1] ^ 0x7465646279746573u }
	};
	size_t at = 0;

	for (; value.len - at >= 8; at += 8)
		take(&s, word_of(value.ptr + at, 8));
	take(&s, word_of(value.ptr + at, value.len - at) | (uint64_t)value.len << 56);
	s.v[2] ^= 0xee;
	mix(&s, 4);
	out[0] = sum(&s);
	s.v[1] ^= 0xdd;
	mix(&s, 4);
	out[1] = sum(&s);
}
