/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens: finding a key, and what it is. */
#include <string.h>

#include "crypto/token.h"

enum { PARAMS_MAX = 32, POINT_MAX = 160 };

/* CKA_EC_PARAMS of the curves: their OIDs; of edwards25519 its name, too. Source: PKCS
 * #11 Current Mechanisms 3.0, 2.3.1 and 2.3.5; RFC 5480; RFC 8410. */
static const struct curve {
	CK_KEY_TYPE type;
	int32_t crv;
	size_t point; /* bytes, raw */
	size_t len;
	uint8_t params[15];
} curves[] = {
	{ CKK_EC,
	  IMP_CRV_P256,
	  65,
	  10,
	  { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 } },
	{ CKK_EC_EDWARDS, IMP_CRV_ED25519, 32, 5, { 0x06, 0x03, 0x2b, 0x65, 0x70 } },
	{ CKK_EC_EDWARDS,
	  IMP_CRV_ED25519,
	  32,
	  14,
	  { 0x13, 0x0c, 'e', 'd', 'w', 'a', 'r', 'd', 's', '2', '5', '5', '1', '9' } },
};

struct point {
	CK_KEY_TYPE type;
	size_t params_len, len; /* bytes */
	uint8_t params[PARAMS_MAX], point[POINT_MAX];
};

/* One attribute; where it is not there, too long or secret, its length is 0. */
static size_t attribute(struct token *t, CK_SESSION_HANDLE s, CK_OBJECT_HANDLE h,
			CK_ATTRIBUTE_TYPE type, void *buf, size_t cap)
{
	CK_ATTRIBUTE a = { type, buf, cap };

	if (t->f->C_GetAttributeValue(s, h, &a, 1) != CKR_OK || a.ulValueLen > cap)
		return 0;
	return a.ulValueLen;
}

static bool flag(struct token *t, CK_SESSION_HANDLE s, CK_OBJECT_HANDLE h,
		 CK_ATTRIBUTE_TYPE type)
{
	CK_BBOOL yes = CK_FALSE;

	return attribute(t, s, h, type, &yes, sizeof(yes)) == sizeof(yes) && yes;
}

static CK_RV search(struct token *t, CK_SESSION_HANDLE s, CK_ATTRIBUTE *template,
		    CK_ULONG attributes, CK_OBJECT_HANDLE *first, CK_ULONG *count)
{
	CK_OBJECT_HANDLE found[2] = { 0 };
	CK_RV rv = t->f->C_FindObjectsInit(s, template, attributes);

	*count = 0;
	if (rv != CKR_OK)
		return rv;
	rv = t->f->C_FindObjects(s, found, COUNTOF(found), count);
	t->f->C_FindObjectsFinal(s);
	*first = found[0];
	return rv;
}

CK_RV token_count(struct token *t, CK_SESSION_HANDLE s, CK_OBJECT_CLASS class,
		  CK_OBJECT_HANDLE *first, CK_ULONG *count)
{
	struct imp_pkcs11_value *label = &t->uri.value[IMP_PKCS11_OBJECT];
	struct imp_pkcs11_value *id = &t->uri.value[IMP_PKCS11_ID];
	CK_ATTRIBUTE template[3] = { { CKA_CLASS, &class, sizeof(class) } };
	CK_ULONG n = 1;

	if (label->given)
		template[n++] = (CK_ATTRIBUTE){ CKA_LABEL, label->text, label->len };
	if (id->given)
		template[n++] = (CK_ATTRIBUTE){ CKA_ID, id->text, id->len };
	return search(t, s, template, n, first, count);
}

static int find_one(struct token *t, CK_SESSION_HANDLE s, CK_OBJECT_CLASS class,
		    CK_OBJECT_HANDLE *out, struct imp_error *err)
{
	const char *kind = class == CKO_PRIVATE_KEY ? "private" : "public";
	CK_ULONG count;
	CK_RV rv = token_count(t, s, class, out, &count);

	if (rv != CKR_OK)
		return module_failed(t->name, "looking for the key", rv, err);
	if (count > 1)
		return imp_hint(err,
				imp_fail(err, IMP_EKEY,
					 "%s: two %s keys fit, expected one", t->name,
					 kind),
				"object= and id= tell them apart");
	if (count == 0)
		return imp_hint(err,
				imp_fail(err, IMP_EKEY,
					 "%s: no %s key of that name in "
					 "the token",
					 t->name, kind),
				"pkcs11-tool --login --list-objects lists what it holds; "
				"imprint keygen -o makes one");
	return 0;
}

