/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Card: who a device is, what its public keys are and what it can hold; endorsed by a
 * factory key where there is one.
 *
 * Source: imprint-formats(7), card and endorsement.
 */
#ifndef IMP_EVIDENCE_CARD_H
#define IMP_EVIDENCE_CARD_H

#include "cbor/reader.h"
#include "cbor/writer.h"
#include "cose/key.h"
#include "evidence/token.h"

struct imp_card {
	struct imp_span nonce; /* 32 bytes */
	struct imp_span ueid;  /* 7..33 bytes */
	uint32_t oemid;
	struct imp_span hwmodel;   /* 1..32 bytes */
	struct imp_span hwversion; /* text, or empty */
	struct imp_pub signing, sealing;
	struct imp_span objects; /* the encoded map {object => version text} */
	uint32_t largest;	 /* bytes of the largest object that it takes */
	uint32_t domains;	 /* how many domains it can hold, 1..16 */
	struct imp_span iccid, imei, serial; /* text, or empty */
};

struct imp_endorsement {
	struct imp_span ueid;
	uint32_t oemid;
	struct imp_span hwmodel;
	struct imp_pub signing, sealing;
};

/* Decode a payload; spans are borrowed. Keys are not checked to be on their curves. 0, or
 * -IMP_EFORMAT. */
int imp_card_decode(struct imp_span in, struct imp_card *out, struct imp_error *err)
	IMP_MUST_CHECK;
void imp_card_encode(const struct imp_card *card, struct imp_writer *w);
int imp_endorsement_decode(struct imp_span in, struct imp_endorsement *out,
			   struct imp_error *err) IMP_MUST_CHECK;
void imp_endorsement_encode(const struct imp_endorsement *e, struct imp_writer *w);
/* Does the card say that the device implements the object? */
bool imp_card_has_object(const struct imp_card *card, uint32_t object);

#endif
