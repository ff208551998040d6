/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Published keys: those of examples, whose private part everybody knows.
 *
 * tests/vectors/published/keys.json lists them. Source: RFC 9052 C.7, RFC 8392 A.2.3, RFC
 * 8032 7.1, RFC 7748 6.1, RFC 6979 A.2.5; the examples of the COSE working group; the
 * P-256 keys of Wycheproof; imprint's own tests.
 */
#ifndef IMP_COSE_PUBLISHED_H
#define IMP_COSE_PUBLISHED_H

#include "crypto/face.h"

/* Where the private part of this key is published, "RFC 8032 7.1"; NULL: nowhere that is
 * known. */
const char *imp_published(const uint8_t kid[32]);

#endif
