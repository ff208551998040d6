/* SPDX-License-Identifier: Apache-2.0 */
/* PEM, strictly: one block and the class line. Private to lib/crypto. Source: RFC 7468
 * 2, 3. */
#ifndef IMP_CRYPTO_PEM_H
#define IMP_CRYPTO_PEM_H

#include "crypto/key.h"

struct pem {
	char label[32]; /* "PRIVATE KEY" */
	enum imp_key_class class;
	struct imp_secret der;
};

/* 0, or -IMP_EKEY. pem_fini() after 0. */
int pem_parse(const char *name, struct imp_span text, struct pem *out,
	      struct imp_error *err);
void pem_fini(struct pem *p);
/* Write the class line where it is test, armour and base64. 0, or -IMP_ERESOURCE. */
int pem_put(const char *label, enum imp_key_class class, struct imp_span der,
	    struct imp_secret *out, struct imp_error *err);

#endif
