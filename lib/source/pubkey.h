/* SPDX-License-Identifier: Apache-2.0 */
/* Public keys as people put them into a CSV. */
#ifndef IMP_SOURCE_PUBKEY_H
#define IMP_SOURCE_PUBKEY_H

#include "crypto/face.h"

/*
 * Read a sealing key (P-256 or X25519) from text.
 *
 *   text   "-----BEGIN PUBLIC KEY-----" and so on; or hex or base64 of a
 *          SubjectPublicKeyInfo, of a COSE_Key, of a point 04 || x || y (65 bytes), or of
 *          an X25519 key (32 bytes)
 *
 * 0, -IMP_EFORMAT, -IMP_EPOLICY (a key of another kind, named). Whether the point is on
 * its curve is imp_pub_check()'s to say. Source: RFC 5480 2; RFC 8410 4; SEC 1 2.3.3.
 */
int imp_pub_from_text(const char *text, struct imp_pub *out, struct imp_error *err)
	IMP_MUST_CHECK;

#endif
