/* SPDX-License-Identifier: Apache-2.0 */
/* Option groups that commands share; each has its defaults. */
#ifndef IMPRINT_ARGS_H
#define IMPRINT_ARGS_H

#include "cli.h"

/* The metavar of an option is its type, for completion and man pages. The whole
 * vocabulary: FILE DIR KEY PUB DEVICE ID N FD SECONDS NAME=VALUE CHAR A,B LIST FAULT
 * DATE HOST:PORT M:PUB,... MODEM WORD, or words|with|bars. */

/* -o, --force */
struct out_args {
	const char *path; /* NULL: standard output */
	bool force;
};
extern const struct argp out_argp;
extern const struct argp file_argp; /* the same, for what must be a file */

/* -k, --pass-fd */
struct key_args {
	const char *path; /* NULL: not given */
	int pass_fd;	  /* -1: ask on the terminal */
};
extern const struct argp key_argp;

/* --to-approve */
struct form_args {
	bool many; /* others sign it besides */
};
extern const struct argp form_argp;

enum { DEVICES_MAX = 1024, IDS_MAX = 64 };

/* -d, --timeout, --id */
struct dev_args {
	const char *device[DEVICES_MAX];
	size_t devices;
	uint32_t timeout_ms;
	const char *id[IDS_MAX]; /* serials, imeis or ueids to pick */
	size_t ids;		 /* 0: any device */
};
extern const struct argp dev_argp;
extern const struct argp ports_argp; /* the same without --id */

/* --json */
struct report_args {
	bool json;
};
extern const struct argp report_argp;

/* A list of paths, for repeatable options. */
enum { PATHS_MAX = 16 };
struct path_list {
	const char *path[PATHS_MAX];
	size_t count;
};
void path_list_add(struct argp_state *state, struct path_list *l, const char *path);

/* The character of --delimiter, or tab, which is hard to type; argp_error() where it is
 * none. */
char cli_delimiter(struct argp_state *state, const char *arg);

#endif
