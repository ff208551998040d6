/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys of a TPM 2.0, through the provider of tpm2-openssl.
 *
 * In a library context of their own: the provider also offers digests and random numbers,
 * and nothing else is to come from there.
 */
#include <limits.h>
#include <openssl/err.h>
#include <openssl/provider.h>
#include <openssl/store.h>
#include <openssl/ui.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/held.h"
#include "crypto/openssl.h"

DEFINE_CLEANUP(OSSL_STORE_INFO *, OSSL_STORE_INFO_free);
DEFINE_CLEANUP(UI_METHOD *, UI_destroy_method);

enum { OPENINGS = 5, FIRST_PAUSE_MS = 100 };

static const char properties[] = "provider=tpm2";

struct tpm {
	char *name; /* owned; a handle or a file */
	bool is_file;
	OSSL_LIB_CTX *lib;
	OSSL_PROVIDER *provider[2];
	EVP_PKEY *pkey;
	struct imp_secret word;	     /* the key's password; empty where there is none */
	const struct imp_pass *pass; /* while it is opened first */
	struct imp_pub pub;
	int cancel_fd;
	int asked;	      /* what asking for the password answered */
	struct imp_error why; /* of asked, or of broken */
	pthread_mutex_t lock; /* a TPM does one thing at a time */
	int broken; /* it failed for good: a wrong password is not tried twice */
};

static void disconnect(struct tpm *t)
{
	EVP_PKEY_free(t->pkey);
	t->pkey = NULL;
	for (size_t i = 0; i < COUNTOF(t->provider); i++) {
		if (t->provider[i])
			OSSL_PROVIDER_unload(t->provider[i]);
		t->provider[i] = NULL;
	}
	OSSL_LIB_CTX_free(t->lib);
	t->lib = NULL;
}

static void close_tpm(void *impl)
{
	struct tpm *t = impl;

	disconnect(t);
	imp_secret_fini(&t->word);
	pthread_mutex_destroy(&t->lock);
	free(t->name);
	free(t);
}

/* Response codes of format 1 have the number of a handle or session in them. Source: TCG
 * TPM 2.0 Library, part 2, 6.6; TSS 2.0 Overview, 4.1. */
enum {
	RC_FORMAT_1 = 0x80,
	RC_ERROR = 0x3f,
	RC_AUTH_FAIL = 0x0e,
	RC_BAD_AUTH = 0x22,
	RC_HANDLE = 0x0b,
	RC_LOCKOUT = 0x921,
	RC_RETRY = 0x922,
	RC_INITIALIZE = 0x100,
	RC_OBJECT_MEMORY = 0x902,
	RC_LAYER_SHIFT = 16,
	RC_LAYER_TCTI = 10,
};

static bool is_wrong_word(unsigned long code)
{
	unsigned long error = code & RC_ERROR;

	return code >> RC_LAYER_SHIFT == 0 && (code & RC_FORMAT_1) &&
	       (error == RC_AUTH_FAIL || error == RC_BAD_AUTH);
}

/* The way to it is gone, or it was started again. */
static bool is_lost(unsigned long code)
{
	return code >> RC_LAYER_SHIFT == RC_LAYER_TCTI || code == RC_RETRY ||
	       code == RC_INITIALIZE;
}

static int wrong_word(const struct tpm *t, struct imp_error *err)
{
	int rc = imp_fail(err, IMP_EKEY, "%s: %s", t->name,
			  t->word.ptr ? "wrong password" : "the key has a password");

	return t->word.ptr ? rc : imp_hint(err, rc, "%s?pass asks for it", t->name);
}

/* What OpenSSL or the provider said last; the provider's words start with the TPM's
 * code. *code becomes that, or 0. */
static int tpm_failed(const struct tpm *t, const char *doing, unsigned long *code,
		      struct imp_error *err)
{
	const char *data = NULL;
	int flags = 0;
	unsigned long e = ERR_peek_last_error_data(&data, &flags);
	const char *reason = e ? ERR_reason_error_string(e) : NULL;
	const char *said = data && (flags & ERR_TXT_STRING) ? data : "";
	int rc;

	*code = strtoul(said, NULL, 10);
	if (is_wrong_word(*code))
		rc = wrong_word(t, err);
	else if (*code == RC_LOCKOUT)
		rc = imp_hint(err,
			      imp_fail(err, IMP_EKEY,
				       "%s: the TPM is locked after wrong passwords",
				       t->name),
			      "it takes them again after a while, or after "
			      "tpm2_dictionarylockout --clear-lockout");
	else if (*code == RC_OBJECT_MEMORY)
		rc = imp_hint(err,
			      imp_fail(err, IMP_EKEY,
				       "%s: the TPM has no room for one more key",
				       t->name),
			      "tpm2_flushcontext -t empties it; behind /dev/tpmrm0 the "
			      "kernel does that");
	else
		rc = imp_fail(err, IMP_EKEY, "%s: %s: %s%s%s", t->name, doing,
			      reason ? reason : "the TPM gives no reason",
			      *said ? ": " : "", said);
	ERR_clear_error();
	return rc;
}

