/* SPDX-License-Identifier: Apache-2.0 */
/* Where installed data lies. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "datadir.h"

/* A binary that was not installed finds the profiles of its source tree, three folders
 * up. */
static bool beside_binary(char *out, size_t cap)
{
	char exe[2048];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	for (int up = 0; up < 4 && n > 0; up++) {
		while (n > 0 && exe[n - 1] != '/')
			n--;
		n -= n > 0;
	}
	if (n <= 0)
		return false;
	snprintf(out, cap, "%.*s/profiles/objects", (int)n, exe);
	return access(out, R_OK) == 0;
}

void objects_dir(char *out, size_t cap)
{
	const char *data = getenv("IMPRINT_DATADIR");

	if (!data && beside_binary(out, cap))
		return;
	snprintf(out, cap, "%s/objects", data ? data : IMPRINT_DATADIR_DEFAULT);
}
