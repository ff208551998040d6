/* SPDX-License-Identifier: Apache-2.0 */
/* imprint audit: hold what devices have proven against what was issued to them. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "audit.h"
#include "base/file.h"
#include "commands.h"
#include "cose/key.h"
#include "evidence/proven.h"
#include "issue.h"
#include "ledger_do.h"
#include "revokedarg.h"

struct args {
	struct ledger_args ledger;
	struct dev_args dev;
	struct report_args report;
	struct jobs_args jobs;
	struct revoked_args revoked;
	struct path_list files, owners, factories, grants;
	const char *checkpoint, *log, *html, *challenge;
	uint64_t since, stale_s;
	bool deep, csv, force;
};

enum {
	OPT_CHECKPOINT = 0x100,
	OPT_LOG,
	OPT_FACTORY,
	OPT_OWNER,
	OPT_GRANT,
	OPT_SINCE,
	OPT_STALE,
	OPT_DEEP,
	OPT_CSV,
	OPT_HTML,
	OPT_FORCE,
	OPT_CHALLENGE,
	DAY_S = 86400,
	DAYS_MAX = 36500,
};

static const struct argp_option options[] = {
	{ "checkpoint", OPT_CHECKPOINT, "FILE", 0,
	  "The ledger must go on from the checkpoint in FILE, which was kept elsewhere",
	  0 },
	{ "log", OPT_LOG, "FILE", 0,
	  "The verifier key of the log, which signed that checkpoint, is in FILE", 0 },
	{ "factory", OPT_FACTORY, "PUB", 0,
	  "Only endorsements by this factory key count; repeatable (default: as the ledger says)",
	  0 },
	{ "owner", OPT_OWNER, "PUB", 0,
	  "Devices must be owned by this key; repeatable (default: by whom they say)",
	  0 },
	{ "grant", OPT_GRANT, "FILE", 0,
	  "With --owner: who holds the grant in FILE may write what it covers; repeatable, beside those in the ledger",
	  0 },
	{ "challenge", OPT_CHALLENGE, "FILE", 0,
	  "With -d: ask by the challenges in FILE: then evidence is fresh to whoever made them",
	  0 },
	{ "since", OPT_SINCE, "DATE", 0,
	  "Leave out what happened before DATE (2027-01-31, or 2027-01-31T12:00:00Z)",
	  0 },
	{ "stale", OPT_STALE, "N", 0,
	  "Find devices that have proven nothing for N days (default: never)", 0 },
	{ "deep", OPT_DEEP, NULL, 0,
	  "Verify every signature of cards and evidence in the ledger again", 0 },
	{ "csv", OPT_CSV, NULL, 0, "Report in CSV, one finding a line", 0 },
	{ "html", OPT_HTML, "FILE", 0, "Write a report for people to FILE, too", 0 },
	{ "force", OPT_FORCE, NULL, 0, "Replace FILE of --html where it exists", 0 },
	{ 0 },
};

static const struct argp_child children[] = {
	{ &ledger_argp, 0, NULL, 0 },  { &dev_argp, 0, NULL, 0 },
	{ &report_argp, 0, NULL, 0 },  { &jobs_argp, 0, NULL, 0 },
	{ &revoked_argp, 0, NULL, 0 }, { 0 }
};

static bool asks_devices(const struct args *a)
{
	return a->dev.devices > 0 || getenv("IMPRINT_DEVICE");
}

static void check(struct argp_state *state, const struct args *a)
{
	if (a->report.json && a->csv)
		argp_error(state, "--json and --csv: one of them");
	if (a->challenge && !asks_devices(a))
		argp_error(state, "--challenge goes with -d DEVICE, who is asked by it");
	if (a->grants.count > 0 && a->owners.count == 0)
		argp_error(state, "--grant goes with --owner PUB, who gave it");
	if (!a->checkpoint != !a->log)
		argp_error(state, "--checkpoint FILE goes with --log FILE: whose "
				  "signature counts?");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->ledger;
		state->child_inputs[1] = &a->dev;
		state->child_inputs[2] = &a->report;
		state->child_inputs[3] = &a->jobs;
		state->child_inputs[4] = &a->revoked;
		return 0;
	case OPT_CHECKPOINT:
		a->checkpoint = arg;
		return 0;
	case OPT_LOG:
		a->log = arg;
		return 0;
	case OPT_FACTORY:
		path_list_add(state, &a->factories, arg);
		return 0;
	case OPT_OWNER:
		path_list_add(state, &a->owners, arg);
		return 0;
	case OPT_GRANT:
		path_list_add(state, &a->grants, arg);
		return 0;
	case OPT_SINCE:
		if (!cli_date(arg, &a->since))
			argp_error(state,
				   "--since %s: expected a day, 2027-01-31, or "
				   "2027-01-31T12:00:00Z",
				   arg);
		return 0;
	case OPT_STALE:
		a->stale_s = cli_number(state, "--stale", arg, 1, DAYS_MAX) * DAY_S;
		return 0;
	case OPT_DEEP:
		a->deep = true;
		return 0;
	case OPT_CSV:
		a->csv = true;
		return 0;
	case OPT_HTML:
		a->html = arg;
		return 0;
	case OPT_FORCE:
		a->force = true;
		return 0;
	case OPT_CHALLENGE:
		a->challenge = arg;
		return 0;
	case ARGP_KEY_ARG:
		path_list_add(state, &a->files, arg);
		return 0;
	case ARGP_KEY_END:
		check(state, a);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "[FILE...]",
	.doc = "Hold what devices have proven (the evidence in the ledger, in FILE..., and with -d what they prove "
	       "now) against what was enrolled, issued and sent, and name each thing that cannot be true at the "
	       "same time.",
	.children = children,
};

/* All that an audit is given. */
struct given {
	struct imp_crypto *crypto;
	struct imp_index file[PATHS_MAX];
	struct imp_grants grant[PATHS_MAX];
	struct imp_pub factory[PATHS_MAX];
	struct imp_pub pub[PATHS_MAX]; /* of owners */
	uint8_t owner[PATHS_MAX][32];
	struct imp_revoked revoked;
	struct challenges challenges;
	struct answers asked;
	struct imp_secret note; /* of the checkpoint */
	struct imp_checkpoint outside;
};

