/* SPDX-License-Identifier: Apache-2.0 */
/* imprint devices: what is attached, and who it says it is. */
#include <poll.h>
#include <string.h>

#include "args.h"
#include "base/escape.h"
#include "commands.h"
#include "device_list.h"
#include "report.h"

struct args {
	struct dev_args dev;
	struct report_args report;
	bool watch, no_ask;
};

enum { OPT_TIMEOUT = 0x100, OPT_WATCH, OPT_NO_ASK };

static const struct argp_option options[] = {
	{ "watch", OPT_WATCH, NULL, 0,
	  "Go on: tell what is plugged in and what is pulled, until interrupted", 0 },
	{ "no-ask", OPT_NO_ASK, NULL, 0, "Only look: send nothing to any of them", 0 },
	{ "timeout", OPT_TIMEOUT, "SECONDS", 0,
	  "Give each device SECONDS to answer (default 2)", 0 },
	{ 0 },
};

static const struct argp_child children[] = { { &report_argp, 0, NULL, 0 }, { 0 } };

static error_t parse(int key, char *arg, struct argp_state *state)
{
	enum { DEFAULT_MS = 2000, SECONDS_MAX = 3600 };
	struct args *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		a->dev.timeout_ms = DEFAULT_MS;
		state->child_inputs[0] = &a->report;
		return 0;
	case OPT_WATCH:
		a->watch = true;
		return 0;
	case OPT_NO_ASK:
		a->no_ask = true;
		return 0;
	case OPT_TIMEOUT:
		a->dev.timeout_ms =
			(uint32_t)cli_number(state, "--timeout", arg, 1, SECONDS_MAX) *
			1000;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.doc = "List what is attached and could be a device, on all transports: its name for -d, the USB port it hangs on, "
	       "who it says it is (unproven), or why it cannot be talked to.",
	.children = children,
};

static bool answered(const struct device *d)
{
	return !d->rc && d->name[0];
}

/* What it says of itself; nothing here is proven. */
static void put_said(struct json *j, const struct device *d)
{
	bool says = answered(d) && !d->describe.restricted;
	struct imp_span kid = { d->signing_kid, sizeof(d->signing_kid) };

	json_bool(j, "answers", answered(d));
	json_bool(j, "proven", false);
	json_str(j, "name", answered(d) ? d->name : NULL);
	json_hex(j, "ueid", d->ueid);
	json_hex(j, "signing_kid", d->has_kid ? kid : (struct imp_span){ 0 });
	json_str(j, "lifecycle", says ? imp_life_name(d->describe.life) : NULL);
}

static void show_json(const struct device *d, const char *event)
{
	const struct device_entry *e = d->entry;
	struct json j = { .f = stdout, .first = true };

	json_open(&j, NULL, '{');
	json_str(&j, "event", event);
	json_str(&j, "device", e->uri);
	json_str(&j, "transport", e->ops ? e->ops->scheme : NULL);
	json_str(&j, "port", e->port[0] ? e->port : NULL);
	json_str(&j, "what", e->what[0] ? e->what : NULL);
	put_said(&j, d);
	json_uint(&j, "status", (uint64_t)-d->rc);
	json_some(&j, "message", report_message(d));
	report_hints(&j, d);
	json_close(&j, '}');
	putchar('\n');
}

/* What a device or a link is called by others, as a terminal may be shown it. */
struct words {
	char uri[1024], what[512];
};

static struct words words_of(const struct device_entry *e)
{
	struct words w;

	imp_escape(w.uri, sizeof(w.uri), imp_span_str(e->uri));
	imp_escape(w.what, sizeof(w.what), imp_span_str(e->what));
	return w;
}

static void show_text(const struct device *d, const char *mark)
{
	const struct device_entry *e = d->entry;
	struct imp_span text = report_message(d);
	struct words w = words_of(e);

	printf("%s%-24s %-22s %s%s%.*s\n", mark, answered(d) ? d->name : "-", w.uri,
	       w.what, w.what[0] && text.len > 0 ? "; " : "", (int)text.len,
	       (const char *)text.ptr);
}

static void show(const struct device *d, void *ctx)
{
	const struct args *a = ctx;

	if (a->report.json)
		show_json(d, "attached");
	else
		show_text(d, a->watch ? "+ " : "");
	fflush(stdout);
}

