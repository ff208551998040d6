/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A libc in front of libc that fails on request: preloaded, or linked into the command.
 *
 * FAULT is CALL:FIRST[-LAST|+]:WHAT. CALL is one of `names`, or "change" for all that
 * changes files; "own" are the allocations ("alloc") that neither OpenSSL nor libyaml
 * makes. The calls from the FIRST to the LAST (default FIRST alone, + all that follow)
 * end with the errno WHAT, are cut to half their bytes ("short"), or end the process
 * ("kill") before they are made.
 *
 * FAULT_TRACE is a file that gets a line a call: change number, call, its number, path
 * and second path, separated by tabs; at exit two lines with the numbers of allocations,
 * which have no line each.
 *
 * FAULT_TIME is START[:STEP]: seconds that the real-time clock shows first, and by which
 * it moves at each look.
 *
 * A stream writes inside of libc, where nothing can be put in front: standard output goes
 * through a stream of ours.
 */
#ifndef FAULTS_SHIM_H
#define FAULTS_SHIM_H

#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>

/* The function behind ours. */
#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

enum call {
	OPEN,
	WRITE,
	SYNC,
	CLOSE,
	RENAME,
	LINK,
	UNLINK,
	MKDIR, /* up to here they change files */
	READ,
	ALLOC, /* whoever asks */
	OWN,   /* no other library does */
	THREAD,
	CLOCK,
	CALLS
};

enum { SHORT = -1, KILL = -2 };

/* What is done to a call, which is counted by this: an errno, SHORT, or 0. */
int hit(enum call call, const char *path, const char *second);
/* The same for a call that names a descriptor, a path below one, two such paths. */
int hit_fd(enum call call, int fd);
int hit_at(enum call call, int fd, const char *path);
int hit_two(enum call call, int from_fd, const char *from, int to_fd, const char *to);
/* Must it fail? Then errno is set. */
bool fails(int what);

/* files.c: from now on standard output is one of our streams. */
void take_stdout(void);

#endif
