/* SPDX-License-Identifier: Apache-2.0 */
/* Framing: check values, both ways, noise, broken frames. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "wire/crc.h"
#include "wire/frame.h"

enum { CAP = 4096 };

static uint8_t buf[CAP + 4];

static struct imp_span packet_of(size_t body, uint8_t *out)
{
	struct imp_writer w = imp_writer(out, CAP);
	const struct imp_smp smp = {
		.version = 1, .op = IMP_SMP_WRITE, .group = 4096, .id = 1
	};

	imp_smp_put_header(&w, &smp, body);
	for (size_t i = 0; i < body; i++)
		imp_put_u8(&w, (uint8_t)rand());
	return imp_written(&w);
}

/* Feed in random chunks; count packets and check each against `want`. */
static unsigned feed(struct imp_deframer *d, struct imp_span all, struct imp_span want)
{
	unsigned n = 0;

	while (all.len > 0) {
		size_t len = 1 + (size_t)rand() % 64;
		struct imp_span chunk = { all.ptr, len < all.len ? len : all.len },
				packet;

		all.ptr += chunk.len;
		all.len -= chunk.len;
		while (imp_deframe(d, &chunk, &packet)) {
			cr_assert(imp_span_eq(packet, want));
			n++;
		}
	}
	return n;
}

Test(crc, published_check_values)
{
	cr_assert_eq(imp_crc16(0, IMP_TEXT("123456789")), 0x31c3);
	cr_assert_eq(imp_crc32(0, IMP_TEXT("123456789")), 0xcbf43926);
}

Test(frame, console_frame_is_as_the_specification_has_it)
{
	static const uint8_t packet[] = { 0x0a, 0,    0,    6,	 0,    0,   0,
					  0,	0xa1, 0x61, 'd', 0x62, 'h', 'i' };
	uint8_t out[64];
	struct imp_writer w = imp_writer(out, sizeof(out));

	imp_frame_put(&w, IMP_FRAMING_CONSOLE, IMP_SPAN(packet));
	cr_assert(imp_span_eq(imp_written(&w), IMP_TEXT("\x06\x09"
							"ABAKAAAGAAAAAKFhZGJoaeJ8\n")));
}

Test(frame, every_size_comes_back_in_each_framing)
{
	static uint8_t wire[3 * CAP], packet[CAP];

	for (size_t body = 1; body < 1100; body += body < 300 ? 1 : 37)
		for (int framing = 0; framing < 3; framing++) {
			struct imp_span p = packet_of(body, packet);
			struct imp_writer w = imp_writer(wire, sizeof(wire));
			struct imp_deframer d;

			imp_frame_put(&w, (enum imp_framing)framing, p);
			cr_assert(w.ok);
			cr_assert_leq(w.len, framing == IMP_FRAMING_BARE ? p.len
					     : framing == IMP_FRAMING_COBS
						     ? IMP_COBS_WIRE_MAX(p.len)
						     : IMP_CONSOLE_WIRE_MAX(p.len));
			imp_deframer_init(&d, (enum imp_framing)framing, buf, CAP);
			cr_assert_eq(feed(&d, imp_written(&w), p), 1,
				     "body %zu framing %d", body, framing);
			cr_assert_eq((int)d.framing, framing);
		}
}

/* SER-01, SER-02 */
Test(frame, logs_and_noise_between_frames_are_passed_over)
{
	static uint8_t wire[16 * CAP], packet[CAP];
	struct imp_span p = packet_of(300, packet);
	struct imp_writer w = imp_writer(wire, sizeof(wire));
	struct imp_deframer d;

	imp_deframer_init(&d, IMP_FRAMING_CONSOLE, buf, CAP);
	for (unsigned i = 0; i < 20; i++) {
		imp_put(&w, IMP_TEXT("*** Booting ***\r\nuart:~$ \x06 \x04\x14zz\n"));
		for (unsigned k = 0; k < 40; k++)
			imp_put_u8(&w, (uint8_t)(rand() % 0x80));
		imp_put_u8(&w, '\n');
		imp_frame_put(&w, i & 1 ? IMP_FRAMING_COBS : IMP_FRAMING_CONSOLE, p);
	}
	cr_assert_eq(feed(&d, imp_written(&w), p), 20);
	cr_assert_gt(d.noise, 0);
}

