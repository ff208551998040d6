/* SPDX-License-Identifier: Apache-2.0 */
/* Serial ports, by termios2 since only it takes any baud rate. */
#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/serial.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "transport/holder.h"
#include "transport/host.h"
#include "transport/stream.h"
#include "transport/tty.h"
#include "transport/tty_name.h"

struct tty {
	struct stream stream;
	bool ours; /* until then its settings are another's */
	struct termios2 before;
};

/* A port belongs to a group whose members may use it, dialout where udev does as usual;
 * the console's ports are often root's alone. */
static int no_permission(const char *path, struct imp_error *err)
{
	struct imp_node_owner o;
	int rc;

	if (!imp_node_owner(path, &o))
		return imp_fail(err, IMP_ETRANSPORT, "%s: no permission", path);
	rc = imp_fail(err, IMP_ETRANSPORT, "%s: no permission, it is %s %s %s", path,
		      o.mode, o.owner, o.group);
	if (o.group_may)
		return imp_hint(err, rc,
				"join the port's group: sudo usermod -aG %s $USER, then "
				"log in again",
				o.group);
	return imp_hint(err, rc,
			"no group may use it: sudo chgrp dialout %s && sudo chmod g+rw "
			"%s, as a member of dialout; a udev rule does it for good",
			path, path);
}

/* Where the names are that stay. */
static int hint_names(const char *path, int rc, struct imp_error *err)
{
	static const char *const dirs[] = { "/dev/serial/by-id", "/dev/serial/by-path" };
	const char *dir = dirs[strncmp(path, dirs[1], strlen(dirs[1])) == 0];

	if (access(dir, F_OK) == 0)
		return imp_hint(err, rc, "is the device plugged in? ls %s", dir);
	return imp_hint(err, rc,
			"is the device plugged in? this host has no %s, which udev "
			"makes for the first serial port on USB",
			dir);
}

/* Say why a port cannot be had, and what to do about it. */
static int cannot_open(const char *path, int why, struct imp_error *err)
{
	int rc;

	if (why == EACCES)
		return no_permission(path, err);
	rc = imp_fail(err, IMP_ETRANSPORT, "%s: %s", path,
		      why == ENOENT   ? "no such port"
		      : why == ENOTTY ? "is not a serial port"
				      : strerror(why));
	return why == ENOENT ? hint_names(path, rc, err) : rc;
}

static int held(const char *path, struct imp_error *err)
{
	char who[96];
	int rc;

	if (imp_holder_name(path, who, sizeof(who)))
		rc = imp_fail(err, IMP_ETRANSPORT, "%s: held by %s", path, who);
	else
		rc = imp_fail(err, IMP_ETRANSPORT, "%s: held by another process", path);
	return imp_hint(err, rc,
			"end that program; ModemManager leaves a port alone with "
			"ID_MM_DEVICE_IGNORE=1 in a udev rule");
}

static bool baud_is(const struct termios2 *t, unsigned baud)
{
	return t->c_ospeed <= baud + baud / 50 && t->c_ospeed >= baud - baud / 50;
}

static int configure(struct tty *t, unsigned baud, struct imp_error *err)
{
	struct termios2 raw = t->before;
	struct serial_struct serial;

	raw.c_iflag = IGNBRK;
	raw.c_oflag = 0;
	raw.c_lflag = 0;
	raw.c_cflag = (raw.c_cflag & HUPCL) | CS8 | CREAD | CLOCAL | BOTHER;
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	raw.c_ispeed = raw.c_ospeed = baud;
	if (ioctl(t->stream.fd, TCSETS2, &raw) || ioctl(t->stream.fd, TCGETS2, &raw) ||
	    raw.c_lflag || !baud_is(&raw, baud))
		return imp_fail(err, IMP_ETRANSPORT, "%s: does not do %u baud raw",
				t->stream.name, baud);
	/* FTDI's latency timer costs more than the wire; where the driver knows the flag,
	 * set it. */
	if (ioctl(t->stream.fd, TIOCGSERIAL, &serial) == 0) {
		serial.flags = (int)((unsigned)serial.flags | ASYNC_LOW_LATENCY);
		(void)ioctl(t->stream.fd, TIOCSSERIAL, &serial);
	}
	(void)ioctl(t->stream.fd, TCFLSH, TCIOFLUSH);
	t->stream.base.byte_ns =
		10 * 1000000000ull / baud; /* start bit, eight, stop bit */
	return 0;
}

/* TIOCEXCL does not stop root, flock() only those who ask: both. */
static int take(struct tty *t, unsigned baud, struct imp_error *err)
{
	t->stream.fd = open(t->stream.name, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (t->stream.fd < 0)
		return errno == EBUSY ? held(t->stream.name, err)
				      : cannot_open(t->stream.name, errno, err);
	if (ioctl(t->stream.fd, TCGETS2, &t->before))
		return cannot_open(t->stream.name, ENOTTY, err);
	if (flock(t->stream.fd, LOCK_EX | LOCK_NB))
		return held(t->stream.name, err);
	t->ours = true;
	if (ioctl(t->stream.fd, TIOCEXCL))
		return cannot_open(t->stream.name, errno, err);
	return configure(t, baud, err);
}

/* Closing waits for bytes that were not sent yet, 30 s by default: they are dropped. */
static void tty_close(struct imp_transport *base)
{
	struct tty *t = (struct tty *)base;

	if (t->ours) {
		(void)ioctl(t->stream.fd, TCFLSH, TCOFLUSH);
		(void)ioctl(t->stream.fd, TIOCNXCL);
		(void)ioctl(t->stream.fd, TCSETS2, &t->before);
	}
	stream_free(&t->stream);
}

static int tty_open(struct imp_transport **out, const char *rest,
		    const struct imp_usb_ids *ids, const struct imp_wait *wait,
		    struct imp_error *err)
{
	struct tty *t = calloc(1, sizeof(*t));
	unsigned baud;
	int rc;

	(void)ids;
	(void)wait; /* opening does not block */
	if (!t)
		return imp_fail(err, IMP_ERESOURCE, "out of memory");
	t->stream.fd = -1;
	t->stream.ends = "unplugged";
	rc = tty_name_read(rest, &t->stream.name, &baud, err);
	if (!rc)
		rc = take(t, baud, err);
	if (rc) {
		tty_close(&t->stream.base);
		return rc;
	}
	*out = &t->stream.base;
	return 0;
}

static int tty_advise(const struct imp_transport *base, enum imp_heard heard, int rc,
		      struct imp_error *err)
{
	static const char *const hints[IMP_HEARDS] = {
		[IMP_HEARD_NOTHING] = "is the device powered, and is it this port?",
		[IMP_HEARD_ITSELF] = "is TX wired to RX, or is a shell echoing?",
		[IMP_HEARD_PIECES] = "a noisy line, or two programs on one port",
		[IMP_HEARD_TEXT] =
			"does the firmware have the imprint group on this port?",
	};

	if (heard == IMP_HEARD_BYTES)
		return imp_hint(err, rc, "is the baud rate right? -d serial:%s?baud=N",
				((const struct stream *)base)->name);
	return imp_hint(err, rc, "%s", hints[heard]);
}

const struct imp_transport_ops imp_tty_ops = {
	.scheme = "serial",
	.names = "PORT[?baud=N]",
	.carries = IMP_CARRIES_TEXT,
	.access = "a serial port needs its group only (usermod -aG dialout)",
	.open = tty_open,
	.write = stream_write,
	.read = stream_read,
	.close = tty_close,
	.each = tty_each,
	.place = tty_place,
	.advise = tty_advise,
};
