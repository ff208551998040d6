/* SPDX-License-Identifier: Apache-2.0 */
/* Names of serial ports: by who they are, by where they hang, by the USB port. */
#include <criterion/criterion.h>
#include <pty.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cases.h"
#include "rig_usb.h"

static UMockdevTestbed *bus;
static UMockdevIoctlBase *terminal;
static struct device device[3];
static struct usb_bus_device *at[3];
static int master[3], slave[3];
static char tty[3][64], root[256];
static struct host host;
static struct rig none;

/* A terminal's own requests go to the terminal. */
static gboolean pass_on(UMockdevIoctlBase *node, UMockdevIoctlClient *c)
{
	int why = 0, rc = umockdev_ioctl_client_execute(c, &why, NULL);

	(void)node;
	umockdev_ioctl_client_complete(c, rc, rc < 0 ? why : 0);
	return TRUE;
}

/* A terminal that works under a name below /dev. */
static void link_to(unsigned i, const char *name)
{
	char path[600];

	snprintf(path, sizeof(path), "%s/dev/%s", root, name);
	cr_assert_eq(symlink(tty[i], path), 0, "%s", path);
	snprintf(path, sizeof(path), "/dev/%s", name);
	cr_assert(umockdev_testbed_attach_ioctl(bus, path, terminal, NULL));
}

/* A node that nobody opens, and udev's links as they are: realpath() of umockdev does not
 * take what leads out of its folder. */
static void make_node(const char *name)
{
	char path[600];

	snprintf(path, sizeof(path), "%s/dev/%s", root, name);
	fclose(fopen(path, "we"));
}

static void make_link(const char *tty_name, const char *name)
{
	char path[600], target[100];

	snprintf(path, sizeof(path), "%s/dev/serial/%s", root, name);
	snprintf(target, sizeof(target), "../../%s", tty_name);
	cr_assert_eq(symlink(target, path), 0);
}

static void make_dir(const char *name)
{
	char path[600];

	snprintf(path, sizeof(path), "%s/dev/%s", root, name);
	cr_assert_eq(mkdir(path, 0755), 0);
}

static void plug(unsigned i, const char *port, bool serial)
{
	const struct usb_show show = { .port = port,
				       .number = i + 2,
				       .vendor = 0x2e8a,
				       .product = 10,
				       .maker = "ACME",
				       .name = "Keel",
				       .serial_port = serial };

	device_init(&device[i]);
	at[i] = usb_bus_plug(bus, &show, &device[i]);
	cr_assert_eq(openpty(&master[i], &slave[i], tty[i], NULL, NULL), 0);
}

static void up(void)
{
	char *dir;

	signal(SIGHUP, SIG_IGN);
	bus = umockdev_testbed_new();
	terminal = umockdev_ioctl_base_new();
	g_signal_connect(terminal, "handle-ioctl", G_CALLBACK(pass_on), NULL);
	dir = umockdev_testbed_get_root_dir(bus);
	snprintf(root, sizeof(root), "%s", dir);
	g_free(dir);
	plug(0, "1-2", true);
	plug(1, "1-3.1", true);
	plug(2, "1-4", false);
	make_dir("serial");
	make_dir("serial/by-id");
	make_dir("serial/by-path");
	host_start(&host, &none);
}

static void down(void)
{
	host_stop(&host);
	for (unsigned i = 0; i < 3; i++) {
		usb_bus_free(at[i]);
		device_fini(&device[i]);
		close(master[i]);
		close(slave[i]);
	}
	g_object_unref(terminal);
	g_object_unref(bus);
}

TestSuite(serial_names, .init = up, .fini = down, .timeout = 30);

static int open_port(const char *uri)
{
	const struct imp_wait wait = host_within(&host, 1000);

	imp_transport_close(&host.t);
	return imp_transport_open(&host.t, uri, NULL, &wait, &host.err);
}

static const struct {
	const char *uri;
	unsigned port;
} forms[] = {
	{ "/dev/ttyACM2", 0 },
	{ "serial:/dev/ttyACM3", 1 },
	{ "serial:by-id/usb-ACME_Keel_A1-if00", 0 },
	{ "serial:by-path/pci-0:usb-0:3.1:1.1?baud=9600", 1 },
	{ "serial:usb=1-2", 0 },
	{ "serial:usb=1-2:1.1", 0 },
	{ "serial:usb=1-3.1?baud=921600", 1 },
};

