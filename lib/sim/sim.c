/* SPDX-License-Identifier: Apache-2.0 */
/* Setting up a simulation, and taking it down. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "sim/state.h"

void sim_event(struct sim_line *l, const char *fmt, ...)
{
	char text[120];
	va_list ap;

	if (!l->sim->event)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	l->sim->event(l->sim->ctx, (size_t)(l - l->sim->line) + 1, text);
}

static int make_folder(const char *path, struct imp_error *err)
{
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return imp_fail(err, imp_file_code(errno), "%s: %s", path,
				strerror(errno));
	return 0;
}

static int open_folder(struct imp_sim *s, const char *dir, struct imp_error *err)
{
	int rc = make_folder(dir, err);

	if (!rc && asprintf(&s->devices, "%s/devices", dir) < 0) {
		s->devices = NULL;
		rc = imp_fail(err, IMP_ERESOURCE, "out of memory");
	}
	if (!rc)
		rc = make_folder(s->devices, err);
	if (rc)
		return rc;
	s->lock = open(s->devices, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->lock < 0)
		return imp_fail(err, IMP_ERESOURCE, "%s: %s", s->devices,
				strerror(errno));
	if (flock(s->lock, LOCK_EX | LOCK_NB) != 0)
		return imp_fail(err, IMP_EUSAGE, "%s: another simulation has this folder",
				dir);
	return 0;
}

static int check_identities(const struct imp_sim_options *o, struct imp_error *err)
{
	for (size_t i = 0; i < o->count; i++) {
		const char *imei = o->identity[i].imei;

		if (strspn(imei, "0123456789") != 15 || imei[15] != '\0')
			return imp_fail(err, IMP_EUSAGE,
					"device %zu: imei '%s' is not 15 digits", i + 1,
					imei);
		for (size_t k = 0; k < i; k++)
			if (strcmp(imei, o->identity[k].imei) == 0)
				return imp_fail(err, IMP_EUSAGE,
						"devices %zu and %zu have the same imei "
						"%s",
						k + 1, i + 1, imei);
	}
	return 0;
}

static int check_faults(const struct imp_sim_options *o, struct imp_error *err)
{
	for (size_t i = 0; i < o->faults; i++)
		if (o->fault[i].device > o->count)
			return imp_fail(err, IMP_EUSAGE,
					"--fault: device %zu is not among the %zu",
					o->fault[i].device, o->count);
	return 0;
}

/* Faults of the line are looked up there; these are the board's. */
static void set_fault(struct sim_line *l, const struct imp_sim_fault *f)
{
	struct sim_unit *u = l->unit;

	l->fault[f->kind] = f->n[0] > 0 ? f->n[0] : 1;
	if (f->kind == IMP_SIM_CUT) {
		memcpy(u->flash.cut, f->n, sizeof(f->n));
		u->flash.cuts = f->count;
	}
	if (f->kind == IMP_SIM_LIE) {
		u->lying.lie = f->lie;
		u->lying.number = f->n[0];
	}
}

static bool hits(const struct imp_sim_fault *f, size_t device)
{
	return f->device == 0 || f->device == device + 1;
}

/* The device that this one is a copy of, or itself. */
static size_t original_of(const struct imp_sim_options *o, size_t device)
{
	for (size_t i = 0; i < o->faults; i++)
		if (o->fault[i].kind == IMP_SIM_CLONE && hits(&o->fault[i], device))
			return 0;
	return device;
}

/* Of a fleet on TCP, each has the port after the one before; 0: any that is free. */
static int set_port(struct sim_port *p, const struct imp_sim *s,
		    const struct imp_sim_options *o, size_t i, struct imp_error *err)
{
	unsigned long first = o->tcp ? strtoul(o->tcp->port, NULL, 10) : 0;
	unsigned long port = first ? first + i : 0;

	p->inotify = s->inotify;
	if (asprintf(&p->link, "%s/%zu", o->dir, i + 1) < 0) {
		p->link = NULL;
		return imp_fail(err, IMP_ERESOURCE, "out of memory");
	}
	if (port > UINT16_MAX)
		return imp_fail(err, IMP_EUSAGE, "no port %lu for device %zu", port,
				i + 1);
	if (o->home) {
		p->where = *o->home;
		p->every_ms = o->every_s * 1000;
		return 0;
	}
	if (o->tcp)
		p->where = *o->tcp;
	snprintf(p->where.port, sizeof(p->where.port), "%lu", port);
	return 0;
}

