/* SPDX-License-Identifier: Apache-2.0 */
/* Where installed data lies. */
#ifndef IMPRINT_DATADIR_H
#define IMPRINT_DATADIR_H

#include <stddef.h>

/* A folder of data, "examples/calibration": in $IMPRINT_DATADIR, or beside a binary that
 * was not installed, or where it is installed. */
void data_dir(char *out, size_t cap, const char *folder);
/* That of object descriptions. */
void objects_dir(char *out, size_t cap);
/* The folder of modem descriptions, found in the same way. */
void modems_dir(char *out, size_t cap);
/* The file of USB interfaces, likewise. */
void usb_file(char *out, size_t cap);

#endif
