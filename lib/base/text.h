/* SPDX-License-Identifier: Apache-2.0 */
/* What a file is that is not CBOR, for messages (host only). */
#ifndef IMP_BASE_TEXT_H
#define IMP_BASE_TEXT_H

#include "base/bytes.h"

#define IMP_TEXT_PEM "PEM"

/* IMP_TEXT_PEM, "text (CSV)", "text (YAML)", "text"; NULL where it does not look like
 * text. */
const char *imp_text_kind(struct imp_span all);

#endif
