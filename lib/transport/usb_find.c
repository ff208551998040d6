/* SPDX-License-Identifier: Apache-2.0 */
/* Looking through the devices on USB. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "transport/host.h"
#include "transport/usb_find.h"

enum selector { ANY, PORT, SERIAL, ID };

/* What a name asks for, and what was found. */
struct search {
	enum selector by;
	const char *text; /* PORT, SERIAL */
	struct imp_usb_id id;
	const struct imp_usb_ids *ids;
	/* Found: */
	unsigned seen;		/* devices on USB */
	unsigned meant;		/* of them, those that the name is about */
	unsigned ours;		/* of them, those that are devices of ours */
	char other[SYSFS_TEXT]; /* one that is meant and not ours */
	char list[2 * SYSFS_TEXT];
	struct usb_found first;
	/* Called for each of ours; NULL. */
	void (*fn)(const struct usb_found *f, void *arg);
	void *arg;
};

void usb_interface_name(const struct usb_found *f, char out[SYSFS_NAME])
{
	snprintf(out, SYSFS_NAME, "%s:%u.%u", f->port, f->configuration,
		 f->face.interface);
}

static bool fits(int want, unsigned is)
{
	return want == IMP_USB_ANY || (unsigned)want == is;
}

static bool matches(const struct imp_usb_id *id, const struct usb_found *f)
{
	char interface[SYSFS_NAME], text[SYSFS_TEXT];

	if (!fits(id->vendor, f->vendor) || !fits(id->product, f->product) ||
	    !fits(id->subclass, f->face.subclass) ||
	    !fits(id->protocol, f->face.protocol))
		return false;
	if (!id->interface)
		return true;
	usb_interface_name(f, interface);
	return sysfs_text(interface, "interface", text, sizeof(text)) &&
	       strcmp(text, id->interface) == 0;
}

static bool is_known(const struct search *s, const struct usb_found *f)
{
	if (s->by == ID && matches(&s->id, f))
		return true;
	for (size_t i = 0; s->ids && i < s->ids->count; i++)
		if (matches(&s->ids->row[i], f))
			return true;
	return false;
}

/* Do its numbers alone say that it is ours? */
static bool is_known_by_number(const struct search *s, const struct usb_found *f)
{
	if (s->by == ID)
		return true;
	for (size_t i = 0; s->ids && i < s->ids->count; i++)
		if (s->ids->row[i].vendor == f->vendor &&
		    s->ids->row[i].product == f->product && !s->ids->row[i].interface)
			return true;
	return false;
}

static bool is_meant(const struct search *s, const struct usb_found *f)
{
	char serial[SYSFS_TEXT];

	switch (s->by) {
	case PORT:
		return strcmp(s->text, f->port) == 0;
	case SERIAL:
		return sysfs_text(f->port, "serial", serial, sizeof(serial)) &&
		       strcmp(s->text, serial) == 0;
	case ID:
		return fits(s->id.vendor, f->vendor) && fits(s->id.product, f->product);
	case ANY:
		break;
	}
	return true;
}

static bool read_numbers(const char *port, struct usb_found *f)
{
	unsigned long bus, device, vendor, product, configuration;

	if (!sysfs_number(port, "busnum", 10, 999, &bus) ||
	    !sysfs_number(port, "devnum", 10, 999, &device) ||
	    !sysfs_number(port, "idVendor", 16, UINT16_MAX, &vendor) ||
	    !sysfs_number(port, "idProduct", 16, UINT16_MAX, &product))
		return false;
	*f = (struct usb_found){ .vendor = (uint16_t)vendor,
				 .product = (uint16_t)product };
	snprintf(f->port, sizeof(f->port), "%s", port);
	snprintf(f->node, sizeof(f->node), "/dev/bus/usb/%03lu/%03lu", bus, device);
	if (sysfs_number(port, "bConfigurationValue", 10, UINT8_MAX, &configuration))
		f->configuration = (unsigned)configuration;
	return true;
}

/* The first of its interfaces that is known. */
static bool pick_face(const struct search *s, const struct usb_described *d,
		      struct usb_found *f)
{
	for (size_t i = 0; i < d->faces; i++) {
		f->face = d->face[i];
		if (is_known(s, f))
			return true;
	}
	f->face = (struct usb_face){ 0 };
	return false;
}

static const char *trouble_of(const struct usb_found *f)
{
	if (f->has_hid)
		return "refused, it also has a HID interface and could type on this host";
	if (access(f->node, R_OK | W_OK) != 0)
		return "no permission";
	return NULL;
}

/* Is it one of ours? One that is known by its numbers is, whatever else is wrong. */
static bool is_ours(const struct search *s, struct usb_found *f)
{
	uint8_t *bytes = malloc(USB_DESCRIPTORS_MAX);
	size_t len =
		bytes ? sysfs_bytes(f->port, "descriptors", bytes, USB_DESCRIPTORS_MAX)
		      : 0;
	struct usb_described d;
	bool whole = usb_describe((struct imp_span){ bytes, len },
				  (uint8_t)f->configuration, &d);
	bool ours = whole && pick_face(s, &d, f);

	free(bytes);
	f->has_hid = d.has_hid;
	if (ours) {
		f->trouble = trouble_of(f);
		return true;
	}
	f->trouble = f->configuration == 0 ? "not configured by the kernel"
		     : !whole		   ? "its descriptors contradict themselves"
					   : "no interface of class FF with two bulk "
					     "endpoints";
	return is_known_by_number(s, f);
}