/* Asked once; the word is kept for later openings. */
static int read_word(UI *ui, UI_STRING *s)
{
	struct tpm *t = UI_get0_user_data(ui);
	const struct imp_asked asked = { "password", t->name, NULL, 0 };

	if (UI_get_string_type(s) != UIT_PROMPT)
		return 1;
	if (!t->word.ptr && t->pass)
		t->asked = t->pass->ask(t->pass->ctx, &asked, &t->word, &t->why);
	if (t->asked || !t->word.ptr)
		return 0;
	return UI_set_result_ex(ui, s, (const char *)t->word.ptr, (int)t->word.len) == 0;
}

/* Of a file OpenSSL itself makes the PEM that the provider decodes. */
static EVP_PKEY *load(struct tpm *t, const char *uri, const UI_METHOD *ui)
{
	OSSL_STORE_CTX *store = OSSL_STORE_open_ex(
		uri, t->lib, t->is_file ? "?provider=tpm2" : properties, ui, t, NULL,
		NULL, NULL);
	EVP_PKEY *pkey = NULL;

	while (store && !pkey && !OSSL_STORE_eof(store)) {
		CLEANUP(OSSL_STORE_INFO_freep)
		OSSL_STORE_INFO *info = OSSL_STORE_load(store);

		if (!info)
			break;
		if (OSSL_STORE_INFO_get_type(info) == OSSL_STORE_INFO_PKEY)
			pkey = OSSL_STORE_INFO_get1_PKEY(info);
	}
	OSSL_STORE_close(store);
	return pkey;
}

static int load_providers(struct tpm *t, struct imp_error *err)
{
	unsigned long code;

	t->lib = OSSL_LIB_CTX_new();
	if (!t->lib)
		return imp_fail(err, IMP_ERESOURCE, "out of memory");
	t->provider[0] = OSSL_PROVIDER_load(t->lib, "tpm2");
	if (!t->provider[0])
		return imp_hint(err,
				tpm_failed(t, "the TPM cannot be reached", &code, err),
				"tpm2-openssl must be installed (apt install "
				"tpm2-openssl); TPM2OPENSSL_TCTI names a TPM that is not "
				"the machine's own");
	t->provider[1] = OSSL_PROVIDER_load(t->lib, "default");
	return t->provider[1] ? 0 : tpm_failed(t, "OpenSSL", &code, err);
}

static bool in_tpm(const EVP_PKEY *pkey)
{
	const OSSL_PROVIDER *p = EVP_PKEY_get0_provider(pkey);

	return p && strcmp(OSSL_PROVIDER_get0_name(p), "tpm2") == 0;
}

static int connect_tpm(struct tpm *t, struct imp_error *err)
{
	CLEANUP(UI_destroy_methodp) UI_METHOD *ui = UI_create_method("imprint");
	char uri[PATH_MAX + sizeof("file:")];
	unsigned long code;
	int rc = load_providers(t, err);

	if (rc)
		return rc;
	if (!ui || UI_method_set_reader(ui, read_word))
		return imp_fail(err, IMP_ERESOURCE, "out of memory");
	snprintf(uri, sizeof(uri), "%s%s", t->is_file ? "file:" : "", t->name);
	t->pkey = load(t, uri, ui);
	if (t->asked) {
		*err = t->why;
		return t->asked;
	}
	if (t->pkey && in_tpm(t->pkey))
		return 0;
	rc = tpm_failed(t, "no such key in the TPM", &code, err);
	return (code & RC_FORMAT_1) && (code & RC_ERROR) == RC_HANDLE
		       ? imp_hint(err, rc,
				  "tpm2_getcap handles-persistent lists what is there")
		       : rc;
}

static int sign_once(struct tpm *t, struct imp_span hash, uint8_t sig[IMP_SIG_LEN],
		     bool *lost, struct imp_error *err)
{
	CLEANUP(EVP_PKEY_CTX_freep)
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(t->lib, t->pkey, properties);
	uint8_t der[160];
	size_t len = sizeof(der);
	unsigned long code;
	int rc;

	if (!ctx || EVP_PKEY_sign_init(ctx) != 1 ||
	    EVP_PKEY_sign(ctx, der, &len, hash.ptr, hash.len) != 1 ||
	    der_to_raw(der, len, sig)) {
		rc = tpm_failed(t, "signing", &code, err);
		*lost = is_lost(code);
		return rc;
	}
	return 0;
}

