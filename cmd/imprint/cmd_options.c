/* SPDX-License-Identifier: Apache-2.0 */
/* imprint options COMMAND: print the OPTIONS section of a man page, in scdoc. */
#include <string.h>

#include "commands.h"

static const struct argp argp = { 0 };

static void print_option(const struct argp_option *o, void *arg)
{
	(void)arg;
	if (o->key > 32 && o->key < 127)
		printf("*-%c*%s%s%s, ", o->key, o->arg ? " _" : "", o->arg ? o->arg : "",
		       o->arg ? "_" : "");
	printf("*--%s*%s%s%s\n\t%s.\n\n", o->name, o->arg ? "=_" : "",
	       o->arg ? o->arg : "", o->arg ? "_" : "", o->doc);
}

static int run(const struct cli *cli, int argc, char **argv, struct imp_error *err)
{
	const struct cli_cmd *cmd = argc == 2 ? cli_find(argv[1]) : NULL;

	(void)cli;
	if (!cmd)
		return imp_fail(err, IMP_EUSAGE, "options: name one command");
	cli_each_option(cmd->argp, print_option, NULL);
	cli_each_option(&cli_std_argp, print_option, NULL);
	return 0;
}

const struct cli_cmd cmd_options = {
	.name = "options",
	.brief = "print options for man",
	.argp = &argp,
	.run = run,
};
