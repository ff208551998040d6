/* SPDX-License-Identifier: Apache-2.0 */
/* What a user's commands remember from run to run. */
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "statedir.h"

int state_path(const char *name, bool make, char out[PATH_MAX], struct imp_error *err)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	bool relative = !state || state[0] != '/';
	bool homeless = !home || home[0] != '/';
	int n = snprintf(out, PATH_MAX, "%s%s/imprint/%s",
			 !relative  ? state
			 : homeless ? ""
				    : home,
			 relative ? "/.local/state" : "", name);

	if (n < 0 || n >= PATH_MAX || (relative && homeless))
		return imp_fail(err, IMP_EUSAGE,
				"no place for what is remembered: expected HOME or "
				"XDG_STATE_HOME");
	return make ? imp_folders_make(out, 0700, err) : 0;
}
