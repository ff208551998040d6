/* SPDX-License-Identifier: Apache-2.0 */
/* A place for a ledger in each database, and a way past the library into it: so that one
 * suite runs on both. */
#ifndef IMPRINT_TEST_PLACE_H
#define IMPRINT_TEST_PLACE_H

#include <criterion/criterion.h>
#include <stdbool.h>

#include "ledger/ledger.h"

struct place {
	bool postgres;
	char folder[64]; /* of SQLite's file */
	char schema[64];
	char name[512]; /* what the ledger is opened by */
};

void place_start(struct place *p, bool postgres);
void place_stop(struct place *p);
/* Run a statement behind the library's back; it must work. */
void place_sql(const struct place *p, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* The one number that a query gives. */
long long place_number(const struct place *p, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Bytes as the database writes them. */
const char *place_blob(const struct place *p, const char *hex);

/* A test that runs on both: TEST_BOTH(journal, an_item_is_taken_once) { ... p ... } */
#define TEST_BOTH(suite, name)                       \
	static void suite##_##name(struct place *p); \
	Test(suite, name##_in_sqlite)                \
	{                                            \
		struct place p;                      \
		place_start(&p, false);              \
		suite##_##name(&p);                  \
		place_stop(&p);                      \
	}                                            \
	Test(suite, name##_in_postgresql)            \
	{                                            \
		struct place p;                      \
		place_start(&p, true);               \
		suite##_##name(&p);                  \
		place_stop(&p);                      \
	}                                            \
	static void suite##_##name(struct place *p)

/* Open, and make it where it is not there; by a station. */
struct imp_ledger *place_open(const struct place *p, const char *station);
/* Another process: runs fn in it; its status. */
int place_fork(const struct place *p, int (*fn)(const struct place *p));

/* The last thing said must have this code and hold these words. */
#define SAYS(rc, expected, words)                                     \
	do {                                                          \
		cr_assert_eq(rc, -(expected), "%d: %s", rc, err.msg); \
		cr_assert(strstr(err.msg, words), "%s", err.msg);     \
	} while (0)
#define WORKS(call)                                                 \
	do {                                                        \
		int works_ = (call);                                \
		cr_assert_eq(works_, 0, "%d: %s", works_, err.msg); \
	} while (0)

#endif
