/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the unit tests use of Criterion, for machines that have no package of it: each
 * test in a process of its own, TAP on standard output.
 */
#ifndef IMPRINT_FOREIGN_CRITERION_H
#define IMPRINT_FOREIGN_CRITERION_H

/* As Criterion's own header does. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct cr_options {
	void (*init)(void), (*fini)(void);
	double timeout; /* seconds; 0: none */
};

struct cr_test {
	const char *suite, *name; /* name NULL: options of the whole suite */
	void (*run)(void);
	struct cr_options options;
	struct cr_test *next;
};

/* Borrowed until the program ends. */
void cr_add(struct cr_test *t);
/* Say what failed, and where; end the test where it is an assertion. */
void cr_failed(bool fatal, const char *file, int line, const char *what, const char *fmt,
	       ...) __attribute__((format(printf, 5, 6)));

#define CR_ADD(id, ...)                                         \
	static struct cr_test id = __VA_ARGS__;                 \
	__attribute__((constructor)) static void id##_add(void) \
	{                                                       \
		cr_add(&id);                                    \
	}

#define TestSuite(s, ...)                                              \
	CR_ADD(s##_suite, { .suite = #s, .options = { __VA_ARGS__ } }) \
	struct cr_test

#define Test(s, n, ...)                                                                 \
	static void s##_##n(void);                                                      \
	CR_ADD(s##_##n##_test,                                                          \
	       { .suite = #s, .name = #n, .run = s##_##n, .options = { __VA_ARGS__ } }) \
	static void s##_##n(void)

#define CR_CHECK(fatal, cond, ...) \
	((cond) ? (void)0 : cr_failed(fatal, __FILE__, __LINE__, #cond, " " __VA_ARGS__))

#define cr_assert(c, ...)	       CR_CHECK(true, c, ##__VA_ARGS__)
#define cr_assert_not(c, ...)	       CR_CHECK(true, !(c), ##__VA_ARGS__)
#define cr_assert_eq(a, b, ...)	       CR_CHECK(true, (a) == (b), ##__VA_ARGS__)
#define cr_assert_neq(a, b, ...)       CR_CHECK(true, (a) != (b), ##__VA_ARGS__)
#define cr_assert_lt(a, b, ...)	       CR_CHECK(true, (a) < (b), ##__VA_ARGS__)
#define cr_assert_leq(a, b, ...)       CR_CHECK(true, (a) <= (b), ##__VA_ARGS__)
#define cr_assert_gt(a, b, ...)	       CR_CHECK(true, (a) > (b), ##__VA_ARGS__)
#define cr_assert_geq(a, b, ...)       CR_CHECK(true, (a) >= (b), ##__VA_ARGS__)
#define cr_assert_null(p, ...)	       CR_CHECK(true, (p) == NULL, ##__VA_ARGS__)
#define cr_assert_not_null(p, ...)     CR_CHECK(true, (p) != NULL, ##__VA_ARGS__)
#define cr_assert_str_eq(a, b, ...)    CR_CHECK(true, strcmp(a, b) == 0, ##__VA_ARGS__)
#define cr_assert_arr_eq(a, b, n, ...) CR_CHECK(true, memcmp(a, b, n) == 0, ##__VA_ARGS__)
#define cr_expect(c, ...)	       CR_CHECK(false, c, ##__VA_ARGS__)
#define cr_expect_not(c, ...)	       CR_CHECK(false, !(c), ##__VA_ARGS__)
#define cr_expect_eq(a, b, ...)	       CR_CHECK(false, (a) == (b), ##__VA_ARGS__)
#define cr_expect_neq(a, b, ...)       CR_CHECK(false, (a) != (b), ##__VA_ARGS__)
#define cr_expect_null(p, ...)	       CR_CHECK(false, (p) == NULL, ##__VA_ARGS__)
#define cr_expect_str_eq(a, b, ...)    CR_CHECK(false, strcmp(a, b) == 0, ##__VA_ARGS__)
#define cr_expect_str_neq(a, b, ...)   CR_CHECK(false, strcmp(a, b) != 0, ##__VA_ARGS__)
#define cr_expect_arr_eq(a, b, n, ...) \
	CR_CHECK(false, memcmp(a, b, n) == 0, ##__VA_ARGS__)

#endif