static bool read_point(struct token *t, CK_SESSION_HANDLE s, CK_OBJECT_HANDLE h,
		       struct point *p)
{
	p->len = attribute(t, s, h, CKA_EC_POINT, p->point, sizeof(p->point));
	return p->len > 0;
}

/* Of the private key, which need not have it; else of the public key that belongs to it:
 * by id, or where it has none by label. */
static bool find_point(struct token *t, CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key,
		       struct token_key *k, struct point *p)
{
	uint8_t id[IMP_PKCS11_VALUE_MAX];
	size_t len = attribute(t, s, key, CKA_ID, id, sizeof(id));
	CK_OBJECT_CLASS class = CKO_PUBLIC_KEY;
	CK_ATTRIBUTE template[2] = { { CKA_CLASS, &class, sizeof(class) },
				     { CKA_ID, id, len } };
	CK_OBJECT_HANDLE public;
	CK_ULONG count = 0;

	if (read_point(t, s, key, p))
		return true;
	if (len == 0)
		template[1] = (CK_ATTRIBUTE){ CKA_LABEL, k->label, strlen(k->label) };
	return template[1].ulValueLen > 0 &&
	       search(t, s, template, COUNTOF(template), &public, &count) == CKR_OK &&
	       count == 1 && read_point(t, s, public, p);
}

static const struct curve *curve_of(const struct point *p)
{
	for (size_t i = 0; i < COUNTOF(curves); i++)
		if (curves[i].type == p->type && curves[i].len == p->params_len &&
		    memcmp(curves[i].params, p->params, p->params_len) == 0)
			return &curves[i];
	return NULL;
}

/* In an OCTET STRING, as the specification has it, or bare, as some modules do. */
static bool take_point(const struct curve *c, struct point *p, struct imp_pub *out)
{
	const uint8_t *at = p->point;

	if (p->len == c->point + 2 && at[0] == 0x04 && at[1] == c->point)
		at += 2;
	else if (p->len != c->point)
		return false;
	*out = (struct imp_pub){ .crv = c->crv };
	if (c->crv == IMP_CRV_P256) {
		if (*at++ != 4)
			return false;
		memcpy(out->y, at + 32, 32);
	}
	memcpy(out->x, at, 32);
	return true;
}

static int wrong_type(const struct token *t, const struct point *p, struct imp_error *err)
{
	return imp_fail(err, IMP_EPOLICY, "%s: %s, expected a key on P-256 or Ed25519",
			t->name,
			p->type == CKK_RSA	    ? "an RSA key"
			: p->type == CKK_EC	    ? "a key on another curve"
			: p->type == CKK_EC_EDWARDS ? "an Edwards key on another curve"
						    : "a key of another type");
}

int token_find_key(struct token *t, CK_SESSION_HANDLE s, CK_OBJECT_CLASS class,
		   struct token_key *out, struct imp_error *err)
{
	struct token_key k = { 0 };
	struct point p = { 0 };
	const struct curve *curve;
	int rc = find_one(t, s, class, &k.handle, err);

	if (rc)
		return rc;
	if (attribute(t, s, k.handle, CKA_KEY_TYPE, &p.type, sizeof(p.type)) == 0)
		return imp_fail(err, IMP_EKEY, "%s: the token does not tell its type",
				t->name);
	attribute(t, s, k.handle, CKA_LABEL, k.label, sizeof(k.label) - 1);
	p.params_len = attribute(t, s, k.handle, CKA_EC_PARAMS, p.params, PARAMS_MAX);
	curve = curve_of(&p);
	if (!curve)
		return wrong_type(t, &p, err);
	if (!find_point(t, s, k.handle, &k, &p) || !take_point(curve, &p, &k.pub))
		return imp_hint(
			err,
			imp_fail(err, IMP_EKEY,
				 "%s: the token does not tell its public part", t->name),
			"a public key with the same id must be in the token, too");
	k.signs = flag(t, s, k.handle, CKA_SIGN);
	k.always = flag(t, s, k.handle, CKA_ALWAYS_AUTHENTICATE);
	*out = k;
	return 0;
}
