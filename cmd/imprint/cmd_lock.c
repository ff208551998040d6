/* SPDX-License-Identifier: Apache-2.0 */
/* imprint lock: mark devices as locked for good. */
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
	.doc = "Lock devices: a mark that is never taken off. verify --require-locked asks for it.",
	.children = children,
};

static int make(struct owner *o, const struct imp_target *target, uint32_t epoch,
		struct imp_writer *w, struct imp_error *err)
{
	struct imp_command m = { .op = IMP_OP_LOCK };

	return owner_command(o, &m, target, epoch, w, err);
}

static int run(const struct cli *cli, int argc, char **argv, struct imp_error *err)
{
	CLEANUP(owner_close) struct owner o = { .verb = "lock", .make = make };
	struct args a = { 0 };
	int rc;

	(void)cli;
	cli_parse(&cmd_lock, argc, argv, &a);
	o.ctx = &a;
	rc = owner_open(&o, &a.owner, err);
	return rc ? rc : owner_run(&o, &a.owner, err);
}

const struct cli_cmd cmd_lock = {
	.name = "lock",
	.brief = "lock devices for good",
	.argp = &argp,
	.run = run,
};
