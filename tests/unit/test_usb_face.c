/* SPDX-License-Identifier: Apache-2.0 */
/* A simulated device on USB: messages of USB/IP, control requests, transfers. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "sim/usb_face.h"
#include "sim/vhci.h"
#include "transport/usb_descriptor.h"

enum { ANSWERS = 100, GET_DESCRIPTOR = 6, SET_CONFIGURATION = 9 };

/* What the host was told. */
static struct answer {
	uint32_t kind, sequence;
	int32_t status;
	uint32_t actual;
	uint8_t data[2048];
	size_t len;
} heard[ANSWERS];
static size_t count;
static struct sim_usb_face face;

static void hear(void *ctx, struct imp_span header, struct imp_span data)
{
	struct imp_reader r = imp_reader(header);
	struct answer *a = &heard[count++];

	cr_assert_eq(ctx, &face);
	cr_assert_eq(header.len, SIM_USBIP_HEADER);
	a->kind = imp_take_u32be(&r);
	a->sequence = imp_take_u32be(&r);
	for (int i = 0; i < 3; i++)
		cr_assert_eq(imp_take_u32be(&r), 0);
	a->status = (int32_t)imp_take_u32be(&r);
	a->actual = imp_take_u32be(&r);
	a->len = data.len;
	if (data.len > 0)
		memcpy(a->data, data.ptr, data.len);
	while (r.rest.len > 0)
		cr_assert_eq(imp_take_u8(&r), 0);
}

static void start(void)
{
	count = 0;
	sim_usb_init(&face, "SN-7", hear, &face);
	face.configuration = 1;
}

static void stop(void)
{
	sim_usb_fini(&face);
}

TestSuite(usb_face, .init = start, .fini = stop);

static struct imp_span submit(uint32_t sequence, bool in, unsigned endpoint,
			      uint32_t length, const uint8_t setup[8])
{
	static uint8_t header[SIM_USBIP_HEADER];
	const uint32_t words[] = { SIM_USBIP_SUBMIT, sequence, 0x10002, in,
				   endpoint,	     0,	       length,	0,
				   UINT32_MAX,	     0 };
	static const uint8_t none[8];
	struct imp_writer w = imp_writer(header, sizeof(header));

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		imp_put_u32be(&w, words[i]);
	imp_put(&w, (struct imp_span){ setup ? setup : none, 8 });
	return imp_written(&w);
}

static bool take(struct imp_span header, struct imp_span data, struct sim_usb_got *got)
{
	struct sim_usbip m;

	cr_assert(sim_usbip_decode(header, &m));
	cr_assert_eq(sim_usbip_follows(&m), data.len);
	return sim_usb_take(&face, &m, data, got);
}

static const struct imp_span nothing = { 0 };

/* One control request to the host: what it answers. */
static const struct answer *ask(uint8_t type, uint8_t request, uint16_t value,
				uint16_t index, uint16_t length)
{
	const uint8_t setup[8] = { type,
				   request,
				   (uint8_t)value,
				   (uint8_t)(value >> 8),
				   (uint8_t)index,
				   (uint8_t)(index >> 8),
				   (uint8_t)length,
				   (uint8_t)(length >> 8) };
	struct sim_usb_got got;

	cr_assert(!take(submit(9, type & 0x80, 0, length, setup), nothing, &got));
	cr_assert_eq(heard[count - 1].sequence, 9);
	return &heard[count - 1];
}

/* The host wants bytes. */
static void want(uint32_t sequence, unsigned endpoint, uint32_t length)
{
	struct sim_usb_got got;

	cr_assert(!take(submit(sequence, true, endpoint, length, NULL), nothing, &got));
}

Test(usbip, what_is_no_message_is_refused)
{
	struct sim_usbip m;
	uint8_t header[SIM_USBIP_HEADER];

	memcpy(header, submit(1, false, 1, 10, NULL).ptr, sizeof(header));
	cr_assert(sim_usbip_decode(IMP_SPAN(header), &m));
	cr_assert_eq(sim_usbip_follows(&m), 10);
	cr_assert(!sim_usbip_decode((struct imp_span){ header, 47 }, &m));
	for (size_t i = 0; i < 3; i++) {
		static const struct {
			size_t at;
			uint8_t value;
		} bad[] = { { 3, 3 }, { 15, 2 }, { 19, 16 } };

		memcpy(header, submit(1, false, 1, 10, NULL).ptr, sizeof(header));
		header[bad[i].at] = bad[i].value;
		cr_assert(!sim_usbip_decode(IMP_SPAN(header), &m), "%zu", i);
	}
	memcpy(header, submit(1, false, 1, 10, NULL).ptr, sizeof(header));
	memset(header + 32, 0, 4); /* packets of an isochronous transfer: none */
	cr_assert(sim_usbip_decode(IMP_SPAN(header), &m));
	header[35] = 1;
	cr_assert(!sim_usbip_decode(IMP_SPAN(header), &m));
}

