/* SPDX-License-Identifier: Apache-2.0 */
/* YAML: a tree or mistakes, each of which can be shown. */
#include <string.h>

#include "fuzz.h"
#include "source/tree.h"

static void walk(const struct imp_yaml *n, unsigned depth)
{
	MUST(depth <= IMP_YAML_DEPTH + 1);
	for (; n; n = n->next) {
		MUST(n->kind != IMP_YAML_SCALAR || n->text);
		walk(n->child, depth + 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct imp_diags diags;
	struct imp_span in = { data, size };
	struct imp_secret mistakes = { 0 }, text = { 0 };
	struct imp_yaml *root = NULL;
	struct imp_error err;

	diags.file = "f.yaml";
	MUST(imp_yaml_parse(in, &diags, &root, &err) == 0);
	walk(root, 0);
	MUST(root || diags.count > 0);
	MUST(imp_diag_format(&diags, in, &mistakes, &err) == 0);
	MUST(imp_mistakes_text(imp_secret_span(&mistakes), &text, &err) == 0);
	for (size_t i = 0; i < text.len; i++)
		MUST(text.ptr[i] >= 0x20 || text.ptr[i] == '\n');
	imp_secret_fini(&mistakes);
	imp_secret_fini(&text);
	imp_yaml_free(&root);
	imp_diag_fini(&diags);
	return 0;
}
