/* SPDX-License-Identifier: Apache-2.0 */
/* Which devices a command is about. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/digits.h"
#include "datadir.h"
#include "device_list.h"
#include "device_name.h"
#include "source/mistake.h"
#include "usb_rows.h"
#include "verifier.h"

void device_list_fini(struct device_list *l)
{
	for (size_t i = 0; i < l->count; i++) {
		free(l->entry[i].uri);
		free(l->entry[i].place);
		free(l->entry[i].port);
		free(l->entry[i].what);
		free(l->entry[i].trouble);
	}
	imp_usb_table_fini(&l->usb);
}

/* Two names of one port would fight for it. */
static bool is_there(const struct device_list *l, const char *place)
{
	for (size_t i = 0; i < l->count; i++)
		if (l->entry[i].place && strcmp(l->entry[i].place, place) == 0)
			return true;
	return false;
}

/* A device on USB may show as serial ports, too. */
static bool has_other_way(const struct device_list *l, const char *port,
			  const struct imp_transport_ops *ops)
{
	for (size_t i = 0; port[0] && i < l->count; i++)
		if (strcmp(l->entry[i].port, port) == 0 && l->entry[i].ops != ops)
			return true;
	return false;
}

static int add(struct device_list *l, const struct imp_attached *a, struct imp_error *err)
{
	const char *uri = a->uri, *port = a->port;
	const char *rest;
	const struct imp_transport_ops *ops = imp_transport_find(uri, &rest);
	char place[PATH_MAX] = "";
	bool leads = ops && ops->place(rest, &l->usb.ids, place, sizeof(place));
	struct device_entry e = { .ops = ops };

	if (l->count == DEVICES_MAX)
		return imp_fail(err, IMP_EUSAGE, "more than %d devices", DEVICES_MAX);
	if ((leads && is_there(l, place)) || has_other_way(l, port, ops))
		return 0;
	e.uri = strdup(uri);
	e.port = strdup(port);
	e.what = strdup(a->what);
	e.trouble = a->trouble ? strdup(a->trouble) : NULL;
	e.place = leads ? strdup(place) : NULL;
	l->entry[l->count++] = e;
	return e.uri && e.port && e.what && !e.trouble == !a->trouble &&
			       !e.place == !leads
		       ? 0
		       : imp_fail(err, IMP_ERESOURCE, "out of memory");
}

static int add_one(struct device_list *l, const char *name, struct imp_error *err)
{
	char target[PATH_MAX];

	const struct imp_attached a = {
		.uri = device_name_link(name, target, sizeof(target)) ? target : name,
		.what = "",
		.port = "",
	};

	return add(l, &a, err);
}

/* The links 1, 2, ... of a simulation. */
static int add_simulated(struct device_list *l, const char *dir, struct imp_error *err)
{
	char path[PATH_MAX];
	struct stat st;
	int rc = 0;

	for (unsigned n = 1; !rc && n <= DEVICES_MAX; n++) {
		snprintf(path, sizeof(path), "%s/%u", dir, n);
		if (lstat(path, &st) != 0)
			return 0;
		rc = add_one(l, path, err);
	}
	return rc;
}

struct finding {
	struct device_list *list;
	struct imp_error *err;
	int rc;
};

static void add_found(const struct imp_attached *a, void *arg)
{
	struct finding *f = arg;

	if (!f->rc)
		f->rc = add(f->list, a, f->err);
}

static int add_attached(struct device_list *l, struct imp_error *err)
{
	struct finding f = { .list = l, .err = err };

	for (size_t i = 0; imp_transports[i]; i++)
		if (imp_transports[i]->each)
			imp_transports[i]->each(&l->usb.ids, add_found, &f);
	return f.rc;
}

/* Under imprint simulate, "all" means its devices and none of those that are attached. */
static int add_named(struct device_list *l, const char *name, struct imp_error *err)
{
	const char *simulation = getenv("IMPRINT_SIM");
	int rc = device_name_check(name, err);

	if (rc || strcmp(name, "all") != 0)
		return rc ? rc : add_one(l, name, err);
	return simulation ? add_simulated(l, simulation, err) : add_attached(l, err);
}

static int none(bool named, struct imp_error *err)
{
	int rc = imp_fail(err, IMP_EUSAGE,
			  named ? "no device is attached" : "no device named");

	return imp_hint(err, rc, "name one with -d DEVICE, or set IMPRINT_DEVICE");
}

static bool may_be_usb(const char *name)
{
	char target[PATH_MAX];
	const char *rest;

	if (device_name_link(name, target, sizeof(target)))
		name = target;
	return strcmp(name, "all") == 0 ||
	       imp_transport_find(name, &rest) == &imp_usb_ops;
}

/* The rows are read once, where they are needed. */
static int read_usb(struct device_list *l, const char *name, struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret mistakes = { 0 }, text = { 0 };
	int rc;

	if (l->usb.ids.row || !may_be_usb(name))
		return 0;
	rc = usb_rows_read(&l->usb, &mistakes, err);
	if (imp_mistakes_text(imp_secret_span(&mistakes), &text, NULL) == 0)
		fwrite(text.ptr, 1, text.len, stderr);
	return rc;
}

static int take(struct device_list *l, const char *name, struct imp_error *err)
{
	int rc = read_usb(l, name, err);

	return rc ? rc : add_named(l, name, err);
}

int device_list_attached(struct device_list *out, struct imp_error *err)
{
	return take(out, "all", err);
}

int device_list_make(const struct dev_args *args, struct device_list *out,
		     struct imp_error *err)
{
	const char *fallback = args->devices ? NULL : getenv("IMPRINT_DEVICE");
	int rc = fallback ? take(out, fallback, err) : 0;

	for (size_t i = 0; !rc && i < args->devices; i++)
		rc = take(out, args->device[i], err);
	if (rc || out->count > 0)
		return rc;
	return none(args->devices > 0 || fallback, err);
}

/* "imei N" and "ueid HEX", as they are shown, and the hex of an imei's ueid. */
bool ueid_is(struct imp_span ueid, const char *id)
{
	char name[80], hex[2 * IMP_UEID_MAX + 1];

	imp_device_name(ueid, name);
	imp_hex_text(ueid, hex, sizeof(hex));
	return strcasecmp(name + strlen("ueid "), id) == 0 || strcasecmp(hex, id) == 0;
}

bool id_is_ueid(const char *id)
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
