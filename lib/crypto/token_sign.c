/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens: signing, on as many threads as ask, through lost sessions. */
#include <string.h>

#include "crypto/token.h"

/* A token that comes back within about six seconds is waited for. */
enum { OPENINGS = 8, FIRST_PAUSE_MS = 50, TRIES_EACH = 5 };

/* A session that nobody else uses. CKR_SESSION_COUNT: the token has no more of them, and
 * none of ours is coming back. */
static CK_RV take_session(struct token *t, CK_SESSION_HANDLE *out)
{
	CK_RV rv = CKR_OK;

	pthread_mutex_lock(&t->lock);
	while (t->idles == 0) {
		rv = t->opened < TOKEN_SESSIONS
			     ? t->f->C_OpenSession(t->slot, CKF_SERIAL_SESSION, NULL,
						   NULL, out)
			     : CKR_SESSION_COUNT;
		if (rv != CKR_SESSION_COUNT || t->opened == 0)
			break;
		pthread_cond_wait(&t->given, &t->lock);
	}
	if (t->idles > 0) {
		*out = t->idle[--t->idles];
		rv = CKR_OK;
	} else if (rv == CKR_OK) {
		t->opened++;
	}
	pthread_mutex_unlock(&t->lock);
	return rv;
}

/* What failed may have left an operation open in it. */
static void give_back(struct token *t, CK_SESSION_HANDLE s, bool good)
{
	pthread_mutex_lock(&t->lock);
	if (good)
		t->idle[t->idles++] = s;
	else
		t->opened--;
	pthread_cond_signal(&t->given);
	pthread_mutex_unlock(&t->lock);
	if (!good)
		t->f->C_CloseSession(s);
}

static CK_RV sign_once(struct token *t, CK_SESSION_HANDLE s, struct imp_span tbs,
		       uint8_t sig[IMP_SIG_LEN])
{
	CK_MECHANISM mechanism = { t->mechanism, NULL, 0 };
	CK_ULONG len = IMP_SIG_LEN;
	CK_RV rv = t->f->C_SignInit(s, &mechanism, t->key);

	if (rv == CKR_OK && t->always)
		rv = t->f->C_Login(s, CKU_CONTEXT_SPECIFIC, t->pin.ptr, t->pin.len);
	if (rv == CKR_OK)
		rv = t->f->C_Sign(s, (CK_BYTE *)tbs.ptr, tbs.len, sig, &len);
	return rv == CKR_OK && len != IMP_SIG_LEN ? CKR_DATA_LEN_RANGE : rv;
}

/* Nobody opens anew what others are signing with. */
static CK_RV try_sign(struct token *t, struct imp_span tbs, uint8_t sig[IMP_SIG_LEN],
		      unsigned *generation)
{
	CK_SESSION_HANDLE s;
	CK_RV rv;

	pthread_rwlock_rdlock(&t->gate);
	*generation = t->generation;
	rv = t->broken ? CKR_TOKEN_NOT_PRESENT : take_session(t, &s);
	if (rv == CKR_OK) {
		rv = sign_once(t, s, tbs, sig);
		give_back(t, s, rv == CKR_OK);
	}
	pthread_rwlock_unlock(&t->gate);
	return rv;
}

/* It answers to the same name, but is it the same key? */
static int same_key(struct token *t, CK_SESSION_HANDLE s, struct imp_error *err)
{
	struct token_key k;
	int rc = token_find_key(t, s, CKO_PRIVATE_KEY, &k, err);

	if (!rc && memcmp(&k.pub, &t->pub, sizeof(k.pub)) != 0)
		rc = imp_fail(err, IMP_EVERIFY,
			      "%s: after the session was lost the token has another key "
			      "of that name",
			      t->name);
	if (!rc)
		t->key = k.handle;
	return rc;
}

/* Nobody signs: all of ours are idle. Another key of the token keeps its own. */
static void close_idle(struct token *t)
{
	while (t->idles > 0)
		t->f->C_CloseSession(t->idle[--t->idles]);
	t->opened = 0;
}

/* *again: it may be better later. The PIN is tried once: a wrong one would lock it. */
static int open_anew(struct token *t, bool *again, struct imp_error *err)
{
	CK_SESSION_HANDLE s;
	CK_RV rv;
	int rc;

	*again = true;
	close_idle(t);
	rv = module_start(t->f);
	if (rv != CKR_OK && rv != CKR_CRYPTOKI_ALREADY_INITIALIZED)
		return module_failed(t->name, "starting", rv, err);
	t->started |= rv == CKR_OK;
	rc = token_find(t, err);
	if (!rc)
		rc = token_session(t, 0, &s, err);
	if (rc)
		return rc;
	rv = token_login_again(t, s);
	if (rv != CKR_OK) {
		*again = module_lost(rv);
		rc = token_login_failed(t, rv, err);
	}
	if (!rc) {
		rc = same_key(t, s, err);
		*again = rc == -IMP_EKEY;
	}
	return rc;
}

static int open_until(struct token *t, struct imp_error *err)
{
	bool again = true;
	int rc = -IMP_EKEY;

	for (int i = 0; rc && again && i < OPENINGS; i++) {
		if (i > 0 && !held_pause(t->cancel_fd, FIRST_PAUSE_MS << (i - 1)))
			return imp_fail(err, IMP_EINTERRUPTED, "interrupted");
		rc = open_anew(t, &again, err);
	}
	if (rc && again)
		imp_wrap(err, rc, "the token is gone, %d openings later", OPENINGS);
	return rc;
}

/* Open all sessions anew, unless somebody has since they were of this generation; *own
 * counts. */
static int reopen(struct token *t, unsigned generation, unsigned *own,
		  struct imp_error *err)
{
	int rc = 0;

	pthread_rwlock_wrlock(&t->gate);
	if (t->broken)
		*err = t->why;
	else if (t->generation == generation) {
		t->broken = open_until(t, err);
		t->generation++;
		++*own;
		if (t->broken)
			t->why = *err;
	}
	rc = t->broken;
	pthread_rwlock_unlock(&t->gate);
	return rc;
}

static int sign(void *impl, struct imp_span tbs, uint8_t sig[IMP_SIG_LEN],
		struct imp_error *err)
{
	struct token *t = impl;
	CK_RV rv = CKR_OK;
	unsigned own = 0; /* what others lost is not held against this signature */

	while (own < TRIES_EACH) {
		unsigned generation;
		int rc;

		rv = try_sign(t, tbs, sig, &generation);
		if (rv == CKR_OK)
			return 0;
		if (!module_lost(rv))
			break;
		rc = reopen(t, generation, &own, err);
		if (rc)
			return rc;
	}
	return module_failed(t->name, "signing", rv, err);
}

static void close_token(void *impl)
{
	token_free(impl);
}

const struct held_ops token_ops = { .sign = sign, .close = close_token };
