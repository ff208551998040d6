/* SPDX-License-Identifier: Apache-2.0 */
/* A conversation with an agent over every transport. */
#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

#include "cases.h"
#include "driver/session.h"
#include "kit.h"

enum { TIMEOUT_MS = 8000 };

static struct scene scene;
static struct imp_link line;
static struct imp_crypto *crypto;
static struct imp_session session;
static uint8_t package[KIT_CAP];

/* An agent at the end of the line, claimed, and a package for it. */
static struct imp_span begin(struct host *h)
{
	const struct spec spec = { .sequence = 1 };

	scene_start(&scene, false);
	scene_claim(&scene, &scene.dev);
	cr_assert_eq(imp_crypto_new(&crypto, NULL), 0);
	imp_link_init(&line, &scene.dev.agent,
		      h->rig->ops->carries == IMP_CARRIES_TEXT ? IMP_FRAMING_CONSOLE
							       : IMP_FRAMING_BARE);
	h->rig->device.link = &line;
	return make_package(&scene, &spec, package, NULL);
}

static void end(void)
{
	imp_session_close(&session);
	imp_crypto_free(&crypto);
	scene_stop(&scene);
}

static int open_session(struct host *h, uint32_t timeout_ms)
{
	const struct imp_session_setup setup = {
		.uri = h->rig->uri,
		.usb = h->rig->ids,
		.crypto = crypto,
		.timeout_ms = timeout_ms,
		.cancel_fd = h->cancel[0],
	};

	return imp_session_open(&session, &setup, &h->err);
}

/* Describe, stage: what provisioning is. */
static int provision(struct host *h, struct imp_span object, struct imp_response *r)
{
	static const uint8_t nonce[32] = { 3, 1, 4 };
	struct imp_describe d;
	unsigned reason;
	int rc = imp_session_describe(&session, &d, &h->err);

	if (!rc)
		rc = imp_session_stage(&session, object, nonce, r, &reason, &h->err);
	return rc;
}

void a_session_works(struct host *h)
{
	struct imp_span object = begin(h);
	struct imp_describe d;
	struct imp_response r;

	cr_assert_eq(open_session(h, TIMEOUT_MS), 0, "%s", h->err.msg);
	cr_assert_eq(imp_session_describe(&session, &d, &h->err), 0, "%s", h->err.msg);
	cr_assert_eq(d.bare, h->rig->ops->carries != IMP_CARRIES_TEXT);
	cr_assert_eq(session.framing, d.bare ? IMP_FRAMING_BARE : IMP_FRAMING_COBS);
	session.round_trips = 0;
	cr_assert_eq(provision(h, object, &r), 0, "%s", h->err.msg);
	cr_assert_gt(r.evidence.len, 0);
	cr_assert_eq(session.round_trips, 2);
	cr_assert_eq(session.retries, 0);
	end();
}

/* SER-01 */
void a_session_finds_its_answer_in_garbage(struct host *h)
{
	static const char garbage[] =
		"*** Booting ***\r\n\x06\x04\x09\xff\xfe{\"a\":1}\r\n";
	struct imp_span object = begin(h);
	struct imp_response r;

	cr_assert_eq(open_session(h, TIMEOUT_MS), 0, "%s", h->err.msg);
	cr_assert(device_say(&h->rig->device, imp_span_str(garbage)));
	cr_assert(device_say(&h->rig->device,
			     IMP_TEXT("\x0a\x00\x00"))); /* half a header */
	usleep(20000);
	cr_assert_eq(provision(h, object, &r), 0, "%s", h->err.msg);
	cr_assert_gt(r.evidence.len, 0);
	end();
}

