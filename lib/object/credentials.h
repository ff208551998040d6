/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Credentials: the secrets of one device's profile that a server needs, for a back-end
 * (host only).
 *
 * Signed as one(credentials), then encrypted to the back-end's key like a package without
 * claims. Source: imprint-formats(7), credentials.
 */
#ifndef IMP_OBJECT_CREDENTIALS_H
#define IMP_OBJECT_CREDENTIALS_H

#include "base/secret.h"
#include "object/seal.h"

enum { IMP_ENDPOINT_MAX = 255 };

struct imp_credentials {
	uint32_t domain;	  /* 0..15 */
	uint64_t sequence;	  /* 1..2^63-1 */
	struct imp_span profile;  /* SHA-256 of the profile's payload, 32 bytes */
	struct imp_span secrets;  /* the encoded map {object => {instance => {resource =>
				     value}}}, not empty */
	struct imp_span endpoint; /* 1..255 bytes of text, or empty: what the profile
				     says, where it says something */
	struct imp_span ueid;	  /* 7..33 bytes */
};

/* Decode the payload; spans are borrowed. 0, or -IMP_EFORMAT. */
int imp_credentials_decode(struct imp_span in, struct imp_credentials *out,
			   struct imp_error *err) IMP_MUST_CHECK;
void imp_credentials_encode(const struct imp_credentials *c, struct imp_writer *w);

/* Is this resource a secret? Answers from the object descriptions. */
struct imp_secrecy {
	void *ctx;
	bool (*is_secret)(void *ctx, uint16_t object, uint16_t resource);
};

/*
 * Pick from the settings of a profile what a server needs: resources that are secret,
 * and in the same instance of objects 0 and 21 what tells the server whose they are and
 * how to use them. A device's own private key is no server's business.
 *
 *   settings   checked by imp_profile_decode()
 *   w          receives the encoded map; nothing where nothing is picked
 *
 * How many resources were picked. Source: imprint-formats(7), credentials; OMA LwM2M
 * objects 0 (1.2) and 21 (2.0).
 */
size_t imp_credentials_pick(struct imp_span settings, const struct imp_secrecy *secrecy,
			    struct imp_writer *w);

/*
 * Sign encoded credentials, then encrypt them to the back-end.
 *
 *   to   the back-end's sealing key, which has passed imp_pub_check()
 *
 * 0, -IMP_ERESOURCE (does not fit), -IMP_EKEY, -IMP_EINTERNAL.
 */
int imp_credentials_seal(struct imp_crypto *crypto, const struct imp_signer *signer,
			 const struct imp_pub *to, struct imp_span credentials,
			 struct imp_writer *w) IMP_MUST_CHECK;

/* The back-end: who may read, and who must have signed. */
struct imp_credentials_reader {
	struct imp_crypto *crypto;
	struct imp_opener opener;
	uint8_t sealing_kid[32]; /* of the key that opens */
	struct imp_pub signer;
	uint8_t signer_kid[32];
};

/*
 * Decrypt, verify and decode.
 *
 *   scratch   receives the plaintext; *out is borrowed from it
 *
 * 0, -IMP_EFORMAT, -IMP_EPOLICY (something else that is sealed), -IMP_EVERIFY (encrypted
 * to another key, does not decrypt, signed by another key, does not verify),
 * -IMP_ERESOURCE.
 */
int imp_credentials_open(const struct imp_credentials_reader *r, struct imp_span item,
			 struct imp_secret *scratch, struct imp_credentials *out,
			 struct imp_error *err) IMP_MUST_CHECK;

#endif
