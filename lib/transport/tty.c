/* SPDX-License-Identifier: Apache-2.0 */
/* Serial ports, by termios2 since only it takes any baud rate. */
#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/serial.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text.h"
#include "transport/holder.h"
#include "transport/tty.h"

enum { BAUD_DEFAULT = 115200, BAUD_MAX = 12000000 };

struct tty {
	struct imp_transport base;
	int fd;
	bool ours;  /* until then its settings are another's */
	char *path; /* owned */
	struct termios2 before;
	uint64_t written, read; /* bytes, for the words of an unplug */
};

static int unplugged(const struct tty *t, struct imp_error *err)
{
	int rc = imp_fail(err, IMP_ETRANSPORT,
			  "%s: unplugged after %llu byte%s sent, %llu received", t->path,
			  (unsigned long long)t->written, imp_plural(t->written),
			  (unsigned long long)t->read);

	return rc;
}

/* Say why a port cannot be had, and what to do about it. */
static int cannot_open(const char *path, int why, struct imp_error *err)
{
	int rc = imp_fail(err, IMP_ETRANSPORT, "%s: %s", path,
			  why == ENOENT	  ? "no such port"
			  : why == ENOTTY ? "is not a serial port"
			  : why == EACCES ? "no permission"
					  : strerror(why));

	if (why == ENOENT)
		return imp_hint(err, rc,
				"is the device plugged in? ls /dev/serial/by-id");
	if (why == EACCES)
		return imp_hint(err, rc,
				"join the port's group: sudo usermod -aG dialout $USER, "
				"then log in again");
	return rc;
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
	if (ioctl(t->fd, TCSETS2, &raw) || ioctl(t->fd, TCGETS2, &raw) || raw.c_lflag ||
	    !baud_is(&raw, baud))
		return imp_fail(err, IMP_ETRANSPORT, "%s: does not do %u baud raw",
				t->path, baud);
	/* FTDI's latency timer costs more than the wire; where the driver knows the flag,
	 * set it. */
	if (ioctl(t->fd, TIOCGSERIAL, &serial) == 0) {
		serial.flags = (int)((unsigned)serial.flags | ASYNC_LOW_LATENCY);
		(void)ioctl(t->fd, TIOCSSERIAL, &serial);
	}
	(void)ioctl(t->fd, TCFLSH, TCIOFLUSH);
	t->base.byte_ns = 10 * 1000000000ull / baud; /* start bit, eight, stop bit */
	return 0;
}

