/* SPDX-License-Identifier: Apache-2.0 */
/* imprint doctor: is this host ready for devices, and what mends it where it is not. */
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "commands.h"
#include "datadir.h"
#include "device_list.h"
#include "json.h"
#include "transport/host.h"

#define RULES "70-imprint.rules"

struct doctor {
	struct report_args report;
	struct device_list list;
	const char *check; /* that runs */
	unsigned found;	   /* troubles, in all */
};

static const struct argp_child children[] = { { &report_argp, 0, NULL, 0 }, { 0 } };

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct doctor *d = state->input;

	(void)arg;
	if (key != ARGP_KEY_INIT)
		return ARGP_ERR_UNKNOWN;
	state->child_inputs[0] = &d->report;
	return 0;
}

static const struct argp argp = {
	.parser = parse,
	.doc = "Look for what keeps devices from being reached, or would spoil a run, and tell the command that mends it. "
	       "Changes nothing and sends nothing.",
	.children = children,
};

static void tell(const struct doctor *d, bool well, const char *text, const char *command)
{
	struct json j = { .f = stdout, .first = true };

	if (!d->report.json) {
		printf("%-5s %-13s %s\n", well ? "ok" : "FIX", d->check, text);
		if (command)
			printf("      $ %s\n", command);
		return;
	}
	json_open(&j, NULL, '{');
	json_str(&j, "check", d->check);
	json_str(&j, "result", well ? "ok" : "fix");
	json_str(&j, "message", text);
	json_str(&j, "command", command);
	json_close(&j, '}');
	putchar('\n');
}

static void well(const struct doctor *d, const char *text)
{
	tell(d, true, text, NULL);
}

/* A trouble; command NULL where no command mends it. */
static void ill(struct doctor *d, const char *text, const char *command)
{
	d->found++;
	tell(d, false, text, command);
}

/* Where udev looks. Source: udev(7), RULES FILES. */
static bool rules_are_there(void)
{
	static const char *const dirs[] = { "/etc", "/run", "/usr/local/lib", "/usr/lib",
					    "/lib" };

	for (size_t i = 0; i < COUNTOF(dirs); i++) {
		char path[64];

		snprintf(path, sizeof(path), "%s/udev/rules.d/" RULES, dirs[i]);
		if (access(path, F_OK) == 0)
			return true;
	}
	return false;
}

static void check_rules(struct doctor *d)
{
	char path[PATH_MAX], command[PATH_MAX + 128];

	if (rules_are_there()) {
		well(d, "udev has " RULES);
		return;
	}
	data_dir(path, sizeof(path), "udev/" RULES);
	snprintf(command, sizeof(command),
		 "sudo install -m 644 %s /etc/udev/rules.d/ && sudo udevadm control "
		 "--reload && sudo udevadm trigger",
		 path);
	ill(d, "udev does not have " RULES ": only root gets at devices on USB", command);
}

/* What lets this user at a node; false where no command does. */
static bool mend_access(const struct device_entry *e, char *out, size_t cap)
{
	struct imp_node_owner o;

	if (strcmp(e->trouble, "no permission") != 0 || !e->place ||
	    !imp_node_owner(e->place, &o))
		return false;
	if (o.group_may)
		snprintf(out, cap, "sudo usermod -aG %s $USER # then log in again",
			 o.group);
	else
		snprintf(out, cap, "sudo chgrp dialout %s && sudo chmod g+rw %s",
			 e->place, e->place);
	return true;
}

static void check_access(struct doctor *d)
{
	unsigned before = d->found;

	for (size_t i = 0; i < d->list.count; i++) {
		const struct device_entry *e = &d->list.entry[i];
		char text[PATH_MAX], command[2 * PATH_MAX + 64];

		if (!e->trouble)
			continue;
		snprintf(text, sizeof(text), "%s: %s", e->uri, e->trouble);
		ill(d, text, mend_access(e, command, sizeof(command)) ? command : NULL);
	}
	if (d->found > before)
		return;
	well(d, d->list.count	    ? "every device that is attached can be opened"
		: imp_usb_is_here() ? "no device is attached"
				    : "no device is attached; " IMP_NO_USB);
}

/* ModemManager sends AT commands to serial ports that udev does not keep from it. */
static void check_modemmanager(struct doctor *d)
{
	unsigned before = d->found;
	char who[64], text[PATH_MAX];
	bool runs = imp_process_find("ModemManager", who, sizeof(who));

	for (size_t i = 0; runs && i < d->list.count; i++) {
		const struct device_entry *e = &d->list.entry[i];

		if (!e->port[0] || !e->ops || strcmp(e->ops->scheme, "serial") != 0 ||
		    !e->place || imp_udev_notes(e->place, "ID_MM_DEVICE_IGNORE=1") ||
		    imp_udev_notes(e->place, "ID_MM_PORT_IGNORE=1"))
			continue;
		snprintf(text, sizeof(text), "%s: %s may talk to it", e->uri, who);
		ill(d, text, "sudo systemctl mask --now ModemManager");
	}
	if (d->found == before)
		well(d, runs ? "ModemManager runs, and leaves what is attached alone"
			     : "ModemManager does not run");
}

