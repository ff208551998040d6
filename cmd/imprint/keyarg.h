/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that a user names: PEM, a COSE_Key, or 32 bytes of a symmetric key. */
#ifndef IMPRINT_KEYARG_H
#define IMPRINT_KEYARG_H

#include "cose/open.h"
#include "crypto/key.h"
#include "pass.h"

struct any_key {
	const char *path;
	struct imp_crypto *crypto; /* borrowed */
	struct imp_secret bytes;   /* the file, where spans point into it */
	struct imp_key key;	   /* PEM */
	struct imp_pub pub;	   /* crv 0 for a symmetric key */
	uint8_t kid[32];
	bool has_private;
	enum imp_key_class class;
	bool from_cose;
	uint8_t d[32];		   /* private part of a COSE_Key */
	struct imp_span own_kid;   /* of a COSE_Key */
	struct imp_span symmetric; /* 32 bytes, or empty */
};

/* Read a key of any form. 0, or the errors of imp_key_read_private(). */
int any_key_read(struct imp_crypto *crypto, const char *path, struct pass_source *pass,
		 struct any_key *out, struct imp_error *err);
/* The same as a key for imp_cose_open(); borrowed. */
struct imp_open_key any_key_open(struct any_key *k);
void any_key_fini(struct any_key *k);

/*
 * Read a public key that somebody is trusted by.
 *
 * 0; -IMP_EPOLICY: a production key whose private part is published; the errors of
 * imp_key_read_public().
 */
int trusted_read(struct imp_crypto *crypto, const char *path, struct imp_key *key,
		 struct imp_error *err);
/* Whose key something is done with: what its class asks of others. */
struct key_user {
	const char *path;
	enum imp_key_class class;
};
/*
 * May a key that was read from `path` be trusted by this user?
 *
 *   by   NULL: nobody's key is at hand
 *
 * 0, or -IMP_EPOLICY: a production key trusts no test key.
 */
int key_check_class(const struct key_user *by, const char *path,
		    const struct imp_key *key, struct imp_error *err);
/* Say on standard error where the key's private part is published. */
void any_key_warn(const struct any_key *k);

/* Read the private key of -k and make a signer of it. Borrowed from *key. */
int signer_read(struct imp_crypto *crypto, const char *path, int pass_fd,
		struct imp_key *key, struct imp_signer *out, struct imp_error *err);

#endif
