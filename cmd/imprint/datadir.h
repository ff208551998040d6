/* SPDX-License-Identifier: Apache-2.0 */
/* Where installed data lies. */
#ifndef IMPRINT_DATADIR_H
#define IMPRINT_DATADIR_H

#include <stddef.h>

/* The folder of object descriptions: $IMPRINT_DATADIR/objects, or beside a binary that
 * was not installed, or the installed one. */
void objects_dir(char *out, size_t cap);
/* The folder of modem descriptions, found in the same way. */
void modems_dir(char *out, size_t cap);

#endif
