/* SPDX-License-Identifier: Apache-2.0 */
/* What cannot be read or written: why, and what helps. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/file.h"

enum imp_code imp_file_code(int number)
{
	return number == ENOENT || number == EACCES || number == ENOTDIR ? IMP_EUSAGE
									 : IMP_ERESOURCE;
}

/* The file system that a file is on, or would be. */
struct place {
	struct stat st;
	struct statvfs fs;
	char name[256]; /* "/dev/sda1 (/home)", or the folder alone */
};

/* A line of proc_pid_mountinfo(5): the device's number is the third field, the mount
 * point the fifth, and its name the second behind " - ". */
static bool read_mount(const char *line, dev_t want, char name[static 256])
{
	const char *tail = strstr(line, " - ");
	char point[128], source[100];
	unsigned major, minor;

	if (sscanf(line, "%*u %*u %u:%u %*s %127s", &major, &minor, point) != 3 ||
	    makedev(major, minor) != want || !tail ||
	    sscanf(tail, " - %*s %99s", source) != 1)
		return false;
	snprintf(name, 256, "%s (%s)", source, point);
	return true;
}

static void name_device(struct place *p)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char line[1024];

	while (f && fgets(line, sizeof(line), f))
		if (read_mount(line, p->st.st_dev, p->name))
			break;
	if (f)
		fclose(f);
}

static bool find_place(const char *path, struct place *out)
{
	char copy[PATH_MAX];
	const char *folder = path;

	if (!path) {
		snprintf(out->name, sizeof(out->name), "standard output");
		return fstat(STDOUT_FILENO, &out->st) == 0 && S_ISREG(out->st.st_mode) &&
		       fstatvfs(STDOUT_FILENO, &out->fs) == 0;
	}
	/* The folder that there is, or will be in one that there is. */
	snprintf(copy, sizeof(copy), "%s", path);
	while (stat(folder, &out->st) != 0 || !S_ISDIR(out->st.st_mode)) {
		if (strcmp(folder, "/") == 0 || strcmp(folder, ".") == 0)
			return false;
		folder = dirname(copy);
	}
	snprintf(out->name, sizeof(out->name), "%.255s", folder);
	return statvfs(folder, &out->fs) == 0;
}

static int hint_space(const struct place *p, int rc, struct imp_error *err)
{
	if (p->fs.f_files > 0 && p->fs.f_favail == 0)
		return imp_hint(err, rc,
				"no file more fits on %s: 0 of %llu inodes are free",
				p->name, (unsigned long long)p->fs.f_files);
	return imp_hint(err, rc, "%llu bytes are free on %s",
			(unsigned long long)p->fs.f_bavail * p->fs.f_frsize, p->name);
}

static const struct {
	int number;
	const char *before, *after; /* the place stands between them */
} hints[] = {
	{ EDQUOT, "quota -s shows what you may still write to ", "" },
	{ EROFS, "", " is mounted read-only: name another folder" },
	{ EIO, "", " fails: dmesg shows how" },
	{ EFBIG, "ulimit -f shows how large a file may be on ", "" },
	{ EACCES, "ls -ld shows who may write to ", "" },
};

static int add_hint(const char *path, int number, int rc, struct imp_error *err)
{
	struct place p = { 0 };

	if (number == EMFILE || number == ENFILE)
		return imp_hint(err, rc, "ulimit -n shows how many files may be open");
	if (number == EXDEV)
		return imp_hint(err, rc,
				"a mount point is not replaced: name a file beside it");
	if (!find_place(path, &p))
		return rc;
	if (number != EACCES)
		name_device(&p);
	if (number == ENOSPC)
		return hint_space(&p, rc, err);
	for (size_t i = 0; i < COUNTOF(hints); i++)
		if (hints[i].number == number)
			return imp_hint(err, rc, "%s%s%s", hints[i].before, p.name,
					hints[i].after);
	return rc;
}

int imp_write_failed(const char *path, const char *doing, struct imp_error *err)
{
	const char *name = path ? path : "standard output";
	int number = errno, rc;

	if (number == EINTR)
		return imp_fail(err, IMP_EINTERRUPTED, "%s: interrupted", name);
	rc = imp_fail(err, imp_file_code(number), "%s: %s%s%s", name, doing ? doing : "",
		      doing ? ": " : "", strerror(number));
	return add_hint(path, number, rc, err);
}

/* Not the name is wrong: the machine. */
static bool is_trouble(int number)
{
	return number == EMFILE || number == ENFILE || number == ENOMEM || number == EIO;
}

int imp_read_failed(const char *name, struct imp_error *err)
{
	int number = errno, rc;

	if (number == EINTR)
		return imp_fail(err, IMP_EINTERRUPTED, "%s: interrupted", name);
	rc = imp_fail(err, is_trouble(number) ? IMP_ERESOURCE : IMP_EUSAGE, "%s: %s",
		      name, strerror(number));
	return is_trouble(number) ? add_hint(name, number, rc, err) : rc;
}

int imp_write_all(int fd, struct imp_span bytes)
{
	while (bytes.len > 0) {
		ssize_t n = write(fd, bytes.ptr, bytes.len);

		if (n < 0)
			return -1;
		bytes.ptr += n;
		bytes.len -= (size_t)n;
	}
	return 0;
}

/* Some file systems have no files without a name: those lose it at once. */
static int open_nameless(const char *dir)
{
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	char path[PATH_MAX];

	if (fd >= 0 || errno != EOPNOTSUPP)
		return fd;
	snprintf(path, sizeof(path), "%s/imprint.XXXXXX", dir);
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	return fd;
}

const char *imp_spool_folder(void)
{
	const char *dir = getenv("TMPDIR");

	return dir && dir[0] ? dir : "/tmp";
}

int imp_spool_failed(const char *what, struct imp_error *err)
{
	const char *dir = imp_spool_folder();
	int number = errno;
	int rc = imp_fail(err, IMP_ERESOURCE, "%s: no room to keep %s: %s", dir, what,
			  strerror(number));

	rc = add_hint(dir, number, rc, err);
	return imp_hint(err, rc, "TMPDIR names another folder for it");
}

int imp_spool_open(const char *what, int *fd, struct imp_error *err)
{
	*fd = open_nameless(imp_spool_folder());
	return *fd >= 0 ? 0 : imp_spool_failed(what, err);
}
