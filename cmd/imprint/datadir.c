/* SPDX-License-Identifier: Apache-2.0 */
/* Where installed data lies. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
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

int open_spool(const char *dir)
{
	return open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
}

int spool(const char *path, int fd, struct imp_error *err)
{
	enum { CSV_MAX = 1 << 30 };
	CLEANUP(imp_secret_fini) struct imp_secret bytes = { 0 };
	int rc = imp_file_read(path, CSV_MAX, &bytes, err);

	for (size_t at = 0; !rc && at < bytes.len;) {
		ssize_t n = write(fd, bytes.ptr + at, bytes.len - at);

		if (n <= 0)
			rc = imp_fail(err, IMP_ERESOURCE, "%s: cannot be kept: %s", path,
				      strerror(errno));
		else
			at += (size_t)n;
	}
	return rc;
}
