/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens: slots, sessions and logging in (PKCS#11 2.40). Private to lib/crypto.
 *
 * A token logs in once for the whole process; sessions are opened as threads need them
 * and kept. Source: PKCS #11 Base Specification 2.40, 5.4 to 5.7.
 */
#ifndef IMP_CRYPTO_TOKEN_H
#define IMP_CRYPTO_TOKEN_H

#include <pthread.h>

#include "crypto/held.h"
#include "crypto/module.h"

enum { TOKEN_SESSIONS = 64 };

struct token {
	const CK_FUNCTION_LIST *f;
	bool started; /* by us, so C_Finalize is ours */
	struct imp_pkcs11_uri uri;
	char *name; /* owned; the URI, for messages */
	int cancel_fd;
	struct imp_secret pin; /* kept to log in again; empty where there is none */
	CK_SLOT_ID slot;
	CK_FLAGS flags; /* of the token */

	/* The private key. */
	CK_OBJECT_HANDLE key;
	CK_MECHANISM_TYPE mechanism;
	bool always; /* the PIN, for each signature */
	struct imp_pub pub;

	pthread_rwlock_t gate; /* read: signing; write: opening all anew */
	unsigned generation;   /* of sessions, under gate */
	int broken;	       /* under gate: opening anew failed for good, with this */
	struct imp_error why;

	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t given;
	CK_SESSION_HANDLE idle[TOKEN_SESSIONS];
	size_t idles, opened;
};

/* Load the module, find the token. token_free() after 0 and after an error, too. */
int token_begin(struct token **out, const char *uri, const struct imp_pkcs11_uri *parsed,
		struct imp_error *err);
void token_free(struct token *t);
/* The slot whose token the URI names. 0, -IMP_EKEY (none, several). */
int token_find(struct token *t, struct imp_error *err);
/* Open the first session, which is kept among the idle ones. 0, -IMP_EKEY. */
int token_session(struct token *t, CK_FLAGS flags, CK_SESSION_HANDLE *out,
		  struct imp_error *err);
/* Log in with a PIN that is asked for, or as the token wants it. 0; -IMP_EKEY (wrong,
 * locked, none); what asking answers. */
int token_login(struct token *t, CK_SESSION_HANDLE s, const struct imp_pass *pass,
		struct imp_error *err);
/* Log in once with the PIN that is kept. */
CK_RV token_login_again(struct token *t, CK_SESSION_HANDLE s);
/* Record what a login answered. */
int token_login_failed(struct token *t, CK_RV rv, struct imp_error *err);

/* What of a key counts before it is used. */
struct token_key {
	CK_OBJECT_HANDLE handle;
	struct imp_pub pub;
	bool always, signs;
	char label[IMP_PKCS11_VALUE_MAX + 1];
};
/*
 * Find the one key that the URI names, and its public part (the key's own, or that of
 * the public key with the same id, or label).
 *
 *   class   CKO_PRIVATE_KEY or CKO_PUBLIC_KEY
 *
 * 0, -IMP_EKEY (none, several, no public part), -IMP_EPOLICY (another type).
 */
int token_find_key(struct token *t, CK_SESSION_HANDLE s, CK_OBJECT_CLASS class,
		   struct token_key *out, struct imp_error *err);
/* How many objects of the class have the URI's label or id: 0, 1, 2 for more. */
CK_RV token_count(struct token *t, CK_SESSION_HANDLE s, CK_OBJECT_CLASS class,
		  CK_OBJECT_HANDLE *first, CK_ULONG *count);

/* What a label says of its key's class. */
enum imp_key_class token_class(const char *label);
/* Of a token whose key is known: what signs. */
extern const struct held_ops token_ops;
/* Make a key of it, which then owns it. */
int token_key_take(struct imp_crypto *c, struct token *t, const struct token_key *k,
		   struct imp_key *out, struct imp_error *err);

#endif
