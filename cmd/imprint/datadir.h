/* SPDX-License-Identifier: Apache-2.0 */
/* Where installed data lies. */
#ifndef IMPRINT_DATADIR_H
#define IMPRINT_DATADIR_H

#include <stddef.h>

#include "base/error.h"

/* The folder of object descriptions: $IMPRINT_DATADIR/objects, or beside a binary that
 * was not installed, or the installed one. */
void objects_dir(char *out, size_t cap);
/* A temporary file without a name, for rows that come through a pipe; -1 with errno. */
int open_spool(const char *dir);
int spool(const char *path, int fd, struct imp_error *err);

#endif
