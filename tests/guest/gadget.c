/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gadget FOLDER HOST PORT: the device's side of a vendor interface, by Linux's own
 * FunctionFS mounted on FOLDER. Each packet goes to a simulated device on TCP, and what
 * that answers comes back, a packet a message. Ends when the gadget is unbound.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/usb/functionfs.h>
#include <netdb.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PACKET = 16384, HEADER = 8, FULL = 64, HIGH = 512 };

#define PACKED __attribute__((packed))

struct face {
	struct usb_interface_descriptor interface;
	struct usb_endpoint_descriptor_no_audio out, in;
} PACKED;

struct descriptors {
	struct usb_functionfs_descs_head_v2 head;
	__le32 full_count, high_count;
	struct face full, high;
} PACKED;

struct strings {
	struct usb_functionfs_strings_head head;
	__le16 language;
	char text[12];
} PACKED;

static const char *folder;
static int tcp;

static void die(const char *what)
{
	fprintf(stderr, "gadget: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int open_in(const char *name, int flags)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, flags);
	if (fd < 0)
		die(path);
	return fd;
}

static struct face face_of(uint16_t packet)
{
	struct face f = {
		.interface = { .bLength = sizeof(f.interface),
			       .bDescriptorType = USB_DT_INTERFACE,
			       .bNumEndpoints = 2,
			       .bInterfaceClass = USB_CLASS_VENDOR_SPEC,
			       .iInterface = 1 },
		.out = { .bLength = sizeof(f.out),
			 .bDescriptorType = USB_DT_ENDPOINT,
			 .bEndpointAddress = 1 | USB_DIR_OUT,
			 .bmAttributes = USB_ENDPOINT_XFER_BULK,
			 .wMaxPacketSize = htole16(packet) },
	};

	f.in = f.out;
	f.in.bEndpointAddress = 1 | USB_DIR_IN;
	return f;
}

static void describe(int control)
{
	struct descriptors d = {
		.head = { .magic = htole32(FUNCTIONFS_DESCRIPTORS_MAGIC_V2),
			  .length = htole32(sizeof(d)),
			  .flags = htole32(FUNCTIONFS_HAS_FS_DESC |
					   FUNCTIONFS_HAS_HS_DESC) },
		.full_count = htole32(3),
		.high_count = htole32(3),
		.full = face_of(FULL),
		.high = face_of(HIGH),
	};
	struct strings s = {
		.head = { .magic = htole32(FUNCTIONFS_STRINGS_MAGIC),
			  .length = htole32(sizeof(s)),
			  .str_count = htole32(1),
			  .lang_count = htole32(1) },
		.language = htole16(0x0409),
		.text = "imprint SMP",
	};

	if (write(control, &d, sizeof(d)) != sizeof(d) ||
	    write(control, &s, sizeof(s)) != sizeof(s))
		die("descriptors");
}

static int dial(const char *host, const char *port)
{
	const struct addrinfo want = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *list;
	int fd = -1;

	if (getaddrinfo(host, port, &want, &list) == 0) {
		fd = socket(list->ai_family, list->ai_socktype, 0);
		if (fd >= 0 && connect(fd, list->ai_addr, list->ai_addrlen) != 0)
			fd = -1;
		freeaddrinfo(list);
	}
	if (fd < 0)
		die("no simulated device there");
	return fd;
}

/* The endpoints wait until a host has configured the device. */
static void *to_device(void *unused)
{
	static uint8_t packet[PACKET];
	int fd = open_in("ep1", O_RDONLY);

	(void)unused;
	for (;;) {
		ssize_t n = read(fd, packet, sizeof(packet));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			exit(0); /* unbound */
		if (n > 0 && send(tcp, packet, (size_t)n, MSG_NOSIGNAL) != n)
			die("to the device");
	}
}

static bool receive(uint8_t *buf, size_t len)
{
	return len == 0 || recv(tcp, buf, len, MSG_WAITALL) == (ssize_t)len;
}

/* A message of full packets ends in an empty one. */
static void to_host(void)
{
	static uint8_t packet[PACKET];
	int fd = open_in("ep2", O_WRONLY);

	while (receive(packet, HEADER)) {
		size_t body = (size_t)(packet[2] << 8 | packet[3]);
		size_t len = HEADER + body;

		if (len > sizeof(packet) || !receive(packet + HEADER, body))
			die("from the device");
		if (write(fd, packet, len) != (ssize_t)len ||
		    (len % HIGH == 0 && write(fd, packet, 0) != 0))
			exit(0);
	}
	die("the device is gone");
}

int main(int argc, char **argv)
{
	pthread_t reader;
	int control;

	if (argc != 4)
		return 2;
	folder = argv[1];
	tcp = dial(argv[2], argv[3]);
	control = open_in("ep0", O_RDWR);
	describe(control);
	puts("ready");
	fflush(stdout);
	if (pthread_create(&reader, NULL, to_device, NULL) != 0)
		die("thread");
	to_host();
}
