/* SPDX-License-Identifier: Apache-2.0 */
/* What this host does to devices. */
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/attr.h"
#include "transport/host.h"
#include "transport/sysfs.h"

DEFINE_CLEANUP(FILE *, fclose);

enum { SUPPLY_MA = 500, SELF_POWERED = 0x40 /* bmAttributes; USB 2.0, 9.6.3 */ };

bool imp_usb_is_here(void)
{
	return access("/sys/bus/usb", F_OK) == 0;
}

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
	sysfs_list(SYSFS_DEVICES, add_child, out);
	return out->asked_ma > SUPPLY_MA;
}

static void name_owner(const struct stat *st, struct imp_node_owner *out)
{
	struct passwd user, *u = NULL;
	struct group group, *g = NULL;
	char buf[1024];

	snprintf(out->owner, sizeof(out->owner), "%u", st->st_uid);
	if (getpwuid_r(st->st_uid, &user, buf, sizeof(buf), &u) == 0 && u)
		snprintf(out->owner, sizeof(out->owner), "%s", user.pw_name);
	snprintf(out->group, sizeof(out->group), "%u", st->st_gid);
	if (getgrgid_r(st->st_gid, &group, buf, sizeof(buf), &g) == 0 && g)
		snprintf(out->group, sizeof(out->group), "%s", group.gr_name);
}

bool imp_node_owner(const char *node, struct imp_node_owner *out)
{
	static const char letters[] = "rwxrwxrwx";
	struct stat st;

	if (stat(node, &st) != 0)
		return false;
	*out = (struct imp_node_owner){
		.group_may = st.st_gid != 0 && (st.st_mode & 060) == 060,
	};
	out->mode[0] = S_ISCHR(st.st_mode) ? 'c' : S_ISDIR(st.st_mode) ? 'd' : '-';
	for (unsigned i = 0; i < 9; i++)
		out->mode[1 + i] = st.st_mode & (0400u >> i) ? letters[i] : '-';
	name_owner(&st, out);
	return true;
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
