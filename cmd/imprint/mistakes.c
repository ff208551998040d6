/* SPDX-License-Identifier: Apache-2.0 */
/* Mistakes in sources, shown to people. */
#include <stdio.h>

#include "mistakes.h"

int mistakes_say(struct imp_secret *mistakes, struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret text = { 0 };
	int rc = imp_mistakes_text(imp_secret_span(mistakes), &text, err);

	if (text.len > 0)
		fwrite(text.ptr, 1, text.len, stderr);
	mistakes->len = 0;
	return rc;
}
