/* SPDX-License-Identifier: Apache-2.0 */
/* A first project: an example, keys for tests, and what to type next. */
#ifndef IMPRINT_PROJECT_H
#define IMPRINT_PROJECT_H

#include "crypto/host.h"
#include "split.h"

enum { PROJECT_FILES = 32, PROJECT_NAME = 64, PROJECT_NEXT = 3, PROJECT_COMMAND = 256 };

struct project_file {
	char name[PROJECT_NAME];
	bool private; /* mode 0600 */
};

struct project {
	struct split folder;
	struct project_file file[PROJECT_FILES]; /* in the order that they were made */
	size_t count;
	/* The first commands that its README.md tells to type. */
	char next[PROJECT_NEXT][PROJECT_COMMAND];
	size_t nexts;
};

/*
 * Make a project folder: the files of an example and of profiles/init, test keys of an
 * owner and a factory, and a seed.
 *
 *   path      a new folder, or an empty one
 *   example   the name of a folder in profiles/examples
 *
 * 0 with the folder there, whole; -IMP_EUSAGE (it is not empty, no installed data),
 * -IMP_ERESOURCE, -IMP_EINTERRUPTED, and nothing is left of it.
 */
int project_make(struct project *p, struct imp_crypto *crypto, const char *path,
		 const char *example, struct imp_error *err);

#endif