/* DEV-01 */
void a_silent_device_costs_the_deadline_only(struct host *h)
{
	uint64_t from = host_ms();
	struct imp_describe d;

	(void)begin(h);
	h->rig->device.link = NULL;
	cr_assert_eq(open_session(h, (uint32_t)host_slowly(900)), 0, "%s", h->err.msg);
	cr_assert_eq(imp_session_describe(&session, &d, &h->err), -IMP_ETRANSPORT);
	cr_assert(strstr(h->err.msg, "nothing came (asked "), "%s", h->err.msg);
	cr_assert(strstr(h->err.msg, "\nhint: "), "%s", h->err.msg);
	cr_assert_lt(host_ms() - from, host_slowly(3000));
	end();
}

struct drip {
	struct device *device;
	unsigned ms; /* between two bytes */
	volatile bool stop;
};

/* The start of an answer, a byte at a time. */
static void *drip(void *arg)
{
	static const uint8_t bytes[] = { 0x0b, 0, 0, 200, 0x10, 0, 7, 0, 0xa1 };
	struct drip *d = arg;

	for (size_t i = 0; !d->stop; i++) {
		(void)device_say(d->device,
				 (struct imp_span){ bytes + i % sizeof(bytes), 1 });
		usleep(d->ms * 1000);
	}
	return NULL;
}

/* The deadline holds whatever drips in. */
static void dripping(struct host *h, unsigned ms)
{
	struct drip drop = { &h->rig->device, ms, false };
	uint64_t from = host_ms();
	struct imp_describe d;
	pthread_t id;

	(void)begin(h);
	h->rig->device.link = NULL;
	cr_assert_eq(open_session(h, (uint32_t)host_slowly(900)), 0, "%s", h->err.msg);
	cr_assert_eq(pthread_create(&id, NULL, drip, &drop), 0);
	cr_assert_eq(imp_session_describe(&session, &d, &h->err), -IMP_ETRANSPORT);
	cr_assert_lt(host_ms() - from, host_slowly(3500));
	cr_assert(strstr(h->err.msg, " came"), "%s", h->err.msg);
	drop.stop = true;
	pthread_join(id, NULL);
	end();
}

/* DEV-02 */
void one_byte_a_second(struct host *h)
{
	dripping(h, 200);
}

/* DEV-03 */
void an_endless_stream(struct host *h)
{
	dripping(h, 1);
}

/* USB-04, SER-16 without a ledger: pulled at the nth byte of a conversation, whichever it
 * is. The words say so, nothing is half done, and the same again succeeds. */
void an_unplug_at_every_step_of_a_session(struct host *h)
{
	struct imp_span object = begin(h);
	struct device *d = &h->rig->device;
	struct imp_response r;
	uint64_t all, step;

	cr_assert_eq(open_session(h, TIMEOUT_MS), 0, "%s", h->err.msg);
	cr_assert_eq(provision(h, object, &r), 0, "%s", h->err.msg);
	imp_session_close(&session);
	all = d->moved;
	step = all / 40 + 1;
	for (uint64_t at = 1; at < all; at += at < 30 || at + 30 > all ? 1 : step) {
		int rc;

		h->rig->ops->unplug(h->rig);
		device_forget(d);
		imp_link_init(&line, &scene.dev.agent, line.deframer.framing);
		d->pull_at = at;
		h->rig->ops->plug(h->rig);
		rc = open_session(h, TIMEOUT_MS);
		if (!rc)
			rc = provision(h, object, &r);
		cr_assert_eq(rc, -IMP_ETRANSPORT, "byte %zu: %d", (size_t)at, rc);
		cr_assert(strstr(h->err.msg, h->rig->ops->unplugs), "byte %zu: %s",
			  (size_t)at, h->err.msg);
		imp_session_close(&session);
	}
	h->rig->ops->unplug(h->rig);
	device_forget(d);
	imp_link_init(&line, &scene.dev.agent, line.deframer.framing);
	d->pull_at = 0;
	h->rig->ops->plug(h->rig);
	cr_assert_eq(open_session(h, TIMEOUT_MS), 0, "%s", h->err.msg);
	cr_assert_eq(provision(h, object, &r), 0, "%s", h->err.msg);
	cr_assert(r.again, "it was applied once, and before");
	end();
}
