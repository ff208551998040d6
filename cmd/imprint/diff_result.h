/* SPDX-License-Identifier: Apache-2.0 */
/* What came of comparing one device and domain: between comparing and telling. */
#ifndef IMPRINT_DIFF_RESULT_H
#define IMPRINT_DIFF_RESULT_H

#include "diff.h"

enum sign { ADDED = '+', REMOVED = '-', CHANGED = '~', PASSED_OVER = '?' };

/* One thing that differs. */
struct change {
	enum sign sign;
	char what[160], numbers[40]; /* of a setting; numbers "" for all else */
	bool secret;
	struct imp_secret was, is; /* in words; empty where it is not there */
};

enum verdict { SAME, DIFFERS, ONLY_FIRST, ONLY_SECOND, UNKNOWN };

/* Where at least one side is not in clear. */
enum by_id { NOT_BY_ID, SAME_ID, OTHER_ID, UNTOLD_ID };

struct result {
	enum verdict verdict;
	enum by_id by_id;
	struct change *at; /* owned */
	size_t count, cap;
};

/* Is one of them what a device says, and no card verifies? */
bool diff_is_unproven(const struct held *first, const struct held *second);
/* Tell, as text or JSON. Sides that hold nothing are NULL, or NO_DOMAIN where the device
 * is known. */
void diff_show(const struct diff_report *d, const struct result *r,
	       const struct held *first, const struct held *second);

#endif
