/* SPDX-License-Identifier: Apache-2.0 */
/* Who has a device node open: a walk over /proc. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"
#include "transport/holder.h"

DEFINE_CLEANUP(DIR *, closedir);

static bool has_open(const char *pid, const struct stat *want)
{
	char path[300];
	CLEANUP(closedirp) DIR *dir = NULL;

	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	dir = opendir(path);
	for (struct dirent *e = dir ? readdir(dir) : NULL; e; e = readdir(dir)) {
		struct stat st;

		snprintf(path, sizeof(path), "/proc/%s/fd/%s", pid, e->d_name);
		if (e->d_name[0] != '.' && stat(path, &st) == 0 && S_ISCHR(st.st_mode) &&
		    st.st_rdev == want->st_rdev)
			return true;
	}
	return false;
}

static void name_of(const char *pid, char *out, size_t cap)
{
	char path[300], comm[32] = "?";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	f = fopen(path, "re");
	if (f) {
		if (fgets(comm, sizeof(comm), f))
			comm[strcspn(comm, "\n")] = '\0';
		fclose(f);
	}
	snprintf(out, cap, "process %s (%s)", pid, comm);
}

bool imp_holder_name(const char *path, char *out, size_t cap)
{
	CLEANUP(closedirp) DIR *proc = opendir("/proc");
	struct stat want;

	if (!proc || stat(path, &want) != 0)
		return false;
	for (struct dirent *e = readdir(proc); e; e = readdir(proc)) {
		if (e->d_name[0] < '0' || e->d_name[0] > '9' ||
		    strtol(e->d_name, NULL, 10) == getpid())
			continue;
		if (has_open(e->d_name, &want)) {
			name_of(e->d_name, out, cap);
			return true;
		}
	}
	return false;
}
