/* SPDX-License-Identifier: Apache-2.0 */
/* What this host does to devices. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/attr.h"
#include "transport/host.h"
#include "transport/sysfs.h"

DEFINE_CLEANUP(FILE *, fclose);

enum { SUPPLY_MA = 500, SELF_POWERED = 0x40 /* bmAttributes; USB 2.0, 9.6.3 */ };

bool imp_usb_sleeps(const char *port)
{
	char control[16];

	return sysfs_text(port, "power/control", control, sizeof(control)) &&
	       strcmp(control, "auto") == 0;
}

/* "100mA" */
static unsigned asks_ma(const char *port)
{
	char text[16];

	return sysfs_text(port, "bMaxPower", text, sizeof(text))
		       ? (unsigned)strtoul(text, NULL, 10)
		       : 0;
}

static bool add_child(const char *name, void *arg)
{
	struct imp_usb_hub *hub = arg;
	size_t len = strlen(hub->port);

	if (sysfs_is_port(name) && strncmp(name, hub->port, len) == 0 &&
	    name[len] == '.' && !strchr(name + len + 1, '.'))
		hub->asked_ma += asks_ma(name);
	return true;
}

bool imp_usb_hub_is_weak(const char *port, struct imp_usb_hub *out)
{
	const char *dot = strrchr(port, '.');
	unsigned long attributes;

	if (!dot || (size_t)(dot - port) >= sizeof(out->port))
		return false;
	*out = (struct imp_usb_hub){ 0 };
	snprintf(out->port, sizeof(out->port), "%.*s", (int)(dot - port), port);
	if (!sysfs_number(out->port, "bmAttributes", 16, UINT8_MAX, &attributes) ||
	    attributes & SELF_POWERED)
		return false;
	out->asked_ma = asks_ma(out->port);
	sysfs_list("/sys/bus/usb/devices", add_child, out);
	return out->asked_ma > SUPPLY_MA;
}

bool imp_udev_notes(const char *node, const char *property)
{
	CLEANUP(fclosep) FILE *f = NULL;
	char path[64], line[256];
	struct stat st;

	if (stat(node, &st) != 0)
		return false;
	snprintf(path, sizeof(path), "/run/udev/data/c%u:%u", major(st.st_rdev),
		 minor(st.st_rdev));
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "E:", 2) == 0 && strcmp(line + 2, property) == 0)
			return true;
	}
	return false;
}
