/* SPDX-License-Identifier: Apache-2.0 */
/* The command table and what every subcommand shares. */
#ifndef IMPRINT_CLI_H
#define IMPRINT_CLI_H

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"

struct cli {
	const struct cli_cmd *cmd; /* the one that runs */
};

struct cli_cmd {
	const char *name;  /* as typed: "push" */
	const char *brief; /* imperative, no full stop */
	const struct argp *argp;
	int (*run)(const struct cli *cli, int argc, char **argv, struct imp_error *err);
	bool basic;  /* among the dozen that a newcomer needs */
	int variant; /* for commands that share run: which of them */
};

extern const struct cli_cmd *const cli_cmds[];	 /* public, NULL-terminated */
extern const struct cli_cmd *const cli_hidden[]; /* for shells and the build */

/*
 * Parse argv into *input with cmd->argp and the standard options. Prints and
 * exits on --help and on misuse (status 2); otherwise returns.
 */
void cli_parse(const struct cli_cmd *cmd, int argc, char **argv, void *input);
/* argp_parse() with our flags; whatever keeps it from its work ends the process. */
void cli_argp(const struct argp *argp, int argc, char **argv, int *first, void *input);
const struct cli_cmd *cli_find(const char *name);
/* There is no such command: -IMP_EUSAGE, with the nearest name and all names. */
int cli_unknown(const char *name, struct imp_error *err);

/* Call fn for each visible option of argp and its children. */
void cli_each_option(const struct argp *argp,
		     void (*fn)(const struct argp_option *o, void *arg), void *arg);

extern const struct argp cli_std_argp; /* --help, --usage: part of every command */

/* A text of an option, 1 to max bytes of UTF-8 without control characters; argp_error()
 * otherwise. */
const char *cli_text(struct argp_state *state, const char *what, const char *arg,
		     size_t max);
/* A day, which begins at midnight, or a moment, UTC: "2027-01-31",
 * "2027-01-31T12:00:00Z". Seconds since 1970; false: it is neither. Source: RFC 3339 5.6.
 */
bool cli_date(const char *text, uint64_t *out);
/* A number of an option, in min..max; argp_error() otherwise. */
uint64_t cli_number(struct argp_state *state, const char *what, const char *arg,
		    uint64_t min, uint64_t max);

/* In a child, before it becomes another program: signals and limits as this process got
 * them. */
void cli_put_back(void);
/* Becomes readable when the user interrupts. */
int cli_cancel_fd(void);
/* 0, or -IMP_EINTERRUPTED once the user has interrupted. */
int cli_check_cancel(struct imp_error *err);

#endif
