/* SPDX-License-Identifier: Apache-2.0 */
/* Sealing packages and credentials (host only). Source: imprint-formats(7), package. */
#ifndef IMP_OBJECT_SEAL_H
#define IMP_OBJECT_SEAL_H

#include "crypto/host.h"
#include "object/package.h"

/* Bytes that sealing adds to its content, at most. */
enum { IMP_PACKAGE_OVERHEAD = 512 };

/*
 * Encrypt a signed object to one sealing key. Every call draws a new content key,
 * ephemeral key and IV.
 *
 *   peer      the recipient's sealing key, which has passed imp_pub_check()
 *   claims    header 15, one encoded item; empty for none
 *   content   one tagged object, at most IMP_CBOR_MAX - IMP_PACKAGE_OVERHEAD bytes
 *
 * 0, -IMP_ERESOURCE (w too small), -IMP_EKEY, -IMP_EINTERNAL.
 */
int imp_seal(struct imp_crypto *crypto, const struct imp_pub *peer, enum imp_kind kind,
	     struct imp_span claims, struct imp_span content, struct imp_writer *w)
	IMP_MUST_CHECK;
/* A package: the claims repeat what is inside. Otherwise as imp_seal(). */
int imp_package_seal(struct imp_crypto *crypto, const struct imp_pub *peer,
		     const struct imp_package_claims *claims, struct imp_span content,
		     struct imp_writer *w) IMP_MUST_CHECK;

#endif