static void note(struct search *s, const struct usb_found *f)
{
	size_t len = strlen(s->list);
	char what[SYSFS_TEXT];

	sysfs_what(f->port, what);
	if (s->ours++ == 0)
		s->first = *f;
	if (len < sizeof(s->list))
		snprintf(s->list + len, sizeof(s->list) - len, "%susb:%s (%04x:%04x%s%s)",
			 len ? ", " : "", f->port, f->vendor, f->product,
			 what[0] ? " " : "", what);
	if (s->fn)
		s->fn(f, s->arg);
}

static bool look(const char *name, void *arg)
{
	struct search *s = arg;
	struct usb_found f;

	if (!sysfs_is_port(name) || !read_numbers(name, &f))
		return true;
	s->seen++;
	if (!is_meant(s, &f))
		return true;
	s->meant++;
	if (is_ours(s, &f))
		note(s, &f);
	else
		snprintf(s->other, sizeof(s->other), "%04x:%04x on port %s", f.vendor,
			 f.product, f.port);
	return true;
}

static void search(struct search *s)
{
	sysfs_list(SYSFS_DEVICES, look, s);
}

/* VVVV:PPPP */
static bool is_id(const char *rest, struct imp_usb_id *id)
{
	static const char hex[] = "0123456789abcdefABCDEF";

	if (strspn(rest, hex) != 4 || rest[4] != ':' || strspn(rest + 5, hex) != 4 ||
	    rest[9])
		return false;
	*id = (struct imp_usb_id){ .vendor = (int)strtoul(rest, NULL, 16),
				   .product = (int)strtoul(rest + 5, NULL, 16),
				   .subclass = IMP_USB_ANY,
				   .protocol = IMP_USB_ANY };
	return true;
}

static bool read_selector(const char *rest, struct search *s)
{
	static const char serial[] = "serial=";

	s->text = rest;
	if (!*rest) {
		s->by = ANY;
	} else if (strncmp(rest, serial, strlen(serial)) == 0) {
		s->by = SERIAL;
		s->text = rest + strlen(serial);
		return *s->text != '\0';
	} else if (is_id(rest, &s->id)) {
		s->by = ID;
	} else {
		s->by = PORT;
		return sysfs_is_port(rest);
	}
	return true;
}

static int none(const struct search *s, const char *rest, struct imp_error *err)
{
	int rc;

	if (s->by != ANY && s->meant > 0) {
		rc = imp_fail(err, IMP_ETRANSPORT, "usb:%s: %s is no device of ours",
			      rest, s->other);
		return imp_hint(err, rc,
				"name it by vendor and product, usb:VVVV:PPPP, or add "
				"it to a usb.yaml (imprint-device(7))");
	}
	rc = s->by != ANY
		     ? imp_fail(err, IMP_ETRANSPORT,
				"usb:%s: no such device, of %u on USB", rest, s->seen)
		     : imp_fail(err, IMP_ETRANSPORT,
				"usb: no device of ours among %u on USB", s->seen);
	if (!imp_usb_is_here())
		return imp_hint(err, rc, "%s", IMP_NO_USB);
	if (s->by != ANY)
		return imp_hint(err, rc, "imprint devices lists what is attached");
	return imp_hint(
		err, rc,
		"is it plugged in? one that is not in usb.yaml is named by vendor "
		"and product, usb:VVVV:PPPP");
}

int usb_find(const char *rest, const struct imp_usb_ids *ids, struct usb_found *out,
	     struct imp_error *err)
{
	struct search s = { .ids = ids };
	int rc;

	if (!read_selector(rest, &s))
		return imp_fail(err, IMP_EUSAGE,
				"usb:%s: expected usb:, usb:1-2.3 (its port), "
				"usb:serial=NUMBER or usb:VVVV:PPPP",
				rest);
	search(&s);
	if (s.ours == 0)
		return none(&s, rest, err);
	if (s.ours > 1) {
		rc = imp_fail(err, IMP_EUSAGE, "usb:%s%s %u devices, expected one of %s",
			      rest, *rest ? ":" : "", s.ours, s.list);
		return imp_hint(err, rc, "name one by its port, or all with -d all");
	}
	*out = s.first;
	return 0;
}

bool usb_place(const char *rest, const struct imp_usb_ids *ids, char *out, size_t cap)
{
	struct usb_found f;

	return usb_find(rest, ids, &f, NULL) == 0 &&
	       (size_t)snprintf(out, cap, "%s", f.node) < cap;
}

struct each {
	void (*fn)(const struct imp_attached *a, void *arg);
	void *arg;
};

static void tell(const struct usb_found *f, void *arg)
{
	const struct each *e = arg;
	char uri[SYSFS_NAME + 4], what[SYSFS_TEXT];

	snprintf(uri, sizeof(uri), "usb:%s", f->port);
	sysfs_what(f->port, what);
	e->fn(&(const struct imp_attached){ .uri = uri,
					    .what = what,
					    .port = f->port,
					    .trouble = f->trouble },
	      e->arg);
}

void usb_each(const struct imp_usb_ids *ids,
	      void (*fn)(const struct imp_attached *a, void *arg), void *arg)
{
	struct each e = { fn, arg };
	struct search s = { .ids = ids, .fn = tell, .arg = &e };

	search(&s);
}
