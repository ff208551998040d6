/* SPDX-License-Identifier: Apache-2.0 */
/* Callers: taken in, proven, provisioned, let go. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "crypto/host.h"
#include "journal.h"
#include "registry.h"
#include "report.h"
#include "serve.h"
#include "transport/tcp.h"

enum {
	STACK = 128 * 1024,
	GRACE_MS = 1000, /* before one that has not proven itself may have to give way */
	LOOK_MS = 100,	 /* how often a full room is looked at */
	JOIN_MS = 1000,	 /* how long a thread that ended may keep its stack */
	SAID_MAX = 20,	 /* failures a second that are told one by one */
};

struct caller {
	TAILQ_ENTRY(caller) entry; /* of callers, then of gone */
	pthread_t thread;
	struct serve *serve;
	struct imp_transport *transport; /* the session's, once that began */
	char name[IMP_TCP_NAME];
	uint64_t came_ns;
	bool proven;
	bool cut;
	bool is_news; /* the first that it proves in this run, or after it was sent
			 something */
	struct device device;
};

static const struct dev_args any_device;

static uint64_t ms(uint64_t n)
{
	return n * 1000000;
}

/* With the lock held: nobody else is this device any more. */
static void end_others(struct caller *c)
{
	struct caller *other;

	TAILQ_FOREACH(other, &c->serve->callers, entry)
	if (other != c && other->proven && !other->cut &&
	    imp_span_eq(other->device.ueid, c->device.ueid)) {
		other->cut = true;
		imp_tcp_cut(other->transport);
	}
}

/* From here on it is somebody, and has its time. */
static void let_in(struct caller *c)
{
	struct serve *s = c->serve;

	pthread_mutex_lock(&s->lock);
	c->proven = true;
	c->is_news = !imp_seen_find(&s->served, c->device.ueid);
	end_others(c);
	pthread_mutex_unlock(&s->lock);
	c->device.session.wait.deadline_ns = imp_now_ns() + ms(s->timeout_ms);
}

static bool may_send(struct caller *c)
{
	struct serve *s = c->serve;
	bool may;

	pthread_mutex_lock(&s->lock);
	may = failures_may_send(&s->failures, c->device.ueid, imp_now_ns());
	pthread_mutex_unlock(&s->lock);
	return may;
}

static int hand_one(struct device *d, const struct plan *plan, void *ctx)
{
	struct caller *c = ctx;
	struct verifier *v = &c->serve->verifier;
	struct journal j = { .l = v->ledger, .d = d, .plan = plan };
	int rc;

	if (plan_is_held(d, plan))
		return 0;
	if (!may_send(c))
		return imp_fail(&d->err, IMP_EDEVICE,
				"%s: %s: failed %d times: now it is sent something once "
				"an hour",
				d->uri, d->name, FAILURES_SENT);
	c->is_news = true;
	rc = journal_before(&j);
	return rc ? rc : journal_after(&j, plan_apply(d, plan, v));
}

static int hand_over(struct caller *c)
{
	struct serve *s = c->serve;
	struct device *d = &c->device;
	struct objects_of all;
	int rc = objects_list(&s->objects, d, 0, &all);

	if (!rc)
		rc = objects_each(&s->objects, d, &all, &s->verifier, hand_one, c);
	return rc;
}

static bool is_failing_anew(struct caller *c, int rc)
{
	struct serve *s = c->serve;
	bool news;

	pthread_mutex_lock(&s->lock);
	news = failures_is_news(&s->failures, c->device.ueid, -rc);
	pthread_mutex_unlock(&s->lock);
	return news;
}

/* What a device proves that calls every minute and gets nothing is remembered, and
 * written down once a run; how it fails, when that changes. */
static int keep(struct caller *c, int rc)
{
	struct verifier *v = &c->serve->verifier;
	struct device *d = &c->device;

	if (!rc && !c->is_news)
		return verifier_remember(v, d);
	if (rc && d->attested && !is_failing_anew(c, rc))
		return rc;
	rc = registry_record(v, d, rc);
	return rc ? rc : verifier_keep(v, d);
}

static int converse(struct caller *c)
{
	const struct plan nothing = { 0 };
	struct device *d = &c->device;
	int rc = imp_crypto_new(&d->crypto, &d->err);
	const struct imp_session_setup setup = { .uri = c->name,
						 .crypto = d->crypto,
						 .timeout_ms = c->serve->patience_ms,
						 .cancel_fd = cli_cancel_fd() };

	imp_session_init(&d->session, c->transport, &setup);
	if (!rc)
		rc = device_describe(d);
	if (!rc)
		rc = challenges_begin(&c->serve->verifier.challenges, d);
	if (!rc)
		rc = plan_attest(d, &nothing, &c->serve->verifier);
	if (rc)
		return rc;
	let_in(c);
	return hand_over(c);
}

