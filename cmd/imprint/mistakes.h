/* SPDX-License-Identifier: Apache-2.0 */
/* Mistakes in sources, shown to people. */
#ifndef IMPRINT_MISTAKES_H
#define IMPRINT_MISTAKES_H

#include "source/mistake.h"

/* Show what imp_mistake_put() gathered on standard error, and forget it. 0, or
 * -IMP_ERESOURCE. */
int mistakes_say(struct imp_secret *mistakes, struct imp_error *err);

#endif
