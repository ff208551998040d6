/* SPDX-License-Identifier: Apache-2.0 */
/* imprint help: the commands that a newcomer needs, or all. */
#include "cli.h"

struct args {
	bool all;
};

enum { OPT_ALL = 'a' };

static const struct argp_option options[] = {
	{ "all", OPT_ALL, NULL, 0, "List every command", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	(void)arg;
	if (key != OPT_ALL)
		return ARGP_ERR_UNKNOWN;
	a->all = true;
	return 0;
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.doc = "List the commands.",
};

static int run(const struct cli *cli, int argc, char **argv, struct imp_error *err)
{
	struct args a = { 0 };

	(void)cli;
	(void)err;
	cli_parse(cli_find("help"), argc, argv, &a);
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
