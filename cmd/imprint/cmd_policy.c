/* SPDX-License-Identifier: Apache-2.0 */
/* imprint policy: set what a device lets others do. */
#include "commands.h"
#include "owner.h"

struct args {
	struct owner_args owner;
	uint32_t policy;
};

enum { OPT_RECOVERY = 0x100, OPT_CHALLENGED };

static const struct argp_option options[] = {
	{ "allow-recovery", OPT_RECOVERY, NULL, 0,
	  "Let the maker's key recover the device", 0 },
	{ "challenged", OPT_CHALLENGED, NULL, 0, "Attest only to challenges", 0 },
	{ 0 },
};

static const struct argp_child children[] = { { &owner_argp, 0, NULL, 0 }, { 0 } };

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	(void)arg;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->owner;
		return 0;
	case OPT_RECOVERY:
		a->policy |= IMP_POLICY_RECOVERY;
		return 0;
	case OPT_CHALLENGED:
		a->policy |= IMP_POLICY_CHALLENGED;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.doc = "Set the policy of devices as a whole: what is not named is off.",
	.children = children,
};

static int make(struct owner *o, const struct imp_target *target, uint32_t epoch,
		struct imp_writer *w, struct imp_error *err)
{
	const struct args *a = o->ctx;
	struct imp_command m = { .op = IMP_OP_POLICY, .policy = a->policy };

	return owner_command(o, &m, target, epoch, w, err);
}

static int run(const struct cli *cli, int argc, char **argv, struct imp_error *err)
{
	CLEANUP(owner_close) struct owner o = { .verb = "policy", .make = make };
	struct args a = { 0 };
	int rc;

	(void)cli;
	cli_parse(&cmd_policy, argc, argv, &a);
	o.ctx = &a;
	rc = owner_open(&o, &a.owner, err);
	return rc ? rc : owner_run(&o, &a.owner, err);
}

const struct cli_cmd cmd_policy = {
	.name = "policy",
	.brief = "set the policy of devices",
	.argp = &argp,
	.run = run,
};
