/* SPDX-License-Identifier: Apache-2.0 */
/* Working on many devices: threads, and what is common to every conversation. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/host.h"
#include "device_list.h"
#include "devices.h"
#include "registry.h"
#include "report.h"
#include "verifier.h"

enum { STACK = 128 * 1024 };

int device_describe(struct device *d)
{
	int rc = imp_session_describe(&d->session, &d->describe, &d->err);

	if (rc)
		return rc;
	memcpy(d->ueid_buf, d->describe.ueid.ptr ? d->describe.ueid.ptr : d->ueid_buf,
	       d->describe.ueid.len);
	d->ueid = (struct imp_span){ d->ueid_buf, d->describe.ueid.len };
	d->owner_epoch = d->describe.owner_epoch;
	d->has_kid = d->describe.signing.len == sizeof(d->signing_kid);
	if (d->has_kid)
		memcpy(d->signing_kid, d->describe.signing.ptr, sizeof(d->signing_kid));
	if (d->describe.restricted)
		snprintf(d->name, sizeof(d->name), "(attests only to challenges)");
	else
		imp_device_name(d->ueid, d->name);
	return 0;
}

void device_fini(struct device *d)
{
	imp_session_close(&d->session);
	imp_secret_fini(&d->evidence);
	imp_secret_fini(&d->card);
	imp_secret_fini(&d->last);
	imp_secret_fini(&d->object);
	asked_fini(&d->asked);
	imp_known_fini(&d->known);
	imp_crypto_free(&d->crypto);
}

struct thread {
	pthread_t id;
	bool running;
	struct device device;
	const struct device_work *work;
	const struct imp_usb_ids *usb;
};

static int keep(struct device *d, const struct device_work *work)
{
	if (work->keep)
		return work->keep(d, work->ctx);
	return work->verifier ? verifier_keep(work->verifier, d) : 0;
}

static int open_session(struct device *d, const struct imp_usb_ids *usb)
{
	const struct imp_session_setup setup = {
		.uri = d->uri,
		.usb = usb,
		.crypto = d->crypto,
		.timeout_ms = d->args->timeout_ms,
		.cancel_fd = cli_cancel_fd(),
	};

	return imp_session_open(&d->session, &setup, &d->err);
}

static int begin_challenge(struct device *d, const struct device_work *work)
{
	struct verifier *v = work->verifier;
	int rc = v && d->describe.restricted ? verifier_guess(v, d) : 0;

	return rc < 0 ? rc : challenges_begin(v ? &v->challenges : work->challenges, d);
}

static int converse(struct device *d, const struct device_work *work,
		    const struct imp_usb_ids *usb)
{
	int rc = imp_crypto_new(&d->crypto, &d->err);

	if (!rc)
		rc = open_session(d, usb);
	if (rc)
		return rc;
	report_attach_progress(d, work);
	rc = device_describe(d);
	if (!rc)
		rc = begin_challenge(d, work);
	if (rc)
		return rc;
	d->skipped = !device_is_wanted(d, work->verifier);
	if (!d->skipped)
		rc = registry_record(work->verifier, d, work->talk(d, work->ctx));
	return rc || d->skipped ? rc : keep(d, work);
}

static void *talk(void *arg)
{
	struct thread *t = arg;
	struct device *d = &t->device;

	d->started_ns = imp_now_ns();
	d->rc = imp_crypto_blame(converse(d, t->work, t->usb), &d->err);
	imp_session_close(&d->session);
	d->took_ns = imp_now_ns() - d->started_ns;
	return NULL;
}

static void start_all(struct thread *threads, size_t count)
{
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	for (size_t i = 0; i < count; i++) {
		struct thread *t = &threads[i];
		int bad = 0;

		if (!t->device.skipped)
			bad = pthread_create(&t->id, &attr, talk, t);
		t->running = !t->device.skipped && bad == 0;
		if (bad)
			t->device.rc = imp_fail(&t->device.err, IMP_ERESOURCE,
						"%s: no thread for it: %s", t->device.uri,
						strerror(bad));
	}
	for (size_t i = 0; i < count; i++)
		if (threads[i].running)
			pthread_join(threads[i].id, NULL);
	pthread_attr_destroy(&attr);
}

/* An --id that no device answered to; NULL: each was found. */
static const char *missing_id(const struct thread *threads, size_t count,
			      const struct dev_args *args)
{
	for (size_t i = 0; i < args->ids; i++) {
		bool found = false;

		for (size_t k = 0; !found && k < count; k++)
			found = !threads[k].device.skipped &&
				device_has_id(&threads[k].device, args->id[i]);
		if (!found)
			return args->id[i];
	}
	return NULL;
}

/* With --id, ports where none answers don't matter once all of them are found. */
static void pass_over(struct thread *threads, size_t count, const struct dev_args *args)
{
	if (args->ids == 0 || missing_id(threads, count, args))
		return;
	for (size_t i = 0; i < count; i++)
		threads[i].device.skipped |= !threads[i].device.name[0];
}

