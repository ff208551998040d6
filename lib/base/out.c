/* SPDX-License-Identifier: Apache-2.0 */
/* Atomic writing of files, and what belongs to it: names, folders, locks. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"

enum { HELD = 65536 };

/* mkostemp would fix the mode at 0600; open() lets the umask decide for public files. */
static int open_beside(struct imp_out *out)
{
	for (unsigned tries = 0; tries < 16; tries++) {
		uint32_t r;
		int fd;

		if (getrandom(&r, sizeof(r), 0) != sizeof(r))
			return -1;
		free(out->tmp);
		if (asprintf(&out->tmp, "%s.%08x.tmp", out->path, r) < 0) {
			out->tmp = NULL;
			return -1;
		}
		fd = open(out->tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
			  out->flags & IMP_OUT_PRIVATE ? 0600 : 0666);
		if (fd >= 0)
			return fd;
		if (errno != EEXIST)
			break;
	}
	free(out->tmp); /* whatever has this name is not ours */
	out->tmp = NULL;
	return -1;
}

static int exists(const char *path, struct imp_error *err)
{
	int rc = imp_fail(err, IMP_EUSAGE, "%s: exists already", path);

	return imp_hint(err, rc, "--force replaces it");
}

static const char *kind_of(mode_t mode)
{
	return S_ISDIR(mode)	? "a folder"
	       : S_ISLNK(mode)	? "a symbolic link"
	       : S_ISBLK(mode)	? "a block device"
	       : S_ISCHR(mode)	? "a character device"
	       : S_ISFIFO(mode) ? "a FIFO"
				: "a socket";
}

static int check_regular(const char *path, mode_t mode, struct imp_error *err)
{
	if (S_ISREG(mode))
		return 0;
	return imp_fail(err, IMP_EUSAGE, "%s: is %s, expected a regular file", path,
			kind_of(mode));
}

/* What only passes bytes on has nothing that could be replaced. */
static bool passes_on(mode_t mode)
{
	return S_ISCHR(mode) || S_ISFIFO(mode);
}

int imp_out_check(const char *path, unsigned flags, struct imp_error *err)
{
	struct stat st;
	int rc;

	if ((stat(path, &st) == 0 && passes_on(st.st_mode)) || lstat(path, &st) != 0)
		return 0;
	rc = check_regular(path, st.st_mode, err);
	return rc || (flags & IMP_OUT_FORCE) ? rc : exists(path, err);
}

static int terminal(struct imp_error *err)
{
	int rc = imp_fail(err, IMP_EUSAGE, "no binary to a terminal");

	return imp_hint(err, rc, "use -o FILE, or a pipe");
}

/* /dev/null, /dev/stdout, a FIFO: opened as they are. -1: it is none, or became none. */
static int open_through(const char *path)
{
	struct stat st;
	int fd;

	if (stat(path, &st) != 0 || !passes_on(st.st_mode))
		return -1;
	fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 || (fstat(fd, &st) == 0 && passes_on(st.st_mode)))
		return fd;
	close(fd);
	return -1;
}

static int open_named(struct imp_out *o, const char *path, struct imp_error *err)
{
	struct stat st;
	int rc = imp_out_check(path, o->flags, err);

	if (rc)
		return rc;
	if (lstat(path, &st) == 0 && S_ISREG(st.st_mode) && !(st.st_mode & 077))
		o->flags |= IMP_OUT_PRIVATE; /* what was private stays so */
	o->path = strdup(path);
	o->fd = o->path ? open_through(path) : -1;
	if (o->fd >= 0 && (o->flags & IMP_OUT_BINARY) && isatty(o->fd))
		return terminal(err);
	if (o->fd < 0)
		o->fd = o->path ? open_beside(o) : -1;
	if (o->fd >= 0)
		return 0;
	if (errno == EINTR) /* nobody reads the FIFO */
		return imp_read_failed(path, err);
	return imp_write_failed(path, "cannot create it", err);
}

static int open_stdout(struct imp_out *o, struct imp_error *err)
{
	o->fd = STDOUT_FILENO;
	if ((o->flags & IMP_OUT_BINARY) && isatty(o->fd))
		return terminal(err);
	fflush(stdout); /* what was printed comes first */
	return 0;
}

int imp_out_open(struct imp_out *out, const char *path, unsigned flags,
		 struct imp_error *err)
{
	CLEANUP(imp_out_abort) struct imp_out o = { .flags = flags };
	int rc = imp_secret_reserve(&o.held, HELD, err);

	if (!rc)
		rc = path && strcmp(path, "-") != 0 ? open_named(&o, path, err)
						    : open_stdout(&o, err);
	if (rc)
		return rc;
	*out = o;
	o = (struct imp_out){ 0 };
	return 0;
}

static int write_all(const struct imp_out *out, struct imp_span bytes,
		     struct imp_error *err)
{
	return imp_write_all(out->fd, bytes) == 0
		       ? 0
		       : imp_write_failed(out->path, NULL, err);
}

static int flush(struct imp_out *out, struct imp_error *err)
{
	int rc = write_all(out, imp_secret_span(&out->held), err);

	out->held.len = 0;
	return rc;
}

int imp_out_write(struct imp_out *out, struct imp_span bytes, struct imp_error *err)
{
	int rc = 0;

	if (bytes.len > HELD - out->held.len)
		rc = flush(out, err);
	if (rc || bytes.len > HELD)
		return rc ? rc : write_all(out, bytes, err);
	return imp_secret_append(&out->held, bytes, err);
}

