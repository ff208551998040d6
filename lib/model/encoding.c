/* SPDX-License-Identifier: Apache-2.0 */
/* Encodings of 3GPP. */
#include "model/encoding.h"

struct unit {
	uint8_t bits;
	uint32_t seconds;
};

/* Smallest unit first. */
static const struct unit t3324[] = { { 0, 2 }, { 1, 60 }, { 2, 360 }, { 0xff, 0 } };
static const struct unit t3412[] = { { 3, 2 },	     { 4, 30 },	  { 5, 60 },
				     { 0, 600 },     { 1, 3600 }, { 2, 36000 },
				     { 6, 1152000 }, { 0xff, 0 } };

enum { STEPS = 31 };

static void nearer(uint64_t wanted, uint64_t v, uint64_t *below, uint64_t *above)
{
	if (v < wanted && v > *below)
		*below = v;
	if (v > wanted && (*above == 0 || v < *above))
		*above = v;
}

bool imp_timer_encode(enum imp_encoding timer, uint64_t seconds, uint8_t *octet,
		      uint64_t *below, uint64_t *above)
{
	const struct unit *unit = timer == IMP_ENC_T3324 ? t3324 : t3412;

	*below = *above = 0;
	for (; unit->seconds; unit++)
		for (uint8_t n = 0; n <= STEPS; n++) {
			uint64_t v = (uint64_t)n * unit->seconds;

			if (v == seconds) {
				*octet = (uint8_t)(unit->bits << 5 | n);
				return true;
			}
			nearer(seconds, v, below, above);
		}
	return false;
}

bool imp_timer_decode(enum imp_encoding timer, uint8_t octet, uint64_t *seconds)
{
	const struct unit *unit = timer == IMP_ENC_T3324 ? t3324 : t3412;

	for (; unit->seconds; unit++)
		if (unit->bits == octet >> 5) {
			*seconds = (uint64_t)(octet & 31) * unit->seconds;
			return true;
		}
	return false;
}

/* Hundredths of a second by the four bits; 0: not for this radio. */
static const uint32_t cycle_wb[16] = { 512,    1024,   2048,  4096,  6144,  8192,
				       10240,  12288,  14336, 16384, 32768, 65536,
				       131072, 262144, 0,     0 };
static const uint32_t cycle_nb[16] = { 0,      0,      2048,   4096,   0,     8192,
				       0,      0,      0,      16384,  32768, 65536,
				       131072, 262144, 524288, 1048576 };

static uint32_t window_step(enum imp_encoding edrx)
{
	return edrx == IMP_ENC_EDRX_NB ? 256 : 128;
}

bool imp_edrx_encode(enum imp_encoding edrx, uint64_t cycle_cs, uint64_t window_cs,
		     uint8_t *octet, bool *cycle_wrong, uint64_t *below, uint64_t *above)
{
	const uint32_t *cycle = edrx == IMP_ENC_EDRX_NB ? cycle_nb : cycle_wb;
	int c = -1, w = -1;

	*below = *above = 0;
	for (int i = 0; i < 16; i++) {
		if (cycle[i] == 0)
			continue;
		if (cycle[i] == cycle_cs)
			c = i;
		nearer(cycle_cs, cycle[i], below, above);
	}
	*cycle_wrong = c < 0;
	if (c < 0)
		return false;
	*below = *above = 0;
	for (int i = 0; i < 16; i++) {
		uint64_t v = (uint64_t)(i + 1) * window_step(edrx);

		if (v == window_cs)
			w = i;
		nearer(window_cs, v, below, above);
	}
	if (w < 0)
		return false;
	*octet = (uint8_t)(w << 4 | c);
	return true;
}

bool imp_edrx_decode(enum imp_encoding edrx, uint8_t octet, uint64_t *cycle_cs,
		     uint64_t *window_cs)
{
	uint32_t cycle = (edrx == IMP_ENC_EDRX_NB ? cycle_nb : cycle_wb)[octet & 15];

	*cycle_cs = cycle;
	*window_cs = ((uint64_t)(octet >> 4) + 1) * window_step(edrx);
	return cycle != 0;
}
