/* SPDX-License-Identifier: Apache-2.0 */
/* Encodings: every value both ways, and nothing rounded. */
#include <criterion/criterion.h>
#include <string.h>

#include "model/encoding.h"

/* Written down from 3GPP TS 24.008 10.5.7.4 and 10.5.7.4a, by the three unit bits; 0:
 * deactivated, or a unit that the encoding does not use. */
static const uint32_t t3324[8] = { 2, 60, 360 };
static const uint32_t t3412[8] = { 600, 3600, 36000, 2, 30, 60, 1152000 };

/* Of all octets that say these seconds the one with the smallest unit; -1: none does. */
static int smallest(const uint32_t unit[8], uint64_t seconds)
{
	int best = -1;

	for (int octet = 0; octet < 256; octet++) {
		uint32_t u = unit[octet >> 5];

		if (u != 0 && (uint64_t)(octet & 31) * u == seconds &&
		    (best < 0 || u < unit[best >> 5]))
			best = octet;
	}
	return best;
}

/* Of all seconds that can be said the nearest on each side; 0: none. */
static void neighbours(const uint32_t unit[8], uint64_t seconds, uint64_t *below,
		       uint64_t *above)
{
	*below = *above = 0;
	for (unsigned octet = 0; octet < 256; octet++) {
		uint64_t v = (uint64_t)(octet & 31) * unit[octet >> 5];

		if (v < seconds && v > *below)
			*below = v;
		if (v > seconds && (*above == 0 || v < *above))
			*above = v;
	}
}

static void check_seconds(enum imp_encoding timer, const uint32_t unit[8],
			  uint64_t seconds)
{
	uint64_t below, above, want_below, want_above;
	int want = smallest(unit, seconds);
	uint8_t octet = 0xaa;
	bool can = imp_timer_encode(timer, seconds, &octet, &below, &above);

	cr_assert_eq(can, want >= 0, "%lu s", (unsigned long)seconds);
	cr_assert_eq(octet, can ? want : 0xaa, "%lu s", (unsigned long)seconds);
	if (can)
		return;
	neighbours(unit, seconds, &want_below, &want_above);
	cr_assert_eq(below, want_below, "%lu s", (unsigned long)seconds);
	cr_assert_eq(above, want_above, "%lu s", (unsigned long)seconds);
}

/* Every octet decodes to its seconds or is refused; the octet that says them in the
 * smallest unit is what they encode to, and so is every octet that nothing else says. */
static void both_ways(enum imp_encoding timer, const uint32_t unit[8])
{
	for (unsigned octet = 0; octet < 256; octet++) {
		uint64_t seconds = 77, below, above;
		bool known = imp_timer_decode(timer, (uint8_t)octet, &seconds);
		uint8_t back = 0;

		cr_assert_eq(known, unit[octet >> 5] != 0, "octet %02x", octet);
		if (!known) {
			cr_assert_eq(seconds, 77, "written although refused");
			continue;
		}
		cr_assert_eq(seconds, (uint64_t)(octet & 31) * unit[octet >> 5]);
		cr_assert(imp_timer_encode(timer, seconds, &back, &below, &above));
		cr_assert_eq(back, smallest(unit, seconds), "octet %02x", octet);
		check_seconds(timer, unit, seconds + 1);
		check_seconds(timer, unit, seconds ? seconds - 1 : 0);
	}
}

Test(model, every_timer_octet_goes_both_ways)
{
	both_ways(IMP_ENC_T3324, t3324);
	both_ways(IMP_ENC_T3412, t3412);
	both_ways(IMP_ENC_TIMER3, t3412);
}

Test(model, every_second_of_three_hours_is_said_or_refused)
{
	for (uint64_t s = 0; s <= 11200; s++) {
		check_seconds(IMP_ENC_T3324, t3324, s);
		check_seconds(IMP_ENC_T3412, t3412, s);
	}
}

Test(model, timers_take_the_smallest_unit)
{
	uint64_t below, above;
	uint8_t octet;

	cr_assert(imp_timer_encode(IMP_ENC_T3412, 252000, &octet, &below, &above));
	cr_assert_eq(octet, 0x47); /* 70 h: only 7 x 10 h */
	cr_assert(imp_timer_encode(IMP_ENC_T3324, 240, &octet, &below, &above));
	cr_assert_eq(octet, 0x24); /* 4 min */
	cr_assert(imp_timer_encode(IMP_ENC_T3412, 60, &octet, &below, &above));
	cr_assert_eq(octet, 0x7e); /* 30 x 2 s */
	cr_assert(imp_timer_encode(IMP_ENC_T3412, 36000, &octet, &below, &above));
	cr_assert_eq(octet, 0x2a); /* 10 x 1 h */
}

Test(model, what_a_timer_cannot_say_is_refused_with_its_neighbours)
{
	uint64_t below, above;
	uint8_t octet = 0xaa;

	cr_assert_not(imp_timer_encode(IMP_ENC_T3324, 63, &octet, &below, &above));
	cr_assert_eq(below, 62);
	cr_assert_eq(above, 120);
	cr_assert_not(imp_timer_encode(IMP_ENC_T3324, 11161, &octet, &below, &above));
	cr_assert_eq(below, 11160);
	cr_assert_eq(above, 0);
	cr_assert_not(
		imp_timer_encode(IMP_ENC_T3412, UINT64_MAX, &octet, &below, &above));
	cr_assert_eq(below, 35712000);
	cr_assert_eq(octet, 0xaa, "written although refused");
}

