/* SPDX-License-Identifier: Apache-2.0 */
/* Bounded reading of files. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/wipe.h"

struct fd {
	int n;
	bool keep; /* standard input: not ours to close */
};

static void fd_close(struct fd *fd)
{
	if (!fd->keep && fd->n >= 0)
		close(fd->n);
}

/* What passes through may be a key. Wiped however the scope is left. */
struct chunk {
	uint8_t byte[16384];
};

static void chunk_wipe(struct chunk *c)
{
	imp_wipe(c, sizeof(*c));
}

static int read_all(int fd, const char *name, size_t max, struct imp_secret *out,
		    struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret got = { 0 };
	CLEANUP(chunk_wipe) struct chunk buf;
	int rc = imp_secret_reserve(&got, 1, err);

	while (!rc) {
		ssize_t n = read(fd, buf.byte, sizeof(buf.byte));

		if (n < 0)
			return imp_read_failed(name, err);
		if (n == 0)
			break;
		if ((size_t)n > max - got.len)
			return imp_fail(err, IMP_EFORMAT, "%s: larger than %zu bytes",
					name, max);
		rc = imp_secret_append(&got, (struct imp_span){ buf.byte, (size_t)n },
				       err);
	}
	if (rc)
		return imp_wrap(err, rc, "%s", name);
	imp_secret_fini(out);
	*out = got;
	got = (struct imp_secret){ 0 };
	return 0;
}

int imp_file_read(const char *path, size_t max, struct imp_secret *out,
		  struct imp_error *err)
{
	CLEANUP(fd_close) struct fd fd = { .n = STDIN_FILENO, .keep = true };
	struct stat st;

	if (strcmp(path, "-") != 0)
		fd = (struct fd){ .n = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY) };
	else
		path = "standard input";
	if (fd.n < 0 || fstat(fd.n, &st) != 0)
		return imp_read_failed(path, err);
	if (S_ISDIR(st.st_mode))
		return imp_fail(err, IMP_EUSAGE, "%s: is a folder, expected a file",
				path);
	return read_all(fd.n, path, max, out, err);
}

/* Whoever may write the folder may put another key under the same name. */
static int check_folder(const char *path, struct imp_error *err)
{
	char *copy = strdup(path);
	struct stat st;
	int bad;

	if (!copy)
		return imp_fail(err, IMP_ERESOURCE, "out of memory");
	bad = stat(dirname(copy), &st);
	free(copy);
	if (bad)
		return imp_read_failed(path, err);
	if ((st.st_mode & S_IWOTH) && !(st.st_mode & S_ISVTX))
		return imp_fail(err, IMP_EKEY, "%s: everybody may write its folder",
				path);
	return 0;
}

/* What a pipe may bring, at most. */
static const uint64_t COPY_MAX = UINT64_C(1) << 30;

static int copy_all(int from, int to, const char *name, struct imp_error *err)
{
	CLEANUP(chunk_wipe) struct chunk buf;
	uint64_t total = 0;
	int rc = 0;

	while (!rc) {
		ssize_t n = read(from, buf.byte, sizeof(buf.byte));

		if (n == 0)
			break;
		if (n < 0)
			rc = imp_read_failed(name, err);
		else if ((total += (uint64_t)n) > COPY_MAX)
			rc = imp_fail(err, IMP_EFORMAT, "%s: larger than %llu bytes",
				      name, (unsigned long long)COPY_MAX);
		else if (imp_write_all(to, (struct imp_span){ buf.byte, (size_t)n }))
			rc = imp_spool_failed(name, err);
	}
	if (!rc && lseek(to, 0, SEEK_SET) != 0)
		rc = imp_spool_failed(name, err);
	return rc;
}

int imp_file_open_twice(const char *path, int *fd, struct imp_error *err)
{
	const char *name = strcmp(path, "-") == 0 ? "standard input" : path;
	CLEANUP(fd_close) struct fd in = { .n = STDIN_FILENO, .keep = name != path };
	CLEANUP(fd_close) struct fd copy = { .n = -1 };
	struct stat st;
	int rc;

	if (name == path)
		in.n = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (in.n < 0 || fstat(in.n, &st) != 0)
		return imp_read_failed(name, err);
	if (S_ISDIR(st.st_mode))
		return imp_fail(err, IMP_EUSAGE, "%s: is a folder, expected a file",
				name);
	if (S_ISREG(st.st_mode) && name == path) {
		*fd = in.n;
		in.keep = true;
		return 0;
	}
	rc = imp_spool_open(name, &copy.n, err);
	if (!rc)
		rc = copy_all(in.n, copy.n, name, err);
	copy.keep = !rc;
	if (!rc)
		*fd = copy.n;
	return rc;
}

/* Whatever is wrong with the file of a key, the key cannot be used. */
static int as_key(int rc, struct imp_error *err)
{
	if (rc != -IMP_EUSAGE && rc != -IMP_EFORMAT)
		return rc;
	if (err)
		err->code = IMP_EKEY;
	return -IMP_EKEY;
}

/* A regular file; whoever stands at the other end of a FIFO is not waited for. */
static int open_key(const char *path, int flags, struct fd *fd, struct stat *st,
		    struct imp_error *err)
{
	fd->n = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | flags);
	if (fd->n < 0 && errno == ELOOP && (flags & O_NOFOLLOW))
		return imp_fail(err, IMP_EKEY,
				"%s: is a symbolic link, expected the key itself", path);
	if (fd->n < 0 || fstat(fd->n, st) != 0)
		return as_key(imp_read_failed(path, err), err);
	if (!S_ISREG(st->st_mode))
		return imp_fail(err, IMP_EKEY, "%s: is not a regular file", path);
	return 0;
}

int imp_file_read_key(const char *path, size_t max, struct imp_secret *out,
		      struct imp_error *err)
{
	CLEANUP(fd_close) struct fd fd = { .n = -1 };
	struct stat st;
	int rc;

	if (strcmp(path, "-") == 0)
		return as_key(imp_file_read(path, max, out, err), err);
	rc = open_key(path, 0, &fd, &st, err);
	return rc ? rc : as_key(read_all(fd.n, path, max, out, err), err);
}

int imp_file_read_private(const char *path, size_t max, struct imp_secret *out,
			  struct imp_error *err)
{
	CLEANUP(fd_close) struct fd fd = { .n = -1 };
	struct stat st;
	int rc = open_key(path, O_NOFOLLOW, &fd, &st, err);

	if (rc)
		return rc;
	if (st.st_uid != geteuid())
		return imp_fail(err, IMP_EKEY, "%s: belongs to user %u, not to you", path,
				st.st_uid);
	if (st.st_mode & 077) {
		rc = imp_fail(err, IMP_EKEY, "%s: mode is %04o, expected 0600", path,
			      st.st_mode & 07777);
		return imp_hint(err, rc, "chmod 600 %s", path);
	}
	rc = check_folder(path, err);
	return as_key(rc ? rc : read_all(fd.n, path, max, out, err), err);
}
