/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens: making a key that never leaves. */
#include <string.h>

#include "crypto/token.h"

enum { ID_LEN = 8 };

static const struct recipe {
	int32_t crv;
	CK_KEY_TYPE type;
	CK_MECHANISM_TYPE mechanism;
	CK_ULONG len;
	uint8_t params[10];
} recipes[] = {
	{ IMP_CRV_P256,
	  CKK_EC,
	  CKM_EC_KEY_PAIR_GEN,
	  10,
	  { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 } },
	{ IMP_CRV_ED25519,
	  CKK_EC_EDWARDS,
	  CKM_EC_EDWARDS_KEY_PAIR_GEN,
	  5,
	  { 0x06, 0x03, 0x2b, 0x65, 0x70 } },
};

struct pair {
	CK_OBJECT_HANDLE public, private;
};

static const struct recipe *recipe_for(int32_t crv)
{
	for (size_t i = 0; i < COUNTOF(recipes); i++)
		if (recipes[i].crv == crv)
			return &recipes[i];
	return NULL;
}

static CK_RV generate(struct token *t, CK_SESSION_HANDLE s, const struct recipe *r,
		      struct pair *out)
{
	struct imp_pkcs11_value *label = &t->uri.value[IMP_PKCS11_OBJECT];
	struct imp_pkcs11_value *id = &t->uri.value[IMP_PKCS11_ID];
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_KEY_TYPE type = r->type;
	CK_MECHANISM mechanism = { r->mechanism, NULL, 0 };
	CK_ATTRIBUTE public[] = {
		{ CKA_TOKEN, &yes, sizeof(yes) },
		{ CKA_KEY_TYPE, &type, sizeof(type) },
		{ CKA_EC_PARAMS, (void *)r->params, r->len },
		{ CKA_LABEL, label->text, label->len },
		{ CKA_ID, id->text, id->len },
		{ CKA_PRIVATE, &no, sizeof(no) },
		{ CKA_VERIFY, &yes, sizeof(yes) },
		{ CKA_ENCRYPT, &no, sizeof(no) },
		{ CKA_WRAP, &no, sizeof(no) },
	};
	CK_ATTRIBUTE private[] = {
		{ CKA_TOKEN, &yes, sizeof(yes) },
		{ CKA_KEY_TYPE, &type, sizeof(type) },
		{ CKA_LABEL, label->text, label->len },
		{ CKA_ID, id->text, id->len },
		{ CKA_PRIVATE, &yes, sizeof(yes) },
		{ CKA_SENSITIVE, &yes, sizeof(yes) },
		{ CKA_EXTRACTABLE, &no, sizeof(no) },
		{ CKA_SIGN, &yes, sizeof(yes) },
		{ CKA_DECRYPT, &no, sizeof(no) },
		{ CKA_UNWRAP, &no, sizeof(no) },
		{ CKA_DERIVE, &no, sizeof(no) },
	};

	return t->f->C_GenerateKeyPair(s, &mechanism, public, COUNTOF(public), private,
				       COUNTOF(private), &out->public, &out->private);
}

static bool is(struct token *t, CK_SESSION_HANDLE s, CK_OBJECT_HANDLE h,
	       CK_ATTRIBUTE_TYPE type, CK_BBOOL wanted)
{
	CK_BBOOL v = !wanted;
	CK_ATTRIBUTE a = { type, &v, sizeof(v) };

	return t->f->C_GetAttributeValue(s, h, &a, 1) == CKR_OK && v == wanted;
}

/* What the token made of it: some take a template and do as they please. */
static bool stays(struct token *t, CK_SESSION_HANDLE s, CK_OBJECT_HANDLE h)
{
	return is(t, s, h, CKA_SENSITIVE, CK_TRUE) &&
	       is(t, s, h, CKA_EXTRACTABLE, CK_FALSE) &&
	       is(t, s, h, CKA_ALWAYS_SENSITIVE, CK_TRUE) &&
	       is(t, s, h, CKA_NEVER_EXTRACTABLE, CK_TRUE) &&
	       is(t, s, h, CKA_LOCAL, CK_TRUE);
}