/* Hundredths of a second by the four bits. Source: 3GPP TS 24.008 10.5.5.32. */
static const struct {
	enum imp_encoding encoding;
	uint32_t cycle[16], window[16];
} edrx[] = {
	{ IMP_ENC_EDRX_IU,
	  { 1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072, 196608, 262144 },
	  { 0, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1000, 1200, 1400, 1600, 1800,
	    2000 } },
	{ IMP_ENC_EDRX_WB,
	  { 512, 1024, 2048, 4096, 6144, 8192, 10240, 12288, 14336, 16384, 32768, 65536,
	    131072, 262144 },
	  { 128, 256, 384, 512, 640, 768, 896, 1024, 1152, 1280, 1408, 1536, 1664, 1792,
	    1920, 2048 } },
	{ IMP_ENC_EDRX_NB,
	  { 0, 0, 2048, 4096, 0, 8192, 0, 0, 0, 16384, 32768, 65536, 131072, 262144,
	    524288, 1048576 },
	  { 256, 512, 768, 1024, 1280, 1536, 1792, 2048, 2304, 2560, 2816, 3072, 3328,
	    3584, 3840, 4096 } },
};

Test(model, every_edrx_octet_goes_both_ways)
{
	for (size_t m = 0; m < sizeof(edrx) / sizeof(edrx[0]); m++)
		for (unsigned octet = 0; octet < 256; octet++) {
			uint64_t cycle, window, below, above;
			bool wrong;
			uint8_t back = 0;

			if (!imp_edrx_decode(edrx[m].encoding, (uint8_t)octet, &cycle,
					     &window)) {
				cr_assert_eq(edrx[m].cycle[octet & 15], 0);
				continue;
			}
			cr_assert_eq(cycle, edrx[m].cycle[octet & 15]);
			cr_assert_eq(window, edrx[m].window[octet >> 4]);
			cr_assert(imp_edrx_encode(edrx[m].encoding, cycle, window, &back,
						  &wrong, &below, &above));
			cr_assert_eq(back, octet);
		}
}

/* The nearest on each side among a table's values; cycles have no 0. */
static void check_edrx(size_t m, uint64_t cycle, uint64_t window)
{
	const uint32_t *cycles = edrx[m].cycle, *windows = edrx[m].window;
	uint64_t below, above, want_below = 0, want_above = 0, asked = cycle;
	const uint32_t *table = cycles;
	bool wrong = false, found = false, good;
	uint8_t octet = 0xaa;

	for (size_t i = 0; i < 16; i++)
		found |= cycles[i] == cycle && cycle != 0;
	if (found) {
		table = windows;
		asked = window;
	}
	good = found;
	found = false;
	for (size_t i = 0; i < 16; i++) {
		found |= table[i] == asked && (table == windows || asked != 0);
		if (table[i] < asked && table[i] > want_below)
			want_below = table[i];
		if (table[i] > asked && (want_above == 0 || table[i] < want_above))
			want_above = table[i];
	}
	cr_assert_eq(imp_edrx_encode(edrx[m].encoding, cycle, window, &octet, &wrong,
				     &below, &above),
		     good && found, "%lu %lu", (unsigned long)cycle,
		     (unsigned long)window);
	cr_assert_eq(wrong, !good);
	if (good && found)
		return;
	cr_assert_eq(octet, 0xaa, "written although refused");
	cr_assert_eq(below, want_below, "%lu %lu", (unsigned long)cycle,
		     (unsigned long)window);
	cr_assert_eq(above, want_above, "%lu %lu", (unsigned long)cycle,
		     (unsigned long)window);
}

Test(model, every_hundredth_of_a_cycle_and_a_window_is_said_or_refused)
{
	for (size_t m = 0; m < sizeof(edrx) / sizeof(edrx[0]); m++) {
		for (uint64_t cs = 0; cs <= 1100000; cs += cs < 20000 ? 1 : 64)
			check_edrx(m, cs, edrx[m].window[3]);
		for (uint64_t cs = 0; cs <= 4200; cs++)
			check_edrx(m, 16384, cs);
	}
}

Test(model, rai_bits_go_together_or_are_refused)
{
	static const char *const wrong[8] = {
		"says nothing",	       NULL,	       NULL, "stands alone",
		"needs last-no-reply", "stands alone", NULL, "stands alone"
	};

	for (uint64_t bits = 0; bits < 8; bits++) {
		const char *said = imp_rai_wrong(bits);

		if (wrong[bits])
			cr_assert(said && strstr(said, wrong[bits]), "%lu",
				  (unsigned long)bits);
		else
			cr_assert_null(said);
	}
}

Test(model, a_cycle_of_another_radio_is_refused)
{
	uint64_t below, above;
	uint8_t octet;
	bool wrong;

	cr_assert_not(imp_edrx_encode(IMP_ENC_EDRX_NB, 6144, 256, &octet, &wrong, &below,
				      &above));
	cr_assert(wrong);
	cr_assert_eq(below, 4096);
	cr_assert_eq(above, 8192);
	cr_assert_not(imp_edrx_encode(IMP_ENC_EDRX_WB, 524288, 128, &octet, &wrong,
				      &below, &above));
	cr_assert_eq(below, 262144);
	cr_assert_eq(above, 0);
	cr_assert_not(imp_edrx_encode(IMP_ENC_EDRX_WB, 8192, 300, &octet, &wrong, &below,
				      &above));
	cr_assert_not(wrong);
	cr_assert_eq(below, 256);
	cr_assert_eq(above, 384);
}
