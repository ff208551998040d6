/* SPDX-License-Identifier: Apache-2.0 */
/* Gathering header buckets. Private to lib/cose. */
#ifndef IMP_COSE_HEADERS_H
#define IMP_COSE_HEADERS_H

#include "cose/message.h"

/* Take [protected bstr, unprotected map] at the cursor. Duplicates across the two fail,
 * and so does a crit that is wrong. The protected bytes are checked by the rules, too. */
void take_buckets(struct imp_cbor *c, enum imp_cbor_rules rules,
		  struct imp_span *protected, struct imp_headers *ph,
		  struct imp_headers *uh);

#endif
