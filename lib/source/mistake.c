/* SPDX-License-Identifier: Apache-2.0 */
/* Mistakes, as three numbers and five texts each, and the length of these to find the
 * last one by. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "source/mistake.h"

enum { NUMBERS = 12, LENGTH = 4, NAME_SHOWN = 1024 };

static int put_text(struct imp_secret *all, const char *text, struct imp_error *err)
{
	struct imp_span with_nul = { (const uint8_t *)text, strlen(text) + 1 };

	return imp_secret_append(all, with_nul, err);
}

int imp_mistake_put(struct imp_secret *all, const struct imp_mistake *m,
		    struct imp_error *err)
{
	const char *const texts[] = { m->file, m->rows, m->text, m->near, m->shown };
	uint8_t numbers[NUMBERS];
	struct imp_writer w = imp_writer(numbers, sizeof(numbers));
	size_t before = all->len;
	int rc;

	imp_put_u32be(&w, m->line);
	imp_put_u32be(&w, m->column);
	imp_put_u32be(&w, m->row);
	rc = imp_secret_append(all, imp_written(&w), err);
	for (size_t i = 0; !rc && i < COUNTOF(texts); i++)
		rc = put_text(all, texts[i], err);
	w = imp_writer(numbers, LENGTH);
	imp_put_u32be(&w, (uint32_t)(all->len - before));
	return rc ? rc : imp_secret_append(all, imp_written(&w), err);
}

/* ":12" */
static bool take_number(const char **text, uint32_t *out)
{
	const char *p = *text + 1;
	size_t digits = strspn(p, "0123456789");

	if (**text != ':' || digits == 0 || digits > 9)
		return false;
	*out = (uint32_t)strtoul(p, NULL, 10);
	*text = p + digits;
	return true;
}

void imp_mistake_of(const char *file, const char *message, struct imp_mistake *out)
{
	size_t len = strlen(file);
	const char *rest = message + len;
	struct imp_mistake m = { .file = file, .rows = "", .near = "", .shown = "" };

	*out = m;
	out->text = message;
	if (strncmp(message, file, len) != 0)
		return;
	if (take_number(&rest, &m.line) && take_number(&rest, &m.column) &&
	    strncmp(rest, ": ", 2) == 0) {
		*out = m;
		out->text = rest + 2;
	} else if (strncmp(message + len, ": ", 2) == 0) {
		out->text = message + len + 2;
	}
}

static const char *take_text(struct imp_reader *r)
{
	const uint8_t *end =
		r->rest.len > 0 ? memchr(r->rest.ptr, '\0', r->rest.len) : NULL;
	struct imp_span s = imp_take(r, end ? (size_t)(end + 1 - r->rest.ptr) : SIZE_MAX);

	return r->ok ? (const char *)s.ptr : "";
}

bool imp_mistake_next(struct imp_span *rest, struct imp_mistake *out)
{
	struct imp_reader r = imp_reader(*rest);

	out->line = imp_take_u32be(&r);
	out->column = imp_take_u32be(&r);
	out->row = imp_take_u32be(&r);
	out->file = take_text(&r);
	out->rows = take_text(&r);
	out->text = take_text(&r);
	out->near = take_text(&r);
	out->shown = take_text(&r);
	imp_take(&r, LENGTH);
	*rest = r.rest;
	return r.ok;
}

bool imp_mistake_last(struct imp_span *told, struct imp_mistake *out)
{
	struct imp_span one;
	struct imp_reader r;

	if (told->len < LENGTH)
		return false;
	r = imp_reader((struct imp_span){ told->ptr + told->len - LENGTH, LENGTH });
	one.len = imp_take_u32be(&r) + (size_t)LENGTH;
	if (one.len > told->len)
		return false;
	told->len -= one.len;
	one.ptr = told->ptr + told->len;
	return imp_mistake_next(&one, out);
}

static int put_parts(struct imp_secret *out, const char *const *part, size_t count,
		     struct imp_error *err)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < count; i++)
		rc = imp_secret_append(out, imp_span_str(part[i]), err);
	return rc;
}

int imp_mistakes_text(struct imp_span all, struct imp_secret *out, struct imp_error *err)
{
	struct imp_mistake m;
	int rc = 0;

	while (!rc && imp_mistake_next(&all, &m)) {
		char where[32] = "", row[32] = "";
		char file[NAME_SHOWN], rows[NAME_SHOWN];
		const char *const part[] = { file,
					     where,
					     m.file[0] ? ": " : "",
					     m.text,
					     m.rows[0] ? " (" : "",
					     rows,
					     row,
					     "\n",
					     m.shown };

		imp_escape(file, sizeof(file), imp_span_str(m.file));
		imp_escape(rows, sizeof(rows), imp_span_str(m.rows));
		if (m.line > 0)
			snprintf(where, sizeof(where), ":%u:%u", m.line, m.column);
		if (m.rows[0])
			snprintf(row, sizeof(row), ":%u)", m.row);
		rc = put_parts(out, part, COUNTOF(part), err);
	}
	return rc;
}
