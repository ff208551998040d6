/* SPDX-License-Identifier: Apache-2.0 */
/* What a user's commands remember from run to run, and what they are told once. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "statedir.h"

/* imprint/NAME in the folder that a variable names, or else in one below the user's own.
 */
static bool of_user(const char *variable, const char *below, const char *name,
		    char out[PATH_MAX])
{
	const char *folder = getenv(variable), *home = getenv("HOME");
	bool relative = !folder || folder[0] != '/';
	bool homeless = !home || home[0] != '/';
	int n = snprintf(out, PATH_MAX, "%s%s/imprint/%s",
			 !relative  ? folder
			 : homeless ? ""
				    : home,
			 relative ? below : "", name);

	return n >= 0 && n < PATH_MAX && !(relative && homeless);
}

int state_path(const char *name, bool make, char out[PATH_MAX], struct imp_error *err)
{
	if (!of_user("XDG_STATE_HOME", "/.local/state", name, out))
		return imp_fail(err, IMP_EUSAGE,
				"no place for what is remembered: expected HOME or "
				"XDG_STATE_HOME");
	return make ? imp_folders_make(out, 0700, err) : 0;
}

bool config_path(size_t i, const char *name, char out[PATH_MAX])
{
	const char *at = getenv("XDG_CONFIG_DIRS");
	size_t len;
	int n;

	if (i == 0) {
		if (!of_user("XDG_CONFIG_HOME", "/.config", name, out))
			out[0] = '\0';
		return true;
	}
	if (!at || !*at)
		at = "/etc/xdg";
	while (--i > 0 && at[strcspn(at, ":")])
		at += strcspn(at, ":") + 1;
	len = strcspn(at, ":");
	n = snprintf(out, PATH_MAX, "%.*s/imprint/%s", (int)len, at, name);
	if (at[0] != '/' || n < 0 || n >= PATH_MAX)
		out[0] = '\0';
	return i == 0;
}