static void check_sleep(struct doctor *d)
{
	unsigned before = d->found;

	for (size_t i = 0; i < d->list.count; i++) {
		const struct device_entry *e = &d->list.entry[i];
		char text[PATH_MAX], command[128];

		if (!e->port[0] || !imp_usb_sleeps(e->port))
			continue;
		snprintf(text, sizeof(text),
			 "%s: the kernel may put it to sleep when it is idle", e->uri);
		snprintf(command, sizeof(command),
			 "echo on | sudo tee /sys/bus/usb/devices/%s/power/control",
			 e->port);
		ill(d, text, command);
	}
	if (d->found == before)
		well(d, "no device is put to sleep");
}

static void check_power(struct doctor *d)
{
	unsigned before = d->found;

	for (size_t i = 0; i < d->list.count; i++) {
		const struct device_entry *e = &d->list.entry[i];
		struct imp_usb_hub hub;
		char text[PATH_MAX];

		if (!e->port[0] || !imp_usb_hub_is_weak(e->port, &hub))
			continue;
		snprintf(text, sizeof(text),
			 "%s: its hub on port %s has no supply of its own, and %u mA are "
			 "asked of its 500; use one that has",
			 e->uri, hub.port, hub.asked_ma);
		ill(d, text, NULL);
	}
	if (d->found == before)
		well(d, "no hub is asked for more than it has");
}

static void check_clock(struct doctor *d)
{
	struct timex t = { 0 };
	struct stat built;
	time_t now = time(NULL);

	if (stat("/proc/self/exe", &built) == 0 && now < built.st_mtime)
		ill(d,
		    "the clock is behind: it shows a time before this program was "
		    "made",
		    "sudo timedatectl set-ntp true");
	else if (adjtimex(&t) == TIME_ERROR)
		ill(d, "nothing sets the clock: times in reports may be wrong",
		    "sudo timedatectl set-ntp true");
	else
		well(d, "the clock is set from elsewhere");
}

static void not_writable(struct doctor *d)
{
	struct imp_node_owner o = { .mode = "?" };
	char text[256];

	(void)imp_node_owner(".", &o);
	snprintf(text, sizeof(text),
		 "no file can be written in this folder: it is %s %s %s", o.mode, o.owner,
		 o.group);
	ill(d, text, "cd # to a folder of your own");
}

static void check_disk(struct doctor *d)
{
	enum { NEED = 64 << 20 };
	struct statvfs fs;
	unsigned long long bytes;

	if (statvfs(".", &fs) != 0) {
		ill(d, "this folder cannot be looked at", "cd");
		return;
	}
	bytes = (unsigned long long)fs.f_bavail * fs.f_frsize;
	if (fs.f_flag & ST_RDONLY)
		ill(d, "this folder is mounted read-only: no file can be written here",
		    "mount | grep 'ro[,)]'");
	else if (faccessat(AT_FDCWD, ".", W_OK | X_OK, AT_EACCESS) != 0)
		not_writable(d);
	else if (bytes < NEED || (fs.f_files > 0 && fs.f_favail == 0))
		ill(d, "less than 64 MiB, or no more files, are free in this folder",
		    "du -xh . | sort -h | tail");
	else
		well(d, "there is room in this folder");
}

static const struct {
	const char *name;
	void (*check)(struct doctor *d);
} checks[] = {
	{ "rules", check_rules },
	{ "access", check_access },
	{ "modemmanager", check_modemmanager },
	{ "sleep", check_sleep },
	{ "power", check_power },
	{ "clock", check_clock },
	{ "disk", check_disk },
};

static int run(const struct cli *cli, int argc, char **argv, struct imp_error *err)
{
	struct doctor d = { 0 };
	int rc;

	(void)cli;
	cli_parse(&cmd_doctor, argc, argv, &d);
	rc = device_list_attached(&d.list, err);
	for (size_t i = 0; !rc && i < COUNTOF(checks); i++) {
		d.check = checks[i].name;
		checks[i].check(&d);
	}
	device_list_fini(&d.list);
	if (rc || d.found == 0)
		return rc;
	return imp_fail(err, IMP_EFINDINGS, "doctor: %u trouble%s found", d.found,
			imp_plural(d.found));
}

const struct cli_cmd cmd_doctor = {
	.name = "doctor",
	.brief = "find what keeps this host from devices",
	.argp = &argp,
	.run = run,
	.basic = true,
};
