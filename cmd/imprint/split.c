/* SPDX-License-Identifier: Apache-2.0 */
/* A folder of files, synced once: a sync a file costs four times as much as the rest. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "split.h"

static int exists(const char *path, struct imp_error *err)
{
	int rc = imp_fail(err, IMP_EUSAGE, "%s: exists already", path);

	return imp_hint(err, rc, "name a new folder");
}

static int not_empty(const char *path, struct imp_error *err)
{
	int rc =
		imp_fail(err, IMP_EUSAGE, "%s: is there already, and is not empty", path);

	return imp_hint(err, rc, "name a new folder");
}

static bool is_empty(DIR *dir)
{
	struct dirent *e;

	while ((e = readdir(dir)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			return false;
	return true;
}

/* The folder takes the place of an empty one; whoever stands in that would be nowhere. */
static int check_empty(const char *path, struct imp_error *err)
{
	DIR *dir = opendir(path);
	struct stat there, here;
	int rc = 0;

	if (!dir || fstat(dirfd(dir), &there) != 0 || stat(".", &here) != 0)
		rc = imp_fail(err, IMP_EUSAGE, "%s: %s", path, strerror(errno));
	else if (!is_empty(dir))
		rc = not_empty(path, err);
	else if (there.st_dev == here.st_dev && there.st_ino == here.st_ino)
		rc = imp_hint(err,
			      imp_fail(err, IMP_EUSAGE,
				       "%s: is the folder that you are in, and a whole "
				       "new one would take its place",
				       path),
			      "go one up (cd ..) and name it from there");
	if (dir)
		closedir(dir);
	return rc;
}

/* Its name without slashes at the end, or of what is there already. */
static int set_path(struct split *s, const char *path, struct imp_error *err)
{
	size_t len = strlen(path);
	struct stat st;
	int rc = 0;

	while (len > 1 && path[len - 1] == '/')
		len--;
	if (lstat(path, &st) == 0) {
		rc = s->flags & SPLIT_EMPTY ? check_empty(path, err) : exists(path, err);
		if (!rc)
			s->path = realpath(path, NULL);
	} else {
		s->path = strndup(path, len);
	}
	return rc || s->path ? rc : imp_fail(err, IMP_ERESOURCE, "out of memory");
}

int split_begin(struct split *s, const char *path, unsigned flags, struct imp_error *err)
{
	CLEANUP(split_abort) struct split new = { .flags = flags, .fd = -1 };
	int rc = set_path(&new, path, err);

	if (rc)
		return rc;
	if (asprintf(&new.tmp, "%s.XXXXXX", new.path) < 0) {
		new.tmp = NULL;
		return imp_fail(err, IMP_ERESOURCE, "out of memory");
	}
	if (!mkdtemp(new.tmp)) {
		rc = imp_write_failed(path, "cannot create it", err);
		free(STEAL(new.tmp)); /* there is no such folder */
		return rc;
	}
	new.fd = open(new.tmp, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (new.fd < 0)
		return imp_write_failed(path, NULL, err);
	*s = new;
	new = (struct split){ 0 };
	return 0;
}

static int put(struct split *s, const char *name, struct imp_span bytes, mode_t mode,
	       struct imp_error *err)
{
	int fd = openat(s->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
			mode);
	char path[PATH_MAX];
	int bad;

	if (fd < 0 && errno == EEXIST)
		return imp_fail(err, IMP_EUSAGE, "%s/%s: two for one device", s->path,
				name);
	bad = fd < 0 || imp_write_all(fd, bytes);
	if (fd >= 0)
		bad |= close(fd);
	snprintf(path, sizeof(path), "%s/%s", s->path, name);
	return bad ? imp_write_failed(path, NULL, err) : 0;
}

int split_put(struct split *s, const char *name, struct imp_span bytes,
	      struct imp_error *err)
{
	return put(s, name, bytes, s->flags & SPLIT_PRIVATE ? 0600 : 0666, err);
}

int split_put_private(struct split *s, const char *name, struct imp_span bytes,
		      struct imp_error *err)
{
	s->has_private = true;
	return put(s, name, bytes, 0600, err);
}

/* mkdtemp makes 0700: what is not private is as the umask says. */
static void set_mode(const struct split *s)
{
	mode_t mask = umask(0);

	umask(mask);
	if (s->has_private)
		mask |= S_IWOTH;
	if (!(s->flags & SPLIT_PRIVATE))
		(void)fchmod(s->fd, 0777 & ~mask);
}

/* rename() replaces an empty folder and nothing else. */
static int give_name(const struct split *s, struct imp_error *err)
{
	unsigned how = s->flags & SPLIT_EMPTY ? 0 : RENAME_NOREPLACE;

	if (renameat2(AT_FDCWD, s->tmp, AT_FDCWD, s->path, how) == 0)
		return 0;
	if (errno == EEXIST || errno == ENOTEMPTY || errno == ENOTDIR)
		return how ? exists(s->path, err) : not_empty(s->path, err);
	return imp_write_failed(s->path, NULL, err);
}

int split_commit(struct split *s, struct imp_error *err)
{
	int rc;

	set_mode(s);
	rc = syncfs(s->fd) == 0 ? give_name(s, err)
				: imp_write_failed(s->path, NULL, err);
	if (rc)
		return rc;
	free(STEAL(s->tmp));
	rc = imp_folder_sync(s->path, err);
	split_abort(s);
	return rc;
}

static void remove_all(struct split *s)
{
	DIR *dir = s->fd >= 0 ? fdopendir(s->fd) : NULL;
	struct dirent *e;

	while (dir && (e = readdir(dir)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			unlinkat(s->fd, e->d_name, 0);
	if (dir) {
		closedir(dir);
		s->fd = -1;
	}
	rmdir(s->tmp);
}

void split_abort(struct split *s)
{
	if (!s->path)
		return;
	if (s->tmp)
		remove_all(s);
	if (s->fd >= 0)
		close(s->fd);
	free(s->tmp);
	free(s->path);
	*s = (struct split){ 0 };
}
