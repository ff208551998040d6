/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel says of devices on USB. */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/escape.h"
#include "transport/sysfs.h"

DEFINE_CLEANUP(DIR *, closedir);
DEFINE_CLEANUP(FILE *, fclose);

struct names {
	char **name; /* owned */
	size_t count;
};

static void names_fini(struct names *n)
{
	for (size_t i = 0; i < n->count; i++)
		free(n->name[i]);
	free(n->name);
}

static bool names_add(struct names *n, const char *name)
{
	char **more = reallocarray(n->name, n->count + 1, sizeof(*more));

	if (!more)
		return false;
	n->name = more;
	n->name[n->count] = strdup(name);
	n->count += n->name[n->count] != NULL;
	return true;
}

static int compare(const void *a, const void *b)
{
	return strverscmp(*(char *const *)a, *(char *const *)b);
}

void sysfs_list(const char *dir, bool (*fn)(const char *name, void *arg), void *arg)
{
	CLEANUP(names_fini) struct names all = { 0 };
	CLEANUP(closedirp) DIR *d = opendir(dir);

	for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d))
		if (e->d_name[0] != '.' && !names_add(&all, e->d_name))
			break;
	if (all.count > 0)
		qsort(all.name, all.count, sizeof(*all.name), compare);
	for (size_t i = 0; i < all.count && fn(all.name[i], arg); i++)
		;
}

/* The digits of a number from 1, which the kernel writes without leading zeros; 0: none.
 */
static size_t number_len(const char *at)
{
	return *at == '0' ? 0 : strspn(at, "0123456789");
}

bool sysfs_is_port(const char *name)
{
	size_t bus = number_len(name);
	const char *at = name + bus;

	if (bus == 0 || *at != '-' || strlen(name) >= SYSFS_NAME)
		return false;
	do {
		size_t digits = number_len(++at);

		if (digits == 0)
			return false;
		at += digits;
	} while (*at == '.');
	return *at == '\0';
}

size_t sysfs_bytes(const char *name, const char *attribute, uint8_t *out, size_t cap)
{
	CLEANUP(fclosep) FILE *f = NULL;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), SYSFS_DEVICES "/%s/%s", name, attribute);
	f = fopen(path, "re");
	return f ? fread(out, 1, cap, f) : 0;
}

bool sysfs_text(const char *name, const char *attribute, char *out, size_t cap)
{
	size_t len = sysfs_bytes(name, attribute, (uint8_t *)out, cap - 1);

	out[len] = '\0';
	out[strcspn(out, "\n")] = '\0';
	return len > 0;
}

bool sysfs_number(const char *name, const char *attribute, int base, unsigned long max,
		  unsigned long *out)
{
	char text[32], *end;

	if (!sysfs_text(name, attribute, text, sizeof(text)) || text[0] == '-')
		return false;
	*out = strtoul(text, &end, base);
	return end != text && *end == '\0' && *out <= max;
}

bool sysfs_driver(const char *interface, char *out, size_t cap)
{
	char path[PATH_MAX], target[PATH_MAX];
	const char *base;
	ssize_t n;

	snprintf(path, sizeof(path), SYSFS_DEVICES "/%s/driver", interface);
	n = readlink(path, target, sizeof(target) - 1);
	if (n <= 0)
		return false;
	target[n] = '\0';
	base = strrchr(target, '/');
	snprintf(out, cap, "%s", base ? base + 1 : target);
	return true;
}

/* The last part of a path that names an interface: its length, *found where it starts. */
static size_t last_interface(const char *path, const char **found)
{
	size_t len = 0;

	for (const char *part = path; *part;) {
		size_t n = strcspn(part, "/");
		const char *colon = memchr(part, ':', n), *dash = memchr(part, '-', n);

		if (*part >= '0' && *part <= '9' && dash && colon && dash < colon) {
			*found = part;
			len = n;
		}
		part += n + (part[n] == '/');
	}
	return len;
}

bool sysfs_interface_of_tty(const char *tty, char out[SYSFS_NAME])
{
	char path[PATH_MAX], real[PATH_MAX];
	const char *found = NULL;
	size_t len;

	snprintf(path, sizeof(path), "/sys/class/tty/%s", tty);
	if (!realpath(path, real))
		return false;
	len = last_interface(real, &found);
	if (len == 0 || len >= SYSFS_NAME)
		return false;
	snprintf(out, SYSFS_NAME, "%.*s", (int)len, found);
	return true;
}

void sysfs_cut_to_port(char *name)
{
	name[strcspn(name, ":")] = '\0';
}

void sysfs_what(const char *port, char out[SYSFS_TEXT])
{
	static const char *const parts[] = { "manufacturer", "product", "serial" };
	char all[SYSFS_TEXT] = "", part[SYSFS_TEXT];
	size_t len = 0;

	for (size_t i = 0; i < COUNTOF(parts) && len < sizeof(all); i++)
		if (sysfs_text(port, parts[i], part, sizeof(part)))
			len += (size_t)snprintf(all + len, sizeof(all) - len, "%s%s",
						len ? " " : "", part);
	imp_escape(out, SYSFS_TEXT, imp_span_str(all));
}
