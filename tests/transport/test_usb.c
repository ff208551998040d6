/* SPDX-License-Identifier: Apache-2.0 */
/* What only USB has: endpoints that halt, packets of no bytes, drivers, descriptors that
 * lie, names of ports. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cases.h"
#include "rig_usb.h"

static struct rig rig;
static struct host host;
static uint8_t out[1 << 14], in[1 << 14];

static void up(void)
{
	rig_start(&rig, &rig_usb);
	host_start(&host, &rig);
}

static void down(void)
{
	host_stop(&host);
	rig_stop(&rig);
}

TestSuite(usb_line, .init = up, .fini = down, .timeout = 30);

static struct usb_rig *line(void)
{
	return rig.line;
}

/* Another device in place of the first. */
static void show(struct usb_show s)
{
	rig_usb.unplug(&rig);
	s.number = line()->show.number;
	line()->show = s;
	rig_usb.plug(&rig);
}

#define OPENED() cr_assert_eq(host_open(&host), 0, "%s", host.err.msg)

/* Refused with these words, and nothing is open. */
static void refused(enum imp_code code, const char *words)
{
	int rc = host_open(&host);

	cr_assert_eq(rc, -(int)code, "%d: %s", rc, host.err.msg);
	cr_assert(strstr(host.err.msg, words), "%s", host.err.msg);
	cr_assert_null(host.t);
	host.err.msg[0] = '\0';
}

static void exchange(size_t n)
{
	device_forget(&rig.device);
	cr_assert_eq(host_write(&host, host_pattern(out, n, 1), 2000), 0, "%s",
		     host.err.msg);
	cr_assert(device_wait(&rig.device, n));
	cr_assert_eq(memcmp(rig.device.in, out, n), 0);
	cr_assert(device_say(&rig.device, host_pattern(out, n, 2)));
	cr_assert_eq(host_read(&host, in, n, 2000), n);
	cr_assert_eq(memcmp(in, out, n), 0);
}

/* The rule of the empty packet: after whole packets, and only then. */
Test(usb_line, a_message_of_whole_packets_ends_in_an_empty_one)
{
	static const unsigned packets[] = { 8, 16, 32, 64, 512, 1024 };

	for (size_t i = 0; i < COUNTOF(packets); i++) {
		unsigned n = packets[i];

		show((struct usb_show){ .packet = n });
		OPENED();
		exchange(n - 1);
		exchange(n + 1);
		cr_assert_eq(usb_bus_seen(line()->at).empties, 0);
		exchange(n);
		cr_assert_eq(usb_bus_seen(line()->at).empties, 1);
		exchange(4 * n);
		cr_assert_eq(usb_bus_seen(line()->at).empties, 2);
		cr_assert_eq(rig.device.ends, 1);
		host_close(&host);
	}
}

/* A device that leaves the empty packet out is heard, if late. */
Test(usb_line, a_message_without_its_end_is_taken_at_the_deadline)
{
	const struct usb_faults f = { .no_empty = true };
	uint64_t from;

	usb_bus_set_faults(line()->at, f);
	OPENED();
	cr_assert(device_say(&rig.device, host_pattern(out, 1024, 1)));
	from = host_ms();
	cr_assert_eq(host_read(&host, in, 1024, 200), 1024);
	cr_assert_geq(host_ms() - from, 150);
	cr_assert_eq(memcmp(in, out, 1024), 0);
}

/* The largest reads that a packet size allows are still whole packets of it. */
Test(usb_line, an_odd_packet_size_does_not_overflow)
{
	show((struct usb_show){ .packet = 48 });
	OPENED();
	exchange(48 * 50);
	exchange(8191);
}

/* USB-08 */
Test(usb_line, a_halted_endpoint_is_cleared_and_the_line_goes_on)
{
	const struct usb_faults both = { .halts_in = 2, .halts_out = 1 };

	OPENED();
	usb_bus_set_faults(line()->at, both);
	exchange(100);
	cr_assert_eq(usb_bus_seen(line()->at).clears, 3);
	cr_assert_eq(host.t->stalls, 3);
}