static void given_fini(struct given *g)
{
	for (size_t i = 0; i < PATHS_MAX; i++) {
		if (g->file[i].name)
			imp_index_close(&g->file[i]);
		imp_grants_fini(&g->grant[i]);
	}
	answers_fini(&g->asked);
	challenges_close(&g->challenges);
	imp_revoked_fini(&g->revoked);
	imp_secret_fini(&g->note);
	imp_crypto_free(&g->crypto);
}

/* It must be one of the owners who gave it. */
static int read_grant(struct given *g, const struct args *a, size_t i,
		      struct imp_error *err)
{
	int rc = -IMP_EPOLICY;

	for (size_t k = 0; rc == -IMP_EPOLICY && k < a->owners.count; k++) {
		imp_grants_fini(&g->grant[i]);
		rc = imp_grants_read(&g->grant[i], g->crypto, a->grants.path[i],
				     &g->pub[k], 0, err);
	}
	return rc;
}

static int read_owners(struct given *g, const struct args *a, struct imp_error *err)
{
	int rc = pubs_read(g->crypto, &a->owners, g->pub, NULL, err);

	for (size_t i = 0; !rc && i < a->owners.count; i++)
		if (imp_cose_kid(g->crypto, &g->pub[i], g->owner[i]))
			rc = imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
	for (size_t i = 0; !rc && i < a->grants.count; i++)
		rc = read_grant(g, a, i, err);
	return rc;
}

static int read_checkpoint(struct given *g, const struct args *a, struct imp_error *err)
{
	const struct ledger_work w = { .crypto = g->crypto };
	struct imp_vkey log;
	int rc;

	if (!a->checkpoint)
		return 0;
	rc = ledger_vkey(&w, a->log, IMP_NOTE_ED25519, &log, err);
	return rc ? rc
		  : ledger_outside(&w, a->checkpoint, &log, &g->note, &g->outside, err);
}

/* One of the owners must have signed it. It is looked at: an audit writes nothing. */
static int read_revoked(struct given *g, const struct args *a, struct imp_error *err)
{
	int rc = -IMP_EPOLICY;

	if (!revoked_is_named(&a->revoked))
		return 0;
	if (a->owners.count == 0)
		return imp_fail(err, IMP_EUSAGE,
				"--revoked goes with --owner PUB, who signed the list");
	for (size_t i = 0; rc == -IMP_EPOLICY && i < a->owners.count; i++) {
		const struct revoked_use use = { .owner = &g->pub[i],
						 .ledger = &a->ledger,
						 .looks = true };

		imp_revoked_fini(&g->revoked);
		rc = revoked_open(&g->revoked, g->crypto, &a->revoked, &use, err);
	}
	return rc;
}

static int ask(struct given *g, const struct args *a, struct imp_error *err)
{
	const struct imp_pub *owner = a->owners.count == 1 ? &g->pub[0] : NULL;
	int rc = a->challenge ? challenges_open(&g->challenges, g->crypto, a->challenge,
						owner, err)
			      : 0;

	return rc ? rc : answers_read(&g->asked, &a->dev, &g->challenges, err);
}

