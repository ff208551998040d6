/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that a user names. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/wipe.h"
#include "cose/key.h"
#include "cose/published.h"
#include "keyarg.h"
#include "note.h"

enum { FILE_MAX = 16384, SYMMETRIC_LEN = 32 };

void any_key_fini(struct any_key *k)
{
	imp_secret_fini(&k->bytes);
	imp_key_fini(&k->key);
	imp_wipe(k->d, sizeof(k->d));
	*k = (struct any_key){ 0 };
}

static bool is_pem(struct imp_span s)
{
	return memmem(s.ptr, s.len, "-----BEGIN ", 11) != NULL;
}

static int parse_cose(const struct any_key *k, struct imp_cose_key *c,
		      struct imp_error *err)
{
	struct imp_error why = { 0 };
	int rc = imp_cose_key_parse(imp_secret_span(&k->bytes), c, &why);

	if (rc == -IMP_EFORMAT)
		return imp_fail(err, IMP_EKEY,
				"%s: is no key: not PEM, not 32 bytes, and %s", k->path,
				why.msg);
	return rc ? imp_fail(err, why.code, "%s: %s", k->path, why.msg) : 0;
}

/* What holds a secret must be as private as a key; what does not may lie anywhere. */
static int take_cose(struct any_key *k, struct imp_error *err)
{
	struct imp_cose_key c;
	struct imp_pub derived;
	int rc = parse_cose(k, &c, err);

	if (!rc && (c.k.len > 0 || c.d.len > 0)) {
		rc = imp_file_read_private(k->path, FILE_MAX, &k->bytes, err);
		if (!rc)
			rc = parse_cose(k, &c, err);
	}
	if (rc)
		return rc;
	k->from_cose = true;
	k->own_kid = c.kid;
	k->symmetric = c.k;
	k->pub = c.pub;
	if (c.k.len > 0)
		return 0;
	if (imp_pub_check(k->crypto, &c.pub))
		return imp_fail(err, IMP_EKEY,
				"%s: the point is not one that can be used", k->path);
	k->has_private = c.d.len == 32;
	if (!k->has_private)
		return 0;
	memcpy(k->d, c.d.ptr, 32);
	if (imp_soft_pub(k->crypto, c.pub.crv, k->d, &derived) ||
	    !imp_pub_eq(&derived, &c.pub))
		return imp_fail(err, IMP_EKEY,
				"%s: the private key does not fit its public part",
				k->path);
	return 0;
}

static void take_key(struct any_key *k)
{
	k->pub = k->key.pub;
	k->class = k->key.class;
	k->has_private = k->key.has_private;
}

static int read_pem(struct any_key *k, struct pass_source *source, struct imp_error *err)
{
	struct imp_pass pass = pass_from(source);
	bool public = memmem(k->bytes.ptr, k->bytes.len, "BEGIN PUBLIC KEY", 16) != NULL;
	int rc = public ? imp_key_parse(k->crypto, k->path, imp_secret_span(&k->bytes),
					false, NULL, &k->key, err)
			: imp_key_open_private(k->crypto, k->path, &pass, &k->key, err);

	if (!rc)
		take_key(k);
	return rc;
}

static int take(struct any_key *k, struct pass_source *pass, struct imp_error *err)
{
	int rc;

	if (is_pem(imp_secret_span(&k->bytes)))
		return read_pem(k, pass, err);
	if (k->bytes.len != SYMMETRIC_LEN)
		return take_cose(k, err);
	rc = imp_seed_read(k->path, &k->bytes, err);
	k->symmetric = imp_secret_span(&k->bytes);
	return rc;
}

/* What tpm2-tss says on standard error by itself is said by our own errors. */
static void quiet(void)
{
	setenv("TSS2_LOG", "all+none", 0);
}

/* The public half of a token's key is there for everybody. */
static int take_hardware(struct any_key *k, struct pass_source *source,
			 struct imp_error *err)
{
	struct imp_pass pass = pass_from(source);
	int rc;