/* Each device once, however often it calls. */
static void count_served(struct serve *s, struct device *d)
{
	const uint64_t one = 1;
	uint32_t before;

	if (imp_seen_add(&s->served, d->ueid, 0, &before, &d->err)) {
		d->rc = -IMP_ERESOURCE;
		return;
	}
	if (s->wanted && s->served.count >= s->wanted)
		(void)!write(s->done_fd, &one, sizeof(one));
}

static void tell_kept(const struct serve *s)
{
	if (s->flood.kept)
		fprintf(stderr, "serve: %" PRIu32 " more caller%s failed\n",
			s->flood.kept, imp_plural(s->flood.kept));
}

/* Strangers can call as often as they like: they don't fill the log. */
static bool is_flooding(struct serve *s)
{
	uint64_t now = imp_now_ns();

	if (now - s->flood.second_ns >= ms(1000)) {
		tell_kept(s);
		s->flood.second_ns = now;
		s->flood.said = s->flood.kept = 0;
	}
	if (s->flood.said < SAID_MAX) {
		s->flood.said++;
		return false;
	}
	s->flood.kept++;
	return true;
}

static void report(struct caller *c)
{
	struct serve *s = c->serve;
	struct device *d = &c->device;
	const struct device_work work = { .verb = "serve", .json = s->json };

	if (d->rc == 0) {
		count_served(s, d);
		failures_end(&s->failures, d->ueid);
	}
	s->passed += d->rc == 0;
	s->failed += d->rc != 0;
	if (c->cut && d->rc)
		d->rc = imp_fail(&d->err, IMP_ETRANSPORT, "%s: %s", c->name,
				 c->proven ? "called again, and goes on there"
					   : "gave way to others before it proved "
					     "who it is");
	if (d->rc && !c->proven && is_flooding(s))
		return;
	report_device(&work, d);
	fflush(stdout);
}

static void *attend(void *arg)
{
	struct caller *c = arg;
	struct serve *s = c->serve;
	struct device *d = &c->device;

	d->started_ns = imp_now_ns();
	d->rc = imp_crypto_blame(keep(c, converse(c)), &d->err);
	d->took_ns = imp_now_ns() - d->started_ns;
	pthread_mutex_lock(&s->lock);
	TAILQ_REMOVE(&s->callers, c, entry);
	report(c);
	pthread_mutex_unlock(&s->lock);
	device_fini(d);
	pthread_mutex_lock(&s->lock);
	TAILQ_INSERT_TAIL(&s->gone, c, entry);
	s->count--;
	pthread_cond_signal(&s->left);
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

static bool is_cancelled(void)
{
	struct pollfd p = { .fd = cli_cancel_fd(), .events = POLLIN };

	return poll(&p, 1, 0) > 0;
}

/* With the lock held. */
static void wait_until_left(struct serve *s)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_nsec += LOOK_MS * 1000000L;
	at.tv_sec += at.tv_nsec / 1000000000L;
	at.tv_nsec %= 1000000000L;
	(void)pthread_cond_timedwait(&s->left, &s->lock, &at);
}

/* With the lock held: the oldest that has proven nothing in its grace is cut off. */
static void make_way(struct serve *s)
{
	uint64_t now = imp_now_ns();
	struct caller *c;

	TAILQ_FOREACH(c, &s->callers, entry)
	if (!c->proven && !c->cut && now - c->came_ns >= ms(GRACE_MS)) {
		c->cut = true;
		imp_tcp_cut(c->transport);
		return;
	}
}

/* With the lock held. */
static void join_gone(struct serve *s)
{
	struct caller *c;

	while ((c = TAILQ_FIRST(&s->gone))) {
		TAILQ_REMOVE(&s->gone, c, entry);
		pthread_mutex_unlock(&s->lock);
		pthread_join(c->thread, NULL);
		free(c);
		pthread_mutex_lock(&s->lock);
	}
}

/* False: the user interrupted. */
static bool wait_for_room(struct serve *s)
{
	bool room;

	pthread_mutex_lock(&s->lock);
	join_gone(s);
	while (s->count >= s->room && !is_cancelled()) {
		make_way(s);
		wait_until_left(s);
	}
	room = s->count < s->room;
	pthread_mutex_unlock(&s->lock);
	return room;
}