Test(serial_names, each_form_opens_its_port)
{
	link_to(0, "ttyACM2");
	link_to(1, "ttyACM3");
	link_to(0, "serial/by-id/usb-ACME_Keel_A1-if00");
	link_to(1, "serial/by-path/pci-0:usb-0:3.1:1.1");
	for (size_t i = 0; i < COUNTOF(forms); i++) {
		uint8_t got[8];

		cr_assert_eq(open_port(forms[i].uri), 0, "%s", host.err.msg);
		cr_assert_eq(host_write(&host, IMP_TEXT("ping"), 1000), 0);
		cr_assert_eq(read(master[forms[i].port], got, sizeof(got)), 4);
	}
}

static void name_two_ports(void)
{
	make_node("ttyACM2");
	make_node("ttyACM3");
	make_link("ttyACM2", "by-id/usb-ACME_Keel_A1-if00");
	make_link("ttyACM2", "by-path/pci-0:usb-0:2:1.1");
	make_link("ttyACM3", "by-path/pci-0:usb-0:3.1:1.1");
}

Test(serial_names, each_form_leads_to_its_port)
{
	name_two_ports();
	for (size_t i = 0; i < COUNTOF(forms); i++) {
		char place[300];
		const char *rest;
		const struct imp_transport_ops *ops =
			imp_transport_find(forms[i].uri, &rest);

		cr_assert(ops->place(rest, NULL, place, sizeof(place)));
		cr_assert_str_eq(place, forms[i].port ? "/dev/ttyACM3" : "/dev/ttyACM2",
				 "%s", forms[i].uri);
	}
}

/* SER-11 */
Test(serial_names, what_leads_nowhere_says_so)
{
	cr_assert_eq(open_port("serial:by-id/nobody"), -IMP_ETRANSPORT);
	cr_assert(strstr(host.err.msg, "/dev/serial/by-id/nobody: no such port"), "%s",
		  host.err.msg);
	cr_assert_eq(open_port("serial:usb=1-4"), -IMP_ETRANSPORT);
	cr_assert(strstr(host.err.msg, "serial:usb=1-4: no serial port there"), "%s",
		  host.err.msg);
	cr_assert_eq(open_port("serial:usb=1-3"), -IMP_ETRANSPORT,
		     "not what is behind it");
}

Test(serial_names, a_device_with_several_ports_lists_them)
{
	char dir[600];

	snprintf(dir, sizeof(dir),
		 "/sys/devices/pci0000:00/usb1/1-2/1-2:1.3/tty/ttyACM8");
	umockdev_testbed_add_from_string(
		bus,
		"P: /devices/pci0000:00/usb1/1-2/1-2:1.3/tty/ttyACM8\nE: SUBSYSTEM=tty\n",
		NULL);
	link_to(0, "ttyACM2");
	link_to(2, "ttyACM8");
	cr_assert_eq(open_port("serial:usb=1-2"), -IMP_EUSAGE);
	cr_assert(strstr(host.err.msg,
			 "2 serial ports, expected one of usb=1-2:1.1 (ttyACM2), "
			 "usb=1-2:1.3 (ttyACM8)"),
		  "%s", host.err.msg);
	cr_assert_eq(open_port("serial:usb=1-2:1.3"), 0, "%s", host.err.msg);
	umockdev_testbed_remove_device(bus, dir);
}

Test(serial_names, rates_that_are_none)
{
	static const char *const wrong[] = {
		"serial:?baud=9600",	  "serial:x?baud=",	 "serial:x?baud=49",
		"serial:x?baud=99999999", "serial:x?baud=9600x", "serial:x?bauds=9600",
		"serial:x?baud=-9600",	  "serial:x?",		 "serial:",
	};

	for (size_t i = 0; i < COUNTOF(wrong); i++)
		cr_assert_eq(open_port(wrong[i]), -IMP_EUSAGE, "%s: %s", wrong[i],
			     host.err.msg);
}

static char told[4][400];
static unsigned tells;

static void note(const struct imp_attached *a, void *arg)
{
	(void)arg;
	snprintf(told[tells++], sizeof(told[0]), "%s|%s|%s|%s", a->uri, a->what, a->port,
		 a->trouble ? a->trouble : "");
}

/* The name that lasts longest: by id, else by path, else its number. */
Test(serial_names, each_port_is_told_by_the_name_that_stays)
{
	const char *rest;

	name_two_ports();
	make_node("ttyUSB10");
	make_node("ttyUSB9");
	imp_transport_find("serial:", &rest)->each(NULL, note, NULL);
	cr_assert_eq(tells, 4);
	cr_assert_str_eq(told[0], "serial:by-id/usb-ACME_Keel_A1-if00|ACME Keel|1-2|");
	cr_assert_str_eq(told[1], "serial:by-path/pci-0:usb-0:3.1:1.1|ACME Keel|1-3.1|");
	cr_assert_str_eq(told[2], "serial:/dev/ttyUSB9|||");
	cr_assert_str_eq(told[3], "serial:/dev/ttyUSB10|||");
}
