/* SPDX-License-Identifier: Apache-2.0 */
/* What the user sees of a run over devices. */
#include <inttypes.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "base/reason.h"
#include "json.h"
#include "report.h"

/* The bar sums up all devices; it is drawn on a terminal only. */
static struct {
	pthread_mutex_t lock;
	size_t devices;
	uint64_t done, total;
	bool shown;
} bar = { .lock = PTHREAD_MUTEX_INITIALIZER };

void report_begin(const struct device_work *work, size_t devices)
{
	bar.devices = devices;
	bar.done = bar.total = 0;
	bar.shown = work->progress && !work->json && isatty(STDERR_FILENO);
}

static void draw(const char *verb)
{
	enum { WIDTH = 32 };
	unsigned fill = bar.total ? (unsigned)(WIDTH * bar.done / bar.total) : 0;
	char blocks[WIDTH + 1];

	for (unsigned i = 0; i < WIDTH; i++)
		blocks[i] = i < fill ? '#' : '.';
	blocks[WIDTH] = '\0';
	fprintf(stderr, "\r%s [%s] %3" PRIu64 "%%", verb, blocks,
		bar.total ? 100 * bar.done / bar.total : 0);
}

struct share {
	uint32_t done, total;
};

static void on_progress(void *ctx, uint32_t done, uint32_t total)
{
	struct device *d = ctx;
	static __thread struct share share;

	(void)d;
	pthread_mutex_lock(&bar.lock);
	bar.done += done - share.done;
	bar.total += total - share.total;
	share = (struct share){ done, total };
	draw("sending");
	pthread_mutex_unlock(&bar.lock);
}

void report_attach_progress(struct device *d, const struct device_work *work)
{
	(void)work;
	if (!bar.shown)
		return;
	d->session.progress = on_progress;
	d->session.progress_ctx = d;
}

void report_end_progress(const struct device_work *work)
{
	(void)work;
	if (bar.shown && bar.total > 0)
		fputs("\r\033[K", stderr);
}

static void put_differences(struct json *j, const struct imp_appraisal *a)
{
	json_open(j, "differences", '[');
	for (size_t i = 0; i < a->count; i++) {
		json_open(j, NULL, '{');
		json_str(j, "what", a->difference[i].what);
		json_str(j, "found", a->difference[i].found);
		json_str(j, "expected", a->difference[i].expected);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void put_token(struct json *j, const struct imp_evidence *t)
{
	json_str(j, "lifecycle", imp_life_name(t->life));
	json_uint(j, "boot", t->boot);
	json_uint(j, "evidence_count", t->count);
	json_uint(j, "owner_epoch", t->owner_epoch);
	if (t->owned)
		json_hex(j, "owner", t->owner);
	json_open(j, "domains", '[');
	for (unsigned i = 0; i < IMP_EVIDENCE_DOMAINS; i++) {
		const struct imp_measured *m = &t->domain[i];

		if (!(t->used >> i & 1))
			continue;
		json_open(j, NULL, '{');
		json_uint(j, "domain", i);
		json_str(j, "state", m->state == IMP_DOMAIN_SET ? "set" : "wiped");
		json_uint(j, "domain_epoch", m->domain_epoch);
		json_uint(j, "sequence", m->sequence);
		json_hex(j, "profile_id", m->id);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void report_json(const struct device_work *work, const struct device *d)
{
	const struct imp_reason_row *row = imp_reason_row(d->reason);
	struct json j = { .f = stdout, .first = true };

	json_open(&j, NULL, '{');
	json_str(&j, "command", work->verb);
	json_str(&j, "device", d->uri);
	json_str(&j, "name", d->name[0] ? d->name : NULL);
	json_str(&j, "result", d->rc ? "fail" : d->dry ? "dry-run" : "pass");
	json_uint(&j, "status", (uint64_t)-d->rc);
	json_str(&j, "message", d->rc ? d->err.msg : d->says);
	json_str(&j, "refusal", row ? row->name : NULL);
	json_str(&j, "assurance", d->attested ? "attested" : NULL);
	json_bool(&j, "again", d->again);
	put_differences(&j, &d->appraisal);
	if (d->appraisal.decoded)
		put_token(&j, &d->appraisal.token);
	json_uint(&j, "round_trips", d->session.round_trips);
	json_uint(&j, "retries", d->session.retries);
	json_uint(&j, "bytes_sent", d->session.sent);
	json_uint(&j, "bytes_received", d->session.received);
	json_uint(&j, "milliseconds", d->took_ns / 1000000);
	json_close(&j, '}');
	putchar('\n');
}

/* What the line says already: the port, the name. */
static const char *without(const char *text, const char *prefix)
{
	size_t n = strlen(prefix);

	return n > 0 && strncmp(text, prefix, n) == 0 && strncmp(text + n, ": ", 2) == 0
		       ? text + n + 2
		       : text;
}

static void report_text(const struct device *d)
{
	const char *text = without(without(d->err.msg, d->uri), d->name);
	const char *hint = strstr(text, "\nhint: ");
	size_t len = hint ? (size_t)(hint - text) : strlen(text);

	if (!d->rc) {
		printf("%-5s %-24s %-22s %s\n", d->dry ? "DRY" : "PASS", d->name, d->uri,
		       d->says);
		return;
	}
	printf("FAIL  %-24s %-22s %.*s\n", d->name[0] ? d->name : "-", d->uri, (int)len,
	       text);
	for (size_t i = 1; i < d->appraisal.count; i++)
		printf("      %s is %s, expected %s\n", d->appraisal.difference[i].what,
		       d->appraisal.difference[i].found,
		       d->appraisal.difference[i].expected);
}

void report_device(const struct device_work *work, const struct device *d)
{
	if (work->json)
		report_json(work, d);
	else
		report_text(d);
}