static void show_gone(const struct device_entry *e, const struct args *a)
{
	struct device d = { .uri = e->uri, .entry = e };

	if (a->report.json)
		show_json(&d, "gone");
	else
		printf("- %-24s %-22s gone\n", "-", words_of(e).uri);
	fflush(stdout);
}

static int talk(struct device *d, void *ctx)
{
	(void)ctx;
	if (d->describe.restricted) {
		snprintf(d->says, sizeof(d->says),
			 "verify --challenge FILE has it say who it is");
		return 0;
	}
	snprintf(d->says, sizeof(d->says), "%s, unproven",
		 imp_life_name(d->describe.life));
	return 0;
}

static void only_show(const struct device_list *l, struct args *a)
{
	for (size_t i = 0; i < l->count; i++) {
		const struct device_entry *e = &l->entry[i];
		struct device d = { .uri = e->uri, .entry = e };

		if (e->known)
			continue;
		if (e->trouble)
			d.rc = imp_fail(&d.err, IMP_ETRANSPORT, "%s", e->trouble);
		show(&d, a);
	}
}

static int tell(const struct device_list *l, struct args *a, struct imp_error *err)
{
	const struct device_work work = {
		.verb = "devices",
		.talk = talk,
		.show = show,
		.ctx = a,
		.json = a->report.json,
	};

	if (!a->no_ask)
		return devices_run_on(l, &a->dev, &work, err);
	only_show(l, a);
	return 0;
}

/* The same device in the same state; one that was plugged in again leads elsewhere. */
static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : !a && !b;
}

static struct device_entry *find(struct device_list *l, const struct device_entry *e)
{
	for (size_t i = 0; i < l->count; i++)
		if (same(l->entry[i].uri, e->uri) && same(l->entry[i].place, e->place) &&
		    same(l->entry[i].trouble, e->trouble))
			return &l->entry[i];
	return NULL;
}

/* What was told and is not there any more. */
static void tell_gone(const struct device_list *before, struct device_list *now,
		      const struct args *a)
{
	for (size_t i = 0; i < before->count; i++)
		if (before->entry[i].known && !find(now, &before->entry[i]))
			show_gone(&before->entry[i], a);
}

/* Nodes appear before udev gives them their names and their owners: a device is told once
 * two looks in a row agree on it. Marks those that have been told, or are too new. */
static void settle(struct device_list *before, struct device_list *now, bool *fresh)
{
	for (size_t i = 0; i < now->count; i++) {
		const struct device_entry *was = find(before, &now->entry[i]);

		fresh[i] = !was;
		now->entry[i].known = !was || was->known;
	}
}

static void mark_told(struct device_list *now, const bool *fresh)
{
	for (size_t i = 0; i < now->count; i++)
		now->entry[i].known = !fresh[i];
}

/* False once the user has interrupted. */
static bool rest(void)
{
	enum { LOOK_MS = 250 };
	struct pollfd cancel = { cli_cancel_fd(), POLLIN, 0 };

	return poll(&cancel, 1, LOOK_MS) == 0 && !ferror(stdout);
}

static int look_again(struct device_list *before, struct args *a, struct imp_error *err)
{
	struct device_list now = { 0 };
	bool fresh[DEVICES_MAX];
	int rc = device_list_attached(&now, err);

	if (!rc) {
		tell_gone(before, &now, a);
		settle(before, &now, fresh);
		rc = tell(&now, a, err);
		mark_told(&now, fresh);
	}
	device_list_fini(before);
	*before = now;
	return rc;
}

static int run(const struct cli *cli, int argc, char **argv, struct imp_error *err)
{
	CLEANUP(device_list_fini) struct device_list l = { 0 };
	struct args a = { 0 };
	int rc;

	(void)cli;
	cli_parse(&cmd_devices, argc, argv, &a);
	rc = device_list_attached(&l, err);
	if (!rc)
		rc = tell(&l, &a, err);
	if (!rc && l.count == 0)
		fprintf(stderr, "no device is attached%s\n",
			a.watch ? " yet; Ctrl-C ends" : "");
	for (size_t i = 0; i < l.count; i++)
		l.entry[i].known = true;
	while (!rc && a.watch && rest())
		rc = look_again(&l, &a, err);
	return a.watch && rc == -IMP_EINTERRUPTED ? 0 : rc;
}

const struct cli_cmd cmd_devices = {
	.name = "devices",
	.brief = "list what is attached, and who it says it is",
	.argp = &argp,
	.run = run,
	.basic = true,
};