/* USB-08 */
Test(usb_line, a_device_that_halts_again_and_again_is_told_from_silence)
{
	const struct usb_faults out_only = { .halts_out = 2 };
	const struct usb_faults in_only = { .halts_in = 1000 };

	OPENED();
	usb_bus_set_faults(line()->at, out_only);
	cr_assert_eq(host_write(&host, host_pattern(out, 700, 0), 2000), -IMP_ETRANSPORT);
	cr_assert(strstr(host.err.msg, "halted its endpoint after 0 of 700 bytes"), "%s",
		  host.err.msg);
	usb_bus_set_faults(line()->at, in_only);
	cr_assert_eq(host_read(&host, in, 1, 200), 0);
	cr_assert_gt(host.t->stalls, 3);
	cr_assert_lt(host.t->stalls, 20, "it does not spin");
}

/* USB-08 */
Test(usb_line, errors_on_the_bus_are_passed_over_until_they_last)
{
	const struct usb_faults few = { .errors_in = 2 }, many = { .errors_in = 100 };
	const struct imp_wait wait = host_within(&host, 10000);
	uint64_t from = host_ms();
	size_t len;

	OPENED();
	usb_bus_set_faults(line()->at, few);
	exchange(100);
	usb_bus_set_faults(line()->at, many);
	cr_assert_eq(host.t->ops->read(host.t, in, 10, &len, &wait, &host.err),
		     -IMP_ETRANSPORT);
	cr_assert(strstr(host.err.msg, "one error on the bus after another"), "%s",
		  host.err.msg);
	cr_assert_lt(host_ms() - from, host_slowly(5000));
}

/* USB-08: packets that are larger than the endpoint says. */
Test(usb_line, a_babbling_device)
{
	const struct usb_faults f = { .babbles = 100 };
	const struct imp_wait wait = host_within(&host, 10000);
	size_t len = 7;

	OPENED();
	usb_bus_set_faults(line()->at, f);
	cr_assert_eq(host.t->ops->read(host.t, in, 10, &len, &wait, &host.err),
		     -IMP_ETRANSPORT);
	cr_assert_eq(len, 0);
	cr_assert(strstr(host.err.msg, "packets larger than it says"), "%s",
		  host.err.msg);
}

/* A message longer than whoever reads takes is cut, and the next one is whole. */
Test(usb_line, what_exceeds_the_readers_room_is_lost_alone)
{
	const struct imp_wait wait = host_within(&host, 2000);
	size_t len;

	OPENED();
	cr_assert(device_say(&rig.device, host_pattern(out, 3000, 1)));
	cr_assert(device_say(&rig.device, IMP_TEXT("next")));
	cr_assert_eq(host.t->ops->read(host.t, in, 700, &len, &wait, &host.err), 0);
	cr_assert_eq(len, 700);
	cr_assert_eq(host.t->ops->read(host.t, in, 700, &len, &wait, &host.err), 0);
	cr_assert_eq(len, 4);
}

/* USB-04: some hosts see errors first when a plug is pulled. */
Test(usb_line, an_unplug_that_looks_like_an_error)
{
	const struct usb_faults f = { .slow_pull = true };
	const struct imp_wait wait = host_within(&host, 10000);
	size_t len;

	OPENED();
	usb_bus_set_faults(line()->at, f);
	rig.device.pull_at = 100;
	cr_assert_eq(host_write(&host, host_pattern(out, 100, 1), 2000), 0);
	rig_usb.unplug(&rig);
	cr_assert_eq(host.t->ops->read(host.t, in, 10, &len, &wait, &host.err),
		     -IMP_ETRANSPORT);
	cr_assert(strstr(host.err.msg, "unplugged after 100 bytes sent"), "%s",
		  host.err.msg);
}

/* USB-12: nothing stays in flight, and the interface is given back. */
Test(usb_line, a_cancel_takes_the_transfer_back)
{
	const struct imp_wait wait = host_within(&host, 10000);
	struct usb_seen seen;
	pthread_t id;
	size_t len;

	OPENED();
	id = host_cancel_in(&host, 50);
	cr_assert_eq(host.t->ops->read(host.t, in, 10, &len, &wait, &host.err),
		     -IMP_EINTERRUPTED);
	host_uncancel(&host, id);
	host_close(&host);
	seen = usb_bus_seen(line()->at);
	cr_assert_eq(seen.discards, 1);
	cr_assert_eq(seen.claims, 1);
	cr_assert_eq(seen.releases, 1);
}

