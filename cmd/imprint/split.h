/* SPDX-License-Identifier: Apache-2.0 */
/* A folder of files that appears whole or not at all. */
#ifndef IMPRINT_SPLIT_H
#define IMPRINT_SPLIT_H

#include "base/bytes.h"
#include "base/error.h"

enum split_flags {
	SPLIT_PRIVATE = 1, /* modes 0700 and 0600 whatever the umask */
	SPLIT_EMPTY = 2,   /* an empty folder may stand there: it is replaced */
};

struct split {
	char *path;	  /* owned; NULL: nothing begun */
	char *tmp;	  /* beside it, until the commit; owned */
	int fd;		  /* of tmp */
	unsigned flags;	  /* of enum split_flags */
	bool has_private; /* some file is */
};

/* Make the folder. 0, -IMP_EUSAGE (exists, no such parent), -IMP_ERESOURCE. */
int split_begin(struct split *s, const char *path, unsigned flags, struct imp_error *err);
/* One file. 0, -IMP_EUSAGE (two of one name), -IMP_ERESOURCE. */
int split_put(struct split *s, const char *name, struct imp_span bytes,
	      struct imp_error *err);
/* The same with mode 0600, whatever the others have: not everybody may write the folder
 * then, whatever the umask. */
int split_put_private(struct split *s, const char *name, struct imp_span bytes,
		      struct imp_error *err);
/* Sync all of it at once, and give it its name. 0, -IMP_EUSAGE (meanwhile something
 * stands there), -IMP_ERESOURCE. */
int split_commit(struct split *s, struct imp_error *err);
/* Remove what was not committed. Accepts a zeroed struct. Fits CLEANUP(). */
void split_abort(struct split *s);

#endif
