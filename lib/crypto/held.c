/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that stay in hardware. */
#include <openssl/crypto.h>
#include <poll.h>
#include <stdlib.h>

#include "crypto/held.h"
#include "crypto/openssl.h"

int held_key(struct imp_crypto *c, const char *name, const struct imp_pub *pub,
	     const struct held_ops *ops, void *impl, struct imp_key *out,
	     struct imp_error *err)
{
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *pkey = NULL;
	struct imp_held *held;

	if (imp_pub_check(c, pub))
		return imp_fail(err, IMP_EKEY,
				"%s: its public part is no point that can be used", name);
	pkey = pkey_from_pub(c, pub);
	held = pkey ? calloc(1, sizeof(*held)) : NULL;
	if (!held)
		return imp_fail(err, IMP_ERESOURCE, "out of memory");
	*held = (struct imp_held){ .ops = ops, .impl = impl };
	pthread_mutex_init(&held->lock, NULL);
	*out = (struct imp_key){
		.pub = *pub, .has_private = true, .impl = STEAL(pkey), .held = held
	};
	return 0;
}

static int failed(struct imp_held *held, int rc, const struct imp_error *why)
{
	pthread_mutex_lock(&held->lock);
	if (held->why.code == IMP_OK)
		held->why = *why;
	pthread_mutex_unlock(&held->lock);
	return rc;
}

static int not_let_out(struct imp_error *err)
{
	return imp_fail(err, IMP_EVERIFY,
			"the hardware's signature does not verify under its own public "
			"key: it was not let out");
}

static int sign_hash(struct imp_key *key, const struct imp_span *part, size_t count,
		     uint8_t sig[IMP_SIG_LEN], struct imp_error *err)
{
	CLEANUP(EVP_MD_CTX_freep) EVP_MD_CTX *md = EVP_MD_CTX_new();
	uint8_t hash[IMP_SHA256_LEN];
	int rc;

	if (md_sha256(md, key->crypto, part, count, hash))
		return imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
	rc = key->held->ops->sign(key->held->impl, IMP_SPAN(hash), sig, err);
	if (!rc && !ecdsa_verifies(key->impl, hash, sig))
		rc = not_let_out(err);
	return rc;
}

static int sign_message(struct imp_key *key, const struct imp_span *part, size_t count,
			uint8_t sig[IMP_SIG_LEN], struct imp_error *err)
{
	const struct imp_held *held = key->held;
	struct imp_span all;
	uint8_t *msg = join_parts(part, count, &all.len);
	int rc;

	all.ptr = msg;
	if (!msg)
		return imp_fail(err, IMP_ERESOURCE, "out of memory");
	rc = held->ops->sign(held->impl, all, sig, err);
	if (!rc && !eddsa_verifies(key->impl, &all, 1, sig))
		rc = not_let_out(err);
	OPENSSL_cleanse(msg, all.len);
	free(msg);
	return rc;
}

int held_sign(struct imp_key *key, const struct imp_span *part, size_t count,
	      uint8_t sig[IMP_SIG_LEN])
{
	uint8_t made[IMP_SIG_LEN] = { 0 };
	struct imp_error why = { 0 };
	int rc = key->pub.crv == IMP_CRV_P256
			 ? sign_hash(key, part, count, made, &why)
			 : sign_message(key, part, count, made, &why);

	if (rc)
		return failed(key->held, rc, &why);
	for (size_t i = 0; i < IMP_SIG_LEN; i++)
		sig[i] = made[i];
	return 0;
}

int held_why(struct imp_key *key, struct imp_error *err)
{
	struct imp_error why;

	pthread_mutex_lock(&key->held->lock);
	why = key->held->why;
	pthread_mutex_unlock(&key->held->lock);
	if (why.code != IMP_OK && err)
		*err = why;
	return -(int)why.code;
}

bool held_pause(int cancel_fd, int ms)
{
	struct pollfd p = { cancel_fd, POLLIN, 0 };

	return poll(&p, cancel_fd >= 0 ? 1 : 0, ms) == 0;
}

void held_close(struct imp_held *held)
{
	if (!held)
		return;
	held->ops->close(held->impl);
	pthread_mutex_destroy(&held->lock);
	free(held);
}
