/* SPDX-License-Identifier: Apache-2.0 */
/* Each test is a process of its own and answers for its leaks; the one that starts them
 * runs nothing of ours, and what it loses now and then is Criterion's. */
#include <criterion/hooks.h>
#include <stdbool.h>

static bool starts_others;

ReportHook(PRE_ALL)(struct criterion_test_set *tests)
{
	(void)tests;
	starts_others = true;
}

/* Asked by the sanitizer at the exit. Source: sanitizer/lsan_interface.h. */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
	return starts_others;
}