/* What is no header is text, byte by byte: it delays nothing and hides nothing. */
Test(frame, what_is_no_header_is_passed_over_between_bare_packets)
{
	static const char greeting[] = "HTTP/1.1 400 Bad Request\n\r";
	static uint8_t wire[16 * CAP], packet[CAP];
	struct imp_span p = packet_of(300, packet);
	struct imp_writer w = imp_writer(wire, sizeof(wire));
	struct imp_deframer d;

	for (unsigned i = 0; i < 20; i++) {
		imp_put(&w, imp_span_str(greeting));
		imp_frame_put(&w, IMP_FRAMING_BARE, p);
		imp_frame_put(&w, IMP_FRAMING_BARE, p);
	}
	imp_put(&w, imp_span_str(greeting));
	imp_deframer_init(&d, IMP_FRAMING_BARE, buf, CAP);
	cr_assert_eq(feed(&d, imp_written(&w), p), 40);
	cr_assert_eq(d.noise, 21 * (sizeof(greeting) - 1));
	cr_assert_not(imp_deframer_busy(&d));
	cr_assert(imp_span_eq(
		(struct imp_span){ d.text + d.text_len - (sizeof(greeting) - 1),
				   sizeof(greeting) - 1 },
		imp_span_str(greeting)));
}

Test(frame, a_bare_packet_that_cannot_be_is_no_header)
{
	static const uint8_t no[][8] = {
		{ 0x0c, 0, 0, 1 },	/* op 4 */
		{ 0x10, 0, 0, 1 },	/* version 2 */
		{ 0x2a, 0, 0, 1 },	/* reserved bits */
		{ 0x0a, 1, 0, 1 },	/* flags */
		{ 0x0a, 0, 0xff, 0xff } /* longer than the buffer */
	};

	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
		struct imp_span in = IMP_SPAN(no[i]), packet;
		struct imp_deframer d;

		imp_deframer_init(&d, IMP_FRAMING_BARE, buf, CAP);
		in.len = 4;
		cr_assert_not(imp_deframe(&d, &in, &packet));
		cr_assert_gt(d.noise, 0, "%zu", i);
	}
}

/* A message that breaks off costs itself, not the next one. */
Test(frame, a_message_that_ends_early_is_dropped_alone)
{
	static uint8_t packet[CAP];
	struct imp_span p = packet_of(300, packet);

	for (int ended = 0; ended < 2; ended++)
		for (size_t cut = 1; cut < p.len; cut++) {
			struct imp_deframer d;

			imp_deframer_init(&d, IMP_FRAMING_BARE, buf, CAP);
			cr_assert_eq(feed(&d, (struct imp_span){ p.ptr, cut }, p), 0);
			cr_assert(imp_deframer_busy(&d));
			if (!ended)
				continue;
			imp_deframe_end(&d);
			cr_assert_not(imp_deframer_busy(&d));
			cr_assert_eq(feed(&d, p, p), 1, "cut %zu", cut);
			imp_deframe_end(&d);
			cr_assert_eq(d.bad, cut >= IMP_SMP_HEADER);
			cr_assert_eq(d.noise, cut < IMP_SMP_HEADER ? cut : 0);
		}
}

/* SER-03: whatever bit flips, the frame is dropped and the next one is found. */
Test(frame, bad_crc_drops_the_frame_and_resyncs)
{
	static uint8_t wire[8 * CAP], packet[CAP];
	struct imp_span p = packet_of(40, packet);

	for (int framing = 0; framing < 2; framing++) {
		struct imp_writer w = imp_writer(wire, sizeof(wire));
		size_t one;

		imp_frame_put(&w, (enum imp_framing)framing, p);
		one = w.len;
		imp_frame_put(&w, (enum imp_framing)framing, p);
		for (size_t bit = 8; bit < 8 * (one - 1); bit++) {
			struct imp_deframer d;
			unsigned n;

			wire[bit / 8] ^= (uint8_t)(1u << bit % 8);
			imp_deframer_init(&d, IMP_FRAMING_CONSOLE, buf, CAP);
			n = feed(&d, imp_written(&w), p);
			wire[bit / 8] ^= (uint8_t)(1u << bit % 8);
			cr_assert(n == 1 || (n == 2 && framing == IMP_FRAMING_CONSOLE),
				  "framing %d bit %zu: %u", framing, bit, n);
		}
	}
}

