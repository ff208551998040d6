/* SPDX-License-Identifier: Apache-2.0 */
/* Text from outside. */
#include <stdio.h>
#include <string.h>

#include "base/escape.h"

enum { ESCAPED = 4 }; /* bytes of "\x1b" */

void imp_escape(char *out, size_t cap, struct imp_span text)
{
	size_t n = 0;

	while (text.len > 0) {
		uint32_t cp = text.ptr[0];
		bool plain = cp >= 0x20 && cp < 0x7f;
		size_t len = plain ? 1 : imp_utf8(text, &cp);
		bool shown = plain || (len > 0 && !imp_is_hidden(cp));
		size_t from = len > 0 ? len : 1, to = shown ? len : ESCAPED * from;

		if (n + to >= cap)
			break;
		if (plain)
			out[n] = (char)cp;
		else if (shown)
			memcpy(out + n, text.ptr, len);
		for (size_t i = 0; !shown && i < from; i++)
			snprintf(out + n + ESCAPED * i, ESCAPED + 1, "\\x%02x",
				 text.ptr[i]);
		n += to;
		text.ptr += from;
		text.len -= from;
	}
	out[n] = '\0';
}
