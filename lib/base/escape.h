/* SPDX-License-Identifier: Apache-2.0 */
/* Text from outside, as a terminal may be shown it (host only). */
#ifndef IMP_BASE_ESCAPE_H
#define IMP_BASE_ESCAPE_H

#include "base/bytes.h"

/*
 * Copy text; each byte of what is not UTF-8, of a control and of a bidirectional
 * character becomes \xNN.
 *
 *   out    NUL-terminated; what does not fit is cut between characters
 *   cap    bytes, at least 1
 */
void imp_escape(char *out, size_t cap, struct imp_span text);

#endif
