/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that stay in hardware: what a token and a TPM have in common. Private to
 * lib/crypto. */
#ifndef IMP_CRYPTO_HELD_H
#define IMP_CRYPTO_HELD_H

#include <pthread.h>

#include "crypto/key.h"

struct held_ops {
	/* Sign: of P-256 the SHA-256 hash, of Ed25519 the message. Any thread. 0, or a
	 * negative code with *err. */
	int (*sign)(void *impl, struct imp_span tbs, uint8_t sig[IMP_SIG_LEN],
		    struct imp_error *err);
	void (*close)(void *impl);
};

/* Behind struct imp_key, whose `impl` then is the public key. */
struct imp_held {
	const struct held_ops *ops;
	void *impl; /* owned */
	pthread_mutex_t lock;
	struct imp_error why; /* the first failure; under lock */
};

/*
 * Make a key of what holds it.
 *
 *   impl   owned by the key on 0, else still the caller's
 *
 * 0, -IMP_EKEY (the public part is no key that can be used), -IMP_ERESOURCE.
 */
int held_key(struct imp_crypto *c, const char *name, const struct imp_pub *pub,
	     const struct held_ops *ops, void *impl, struct imp_key *out,
	     struct imp_error *err);
/* Sign, and let nothing out that the public key does not verify. Any thread. */
int held_sign(struct imp_key *key, const struct imp_span *part, size_t count,
	      uint8_t sig[IMP_SIG_LEN]);
/* Record why held_sign() failed first; its code, or 0 where it never did. */
int held_why(struct imp_key *key, struct imp_error *err);
/* Wait for hardware that is away. False: cancel_fd is readable, nobody wants to wait; -1:
 * there is none. */
bool held_pause(int cancel_fd, int ms);
/* Accepts NULL. */
void held_close(struct imp_held *held);

/* An object of a PKCS#11 token, a key of a TPM: as imp_key_open_private() and _public().
 */
int token_open(struct imp_crypto *c, const char *uri, bool want_private,
	       const struct imp_pass *pass, struct imp_key *out, struct imp_error *err);
int tpm_open(struct imp_crypto *c, const char *uri, bool want_private,
	     const struct imp_pass *pass, struct imp_key *out, struct imp_error *err);
/* A file that only its TPM can use ("TSS2 PRIVATE KEY"), as imp_key_open_private(). */
int tpm_open_file(struct imp_crypto *c, const char *path, const struct imp_pass *pass,
		  struct imp_key *out, struct imp_error *err);

#endif
