/* SPDX-License-Identifier: Apache-2.0 */
/* Files: what passed through leaves no trace, whatever went wrong. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

enum { STACK = 256 * 1024, MARKER = 16, LENGTH = 4096 };

static const char marker[MARKER + 1] = "0f1e2d3c4b5a6978";

/* What a test does with a file, on a stack that is looked at afterwards. */
struct call {
	int (*run)(const char *path);
	const char *path;
	int rc;
};

static void *run(void *arg)
{
	struct call *c = arg;

	c->rc = c->run(c->path);
	return NULL;
}

__attribute__((no_sanitize("address"))) static bool holds_marker(const uint8_t *at,
								 size_t len)
{
	for (size_t i = 0; i + MARKER <= len; i++) {
		size_t same = 0;

		while (same < MARKER && at[i + same] == (uint8_t)marker[same])
			same++;
		if (same == MARKER)
			return true;
	}
	return false;
}

/* Did the marker stay on the stack of a call? */
static bool stays(struct call *c)
{
	static _Alignas(4096) uint8_t stack[STACK];
	pthread_attr_t attr;
	pthread_t id;

	cr_assert_eq(pthread_attr_init(&attr), 0);
	cr_assert_eq(pthread_attr_setstack(&attr, stack, sizeof(stack)), 0);
	cr_assert_eq(pthread_create(&id, &attr, run, c), 0);
	cr_assert_eq(pthread_join(id, NULL), 0);
	pthread_attr_destroy(&attr);
	return holds_marker(stack, sizeof(stack));
}

static void fill(int fd)
{
	for (size_t i = 0; i < LENGTH / MARKER; i++)
		cr_assert_eq(write(fd, marker, MARKER), MARKER);
}

static int read_too_large(const char *path)
{
	struct imp_secret got = { 0 };

	return imp_file_read(path, LENGTH - 1, &got, NULL);
}

Test(file, a_file_that_is_too_large_stays_nowhere)
{
	char path[] = "/tmp/imprint-test-XXXXXX";
	int fd = mkstemp(path);
	struct call c = { read_too_large, path, 0 };

	cr_assert_geq(fd, 0);
	fill(fd);
	close(fd);
	cr_expect_not(stays(&c));
	cr_expect_eq(c.rc, -IMP_EFORMAT);
	unlink(path);
}

static int copy(const char *path)
{
	int fd;

	return imp_file_open_twice(path, &fd, NULL);
}

Test(file, a_copy_without_room_stays_nowhere)
{
	const struct rlimit small = { LENGTH / 2, LENGTH / 2 };
	char path[64];
	struct call c = { copy, path, 0 };
	int ends[2];

	cr_assert_eq(pipe(ends), 0);
	fill(ends[1]);
	close(ends[1]);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", ends[0]);
	signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
	cr_expect_not(stays(&c));
	cr_expect_eq(c.rc, -IMP_ERESOURCE);
}
