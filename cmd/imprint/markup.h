/* SPDX-License-Identifier: Apache-2.0 */
/* Text from outside in XML and HTML. */
#ifndef IMPRINT_MARKUP_H
#define IMPRINT_MARKUP_H

#include <stdio.h>

#include "base/bytes.h"

/* Nothing in it is markup; bytes that are not UTF-8 and hidden characters become \xNN. */
void markup_text(FILE *f, struct imp_span text, bool attribute);

#endif
