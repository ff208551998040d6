/* SPDX-License-Identifier: Apache-2.0 */
/* Notes: what the user should know of what went well, on standard error. */
#ifndef IMPRINT_NOTE_H
#define IMPRINT_NOTE_H

#include "base/attr.h"

/* Say "note: ..." and end the line; names of files and columns in it cannot draw on a
 * terminal. Cut after 1023 bytes. */
void say_note(const char *fmt, ...) IMP_PRINTF(1, 2);

#endif
