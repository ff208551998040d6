/* SPDX-License-Identifier: Apache-2.0 */
/* The table of reasons. */
#include <stddef.h>

#include "base/attr.h"
#include "base/reason.h"

static const struct imp_reason_row rows[] = {
	[IMP_R_MALFORMED] = { "malformed", "the object is not well formed", IMP_EFORMAT },
	[IMP_R_UNSUPPORTED] = { "unsupported", "the device does not implement this",
				IMP_EPOLICY },
	[IMP_R_NOT_FOR_ME] = { "not-for-me", "the object is made for another device",
			       IMP_EPOLICY },
	[IMP_R_EPOCH] = { "epoch", "the epochs are not the device's", IMP_EPOLICY },
	[IMP_R_SEQUENCE] = { "sequence", "the sequence is not above the device's",
			     IMP_EPOLICY },
	[IMP_R_SCOPE] = { "scope", "the signer may not write this", IMP_EPOLICY },
	[IMP_R_SIGNATURE] = { "signature", "a signature does not verify", IMP_EVERIFY },
	[IMP_R_DECRYPT] = { "decrypt", "the package does not decrypt", IMP_EVERIFY },
	[IMP_R_REPLACED_ID] = { "replaced-id",
				"the device holds another object than the one to replace",
				IMP_EPOLICY },
	[IMP_R_CONFLICT] = { "conflict", "an object instance belongs to another domain",
			     IMP_EPOLICY },
	[IMP_R_STATE] = { "state", "the device's lifecycle does not allow this",
			  IMP_EPOLICY },
	[IMP_R_APPROVAL] = { "approval", "the approvals are not those that are required",
			     IMP_EPOLICY },
	[IMP_R_TOO_BIG] = { "too-big", "the object is larger than the device can hold",
			    IMP_EPOLICY },
	[IMP_R_STORAGE] = { "storage", "the device could not store it", IMP_EDEVICE },
	[IMP_R_CHALLENGE] = { "challenge", "the device asks for a valid challenge",
			      IMP_EVERIFY },
};

const struct imp_reason_row *imp_reason_row(unsigned reason)
{
	if (reason == IMP_R_NONE || reason >= COUNTOF(rows))
		return NULL;
	return &rows[reason];
}
