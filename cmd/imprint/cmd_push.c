/* SPDX-License-Identifier: Apache-2.0 */
/* imprint push: carry packages to their devices, and appraise what came of it. */
#include <inttypes.h>

#include "args.h"
#include "base/text.h"
#include "commands.h"
#include "crypto/host.h"
#include "issue/approve.h"
#include "journal.h"
#include "plan.h"
#include "scope.h"

struct args {
	struct dev_args dev;
	struct verifier_args verifier;
	struct revoked_args revoked;
	struct report_args report;
	struct junit_args junit;
	struct quorum_args quorum;
	struct path_list files;
	uint64_t index; /* 1..; 0: by ueid */
	bool dry_run;
};

enum { OPT_DRY_RUN = 0x100, OPT_INDEX };

static const struct argp_option options[] = {
	{ "dry-run", OPT_DRY_RUN, NULL, 0, "Say what would change, send nothing", 0 },
	{ "index", OPT_INDEX, "N", 0,
	  "Send the Nth object of FILE, whichever device it is made for; the device judges it",
	  0 },
	{ 0 },
};

static const struct argp_child children[] = { { &dev_argp, 0, NULL, 0 },
					      { &verifier_argp, 0, NULL, 0 },
					      { &report_argp, 0, NULL, 0 },
					      { &junit_argp, 0, NULL, 0 },
					      { &quorum_argp, 0, NULL, 0 },
					      { &revoked_argp, 0, NULL, 0 },
					      { 0 } };

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->dev;
		state->child_inputs[1] = &a->verifier;
		state->child_inputs[2] = &a->report;
		state->child_inputs[3] = &a->junit;
		state->child_inputs[4] = &a->quorum;
		state->child_inputs[5] = &a->revoked;
		return 0;
	case OPT_DRY_RUN:
		a->dry_run = true;
		return 0;
	case OPT_INDEX:
		a->index = cli_number(state, "--index", arg, 1, UINT32_MAX);
		return 0;
	case ARGP_KEY_ARG:
		path_list_add(state, &a->files, arg);
		return 0;
	case ARGP_KEY_END:
		if (a->files.count == 0)
			argp_error(state, "missing FILE");
		if (a->index > 0 && a->files.count > 1)
			argp_error(state, "--index goes with one FILE");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "FILE...",
	.doc = "Send each device its packages in FILE... (or the claim or command in it), have them applied, and "
	       "appraise the evidence that the device signs. PASS means proven, not sent.",
	.children = children,
};

struct push {
	struct verifier verifier;
	struct objects objects;
	struct imp_approval approval;
	const struct args *a;
};

/* What goes in clear can be counted here; a package was, when it was made. */
static int check_approvals(struct device *d, const struct plan *plan,
			   const struct push *p)
{
	const struct imp_quorum q = { .approval = &p->approval };
	struct imp_signed s;
	int rc;

	if (!p->a->quorum.approval || imp_cose_tag(plan->object) == IMP_TAG_ENCRYPT)
		return 0;
	rc = imp_signed_decode(plan->object, &s, &d->err);
	if (!rc)
		rc = imp_approvals_check(d->crypto, &s, &q, &d->err);
	return imp_wrap(&d->err, rc, "%s: %s", d->uri, d->name);
}

static int push_one(struct device *d, const struct plan *plan, void *ctx)
{
	const struct push *p = ctx;
	struct journal j = { .l = p->verifier.ledger, .d = d, .plan = plan };
	int rc = check_approvals(d, plan, p);

	if (rc || p->a->dry_run)
		return rc ? rc : plan_foresee(d, plan);
	rc = journal_before(&j);
	return rc ? rc : journal_after(&j, plan_apply(d, plan, &p->verifier));
}

static int talk(struct device *d, void *ctx)
{
	struct push *p = ctx;
	struct objects_of all;
	int rc = objects_list(&p->objects, d, (size_t)p->a->index, &all);

	if (!rc && !verifier_card(&p->verifier, d))
		rc = -(int)d->err.code;
	return rc ? rc : objects_each(&p->objects, d, &all, &p->verifier, push_one, p);
}

static int open_files(struct push *p, struct imp_crypto *crypto, struct imp_error *err)
{
	const struct path_list *l = &p->a->files;
	const struct imp_index *first = &p->objects.file[0];
	int rc = 0;

	p->objects.any = p->a->index > 0;
	for (size_t i = 0; !rc && i < l->count; i++)
		rc = objects_open(&p->objects, crypto, l->path[i], err);
	if (!rc && p->a->index > first->count)
		rc = imp_fail(err, IMP_EUSAGE, "%s: has %zu object%s, not %" PRIu64,
			      l->path[0], first->count, imp_plural(first->count),
			      p->a->index);
	return rc;
}

static int run(const struct cli *cli, int argc, char **argv, struct imp_error *err)
{
	CLEANUP(imp_crypto_free) struct imp_crypto *crypto = NULL;
	CLEANUP(junit_abort) struct junit junit = { 0 };
	struct args a = { 0 };
	struct push p = { .a = &a };
	struct device_work work = { .verb = "push",
				    .talk = talk,
				    .ctx = &p,
				    .verifier = &p.verifier,
				    .junit = &junit,
				    .progress = true };
	int rc;

	(void)cli;
	cli_parse(&cmd_push, argc, argv, &a);
	work.json = a.report.json;
	rc = imp_crypto_new(&crypto, err);
	if (!rc)
		rc = verifier_open(&p.verifier, crypto, &a.verifier, &a.dev, err);
	if (!rc)
		rc = verifier_revoke(
			&p.verifier, crypto, &a.verifier, &a.revoked,
			&(struct revoked_use){ .ledger = &a.verifier.known.ledger,
					       .looks = a.dry_run },
			err);
	if (!rc)
		rc = open_files(&p, crypto, err);
	if (!rc && a.quorum.approval)
		rc = approval_parse(crypto, a.quorum.approval, NULL, &p.approval, err);
	if (!rc)
		rc = junit_open(&junit, &a.junit, work.verb, err);
	if (!rc)
		rc = devices_run(&a.dev, &work, err);
	objects_close(&p.objects);
	verifier_close(&p.verifier);
	return rc;
}

const struct cli_cmd cmd_push = {
	.name = "push",
	.brief = "push packages to devices and prove them",
	.argp = &argp,
	.run = run,
	.basic = true,
};