/* TIOCEXCL does not stop root, flock() only those who ask: both. */
static int take(struct tty *t, unsigned baud, struct imp_error *err)
{
	t->fd = open(t->path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (t->fd < 0)
		return errno == EBUSY ? held(t->path, err)
				      : cannot_open(t->path, errno, err);
	if (ioctl(t->fd, TCGETS2, &t->before))
		return cannot_open(t->path, ENOTTY, err);
	if (flock(t->fd, LOCK_EX | LOCK_NB))
		return held(t->path, err);
	t->ours = true;
	if (ioctl(t->fd, TIOCEXCL))
		return cannot_open(t->path, errno, err);
	return configure(t, baud, err);
}

static void tty_close(struct imp_transport *base)
{
	struct tty *t = (struct tty *)base;

	if (t->ours) {
		(void)ioctl(t->fd, TIOCNXCL);
		(void)ioctl(t->fd, TCSETS2, &t->before);
	}
	if (t->fd >= 0)
		close(t->fd);
	free(t->path);
	free(t);
}

/* PATH[?baud=N] */
static int parse(const char *rest, char **path, unsigned *baud, struct imp_error *err)
{
	const char *mark = strchr(rest, '?');
	char *end = NULL;
	unsigned long n = BAUD_DEFAULT;

	if (mark) {
		if (strncmp(mark, "?baud=", 6) == 0)
			n = strtoul(mark + 6, &end, 10);
		if (!end || end == mark + 6 || *end || n < 50 || n > BAUD_MAX)
			return imp_fail(err, IMP_EUSAGE,
					"serial:%s: expected PATH?baud=50..%d", rest,
					BAUD_MAX);
	}
	*baud = (unsigned)n;
	*path = strndup(rest, mark ? (size_t)(mark - rest) : strlen(rest));
	return *path ? 0 : imp_fail(err, IMP_ERESOURCE, "out of memory");
}

static int tty_open(struct imp_transport **out, const char *rest, struct imp_error *err)
{
	struct tty *t = calloc(1, sizeof(*t));
	unsigned baud = BAUD_DEFAULT;
	int rc;

	if (!t)
		return imp_fail(err, IMP_ERESOURCE, "out of memory");
	t->fd = -1;
	rc = parse(rest, &t->path, &baud, err);
	if (!rc)
		rc = take(t, baud, err);
	if (rc) {
		tty_close(&t->base);
		return rc;
	}
	*out = &t->base;
	return 0;
}

/* Wait for `events`: 1 ready, 0 deadline, or an error. */
static int wait_for(struct tty *t, short events, const struct imp_wait *wait,
		    struct imp_error *err)
{
	struct pollfd fds[] = { { t->fd, events, 0 }, { wait->cancel_fd, POLLIN, 0 } };
	uint64_t now = imp_now_ns();
	uint64_t left = wait->deadline_ns > now ? wait->deadline_ns - now : 0;
	struct timespec ts = { (time_t)(left / 1000000000), (long)(left % 1000000000) };
	int n = ppoll(fds, 2, &ts, NULL);

	if (n < 0 && errno != EINTR)
		return imp_fail(err, IMP_ETRANSPORT, "%s: %s", t->path, strerror(errno));
	if (n > 0 && fds[1].revents)
		return imp_fail(err, IMP_EINTERRUPTED, "interrupted");
	return n > 0;
}

static int tty_write(struct imp_transport *base, struct imp_span bytes,
		     const struct imp_wait *wait, struct imp_error *err)
{
	struct tty *t = (struct tty *)base;

	while (bytes.len > 0) {
		ssize_t n = write(t->fd, bytes.ptr, bytes.len);
		int rc;

		if (n > 0) {
			bytes.ptr += n;
			bytes.len -= (size_t)n;
			t->written += (uint64_t)n;
			continue;
		}
		if (n < 0 && errno == EIO)
			return unplugged(t, err);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return imp_fail(err, IMP_ETRANSPORT, "%s: %s", t->path,
					strerror(errno));
		rc = wait_for(t, POLLOUT, wait, err);
		if (rc < 0)
			return rc;
		if (rc == 0 && imp_now_ns() >= wait->deadline_ns)
			return imp_fail(err, IMP_ETRANSPORT,
					"%s: the port takes no more bytes (after %llu)",
					t->path, (unsigned long long)t->written);
	}
	return 0;
}

static int tty_read(struct imp_transport *base, uint8_t *buf, size_t cap, size_t *len,
		    const struct imp_wait *wait, struct imp_error *err)
{
	struct tty *t = (struct tty *)base;

	for (;;) {
		ssize_t n;
		int rc = wait_for(t, POLLIN, wait, err);

		*len = 0;
		if (rc < 0)
			return rc;
		if (rc == 0 && imp_now_ns() >= wait->deadline_ns)
			return 0;
		if (rc == 0)
			continue;
		n = read(t->fd, buf, cap);
		if (n == 0 ||
		    (n < 0 && (errno == EIO || errno == ENODEV || errno == ENXIO)))
			return unplugged(t, err);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return imp_fail(err, IMP_ETRANSPORT, "%s: %s", t->path,
					strerror(errno));
		if (n > 0) {
			t->read += (uint64_t)n;
			*len = (size_t)n;
			return 0;
		}
	}
}

const struct imp_transport_ops imp_tty_ops = {
	.scheme = "serial",
	.open = tty_open,
	.write = tty_write,
	.read = tty_read,
	.close = tty_close,
};
