/* SPDX-License-Identifier: Apache-2.0 */
/* What a user's commands remember from run to run, and what they are told once. */
#ifndef IMPRINT_STATEDIR_H
#define IMPRINT_STATEDIR_H

#include <limits.h>

#include "base/bytes.h"
#include "base/error.h"

/*
 * The path of a file in $XDG_STATE_HOME/imprint, or in ~/.local/state/imprint.
 *
 *   make   also the folders that it stands in, for this user alone
 *
 * 0, -IMP_EUSAGE (neither is known), -IMP_ERESOURCE. Source: XDG Base Directory
 * Specification.
 */
int state_path(const char *name, bool make, char out[PATH_MAX], struct imp_error *err);
/*
 * The i-th place of a file of configuration: in $XDG_CONFIG_HOME/imprint (~/.config where
 * that is not set), then in imprint of each of $XDG_CONFIG_DIRS (/etc/xdg).
 *
 *   out   "" where that place is none, such as a relative one
 *
 * False: there are no more. Source: XDG Base Directory Specification.
 */
bool config_path(size_t i, const char *name, char out[PATH_MAX]);

#endif
