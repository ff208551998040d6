/* SPDX-License-Identifier: Apache-2.0 */
/* imprint help: the commands that a newcomer needs, or all; the options of one. */
#include "cli.h"

struct args {
	bool all;
	char *command; /* NULL: none */
};

enum { OPT_ALL = 'a' };

static const struct argp_option options[] = {
	{ "all", OPT_ALL, NULL, 0, "List every command", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case OPT_ALL:
		a->all = true;
		return 0;
	case ARGP_KEY_ARG:
		if (a->command)
			return ARGP_ERR_UNKNOWN;
		a->command = arg;
		return 0;
	case ARGP_KEY_END:
		if (a->all && a->command)
			argp_error(state, "--all or COMMAND, not both");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "[COMMAND]",
	.doc = "List the commands, or show the options of COMMAND.",
};

/* What COMMAND --help prints; that ends the process. */
static int show(const char *name, char *typed, struct imp_error *err)
{
	const struct cli cli = { .cmd = cli_find(name) };
	char help[] = "--help", *argv[] = { typed, help, NULL };

	return cli.cmd ? cli.cmd->run(&cli, 2, argv, err) : cli_unknown(name, err);
}

static int run(const struct cli *cli, int argc, char **argv, struct imp_error *err)
{
	struct args a = { 0 };

	(void)cli;
	cli_parse(cli_find("help"), argc, argv, &a);
	if (a.command)
		return show(a.command, argv[0], err);
	for (const struct cli_cmd *const *c = cli_cmds; *c; c++)
		if (a.all || (*c)->basic)
			printf("  %-10s %s\n", (*c)->name, (*c)->brief);
	printf("\nEach has a man page (man imprint-push) and --help.%s\n",
	       a.all ? "" : " 'imprint help --all' lists the rest.");
	return 0;
}

const struct cli_cmd cmd_help = {
	.name = "help",
	.brief = "list the commands",
	.argp = &argp,
	.run = run,
	.basic = true,
};