/* The caller's thread has it from now on. */
static int start(struct serve *s, struct caller *c, struct imp_error *err)
{
	pthread_attr_t attr;
	int bad;

	c->serve = s;
	c->came_ns = imp_now_ns();
	c->device.uri = c->name;
	c->device.args = &any_device;
	pthread_mutex_lock(&s->lock);
	TAILQ_INSERT_TAIL(&s->callers, c, entry);
	s->count++;
	s->most = s->count > s->most ? s->count : s->most;
	pthread_mutex_unlock(&s->lock);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	bad = pthread_create(&c->thread, &attr, attend, c);
	pthread_attr_destroy(&attr);
	if (!bad)
		return 0;
	pthread_mutex_lock(&s->lock);
	TAILQ_REMOVE(&s->callers, c, entry);
	s->count--;
	pthread_mutex_unlock(&s->lock);
	return imp_fail(err, IMP_ERESOURCE, "%s: no thread for it: %s", c->name,
			strerror(bad));
}

/* What there is no place for is told, and the next one may have better luck. */
static void take_one(struct serve *s, int listener)
{
	struct imp_error err = { 0 };
	struct caller *c = calloc(1, sizeof(*c));
	int rc = c ? imp_tcp_accept(listener, &c->transport, c->name, &err)
		   : imp_fail(&err, IMP_ERESOURCE, "out of memory");

	if (!rc && c->transport) {
		rc = start(s, c, &err);
		if (!rc)
			return;
		imp_transport_close(&c->transport);
	}
	free(c);
	if (!rc)
		return;
	pthread_mutex_lock(&s->lock);
	if (!is_flooding(s))
		fprintf(stderr, "serve: %s\n", err.msg);
	make_way(s);
	wait_until_left(s);
	pthread_mutex_unlock(&s->lock);
}

static void serve_all(struct serve *s, int listener)
{
	struct pollfd p[] = { { .fd = listener, .events = POLLIN },
			      { .fd = cli_cancel_fd(), .events = POLLIN },
			      { .fd = s->done_fd, .events = POLLIN } };

	while (wait_for_room(s)) {
		if (poll(p, COUNTOF(p), JOIN_MS) < 0 && errno != EINTR)
			return;
		if ((p[1].revents | p[2].revents) & POLLIN)
			return;
		if (p[0].revents & POLLIN)
			take_one(s, listener);
	}
}

/* Whoever is still here ends in bounded time: each has a deadline, and hears of a
 * cancel. How many there were. */
static uint32_t wait_for_all(struct serve *s)
{
	uint32_t here;

	pthread_mutex_lock(&s->lock);
	here = s->count;
	while (s->count > 0)
		pthread_cond_wait(&s->left, &s->lock);
	join_gone(s);
	pthread_mutex_unlock(&s->lock);
	return here;
}

static void sum_up(const struct serve *s)
{
	size_t all = serve_devices(s);
	char of[32] = "";

	if (all > 0)
		snprintf(of, sizeof(of), " of %zu", all);
	tell_kept(s);
	fprintf(stderr,
		"served %zu%s device%s; %" PRIu64 " conversation%s passed, %" PRIu64
		" failed; at most %" PRIu32 " at once\n",
		s->served.count, of, imp_plural(all ? all : s->served.count), s->passed,
		imp_plural(s->passed), s->failed, s->most);
}

int serve_run(struct serve *s, int listener, struct imp_error *err)
{
	pthread_condattr_t monotonic;
	uint32_t here;
	int missing, rc = imp_seen_init(&s->served, err);

	if (!rc)
		rc = failures_init(&s->failures, err);
	if (rc)
		return rc;
	s->done_fd = eventfd(0, EFD_CLOEXEC);
	if (s->done_fd < 0)
		return imp_fail(err, IMP_ERESOURCE, "serve: %s", strerror(errno));
	TAILQ_INIT(&s->callers);
	TAILQ_INIT(&s->gone);
	pthread_mutex_init(&s->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&s->left, &monotonic);
	pthread_condattr_destroy(&monotonic);
	serve_all(s, listener);
	here = wait_for_all(s);
	sum_up(s);
	missing = s->wants_all ? serve_tell_missing(s, err) : 0;
	pthread_cond_destroy(&s->left);
	pthread_mutex_destroy(&s->lock);
	close(s->done_fd);
	imp_seen_fini(&s->served);
	failures_fini(&s->failures);
	return here && is_cancelled()
		       ? imp_fail(err, IMP_EINTERRUPTED,
				  "serve: interrupted, %" PRIu32 " caller%s cut off",
				  here, imp_plural(here))
		       : missing;
}