Test(usbip, lengths_are_bounded)
{
	struct sim_usbip m;

	cr_assert(sim_usbip_decode(submit(1, false, 1, SIM_USBIP_DATA, NULL), &m));
	cr_assert(!sim_usbip_decode(submit(1, false, 1, SIM_USBIP_DATA + 1, NULL), &m));
	cr_assert(sim_usbip_decode(submit(1, true, 1, 1 << 24, NULL), &m));
	cr_assert_eq(sim_usbip_follows(&m), 0);
	cr_assert(!sim_usbip_decode(submit(1, true, 1, UINT32_MAX, NULL), &m));
}

Test(usb_face, descriptors_are_those_of_a_device_of_ours)
{
	uint8_t all[1024];
	struct usb_described d;
	const struct answer *a = ask(0x80, GET_DESCRIPTOR, 0x0100, 0, 18);
	size_t len = a->len;

	memcpy(all, a->data, len);
	cr_assert_eq(len, 18);
	a = ask(0x80, GET_DESCRIPTOR, 0x0200, 0, 1024);
	cr_assert_eq((size_t)(a->data[2] | a->data[3] << 8), a->len);
	memcpy(all + len, a->data, a->len);
	cr_assert(usb_describe((struct imp_span){ all, len + a->len }, 1, &d));
	cr_assert_eq(d.vendor, 0x1209);
	cr_assert_eq(d.product, 1);
	cr_assert(!d.has_hid);
	cr_assert_eq(d.faces, 1);
	cr_assert_eq(d.face[0].in, 0x81);
	cr_assert_eq(d.face[0].out, 0x01);
	cr_assert_eq(d.face[0].packet_in, SIM_USB_PACKET);
}

Test(usb_face, a_host_gets_no_more_than_it_asks_for)
{
	const struct answer *a = ask(0x80, GET_DESCRIPTOR, 0x0200, 0, 9);

	cr_assert_eq(a->len, 9);
	cr_assert_eq(a->actual, 9);
	a = ask(0x80, GET_DESCRIPTOR, 0x0200, 0, 0);
	cr_assert_eq(a->len, 0);
	cr_assert_eq(a->status, 0);
}

Test(usb_face, texts)
{
	const struct answer *a = ask(0x80, GET_DESCRIPTOR, 0x0303, 0x0409, 255);

	cr_assert_eq(a->len, 10);
	cr_assert_arr_eq(a->data, "\x0a\x03S\0N\0-\0007\0", 10);
	a = ask(0x80, GET_DESCRIPTOR, 0x0304, 0x0409, 255);
	cr_assert_eq(a->len, 2 + 2 * strlen("imprint SMP"));
	cr_assert_eq(ask(0x80, GET_DESCRIPTOR, 0x0300, 0, 255)->len, 4);
	cr_assert_eq(ask(0x80, GET_DESCRIPTOR, 0x0306, 0x0409, 255)->status, -EPIPE);
	cr_assert_eq(ask(0x80, GET_DESCRIPTOR, 0x03ff, 0x0409, 255)->status, -EPIPE);
}

Test(usb_face, a_long_serial_number_is_cut)
{
	char serial[200];

	memset(serial, 'x', sizeof(serial));
	serial[sizeof(serial) - 1] = '\0';
	sim_usb_init(&face, serial, hear, &face);
	cr_assert_eq(ask(0x80, GET_DESCRIPTOR, 0x0303, 0x0409, 255)->len,
		     2 + 2 * SIM_USB_TEXT);
}

Test(usb_face, unknown_requests_stall)
{
	static const uint8_t setups[][2] = {
		{ 0x80, 7 }, { 0xc0, 6 }, { 0x40, 1 }, { 0x21, 0x10 }, { 0xa1, 1 }
	};

	for (size_t i = 0; i < sizeof(setups) / sizeof(setups[0]); i++)
		cr_assert_eq(ask(setups[i][0], setups[i][1], 0x0100, 0, 0)->status,
			     -EPIPE);
	cr_assert_eq(ask(0x80, GET_DESCRIPTOR, 0x0600, 0, 10)->status, -EPIPE);
	cr_assert_eq(ask(0x00, SET_CONFIGURATION, 2, 0, 0)->status, -EPIPE);
	cr_assert_eq(ask(0x01, 11, 1, 0, 0)->status, -EPIPE);
}

