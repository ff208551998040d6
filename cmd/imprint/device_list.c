/* SPDX-License-Identifier: Apache-2.0 */
/* Which devices a command is about. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "device_list.h"
#include "plan.h"
#include "transport/tty.h"

void device_list_fini(struct device_list *l)
{
	for (size_t i = 0; i < l->owns; i++)
		free(l->owned[i]);
}

/* The port behind "PATH" or "serial:PATH?baud=N". */
static bool find_port(const char *uri, struct stat *st)
{
	char path[256];
	size_t n;

	if (strncmp(uri, "serial:", 7) == 0)
		uri += 7;
	n = strcspn(uri, "?");
	if (n >= sizeof(path))
		return false;
	memcpy(path, uri, n);
	path[n] = '\0';
	return stat(path, st) == 0 && S_ISCHR(st->st_mode);
}

/* Two names of one port would fight for it. */
static bool has_port(const struct device_list *l, const char *uri)
{
	struct stat mine, theirs;

	if (!find_port(uri, &mine))
		return false;
	for (size_t i = 0; i < l->count; i++)
		if (find_port(l->uri[i], &theirs) && theirs.st_rdev == mine.st_rdev)
			return true;
	return false;
}

static bool add(struct device_list *l, const char *uri)
{
	if (has_port(l, uri))
		return false;
	if (l->count < DEVICES_MAX)
		l->uri[l->count++] = uri;
	return true;
}

static void add_found(const char *path, void *arg)
{
	struct device_list *l = arg;
	char *copy = l->owns < DEVICES_MAX ? strdup(path) : NULL;

	if (copy && add(l, copy))
		l->owned[l->owns++] = copy;
	else
		free(copy);
}

/* The links 1, 2, ... of a simulation. */
static void add_simulated(struct device_list *l, const char *dir)
{
	char path[256];

	for (unsigned n = 1; n <= DEVICES_MAX; n++) {
		snprintf(path, sizeof(path), "%s/%u", dir, n);
		if (access(path, F_OK) != 0)
			return;
		add_found(path, l);
	}
}

/* Under imprint simulate, "all" means its devices and none of those that are attached. */
static void add_named(struct device_list *l, const char *name)
{
	const char *simulation = getenv("IMPRINT_SIM");

	if (strcmp(name, "all") == 0 && simulation)
		add_simulated(l, simulation);
	else if (strcmp(name, "all") == 0)
		imp_tty_each(add_found, l);
	else
		add(l, name);
}

int device_list_make(const struct dev_args *args, struct device_list *out,
		     struct imp_error *err)
{
	const char *fallback = args->devices ? NULL : getenv("IMPRINT_DEVICE");

	for (size_t i = 0; i < args->devices; i++)
		add_named(out, args->device[i]);
	if (fallback)
		add_named(out, fallback);
	if (out->count == 0)
		return imp_hint(err,
				imp_fail(err, IMP_EUSAGE,
					 args->devices || fallback
						 ? "no serial port found"
						 : "no device named"),
				"name one with -d PORT, or set IMPRINT_DEVICE");
	return 0;
}

/* "imei N" and "ueid HEX", as they are shown, and the hex of an imei's ueid. */
bool ueid_is(struct imp_span ueid, const char *id)
{
	char name[80], hex[2 * 33 + 1] = "";

	imp_device_name(ueid, name);
	for (size_t i = 0; i < ueid.len && i < 33; i++)
		snprintf(hex + 2 * i, 3, "%02x", ueid.ptr[i]);
	return strcasecmp(name + strlen("ueid "), id) == 0 || strcasecmp(hex, id) == 0;
}

/* An imei, or a ueid in hex: describe tells whether it is this one. Anything else is a
 * serial, which is in the card. */
static bool id_is_ueid(const char *id)
{
	size_t n = strlen(id);

	return (n == 15 && strspn(id, "0123456789") == n) ||
	       (n >= 14 && n % 2 == 0 && strspn(id, "0123456789abcdefABCDEF") == n);
}

static bool card_has_id(const struct imp_card *card, const char *id)
{
	return ueid_is(card->ueid, id) || imp_span_eq(card->serial, imp_span_str(id)) ||
	       imp_span_eq(card->imei, imp_span_str(id));
}

bool card_is_wanted(const struct dev_args *args, const struct imp_card *card)
{
	bool wanted = args->ids == 0;

	for (size_t i = 0; i < args->ids; i++)
		wanted |= card_has_id(card, args->id[i]);
	return wanted;
}

bool device_has_id(const struct device *d, const char *id)
{
	return (d->ueid.len > 0 && ueid_is(d->ueid, id)) ||
	       (d->known.bytes.len > 0 && card_has_id(&d->known.card, id));
}

bool device_is_wanted(struct device *d, const struct verifier *v)
{
	bool serial = false;

	/* A device that hides who it is has to be asked. */
	if (d->args->ids == 0 || d->ueid.len == 0)
		return true;
	for (size_t i = 0; i < d->args->ids; i++) {
		if (ueid_is(d->ueid, d->args->id[i]))
			return true;
		serial |= !id_is_ueid(d->args->id[i]);
	}
	if (!v)
		return serial;
	return imp_cards_find(&v->cards, d->crypto, d->ueid, &d->known, NULL) > 0 &&
	       card_is_wanted(d->args, &d->known.card);
}
