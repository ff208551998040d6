/* SPDX-License-Identifier: Apache-2.0 */
/* Mistakes in sources, shown to people. */
#include <stdio.h>

#include "json.h"
#include "mistakes.h"

enum { TEXT_MAX = 64 * 1024 };

int mistakes_say(struct imp_secret *mistakes, struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret text = { 0 };
	int rc = imp_mistakes_text(imp_secret_span(mistakes), &text, err);

	if (text.len > 0)
		fwrite(text.ptr, 1, text.len, stderr);
	mistakes->len = 0;
	return rc;
}

int mistakes_limit(struct imp_secret *mistakes, size_t before, struct imp_error *err)
{
	const struct imp_mistake more = { "", 0, 0, 0, "", "... and more", "", "" };

	if (mistakes->len <= before || mistakes->len < TEXT_MAX)
		return 0;
	if (before < TEXT_MAX)
		return imp_mistake_put(mistakes, &more, err);
	mistakes->len = before;
	return 0;
}

void mistake_json(const struct imp_mistake *m)
{
	struct json j = { .f = stdout, .first = true };

	json_open(&j, NULL, '{');
	json_str(&j, "kind", "mistake");
	json_str(&j, "file", m->file);
	json_uint(&j, "line", m->line);
	json_uint(&j, "column", m->column);
	json_str(&j, "text", m->text);
	if (m->row > 0)
		json_uint(&j, "row", m->row);
	else
		json_str(&j, "row", NULL);
	json_some(&j, "suggestion", imp_span_str(m->near));
	json_close(&j, '}');
	putchar('\n');
}