static int same_key(const struct tpm *t, struct imp_error *err)
{
	struct imp_pub pub;

	return pkey_pub(t->pkey, &pub) == 0 && memcmp(&pub, &t->pub, sizeof(pub)) == 0
		       ? 0
		       : imp_fail(err, IMP_EVERIFY,
				  "%s: after the TPM was lost it has another key there",
				  t->name);
}

static int sign_again(struct tpm *t, struct imp_span hash, uint8_t sig[IMP_SIG_LEN],
		      bool *lost, struct imp_error *err)
{
	int rc = connect_tpm(t, err);

	*lost = rc == -IMP_EKEY;
	if (!rc)
		rc = same_key(t, err);
	return rc ? rc : sign_once(t, hash, sig, lost, err);
}

/* A resource manager that was started again knows nothing of us. */
static int sign_through(struct tpm *t, struct imp_span hash, uint8_t sig[IMP_SIG_LEN],
			struct imp_error *err)
{
	bool lost = false;
	int rc = sign_once(t, hash, sig, &lost, err);

	for (int i = 0; rc && lost && i < OPENINGS; i++) {
		disconnect(t);
		if (!held_pause(t->cancel_fd, FIRST_PAUSE_MS << i))
			return imp_fail(err, IMP_EINTERRUPTED, "interrupted");
		rc = sign_again(t, hash, sig, &lost, err);
	}
	return rc;
}

static int sign(void *impl, struct imp_span hash, uint8_t sig[IMP_SIG_LEN],
		struct imp_error *err)
{
	struct tpm *t = impl;
	int rc;

	pthread_mutex_lock(&t->lock);
	if (t->broken) {
		*err = t->why;
	} else {
		t->broken = sign_through(t, hash, sig, err);
		t->why = *err;
	}
	rc = t->broken;
	pthread_mutex_unlock(&t->lock);
	return rc;
}

static const struct held_ops ops = { .sign = sign, .close = close_tpm };

/* handle:0x81000000, of a persistent object; ?pass: it has a password. Source: TCG
 * Registry of Reserved TPM 2.0 Handles; tpm2-openssl, docs/keys. */
static bool is_handle(const char *uri)
{
	static const char head[] = "handle:0x81";
	enum { LAST_DIGITS = 6 };
	size_t n;

	if (strncmp(uri, head, strlen(head)) != 0)
		return false;
	uri += strlen(head);
	n = strspn(uri, "0123456789abcdefABCDEF");
	return n == LAST_DIGITS && (uri[n] == '\0' || strcmp(uri + n, "?pass") == 0);
}

static int take(struct imp_crypto *c, struct tpm *t, bool want_private,
		struct imp_key *out, struct imp_error *err)
{
	if (!pkey_in_table(t->pkey))
		return pkey_outside(t->name, t->pkey, err);
	if (pkey_pub(t->pkey, &t->pub) || t->pub.crv != IMP_CRV_P256)
		return imp_fail(err, IMP_EKEY, "%s: is no key that can be used", t->name);
	if (want_private)
		return held_key(c, t->name, &t->pub, &ops, t, out, err);
	*out = (struct imp_key){ .pub = t->pub };
	return 0;
}

static int open_key(struct imp_crypto *c, const char *name, bool is_file,
		    bool want_private, const struct imp_pass *pass, struct imp_key *out,
		    struct imp_error *err)
{
	struct tpm *t;
	int rc;

	t = calloc(1, sizeof(*t));
	if (!t)
		return imp_fail(err, IMP_ERESOURCE, "out of memory");
	pthread_mutex_init(&t->lock, NULL);
	t->name = is_file ? realpath(name, NULL) : strdup(name);
	t->is_file = is_file;
	t->pass = pass;
	t->cancel_fd = pass ? pass->cancel_fd : -1;
	rc = t->name ? connect_tpm(t, err)
		     : imp_fail(err, IMP_ERESOURCE, "out of memory");
	t->pass = NULL;
	if (!rc)
		rc = take(c, t, want_private, out, err);
	if (rc || !want_private)
		close_tpm(t);
	return rc;
}

int tpm_open(struct imp_crypto *c, const char *uri, bool want_private,
	     const struct imp_pass *pass, struct imp_key *out, struct imp_error *err)
{
	return is_handle(uri)
		       ? open_key(c, uri, false, want_private, pass, out, err)
		       : imp_fail(err, IMP_EUSAGE,
				  "%s: expected handle:0x81NNNNNN, with ?pass where "
				  "the key has a password",
				  uri);
}

int tpm_open_file(struct imp_crypto *c, const char *path, const struct imp_pass *pass,
		  struct imp_key *out, struct imp_error *err)
{
	return open_key(c, path, true, true, pass, out, err);
}
