/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PKCS#11 URIs: which object, of which token, behind which module (host only).
 *
 * Stricter than the RFC, since a person types them: an attribute that is not known is
 * refused rather than to match nothing, none stands twice, and no PIN may stand in one.
 * Source: RFC 7512.
 */
#ifndef IMP_CRYPTO_PKCS11_URI_H
#define IMP_CRYPTO_PKCS11_URI_H

#include "base/attr.h"
#include "base/bytes.h"
#include "base/error.h"

enum imp_pkcs11_field {
	IMP_PKCS11_TOKEN,
	IMP_PKCS11_MANUFACTURER,
	IMP_PKCS11_SERIAL,
	IMP_PKCS11_MODEL,
	IMP_PKCS11_SLOT_ID,
	IMP_PKCS11_OBJECT,
	IMP_PKCS11_ID,
	IMP_PKCS11_TYPE,
	IMP_PKCS11_MODULE_PATH,
	IMP_PKCS11_MODULE_NAME,
	IMP_PKCS11_PIN_SOURCE,
	IMP_PKCS11_FIELDS,
};

enum { IMP_PKCS11_VALUE_MAX = 255 };

struct imp_pkcs11_value {
	bool given;
	size_t len;			     /* bytes, 0..IMP_PKCS11_VALUE_MAX */
	char text[IMP_PKCS11_VALUE_MAX + 1]; /* decoded; a NUL behind it, none in it but
					      * in an id */
};

struct imp_pkcs11_uri {
	struct imp_pkcs11_value value[IMP_PKCS11_FIELDS];
	bool wants_public; /* type=public */
};

/* Does it begin as one does? */
bool imp_pkcs11_uri_is(const char *name);
/*
 * Take a URI apart.
 *
 *   uri   "pkcs11:token=...;object=...?module-path=..."
 *
 * 0, or -IMP_EUSAGE: not of that form, an attribute that is unknown, twice, too long or
 * no use here, a PIN in it. The message does not repeat a PIN.
 */
int imp_pkcs11_uri_parse(const char *uri, struct imp_pkcs11_uri *out,
			 struct imp_error *err) IMP_MUST_CHECK;

#endif
