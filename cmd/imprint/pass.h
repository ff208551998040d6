/* SPDX-License-Identifier: Apache-2.0 */
/* Passphrases: from the terminal without echo, or lines of a descriptor, one a key in the
 * order in which a command reads its keys; never from arguments. */
#ifndef IMPRINT_PASS_H
#define IMPRINT_PASS_H

#include "crypto/key.h"

struct pass_source {
	int fd; /* -1: the terminal; else a line for each encrypted key */
};

/* For imp_key_read_private(); `source` is borrowed. */
struct imp_pass pass_from(struct pass_source *source);
/* Ask for a new passphrase, on a terminal twice. 0, -IMP_EKEY, -IMP_EINTERRUPTED. */
int pass_new(struct pass_source *source, const char *path, struct imp_secret *out,
	     struct imp_error *err);

#endif