Test(usb_face, a_configuration_is_set_and_told)
{
	face.configuration = 0;
	cr_assert_eq(ask(0x80, 8, 0, 0, 1)->data[0], 0);
	cr_assert_eq(ask(0x00, SET_CONFIGURATION, 1, 0, 0)->status, 0);
	cr_assert_eq(face.configuration, 1);
	cr_assert_eq(ask(0x80, 8, 0, 0, 1)->data[0], 1);
}

/* A device that was put in again, before the host has noticed. */
Test(usb_face, without_a_configuration_there_is_only_endpoint_0)
{
	struct sim_usb_got got;

	face.configuration = 0;
	want(1, 1, 512);
	cr_assert(!take(submit(2, false, 1, 3, NULL), IMP_TEXT("abc"), &got));
	cr_assert_eq(count, 2);
	cr_assert(heard[0].status == -EPROTO && heard[1].status == -EPROTO);
	cr_assert_eq(ask(0x80, GET_DESCRIPTOR, 0x0100, 0, 18)->len, 18);
}

Test(usb_face, a_line_coding_is_kept)
{
	static const uint8_t coding[] = { 0x00, 0x10, 0x0e, 0, 0, 0, 8 }; /* 921600 */
	static const uint8_t setup[] = { 0x21, 0x20, 0, 0, 1, 0, 7, 0 };
	struct sim_usb_got got;

	cr_assert(!take(submit(4, false, 0, 7, setup), IMP_SPAN(coding), &got));
	cr_assert_eq(heard[0].status, 0);
	cr_assert_eq(heard[0].actual, 7);
	cr_assert_arr_eq(ask(0xa1, 0x21, 0, 1, 7)->data, coding, 7);
	cr_assert(!take(submit(4, false, 0, 6, setup), (struct imp_span){ coding, 6 },
			&got));
	cr_assert_eq(heard[count - 1].status, -EPIPE);
}

Test(usb_face, bytes_of_the_host_reach_their_pipe)
{
	static const uint8_t full[SIM_USB_PACKET];
	struct sim_usb_got got;

	cr_assert(take(submit(1, false, 1, 3, NULL), IMP_TEXT("abc"), &got));
	cr_assert(got.pipe == SIM_USB_BULK && got.ended);
	cr_assert(imp_span_eq(got.bytes, IMP_TEXT("abc")));
	cr_assert_eq(heard[0].actual, 3);
	cr_assert(take(submit(2, false, 1, SIM_USB_PACKET, NULL), IMP_SPAN(full), &got));
	cr_assert(!got.ended, "a full packet ends nothing");
	cr_assert(take(submit(3, false, 1, 0, NULL), nothing, &got));
	cr_assert(got.ended, "an empty one does");
	cr_assert(take(submit(4, false, 3, 1, NULL), IMP_TEXT("x"), &got));
	cr_assert_eq(got.pipe, SIM_USB_ACM);
	cr_assert(!take(submit(5, false, 2, 1, NULL), IMP_TEXT("x"), &got));
	cr_assert_eq(heard[4].status, -EPIPE);
}

Test(usb_face, the_zero_packet_flag_ends_a_full_packet)
{
	static const uint8_t full[SIM_USB_PACKET];
	uint8_t header[SIM_USBIP_HEADER];
	struct sim_usb_got got;

	memcpy(header, submit(2, false, 1, SIM_USB_PACKET, NULL).ptr, sizeof(header));
	header[23] = 0x40;
	cr_assert(take(IMP_SPAN(header), IMP_SPAN(full), &got));
	cr_assert(got.ended);
}

Test(usb_face, a_message_waits_for_the_host_and_the_host_for_a_message)
{
	sim_usb_send(&face, SIM_USB_BULK, IMP_TEXT("first"));
	cr_assert_eq(count, 0);
	want(1, 1, 4096);
	cr_assert_eq(count, 1);
	cr_assert_eq(heard[0].actual, 5);
	want(2, 1, 4096);
	want(3, 3, 1024);
	cr_assert_eq(count, 1);
	sim_usb_send(&face, SIM_USB_ACM, IMP_TEXT("log"));
	cr_assert_eq(heard[1].sequence, 3);
	sim_usb_send(&face, SIM_USB_BULK, IMP_TEXT("second"));
	cr_assert_eq(heard[2].sequence, 2);
	cr_assert_arr_eq(heard[2].data, "second", 6);
}

