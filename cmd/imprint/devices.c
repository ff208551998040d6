/* SPDX-License-Identifier: Apache-2.0 */
/* Working on many devices: threads, and what is common to every conversation. */
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/host.h"
#include "devices.h"
#include "report.h"
#include "transport/tty.h"

enum { STACK = 512 * 1024 };

struct list {
	const char *uri[DEVICES_MAX];
	size_t count;
	char *owned[DEVICES_MAX];
};

static void add_found(const char *path, void *arg)
{
	struct list *l = arg;
	char *copy = l->count < DEVICES_MAX ? strdup(path) : NULL;

	if (!copy)
		return;
	l->owned[l->count] = copy;
	l->uri[l->count++] = copy;
}

static void list_fini(struct list *l)
{
	for (size_t i = 0; i < l->count; i++)
		free(l->owned[i]);
}

static int make_list(const struct dev_args *args, struct list *l, struct imp_error *err)
{
	for (size_t i = 0; i < args->devices; i++) {
		if (strcmp(args->device[i], "all") == 0)
			imp_tty_each(add_found, l);
		else if (l->count < DEVICES_MAX)
			l->uri[l->count++] = args->device[i];
	}
	if (l->count == 0)
		return imp_hint(err,
				imp_fail(err, IMP_EUSAGE,
					 args->devices ? "no serial port found"
						       : "no device named"),
				"name one with -d PORT, or set IMPRINT_DEVICE");
	return 0;
}

/* --id names this device by serial, imei or ueid; describe knows only the ueid. */
static bool is_wanted(const struct device *d)
{
	const char *id = d->args->id;
	size_t n = strlen(d->name);

	return !id || (n >= strlen(id) && strcmp(d->name + n - strlen(id), id) == 0);
}

static int describe(struct device *d)
{
	int rc = imp_session_describe(&d->session, &d->describe, &d->err);

	if (rc)
		return rc;
	memcpy(d->ueid_buf, d->describe.ueid.ptr ? d->describe.ueid.ptr : d->ueid_buf,
	       d->describe.ueid.len);
	d->ueid = (struct imp_span){ d->ueid_buf, d->describe.ueid.len };
	d->owner_epoch = d->describe.owner_epoch;
	if (d->describe.restricted)
		snprintf(d->name, sizeof(d->name), "(attests only to challenges)");
	else
		imp_device_name(d->ueid, d->name);
	return 0;
}

struct thread {
	pthread_t id;
	bool running;
	struct device device;
	const struct device_work *work;
};

static void *talk(void *arg)
{
	struct thread *t = arg;
	struct device *d = &t->device;

	d->started_ns = imp_now_ns();
	d->rc = imp_crypto_new(&d->crypto, &d->err);
	if (!d->rc)
		d->rc = imp_session_open(&d->session, d->uri, d->crypto,
					 d->args->timeout_ms, cli_cancel_fd(), &d->err);
	if (!d->rc) {
		report_attach_progress(d, t->work);
		d->rc = describe(d);
	}
	d->skipped = !d->rc && !is_wanted(d);
	if (!d->rc && !d->skipped)
		d->rc = t->work->talk(d, t->work->ctx);
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

		t->running = pthread_create(&t->id, &attr, talk, t) == 0;
		if (!t->running)
			t->device.rc = imp_fail(&t->device.err, IMP_ERESOURCE,
						"%s: no thread for it", t->device.uri);
	}
	for (size_t i = 0; i < count; i++)
		if (threads[i].running)
			pthread_join(threads[i].id, NULL);
	pthread_attr_destroy(&attr);
}

/* One device: its own code. Several: 12 where any failed, 130 where the user interrupted.
 */
static int verdict(const struct thread *threads, size_t count,
		   const struct device_work *work, struct imp_error *err)
{
	size_t tried = 0, failed = 0;
	const struct device *first = NULL;

	for (size_t i = 0; i < count; i++) {
		const struct device *d = &threads[i].device;

		tried += !d->skipped;
		failed += d->rc != 0;
		if (d->rc && !first)
			first = d;
		if (d->rc == -IMP_EINTERRUPTED)
			return imp_fail(err, IMP_EINTERRUPTED, "%s: interrupted",
					work->verb);
	}
	if (tried == 0)
		return imp_fail(err, IMP_EUSAGE, "%s: no device with this --id",
				work->verb);
	if (failed == 0)
		return 0;
	*err = first->err;
	if (count == 1)
		return first->rc;
	return imp_fail(err, IMP_EPARTIAL, "%s: %zu of %zu devices failed", work->verb,
			failed, tried);
}

int devices_run(const struct dev_args *args, const struct device_work *work,
		int (*done)(struct device *d, void *ctx, struct imp_error *err),
		struct imp_error *err)
{
	CLEANUP(list_fini) struct list l = { 0 };
	struct thread *threads;
	int rc = make_list(args, &l, err);

