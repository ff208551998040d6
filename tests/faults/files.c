/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that change files, reading, and standard output. */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shim.h"

int open(const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;

	va_start(ap, flags);
	if (flags & (O_CREAT | __O_TMPFILE))
		mode = va_arg(ap, mode_t);
	va_end(ap);
	if ((flags & O_ACCMODE) != O_RDONLY && fails(hit_at(OPEN, AT_FDCWD, path)))
		return -1;
	return NEXT(open)(path, flags, mode);
}

int openat(int dir, const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;

	va_start(ap, flags);
	if (flags & (O_CREAT | __O_TMPFILE))
		mode = va_arg(ap, mode_t);
	va_end(ap);
	if ((flags & O_ACCMODE) != O_RDONLY && fails(hit_at(OPEN, dir, path)))
		return -1;
	return NEXT(openat)(dir, path, flags, mode);
}

ssize_t write(int fd, const void *buf, size_t len)
{
	int what = fd == STDERR_FILENO ? 0 : hit_fd(WRITE, fd);

	if (fails(what))
		return -1;
	return NEXT(write)(fd, buf, what == SHORT && len > 1 ? len / 2 : len);
}

ssize_t pwrite(int fd, const void *buf, size_t len, off_t at)
{
	int what = hit_fd(WRITE, fd);

	return fails(what) ? -1
			   : NEXT(pwrite)(fd, buf,
					  what == SHORT && len > 1 ? len / 2 : len, at);
}

ssize_t send(int fd, const void *buf, size_t len, int flags)
{
	int what = hit_fd(WRITE, fd);

	return fails(what) ? -1
			   : NEXT(send)(fd, buf, what == SHORT && len > 1 ? len / 2 : len,
					flags);
}

int ftruncate(int fd, off_t len)
{
	return fails(hit_fd(WRITE, fd)) ? -1 : NEXT(ftruncate)(fd, len);
}

ssize_t read(int fd, void *buf, size_t len)
{
	int what = hit_fd(READ, fd);

	return fails(what) ? -1
			   : NEXT(read)(fd, buf,
					what == SHORT && len > 1 ? (len + 1) / 2 : len);
}

ssize_t pread(int fd, void *buf, size_t len, off_t at)
{
	int what = hit_fd(READ, fd);

	return fails(what)
		       ? -1
		       : NEXT(pread)(fd, buf,
				     what == SHORT && len > 1 ? (len + 1) / 2 : len, at);
}

int fsync(int fd)
{
	return fails(hit_fd(SYNC, fd)) ? -1 : NEXT(fsync)(fd);
}

int fdatasync(int fd)
{
	return fails(hit_fd(SYNC, fd)) ? -1 : NEXT(fdatasync)(fd);
}

/* All below the folder: the trace tells it by a star. */
int syncfs(int fd)
{
	return fails(hit_two(SYNC, fd, NULL, -1, "*")) ? -1 : NEXT(syncfs)(fd);
}

/* Linux closes the descriptor whatever close() says. */
int close(int fd)
{
	int what = hit_fd(CLOSE, fd), bad = NEXT(close)(fd);

	return fails(what) ? -1 : bad;
}

int rename(const char *from, const char *to)
{
	return fails(hit_two(RENAME, AT_FDCWD, from, AT_FDCWD, to))
		       ? -1
		       : NEXT(rename)(from, to);
}

int renameat2(int from_fd, const char *from, int to_fd, const char *to,
	      unsigned int flags)
{
	return fails(hit_two(RENAME, from_fd, from, to_fd, to))
		       ? -1
		       : NEXT(renameat2)(from_fd, from, to_fd, to, flags);
}

int link(const char *from, const char *to)
{
	return fails(hit_two(LINK, AT_FDCWD, from, AT_FDCWD, to)) ? -1
								  : NEXT(link)(from, to);
}

int unlink(const char *path)
{
	return fails(hit_at(UNLINK, AT_FDCWD, path)) ? -1 : NEXT(unlink)(path);
}

int unlinkat(int dir, const char *path, int flags)
{
	return fails(hit_at(UNLINK, dir, path)) ? -1 : NEXT(unlinkat)(dir, path, flags);
}

int rmdir(const char *path)
{
	return fails(hit_at(UNLINK, AT_FDCWD, path)) ? -1 : NEXT(rmdir)(path);
}

int mkdir(const char *path, mode_t mode)
{
	return fails(hit_at(MKDIR, AT_FDCWD, path)) ? -1 : NEXT(mkdir)(path, mode);
}

/* Their names are known only when they are there. */
int mkostemp(char *path, int flags)
{
	int fd = NEXT(mkostemp)(path, flags);

	if (fd < 0 || !fails(hit_at(OPEN, AT_FDCWD, path)))
		return fd;
	syscall(SYS_unlinkat, AT_FDCWD, path, 0);
	syscall(SYS_close, fd);
	return -1;
}

char *mkdtemp(char *path)
{
	char *made = NEXT(mkdtemp)(path);

	if (!made || !fails(hit_at(MKDIR, AT_FDCWD, path)))
		return made;
	syscall(SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR);
	return NULL;
}

/* As libc does it: on with the rest after a short write; what a failure leaves is lost.
 */
static ssize_t stream_write(void *cookie, const char *buf, size_t len)
{
	size_t done = 0;

	(void)cookie;
	while (done < len) {
		ssize_t n = write(STDOUT_FILENO, buf + done, len - done);

		if (n < 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

void take_stdout(void)
{
	const cookie_io_functions_t io = { .write = stream_write };

	stdout = fopencookie(NULL, "w", io);
}
