/* SPDX-License-Identifier: Apache-2.0 */
/* Writing bytes and CSV cells as text. */
#include <string.h>

#include "base/digits.h"
#include "base/wipe.h"
#include "encode.h"

void encode_hex(FILE *f, struct imp_span bytes)
{
	for (size_t i = 0; i < bytes.len; i++)
		fprintf(f, "%02x", bytes.ptr[i]);
}

void encode_base64(FILE *f, struct imp_span bytes)
{
	enum { PIECE = 48 };
	uint8_t text[4 * PIECE / 3];

	while (bytes.len > 0) {
		size_t n = bytes.len < PIECE ? bytes.len : PIECE;
		struct imp_writer w = imp_writer(text, sizeof(text));

		imp_put_base64(&w, (struct imp_span){ bytes.ptr, n });
		fwrite(text, 1, w.len, f);
		bytes.ptr += n;
		bytes.len -= n;
	}
	imp_wipe(text, sizeof(text));
}

static void put_cell(FILE *f, const char *before, struct imp_span text)
{
	bool quoted = false;

	for (size_t i = 0; i < text.len; i++)
		quoted |= strchr(",;\"\r\n\t ", text.ptr[i]) != NULL;
	if (quoted)
		fputc('"', f);
	fputs(before, f);
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '"')
			fputc('"', f);
		fputc(text.ptr[i], f);
	}
	if (quoted)
		fputc('"', f);
}

void encode_cell(FILE *f, struct imp_span text)
{
	put_cell(f, "", text);
}

void encode_safe_cell(FILE *f, struct imp_span text)
{
	put_cell(f, is_formula(text) ? "'" : "", text);
}

bool is_formula(struct imp_span text)
{
	return text.len > 0 && strchr("=+-@\t\r", text.ptr[0]) != NULL && text.ptr[0];
}
