/* SPDX-License-Identifier: Apache-2.0 */
/* Other processes: who has a device node open, who has a name. A walk over /proc. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"
#include "transport/holder.h"
#include "transport/host.h"

DEFINE_CLEANUP(DIR *, closedir);

static bool has_open(const char *pid, const void *arg)
{
	const struct stat *want = arg;
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

static void name_of(const char *pid, char comm[32])
{
	char path[300];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	snprintf(comm, 32, "?");
	f = fopen(path, "re");
	if (f) {
		if (fgets(comm, 32, f))
			comm[strcspn(comm, "\n")] = '\0';
		fclose(f);
	}
}

/* The first process but this one that fits. */
static bool find_process(bool (*fits)(const char *pid, const void *arg), const void *arg,
			 char *out, size_t cap)
{
	CLEANUP(closedirp) DIR *proc = opendir("/proc");

	for (struct dirent *e = proc ? readdir(proc) : NULL; e; e = readdir(proc)) {
		char comm[32];

		if (e->d_name[0] < '0' || e->d_name[0] > '9' ||
		    strtol(e->d_name, NULL, 10) == getpid() || !fits(e->d_name, arg))
			continue;
		name_of(e->d_name, comm);
		snprintf(out, cap, "process %s (%s)", e->d_name, comm);
		return true;
	}
	return false;
}

bool imp_holder_name(const char *path, char *out, size_t cap)
{
	struct stat want;

	return stat(path, &want) == 0 && find_process(has_open, &want, out, cap);
}

static bool is_named(const char *pid, const void *name)
{
	char comm[32];

	name_of(pid, comm);
	return strcmp(comm, name) == 0;
}

bool imp_process_find(const char *name, char *out, size_t cap)
{
	return find_process(is_named, name, out, cap);
}
