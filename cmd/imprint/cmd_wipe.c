/* SPDX-License-Identifier: Apache-2.0 */
/* imprint wipe: wipe domains of devices. */
#include "commands.h"
#include "owner.h"

struct args {
	struct owner_args owner;
	uint16_t domains; /* bit d */
};

static const struct argp_option options[] = {
	{ "domain", 'D', "N", 0, "Wipe domain N, 0 to 15; repeatable", 0 },
	{ 0 },
};

static const struct argp_child children[] = { { &owner_argp, 0, NULL, 0 }, { 0 } };

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->owner;
		return 0;
	case 'D':
		a->domains |= (uint16_t)(1u << cli_number(state, "--domain", arg, 0, 15));
		return 0;
	case ARGP_KEY_END:
		if (a->domains == 0)
			argp_error(state, "missing --domain N");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.doc = "Wipe the settings of domains. Pairs stay, so old packages stay refused.",
	.children = children,
};

static int make(struct owner *o, const struct imp_target *target, uint32_t epoch,
		struct imp_writer *w, struct imp_error *err)
{
	const struct args *a = o->ctx;
	struct imp_command m = { .op = IMP_OP_WIPE, .domains = a->domains };

	return owner_command(o, &m, target, epoch, w, err);
}

static int run(const struct cli *cli, int argc, char **argv, struct imp_error *err)
{
	CLEANUP(owner_close) struct owner o = { .verb = "wipe", .make = make };
	struct args a = { 0 };
	int rc;

	(void)cli;
	cli_parse(&cmd_wipe, argc, argv, &a);
	o.ctx = &a;
	rc = owner_open(&o, &a.owner, err);
	return rc ? rc : owner_run(&o, &a.owner, err);
}

const struct cli_cmd cmd_wipe = {
	.name = "wipe",
	.brief = "wipe domains of devices",
	.argp = &argp,
	.run = run,
};
