/* SPDX-License-Identifier: Apache-2.0 */
/* URIs of keys in tokens: whatever is taken is bounded, and no message shows a PIN. */
#include <string.h>

#include "crypto/pkcs11_uri.h"
#include "fuzz.h"

static void check(const struct imp_pkcs11_uri *u)
{
	for (size_t i = 0; i < IMP_PKCS11_FIELDS; i++) {
		const struct imp_pkcs11_value *v = &u->value[i];

		MUST(v->len <= IMP_PKCS11_VALUE_MAX && v->given == (v->len > 0));
		MUST(v->text[v->len] == '\0');
		MUST(i == IMP_PKCS11_ID || strlen(v->text) == v->len);
	}
	MUST(!u->value[IMP_PKCS11_MODULE_PATH].given ||
	     u->value[IMP_PKCS11_MODULE_PATH].text[0] == '/');
	MUST(!strchr(u->value[IMP_PKCS11_MODULE_NAME].text, '/'));
}

/* What stands behind pin-value= in the corpus. */
static const char pin[] = "31415926";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct imp_pkcs11_uri u;
	struct imp_error err = { 0 };
	char *text = malloc(size + 1);
	const char *at;

	MUST(text);
	memcpy(text, data, size);
	text[size] = '\0';
	if (imp_pkcs11_uri_parse(text, &u, &err) == 0) {
		MUST(imp_pkcs11_uri_is(text));
		check(&u);
	}
	at = strstr(text, "pin-value=31415926");
	if (at > text && strchr(":;?&", at[-1]) &&
	    strstr(text, pin) == at + strlen("pin-value="))
		MUST(!strstr(err.msg, pin));
	free(text);
	return 0;
}
