/* SPDX-License-Identifier: Apache-2.0 */
/* Append: what could not be written waits, and nobody waits for ever. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "object/append.h"
#include "object/index.h"

static char folder[64], path[80];
static struct imp_appender file;

static void begin(void)
{
	struct imp_error err = { 0 };

	snprintf(folder, sizeof(folder), "append.%d", getpid());
	snprintf(path, sizeof(path), "%s/e", folder);
	cr_assert_eq(mkdir(folder, 0700), 0);
	cr_assert_eq(imp_appender_init(&file, path, IMP_BATCH_EVIDENCE, &err), 0);
}

static void end(void)
{
	imp_appender_fini(&file);
	unlink(path);
	rmdir(path);
	rmdir(folder);
}

static int nobodys(void *ctx, struct imp_span item, struct imp_span *key,
		   struct imp_error *err)
{
	(void)ctx;
	(void)item;
	(void)err;
	*key = (struct imp_span){ 0 };
	return 0;
}

static size_t items(void)
{
	struct imp_index index = { 0 };
	struct imp_error err = { 0 };
	size_t count;

	cr_assert_eq(
		imp_index_open(&index, path, IMP_BATCH_EVIDENCE, nobodys, NULL, &err), 0,
		"%s", err.msg);
	count = index.count;
	imp_index_close(&index);
	return count;
}

static int append(const char *item, struct imp_error *err)
{
	return imp_append(&file, imp_span_str(item), err);
}

TestSuite(append, .init = begin, .fini = end);

Test(append, what_failed_waits_for_the_next_call)
{
	struct imp_error err = { 0 };

	cr_assert_eq(append("\x01", &err), 0, "%s", err.msg);
	cr_assert_eq(unlink(path), 0);
	cr_assert_eq(mkdir(path, 0700), 0);
	cr_assert_lt(append("\x02", &err), 0);
	cr_assert_lt(append("\x03", &err), 0);
	cr_assert_eq(rmdir(path), 0);
	cr_assert_eq(append("\x04", &err), 0, "%s", err.msg);
	cr_assert_eq(items(), 3);
}

Test(append, what_waits_is_bounded)
{
	static char large[48 * 1024]; /* a text of so many bytes, as CBOR */
	const uint32_t len = sizeof(large) - 4;
	struct imp_error err = { 0 };
	int rc = 0, tries;

	large[0] = 0x79;
	large[1] = (char)(len >> 8);
	large[2] = (char)len;
	for (size_t i = 3; i < sizeof(large) - 1; i++)
		large[i] = 'x';
	cr_assert_eq(mkdir(path, 0700), 0);
	for (tries = 0; tries < 100 && rc != -IMP_ERESOURCE; tries++)
		rc = append(large, &err);
	cr_assert_eq(rc, -IMP_ERESOURCE);
	cr_assert_lt(tries, 30);
	cr_assert_eq(rmdir(path), 0);
	cr_assert_eq(append(large, &err), -IMP_ERESOURCE,
		     "it is not among those written");
	cr_assert_eq(append("\x01", &err), 0, "%s", err.msg);
	cr_assert_eq(items(), (size_t)tries);
}

Test(append, a_folder_that_is_held_is_given_up)
{
	struct imp_error err = { 0 };
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	cr_assert_geq(fd, 0);
	cr_assert_eq(flock(fd, LOCK_EX), 0);
	cr_assert_eq(append("\x01", &err), -IMP_ERESOURCE);
	cr_assert(strstr(err.msg, "another program has held its folder for 10 s"), "%s",
		  err.msg);
	close(fd);
	cr_assert_eq(append("\x02", &err), 0, "%s", err.msg);
	cr_assert_eq(items(), 2);
}
