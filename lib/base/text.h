/* SPDX-License-Identifier: Apache-2.0 */
/* Words for messages. */
#ifndef IMP_BASE_TEXT_H
#define IMP_BASE_TEXT_H

#include "base/bytes.h"

#define IMP_TEXT_PEM "PEM"

/* "%u row%s", n, imp_plural(n) */
static inline const char *imp_plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

/* What a file is that is not CBOR (host only): IMP_TEXT_PEM, "text (CSV)", "text (YAML)",
 * "text"; NULL where it does not look like text. */
const char *imp_text_kind(struct imp_span all);

#endif
