/* SPDX-License-Identifier: Apache-2.0 */
/* Diagnostics. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "source/diag.h"

enum { SHOWN_MAX = 160 };

static bool is_kept(const struct imp_diags *d, const struct imp_mark *mark,
		    const char *text)
{
	size_t kept = d->count < IMP_DIAGS ? d->count : IMP_DIAGS;

	for (size_t i = 0; i < kept; i++)
		if (d->diag[i].mark.line == mark->line &&
		    d->diag[i].mark.column == mark->column &&
		    strcmp(d->diag[i].text, text) == 0)
			return true;
	return false;
}

void imp_diag(struct imp_diags *d, struct imp_mark mark, const char *fmt, ...)
{
	struct imp_diag *at;
	char raw[sizeof(at->text)], text[sizeof(at->text)];
	va_list ap;

	d->hits++;
	va_start(ap, fmt);
	vsnprintf(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	imp_escape(text, sizeof(text), imp_span_str(raw));
	if (is_kept(d, &mark, text) || d->count++ >= IMP_DIAGS)
		return;
	at = &d->diag[d->count - 1];
	at->mark = mark;
	at->row = d->row;
	memcpy(at->text, text, sizeof(at->text));
}

void imp_diag_mask(struct imp_diags *d, struct imp_mark mark)
{
	if (d->masks == d->masks_cap) {
		size_t cap = d->masks_cap ? 2 * d->masks_cap : 32;
		struct imp_mark *more = reallocarray(d->masked, cap, sizeof(*more));

		if (!more) {
			d->mask_all = true;
			return;
		}
		d->masked = more;
		d->masks_cap = cap;
	}
	d->masked[d->masks++] = mark;
}

void imp_diag_fini(struct imp_diags *d)
{
	free(d->masked);
	*d = (struct imp_diags){ 0 };
}

static struct imp_span find_line(struct imp_span source, unsigned line)
{
	const uint8_t *end;

	for (unsigned n = 1; n < line && source.len > 0; n++) {
		end = memchr(source.ptr, '\n', source.len);
		if (!end)
			return (struct imp_span){ 0 };
		source.len -= (size_t)(end + 1 - source.ptr);
		source.ptr = end + 1;
	}
	end = source.len > 0 ? memchr(source.ptr, '\n', source.len) : NULL;
	if (end)
		source.len = (size_t)(end - source.ptr);
	if (source.len > 0 && source.ptr[source.len - 1] == '\r')
		source.len--;
	return source;
}

static bool is_masked(const struct imp_diags *d, unsigned line, unsigned column)
{
	for (size_t i = 0; i < d->masks; i++) {
		const struct imp_mark *m = &d->masked[i];
		bool begun = line > m->line || (line == m->line && column >= m->column);
		bool ended = line > m->end_line ||
			     (line == m->end_line && column >= m->end_column);

		if (begun && !ended)
			return true;
	}
	return d->mask_all;
}

/* The line and the caret under it; columns count characters. */
static int put_line(const struct imp_diags *d, const struct imp_mark *mark,
		    struct imp_span line, struct imp_secret *out, struct imp_error *err)
{
	char text[SHOWN_MAX * 4 + 8], caret[SHOWN_MAX + 8];
	size_t n = 0, c = 0;
	unsigned column = 1;
	int rc;

	while (line.len > 0 && column <= SHOWN_MAX) {
		uint32_t cp = 0;
		size_t len = imp_utf8(line, &cp);

		if (len == 0 || imp_is_hidden(cp)) {
			text[n++] = cp == '\t' ? ' ' : '?';
			len = len ? len : 1;
		} else if (is_masked(d, mark->line, column)) {
			text[n++] = '*';
		} else {
			memcpy(text + n, line.ptr, len);
			n += len;
		}
		if (column < mark->column)
			caret[c++] = ' ';
		line.ptr += len;
		line.len -= len;
		column++;
	}
	text[n] = '\0';
	caret[c] = '\0';
	rc = imp_secret_append(out, IMP_TEXT("    "), err);
	if (!rc)
		rc = imp_secret_append(out, imp_span_str(text), err);
	if (!rc)
		rc = imp_secret_append(out, IMP_TEXT("\n    "), err);
	if (!rc)
		rc = imp_secret_append(out, imp_span_str(caret), err);
	return rc ? rc : imp_secret_append(out, IMP_TEXT("^\n"), err);
}

static int put_one(const struct imp_diags *d, const struct imp_diag *one,
		   struct imp_span source, struct imp_secret *out, struct imp_error *err)
{
	char where[64] = "", row[300] = "", head[900];
	int rc;

	if (one->mark.line > 0)
		snprintf(where, sizeof(where), ":%u:%u", one->mark.line,
			 one->mark.column);
	if (one->row > 0 && d->rows)
		snprintf(row, sizeof(row), " (%.250s:%lu)", d->rows, one->row);
	snprintf(head, sizeof(head), "%.300s%s: %s%s\n", d->file, where, one->text, row);
	rc = imp_secret_append(out, imp_span_str(head), err);
	if (rc || one->mark.line == 0)
		return rc;
	return put_line(d, &one->mark, find_line(source, one->mark.line), out, err);
}

int imp_diag_format(struct imp_diags *d, struct imp_span source, struct imp_secret *out,
		    struct imp_error *err)
{
	char more[64];
	size_t kept = d->count < IMP_DIAGS ? d->count : IMP_DIAGS;
	int rc = 0;

	for (; !rc && d->formatted < kept; d->formatted++)
		rc = put_one(d, &d->diag[d->formatted], source, out, err);
	if (rc || kept == d->count || d->formatted > IMP_DIAGS)
		return rc;
	d->formatted = IMP_DIAGS + 1;
	if (d->rows)
		snprintf(more, sizeof(more), "... and more\n");
	else
		snprintf(more, sizeof(more), "... and %zu more\n", d->count - kept);
	return imp_secret_append(out, imp_span_str(more), err);
}
