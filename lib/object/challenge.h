/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Challenge: a beacon by the owner or an authority, so that evidence is fresh to whoever
 * made it, whichever station carries it.
 *
 * By the owner it has no domain, and domain-epoch 0; by an authority its domain, and a
 * grant in header 13. The nonce that answers it is derived on the device. Source:
 * imprint-formats(7), challenge and nonce.
 */
#ifndef IMP_OBJECT_CHALLENGE_H
#define IMP_OBJECT_CHALLENGE_H

#include "crypto/face.h"
#include "object/target.h"

enum { IMP_BEACON_LEN = 32, IMP_CHALLENGE_R = 16 /* bytes of r */ };

struct imp_challenge {
	uint32_t domain; /* 1..15; 0: by the owner */
	struct imp_target target;
	struct imp_span beacon; /* 32 bytes */
	uint32_t epochs[2];	/* owner-epoch, domain-epoch */
};

/* Decode a payload; spans are borrowed. 0, or -IMP_EFORMAT (by the owner and with a
 * domain-epoch included). */
int imp_challenge_decode(struct imp_span in, struct imp_challenge *out,
			 struct imp_error *err) IMP_MUST_CHECK;
void imp_challenge_encode(const struct imp_challenge *x, struct imp_writer *w);

/*
 * The nonce of a device's answer.
 *
 *   beacon   32 bytes
 *   ueid     the device's, 7..33 bytes
 *   r        drawn by the station
 *
 * 0, or -IMP_EINTERNAL.
 */
int imp_challenge_nonce(struct imp_crypto *crypto, struct imp_span beacon,
			struct imp_span ueid, const uint8_t r[IMP_CHALLENGE_R],
			uint8_t nonce[32]) IMP_MUST_CHECK;

#endif
