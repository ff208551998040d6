/* SPDX-License-Identifier: Apache-2.0 */
/* Where keys are: in files, in tokens, in a TPM. */
#include <string.h>

#include "base/file.h"
#include "crypto/held.h"
#include "crypto/pkcs11_uri.h"

enum { FILE_MAX = 16384 };

static const struct place {
	const char *scheme;
	int (*open)(struct imp_crypto *c, const char *uri, bool want_private,
		    const struct imp_pass *pass, struct imp_key *out,
		    struct imp_error *err);
} places[] = {
	{ "pkcs11:", token_open },
	{ "handle:", tpm_open },
};

static const struct place *place_of(const char *name)
{
	for (size_t i = 0; i < COUNTOF(places); i++)
		if (strncmp(name, places[i].scheme, strlen(places[i].scheme)) == 0)
			return &places[i];
	return NULL;
}

bool imp_key_in_hardware(const char *name)
{
	return place_of(name) != NULL;
}

bool imp_key_is_public_half(const char *name)
{
	struct imp_pkcs11_uri uri;

	return imp_pkcs11_uri_parse(name, &uri, NULL) == 0 && uri.wants_public;
}

static bool is_of_tpm(struct imp_span text)
{
	static const char mark[] = "-----BEGIN TSS2 PRIVATE KEY-----";

	return memmem(text.ptr, text.len, mark, strlen(mark));
}

int imp_key_open_private(struct imp_crypto *c, const char *name,
			 const struct imp_pass *pass, struct imp_key *out,
			 struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret text = { 0 };
	const struct place *p = place_of(name);
	int rc;

	if (p)
		return p->open(c, name, true, pass, out, err);
	rc = imp_file_read_private(name, FILE_MAX, &text, err);
	if (rc == -IMP_EKEY) /* whose mode is wrong, or what kind it is */
		return imp_key_read_private(c, name, pass, out, err);
	if (rc)
		return rc;
	return is_of_tpm(imp_secret_span(&text))
		       ? tpm_open_file(c, name, pass, out, err)
		       : imp_key_parse(c, name, imp_secret_span(&text), true, pass, out,
				       err);
}

int imp_key_open_public(struct imp_crypto *c, const char *name, struct imp_key *out,
			struct imp_error *err)
{
	const struct place *p = place_of(name);

	return p ? p->open(c, name, false, NULL, out, err)
		 : imp_key_read_public(c, name, out, err);
}
