/* SPDX-License-Identifier: Apache-2.0 */
/* Where installed data lies. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "datadir.h"

/* A binary that was not installed finds the profiles of its source tree, three folders
 * up. */
static bool beside_binary(char *out, size_t cap, const char *folder)
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
	snprintf(out, cap, "%.*s/profiles/%s", (int)n, exe, folder);
	return access(out, R_OK) == 0;
}

void data_dir(char *out, size_t cap, const char *folder)
{
	const char *data = getenv("IMPRINT_DATADIR");

	if (!data && beside_binary(out, cap, folder))
		return;
	snprintf(out, cap, "%s/%s", data ? data : IMPRINT_DATADIR_DEFAULT, folder);
}

void objects_dir(char *out, size_t cap)
{
	data_dir(out, cap, "objects");
}

void modems_dir(char *out, size_t cap)
{
	data_dir(out, cap, "modems");
}

void usb_file(char *out, size_t cap)
{
	data_dir(out, cap, "usb.yaml");
}
