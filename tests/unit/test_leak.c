/* SPDX-License-Identifier: Apache-2.0 */
/* Leaks on purpose: under a sanitizer this must fail, or no other leak would be seen. */
#include <criterion/criterion.h>
#include <stdlib.h>

static void *volatile kept;

Test(leak, is_seen)
{
	kept = malloc(100);
	kept = NULL;
	cr_assert(1);
}
