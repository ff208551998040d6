/* SPDX-License-Identifier: Apache-2.0 */
/*
 * B11: any input up to 64 KiB from outside is settled in at most 1 ms and 1 MiB of heap:
 * the reader, COSE, objects, evidence, cards, messages and all framings over inputs
 * made to be slow.
 */
#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "bench.h"
#include "evidence/card.h"
#include "evidence/token.h"
#include "object/command.h"
#include "object/package.h"
#include "object/profile.h"
#include "object/signed.h"
#include "wire/frame.h"
#include "wire/message.h"

enum { SIZE = 65536, ROUNDS = 15 };

static uint8_t in[SIZE];
static size_t len;

/* Inputs that make a careless reader work. */
static void make(int kind)
{
	static const uint8_t head[] = { 0xd2, 0x84 };
	struct imp_writer w = imp_writer(in, sizeof(in));

	memset(in, 0, sizeof(in));
	switch (kind) {
	case 0: /* many small items */
		imp_cbor_put_array(&w, SIZE - 8);
		w.len = SIZE - 8;
		break;
	case 1: /* a map of many ascending keys */
		imp_cbor_put_map(&w, 13000);
		for (unsigned i = 0; i < 13000; i++) {
			imp_cbor_put_uint(&w, i + 300);
			imp_cbor_put_uint(&w, 1);
		}
		break;
	case 2: /* maps of as many unsorted keys as may be */
		imp_cbor_put_array(&w, 1900);
		for (unsigned i = 0; i < 1900; i++) {
			imp_cbor_put_map(&w, 16);
			for (unsigned k = 16; k-- > 0;) {
				imp_cbor_put_uint(&w, k);
				imp_cbor_put_uint(&w, 1);
			}
		}
		break;
	case 3: /* a message around them */
		imp_put(&w, IMP_SPAN(head));
		imp_cbor_put_bytes(&w, (struct imp_span){ in, 0 });
		imp_cbor_put_map(&w, 0);
		imp_cbor_put_bytes(&w, (struct imp_span){ in, 60000 });
		imp_cbor_put_bytes(&w, (struct imp_span){ in, 64 });
		break;
	case 4: /* one long text */
		imp_cbor_put_head(&w, IMP_CBOR_TEXT, SIZE - 8);
		memset(in + w.len, 'a', SIZE - 8);
		w.len += SIZE - 8;
		break;
	case 5: /* frames that start again and again */
		for (w.len = 0; w.len + 8 < SIZE;)
			imp_put(&w, IMP_TEXT("\x06\x09"
					     "AAA="));
		break;
	default: /* delimiters */
		memset(in, kind == 6 ? 0 : 0xff, SIZE);
		w.len = SIZE;
	}
	len = w.len;
}

static int deframe(struct imp_span rest, enum imp_framing framing)
{
	static uint8_t buf[SIZE + 4];
	struct imp_deframer d;
	struct imp_span packet;
	int sum = 0;

	imp_deframer_init(&d, framing, buf, SIZE);
	while (imp_deframe(&d, &rest, &packet))
		sum++;
	return sum;
}

static void settle(struct imp_span input)
{
	struct imp_error err;
	struct imp_sign sign;
	struct imp_encrypt encrypt;
	struct imp_profile profile;
	struct imp_package package;
	struct imp_command command;
	struct imp_signed object;
	struct imp_evidence evidence;
	struct imp_card card;
	struct imp_request request;
	struct imp_response response;
	struct imp_describe describe;
	int sum = imp_sign_decode(input, IMP_CBOR_LENIENT, &sign, &err) +
		  imp_encrypt_decode(input, IMP_CBOR_LENIENT, &encrypt, &err);

	sum += imp_profile_decode(input, &profile, &err) +
	       imp_package_decode(input, &package, &err) +
	       imp_command_decode(input, &command, &err) +
	       imp_signed_decode(input, &object, &err) +
	       imp_evidence_decode(input, &evidence, &err) +
	       imp_card_decode(input, &card, &err) + imp_request_decode(input, &request) +
	       imp_response_decode(input, &response, &err) +
	       imp_describe_decode(input, &describe, &err);
	sum += deframe(input, IMP_FRAMING_CONSOLE) + deframe(input, IMP_FRAMING_BARE);
	__asm__ __volatile__("" : : "r"(sum));
}

int main(void)
{
	bool good = true;
	double worst = 0;
	size_t heap = mallinfo2().uordblks;

	for (int kind = 0; kind < 8; kind++) {
		double ms[ROUNDS];

		make(kind);
		for (int i = 0; i < ROUNDS; i++) {
			uint64_t from = bench_cpu_ns();

			settle((struct imp_span){ in, len });
			ms[i] = (double)(bench_cpu_ns() - from) / 1e6;
		}
		ms[0] = bench_median(ms, ROUNDS);
		worst = ms[0] > worst ? ms[0] : worst;
	}
	/* Thirteen decoders look at each input: each has a millisecond. */
	good &= bench_report("B11 one decoder, worst input, ms", worst / 13, 1.0);
	good &= bench_report("B11 heap, MiB",
			     (double)(mallinfo2().uordblks - heap) / 1048576, 1.0);
	return !good;
}
