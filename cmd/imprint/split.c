/* SPDX-License-Identifier: Apache-2.0 */
/* A folder of files, synced once: a sync a file costs four times as much as the rest. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
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

int split_begin(struct split *s, const char *path, bool private, struct imp_error *err)
{
	size_t len = strlen(path);
	struct stat st;

	while (len > 1 && path[len - 1] == '/')
		len--;
	if (lstat(path, &st) == 0)
		return exists(path, err);
	*s = (struct split){ .path = path, .private = private, .fd = -1 };
	if (asprintf(&s->tmp, "%.*s.XXXXXX", (int)len, path) < 0) {
		s->tmp = NULL;
		return imp_fail(err, IMP_ERESOURCE, "out of memory");
	}
	if (!mkdtemp(s->tmp)) {
		int rc = imp_fail(err, imp_file_code(errno), "%s: cannot create it: %s",
				  path, strerror(errno));

		free(s->tmp);
		s->tmp = NULL;
		return rc;
	}
	s->fd = open(s->tmp, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return s->fd >= 0 ? 0
			  : imp_fail(err, IMP_ERESOURCE, "%s: %s", path, strerror(errno));
}

static int write_all(int fd, struct imp_span bytes)
{
	while (bytes.len > 0) {
		ssize_t n = write(fd, bytes.ptr, bytes.len);

		if (n < 0 && errno != EINTR)
			return -1;
		bytes.ptr += n > 0 ? n : 0;
		bytes.len -= n > 0 ? (size_t)n : 0;
	}
	return 0;
}

int split_put(struct split *s, const char *name, struct imp_span bytes,
	      struct imp_error *err)
{
	int fd = openat(s->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
			s->private ? 0600 : 0666);
	int bad;

	if (fd < 0 && errno == EEXIST)
		return imp_fail(err, IMP_EUSAGE, "%s/%s: two for one device", s->path,
				name);
	bad = fd < 0 || write_all(fd, bytes);
	if (fd >= 0)
		bad |= close(fd);
	return bad ? imp_fail(err, IMP_ERESOURCE, "%s/%s: %s", s->path, name,
			      strerror(errno))
		   : 0;
}

/* mkdtemp makes 0700: what is not private is as the umask says. */
static void set_mode(const struct split *s)
{
	mode_t mask = umask(0);

	umask(mask);
	if (!s->private)
		(void)fchmod(s->fd, 0777 & ~mask);
}

int split_commit(struct split *s, struct imp_error *err)
{
	int rc = 0;

	set_mode(s);
	if (syncfs(s->fd) != 0)
		rc = imp_fail(err, IMP_ERESOURCE, "%s: %s", s->path, strerror(errno));
	else if (renameat2(AT_FDCWD, s->tmp, AT_FDCWD, s->path, RENAME_NOREPLACE) != 0)
		rc = errno == EEXIST ? exists(s->path, err)
				     : imp_fail(err, IMP_ERESOURCE, "%s: %s", s->path,
						strerror(errno));
	if (rc)
		return rc;
	free(s->tmp);
	s->tmp = NULL;
	rc = imp_folder_sync(s->path, err);
	split_abort(s);
	return rc;
}

static void remove_all(const struct split *s)
{
	DIR *dir = fdopendir(dup(s->fd));
	struct dirent *e;

	while (dir && (e = readdir(dir)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			unlinkat(s->fd, e->d_name, 0);
	if (dir)
		closedir(dir);
	rmdir(s->tmp);
}

void split_abort(struct split *s)
{
	if (!s->path)
		return;
	if (s->tmp && s->fd >= 0)
		remove_all(s);
	if (s->fd >= 0)
		close(s->fd);
	free(s->tmp);
	*s = (struct split){ 0 };
}
