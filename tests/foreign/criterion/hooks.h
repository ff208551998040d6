/* SPDX-License-Identifier: Apache-2.0 */
/* A hook before all tests is for sanitizers: here there are none, and nobody calls it. */
#ifndef IMPRINT_FOREIGN_CRITERION_HOOKS_H
#define IMPRINT_FOREIGN_CRITERION_HOOKS_H

struct criterion_test_set;

#define ReportHook(when) __attribute__((unused)) static void hook_##when

#endif
