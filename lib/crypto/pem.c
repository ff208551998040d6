/* SPDX-License-Identifier: Apache-2.0 */
/* PEM, strictly. */
#include <stdio.h>
#include <string.h>

#include "base/digits.h"
#include "base/wipe.h"
#include "crypto/pem.h"

enum { LINE_BYTES = 48, LINE_DIGITS = 64, GROUP = 4 };

void pem_fini(struct pem *p)
{
	imp_secret_fini(&p->der);
}

static int bad(const char *name, unsigned line, const char *what, struct imp_error *err)
{
	return imp_fail(err, IMP_EKEY, "%s:%u: %s", name, line, what);
}

/* The next line without its end; false at the end of the text. */
static bool next_line(struct imp_span *text, struct imp_span *line)
{
	const uint8_t *end;

	if (text->len == 0)
		return false;
	end = memchr(text->ptr, '\n', text->len);
	line->ptr = text->ptr;
	line->len = end ? (size_t)(end - text->ptr) : text->len;
	text->ptr += line->len + (end ? 1 : 0);
	text->len -= line->len + (end ? 1 : 0);
	if (line->len > 0 && line->ptr[line->len - 1] == '\r')
		line->len--;
	return true;
}

/* "-----BEGIN X-----": its X. */
static bool armour(struct imp_span line, const char *word, struct imp_span *label)
{
	char start[24];
	size_t n = (size_t)snprintf(start, sizeof(start), "-----%s ", word);

	if (line.len < n + 5 || memcmp(line.ptr, start, n) != 0 ||
	    memcmp(line.ptr + line.len - 5, "-----", 5) != 0)
		return false;
	*label = (struct imp_span){ line.ptr + n, line.len - n - 5 };
	return true;
}

/* One group of four digits; *end: it was padded, so nothing may follow. */
static int put_group(const uint8_t group[GROUP], bool *end, struct imp_secret *der,
		     struct imp_error *err)
{
	unsigned pad = (unsigned)(group[2] == '=') + (unsigned)(group[3] == '=');
	uint32_t bits = 0;
	uint8_t out[3];

	if (*end || (group[2] == '=' && group[3] != '='))
		return -IMP_EKEY;
	for (unsigned i = 0; i < GROUP; i++) {
		int v = i >= GROUP - pad ? 0 : imp_base64_digit(group[i]);

		if (v < 0)
			return -IMP_EKEY;
		bits = bits << 6 | (uint32_t)v;
	}
	for (unsigned i = 0; i < 3; i++)
		out[i] = (uint8_t)(bits >> (16 - 8 * i));
	*end = pad > 0;
	return imp_secret_append(der, (struct imp_span){ out, 3 - pad }, err);
}

static int decode_line(struct imp_span line, bool *end, struct imp_secret *der,
		       struct imp_error *err)
{
	int rc = line.len % GROUP != 0 || line.len == 0 ? -IMP_EKEY : 0;

	for (size_t i = 0; !rc && i < line.len; i += GROUP)
		rc = put_group(line.ptr + i, end, der, err);
	return rc;
}

/* What may stand before the armour. */
static bool preamble(struct imp_span line, enum imp_key_class *class)
{
	bool test = imp_span_eq(line, IMP_TEXT("imprint-class: test"));

	if (test)
		*class = IMP_CLASS_TEST;
	return test || line.len == 0 ||
	       imp_span_eq(line, IMP_TEXT("imprint-class: production"));
}

static int parse_head(const char *name, struct imp_span *text, unsigned *n, struct pem *p,
		      struct imp_error *err)
{
	struct imp_span line, label;

	while (next_line(text, &line)) {
		++*n;
		if (armour(line, "BEGIN", &label)) {
			snprintf(p->label, sizeof(p->label), "%.*s", (int)label.len,
				 (const char *)label.ptr);
			return 0;
		}
		if (!preamble(line, &p->class))
			return bad(name, *n, "expected a PEM key", err);
	}
	return bad(name, *n, "no PEM key in it", err);
}

static int parse_body(const char *name, struct imp_span *text, unsigned *n, struct pem *p,
		      struct imp_error *err)
{
	struct imp_span line, label;
	bool end = false;

	while (next_line(text, &line)) {
		++*n;
		if (armour(line, "END", &label))
			return imp_span_eq(label, imp_span_str(p->label)) &&
					       p->der.len > 0
				       ? 0
				       : bad(name, *n, "the END line does not fit", err);
		if (decode_line(line, &end, &p->der, err))
			return bad(name, *n, "is not base64", err);
	}
	return bad(name, *n, "ends before its END line: truncated?", err);
}

int pem_parse(const char *name, struct imp_span text, struct pem *out,
	      struct imp_error *err)
{
	CLEANUP(pem_fini) struct pem p = { .class = IMP_CLASS_PRODUCTION };
	struct imp_span line, label;
	unsigned n = 0;
	int rc = parse_head(name, &text, &n, &p, err);

	if (!rc)
		rc = parse_body(name, &text, &n, &p, err);
	while (!rc && next_line(&text, &line)) {
		++n;
		if (armour(line, "BEGIN", &label))
			rc = bad(name, n, "a second key: expected one key a file", err);
		else if (line.len > 0)
			rc = bad(name, n, "text after the key", err);
	}
	if (rc)
		return rc;
	*out = p;
	p = (struct pem){ 0 };
	return 0;
}

static int append(struct imp_secret *out, const char *s, struct imp_error *err)
{
	return imp_secret_append(out, imp_span_str(s), err);
}

static int put_lines(struct imp_span der, struct imp_secret *out, struct imp_error *err)
{
	uint8_t line[LINE_DIGITS + 1];
	int rc = 0;

	for (size_t i = 0; !rc && i < der.len; i += LINE_BYTES) {
		size_t n = der.len - i < LINE_BYTES ? der.len - i : LINE_BYTES;
		struct imp_writer w = imp_writer(line, sizeof(line));

		imp_put_base64(&w, (struct imp_span){ der.ptr + i, n });
		imp_put_u8(&w, '\n');
		rc = imp_secret_append(out, imp_written(&w), err);
	}
	imp_wipe(line, sizeof(line));
	return rc;
}

int pem_put(const char *label, enum imp_key_class class, struct imp_span der,
	    struct imp_secret *out, struct imp_error *err)
{
	char line[64];
	int rc = imp_secret_reserve(out, 2 * der.len + 256, err);

	if (!rc && class == IMP_CLASS_TEST)
		rc = append(out, "imprint-class: test\n", err);
	snprintf(line, sizeof(line), "-----BEGIN %s-----\n", label);
	if (!rc)
		rc = append(out, line, err);
	if (!rc)
		rc = put_lines(der, out, err);
	snprintf(line, sizeof(line), "-----END %s-----\n", label);
	return rc ? rc : append(out, line, err);
}
