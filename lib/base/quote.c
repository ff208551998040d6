/* SPDX-License-Identifier: Apache-2.0 */
/* Quoting and appending. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/digits.h"
#include "base/quote.h"
#include "base/wipe.h"

int imp_append_fmt(struct imp_secret *out, struct imp_error *err, const char *fmt, ...)
{
	char text[512];
	va_list ap;
	int rc;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	rc = imp_secret_append(out, imp_span_str(text), err);
	imp_wipe(text, sizeof(text));
	return rc;
}

int imp_append_hex(struct imp_secret *out, struct imp_span bytes, struct imp_error *err)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < bytes.len; i++) {
		uint8_t two[2];
		struct imp_writer w = imp_writer(two, sizeof(two));

		imp_put_hex(&w, (struct imp_span){ bytes.ptr + i, 1 });
		rc = imp_secret_append(out, imp_written(&w), err);
	}
	return rc;
}

size_t imp_quote_one(struct imp_span text, char out[IMP_QUOTED])
{
	uint32_t cp = 0;
	size_t n = imp_utf8(text, &cp);

	if (n == 0)
		snprintf(out, IMP_QUOTED, "\\ufffd");
	else if (imp_is_hidden(cp))
		snprintf(out, IMP_QUOTED, "\\u%04" PRIx32, cp);
	else
		snprintf(out, IMP_QUOTED, "%s%.*s", cp == '"' || cp == '\\' ? "\\" : "",
			 (int)n, (const char *)text.ptr);
	return n > 0 ? n : 1;
}

int imp_quote(struct imp_secret *out, struct imp_span text, struct imp_error *err)
{
	int rc = imp_secret_append(out, IMP_TEXT("\""), err);

	while (!rc && text.len > 0) {
		char one[IMP_QUOTED];
		size_t n = imp_quote_one(text, one);

		rc = imp_secret_append(out, imp_span_str(one), err);
		text.ptr += n;
		text.len -= n;
	}
	return rc ? rc : imp_secret_append(out, IMP_TEXT("\""), err);
}
