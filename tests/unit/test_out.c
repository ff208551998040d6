/* SPDX-License-Identifier: Apache-2.0 */
/* Files appear whole under their names or not at all, in this order, whatever fails. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"

/* The calls that lib/base/file.c makes come here: they are noted, and one of them fails.
 */
static char calls[64];
static const char *failing; /* its letter and number: "s1" is the first fsync */
static int why;
static void (*before_name)(void); /* runs before a name is given */

static bool fails(char letter)
{
	char name[3] = { letter, '1', 0 };

	for (const char *c = calls; *c; c++)
		name[1] = (char)(name[1] + (*c == letter));
	calls[strlen(calls)] = letter;
	if (letter != 's' && before_name)
		before_name();
	errno = why;
	return failing && strcmp(name, failing) == 0;
}

int fsync(int fd)
{
	struct stat st;

	cr_assert_eq(fstat(fd, &st), 0);
	cr_assert(!S_ISREG(st.st_mode) || st.st_size == 3,
		  "synced before it was flushed");
	return fails('s') ? -1 : (int)syscall(SYS_fsync, fd);
}

int rename(const char *from, const char *to)
{
	return fails('r') ? -1
			  : (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
	return fails('n')
		       ? -1
		       : (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, flags);
}

int link(const char *from, const char *to)
{
	return fails('l') ? -1
			  : (int)syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0);
}

/* The names of files that are not finished are drawn; here everybody knows them. */
ssize_t getrandom(void *buf, size_t len, unsigned flags)
{
	(void)flags;
	memset(buf, 0xab, len);
	return (ssize_t)len;
}

static char folder[] = "/tmp/imprint-file-XXXXXX";
static char path[64];

static void put(const char *content)
{
	FILE *f = fopen(path, "w");

	cr_assert_not_null(f);
	fputs(content, f);
	fclose(f);
}

/* What the file holds; "" where there is none. */
static const char *held(void)
{
	static char buf[32];
	FILE *f = fopen(path, "r");
	size_t n = f ? fread(buf, 1, sizeof(buf) - 1, f) : 0;

	if (f)
		fclose(f);
	buf[n] = '\0';
	return buf;
}

static unsigned entries(void)
{
	DIR *d = opendir(folder);
	unsigned n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

static void start(void)
{
	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/out", folder);
}

static void stop(void)
{
	unlink(path);
	cr_assert_eq(rmdir(folder), 0, "something was left behind");
}

TestSuite(out, .init = start, .fini = stop);

static int write_new(unsigned flags, struct imp_error *err)
{
	struct imp_out out = { 0 };

	cr_assert_eq(imp_out_open(&out, path, flags, err), 0);
	cr_assert_eq(imp_out_write(&out, IMP_TEXT("new"), err), 0);
	return imp_out_commit(&out, err);
}

static void still_old(void)
{
	cr_assert_str_eq(held(), "old", "before the name is given");
}

Test(out, content_is_on_the_disk_before_its_name_and_the_name_before_success)
{
	struct imp_error err = { 0 };

	put("old");
	before_name = still_old;
	cr_assert_eq(write_new(IMP_OUT_FORCE, &err), 0);
	cr_assert_str_eq(calls, "srs");
	cr_assert_str_eq(held(), "new");
	before_name = NULL;
	memset(calls, 0, sizeof(calls));
	unlink(path);
	cr_assert_eq(write_new(0, &err), 0);
	cr_assert_str_eq(calls, "sls");
	cr_assert_eq(entries(), 1);
}

/* DISK-06; DISK-02 for what is not given a name then. */
Test(out, a_name_that_cannot_be_given_leaves_what_was_there)
{
	static const struct {
		const char *call, *calls;
		int why;
		unsigned flags;
	} cases[] = {
		{ "r1", "sr", EXDEV, IMP_OUT_FORCE },
		{ "r1", "sr", EIO, IMP_OUT_FORCE },
		{ "l1", "sl", EXDEV, 0 },
		{ "l1", "sl", EMLINK, 0 },
		{ "s1", "s", EIO, IMP_OUT_FORCE },
		{ "s1", "s", EIO, 0 },
	};

	for (size_t i = 0; i < COUNTOF(cases); i++) {
		struct imp_error err = { 0 };

		unlink(path);
		if (cases[i].flags)
			put("old");
		memset(calls, 0, sizeof(calls));
		failing = cases[i].call;
		why = cases[i].why;
		cr_assert_eq(write_new(cases[i].flags, &err), -IMP_ERESOURCE);
		cr_assert_str_eq(calls, cases[i].calls);
		cr_assert_not_null(strstr(err.msg, path), "%s", err.msg);
		cr_assert_not_null(strstr(err.msg, strerror(why)), "%s", err.msg);
		cr_assert_str_eq(held(), cases[i].flags ? "old" : "");
		cr_assert_eq(entries(), cases[i].flags ? 1 : 0);
	}
}

static void put_other(void)
{
	put("other");
}

/* A memory stick has no links, and renames without replacing. */
Test(out, without_links_the_name_is_given_all_the_same)
{
	struct imp_error err = { 0 };

	failing = "l1";
	why = EPERM;
	cr_assert_eq(write_new(0, &err), 0);
	cr_assert_str_eq(calls, "slns");
	cr_assert_str_eq(held(), "new");
	memset(calls, 0, sizeof(calls));
	unlink(path);
	before_name = put_other;
	cr_assert_eq(write_new(0, &err), -IMP_EUSAGE);
	cr_assert_str_eq(held(), "other");
	cr_assert_eq(entries(), 1);
}

Test(out, a_folder_that_cannot_be_synced_is_no_success)
{
	struct imp_error err = { 0 };

	failing = "s2";
	why = EIO;
	cr_assert_eq(write_new(0, &err), -IMP_ERESOURCE);
	cr_assert_not_null(strstr(err.msg, "sync"), "%s", err.msg);
}

/* PERM-03: what somebody put there meanwhile is not replaced either. */
Test(out, a_name_that_was_taken_meanwhile_stays_with_its_file)
{
	struct imp_error err = { 0 };

	before_name = put_other;
	cr_assert_eq(write_new(0, &err), -IMP_EUSAGE);
	cr_assert_not_null(strstr(err.msg, "exists already"), "%s", err.msg);
	cr_assert_str_eq(held(), "other");
	cr_assert_eq(entries(), 1);
}

/* PERM-01: somebody who guessed the name of the unfinished file has put a link there, or
 * a file of his own. */
Test(out, what_lies_at_the_unfinished_name_is_not_written)
{
	char tmp[80], target[80];
	struct imp_error err = { 0 };
	struct imp_out out = { 0 };

	snprintf(tmp, sizeof(tmp), "%s.abababab.tmp", path);
	snprintf(target, sizeof(target), "%s/target", folder);
	cr_assert_eq(symlink(target, tmp), 0);
	cr_assert_eq(imp_out_open(&out, path, 0, &err), -IMP_ERESOURCE);
	cr_assert_neq(access(target, F_OK), 0);
	cr_assert_eq(unlink(tmp), 0, "still there, it is not ours");
	put("theirs");
	cr_assert_eq((int)syscall(SYS_rename, path, tmp), 0);
	cr_assert_eq(imp_out_open(&out, path, 0, &err), -IMP_ERESOURCE);
	cr_assert_eq((int)syscall(SYS_rename, tmp, path), 0);
	cr_assert_str_eq(held(), "theirs");
}