static int read_given(struct given *g, const struct args *a, struct imp_error *err)
{
	int rc = imp_crypto_new(&g->crypto, err);

	if (!rc)
		rc = pubs_read(g->crypto, &a->factories, g->factory, NULL, err);
	if (!rc)
		rc = read_owners(g, a, err);
	if (!rc)
		rc = read_revoked(g, a, err);
	if (!rc)
		rc = read_checkpoint(g, a, err);
	for (size_t i = 0; !rc && i < a->files.count; i++)
		rc = imp_index_open(&g->file[i], a->files.path[i], IMP_BATCH_EVIDENCE,
				    imp_proven_key, NULL, err);
	return rc || !asks_devices(a) ? rc : ask(g, a, err);
}

static int found(void *ctx, const struct imp_finding *f, struct imp_error *err)
{
	struct audit_result *r = ctx;

	return spool_add(&r->spool, f, err);
}

static int device(void *ctx, const struct imp_audited *d, struct imp_error *err)
{
	struct audit_result *r = ctx;

	stats_add(&r->stats, d);
	return cli_check_cancel(err);
}

static int audit(struct imp_ledger *l, const struct given *g, const struct args *a,
		 struct audit_result *r, struct imp_error *err)
{
	const struct imp_auditing how = {
		.outside = a->checkpoint ? &g->outside : NULL,
		.outside_name = a->checkpoint,
		.file = g->file,
		.files = a->files.count,
		.asked = g->asked.at,
		.asked_count = g->asked.count,
		.owner = g->owner,
		.owner_key = g->pub,
		.owners = a->owners.count,
		.factories = { .key = g->factory, .count = a->factories.count },
		.grant = g->grant,
		.grants = a->grants.count,
		.revoked = g->revoked.name ? &g->revoked : NULL,
		.now_s = r->now_s,
		.since_s = a->since,
		.stale_s = a->stale_s,
		.deep = a->deep,
		.threads = a->jobs.jobs,
		.found = found,
		.device = device,
		.ctx = r,
	};
	struct imp_ledger_info i;
	int rc = imp_audit(l, &how, &r->report, err);

	if (!rc)
		rc = imp_ledger_info(l, &i, err);
	if (rc)
		return rc;
	r->ledger = imp_ledger_name(l);
	snprintf(r->origin, sizeof(r->origin), "%s", i.origin);
	stats_sort(&r->stats);
	return 0;
}

static int show(const struct args *a, struct audit_result *r, struct imp_error *err)
{
	int rc = a->report.json ? audit_json(stdout, r, err)
		 : a->csv	? audit_csv(stdout, r, err)
				: audit_text(stdout, r, err);

	if (!rc && (fflush(stdout) || ferror(stdout)))
		rc = imp_write_failed(NULL, NULL, err);
	return rc;
}

/* Findings decide, then devices that could not be asked. */
static int conclude(const struct given *g, const struct audit_result *r,
		    struct imp_error *err)
{
	char sum[128];

	if (r->spool.total > 0) {
		audit_sum(r, sum);
		return imp_fail(err, IMP_EFINDINGS, "%s: %s", r->ledger, sum);
	}
	if (g->asked.rc)
		*err = g->asked.err;
	return g->asked.rc;
}

static void result_fini(struct audit_result *r)
{
	spool_fini(&r->spool);
}

static int run(const struct cli *cli, int argc, char **argv, struct imp_error *err)
{
	CLEANUP(imp_ledger_close) struct imp_ledger *l = NULL;
	CLEANUP(result_fini) struct audit_result r = { 0 };
	CLEANUP(given_fini) struct given g = { 0 };
	struct args a = { 0 };
	time_t now = time(NULL);
	int rc;

	(void)cli;
	cli_parse(&cmd_audit, argc, argv, &a);
	r.now_s = now > 0 ? (uint64_t)now : 0;
	rc = a.html ? imp_out_check(a.html, a.force ? IMP_OUT_FORCE : 0, err) : 0;
	if (!rc)
		rc = ledger_open(&a.ledger, NULL, &l, err);
	if (!rc)
		rc = read_given(&g, &a, err);
	if (!rc)
		rc = audit(l, &g, &a, &r, err);
	if (!rc && a.html)
		rc = audit_html(a.html, a.force, &r, err);
	if (!rc)
		rc = show(&a, &r, err);
	return rc ? rc : conclude(&g, &r, err);
}

const struct cli_cmd cmd_audit = {
	.name = "audit",
	.brief = "find devices that somebody else has provisioned",
	.argp = &argp,
	.run = run,
};
