/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files: bounded reading, atomic writing (host only).
 *
 * An output file appears under its name whole or not at all: it is written beside its
 * target, synced, and renamed. "-" means standard input or output.
 */
#ifndef IMP_BASE_FILE_H
#define IMP_BASE_FILE_H

#include "base/secret.h"

/* The words and the code for a read() or open() that failed, by errno: -IMP_EUSAGE; where
 * the machine fails (descriptors, memory, disk) -IMP_ERESOURCE; -IMP_EINTERRUPTED where a
 * signal came that is handled. */
int imp_read_failed(const char *name, struct imp_error *err);
/*
 * Read a whole file, once, into *out (so that what is checked is what is used).
 *
 *   path   a file; "-" is standard input; a directory is an error
 *   max    bytes; one more is -IMP_EFORMAT
 *
 * 0, -IMP_EUSAGE (no such file, no permission), -IMP_EFORMAT, -IMP_ERESOURCE.
 */
int imp_file_read(const char *path, size_t max, struct imp_secret *out,
		  struct imp_error *err) IMP_MUST_CHECK;

/*
 * The same for a key: a regular file, or "-"; nobody is waited for at a FIFO.
 *
 * 0, -IMP_EKEY (no such file, too large), -IMP_ERESOURCE.
 */
int imp_file_read_key(const char *path, size_t max, struct imp_secret *out,
		      struct imp_error *err) IMP_MUST_CHECK;

/*
 * The same for a private key or seed: a regular file that belongs to this user, not a
 * symbolic link, with no permission for group or others, in no folder that others may
 * write. 0, -IMP_EKEY, -IMP_ERESOURCE.
 */
int imp_file_read_private(const char *path, size_t max, struct imp_secret *out,
			  struct imp_error *err) IMP_MUST_CHECK;

/*
 * Open a file that will be read more than once: a regular file as it is, anything else (a
 * pipe, "-") as a copy without a name that nobody else can open, in $TMPDIR or /tmp.
 *
 *   fd    owned by the caller, at its start
 *
 * 0, -IMP_EUSAGE (no such file, a folder), -IMP_EFORMAT (more than 1 GiB from a pipe),
 * -IMP_EINTERRUPTED, -IMP_ERESOURCE (no room for the copy).
 */
int imp_file_open_twice(const char *path, int *fd, struct imp_error *err) IMP_MUST_CHECK;

/* What an errno of making a file says: -IMP_EUSAGE is a name that cannot be, else there
 * is no room for it (-IMP_ERESOURCE). */
enum imp_code imp_file_code(int number);
/*
 * Record by errno why something cannot be written, and what helps: what is free where,
 * who may write.
 *
 *   path    NULL: standard output
 *   doing   "cannot create it"; NULL: writing
 *
 * -imp_file_code(errno); -IMP_EINTERRUPTED.
 */
int imp_write_failed(const char *path, const char *doing, struct imp_error *err);
/* Write all of the bytes. 0, or -1 with errno. */
int imp_write_all(int fd, struct imp_span bytes) IMP_MUST_CHECK;

/*
 * A file without a name that nobody else can open, in $TMPDIR or /tmp.
 *
 *   what   must wait there, for the message: "standard input"
 *   fd     owned by the caller
 *
 * 0, or -IMP_ERESOURCE.
 */
int imp_spool_open(const char *what, int *fd, struct imp_error *err) IMP_MUST_CHECK;
/* Record by errno that there is no room for it. -IMP_ERESOURCE. */
int imp_spool_failed(const char *what, struct imp_error *err);
/* Where it is. */
const char *imp_spool_folder(void);

enum imp_out_flags {
	IMP_OUT_PRIVATE = 1, /* mode 0600 whatever the umask */
	IMP_OUT_FORCE = 2,   /* replace what is there */
	IMP_OUT_BINARY = 4,  /* refuse a terminal */
};

struct imp_out {
	struct imp_secret held; /* not written yet; holds no block when closed */
	int fd;			/* owned, unless it is standard output */
	char *path, *tmp;	/* owned; both NULL for standard output, tmp NULL for what
				 * passes bytes on */
	unsigned flags;
};

/*
 * Open for writing.
 *
 *   path    NULL or "-": standard output; a character device or FIFO (/dev/null): written
 *           as it is; else a regular file, created beside itself until the commit
 *
 * 0, -IMP_EUSAGE (exists and no IMP_OUT_FORCE, a folder or symbolic link, a terminal, no
 * such folder), -IMP_ERESOURCE.
 */
int imp_out_open(struct imp_out *out, const char *path, unsigned flags,
		 struct imp_error *err) IMP_MUST_CHECK;
/* Would imp_out_open() take this path, by what is there now? 0, -IMP_EUSAGE. */
int imp_out_check(const char *path, unsigned flags, struct imp_error *err) IMP_MUST_CHECK;
/* 0, or -IMP_ERESOURCE (disk full, closed pipe). */
int imp_out_write(struct imp_out *out, struct imp_span bytes, struct imp_error *err)
	IMP_MUST_CHECK;
/* Open a file without a name for `what`, which must wait there. 0, or -IMP_ERESOURCE. */
int imp_out_spool(struct imp_out *out, const char *what, struct imp_error *err)
	IMP_MUST_CHECK;
/* All that a spool was given, into another output. 0, or -IMP_ERESOURCE. */
int imp_out_copy(struct imp_out *spool, struct imp_out *to, struct imp_error *err)
	IMP_MUST_CHECK;
/* Sync, give it its name, sync the folder; leaves *out closed. 0, or -IMP_ERESOURCE. */
int imp_out_commit(struct imp_out *out, struct imp_error *err) IMP_MUST_CHECK;
/* Could this path be replaced, by all that can be seen before? 0, or -IMP_EUSAGE. */
int imp_out_possible(const char *path, struct imp_error *err) IMP_MUST_CHECK;
enum { IMP_FOLDER_LOCK_S = 10 };
/*
 * Wait until nobody else holds the folder that `path` stands in, at most
 * IMP_FOLDER_LOCK_S, and hold it: for those who read a file and replace it.
 *
 *   fd   to be handed to imp_folder_unlock()
 *
 * 0, -IMP_EUSAGE, -IMP_ERESOURCE.
 */
int imp_folder_lock(const char *path, int *fd, struct imp_error *err) IMP_MUST_CHECK;
/* Accepts -1. Fits CLEANUP(). */
void imp_folder_unlock(int *fd);
/* Make the folders that the last name of a path stands in, where they are not there. 0,
 * -IMP_EUSAGE, -IMP_ERESOURCE. */
int imp_folders_make(const char *path, unsigned mode, struct imp_error *err)
	IMP_MUST_CHECK;
/* Sync the folder that `path` stands in, so that its name lasts. 0, or -IMP_ERESOURCE. */
int imp_folder_sync(const char *path, struct imp_error *err) IMP_MUST_CHECK;
/* Drop what was not committed. Accepts a zeroed struct. Fits CLEANUP(). */
void imp_out_abort(struct imp_out *out);

#endif
