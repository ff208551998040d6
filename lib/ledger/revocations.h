/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Revocations: what owners take back, as a ledger holds it.
 *
 * Anybody with a key can sign a list, and whoever writes a ledger can enter one. So each
 * part of a list is kept as it was signed, with its key, and a subject is revoked only by
 * a part that verifies, of an owner that whoever asks has named. Source:
 * imprint-ledger(5), revocations.
 */
#ifndef IMP_LEDGER_REVOCATIONS_H
#define IMP_LEDGER_REVOCATIONS_H

#include "crypto/face.h"
#include "ledger/ledger.h"

/* Whose lists count: kids. */
struct imp_owner_kids {
	const uint8_t (*kid)[32];
	size_t count;
};

/*
 * Enter a part of a list: from here on what it names is revoked, where it was not by this
 * owner.
 *
 *   part   signed by `owner`
 *
 * 0; -IMP_EFORMAT: it is no part of a revocation list; -IMP_EVERIFY; the errors of
 * imp_ledger_do().
 */
int imp_ledger_revoke_part(struct imp_ledger *l, struct imp_span part,
			   const struct imp_pub *owner, struct imp_error *err)
	IMP_MUST_CHECK;
/* Is it revoked by one of them? 1 and the entry that says so, 0, or a negative code. */
int imp_ledger_revoked(struct imp_ledger *l, const struct imp_owner_kids *by,
		       struct imp_span subject, uint64_t *entry, struct imp_error *err)
	IMP_MUST_CHECK;

#endif
