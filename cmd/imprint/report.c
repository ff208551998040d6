/* SPDX-License-Identifier: Apache-2.0 */
/* What the user sees of a run over devices. */
#include <inttypes.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "base/reason.h"
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

/* A device may have to begin again: then its share goes back. */
static void on_progress(void *ctx, uint32_t done, uint32_t total)
{
	struct device *d = ctx;

	pthread_mutex_lock(&bar.lock);
	bar.done = bar.done - d->sent + done;
	bar.total = bar.total - d->to_send + total;
	d->sent = done;
	d->to_send = total;
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

static void put_domains(struct json *j, const struct imp_evidence *t)
{
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

/* What the device signed; null where nothing is known of it. */
static void put_token(struct json *j, const struct imp_appraisal *a)
{
	static const char *const unknown[] = { "lifecycle",   "boot",  "evidence_count",
					       "owner_epoch", "owner", "domains" };
	const struct imp_evidence *t = &a->token;

	for (size_t i = 0; !a->decoded && i < COUNTOF(unknown); i++)
		json_str(j, unknown[i], NULL);
	if (!a->decoded)
		return;
	json_str(j, "lifecycle", imp_life_name(t->life));
	json_uint(j, "boot", t->boot);
	json_uint(j, "evidence_count", t->count);
	json_uint(j, "owner_epoch", t->owner_epoch);
	json_hex(j, "owner", t->owned ? t->owner : (struct imp_span){ 0 });
	put_domains(j, t);
}

/* To whom its last proof is fresh, and what tells that to others. */
static void put_freshness(struct json *j, const struct device *d)
{
	static const char *const words[] = {
		[FRESH_TO_US] = "station", [FRESH_SINCE_CHALLENGE] = "challenge"
	};
	const struct asked *a = &d->asked;
	bool is = d->fresh == FRESH_SINCE_CHALLENGE;
	struct imp_span none = { 0 };

	json_str(j, "fresh", words[d->fresh]);
	json_hex(j, "challenge", is ? IMP_SPAN(a->id) : none);
	json_hex(j, "challenge_by", is ? IMP_SPAN(a->by) : none);
	json_hex(j, "beacon", is ? a->challenge.beacon : none);
	json_hex(j, "r", is ? IMP_SPAN(a->r) : none);
}

/* Its card, where it was read or found in --cards. */
static void put_card(struct json *j, const struct device *d)
{
	const struct imp_known *k = &d->known;
	bool has = k->bytes.len > 0;
	struct imp_span none = { 0 };

	json_hex(j, "ueid", has ? k->card.ueid : d->ueid);
	json_some(j, "serial", has ? k->card.serial : none);
	json_some(j, "imei", has ? k->card.imei : none);
	json_some(j, "iccid", has ? k->card.iccid : none);
	json_hex(j, "signing_kid", has ? IMP_SPAN(k->signing_kid) : none);
	json_hex(j, "sealing_kid", has ? IMP_SPAN(k->sealing_kid) : none);
	json_str(j, "key_assurance", has ? imp_assurance_name(k->assurance) : NULL);
}

static const char hint_mark[] = "\nhint: ";

/* Up to its hints. */
static size_t sentence(const char *message)
{
	const char *hint = strstr(message, hint_mark);

	return hint ? (size_t)(hint - message) : strlen(message);
}

/* What stands beside it already: the port, whose name may end in a colon, the name. */
static const char *without(const char *text, const char *prefix)
{
	size_t n = strlen(prefix);

	if (n == 0 || strncmp(text, prefix, n) != 0)
		return text;
	if (strncmp(text + n, ": ", 2) == 0)
		return text + n + 2;
	return prefix[n - 1] == ':' && text[n] == ' ' ? text + n + 1 : text;
}

struct imp_span report_message(const struct device *d)
{
	const char *text = without(without(d->err.msg, d->uri), d->name);

	return d->rc ? (struct imp_span){ (const uint8_t *)text, sentence(text) }
		     : imp_span_str(d->says);
}

void report_hints(struct json *j, const struct device *d)
{
	const char *at = d->rc ? strstr(d->err.msg, hint_mark) : NULL;

	json_open(j, "hints", '[');
	while (at) {
		at += sizeof(hint_mark) - 1;
		json_text(j, NULL,
			  (struct imp_span){ (const uint8_t *)at, sentence(at) });
		at = strstr(at, hint_mark);
	}
	json_close(j, ']');
}

static void report_json(const struct device_work *work, const struct device *d)
{
	const struct imp_reason_row *row = imp_reason_row(d->reason);
	struct json j = { .f = stdout, .first = true };

	json_open(&j, NULL, '{');
	json_str(&j, "command", work->verb);
	json_some(&j, "device", imp_span_str(d->uri));
	json_str(&j, "name", d->name[0] ? d->name : NULL);
	json_str(&j, "result", d->rc ? "fail" : d->dry ? "dry-run" : "pass");
	json_uint(&j, "status", (uint64_t)-d->rc);
	json_text(&j, "message", report_message(d));
	report_hints(&j, d);
	json_str(&j, "refusal", row ? row->name : NULL);
	put_card(&j, d);
	json_str(&j, "assurance", d->attested ? "attested" : NULL);
	put_freshness(&j, d);
	json_bool(&j, "again", d->again);
	put_differences(&j, &d->appraisal);
	put_token(&j, &d->appraisal);
	json_uint(&j, "round_trips", d->session.round_trips);
	json_uint(&j, "retries", d->session.retries);
	json_uint(&j, "bytes_sent", d->session.sent);
	json_uint(&j, "bytes_received", d->session.received);
	json_uint(&j, "milliseconds", d->took_ns / 1000000);
	json_close(&j, '}');
	putchar('\n');
}

/* Hashes are cut, for people. */
static void put_clause(char *out, size_t cap, const char *text)
{
	enum { HASH = 64, SHOWN = 16 };
	size_t n = 0;

	while (*text && n + 1 < cap) {
		size_t hex = strspn(text, "0123456789abcdef");
		size_t take = hex == HASH ? SHOWN : hex > 0 ? hex : 1;

		n += (size_t)snprintf(out + n, cap - n, "%.*s", (int)take, text);
		text += hex > 0 ? hex : 1;
	}
	out[n < cap ? n : cap - 1] = '\0';
}

void report_difference(const struct imp_difference *d, char out[REPORT_DIFFERENCE])
{
	char found[IMP_DIFFERENCE_TEXT], expected[IMP_DIFFERENCE_TEXT];

	put_clause(found, sizeof(found), d->found);
	put_clause(expected, sizeof(expected), d->expected);
	snprintf(out, REPORT_DIFFERENCE, "%s: %s, expected %s", d->what, found, expected);
}

static void report_text(const struct device *d)
{
	const char *verdict = d->rc ? "FAIL" : d->dry ? "DRY" : "PASS";
	struct imp_span text = report_message(d);

	printf("%-5s %-24s %-22s %.*s\n", verdict, d->name[0] ? d->name : "-", d->uri,
	       (int)text.len, (const char *)text.ptr);
	for (size_t i = 1; d->rc && i < d->appraisal.count; i++) {
		char more[REPORT_DIFFERENCE];

		report_difference(&d->appraisal.difference[i], more);
		printf("      %s\n", more);
	}
}

void report_device(const struct device_work *work, const struct device *d)
{
	if (work->quiet && !d->rc)
		return;
	if (work->junit)
		report_junit(work->junit, d);
	if (work->json)
		report_json(work, d);
	else
		report_text(d);
}
