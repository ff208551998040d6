/* SPDX-License-Identifier: Apache-2.0 */
/* Diagnostics. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "base/grow.h"
#include "base/text.h"
#include "source/diag.h"

enum { SHOWN_MAX = 160, SHOWN_CAP = SHOWN_MAX * 5 + 48 };

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
	const char *near = d->near ? d->near : "";
	struct imp_diag *at;
	char raw[sizeof(at->text)], text[sizeof(at->text)];
	size_t n;
	va_list ap;

	d->hits++;
	d->near = NULL;
	va_start(ap, fmt);
	vsnprintf(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	n = strlen(raw);
	if (near[0])
		snprintf(raw + n, sizeof(raw) - n, "; did you mean %s?", near);
	imp_escape(text, sizeof(text), imp_span_str(raw));
	if (is_kept(d, &mark, text) || d->count++ >= IMP_DIAGS)
		return;
	at = &d->diag[d->count - 1];
	at->mark = mark;
	at->row = d->row;
	memcpy(at->text, text, sizeof(at->text));
	snprintf(at->near, sizeof(at->near), "%s", near);
}

void imp_diag_mask(struct imp_diags *d, struct imp_mark mark)
{
	struct imp_mark *more =
		imp_grow(d->masked, d->masks, &d->masks_cap, sizeof(*more), NULL);

	if (!more) {
		d->mask_all = true;
		return;
	}
	d->masked = more;
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

/* One character, as it is shown. */
static void show_one(struct imp_span *line, bool masked, char *text, size_t *n)
{
	uint32_t cp = 0;
	size_t len = imp_utf8(*line, &cp);

	if (len == 0 || imp_is_hidden(cp)) {
		text[(*n)++] = cp == '\t' ? ' ' : '?';
		len = len ? len : 1;
	} else if (masked) {
		text[(*n)++] = '*';
	} else {
		memcpy(text + *n, line->ptr, len);
		*n += len;
	}
	line->ptr += len;
	line->len -= len;
}

/* The line and the caret under it; columns count characters. Of a long one, what stands
 * around the caret. */
static void show_line(const struct imp_diags *d, const struct imp_mark *mark,
		      struct imp_span line, char out[SHOWN_CAP])
{
	unsigned first =
		mark->column > SHOWN_MAX * 3 / 4 ? mark->column - SHOWN_MAX / 2 : 1;
	const char *cut = first > 1 ? "..." : "";
	char text[SHOWN_MAX * 4 + 8];
	size_t n = 0;
	unsigned column = 1;

	for (; line.len > 0 && column < first + SHOWN_MAX; column++) {
		show_one(&line, is_masked(d, mark->line, column), text, &n);
		if (column < first)
			n = 0;
	}
	text[n] = '\0';
	snprintf(out, SHOWN_CAP, "    %s%s%s\n    %*s^\n", cut, text,
		 line.len > 0 ? "..." : "", (int)(mark->column - first + strlen(cut)),
		 "");
}

static int put_one(const struct imp_diags *d, const struct imp_diag *one,
		   struct imp_span source, struct imp_secret *out, struct imp_error *err)
{
	bool in_row = one->row > 0 && d->rows;
	char shown[SHOWN_CAP] = "";
	const struct imp_mistake m = { .file = d->file,
				       .line = one->mark.line,
				       .column = one->mark.line ? one->mark.column : 0,
				       .row = in_row ? (uint32_t)one->row : 0,
				       .rows = in_row ? d->rows : "",
				       .text = one->text,
				       .near = one->near,
				       .shown = shown };

	if (one->mark.line > 0)
		show_line(d, &one->mark, find_line(source, one->mark.line), shown);
	return imp_mistake_put(out, &m, err);
}

/* What came up in one row says nothing about the next. */
static void forget_row(struct imp_diags *d)
{
	size_t kept = d->count < IMP_DIAGS ? d->count : IMP_DIAGS, n = 0;

	for (size_t i = 0; i < kept; i++)
		if (d->diag[i].row == 0)
			d->diag[n++] = d->diag[i];
	if (n < kept)
		d->count = d->formatted = n;
}

int imp_diag_format(struct imp_diags *d, struct imp_span source, struct imp_secret *out,
		    struct imp_error *err)
{
	size_t kept = d->count < IMP_DIAGS ? d->count : IMP_DIAGS;
	char more[64] = "... and more";
	struct imp_mistake m = { "", 0, 0, 0, "", more, "", "" };
	int rc = 0;

	for (; !rc && d->formatted < kept; d->formatted++)
		rc = put_one(d, &d->diag[d->formatted], source, out, err);
	if (!rc && kept < d->count && d->formatted == IMP_DIAGS) {
		d->formatted++;
		if (!d->rows)
			snprintf(more, sizeof(more), "... and %zu more", d->count - kept);
		rc = imp_mistake_put(out, &m, err);
	}
	if (d->each_row)
		forget_row(d);
	return rc;
}

int imp_diag_end(struct imp_diags *d, struct imp_span source, struct imp_secret *out,
		 struct imp_error *err)
{
	int rc = imp_diag_format(d, source, out, err);

	if (rc || d->hits == 0)
		return rc;
	return imp_fail(err, IMP_EFORMAT, "%s: %zu mistake%s", d->file, d->hits,
			imp_plural(d->hits));
}
