/* SPDX-License-Identifier: Apache-2.0 */
/* Names of serial ports: which there are, and where a name leads. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "transport/host.h"
#include "transport/sysfs.h"
#include "transport/tty_name.h"

enum { BAUD_DEFAULT = 115200, BAUD_MIN = 50, BAUD_MAX = 12000000 };

static const char by_usb[] = "usb=";

/* Terminals that may have a device behind them. */
static bool may_be_device(const char *name)
{
	return strncmp(name, "ttyACM", 6) == 0 || strncmp(name, "ttyUSB", 6) == 0;
}

/* The terminals of one USB port or interface. */
struct below {
	const char *usb;
	char first[SYSFS_NAME];
	unsigned count;
	char list[SYSFS_TEXT]; /* of all, as they can be named */
};

static bool take_below(const char *tty, void *arg)
{
	struct below *b = arg;
	char interface[SYSFS_NAME], port[SYSFS_NAME];
	size_t len = strlen(b->list);

	if (!may_be_device(tty) || !sysfs_interface_of_tty(tty, interface))
		return true;
	snprintf(port, sizeof(port), "%s", interface);
	sysfs_cut_to_port(port);
	if (strcmp(b->usb, interface) != 0 && strcmp(b->usb, port) != 0)
		return true;
	if (b->count++ == 0)
		snprintf(b->first, sizeof(b->first), "%s", tty);
	snprintf(b->list + len, sizeof(b->list) - len, "%susb=%s (%s)", len ? ", " : "",
		 interface, tty);
	return true;
}

/* "1-2.3", or of one interface "1-2.3:1.0" */
static bool is_usb(const char *usb)
{
	const char *at = strchr(usb, ':');
	char port[SYSFS_NAME];
	size_t len = at ? (size_t)(at - usb) : strlen(usb);

	if (len >= sizeof(port))
		return false;
	snprintf(port, sizeof(port), "%.*s", (int)len, usb);
	if (!sysfs_is_port(port) || !at)
		return sysfs_is_port(port);
	for (int i = 0; i < 2; i++) {
		size_t digits = strspn(++at, "0123456789");

		if (digits == 0 || at[digits] != (i == 0 ? '.' : '\0'))
			return false;
		at += digits;
	}
	return true;
}

static int path_below(const char *usb, char **path, struct imp_error *err)
{
	struct below b = { .usb = usb };
	int rc;

	if (!is_usb(usb))
		return imp_fail(err, IMP_EUSAGE,
				"serial:usb=%s: expected serial:usb=1-2.3 (its port) or "
				"serial:usb=1-2.3:1.0 (one interface)",
				usb);
	sysfs_list("/dev", take_below, &b);
	if (b.count > 1)
		return imp_fail(err, IMP_EUSAGE,
				"serial:usb=%s: has %u serial ports, expected one of %s",
				usb, b.count, b.list);
	if (b.count == 1)
		return asprintf(path, "/dev/%s", b.first) >= 0
			       ? 0
			       : imp_fail(err, IMP_ERESOURCE, "out of memory");
	rc = imp_fail(err, IMP_ETRANSPORT, "serial:usb=%s: no serial port there", usb);
	return imp_usb_is_here()
		       ? imp_hint(err, rc,
				  "what is attached where: ls -l /dev/serial/by-path")
		       : imp_hint(err, rc, "%s", IMP_NO_USB);
}

static int read_baud(const char *rest, const char *mark, unsigned *baud,
		     struct imp_error *err)
{
	char *end = NULL;
	unsigned long n = 0;

	if (strncmp(mark, "?baud=", 6) == 0 && mark[6] >= '0' && mark[6] <= '9')
		n = strtoul(mark + 6, &end, 10);
	if (!end || *end || n < BAUD_MIN || n > BAUD_MAX)
		return imp_fail(err, IMP_EUSAGE, "serial:%s: expected PORT?baud=%d..%d",
				rest, BAUD_MIN, BAUD_MAX);
	*baud = (unsigned)n;
	return 0;
}

