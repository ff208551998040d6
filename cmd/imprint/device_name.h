/* SPDX-License-Identifier: Apache-2.0 */
/* Names of devices as people type them. */
#ifndef IMPRINT_DEVICE_NAME_H
#define IMPRINT_DEVICE_NAME_H

#include "base/error.h"

/* Is this a name that can be looked for: a known scheme, "all", something that is there,
 * a path from the root? 0, or -IMP_EUSAGE with what may have been meant. */
int device_name_check(const char *name, struct imp_error *err) IMP_MUST_CHECK;
/* A simulated device that is no terminal: its link says the name. False: it is none. */
bool device_name_link(const char *path, char *out, size_t cap);

#endif