int imp_out_spool(struct imp_out *out, const char *what, struct imp_error *err)
{
	CLEANUP(imp_out_abort) struct imp_out o = { .path = strdup(imp_spool_folder()) };
	int rc = imp_spool_open(what, &o.fd, err);

	if (!rc && !o.path)
		rc = imp_fail(err, IMP_ERESOURCE, "out of memory");
	if (!rc)
		rc = imp_secret_reserve(&o.held, HELD, err);
	if (rc)
		return rc;
	*out = o;
	o = (struct imp_out){ 0 };
	return 0;
}

int imp_out_copy(struct imp_out *spool, struct imp_out *to, struct imp_error *err)
{
	ssize_t n = 1;
	int rc = flush(spool, err);

	if (!rc && lseek(spool->fd, 0, SEEK_SET) != 0)
		rc = imp_write_failed(spool->path, NULL, err);
	while (!rc && n > 0) {
		n = read(spool->fd, spool->held.ptr, HELD);
		if (n < 0)
			return imp_read_failed(spool->path, err);
		spool->held.len = (size_t)n;
		rc = imp_out_write(to, imp_secret_span(&spool->held), err);
	}
	return rc;
}

/* The folder that a path stands in; -1 with errno. */
static int open_folder(const char *path)
{
	char *copy = strdup(path);
	int fd = copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	free(copy);
	return fd;
}

int imp_folder_sync(const char *path, struct imp_error *err)
{
	CLEANUP(imp_folder_unlock) int fd = open_folder(path);

	if (fd >= 0 && (fsync(fd) == 0 || errno == EINVAL))
		return 0;
	return imp_write_failed(path, "cannot sync its folder", err);
}

int imp_folder_lock(const char *path, int *fd, struct imp_error *err)
{
	enum { LOOK_MS = 5, LOOKS = IMP_FOLDER_LOCK_S * 1000 / LOOK_MS };
	const struct timespec pause = { .tv_nsec = LOOK_MS * 1000000L };
	int rc;

	*fd = open_folder(path);
	if (*fd < 0)
		return imp_write_failed(path, "cannot lock its folder", err);
	for (int i = 0; i < LOOKS; i++) {
		rc = flock(*fd, LOCK_EX | LOCK_NB);
		if (rc == 0 || (errno != EINTR && errno != EWOULDBLOCK))
			return rc == 0 ? 0
				       : imp_write_failed(path, "cannot lock its folder",
							  err);
		nanosleep(&pause, NULL);
	}
	return imp_fail(err, IMP_ERESOURCE,
			"%s: another program has held its folder for %d s", path,
			IMP_FOLDER_LOCK_S);
}

void imp_folder_unlock(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

int imp_folders_make(const char *path, unsigned mode, struct imp_error *err)
{
	char folder[PATH_MAX];

	if (path[0] == 0 || strlen(path) >= sizeof(folder))
		return imp_fail(err, IMP_EUSAGE, "%s: is too long", path);
	snprintf(folder, sizeof(folder), "%s", path);
	for (char *at = strchr(folder + 1, '/'); at; at = strchr(at + 1, '/')) {
		*at = '\0';
		if (mkdir(folder, mode) && errno != EEXIST)
			return imp_write_failed(folder, "cannot be made", err);
		*at = '/';
	}
	return 0;
}

int imp_out_possible(const char *path, struct imp_error *err)
{
	CLEANUP(imp_folder_unlock) int fd = open_folder(path);
	struct stat st;

	if (strcmp(path, "-") == 0)
		return imp_fail(err, IMP_EUSAGE, "-: is added to, expected a file");
	if (fd < 0 || faccessat(fd, ".", W_OK | X_OK, AT_EACCESS) != 0)
		return imp_write_failed(path, "cannot be written", err);
	return lstat(path, &st) == 0 ? check_regular(path, st.st_mode, err) : 0;
}

/* The name must still be free: link() refuses what rename() would replace. Memory sticks
 * (FAT) have no links. */
static int take_name(const struct imp_out *out)
{
	if (link(out->tmp, out->path) == 0) {
		unlink(out->tmp);
		return 0;
	}
	if (errno != EPERM && errno != EOPNOTSUPP)
		return -1;
	return renameat2(AT_FDCWD, out->tmp, AT_FDCWD, out->path, RENAME_NOREPLACE);
}

static int give_name(struct imp_out *out, struct imp_error *err)
{
	int bad =
		out->flags & IMP_OUT_FORCE ? rename(out->tmp, out->path) : take_name(out);

	if (bad)
		return errno == EEXIST && !(out->flags & IMP_OUT_FORCE)
			       ? exists(out->path, err)
			       : imp_write_failed(out->path, NULL, err);
	free(out->tmp);
	out->tmp = NULL;
	return imp_folder_sync(out->path, err);
}

int imp_out_commit(struct imp_out *out, struct imp_error *err)
{
	int rc = flush(out, err);

	if (!rc && out->tmp && fsync(out->fd) != 0)
		rc = imp_write_failed(out->path, NULL, err);
	if (!rc && out->path) {
		if (close(out->fd) != 0)
			rc = imp_write_failed(out->path, NULL, err);
		out->fd = -1;
	}
	if (!rc && out->tmp)
		rc = give_name(out, err);
	imp_out_abort(out);
	return rc;
}

void imp_out_abort(struct imp_out *out)
{
	if (out->path && out->fd >= 0)
		close(out->fd);
	if (out->tmp)
		unlink(out->tmp);
	imp_secret_fini(&out->held);
	free(out->tmp);
	free(out->path);
	*out = (struct imp_out){ 0 };
}