static int check_free(struct token *t, CK_SESSION_HANDLE s, struct imp_error *err)
{
	static const CK_OBJECT_CLASS classes[] = { CKO_PRIVATE_KEY, CKO_PUBLIC_KEY };

	for (size_t i = 0; i < COUNTOF(classes); i++) {
		CK_OBJECT_HANDLE first;
		CK_ULONG count;
		CK_RV rv = token_count(t, s, classes[i], &first, &count);

		if (rv != CKR_OK)
			return module_failed(t->name, "looking for the name", rv, err);
		if (count > 0)
			return imp_hint(err,
					imp_fail(err, IMP_EUSAGE,
						 "%s: a key of that name is in the token",
						 t->name),
					"keys in hardware are not replaced: pkcs11-tool "
					"--delete-object removes one");
	}
	return 0;
}

/* The pair is there, but is it what was asked for? */
static int take_pair(struct imp_crypto *c, struct token *t, CK_SESSION_HANDLE s,
		     const struct pair *pair, struct imp_key *out, struct imp_error *err)
{
	struct token_key k;
	int rc = stays(t, s, pair->private)
			 ? token_find_key(t, s, CKO_PRIVATE_KEY, &k, err)
			 : imp_fail(err, IMP_EPOLICY,
				    "%s: the token made a key that could be taken out of "
				    "it: it was removed",
				    t->name);

	return rc ? rc : token_key_take(c, t, &k, out, err);
}

/* Where the URI gives no id: one that nobody else has, so that the halves find each
 * other. */
static int draw_id(struct imp_crypto *c, struct token *t)
{
	struct imp_pkcs11_value *id = &t->uri.value[IMP_PKCS11_ID];
	uint8_t drawn[ID_LEN];

	if (id->given)
		return 0;
	if (imp_random(c, drawn, sizeof(drawn)))
		return -IMP_EINTERNAL;
	memcpy(id->text, drawn, sizeof(drawn));
	id->len = sizeof(drawn);
	id->given = true;
	return 0;
}

static int make(struct imp_crypto *c, struct token *t, const struct recipe *r,
		const struct imp_pass *pass, struct imp_key *out, struct imp_error *err)
{
	CK_SESSION_HANDLE s;
	struct pair pair;
	CK_RV rv;
	int rc = token_session(t, CKF_RW_SESSION, &s, err);

	if (!rc)
		rc = token_login(t, s, pass, err);
	if (!rc)
		rc = check_free(t, s, err);
	if (!rc && draw_id(c, t))
		rc = imp_fail(err, IMP_EINTERNAL, "no random numbers");
	if (rc)
		return rc;
	rv = generate(t, s, r, &pair);
	if (rv != CKR_OK)
		return module_failed(t->name, "making the key", rv, err);
	rc = take_pair(c, t, s, &pair, out, err);
	if (rc) {
		t->f->C_DestroyObject(s, pair.private);
		t->f->C_DestroyObject(s, pair.public);
	}
	return rc;
}

/* The class stands in the label, where whoever uses the key sees it. */
static int check_label(const struct imp_token_new *new, const struct imp_pkcs11_uri *u,
		       struct imp_error *err)
{
	const struct imp_pkcs11_value *label = &u->value[IMP_PKCS11_OBJECT];
	bool test = label->given && token_class(label->text) == IMP_CLASS_TEST;

	if (!label->given || u->wants_public)
		return imp_fail(err, IMP_EUSAGE,
				"%s: expected object=, the name of a new private key",
				new->uri);
	if (!new->has_class || test == (new->class == IMP_CLASS_TEST))
		return 0;
	if (test)
		return imp_fail(err, IMP_EUSAGE,
				"%s: a production key in a token has a name that does "
				"not end in :test",
				new->uri);
	return imp_hint(
		err,
		imp_fail(err, IMP_EUSAGE,
			 "%s: a test key in a token has a name that ends in :test",
			 new->uri),
		"object=%s:test", label->text);
}

int imp_key_make_in_token(struct imp_crypto *c, const struct imp_token_new *new,
			  const struct imp_pass *pass, struct imp_key *out,
			  struct imp_error *err)
{
	const struct recipe *r = recipe_for(new->crv);
	struct imp_pkcs11_uri parsed;
	struct token *t = NULL;
	int rc = imp_pkcs11_uri_parse(new->uri, &parsed, err);

	if (rc)
		return rc;
	if (!r)
		return imp_fail(err, IMP_EUSAGE,
				"%s: keys that seal are not made in tokens", new->uri);
	rc = check_label(new, &parsed, err);
	if (rc)
		return rc;
	rc = token_begin(&t, new->uri, &parsed, err);
	if (!rc)
		rc = make(c, t, r, pass, out, err);
	if (rc)
		token_free(t);
	return rc;
}