/* Source: USB 2.0, 5.8.3. */
Test(usb_face, a_message_of_full_packets_ends_in_an_empty_one)
{
	static const uint8_t full[2 * SIM_USB_PACKET] = { 1 };

	want(1, 1, SIM_USB_PACKET);
	want(2, 1, SIM_USB_PACKET);
	want(3, 1, SIM_USB_PACKET);
	sim_usb_send(&face, SIM_USB_BULK, IMP_SPAN(full));
	cr_assert_eq(count, 3);
	cr_assert_eq(heard[1].actual, SIM_USB_PACKET);
	cr_assert_eq(heard[2].actual, 0);
	want(4, 1, 4096);
	sim_usb_send(&face, SIM_USB_BULK, IMP_SPAN(full));
	cr_assert_eq(heard[3].actual, sizeof(full), "it fits, with its end");
	want(5, 1, 4096);
	cr_assert_eq(count, 4);
}

Test(usb_face, a_packet_larger_than_the_host_has_room_for_overflows)
{
	want(1, 1, 100);
	sim_usb_send(&face, SIM_USB_BULK,
		     (struct imp_span){ (const uint8_t *)&face, 101 });
	cr_assert_eq(heard[0].status, -EOVERFLOW);
	cr_assert_eq(heard[0].actual, 0);
	want(2, 1, 512);
	cr_assert_eq(count, 1, "the rest of it is gone");
}

Test(usb_face, what_finds_no_room_is_lost_whole)
{
	static const uint8_t big[4000];

	for (int i = 0; i < 6; i++)
		sim_usb_send(&face, SIM_USB_BULK, IMP_SPAN(big));
	for (uint32_t i = 0; i < 6; i++)
		want(i, 1, 2048);
	for (size_t i = 0; i < count; i++)
		cr_assert_eq(heard[i].actual, i % 2 ? 4000 - 2048 : 2048);
	for (uint32_t i = 6; i < 12; i++)
		want(i, 1, 2048);
	cr_assert_eq(count, 8, "four of six");
}

static int32_t take_back(uint32_t victim)
{
	uint8_t header[SIM_USBIP_HEADER] = { 0, 0, 0, SIM_USBIP_UNLINK, 0, 0, 0, 99 };
	struct sim_usb_got got;

	header[23] = (uint8_t)victim;
	cr_assert(!take(IMP_SPAN(header), nothing, &got));
	cr_assert_eq(heard[count - 1].kind, 4);
	cr_assert_eq(heard[count - 1].sequence, 99);
	return heard[count - 1].status;
}

Test(usb_face, what_waits_can_be_taken_back)
{
	want(1, 1, 512);
	want(2, 1, 512);
	cr_assert_eq(take_back(1), -ECONNRESET);
	cr_assert_eq(take_back(1), 0);
	sim_usb_send(&face, SIM_USB_BULK, IMP_TEXT("x"));
	cr_assert_eq(heard[count - 1].sequence, 2);
	cr_assert_eq(take_back(2), 0, "it was done already");
}

Test(usb_face, no_more_wait_than_there_is_room_for)
{
	for (uint32_t i = 0; i < SIM_USB_WAITING; i++)
		want(i, i % 2 ? 1 : 2, 512);
	cr_assert_eq(count, 0);
	want(200, 1, 512);
	cr_assert_eq(heard[0].status, -EPIPE);
	cr_assert_eq(heard[0].sequence, 200);
	want(201, 4, 512);
	cr_assert_eq(heard[1].status, -EPIPE);
}

Test(vhci, the_first_free_port_for_high_speed_is_found)
{
	static const char status[] = "hub port sta spd dev      sockfd local_busid\n"
				     "hs  0000 006 003 00010001 000007 1-1\n"
				     "hs  0001 005 000 00000000 000000 0-0\n"
				     "hs  0002 004 000 00000000 000000 0-0\n"
				     "hs  0003 004 000 00000000 000000 0-0\n"
				     "ss  0015 004 000 00000000 000000 0-0\n";

	cr_assert_eq(sim_vhci_free_port(status, 0), 2);
	cr_assert_eq(sim_vhci_free_port(status, 3), 3);
	cr_assert_eq(sim_vhci_free_port(status, 4), -1,
		     "those above high speed are none");
	cr_assert_eq(sim_vhci_free_port("", 0), -1);
	cr_assert_eq(sim_vhci_free_port("hs", 0), -1);
}
