/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Known devices: cards that were verified, and how far each key is known (host only).
 *
 * Source: imprint-security(7), whose key is it; imprint-formats(7), card.
 */
#ifndef IMP_EVIDENCE_KNOWN_H
#define IMP_EVIDENCE_KNOWN_H

#include "base/secret.h"
#include "evidence/card.h"

/* How far a device's keys are known, rising; a ledger keeps the numbers. */
enum imp_assurance {
	IMP_ASSERTED = 0,  /* the device says so */
	IMP_CONFIRMED = 1, /* it showed evidence past the station that enrolled it */
	IMP_ENDORSED = 2,  /* a factory key that the user named says so */
};

const char *imp_assurance_name(enum imp_assurance a);

/* The factory keys that the user names. */
struct imp_factories {
	const struct imp_pub *key;
	size_t count;
};

struct imp_known {
	struct imp_secret bytes; /* the signed card; owned */
	struct imp_card card;	 /* borrowed from bytes */
	uint8_t signing_kid[32], sealing_kid[32];
	enum imp_assurance assurance;
};

/*
 * Verify one card: strict form, its own signature under the kid of its signing key, both
 * keys on their curves, and its endorsement where there is one and a factory key fits.
 *
 *   nonce   32 bytes that the card must answer, or NULL for a card from a file
 *   out     owned by the caller, imp_known_fini()
 *
 * 0; -IMP_EFORMAT; -IMP_EVERIFY (signature, nonce, an endorsement that is bad or of
 * another device); -IMP_EKEY (a key that must not be used); -IMP_EPOLICY (one whose
 * private part is published).
 */
int imp_known_check(struct imp_crypto *crypto, struct imp_span signed_card,
		    const uint8_t *nonce, const struct imp_factories *factories,
		    struct imp_known *out, struct imp_error *err) IMP_MUST_CHECK;
void imp_known_fini(struct imp_known *k);

/* "imei 001010010000016" where the ueid is one, else "ueid 0102..."; NUL-terminated. */
void imp_device_name(struct imp_span ueid, char out[80]);

#endif
