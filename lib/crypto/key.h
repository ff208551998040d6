/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key files: PKCS#8 and SubjectPublicKeyInfo in PEM, seeds as 32 raw bytes (host only).
 *
 * One key a file. A line "imprint-class: test" before the armour marks a test key;
 * without it a key is for production. Of PEM only the five labels below are read,
 * strictly: one block, base64 in lines, nothing but the class line and blank lines around
 * it, DER without trailing bytes. "PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "PUBLIC KEY"
 * are read and written; "EC PRIVATE KEY" and others are refused by name.
 */
#ifndef IMP_CRYPTO_KEY_H
#define IMP_CRYPTO_KEY_H

#include "crypto/host.h"

enum imp_key_class { IMP_CLASS_PRODUCTION, IMP_CLASS_TEST };

/* A key from a file: public always, private where asked for. */
struct imp_key {
	struct imp_pub pub;
	enum imp_key_class class;
	bool has_private;
	void *impl; /* the backend's own form, so that signing needs no import each time
		     */
	struct imp_crypto *crypto; /* set by imp_key_signer(); borrowed */
	int32_t alg;		   /* likewise */
	struct imp_held *held;	   /* the hardware that keeps the private part, which impl
				    * then lacks; NULL: none */
};

/* What somebody is asked for. */
struct imp_asked {
	const char *what;    /* "passphrase", "PIN" */
	const char *name;    /* of what */
	const char *warning; /* that stands behind; NULL: none */
	unsigned attempt;    /* from 0 */
};

/* Where passphrases and PINs come from, asked only where one is needed. */
struct imp_pass {
	/* Put what is asked for into *out. 0, or a negative code (no terminal, end of
	 * input, three wrong ones). */
	int (*ask)(void *ctx, const struct imp_asked *asked, struct imp_secret *out,
		   struct imp_error *err);
	void *ctx;
	bool attended; /* by a person, who may try again */
	int cancel_fd; /* readable: nothing waits any longer; -1: none */
};

/*
 * Read a private key.
 *
 *   path   a file as imp_file_read_private() takes it
 *   pass   may be NULL: then an encrypted key is refused
 *   out    owned by the caller, imp_key_fini()
 *
 * 0; -IMP_EKEY (unusable: mode, symlink, passphrase, garbage, two keys, public where
 * private is needed, private that does not fit its public part); -IMP_EPOLICY (a curve,
 * form or encoding that is outside the table, named in the message).
 */
int imp_key_read_private(struct imp_crypto *c, const char *path,
			 const struct imp_pass *pass, struct imp_key *out,
			 struct imp_error *err) IMP_MUST_CHECK;
/* Read a public key; a private key's file is refused with a hint (`imprint key
 * --public`). Errors as above. */
int imp_key_read_public(struct imp_crypto *c, const char *path, struct imp_key *out,
			struct imp_error *err) IMP_MUST_CHECK;
/* Parse one PEM text; what imp_key_read_* do once they have the bytes. `name` is for
 * messages. */
int imp_key_parse(struct imp_crypto *c, const char *name, struct imp_span pem,
		  bool want_private, const struct imp_pass *pass, struct imp_key *out,
		  struct imp_error *err) IMP_MUST_CHECK;
/*
 * A public key from a SubjectPublicKeyInfo in DER, or from its PEM. Whether the point is
 * on its curve is not looked at: imp_pub_check() must be asked.
 *
 * 0, -IMP_EKEY, -IMP_EPOLICY as imp_key_read_public().
 */
int imp_pub_from_spki(const char *name, struct imp_span der, struct imp_pub *out,
		      struct imp_error *err) IMP_MUST_CHECK;
int imp_pub_from_pem(const char *name, struct imp_span pem, struct imp_pub *out,
		     struct imp_error *err) IMP_MUST_CHECK;
int imp_key_generate(struct imp_crypto *c, int32_t crv, enum imp_key_class class,
		     struct imp_key *out, struct imp_error *err) IMP_MUST_CHECK;
