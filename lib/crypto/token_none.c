/* SPDX-License-Identifier: Apache-2.0 */
/* Without the headers of PKCS#11 there are no tokens. */
#include "crypto/held.h"

static int none(const char *uri, struct imp_error *err)
{
	return imp_hint(err,
			imp_fail(err, IMP_EKEY,
				 "%s: this imprint was built without PKCS#11", uri),
			"libp11-kit-dev must be there when it is built");
}

int token_open(struct imp_crypto *c, const char *uri, bool want_private,
	       const struct imp_pass *pass, struct imp_key *out, struct imp_error *err)
{
	(void)c;
	(void)want_private;
	(void)pass;
	(void)out;
	return none(uri, err);
}

int imp_key_make_in_token(struct imp_crypto *c, const struct imp_token_new *new,
			  const struct imp_pass *pass, struct imp_key *out,
			  struct imp_error *err)
{
	(void)c;
	(void)pass;
	(void)out;
	return none(new->uri, err);
}
