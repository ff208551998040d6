/* SPDX-License-Identifier: Apache-2.0 */
/* Bounded reading and atomic writing of files. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/wipe.h"

enum imp_code imp_file_code(int number)
{
	return number == ENOENT || number == EACCES || number == ENOTDIR ? IMP_EUSAGE
									 : IMP_ERESOURCE;
}

struct fd {
	int n;
	bool keep; /* standard input: not ours to close */
};

static void fd_close(struct fd *fd)
{
	if (!fd->keep && fd->n >= 0)
		close(fd->n);
}

int imp_read_failed(const char *name, struct imp_error *err)
{
	return imp_fail(err, errno == EINTR ? IMP_EINTERRUPTED : IMP_EUSAGE, "%s: %s",
			name, errno == EINTR ? "interrupted" : strerror(errno));
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
		return imp_fail(err, IMP_EUSAGE, "%s: %s", path, strerror(errno));
	if ((st.st_mode & S_IWOTH) && !(st.st_mode & S_ISVTX))
		return imp_fail(err, IMP_EKEY, "%s: everybody may write its folder",
				path);
	return 0;
}

/* What a pipe may bring, at most. */
static const uint64_t COPY_MAX = UINT64_C(1) << 30;

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
		else if (write_all(to, (struct imp_span){ buf.byte, (size_t)n }))
			rc = imp_fail(err, IMP_ERESOURCE, "%s: cannot be kept: %s", name,
				      strerror(errno));
	}
	if (!rc && lseek(to, 0, SEEK_SET) != 0)
		rc = imp_fail(err, IMP_ERESOURCE, "%s: %s", name, strerror(errno));
	return rc;
}

int imp_file_open_twice(const char *path, int *fd, struct imp_error *err)
{
	const char *dir = getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp";
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
	copy.n = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (copy.n < 0)
		return imp_fail(err, IMP_ERESOURCE, "%s: no room to keep %s: %s", dir,
				name, strerror(errno));
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
		return imp_fail(err, IMP_EKEY, "%s: %s", path, strerror(errno));
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
		if (fd >= 0 || errno != EEXIST)
			return fd;
	}
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
	int fd, rc = imp_out_check(path, o->flags, err);

	if (rc)
		return rc;
	if (lstat(path, &st) == 0 && S_ISREG(st.st_mode) && !(st.st_mode & 077))
		o->flags |= IMP_OUT_PRIVATE; /* what was private stays so */
	o->path = strdup(path);
	fd = o->path ? open_through(path) : -1;
	if (fd >= 0 && (o->flags & IMP_OUT_BINARY) && isatty(fd)) {
		close(fd);
		return terminal(err);
	}
	if (fd < 0)
		fd = o->path ? open_beside(o) : -1;
	if (fd < 0)
		return imp_fail(err, imp_file_code(errno), "%s: cannot create it: %s",
				path, strerror(errno));
	o->file = fdopen(fd, "wb");
	if (o->file)
		return 0;
	close(fd);
	return imp_fail(err, IMP_ERESOURCE, "%s: out of memory", path);
}

int imp_out_open(struct imp_out *out, const char *path, unsigned flags,
		 struct imp_error *err)
{
	CLEANUP(imp_out_abort) struct imp_out o = { .flags = flags };
	int rc;

	if (!path || strcmp(path, "-") == 0) {
		if ((flags & IMP_OUT_BINARY) && isatty(STDOUT_FILENO))
			return terminal(err);
		*out = (struct imp_out){ .file = stdout, .flags = flags };
		return 0;
	}
	rc = open_named(&o, path, err);
	if (rc)
		return rc;
	*out = o;
	o = (struct imp_out){ 0 };
	return 0;
}

static const char *name_of(const struct imp_out *out)
{
	return out->path ? out->path : "standard output";
}

int imp_out_write(struct imp_out *out, struct imp_span bytes, struct imp_error *err)
{
	if (bytes.len > 0 && fwrite(bytes.ptr, 1, bytes.len, out->file) != bytes.len)
		return imp_fail(err, IMP_ERESOURCE, "%s: %s", name_of(out),
				strerror(errno));
	return 0;
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
	return imp_fail(err, IMP_ERESOURCE, "%s: cannot sync its folder: %s", path,
			strerror(errno));
}

int imp_folder_lock(const char *path, int *fd, struct imp_error *err)
{
	int rc;

	*fd = open_folder(path);
	if (*fd < 0)
		return imp_fail(err, IMP_EUSAGE, "%s: %s", path, strerror(errno));
	do
		rc = flock(*fd, LOCK_EX);
	while (rc != 0 && errno == EINTR);
	return rc == 0 ? 0
		       : imp_fail(err, IMP_ERESOURCE, "%s: cannot lock its folder: %s",
				  path, strerror(errno));
}

void imp_folder_unlock(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

int imp_out_possible(const char *path, struct imp_error *err)
{
	CLEANUP(imp_folder_unlock) int fd = open_folder(path);
	struct stat st;

	if (strcmp(path, "-") == 0)
		return imp_fail(err, IMP_EUSAGE, "-: is added to, expected a file");
	if (fd < 0 || faccessat(fd, ".", W_OK | X_OK, AT_EACCESS) != 0)
		return imp_fail(err, IMP_EUSAGE, "%s: cannot be written: %s", path,
				strerror(errno));
	return lstat(path, &st) == 0 ? check_regular(path, st.st_mode, err) : 0;
}

/* Without force the name must still be free: link() refuses what rename() would replace.
 */
static int give_name(struct imp_out *out, struct imp_error *err)
{
	if (out->flags & IMP_OUT_FORCE) {
		if (rename(out->tmp, out->path) != 0)
			return imp_fail(err, IMP_ERESOURCE, "%s: %s", out->path,
					strerror(errno));
	} else {
		if (link(out->tmp, out->path) != 0)
			return errno == EEXIST ? exists(out->path, err)
					       : imp_fail(err, IMP_ERESOURCE, "%s: %s",
							  out->path, strerror(errno));
		unlink(out->tmp);
	}
	free(out->tmp);
	out->tmp = NULL;
	return imp_folder_sync(out->path, err);
}

int imp_out_commit(struct imp_out *out, struct imp_error *err)
{
	FILE *f = out->file;
	int rc;

	if (fflush(f) != 0 || (out->tmp && fsync(fileno(f)) != 0)) {
		rc = imp_fail(err, IMP_ERESOURCE, "%s: %s", name_of(out),
			      strerror(errno));
		imp_out_abort(out);
		return rc;
	}
	if (!out->path) {
		*out = (struct imp_out){ 0 };
		return 0;
	}
	out->file = NULL;
	if (fclose(f) != 0)
		rc = imp_fail(err, IMP_ERESOURCE, "%s: %s", out->path, strerror(errno));
	else
		rc = out->tmp ? give_name(out, err) : 0;
	imp_out_abort(out);
	return rc;
}

void imp_out_abort(struct imp_out *out)
{
	if (out->file && out->file != stdout)
		fclose(out->file);
	if (out->tmp)
		unlink(out->tmp);
	free(out->tmp);
	free(out->path);
	*out = (struct imp_out){ 0 };
}