static int open_device(struct imp_sim *s, struct imp_crypto *crypto,
		       const struct imp_sim_options *o, size_t i, struct imp_error *err)
{
	size_t from = original_of(o, i);
	char suffix[24] = "";
	const struct sim_unit_setup setup = {
		.identity = &o->identity[from],
		.dir = s->devices,
		.suffix = suffix,
		.maker = o->maker ? &s->maker : NULL,
		.production = o->production,
		.factory = o->factory,
		.objects = &s->objects,
	};
	struct sim_line *l = &s->line[i];
	int rc;

	if (from != i)
		snprintf(suffix, sizeof(suffix), "-%zu", i + 1);
	l->sim = s;
	l->unit = &s->unit[i];
	l->random = o->seed + i;
	rc = set_port(&l->port, s, o, i, err);
	if (!rc)
		rc = sim_unit_open(l->unit, crypto, &setup, err);
	l->port.serial = l->unit->identity.serial[0] ? l->unit->identity.serial
						     : l->unit->identity.imei;
	return rc ? rc : sim_line_plug(l, err);
}

static void set_faults(struct imp_sim *s, const struct imp_sim_options *o)
{
	for (size_t k = 0; k < o->faults; k++)
		for (size_t i = 0; i < s->count; i++)
			if (hits(&o->fault[k], i))
				set_fault(&s->line[i], &o->fault[k]);
}

static int start(struct imp_sim *s, struct imp_crypto *crypto,
		 const struct imp_sim_options *o, struct imp_error *err)
{
	int rc = check_identities(o, err);

	if (!rc)
		rc = check_faults(o, err);
	if (!rc)
		rc = sim_objects_init(&s->objects, o->vendor, err);
	if (!rc)
		rc = open_folder(s, o->dir, err);
	for (size_t i = 0; i < s->count && !rc; i++)
		rc = open_device(s, crypto, o, i, err);
	if (rc)
		return rc;
	set_faults(s, o);
	for (size_t i = 0; i < s->count; i++)
		sim_line_boot(&s->line[i]);
	return 0;
}

static const struct sim_port_ops *ops_of(const struct imp_sim_options *o)
{
	if (o->usb)
		return &sim_usb;
	return o->home ? &sim_caller : o->tcp ? &sim_tcp : &sim_pty;
}

int imp_sim_open(struct imp_sim **out, struct imp_crypto *crypto,
		 const struct imp_sim_options *options, struct imp_error *err)
{
	CLEANUP(imp_sim_close) struct imp_sim *s = calloc(1, sizeof(*s));
	int rc;

	if (options->count == 0 || options->count > IMP_SIM_DEVICES)
		return imp_fail(err, IMP_EUSAGE, "expected 1 to %d devices",
				IMP_SIM_DEVICES);
	if (!s)
		return imp_fail(err, IMP_ERESOURCE, "out of memory");
	s->lock = s->inotify = -1;
	s->event = options->event;
	s->ctx = options->ctx;
	if (options->maker)
		s->maker = *options->maker;
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	s->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	s->unit = calloc(options->count, sizeof(*s->unit));
	s->line = calloc(options->count, sizeof(*s->line));
	if (s->epoll < 0 || s->inotify < 0 || !s->unit || !s->line)
		return imp_fail(err, IMP_ERESOURCE, "out of memory");
	s->count = options->count;
	for (size_t i = 0; i < s->count; i++)
		sim_port_init(&s->line[i].port, ops_of(options));
	rc = start(s, crypto, options, err);
	if (!rc)
		*out = STEAL(s);
	return rc;
}

void imp_sim_info(const struct imp_sim *s, size_t device, struct imp_sim_info *out)
{
	const struct sim_line *l = &s->line[device];
	const struct sim_unit *u = l->unit;

	*out = (struct imp_sim_info){
		.link = l->port.link,
		.name = l->port.name,
		.imei = u->identity.imei,
		.ueid = IMP_SPAN(u->ueid),
		.endorsed = sim_flash_endorsement(&u->flash).len > 0,
		.boot = u->boot,
	};
	memcpy(out->kid, u->kid, sizeof(out->kid));
}

void imp_sim_close(struct imp_sim **sim)
{
	struct imp_sim *s = STEAL(*sim);

	if (!s)
		return;
	for (size_t i = 0; i < s->count; i++) {
		sim_line_fini(&s->line[i]);
		sim_unit_close(&s->unit[i]);
	}
	free(s->line);
	free(s->unit);
	free(s->devices);
	if (s->lock >= 0)
		close(s->lock);
	if (s->inotify >= 0)
		close(s->inotify);
	if (s->epoll >= 0)
		close(s->epoll);
	free(s);
}
