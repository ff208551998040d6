/* SPDX-License-Identifier: Apache-2.0 */
/* Text in XML and HTML. Source: XML 1.0 2.2, 2.4. */
#include "markup.h"

/* XML has no word for most control characters, and two characters that it excludes. */
static bool is_char(uint32_t cp)
{
	return !imp_is_hidden(cp) && cp != 0xfffe && cp != 0xffff;
}

static const char *entity(uint32_t cp, bool attribute)
{
	switch (cp) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\n': /* in an attribute it would be read as a space */
		return attribute ? "&#10;" : "\n";
	default:
		return NULL;
	}
}

/* The n bytes of one code point; n 0: a byte that begins none. */
static void put_char(FILE *f, const uint8_t *at, size_t n, uint32_t cp, bool attribute)
{
	const char *word = n > 0 ? entity(cp, attribute) : NULL;

	if (word)
		fputs(word, f);
	else if (n > 0 && is_char(cp))
		fwrite(at, 1, n, f);
	else
		for (size_t i = 0; i < (n > 0 ? n : 1); i++)
			fprintf(f, "\\x%02x", at[i]);
}

void markup_text(FILE *f, struct imp_span text, bool attribute)
{
	while (text.len > 0) {
		uint32_t cp = 0;
		size_t n = imp_utf8(text, &cp);

		put_char(f, text.ptr, n, cp, attribute);
		text.ptr += n > 0 ? n : 1;
		text.len -= n > 0 ? n : 1;
	}
}
