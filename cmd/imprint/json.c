/* SPDX-License-Identifier: Apache-2.0 */
/* Writing JSON. Source: RFC 8259 7. */
#include <inttypes.h>

#include "base/quote.h"
#include "encode.h"
#include "json.h"

void json_quote(FILE *f, struct imp_span text)
{
	fputc('"', f);
	while (text.len > 0) {
		char one[IMP_QUOTED];
		size_t n = imp_quote_one(text, one);

		fputs(one, f);
		text.ptr += n;
		text.len -= n;
	}
	fputc('"', f);
}

static void put_key(struct json *j, const char *key)
{
	if (!j->first)
		fputc(',', j->f);
	j->first = false;
	if (!key)
		return;
	json_quote(j->f, imp_span_str(key));
	fputc(':', j->f);
}

void json_open(struct json *j, const char *key, char bracket)
{
	put_key(j, key);
	fputc(bracket, j->f);
	j->first = true;
}

void json_close(struct json *j, char bracket)
{
	fputc(bracket, j->f);
	j->first = false;
}

void json_text(struct json *j, const char *key, struct imp_span text)
{
	put_key(j, key);
	json_quote(j->f, text);
}

void json_some(struct json *j, const char *key, struct imp_span text)
{
	if (text.len > 0)
		json_text(j, key, text);
	else
		json_str(j, key, NULL);
}

void json_str(struct json *j, const char *key, const char *text)
{
	put_key(j, key);
	if (text)
		json_quote(j->f, imp_span_str(text));
	else
		fputs("null", j->f);
}

void json_hex(struct json *j, const char *key, struct imp_span bytes)
{
	put_key(j, key);
	if (bytes.len == 0) {
		fputs("null", j->f);
		return;
	}
	fputc('"', j->f);
	encode_hex(j->f, bytes);
	fputc('"', j->f);
}

void json_base64(struct json *j, const char *key, struct imp_span bytes)
{
	put_key(j, key);
	fputc('"', j->f);
	encode_base64(j->f, bytes);
	fputc('"', j->f);
}

void json_uint(struct json *j, const char *key, uint64_t v)
{
	put_key(j, key);
	fprintf(j->f, "%" PRIu64, v);
}

void json_bool(struct json *j, const char *key, bool v)
{
	put_key(j, key);
	fputs(v ? "true" : "false", j->f);
}