/* USB-10: what has the interface gives it up, and gets it back. */
Test(usb_line, a_kernel_driver_is_detached_and_attached_again)
{
	struct usb_seen seen;

	show((struct usb_show){ .driver = "usbtest" });
	OPENED();
	exchange(100);
	cr_assert_eq(usb_bus_seen(line()->at).detached, 1);
	host_close(&host);
	seen = usb_bus_seen(line()->at);
	cr_assert_eq(seen.releases, 1);
	cr_assert_eq(seen.attached, 1);
}

/* USB-10 */
Test(usb_line, an_interface_that_is_held_says_by_whom)
{
	const struct usb_faults f = { .busy = true };

	show((struct usb_show){ .driver = "usbtest" });
	usb_bus_set_faults(line()->at, f);
	refused(IMP_ETRANSPORT, "interface 1-2:1.0 is held by usbtest");
}

Test(usb_line, an_interface_with_settings_is_set_to_the_one_with_endpoints)
{
	show((struct usb_show){ .setting = 2 });
	OPENED();
	exchange(100);
	cr_assert_eq(usb_bus_seen(line()->at).setting, 2);
}

/* A device that could type on this host is refused, whatever else it is. */
Test(usb_line, a_keyboard_beside_the_interface_is_refused)
{
	show((struct usb_show){ .hid = true });
	refused(IMP_EPOLICY, "refused, it also has a HID interface");
	cr_assert_eq(usb_bus_seen(line()->at).claims, 0);
}

Test(usb_line, a_device_that_is_not_configured)
{
	show((struct usb_show){ .unconfigured = true });
	refused(IMP_ETRANSPORT, "not configured by the kernel");
}

static void uri(const char *text)
{
	snprintf(rig.uri, sizeof(rig.uri), "%s", text);
}

/* USB-01, USB-02 */
Test(usb_line, selectors)
{
	struct device other;
	struct usb_bus_device *second;
	const struct usb_show at = {
		.port = "1-3.1", .number = 9, .serial = "B2", .name = "Keel\x1b[2J"
	};

	show((struct usb_show){ .serial = "A1" });
	uri("usb:");
	OPENED();
	host_close(&host);
	device_init(&other);
	second = usb_bus_plug(line()->bus, &at, &other);
	refused(IMP_EUSAGE, "usb: 2 devices, expected one of usb:1-2 (1209:0001 A1), "
			    "usb:1-3.1 (1209:0001 Keel\\x1b[2J B2)");
	uri("usb:1209:0001");
	refused(IMP_EUSAGE, "usb:1209:0001: 2 devices");
	uri("usb:serial=B2");
	OPENED();
	host_close(&host);
	uri("usb:1-3.1");
	OPENED();
	host_close(&host);
	uri("usb:serial=B");
	refused(IMP_ETRANSPORT, "usb:serial=B: no such device, of 2 on USB");
	uri("usb:1-3");
	refused(IMP_ETRANSPORT, "no such device");
	uri("usb:1209:0002");
	refused(IMP_ETRANSPORT, "no such device");
	usb_bus_free(second);
	device_fini(&other);
}

Test(usb_line, names_that_are_none)
{
	static const char *const wrong[] = {
		"usb:x",	  "usb:1",	 "usb:1-",	 "usb:1-2.",
		"usb:1-2:1.0",	  "usb:serial=", "usb:-1",	 "usb:1209:1",
		"usb:1209:00011", "usb:/dev/x",	 "usb:1209:000g"
	};

	for (size_t i = 0; i < COUNTOF(wrong); i++) {
		uri(wrong[i]);
		refused(IMP_EUSAGE, "expected usb:, usb:1-2.3");
	}
}

/* Only what the table knows is ours; a name by numbers is knowledge, too. */
Test(usb_line, an_unknown_device_is_nobodys_but_by_its_numbers)
{
	show((struct usb_show){ .vendor = 0x0403, .product = 0x6001 });
	uri("usb:");
	refused(IMP_ETRANSPORT, "usb: no device of ours among 1 on USB");
	uri("usb:1-2");
	refused(IMP_ETRANSPORT, "usb:1-2: 0403:6001 on port 1-2 is no device of ours");
	cr_assert(usb_bus_seen(line()->at).claims == 0);
	uri("usb:0403:6001");
	OPENED();
	exchange(100);
}

