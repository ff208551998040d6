/* SPDX-License-Identifier: Apache-2.0 */
/* Names of devices at TAB. No files: a device is none, so only what may be one is shown.
 */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "args.h"
#include "complete.h"
#include "datadir.h"
#include "device_name.h"
#include "usb_rows.h"

static const char serial[] = "serial:";

static bool starts_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

/* A shell takes it as it is. */
static bool is_plain(const char *name)
{
	return name[0] != '.' && !name[strcspn(name, " \t\n\"'\\$`&;|<>()*?[]{}#!~")];
}

/* Call fn for each entry of a folder that can be typed, 2 before 10. */
static void each_entry(const char *dir,
		       void (*fn)(const char *dir, const char *name, const char *prefix),
		       const char *prefix)
{
	struct dirent **list = NULL;
	int count = scandir(dir, &list, NULL, versionsort);

	for (int i = 0; i < count; i++) {
		if (is_plain(list[i]->d_name))
			fn(dir, list[i]->d_name, prefix);
		free(list[i]);
	}
	free(list);
}

/* Is it the folder of a simulation? */
static bool has_simulated(const char *dir)
{
	char path[PATH_MAX];
	struct stat st;

	snprintf(path, sizeof(path), "%s/1", dir);
	return lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
}

static void offer_simulated(const char *dir, const char *name, const char *prefix)
{
	char path[PATH_MAX];
	struct stat st;

	(void)dir; /* the current one */
	for (unsigned n = 1; has_simulated(name) && n <= DEVICES_MAX; n++) {
		snprintf(path, sizeof(path), "%s/%u", name, n);
		if (lstat(path, &st) != 0)
			return;
		offer(path, prefix, "simulated");
	}
}

/* Of serial ports there are more than those that show on USB; folders lead on. */
static void offer_node(const char *dir, const char *name, const char *prefix)
{
	bool root = dir[strlen(dir) - 1] == '/';
	char path[PATH_MAX], word[PATH_MAX + sizeof(serial)], target[PATH_MAX];
	struct stat st;
	bool there, folder;

	if ((size_t)snprintf(path, sizeof(path), "%s%s%s", dir, root ? "" : "/", name) >=
	    sizeof(path))
		return;
	there = stat(path, &st) == 0;
	folder = there && S_ISDIR(st.st_mode) && !has_simulated(dir);
	snprintf(word, sizeof(word), "%s%s%s", starts_with(prefix, serial) ? serial : "",
		 path, folder ? "/" : "");
	if (folder || (there && S_ISCHR(st.st_mode)))
		offer(word, prefix, folder ? "folder" : "");
	else if (device_name_link(path, target, sizeof(target)))
		offer(word, prefix, target);
}

static void offer_paths(const char *prefix)
{
	const char *path = prefix + (starts_with(prefix, serial) ? strlen(serial) : 0);
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX];

	if (!slash)
		return;
	snprintf(dir, sizeof(dir), "%.*s", (int)(slash - path) + (slash == path), path);
	each_entry(dir, offer_node, prefix);
}

static void offer_link(const char *dir, const char *name, const char *prefix)
{
	char word[PATH_MAX];

	snprintf(word, sizeof(word), "%s%s/%s", serial, strrchr(dir, '/') + 1, name);
	offer(word, prefix, "");
}

/* The forms of names, once it is clear that a serial port is meant. */
static void offer_serial(const char *prefix)
{
	static const struct {
		const char *word, *help, *dir;
	} forms[] = {
		{ "serial:by-id/", "by who it is", "/dev/serial/by-id" },
		{ "serial:by-path/", "by where it hangs", "/dev/serial/by-path" },
		{ "serial:usb=", "by its port on USB", NULL },
	};

	for (size_t i = 0; i < COUNTOF(forms); i++) {
		if (strlen(prefix) < strlen(forms[i].word))
			offer(forms[i].word, prefix, forms[i].help);
		else if (forms[i].dir && starts_with(prefix, forms[i].word))
			each_entry(forms[i].dir, offer_link, prefix);
	}
}

static void offer_attached(const struct imp_attached *a, void *arg)
{
	const char *prefix = arg;
	char word[PATH_MAX];

	offer(a->uri, prefix, a->trouble ? a->trouble : a->what);
	if (!starts_with(prefix, "serial:usb=") || !starts_with(a->uri, serial) ||
	    !a->port[0])
		return;
	snprintf(word, sizeof(word), "serial:usb=%s", a->port);
	offer(word, prefix, a->what);
}

static void offer_transports(const char *prefix)
{
	CLEANUP(imp_secret_fini) struct imp_secret text = { 0 };
	struct imp_usb_table usb = { 0 };
	bool known = usb_rows_read(&usb, &text, NULL) == 0;

	for (size_t i = 0; imp_transports[i]; i++) {
		const struct imp_transport_ops *ops = imp_transports[i];
		char scheme[16];

		snprintf(scheme, sizeof(scheme), "%s:", ops->scheme);
		if (strcmp(scheme, prefix) != 0)
			offer(scheme, prefix, ops->names);
		if (ops->each)
			ops->each(known ? &usb.ids : NULL, offer_attached,
				  (void *)prefix);
	}
	imp_usb_table_fini(&usb);
}

void offer_devices(const char *prefix)
{
	offer("all", prefix, "everything that is attached");
	offer_transports(prefix);
	if (starts_with(prefix, serial))
		offer_serial(prefix);
	if (strchr(prefix, '/'))
		offer_paths(prefix);
	else
		each_entry(".", offer_simulated, prefix);
}