static bool is_link(const char *port)
{
	return strncmp(port, "by-id/", 6) == 0 || strncmp(port, "by-path/", 8) == 0;
}

int tty_name_read(const char *rest, char **path, unsigned *baud, struct imp_error *err)
{
	size_t len = strcspn(rest, "?");
	char port[PATH_MAX];
	int rc = 0;

	*baud = BAUD_DEFAULT;
	if (len == 0 || len >= sizeof(port))
		return imp_fail(err, IMP_EUSAGE,
				"serial:%s: %s port, expected serial:PORT or "
				"serial:PORT?baud=N",
				rest, len == 0 ? "no" : "too long a");
	if (rest[len])
		rc = read_baud(rest, rest + len, baud, err);
	if (rc)
		return rc;
	snprintf(port, sizeof(port), "%.*s", (int)len, rest);
	if (strncmp(port, by_usb, strlen(by_usb)) == 0)
		return path_below(port + strlen(by_usb), path, err);
	return asprintf(path, "%s%s", is_link(port) ? "/dev/serial/" : "", port) >= 0
		       ? 0
		       : imp_fail(err, IMP_ERESOURCE, "out of memory");
}

bool tty_place(const char *rest, const struct imp_usb_ids *ids, char *out, size_t cap)
{
	char *path = NULL, real[PATH_MAX];
	unsigned baud;
	bool leads = tty_name_read(rest, &path, &baud, NULL) == 0 && realpath(path, real);

	(void)ids;
	free(path);
	return leads && (size_t)snprintf(out, cap, "%s", real) < cap;
}

/* A link in one of udev's folders that leads to a terminal. */
struct link {
	const char *kind;    /* "by-id" */
	char node[PATH_MAX]; /* "/dev/ttyACM0", links resolved */
	char name[PATH_MAX];
};

static bool leads_to_node(const char *name, void *arg)
{
	struct link *l = arg;
	char path[PATH_MAX], real[PATH_MAX];

	if ((size_t)snprintf(path, sizeof(path), "/dev/serial/%s/%s", l->kind, name) >=
		    sizeof(path) ||
	    !realpath(path, real) || strcmp(real, l->node) != 0)
		return true;
	snprintf(l->name, sizeof(l->name), "serial:%s/%s", l->kind, name);
	return false;
}

/* The name that stays: by who it is, by where it hangs, by nothing but its number. */
static void name_port(const char *node, struct link *l)
{
	static const char *const kinds[] = { "by-id", "by-path" };

	bool leads;

	*l = (struct link){ 0 };
	leads = realpath(node, l->node) != NULL;
	for (size_t i = 0; leads && i < COUNTOF(kinds) && !l->name[0]; i++) {
		char dir[32];

		l->kind = kinds[i];
		snprintf(dir, sizeof(dir), "/dev/serial/%s", kinds[i]);
		sysfs_list(dir, leads_to_node, l);
	}
	if (!l->name[0])
		snprintf(l->name, sizeof(l->name), "serial:%s", node);
}

struct each {
	void (*fn)(const struct imp_attached *a, void *arg);
	void *arg;
};

static bool tell(const char *tty, void *arg)
{
	const struct each *e = arg;
	char node[SYSFS_NAME + 8], port[SYSFS_NAME] = "", what[SYSFS_TEXT] = "";
	struct link l;

	if (!may_be_device(tty) || strlen(tty) >= SYSFS_NAME)
		return true;
	snprintf(node, sizeof(node), "/dev/%s", tty);
	name_port(node, &l);
	if (sysfs_interface_of_tty(tty, port)) {
		sysfs_cut_to_port(port);
		sysfs_what(port, what);
	}
	e->fn(
		&(const struct imp_attached){
			.uri = l.name,
			.what = what,
			.port = port,
			.trouble = access(node, R_OK | W_OK) ? "no permission" : NULL,
		},
		e->arg);
	return true;
}

void tty_each(const struct imp_usb_ids *ids,
	      void (*fn)(const struct imp_attached *a, void *arg), void *arg)
{
	struct each e = { fn, arg };

	(void)ids;
	sysfs_list("/dev", tell, &e);
}
