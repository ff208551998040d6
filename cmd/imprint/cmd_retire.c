/* SPDX-License-Identifier: Apache-2.0 */
/* imprint retire: decommission devices. */
#include "commands.h"
#include "owner.h"

struct args {
	struct owner_args owner;
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
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.parser = parse,
	.doc = "Decommission devices: every domain is wiped and nothing is accepted any more, for good.",
	.children = children,
};

static int make(struct owner *o, const struct imp_target *target, uint32_t epoch,
		struct imp_writer *w, struct imp_error *err)
{
	struct imp_command m = { .op = IMP_OP_DECOMMISSION };

	return owner_command(o, &m, target, epoch, w, err);
}

static int run(const struct cli *cli, int argc, char **argv, struct imp_error *err)
{
	CLEANUP(owner_close) struct owner o = { .verb = "retire", .make = make };
	struct args a = { 0 };
	int rc;

	(void)cli;
	cli_parse(&cmd_retire, argc, argv, &a);
	o.ctx = &a;
	rc = owner_open(&o, &a.owner, err);
	return rc ? rc : owner_run(&o, &a.owner, err);
}

const struct cli_cmd cmd_retire = {
	.name = "retire",
	.brief = "decommission devices for good",
	.argp = &argp,
	.run = run,
};
