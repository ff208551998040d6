/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens: from a URI to a key. */
#include <string.h>

#include "crypto/token.h"

static const struct choice {
	int32_t crv;
	CK_MECHANISM_TYPE mechanism;
} choices[] = {
	{ IMP_CRV_P256, CKM_ECDSA }, /* of the hash */
	{ IMP_CRV_ED25519, CKM_EDDSA },
};

static int choose_mechanism(struct token *t, int32_t crv, struct imp_error *err)
{
	CK_MECHANISM_INFO info;

	for (size_t i = 0; i < COUNTOF(choices); i++)
		if (choices[i].crv == crv &&
		    t->f->C_GetMechanismInfo(t->slot, choices[i].mechanism, &info) ==
			    CKR_OK &&
		    (info.flags & CKF_SIGN)) {
			t->mechanism = choices[i].mechanism;
			return 0;
		}
	return imp_fail(err, IMP_EKEY, "%s: the token does not sign with %s", t->name,
			crv == IMP_CRV_P256 ? "ECDSA" : "EdDSA");
}

/* ":test" at the end of its label. */
enum imp_key_class token_class(const char *label)
{
	size_t n = strlen(label);

	return n >= 5 && strcmp(label + n - 5, ":test") == 0 ? IMP_CLASS_TEST
							     : IMP_CLASS_PRODUCTION;
}

int token_key_take(struct imp_crypto *c, struct token *t, const struct token_key *k,
		   struct imp_key *out, struct imp_error *err)
{
	int rc;

	if (!k->signs)
		return imp_fail(err, IMP_EKEY, "%s: it may not sign (CKA_SIGN is false)",
				t->name);
	t->key = k->handle;
	t->always = k->always;
	t->pub = k->pub;
	rc = choose_mechanism(t, k->pub.crv, err);
	if (!rc)
		rc = held_key(c, t->name, &k->pub, &token_ops, t, out, err);
	if (!rc)
		out->class = token_class(k->label);
	return rc;
}

static int open_private(struct imp_crypto *c, struct token *t,
			const struct imp_pass *pass, struct imp_key *out,
			struct imp_error *err)
{
	CK_SESSION_HANDLE s;
	struct token_key k;
	int rc = token_session(t, 0, &s, err);

	t->cancel_fd = pass ? pass->cancel_fd : -1;
	if (!rc)
		rc = token_login(t, s, pass, err);
	if (!rc)
		rc = token_find_key(t, s, CKO_PRIVATE_KEY, &k, err);
	return rc ? rc : token_key_take(c, t, &k, out, err);
}

/* Public keys are read without logging in. */
static int open_public(struct imp_crypto *c, struct token *t, struct imp_key *out,
		       struct imp_error *err)
{
	CK_SESSION_HANDLE s;
	struct token_key k;
	int rc = token_session(t, 0, &s, err);

	if (!rc)
		rc = token_find_key(t, s, CKO_PUBLIC_KEY, &k, err);
	if (!rc && imp_pub_check(c, &k.pub))
		rc = imp_fail(err, IMP_EKEY, "%s: is no point that can be used", t->name);
	if (!rc)
		*out = (struct imp_key){ .pub = k.pub, .class = token_class(k.label) };
	return rc;
}

int token_open(struct imp_crypto *c, const char *uri, bool want_private,
	       const struct imp_pass *pass, struct imp_key *out, struct imp_error *err)
{
	struct imp_pkcs11_uri parsed;
	struct token *t = NULL;
	int rc = imp_pkcs11_uri_parse(uri, &parsed, err);

	if (rc)
		return rc;
	if (want_private && parsed.wants_public)
		return imp_fail(err, IMP_EKEY,
				"%s: names a public key, expected a private one", uri);
	rc = token_begin(&t, uri, &parsed, err);
	if (!rc)
		rc = want_private ? open_private(c, t, pass, out, err)
				  : open_public(c, t, out, err);
	if (rc || !want_private)
		token_free(t);
	return rc;
}
