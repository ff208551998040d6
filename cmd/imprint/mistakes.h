/* SPDX-License-Identifier: Apache-2.0 */
/* Mistakes in sources, shown to people. */
#ifndef IMPRINT_MISTAKES_H
#define IMPRINT_MISTAKES_H

#include "source/mistake.h"

/* Show what imp_mistake_put() gathered on standard error, and forget it. 0, or
 * -IMP_ERESOURCE. */
int mistakes_say(struct imp_secret *mistakes, struct imp_error *err);

/*
 * Mistakes are kept up to 64 KiB: what was appended behind that is dropped, and "... and
 * more" takes its place once.
 *
 *   before   bytes that *mistakes had before it was appended to
 *
 * 0, or -IMP_ERESOURCE.
 */
int mistakes_limit(struct imp_secret *mistakes, size_t before, struct imp_error *err);

/* One mistake as a line of JSON on standard output. */
void mistake_json(const struct imp_mistake *m);

#endif
