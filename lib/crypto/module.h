/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PKCS#11 modules: loading one, and its return values in words. Private to lib/crypto.
 *
 * A module stays loaded: it may have threads and handlers of its own.
 */
#ifndef IMP_CRYPTO_MODULE_H
#define IMP_CRYPTO_MODULE_H

#include <p11-kit/pkcs11.h>

#include "crypto/pkcs11_uri.h"

/*
 * Load and start the module that a URI names: by its path, by the name of p11-kit's
 * configuration of it, or p11-kit's proxy for all that are configured.
 *
 *   name      the URI, for messages
 *   started   it did not run before: C_Finalize is the caller's
 *
 * 0, or -IMP_EKEY.
 */
int module_load(const char *name, const struct imp_pkcs11_uri *uri,
		const CK_FUNCTION_LIST **out, bool *started, struct imp_error *err);
/* Start one that was loaded. CKR_CRYPTOKI_ALREADY_INITIALIZED: it runs. */
CK_RV module_start(const CK_FUNCTION_LIST *f);
/* May it be better after the session was opened again? */
bool module_lost(CK_RV rv);
/* Record what a call answered. -IMP_EKEY, or -IMP_ERESOURCE where memory lacks. */
int module_failed(const char *name, const char *doing, CK_RV rv, struct imp_error *err);

#endif
