/* SPDX-License-Identifier: Apache-2.0 */
/* Confirmation: the key that a card or a grant is about, {1: COSE_Key}. Source: RFC 8747
 * 3.1; imprint-formats(7). */
#ifndef IMP_OBJECT_CNF_H
#define IMP_OBJECT_CNF_H

#include "cose/key.h"

enum { IMP_CNF = 8 /* the claim */ };

/* Read its value at the cursor; fails where it is no key that signs. */
void imp_cnf_take(struct imp_cbor *c, struct imp_pub *out);
/* Put the claim, its label included. */
void imp_cnf_put(struct imp_writer *w, const struct imp_pub *key);
/* Read a COSE_Key that signs; fails on any other. */
void imp_signing_key_take(struct imp_cbor *c, struct imp_pub *out);

#endif
