/* SPDX-License-Identifier: Apache-2.0 */
/* A question to whoever sits at the terminal. */
#ifndef IMPRINT_ASK_H
#define IMPRINT_ASK_H

#include "base/error.h"

/*
 * Ask on the terminal; an answer that begins with y is a yes.
 *
 *   question   without its mark: "Sign it"
 *
 * 1, 0; -IMP_EUSAGE: there is no terminal; -IMP_EINTERRUPTED.
 */
int ask_yes(const char *question, struct imp_error *err);
/* Wait for one byte of what is typed or piped: what follows is not ours to take. 1; 0: it
 * has ended; -IMP_EINTERRUPTED. */
int ask_byte(int fd, char *c, struct imp_error *err);

#endif
