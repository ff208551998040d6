/* SPDX-License-Identifier: Apache-2.0 */
/* Names of devices as people type them, and what may be meant by those that are none. */
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "device_name.h"
#include "model/object.h"
#include "transport/tcp.h"

static bool has_scheme(const char *name)
{
	const char *rest;

	return imp_transport_find(name, &rest) && rest != name;
}

bool device_name_link(const char *path, char *out, size_t cap)
{
	ssize_t n = readlink(path, out, cap - 1);

	out[n > 0 ? n : 0] = '\0';
	return n > 0 && has_scheme(out);
}

/* One of the simulation that we run beside: it may be unplugged for a moment. */
static bool is_simulated(const char *name)
{
	const char *dir = getenv("IMPRINT_SIM");
	size_t len = dir ? strlen(dir) : 0;

	return len > 0 && strncmp(name, dir, len) == 0 && name[len] == '/';
}

/* What may have been meant, as it is typed; false: nothing is near. */
typedef bool guess(const char *name, char *out, size_t cap);

static bool as_node(const char *name, char *out, size_t cap)
{
	return !strchr(name, '/') && (size_t)snprintf(out, cap, "/dev/%s", name) < cap &&
	       access(out, F_OK) == 0;
}

/* "" where a scheme needs nothing behind it. */
static const char *needs(const struct imp_transport_ops *ops)
{
	return ops->names[0] == '[' ? "" : ops->names;
}

/* "USB:", "tpc:10.0.0.7:1337", "al": a word that is nearly one of ours. */
static bool as_word(const char *name, char *out, size_t cap)
{
	const char *words[8] = { "all" }, *near, *colon = strchr(name, ':');
	size_t count = 1;
	char word[16];

	snprintf(word, sizeof(word), "%.*s", (int)strcspn(name, ":"), name);
	for (; imp_transports[count - 1] && count < COUNTOF(words); count++)
		words[count] = imp_transports[count - 1]->scheme;
	near = imp_nearest(word, words, count);
	if (near == words[0])
		return !colon && (size_t)snprintf(out, cap, "%s", near) < cap;
	for (size_t i = 1; near && i < count; i++)
		if (near == words[i])
			return (size_t)snprintf(out, cap, "%s:%s", near,
						colon ? colon + 1
						      : needs(imp_transports[i - 1])) <
			       cap;
	return false;
}

/* "1-2.3", "1209:0001" */
static bool as_usb(const char *name, char *out, size_t cap)
{
	size_t len = strspn(name, "0123456789abcdefABCDEF-.:");

	return name[len] == '\0' && len > 1 &&
	       (name[1] == '-' || (len == 9 && name[4] == ':')) &&
	       (size_t)snprintf(out, cap, "usb:%s", name) < cap;
}

static bool as_place(const char *name, char *out, size_t cap)
{
	struct imp_tcp_where where;

	return imp_tcp_where(name, &where) &&
	       (size_t)snprintf(out, cap, "tcp:%s", name) < cap;
}

/* Does it look like the link of a simulated device, DIR/1? */
static bool is_numbered(const char *name)
{
	const char *slash = strrchr(name, '/');
	size_t digits = slash ? strspn(slash + 1, "0123456789") : 0;

	return digits > 0 && slash[1 + digits] == '\0';
}

static int not_one(const char *name, struct imp_error *err)
{
	static guess *const guesses[] = { as_node, as_word, as_usb, as_place };
	char meant[PATH_MAX];
	int rc;

	for (size_t i = 0; i < COUNTOF(guesses); i++)
		if (guesses[i](name, meant, sizeof(meant)))
			return imp_fail(err, IMP_EUSAGE,
					"%s: no name of a device; did you mean %s?", name,
					meant);
	if (is_numbered(name)) {
		rc = imp_fail(err, IMP_EUSAGE, "%s: no such device", name);
		return imp_hint(err, rc,
				"a simulated device has its name while imprint simulate "
				"runs, in the folder where that was started");
	}
	rc = imp_fail(err, IMP_EUSAGE, "%s: no name of a device, and no file", name);
	return imp_hint(err, rc,
			"imprint devices lists what is attached; imprint-device(7) has "
			"the forms of names");
}

int device_name_check(const char *name, struct imp_error *err)
{
	struct stat st;

	if (!*name)
		return imp_hint(
			err,
			imp_fail(err, IMP_EUSAGE, "an empty name, expected a DEVICE"),
			"imprint devices lists what is attached");
	if (strcmp(name, "all") == 0 || name[0] == '/' || has_scheme(name) ||
	    lstat(name, &st) == 0 || is_simulated(name))
		return 0;
	return not_one(name, err);
}
