/* SPDX-License-Identifier: Apache-2.0 */
/* imprint floor: raise the domain-epoch of domains. */
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "owner.h"

struct args {
	struct owner_args owner;
	uint16_t domains; /* bit d */
	uint32_t floor[16];
};

static const struct argp_option options[] = {
	{ "raise", 'R', "DOMAIN=EPOCH", 0, "Raise DOMAIN (1 to 15) to EPOCH; repeatable",
	  0 },
	{ 0 },
};

/* DOMAIN=EPOCH */
static void add(struct argp_state *state, struct args *a, const char *arg)
{
	char *end;
	unsigned long domain = strtoul(arg, &end, 10);

	if (end == arg || *end != '=' || domain < 1 || domain > 15)
		argp_error(state,
			   "--raise: '%s' is not DOMAIN=EPOCH with a domain from 1 to 15",
			   arg);
	a->floor[domain] = (uint32_t)cli_number(state, "--raise", end + 1, 1, UINT32_MAX);
	a->domains |= (uint16_t)(1u << domain);
}

static const struct argp_child children[] = { { &owner_argp, 0, NULL, 0 }, { 0 } };

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->owner;
		return 0;
	case 'R':
		add(state, a, arg);
		return 0;
	case ARGP_KEY_END:
		if (a->domains == 0)
			argp_error(state, "missing --raise DOMAIN=EPOCH");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.doc = "Raise domain-epochs: whatever was signed for a lower one is dead. Never lowered again.",
	.children = children,
};

static int make(struct owner *o, const struct imp_target *target, uint32_t epoch,
		struct imp_writer *w, struct imp_error *err)
{
	const struct args *a = o->ctx;
	struct imp_command m = { .op = IMP_OP_FLOOR, .domains = a->domains };

	memcpy(m.floor, a->floor, sizeof(m.floor));
	return owner_command(o, &m, target, epoch, w, err);
}

static int run(const struct cli *cli, int argc, char **argv, struct imp_error *err)
{
	CLEANUP(owner_close) struct owner o = { .verb = "floor", .make = make };
	struct args a = { 0 };
	int rc;

	(void)cli;
	cli_parse(&cmd_floor, argc, argv, &a);
	o.ctx = &a;
	rc = owner_open(&o, &a.owner, err);
	return rc ? rc : owner_run(&o, &a.owner, err);
}

const struct cli_cmd cmd_floor = {
	.name = "floor",
	.brief = "raise the domain-epochs of devices",
	.argp = &argp,
	.run = run,
};