	quiet();
	rc = imp_key_is_public_half(k->path)
		     ? imp_key_open_public(k->crypto, k->path, &k->key, err)
		     : imp_key_open_private(k->crypto, k->path, &pass, &k->key, err);

	if (!rc)
		take_key(k);
	return rc;
}

static int read_file(struct any_key *k, struct pass_source *pass, struct imp_error *err)
{
	int rc = imp_file_read_key(k->path, FILE_MAX, &k->bytes, err);

	return rc ? rc : take(k, pass, err);
}

int any_key_read(struct imp_crypto *crypto, const char *path, struct pass_source *pass,
		 struct any_key *out, struct imp_error *err)
{
	CLEANUP(any_key_fini) struct any_key k = { .path = path, .crypto = crypto };
	int rc = imp_key_in_hardware(path) ? take_hardware(&k, pass, err)
					   : read_file(&k, pass, err);

	if (!rc && k.pub.crv != 0 && imp_cose_kid(crypto, &k.pub, k.kid))
		rc = imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
	if (rc)
		return rc;
	*out = k;
	k = (struct any_key){ 0 };
	return 0;
}

static int agree(void *ctx, const struct imp_pub *peer, uint8_t z[32])
{
	struct any_key *k = ctx;

	return k->from_cose ? imp_soft_agree(k->crypto, k->d, peer, z)
			    : imp_key_agree(k->crypto, &k->key, peer, z, NULL);
}

struct imp_open_key any_key_open(struct any_key *k)
{
	struct imp_open_key o = { .name = k->path,
				  .pub = k->pub,
				  .own_kid = k->own_kid,
				  .symmetric = k->symmetric,
				  .ctx = k };

	memcpy(o.kid, k->kid, sizeof(o.kid));
	if (k->has_private && !k->key.held && k->pub.crv != IMP_CRV_ED25519)
		o.agree = agree;
	return o;
}

/* Is it for tests, or is its private part unknown to others? */
static int check_published(struct imp_crypto *crypto, const char *path,
			   const struct imp_key *key, struct imp_error *err)
{
	uint8_t kid[32];

	if (imp_cose_kid(crypto, &key->pub, kid))
		return imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
	if (key->class == IMP_CLASS_TEST || !imp_published(kid))
		return 0;
	return imp_hint(err,
			imp_fail(err, IMP_EPOLICY,
				 "%s: its private key is published (%s): expected one of "
				 "your own, or the class test",
				 path, imp_published(kid)),
			"imprint keygen makes a key");
}

int trusted_read(struct imp_crypto *crypto, const char *path, struct imp_key *key,
		 struct imp_error *err)
{
	int rc;

	quiet();
	rc = imp_key_open_public(crypto, path, key, err);

	return rc ? rc : check_published(crypto, path, key, err);
}

int key_check_class(const struct key_user *by, const char *path,
		    const struct imp_key *key, struct imp_error *err)
{
	if (!by || by->class == IMP_CLASS_TEST || key->class != IMP_CLASS_TEST)
		return 0;
	return imp_fail(err, IMP_EPOLICY, "%s: is a test key, and %s is for production",
			path, by->path);
}

void any_key_warn(const struct any_key *k)
{
	const char *where = k->pub.crv != 0 ? imp_published(k->kid) : NULL;

	if (where)
		say_note("%s: its private key is published (%s)", k->path, where);
}

int signer_read(struct imp_crypto *crypto, const char *path, int pass_fd,
		struct imp_key *key, struct imp_signer *out, struct imp_error *err)
{
	struct pass_source source = { .fd = pass_fd };
	struct imp_pass pass = pass_from(&source);
	int rc;

	if (!path)
		return imp_fail(err, IMP_EUSAGE, "missing -k KEY: whose signature?");
	quiet();
	rc = imp_key_open_private(crypto, path, &pass, key, err);
	if (!rc)
		rc = check_published(crypto, path, key, err);
	if (!rc)
		rc = imp_wrap(err, imp_key_signer(crypto, key, 0, out, err), "%s", path);
	return rc;
}