Test(usb_line, an_interface_is_known_by_its_text_class_and_protocol)
{
	static const struct imp_usb_id rows[] = {
		{ IMP_USB_ANY, IMP_USB_ANY, IMP_USB_ANY, IMP_USB_ANY, "imprint SMP" },
		{ 0x1234, 0x0001, 0x49, 0x01, NULL },
	};
	static const struct imp_usb_ids ids = { rows, COUNTOF(rows) };

	rig.ids = &ids;
	uri("usb:");
	show((struct usb_show){ .vendor = 0x1234, .interface = "imprint SMP" });
	OPENED();
	host_close(&host);
	show((struct usb_show){ .vendor = 0x4321, .interface = "imprint SMPx" });
	refused(IMP_ETRANSPORT, "no device of ours");
	show((struct usb_show){ .vendor = 0x1234, .subclass = 0x49, .protocol = 1 });
	OPENED();
	host_close(&host);
	show((struct usb_show){ .vendor = 0x1234, .subclass = 0x49 });
	refused(IMP_ETRANSPORT, "no interface of class FF with two bulk endpoints");
}

/* USB-09: whatever a device says of itself, the host lives and says so. */
Test(usb_line, descriptors_that_lie)
{
	static const struct {
		const char *what;
		uint8_t raw[48];
		size_t len;
	} lies[] = {
		{ "nothing", { 0 }, 1 },
		{ "length 0", { 0, 1 }, 18 },
		{ "a length past its end", { 200, 1 }, 18 },
		{ "another type", { 18, 7, 0, 2, 0, 0, 0, 64, 9, 0x12, 1, 0 }, 18 },
		{ "no configuration", { 18, 1, 0, 2, 0, 0, 0, 64, 9, 0x12, 1, 0 }, 18 },
		{ "a configuration longer than all",
		  { 18, 1, 0, 2, 0, 0, 0,    64,   9, 0x12, 1, 0, 0, 1,
		    0,	0, 0, 1, 9, 2, 0xff, 0xff, 1, 1,    0, 0, 0 },
		  27 },
		{ "a configuration shorter than itself",
		  { 18, 1, 0, 2, 0, 0, 0, 64, 9, 0x12, 1, 0, 0, 1,
		    0,	0, 0, 1, 9, 2, 4, 0,  1, 1,    0, 0, 0 },
		  27 },
		{ "an interface of length 0",
		  { 18, 1, 0, 2, 0, 0,	0, 64, 9, 0x12, 1, 0, 0, 1, 0,
		    0,	0, 1, 9, 2, 18, 0, 1,  1, 0,	0, 0, 0, 4 },
		  36 },
	};

	for (size_t i = 0; i < COUNTOF(lies); i++) {
		show((struct usb_show){ .raw = lies[i].raw, .raw_len = lies[i].len });
		refused(IMP_ETRANSPORT, lies[i].what[0] == 'n' && lies[i].len == 18
						? "no interface of class FF"
						: "contradict themselves");
	}
}

/* USB-09 */
Test(usb_line, texts_that_are_no_text)
{
	static char large[4000];

	memset(large, 'x', sizeof(large) - 1);
	show((struct usb_show){
		.serial = "\xff\xfe\xc0\x80", .name = large, .maker = "" });
	uri("usb:serial=\xff\xfe\xc0\x80");
	OPENED();
	host_close(&host);
	uri("usb:1-9");
	refused(IMP_ETRANSPORT, "no such device");
}

static void count(const struct imp_attached *a, void *arg)
{
	unsigned *n = arg;

	(*n)++;
	cr_assert_str_eq(a->uri, "usb:1-2");
	cr_assert_str_eq(a->port, "1-2");
	cr_assert_str_eq(a->what, "ACME Keel A1");
	cr_assert((a->trouble == NULL) == (*n == 1), "%s", a->trouble);
}

Test(usb_line, each_device_is_told_with_what_is_wrong_with_it)
{
	struct usb_show s = { .maker = "ACME", .name = "Keel", .serial = "A1" };
	unsigned n = 0;

	show(s);
	imp_usb_ops.each(rig.ids, count, &n);
	cr_assert_eq(n, 1);
	s.hid = true;
	show(s);
	imp_usb_ops.each(rig.ids, count, &n);
	cr_assert_eq(n, 2);
	imp_usb_ops.each(NULL, count, &n);
	cr_assert_eq(n, 2, "nothing is known, nothing is ours");
}
