/* SPDX-License-Identifier: Apache-2.0 */
/* Recording errors: escape once, keep the cause whole, cut the context. */
#include "base/error.h"

#if __STDC_HOSTED__
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/escape.h"

static const char hint_mark[] = "\nhint: ";

/* Bytes from files and devices end up in messages. */
IMP_PRINTF(3, 0) static void format(char *out, size_t cap, const char *fmt, va_list ap)
{
	char raw[IMP_ERROR_TEXT];

	vsnprintf(raw, sizeof(raw), fmt, ap);
	imp_escape(out, cap, imp_span_str(raw));
}

int imp_fail(struct imp_error *err, enum imp_code code, const char *fmt, ...)
{
	va_list ap;

	if (err) {
		err->code = code;
		va_start(ap, fmt);
		format(err->msg, sizeof(err->msg), fmt, ap);
		va_end(ap);
	}
	return -(int)code;
}

int imp_wrap(struct imp_error *err, int rc, const char *fmt, ...)
{
	char cause[IMP_ERROR_TEXT], context[IMP_ERROR_TEXT];
	size_t len, room;
	va_list ap;

	if (!err || rc == 0)
		return rc;
	memcpy(cause, err->msg, sizeof(cause));
	va_start(ap, fmt);
	format(context, sizeof(context), fmt, ap);
	va_end(ap);

	/* The cause matters more than the context: where both do not fit, the context is
	 * cut. */
	len = strlen(cause);
	room = len + 3 < sizeof(err->msg) ? sizeof(err->msg) - 3 - len : 0;
	if (strlen(context) > room)
		context[room] = '\0';
	snprintf(err->msg, sizeof(err->msg), "%.*s: %.*s", (int)room, context, (int)len,
		 cause);
	return rc;
}

int imp_hint(struct imp_error *err, int rc, const char *fmt, ...)
{
	char hint[IMP_ERROR_TEXT];
	size_t len;
	va_list ap;

	if (!err || rc == 0)
		return rc;
	va_start(ap, fmt);
	format(hint, sizeof(hint), fmt, ap);
	va_end(ap);
	len = strlen(err->msg);
	if (len + sizeof(hint_mark) < sizeof(err->msg))
		snprintf(err->msg + len, sizeof(err->msg) - len, "%s%s", hint_mark, hint);
	return rc;
}
#else
int imp_fail(struct imp_error *err, enum imp_code code, const char *fmt, ...)
{
	(void)fmt;
	if (err)
		err->code = code;
	return -(int)code;
}

int imp_wrap(struct imp_error *err, int rc, const char *fmt, ...)
{
	(void)err;
	(void)fmt;
	return rc;
}

int imp_hint(struct imp_error *err, int rc, const char *fmt, ...)
{
	(void)err;
	(void)fmt;
	return rc;
}
#endif