	if (rc)
		return rc;
	threads = calloc(l.count, sizeof(*threads));
	if (!threads)
		return imp_fail(err, IMP_ERESOURCE, "out of memory");
	for (size_t i = 0; i < l.count; i++) {
		threads[i].work = work;
		threads[i].device.uri = l.uri[i];
		threads[i].device.args = args;
	}
	report_begin(work, l.count);
	start_all(threads, l.count);
	report_end_progress(work);
	for (size_t i = 0; i < l.count; i++) {
		struct device *d = &threads[i].device;

		if (done && !d->skipped && !rc)
			rc = done(d, work->ctx, err);
		if (!d->skipped)
			report_device(work, d);
	}
	if (!rc)
		rc = verdict(threads, l.count, work, err);
	for (size_t i = 0; i < l.count; i++) {
		imp_secret_fini(&threads[i].device.evidence);
		imp_secret_fini(&threads[i].device.card);
		imp_crypto_free(&threads[i].device.crypto);
	}
	free(threads);
	return rc;
}

int device_nonce(struct device *d, uint8_t nonce[32])
{
	return imp_random(d->crypto, nonce, 32)
		       ? imp_fail(&d->err, IMP_EINTERNAL, "no randomness")
		       : 0;
}

/* The ring, all of it: pages until the total is there. */
static int read_ring(struct device *d, struct imp_secret *base,
		     struct imp_secret *entries)
{
	uint8_t buf[4096];
	struct imp_writer w = imp_writer(buf, sizeof(buf));
	uint32_t total = 1, have = 0;
	int rc = 0;

	imp_cbor_put_head(&w, IMP_CBOR_ARRAY, 0);
	for (unsigned pages = 0; !rc && have < total && pages < 64; pages++) {
		struct imp_response r;
		struct imp_cbor c;
		size_t left;

		rc = imp_session_history(&d->session, have, &r, &d->reason, &d->err);
		if (rc)
			return rc;
		total = r.total;
		rc = imp_secret_set(base, r.base, &d->err);
		if (imp_cbor_open(&c, r.entries, IMP_CBOR_LENIENT, NULL))
			return imp_fail(&d->err, IMP_EDEVICE, "%s: unreadable history",
					d->uri);
		left = imp_cbor_array(&c);
		if (left == 0 && have < total)
			return imp_fail(&d->err, IMP_EDEVICE,
					"%s: history without entries", d->uri);
		for (; imp_cbor_more(&c, &left); have++)
			imp_cbor_put_bytes(&w, imp_cbor_bytes(&c));
	}
	if (!w.ok || have > 23)
		return imp_fail(&d->err, IMP_EDEVICE,
				"%s: more history than a ring holds", d->uri);
	buf[0] = (uint8_t)(0x80 | have);
	return rc ? rc : imp_secret_set(entries, imp_written(&w), &d->err);
}

static int explain(struct device *d, const struct imp_chains *before,
		   struct imp_span owner)
{
	CLEANUP(imp_secret_fini) struct imp_secret base = { 0 }, entries = { 0 };
	struct imp_ring ring;
	int rc = read_ring(d, &base, &entries);

	if (rc)
		return rc;
	ring = (struct imp_ring){ imp_secret_span(&base), imp_secret_span(&entries) };
	return imp_chains_explain(d->crypto, before, &ring, owner, &d->appraisal);
}

static int differences(struct device *d)
{
	const struct imp_difference *first = &d->appraisal.difference[0];
	int rc = imp_appraisal_code(&d->appraisal);

	if (rc)
		imp_fail(&d->err, first->code, "%s: %s: %s is %s, expected %s", d->uri,
			 d->name, first->what, first->found, first->expected);
	return rc;
}

int device_appraise(struct device *d, struct imp_span evidence,
		    struct device_check *check)
{
	int rc = imp_secret_set(&d->evidence, evidence, &d->err);

	if (rc)
		return rc;
	imp_appraise(d->crypto, imp_secret_span(&d->evidence), &check->expected,
		     &d->appraisal);
	d->attested = d->appraisal.decoded;
	if (!d->attested)
		return differences(d);
	imp_device_name(d->appraisal.token.ueid, d->name);
	if (check->last)
		imp_chains_unchanged(check->last, &d->appraisal);
	rc = imp_chains_foretell(d->crypto, &check->chains, check->step,
				 &d->appraisal.token);
	if (rc < 0)
		return imp_fail(&d->err, IMP_EINTERNAL, "SHA-256 failed");
	/* What was expected is there, or the device's ring must explain every step. */
	if (rc == 0) {
		rc = explain(d, &check->chains,
			     check->expected.owner.len ? check->expected.owner
						       : d->appraisal.token.owner);
		if (rc && d->appraisal.count == 0)
			return rc;
	}
	return differences(d);
}