/* SER-04 */
Test(frame, lying_lengths_are_dropped)
{
	static const char *const lines[] = { "\x06\x09"
					     "AAA=\n",
					     "\x06\x09"
					     "//8=\n",
					     "\x06\x09"
					     "AAIAAA==\n",
					     "\x06\x09"
					     "\n",
					     "\x06\x09"
					     "A\n",
					     "\x06\x09"
					     "A=AA\n" };
	struct imp_deframer d;
	struct imp_span packet;

	imp_deframer_init(&d, IMP_FRAMING_CONSOLE, buf, CAP);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct imp_span in = imp_span_str(lines[i]);

		cr_assert_not(imp_deframe(&d, &in, &packet), "line %zu", i);
	}
	cr_assert_geq(d.bad, 5);
}

/* SER-13: no payload byte is special to the framing. */
Test(frame, control_bytes_in_a_payload_survive)
{
	static uint8_t wire[2 * CAP], packet[CAP];
	struct imp_span p = packet_of(256, packet);

	for (unsigned i = 0; i < 256; i++)
		packet[IMP_SMP_HEADER + i] = (uint8_t)i;
	for (int framing = 0; framing < 2; framing++) {
		struct imp_writer w = imp_writer(wire, sizeof(wire));
		struct imp_deframer d;

		imp_frame_put(&w, (enum imp_framing)framing, p);
		imp_deframer_init(&d, IMP_FRAMING_CONSOLE, buf, CAP);
		cr_assert_eq(feed(&d, imp_written(&w), p), 1);
	}
}

/* SER-04: the largest that the buffer holds, and one byte more; what follows is found. */
Test(frame, larger_than_the_buffer_is_dropped)
{
	enum { HOLDS = 64 };
	static uint8_t wire[2 * CAP], packet[CAP], next[CAP], small[HOLDS + 4];
	struct imp_span good = packet_of(HOLDS - IMP_SMP_HEADER, next);

	for (size_t body = HOLDS - IMP_SMP_HEADER; body < 1000;
	     body += body < 60 ? 1 : 97)
		for (int framing = 0; framing < 2; framing++) {
			struct imp_span p = packet_of(body, packet);
			struct imp_writer w = imp_writer(wire, sizeof(wire));
			struct imp_deframer d;

			imp_frame_put(&w, (enum imp_framing)framing, p);
			imp_deframer_init(&d, IMP_FRAMING_CONSOLE, small, HOLDS);
			cr_assert_eq(feed(&d, imp_written(&w), p), p.len <= HOLDS,
				     "%zu framing %d", p.len, framing);
			w.len = 0;
			imp_frame_put(&w, (enum imp_framing)framing, good);
			cr_assert_eq(feed(&d, imp_written(&w), good), 1);
		}
}

/* SER-05: a frame that breaks off anywhere; the next one is found. */
Test(frame, cut_frame_costs_no_other)
{
	static uint8_t wire[2 * CAP], packet[CAP];
	struct imp_span p = packet_of(150, packet);

	for (int framing = 0; framing < 2; framing++) {
		struct imp_writer w = imp_writer(wire, sizeof(wire));
		struct imp_deframer d;
		size_t whole;

		imp_frame_put(&w, (enum imp_framing)framing, p);
		whole = w.len;
		/* Without its last delimiter it is whole when the next one comes. */
		for (size_t cut = 0; cut + 1 < whole; cut++) {
			imp_deframer_init(&d, IMP_FRAMING_CONSOLE, buf, CAP);
			cr_assert_eq(feed(&d, (struct imp_span){ wire, cut }, p), 0);
			cr_assert_eq(feed(&d, (struct imp_span){ wire, whole }, p), 1,
				     "framing %d, cut after %zu", framing, cut);
		}
	}
}

Test(frame, cobs_costs_at_most_two_per_cent)
{
	static uint8_t wire[2 * CAP], packet[CAP];
	struct imp_span p = packet_of(1000, packet);
	struct imp_writer w = imp_writer(wire, sizeof(wire));

	imp_frame_put(&w, IMP_FRAMING_COBS, p);
	cr_assert_leq(w.len * 100, p.len * 102);
}
