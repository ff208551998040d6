/* SPDX-License-Identifier: Apache-2.0 */
/* CBOR: what the gate refuses and where, what the cursor yields, what the writer writes.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "cbor/head.h"
#include "cbor/reader.h"

struct refused {
	const char *hex;
	size_t offset;
	const char *rule; /* part of it */
};

static struct imp_span unhex(const char *hex, uint8_t *buf)
{
	size_t n = strlen(hex) / 2;

	for (size_t i = 0; i < n; i++)
		cr_assert_eq(sscanf(hex + 2 * i, "%2hhx", &buf[i]), 1);
	return (struct imp_span){ buf, n };
}

static void check_refused(const struct refused *r, enum imp_cbor_rules rules)
{
	struct imp_cbor_fault f = { 0 };
	uint8_t buf[256];
	struct imp_cbor c;

	cr_assert_eq(imp_cbor_open(&c, unhex(r->hex, buf), rules, &f), -IMP_EFORMAT, "%s",
		     r->hex);
	cr_assert_eq(f.offset, r->offset, "%s: offset %zu", r->hex, f.offset);
	cr_assert_not_null(strstr(f.rule, r->rule), "%s: %s", r->hex, f.rule);
}

Test(cbor, strict_refuses_and_names_offset_and_rule)
{
	static const struct refused cases[] = {
		{ "", 0, "ends inside" },
		{ "1801", 0, "shortest" },
		{ "190001", 0, "shortest" },
		{ "1b0000000000000001", 0, "shortest" },
		{ "5801ff", 0, "shortest" },
		{ "9fff", 0, "indefinite" },
		{ "5f4100ff", 0, "indefinite" },
		{ "a201000100", 3, "duplicate" },
		{ "a202000100", 3, "ascending" },
		{ "a2200001ff", 3, "ascending" },
		{ "a1f500", 1, "neither integer nor text" },
		{ "6180", 0, "UTF-8" },
		{ "6107", 0, "control" },
		{ "62c280", 0, "control" },
		{ "62c080", 0, "UTF-8" },
		{ "63eda080", 0, "UTF-8" },
		{ "1bffffffffffffffff", 0, "64 bits" },
		{ "3b8000000000000000", 0, "64 bits" },
		{ "f93c00", 0, "floating" },
		{ "f7", 0, "simple value" },
		{ "f0", 0, "simple value" },
		{ "f820", 0, "simple value" },
		{ "f801", 0, "simple value" },
		{ "c000", 0, "tag" },
		{ "d81200", 0, "shortest" },
		{ "0000", 1, "bytes after" },
		{ "818181818181818181818181818181818100", 16, "deeper" },
		{ "9a0fffffff", 0, "count" },
		{ "ba0fffffff", 0, "count" },
		{ "a1", 0, "count" },
		{ "5bffffffffffffffff", 0, "ends inside" },
		{ "1c", 0, "reserved" },
		{ "ff", 0, "break" },
		{ "81ff", 1, "break" },
		{ "a2616100786162", 4, "ends inside" },
	};

	for (size_t i = 0; i < COUNTOF(cases); i++)
		check_refused(&cases[i], IMP_CBOR_STRICT);
}

Test(cbor, lenient_takes_any_order_but_no_duplicates)
{
	static const char *const good[] = { "a202000100", "bf616101616202ff",
					    "9f01ff",	  "1801",
					    "f93c00",	  "5f41004100ff",
					    "bf6161a0ff" };
	static const struct refused bad[] = {
		{ "a3010002000100", 5, "duplicate" },
		{ "a20100180100", 3, "duplicate" },
		{ "bf6161016162026161f6ff", 7, "duplicate" },
		{ "bf6161ff", 3, "between" },
		{ "5f6100ff", 1, "chunk" },
		{ "1f", 0, "indefinite" },
		{ "bf6161", 3, "ends inside" },
	};
	uint8_t buf[64];
	struct imp_cbor c;

	for (size_t i = 0; i < COUNTOF(good); i++)
		cr_assert_eq(
			imp_cbor_open(&c, unhex(good[i], buf), IMP_CBOR_LENIENT, NULL), 0,
			"%s", good[i]);
	for (size_t i = 0; i < COUNTOF(bad); i++)
		check_refused(&bad[i], IMP_CBOR_LENIENT);
}

Test(cbor, depth_16_is_the_last_that_passes)
{
	uint8_t in[17];
	struct imp_cbor c;

	memset(in, 0x81, 16);
	in[16] = 0;
	cr_assert_eq(imp_cbor_open(&c, IMP_SPAN(in), IMP_CBOR_STRICT, NULL), 0);
}

Test(cbor, larger_than_64_kib_is_refused)
{
	static uint8_t in[70000];
	struct imp_cbor_fault f = { 0 };
	struct imp_cbor c;

	memcpy(in, "\x5a\x00\x01\x11\x6b", 5);
	cr_assert_eq(imp_cbor_open(&c, IMP_SPAN(in), IMP_CBOR_STRICT, &f), -IMP_EFORMAT);
	cr_assert_not_null(strstr(f.rule, "65536"));
}

Test(cbor, cursor_fails_once_and_stays_failed)
{
	uint8_t buf[16];
	struct imp_cbor c;
	struct imp_error err = { 0 };

	cr_assert_eq(imp_cbor_open(&c, unhex("83012002", buf), IMP_CBOR_STRICT, NULL), 0);
	imp_cbor_expect_array(&c, 3);
	cr_assert_eq(imp_cbor_uint(&c), 1);
	cr_assert_eq(imp_cbor_uint(&c), 0);
	cr_assert_eq(imp_cbor_int(&c), 0);
	cr_assert_eq(imp_cbor_finish(&c, "thing", &err), -IMP_EFORMAT);
	cr_assert_str_eq(err.msg, "thing: offset 2: expected an unsigned integer");
}

Test(cbor, cursor_reads_indefinite_maps)
{
	uint8_t buf[16];
	struct imp_cbor c;
	size_t left, pairs = 0;

	cr_assert_eq(
		imp_cbor_open(&c, unhex("bf6161016162f6ff", buf), IMP_CBOR_LENIENT, NULL),
		0);
	left = imp_cbor_map(&c);
	for (; imp_cbor_more(&c, &left); pairs++) {
		imp_cbor_text(&c);
		imp_cbor_item(&c);
	}
	cr_assert(imp_cbor_done(&c));
	cr_assert_eq(pairs, 2);
}

Test(cbor, writer_uses_shortest_heads)
{
	static const uint64_t edge[] = {
		0, 23, 24, 255, 256, 65535, 65536, 0xffffffff, 0x100000000, UINT64_MAX
	};
	uint8_t buf[16], want[9];

	for (size_t i = 0; i < COUNTOF(edge); i++) {
		struct imp_writer w = imp_writer(buf, sizeof(buf));

		imp_cbor_put_uint(&w, edge[i]);
		cr_assert_eq(w.len, imp_cbor_head_len(edge[i]));
		cr_assert_eq(imp_cbor_head(want, IMP_CBOR_UINT, edge[i]), w.len);
		cr_assert_arr_eq(buf, want, w.len);
	}
}
