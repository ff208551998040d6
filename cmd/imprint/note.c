/* SPDX-License-Identifier: Apache-2.0 */
/* Notes, escaped as errors are. */
#include <stdarg.h>
#include <stdio.h>

#include "base/escape.h"
#include "note.h"

enum { NOTE_MAX = 1024 };

void say_note(const char *fmt, ...)
{
	char raw[NOTE_MAX], shown[NOTE_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	imp_escape(shown, sizeof(shown), imp_span_str(raw));
	fprintf(stderr, "note: %s\n", shown);
}