/* Each hint once, however many devices it is about. */
static void add_hint(struct imp_error *err, const struct device *d)
{
	const char *hint = strstr(d->err.msg, "\nhint: ");

	if (hint && !strstr(err->msg, hint))
		imp_hint(err, -IMP_EPARTIAL, "%s", hint + strlen("\nhint: "));
}

/* One device: its own code. Several: 12 where any failed, 130 where the user interrupted.
 */
static int verdict(const struct thread *threads, size_t count,
		   const struct device_work *work, struct imp_error *err)
{
	const char *missing = missing_id(threads, count, threads[0].device.args);
	size_t tried = 0, failed = 0;
	const struct device *first = NULL;

	for (size_t i = 0; i < count; i++) {
		const struct device *d = &threads[i].device;

		if (d->skipped)
			continue;
		tried++;
		failed += d->rc != 0;
		if (d->rc && !first)
			first = d;
		if (d->rc == -IMP_EINTERRUPTED)
			return imp_fail(err, IMP_EINTERRUPTED, "%s: interrupted",
					work->verb);
	}
	if (failed == 0 && missing)
		return imp_fail(err, IMP_EUSAGE, "%s: no device with --id %s", work->verb,
				missing);
	if (failed == 0)
		return 0;
	*err = first->err;
	if (tried == 1)
		return first->rc;
	imp_fail(err, IMP_EPARTIAL, "%s: %zu of %zu devices failed", work->verb, failed,
		 tried);
	for (size_t i = 0; i < count; i++)
		if (!threads[i].device.skipped && threads[i].device.rc)
			add_hint(err, &threads[i].device);
	return -IMP_EPARTIAL;
}

/* One identity on two ports at once is a clone, or one device that is attached twice:
 * neither is what it seems. Who has it is known once its card was found. */
static void find_clones(struct thread *threads, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < count; k++) {
			struct device *d = &threads[i].device;
			const struct device *other = &threads[k].device;

			if (i == k || d->skipped || other->skipped ||
			    d->known.bytes.len == 0 || other->known.bytes.len == 0 ||
			    !imp_span_eq(d->known.card.ueid, other->known.card.ueid))
				continue;
			d->rc = imp_fail(&d->err, IMP_EPOLICY,
					 "%s: %s: is on %s, too: a clone?", d->uri,
					 d->name, other->uri);
			break;
		}
}

static void warn_sudo(const struct device_list *l)
{
	const struct imp_transport_ops *ops = l->entry[0].ops;

	if (geteuid() == 0 && getenv("SUDO_UID"))
		fprintf(stderr,
			"warning: running as root by sudo: files will be root's%s%s\n",
			ops && ops->access ? "; " : "",
			ops && ops->access ? ops->access : "");
}

static void prepare(struct thread *threads, const struct device_list *l,
		    const struct dev_args *args, const struct device_work *work)
{
	for (size_t i = 0; i < l->count; i++) {
		threads[i].work = work;
		threads[i].usb = &l->usb.ids;
		threads[i].device.uri = l->entry[i].uri;
		threads[i].device.entry = &l->entry[i];
		threads[i].device.args = args;
		threads[i].device.skipped = l->entry[i].known;
	}
}

static void show_all(const struct thread *threads, size_t count,
		     const struct device_work *work)
{
	for (size_t i = 0; i < count; i++) {
		const struct device *d = &threads[i].device;

		if (d->skipped)
			continue;
		if (work->show)
			work->show(d, work->ctx);
		else
			report_device(work, d);
	}
}

int devices_run_on(const struct device_list *l, const struct dev_args *args,
		   const struct device_work *work, struct imp_error *err)
{
	struct thread *threads = l->count > 0 ? calloc(l->count, sizeof(*threads)) : NULL;
	int rc;

	if (l->count > 0 && !threads)
		return imp_fail(err, IMP_ERESOURCE, "out of memory");
	prepare(threads, l, args, work);
	report_begin(work, l->count);
	start_all(threads, l->count);
	report_end_progress(work);
	pass_over(threads, l->count, args);
	find_clones(threads, l->count);
	show_all(threads, l->count, work);
	rc = work->show ? cli_check_cancel(err) : verdict(threads, l->count, work, err);
	if (work->junit)
		rc = junit_commit(work->junit, rc, err);
	for (size_t i = 0; i < l->count; i++)
		device_fini(&threads[i].device);
	free(threads);
	return rc;
}

int devices_run(const struct dev_args *args, const struct device_work *work,
		struct imp_error *err)
{
	CLEANUP(device_list_fini) struct device_list l = { 0 };
	int rc = device_list_make(args, &l, err);

	if (rc)
		return rc;
	warn_sudo(&l);
	return devices_run_on(&l, args, work, err);
}
