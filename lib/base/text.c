/* SPDX-License-Identifier: Apache-2.0 */
/* What a file is. */
#include <string.h>

#include "base/text.h"

enum { HEAD = 4096 /* where PEM must begin, after comments; what text is told by */ };

static bool holds(struct imp_span s, const char *word)
{
	return memmem(s.ptr, s.len, word, strlen(word)) != NULL;
}

/* A line of UTF-8 at least, and nothing else: of CBOR, only what means little is so. */
static bool is_text(struct imp_span s)
{
	size_t lines = 0;

	while (s.len > 0) {
		uint32_t cp = 0;
		size_t n = imp_utf8(s, &cp);

		if (n == 0 ||
		    (imp_is_control(cp) && cp != '\n' && cp != '\r' && cp != '\t'))
			return s.len < 4 && n == 0 && lines > 0; /* cut by HEAD */
		lines += cp == '\n';
		s.ptr += n;
		s.len -= n;
	}
	return lines > 0;
}

static struct imp_span first_line(struct imp_span s)
{
	const uint8_t *end = memchr(s.ptr, '\n', s.len);

	return (struct imp_span){ s.ptr, end ? (size_t)(end - s.ptr) : s.len };
}

const char *imp_text_kind(struct imp_span all)
{
	struct imp_span head = { all.ptr, all.len < HEAD ? all.len : HEAD };
	struct imp_span line;

	if (head.len == 0)
		return NULL;
	if (holds(head, "-----BEGIN "))
		return IMP_TEXT_PEM;
	if (!is_text(head))
		return NULL;
	line = first_line(head);
	return holds(head, ": ") || holds(head, ":\n")			   ? "text (YAML)"
	       : holds(line, ",") || holds(line, ";") || holds(line, "\t") ? "text (CSV)"
									   : "text";
}