/*
 * PEM text of the private key (PKCS#8; encrypted with PBES2, PBKDF2 600,000 x
 * HMAC-SHA-256, AES-256-CBC where pass is not empty) or of the public key (SPKI), the
 * class line first where it is test.
 *
 * 0, or -IMP_EINTERNAL / -IMP_ERESOURCE.
 */
int imp_key_pem_private(struct imp_crypto *c, const struct imp_key *key,
			struct imp_span pass, struct imp_secret *out,
			struct imp_error *err) IMP_MUST_CHECK;
int imp_key_pem_public(struct imp_crypto *c, const struct imp_key *key,
		       struct imp_secret *out, struct imp_error *err) IMP_MUST_CHECK;
/*
 * Open a private or a public key by the name that a user gives it: a file as
 * imp_key_read_private() and imp_key_read_public() take it, or hardware.
 *
 *   name   a path, also of a "TSS2 PRIVATE KEY" that only its TPM can use; "pkcs11:..."
 *          (RFC 7512), an object of a token; "handle:0x81...", a key that is persistent
 *          in the TPM
 *   pass   also for PINs; may be NULL: then a PIN that is needed is missing
 *
 * The private part of a key in hardware stays there: such a key signs (each signature is
 * verified before it is let out) and does nothing else. Of a token's key the class is
 * test where its label ends in ":test".
 *
 * 0; as those; -IMP_EUSAGE (the URI); -IMP_EKEY (no such module, token or key, two of
 * them, a wrong or locked PIN, a key that does not sign); -IMP_EPOLICY (a key of another
 * type).
 */
int imp_key_open_private(struct imp_crypto *c, const char *name,
			 const struct imp_pass *pass, struct imp_key *out,
			 struct imp_error *err) IMP_MUST_CHECK;
int imp_key_open_public(struct imp_crypto *c, const char *name, struct imp_key *out,
			struct imp_error *err) IMP_MUST_CHECK;
/* Does it name hardware rather than a file? */
bool imp_key_in_hardware(const char *name);
/* Does it name the public half there (type=public), which takes no PIN? */
bool imp_key_is_public_half(const char *name);

/* A new key in a token. */
struct imp_token_new {
	const char *uri; /* with an object, which becomes its label */
	int32_t crv;	 /* one that signs */
	bool has_class;	 /* then the label must say the same */
	enum imp_key_class class;
};
/*
 * Make a key that never leaves its token (CKA_SENSITIVE, not CKA_EXTRACTABLE: read back,
 * and the key is removed where the token did otherwise).
 *
 *   out   as imp_key_open_private()
 *
 * 0; the errors of imp_key_open_private(); -IMP_EUSAGE (no object in the URI, one of that
 * name is there, a class that the name does not have).
 */
int imp_key_make_in_token(struct imp_crypto *c, const struct imp_token_new *new,
			  const struct imp_pass *pass, struct imp_key *out,
			  struct imp_error *err) IMP_MUST_CHECK;

/* A signer over key; alg 0 picks -7 or -8 by the curve. Borrowed: the key and c outlive
 * it. Threads may share it. 0, or -IMP_EKEY (no private part, a sealing key, alg does not
 * fit the curve). */
int imp_key_signer(struct imp_crypto *c, struct imp_key *key, int32_t alg,
		   struct imp_signer *out, struct imp_error *err) IMP_MUST_CHECK;
/* Record that a signer failed, and why where it knows. Its code, or -IMP_EKEY. */
int imp_sign_failed(const struct imp_signer *signer, struct imp_error *err);
/* ECDH with the private part. 0, -IMP_EKEY. */
int imp_key_agree(struct imp_crypto *c, const struct imp_key *key,
		  const struct imp_pub *peer, uint8_t z[32], struct imp_error *err)
	IMP_MUST_CHECK;
/* Seed: a file of exactly 32 bytes, private as above. */
int imp_seed_read(const char *path, struct imp_secret *out, struct imp_error *err)
	IMP_MUST_CHECK;
/* Wipe and free; accepts a zeroed key. Fits CLEANUP(). */
void imp_key_fini(struct imp_key *key);

#endif
