/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Once: a signer that remembers what it signed last (host only).
 *
 * The leaves of a batch are signed by the same bytes: a key in hardware is asked once for
 * all of them, and all carry the same signature.
 */
#ifndef IMP_ISSUE_ONCE_H
#define IMP_ISSUE_ONCE_H

#include "crypto/host.h"

struct imp_once {
	struct imp_crypto *crypto;	 /* borrowed */
	const struct imp_signer *signer; /* borrowed */
	bool has;
	uint8_t of[IMP_SHA256_LEN]; /* what was signed */
	uint8_t sig[IMP_SIG_LEN];
};

/* Begin; what is returned borrows *o. Not for threads that share it. */
struct imp_signer imp_once(struct imp_once *o, struct imp_crypto *crypto,
			   const struct imp_signer *signer);

#endif
