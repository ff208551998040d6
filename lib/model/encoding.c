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

static const struct unit *units_of(enum imp_encoding timer)
{
	return timer == IMP_ENC_T3324 ? t3324 : t3412;
}

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
	*below = *above = 0;
	for (const struct unit *unit = units_of(timer); unit->seconds; unit++)
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
	for (const struct unit *unit = units_of(timer); unit->seconds; unit++)
		if (unit->bits == octet >> 5) {
			*seconds = (uint64_t)(octet & 31) * unit->seconds;
			return true;
		}
	return false;
}

const char *imp_rai_wrong(uint64_t bits)
{
	enum { UNUSED = 1, WITHOUT_REPLY = 2, WITH_REPLY = 4 };

	if (bits == 0)
		return "says nothing: unused is a bit, too (OMA 10.xml, resource 14)";
	if (bits & UNUSED && bits != UNUSED)
		return "unused stands alone (OMA 10.xml, resource 14)";
	if (bits & WITH_REPLY && !(bits & WITHOUT_REPLY))
		return "last-with-reply needs last-no-reply, too (OMA 10.xml, resource 14)";
	return NULL;
}

/* By the four bits, in hundredths of a second; cycle 0: not for this radio. */
struct edrx {
	uint32_t cycle[16], window[16];
};

static const struct edrx iu = {
	{ 1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072, 196608, 262144 },
	{ 0, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1000, 1200, 1400, 1600, 1800,
	  2000 },
};
static const struct edrx wb = {
	{ 512, 1024, 2048, 4096, 6144, 8192, 10240, 12288, 14336, 16384, 32768, 65536,
	  131072, 262144 },
	{ 128, 256, 384, 512, 640, 768, 896, 1024, 1152, 1280, 1408, 1536, 1664, 1792,
	  1920, 2048 },
};
static const struct edrx nb = {
	{ 0, 0, 2048, 4096, 0, 8192, 0, 0, 0, 16384, 32768, 65536, 131072, 262144, 524288,
	  1048576 },
	{ 256, 512, 768, 1024, 1280, 1536, 1792, 2048, 2304, 2560, 2816, 3072, 3328, 3584,
	  3840, 4096 },
};

static const struct edrx *edrx_of(enum imp_encoding encoding)
{
	if (encoding == IMP_ENC_EDRX_IU)
		return &iu;
	return encoding == IMP_ENC_EDRX_NB ? &nb : &wb;
}

/* The index of a value, or -1 with its neighbours. */
static int find(const uint32_t table[16], bool zero_counts, uint64_t wanted,
		uint64_t *below, uint64_t *above)
{
	*below = *above = 0;
	for (int i = 0; i < 16; i++) {
		if (table[i] == 0 && !zero_counts)
			continue;
		if (table[i] == wanted)
			return i;
		nearer(wanted, table[i], below, above);
	}
	return -1;
}

bool imp_edrx_encode(enum imp_encoding edrx, uint64_t cycle_cs, uint64_t window_cs,
		     uint8_t *octet, bool *cycle_wrong, uint64_t *below, uint64_t *above)
{
	const struct edrx *t = edrx_of(edrx);
	int c = find(t->cycle, false, cycle_cs, below, above), w;

	*cycle_wrong = c < 0;
	if (c < 0)
		return false;
	w = find(t->window, true, window_cs, below, above);
	if (w < 0)
		return false;
	*octet = (uint8_t)(w << 4 | c);
	return true;
}

bool imp_edrx_decode(enum imp_encoding edrx, uint8_t octet, uint64_t *cycle_cs,
		     uint64_t *window_cs)
{
	const struct edrx *t = edrx_of(edrx);

	*cycle_cs = t->cycle[octet & 15];
	*window_cs = t->window[octet >> 4];
	return *cycle_cs != 0;
}
