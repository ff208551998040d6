/* SPDX-License-Identifier: Apache-2.0 */
/* Libraries that are loaded: what is missing is named. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/load.h"

struct some {
	size_t (*length)(const char *text);
	void (*absent)(void);
};

static const struct imp_symbol symbol[] = {
	{ "strlen", offsetof(struct some, length) },
	{ "imprint_has_no_such", offsetof(struct some, absent) },
};

static struct imp_library library(const char *file, size_t symbols)
{
	return (struct imp_library){ file,	  "libc6", "glibc 2.36",
				     IMP_ELEDGER, symbol,  symbols };
}

Test(load, fills_the_pointers)
{
	const struct imp_library libc = library("libc.so.6", 1);
	struct some some = { 0 };

	cr_assert_eq(imp_load(&libc, &some, NULL), 0);
	cr_assert_eq(some.length("four"), 4);
}

Test(load, a_library_that_is_not_there)
{
	const struct imp_library none = library("libimprint-none.so.0", 1);
	struct imp_error err = { 0 };
	struct some some;

	cr_assert_eq(imp_load(&none, &some, &err), -IMP_ELEDGER);
	cr_assert(strstr(err.msg, "libimprint-none.so.0 cannot be loaded"));
	cr_assert(strstr(err.msg, "hint: apt install libc6"));
}

Test(load, a_library_that_is_too_old)
{
	const struct imp_library old = library("libc.so.6", 2);
	struct imp_error err = { 0 };
	struct some some;

	cr_assert_eq(imp_load(&old, &some, &err), -IMP_ELEDGER);
	cr_assert_str_eq(err.msg,
			 "libc.so.6 has no imprint_has_no_such: expected that of "
			 "glibc 2.36 or later");
}
