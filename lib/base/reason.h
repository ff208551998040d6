/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reasons: why a device refuses an object, as it says it on the wire.
 *
 * The numbers travel in SMP group errors and stand in imprint-protocol(7); they never
 * change meaning. Host and device use the same table.
 */
#ifndef IMP_BASE_REASON_H
#define IMP_BASE_REASON_H

#include "base/error.h"

enum imp_reason {
	IMP_R_NONE = 0,
	IMP_R_MALFORMED = 1,
	IMP_R_UNSUPPORTED = 2,
	IMP_R_NOT_FOR_ME = 3,
	IMP_R_EPOCH = 4,
	IMP_R_SEQUENCE = 5,
	IMP_R_SCOPE = 6,
	IMP_R_SIGNATURE = 7,
	IMP_R_DECRYPT = 8,
	IMP_R_REPLACED_ID = 9,
	IMP_R_CONFLICT = 10,
	IMP_R_STATE = 11,
	IMP_R_APPROVAL = 12,
	IMP_R_TOO_BIG = 13,
	IMP_R_STORAGE = 14,
	IMP_R_CHALLENGE = 15,
};

struct imp_reason_row {
	const char *name;   /* as imprint-protocol(7) spells it: "not-for-me" */
	const char *says;   /* one lower-case clause for people */
	enum imp_code code; /* exit status: 3 for 1; 4 for 2-6, 9-13; 5 for 7, 8, 15; 7
			       for 14 */
};

/* The row of a reason; NULL for 0 and for numbers that no version knows. */
const struct imp_reason_row *imp_reason_row(unsigned reason);

#endif
