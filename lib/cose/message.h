/* SPDX-License-Identifier: Apache-2.0 */
/*
 * COSE messages: their parts, taken apart without copying and put together again.
 *
 * Decoding is strict or lenient as the rules given say; either way the structure is
 * exactly that of RFC 9052 and protected bytes are used as received. Which headers an
 * object may have is for the layers above: headers are only gathered here, `has` tells
 * which. Source: RFC 9052 3, 4, 5; RFC 9596; RFC 9597.
 */
#ifndef IMP_COSE_MESSAGE_H
#define IMP_COSE_MESSAGE_H

#include "cbor/reader.h"
#include "cbor/writer.h"
#include "crypto/alg.h"

enum {
	IMP_TAG_ENCRYPT0 = 16,
	IMP_TAG_SIGN1 = 18,
	IMP_TAG_ENCRYPT = 96,
	IMP_TAG_SIGN = 98,
	IMP_COSE_SIGNERS = 8,	 /* signatures in one message, at most */
	IMP_COSE_RECIPIENTS = 8, /* recipients in one message, at most */
};

/* Header labels that we know. Source: IANA COSE Header Parameters; imprint-formats(7). */
enum imp_header {
	IMP_HDR_ALG = 1,
	IMP_HDR_CRIT = 2,
	IMP_HDR_CONTENT_TYPE = 3,
	IMP_HDR_KID = 4,
	IMP_HDR_IV = 5,
	IMP_HDR_PARTIAL_IV = 6,
	IMP_HDR_CHAIN = 13,
	IMP_HDR_CLAIMS = 15,
	IMP_HDR_TYP = 16,
	IMP_HDR_EPK = -1,
	IMP_HDR_LEAF = -70030,
	IMP_HDR_PROOF = -70031,
};

/* Bits of struct imp_headers.has; a label that is none of them is IMP_HAS_OTHER. */
enum imp_has {
	IMP_HAS_ALG = 1 << 0,
	IMP_HAS_CRIT = 1 << 1,
	IMP_HAS_CONTENT_TYPE = 1 << 2,
	IMP_HAS_KID = 1 << 3,
	IMP_HAS_IV = 1 << 4,
	IMP_HAS_PARTIAL_IV = 1 << 5,
	IMP_HAS_CHAIN = 1 << 6,
	IMP_HAS_CLAIMS = 1 << 7,
	IMP_HAS_TYP = 1 << 8,
	IMP_HAS_EPK = 1 << 9,
	IMP_HAS_LEAF = 1 << 10,
	IMP_HAS_PROOF = 1 << 11,
	IMP_HAS_KEYS = 1 << 12, /* key material or where to fetch it: kccs, x5bag,
				   x5chain, x5t, x5u */
	IMP_HAS_OTHER = 1 << 15,
};

/* One header bucket. Spans are empty where `has` lacks the bit. */
struct imp_headers {
	uint32_t has;
	int64_t alg;		/* 0 where it is a text */
	struct imp_span kid;	/* bytes */
	struct imp_span iv;	/* bytes */
	struct imp_span typ;	/* text; empty where it is a number */
	struct imp_span chain;	/* one encoded item */
	struct imp_span claims; /* one encoded item */
	struct imp_span epk;	/* one encoded item */
	struct imp_span leaf;	/* bytes */
	struct imp_span proof;	/* bytes */
	struct imp_span crit;	/* one encoded item */
};

struct imp_signature {
	struct imp_span protected; /* COSE_Sign only; the bytes as received */
	struct imp_headers ph, uh; /* COSE_Sign only; of Sign1 they stand in the body */
	struct imp_span sig;
};

/* COSE_Sign1 or COSE_Sign. */
struct imp_sign {
	uint64_t tag; /* IMP_TAG_SIGN1 or IMP_TAG_SIGN */
	struct imp_span protected;
	struct imp_headers ph, uh;
	struct imp_span payload; /* empty and detached where nil */
	bool detached;
	size_t count; /* 1..8 */
	struct imp_signature signature[IMP_COSE_SIGNERS];
};

struct imp_recipient {
	struct imp_span protected;
	struct imp_headers ph, uh;
	struct imp_span wrapped; /* the wrapped content key */
};

/* COSE_Encrypt0 or COSE_Encrypt. */
struct imp_encrypt {
	uint64_t tag; /* IMP_TAG_ENCRYPT0 or IMP_TAG_ENCRYPT */
	struct imp_span protected;
	struct imp_headers ph, uh;
	struct imp_span ciphertext; /* with its tag; empty and detached where nil */
	bool detached;
	size_t count; /* recipients: 0 in Encrypt0, else 1..8 */
	struct imp_recipient recipient[IMP_COSE_RECIPIENTS];
};

/* The tag that a message starts with; 0 where there is none. Cheap: looks at the first
 * head only. */
uint64_t imp_cose_tag(struct imp_span in);

/*
 * Take a tagged message apart; all spans are borrowed from `in`.
 *
 * 0, or -IMP_EFORMAT: not well formed by the rules, another tag or structure, a label
 * twice in a bucket or in both buckets, more than 8 signatures or recipients, nested
 * recipients, a crit that is not protected or names a label that is not there.
 */
int imp_sign_decode(struct imp_span in, enum imp_cbor_rules rules, struct imp_sign *out,
		    struct imp_error *err) IMP_MUST_CHECK;
int imp_encrypt_decode(struct imp_span in, enum imp_cbor_rules rules,
		       struct imp_encrypt *out, struct imp_error *err) IMP_MUST_CHECK;

/* The bytes that a signature covers, as parts for imp_verify() and imp_sha256(). The
 * parts point into the struct itself: never copy it. */
struct imp_tbs {
	uint8_t head[48];
	struct imp_span part[8];
	size_t count;
};

/*
 * ToBeSigned of a COSE_Sign1 ("Signature1"; sign_protected NULL) or of one signature of a
 * COSE_Sign
 * ("Signature"). Source: RFC 9052 4.4.
 */
void imp_tbs(struct imp_tbs *out, struct imp_span body_protected,
	     const struct imp_span *sign_protected, struct imp_span external_aad,
	     struct imp_span payload);
/* Of the i-th signature of a decoded message. */
void imp_sign_tbs(const struct imp_sign *m, size_t i, struct imp_span external_aad,
		  struct imp_span payload, struct imp_tbs *out);
/* Enc_structure: context is "Encrypt", "Encrypt0" or "Enc_Recipient". Source: RFC
 * 9052 5.3. */
void imp_enc_structure(struct imp_writer *w, const char *context,
		       struct imp_span protected, struct imp_span external_aad);
enum { IMP_RECIPIENT_MAX = 128 }; /* bytes of a recipient's protected header */

/*
 * The key that wraps the content key: HKDF over the shared secret with the
 * COSE_KDF_Context of ECDH-ES+A256KW, parties nil. Source: RFC 9053 5.2, 6.4.1.
 *
 *   recipient_protected    at most IMP_RECIPIENT_MAX bytes
 *
 * 0, or -IMP_EINTERNAL.
 */
int imp_kek(struct imp_crypto *crypto, const uint8_t z[32],
	    struct imp_span recipient_protected, uint8_t kek[32]) IMP_MUST_CHECK;

/*
 * Sign and put a COSE_Sign1.
 *
 *   protected   the encoded header map
 *   un          the encoded unprotected map
 *
 * 0, -IMP_ERESOURCE (does not fit), or what the signer returns.
 */
int imp_sign1_put(struct imp_writer *w, const struct imp_signer *signer,
		  struct imp_span protected, struct imp_span un, struct imp_span payload)
	IMP_MUST_CHECK;

#endif
