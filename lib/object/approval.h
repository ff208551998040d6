/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Approval: an owner or authority whose objects need m of n further signatures.
 *
 * Source: imprint-formats(7), approval.
 */
#ifndef IMP_OBJECT_APPROVAL_H
#define IMP_OBJECT_APPROVAL_H

#include "cose/key.h"

enum { IMP_APPROVERS_MAX = 7 };

struct imp_approval {
	uint32_t threshold; /* m; 0 = nobody else is asked */
	uint32_t count;	    /* n */
	struct imp_pub key[IMP_APPROVERS_MAX];
};

/* Read [m, [+ COSE_Key]] at the cursor; fails unless 1 <= m <= n <= 7 and all keys
 * differ. */
void imp_approval_take(struct imp_cbor *c, struct imp_approval *out);
void imp_approval_put(struct imp_writer *w, const struct imp_approval *a);

#endif
