/* SPDX-License-Identifier: Apache-2.0 */
/*
 * B7: a session against what it cannot do without, over each transport: the same bytes
 * there and back (wire and turnarounds) and the time that the device's agent takes. A
 * session is two round trips, and on bare lines not a byte more than its packets; both
 * are gated. Wall time is printed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "cases.h"
#include "driver/session.h"
#include "kit.h"

enum { ROUNDS = 41, TRIPS = 2 };

static struct scene scene;
static struct imp_link line;
static struct imp_session session;
static struct rig rig;
static struct host host;
static uint8_t package[KIT_CAP];

/* What the device is to do without an agent: answer so much when so much has come. */
static struct {
	size_t asked[TRIPS], answered[TRIPS];
	size_t heard;
	unsigned trip;
} plan;
static uint64_t agent_ns;

static void run_agent(struct device *d, struct imp_span bytes, bool ended)
{
	uint64_t from = imp_now_ns();

	device_pass_to_link(d, bytes, ended);
	agent_ns += imp_now_ns() - from;
}

static void follow_plan(struct device *d, struct imp_span bytes, bool ended)
{
	static const uint8_t zeros[2 * IMP_SESSION_PACKET];

	(void)ended;
	plan.heard += bytes.len;
	if (plan.trip == TRIPS || plan.heard < plan.asked[plan.trip])
		return;
	plan.heard = 0;
	(void)device_say_now(d, (struct imp_span){ zeros, plan.answered[plan.trip++] });
}

static void must(int rc)
{
	if (rc == 0)
		return;
	printf("%s\n", host.err.msg);
	exit(1);
}

/* Describe and stage; how many bytes that was. Milliseconds. */
static double converse(struct imp_span object, uint64_t packets[TRIPS])
{
	static const uint8_t nonce[32] = { 2, 7, 1, 8 };
	struct imp_describe d;
	struct imp_response r;
	unsigned reason;
	uint64_t from;

	rig.device.heard = run_agent;
	agent_ns = 0;
	from = imp_now_ns();
	must(imp_session_describe(&session, &d, &host.err));
	plan.asked[0] = session.sent;
	plan.answered[0] = session.received;
	must(imp_session_stage(&session, object, nonce, &r, &reason, &host.err));
	from = imp_now_ns() - from;
	plan.asked[1] = session.sent - plan.asked[0];
	plan.answered[1] = session.received - plan.answered[0];
	packets[0] = IMP_SMP_HEADER + 1;
	/* Of the staged request what the session wrote last. */
	packets[1] = IMP_SMP_HEADER + (size_t)(session.out[2] << 8 | session.out[3]);
	return (double)from / 1e6;
}

/* The same bytes without anybody who understands them. */
static double exchange_bytes(void)
{
	static uint8_t buf[2 * IMP_SESSION_PACKET];
	uint64_t from;

	pthread_mutex_lock(&rig.device.lock);
	rig.device.heard = follow_plan;
	rig.device.in_len = 0;
	plan.heard = plan.trip = 0;
	pthread_mutex_unlock(&rig.device.lock);
	host.t = session.transport;
	from = imp_now_ns();
	for (unsigned i = 0; i < TRIPS; i++) {
		must(host_write(&host, (struct imp_span){ buf, plan.asked[i] }, 5000));
		if (host_read(&host, buf, plan.answered[i], 5000) != plan.answered[i])
			exit(1);
	}
	from = imp_now_ns() - from;
	host.t = NULL;
	device_forget(&rig.device);
	return (double)from / 1e6;
}

struct figures {
	double total[ROUNDS], wire[ROUNDS], agent[ROUNDS], over[ROUNDS];
};

static void round_of(const struct imp_session_setup *setup, unsigned i, struct figures *f,
		     uint64_t packets[TRIPS])
{
	const struct spec spec = { .sequence = i + 1 };

	imp_session_init(&session, session.transport, setup);
	f->total[i] = converse(make_package(&scene, &spec, package, NULL), packets);
	f->agent[i] = (double)agent_ns / 1e6;
	f->wire[i] = exchange_bytes();
	f->over[i] = f->total[i] - f->agent[i] - f->wire[i];
}

static bool report(const char *name, struct figures *f, const uint64_t packets[TRIPS])
{
	bool bare = rig.ops->carries != IMP_CARRIES_TEXT, good;
	double ideal = bench_median(f->wire, ROUNDS) + bench_median(f->agent, ROUNDS);
	char metric[80];

	snprintf(metric, sizeof(metric), "B7 %s, round trips", name);
	good = bench_exactly(metric, session.round_trips, TRIPS);
	snprintf(metric, sizeof(metric), "B7 %s, requests sent again", name);
	good &= bench_exactly(metric, session.retries, 0);
	snprintf(metric, sizeof(metric), "B7 %s, stage request, wire over packet", name);
	good &= bench_report(metric, (double)plan.asked[1] / (double)packets[1],
			     bare ? 1.0 : 1.02);
	snprintf(metric, sizeof(metric), "B7 %s, session above wire and agent, ms", name);
	(void)bench_report(metric, bench_median(f->over, ROUNDS), 0.02 * ideal + 2);
	printf("{\"transport\":\"%s\",\"bytes_sent\":%zu,\"bytes_received\":%zu,"
	       "\"session_ms\":%.3f,\"wire_ms\":%.3f,\"agent_ms\":%.3f}\n",
	       name, plan.asked[0] + plan.asked[1], plan.answered[0] + plan.answered[1],
	       bench_median(f->total, ROUNDS), f->wire[ROUNDS / 2], f->agent[ROUNDS / 2]);
	return good;
}

static bool measure(const struct rig_ops *ops, struct imp_crypto *crypto)
{
	static struct figures f;
	uint64_t packets[TRIPS] = { 0 };
	struct imp_session_setup setup = { .crypto = crypto,
					   .timeout_ms = 5000,
					   .cancel_fd = -1 };

	rig_start(&rig, ops);
	host_start(&host, &rig);
	scene_start(&scene, false);
	scene_claim(&scene, &scene.dev);
	imp_link_init(&line, &scene.dev.agent,
		      ops->carries == IMP_CARRIES_TEXT ? IMP_FRAMING_CONSOLE
						       : IMP_FRAMING_BARE);
	rig.device.link = &line;
	setup.uri = rig.uri;
	setup.usb = rig.ids;
	must(imp_session_open(&session, &setup, &host.err));
	for (unsigned i = 0; i < ROUNDS; i++)
		round_of(&setup, i, &f, packets);
	imp_session_close(&session);
	host_stop(&host);
	rig_stop(&rig);
	scene_stop(&scene);
	return report(ops->name, &f, packets);
}

int main(void)
{
	static const struct rig_ops *const kinds[] = { &rig_pty, &rig_tcp, &rig_usb };
	struct imp_crypto *crypto;
	bool good = true;

	if (imp_crypto_new(&crypto, NULL))
		return 1;
	for (size_t i = 0; i < COUNTOF(kinds); i++)
		good &= measure(kinds[i], crypto);
	imp_crypto_free(&crypto);
	return !good;
}
