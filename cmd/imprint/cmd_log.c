/* SPDX-License-Identifier: Apache-2.0 */
/* imprint log: what happened, by the ledger. */
#include <poll.h>

#include "args.h"
#include "base/digits.h"
#include "commands.h"
#include "devices.h"
#include "entry.h"
#include "ledger/list.h"
#include "ledgerarg.h"
#include "note.h"

struct args {
	struct ledger_args ledger;
	struct report_args report;
	const char *id[IDS_MAX];
	size_t ids;
	uint64_t from, since;
	uint8_t order[32];
	bool has_order, follow;
};

enum { OPT_FROM = 0x100, OPT_ID, OPT_SINCE, OPT_ORDER };

static const struct argp_option options[] = {
	{ "from", OPT_FROM, "N", 0, "Begin with entry N", 0 },
	{ "id", OPT_ID, "ID", 0,
	  "Only what is about the device with this imei or ueid; repeatable", 0 },
	{ "since", OPT_SINCE, "DATE", 0,
	  "Only what happened from DATE on, by the stations' clocks (2027-01-31, or 2027-01-31T12:00:00Z)",
	  0 },
	{ "order", OPT_ORDER, "WORD", 0, "Only what happened on the order with this id",
	  0 },
	{ "follow", 'f', NULL, 0, "Go on: tell what is added, until interrupted", 0 },
	{ 0 },
};

static const struct argp_child children[] = { { &ledger_argp, 0, NULL, 0 },
					      { &report_argp, 0, NULL, 0 },
					      { 0 } };

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;
	struct imp_writer order;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->ledger;
		state->child_inputs[1] = &a->report;
		return 0;
	case OPT_FROM:
		a->from = cli_number(state, "--from", arg, 0, INT64_MAX);
		return 0;
	case OPT_ID:
		if (a->ids == IDS_MAX)
			argp_error(state, "more than %d times --id", IDS_MAX);
		if (!id_is_ueid(arg))
			argp_error(state, "--id %s: expected an imei or a ueid", arg);
		a->id[a->ids++] = arg;
		return 0;
	case OPT_SINCE:
		if (!cli_date(arg, &a->since))
			argp_error(state,
				   "--since %s: expected 2027-01-31, or "
				   "2027-01-31T12:00:00Z",
				   arg);
		return 0;
	case OPT_ORDER:
		order = imp_writer(a->order, sizeof(a->order));
		if (!imp_from_hex(imp_span_str(arg), &order) || order.len != 32)
			argp_error(state, "--order: expected 64 digits of hex");
		a->has_order = true;
		return 0;
	case 'f':
		a->follow = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.doc = "Tell what the ledger says happened, an entry a line: devices that were enrolled, what was "
	       "issued to them, sent, proven, and what became of it.",
	.children = children,
};

struct listing {
	const struct args *a;
	struct imp_secret
		objects; /* ids of what was issued to the devices, 32 bytes each */
	uint64_t next, shown;
};

static bool knows(const struct listing *x, struct imp_span object)
{
	for (size_t i = 0; i < x->objects.len; i += 32)
		if (imp_span_eq(object, (struct imp_span){ x->objects.ptr + i, 32 }))
			return true;
	return false;
}

/* Steps of an item name no device: its object does. */
static bool is_about(const struct listing *x, const struct imp_record *r)
{
	for (size_t i = 0; i < x->a->ids; i++)
		if ((r->ueid.len > 0 && ueid_is(r->ueid, x->a->id[i])) ||
		    (r->subject.len > 0 && ueid_is(r->subject, x->a->id[i])))
			return true;
	return r->object.len == 32 && knows(x, r->object);
}

static bool is_wanted(const struct listing *x, uint64_t index, const struct imp_record *r)
{
	const struct args *a = x->a;

	return index >= a->from && r->time >= a->since &&
	       (a->ids == 0 || is_about(x, r)) &&
	       (!a->has_order || imp_span_eq(r->order, IMP_SPAN(a->order)) ||
		(r->type == IMP_LEAF_ORDER &&
		 imp_span_eq(r->object, IMP_SPAN(a->order))));
}

static int show(void *ctx, uint64_t index, const struct imp_record *r,
		struct imp_error *err)
{
	struct listing *x = ctx;
	int rc = cli_check_cancel(err);

	if (!rc && r->type == IMP_LEAF_ISSUE && x->a->ids > 0 && is_about(x, r))
		rc = imp_secret_append(&x->objects, r->object, err);
	x->next = index + 1;
	if (rc || !is_wanted(x, index, r))
		return rc;
	x->shown++;
	if (x->a->report.json)
		entry_json(stdout, index, r);
	else
		entry_text(stdout, index, r);
	return 0;
}

/* Until the user interrupts. */
static int follow(struct imp_ledger *l, struct listing *x, struct imp_error *err)
{
	enum { LOOK_MS = 500 };
	struct pollfd p = { .fd = cli_cancel_fd(), .events = POLLIN };
	int rc = 0;

	while (!rc && fflush(stdout) == 0 && poll(&p, 1, LOOK_MS) == 0)
		rc = imp_ledger_each(l, x->next, show, x, err);
	return rc == -IMP_EINTERRUPTED ? 0 : rc;
}

static int run(const struct cli *cli, int argc, char **argv, struct imp_error *err)
{
	CLEANUP(imp_ledger_close) struct imp_ledger *l = NULL;
	struct args a = { 0 };
	struct listing x = { .a = &a };
	int rc;

	(void)cli;
	cli_parse(&cmd_log, argc, argv, &a);
	rc = ledger_open(&a.ledger, NULL, &l, err);
	if (!rc)
		rc = imp_ledger_each(l, a.ids > 0 ? 0 : a.from, show, &x, err);
	if (!rc && a.follow)
		rc = follow(l, &x, err);
	else if (!rc && x.shown == 0 && !a.report.json)
		say_note("no entry of the ledger fits");
	imp_secret_fini(&x.objects);
	return rc;
}

const struct cli_cmd cmd_log = {
	.name = "log",
	.brief = "tell what happened, by the ledger",
	.argp = &argp,
	.run = run,
};
