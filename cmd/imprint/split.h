/* SPDX-License-Identifier: Apache-2.0 */
/* A folder of files that appears whole or not at all. */
#ifndef IMPRINT_SPLIT_H
#define IMPRINT_SPLIT_H

#include "base/bytes.h"
#include "base/error.h"

struct split {
	const char *path; /* borrowed; NULL: nothing begun */
	char *tmp;	  /* beside it, until the commit; owned */
	int fd;		  /* of tmp */
	bool private;	  /* modes 0700 and 0600 whatever the umask */
};

/* Make the folder. 0, -IMP_EUSAGE (exists, no such parent), -IMP_ERESOURCE. */
int split_begin(struct split *s, const char *path, bool private, struct imp_error *err);
/* One file. 0, -IMP_EUSAGE (two of one name), -IMP_ERESOURCE. */
int split_put(struct split *s, const char *name, struct imp_span bytes,
	      struct imp_error *err);
/* Sync all of it at once, and give it its name. */
int split_commit(struct split *s, struct imp_error *err);
/* Remove what was not committed. Accepts a zeroed struct. */
void split_abort(struct split *s);

#endif
