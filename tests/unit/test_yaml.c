/* SPDX-License-Identifier: Apache-2.0 */
/* YAML: the strict part of it, where things stand, and what is never shown. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "source/tree.h"

static struct imp_diags diags;
static struct imp_secret text;
static struct imp_yaml *root;

static void parse_span(struct imp_span in)
{
	struct imp_error err;

	imp_diag_fini(&diags);
	imp_secret_fini(&text);
	imp_yaml_free(&root);
	diags.file = "f";
	cr_assert_eq(imp_yaml_parse(in, &diags, &root, &err), 0);
	cr_assert_eq(imp_diag_format(&diags, in, &text, &err), 0);
}

static void parse(const char *yaml)
{
	parse_span(imp_span_str(yaml));
}

static const char *said(void)
{
	static struct imp_secret shown;
	struct imp_error err;

	imp_secret_fini(&shown);
	cr_assert_eq(imp_mistakes_text(imp_secret_span(&text), &shown, &err), 0);
	cr_assert_eq(imp_secret_append(&shown, IMP_SPAN("\0"), &err), 0);
	return (const char *)shown.ptr;
}

static void drop(void)
{
	imp_diag_fini(&diags);
	imp_secret_fini(&text);
	imp_yaml_free(&root);
}

Test(yaml, marks_say_where_things_stand, .fini = drop)
{
	const struct imp_yaml *b;

	parse("a: 1\nb: [x, \"y z\"]\n");
	cr_assert_eq(diags.count, 0);
	b = imp_yaml_get(root, "b");
	cr_assert_eq(b->kind, IMP_YAML_LIST);
	cr_assert_eq(b->count, 2);
	cr_assert_str_eq(b->last->text, "y z");
	cr_assert(b->last->quoted && !b->child->quoted);
	cr_assert_eq(b->last->mark.line, 2);
	cr_assert_eq(b->last->mark.column, 8);
	cr_assert_eq(b->last->mark.end_column, 13);
}

/* PRO-01, PRO-04, PRO-10, PRO-11 */
Test(yaml, what_is_not_taken_is_refused_by_name, .fini = drop)
{
	static const struct {
		const char *yaml, *says;
	} cases[] = {
		{ "", "f: is empty\n" },
		{ "# only words\n", "f: is empty\n" },
		{ "a: &x 1\n", "f:1:4: tags and anchors" },
		{ "a: &x {b: 1}\n", "f:1:4: tags and anchors" },
		{ "a: !!str 1\n", "f:1:4: tags and anchors" },
		{ "a: ! 1\n", "f:1:4: tags and anchors" },
		{ "a: 1\n<<: {b: 1}\n", "f:2:1: merge keys" },
		{ "a: *x\n", "f:1:4: aliases" },
		{ "a: 1\n---\nb: 1\n", "f:2:1: a second document" },
		{ "%YAML 1.1\n---\na: 1\n", "f:1:1: directives" },
		{ "? [a]\n: 1\n", "f:1:3: a key that is not a text" },
		{ "a: 1\nb: 2\na: 3\n", "f:3:1: key 'a' stands there twice" },
		{ "a: \"\\0\"\n", "f:1:4: a control" },
		{ "a: \"\\u202e\"\n", "f:1:4: a control or bidirectional" },
		{ "a: 1 # \u202e\n", "f:1:8: a bidirectional character" },
		{ "a: \u2066x\n", "f:1:4: a bidirectional character" },
		{ "\ufeffa: 1\n", "f:1:1: a byte order mark" },
		{ "a: \xc2\x85\n", "f:1:4: a control character" },
		{ "a: \033[1m\n", "f:1:4: a control character" },
		{ "a: \xc3\x28\n", "f:1:4: is not UTF-8" },
		{ "a: [1\n", "not YAML" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		parse(cases[i].yaml);
		cr_assert_eq(strncmp(said(), cases[i].says, strlen(cases[i].says)) != 0 &&
				     !strstr(said(), cases[i].says),
			     0, "%s said %s", cases[i].yaml, said());
	}
}

/* PRO-11: nothing grows with the depth. */
Test(yaml, depth_ends_at_sixteen, .fini = drop, .timeout = 10)
{
	char *deep = malloc(IMP_YAML_MAX);

	parse("[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]");
	cr_assert_eq(diags.count, 0);
	parse("[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]");
	cr_assert(strstr(said(), "f:1:17: nested deeper than 16"), "%s", said());
	memset(deep, '[', IMP_YAML_MAX);
	parse_span((struct imp_span){ (uint8_t *)deep, IMP_YAML_MAX });
	cr_assert(strstr(said(), "nested deeper than 16"));
	free(deep);
}

/* PRO-02 */
Test(yaml, a_mebibyte_is_the_limit, .fini = drop)
{
	char *big = malloc(IMP_YAML_MAX + 1);

	memset(big, ' ', IMP_YAML_MAX + 1);
	memcpy(big, "a: 1\n#", 6);
	parse_span((struct imp_span){ (uint8_t *)big, IMP_YAML_MAX });
	cr_assert_eq(diags.count, 0, "%s", said());
	parse_span((struct imp_span){ (uint8_t *)big, IMP_YAML_MAX + 1 });
	cr_assert(strstr(said(), "larger than 1048576 bytes"));
	free(big);
}

Test(yaml, nothing_behind_the_break_is_shown, .fini = drop)
{
	static const char *const cases[] = {
		"pin: !!binary MARKER\n",    "pin: &a MARKER\n",
		"a: {pin: MARKER, b: *x}\n", "pin: MARKER: x\n",
		"pin: \"MARKER\n",	     "a: {pin: MARKER, b: [}\n",
		"pin: MARKER \033\n",	     "a: MARKER\n--- x\n",
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		parse(cases[i]);
		cr_assert(diags.count > 0);
		if (!strstr(cases[i], "\033"))
			cr_assert_null(strstr(said(), "MARKER"), "%s", said());
		cr_assert_null(strstr(said(), "\033"));
	}
}

Test(yaml, below_a_second_key_nothing_is_shown, .fini = drop)
{
	parse("a: {x: 1}\na: {x: MARKER, x: MARKER}\n");
	cr_assert_eq(diags.count, 2);
	cr_assert_null(strstr(said(), "MARKER"), "%s", said());
}

Test(yaml, a_caret_stands_under_the_character, .fini = drop)
{
	parse("a: 1\nb: {\u00e4\u00f6: 1, c: &x 1}\n");
	cr_assert_str_eq(said(), "f:2:15: tags and anchors are not used here\n"
				 "    b: {\u00e4\u00f6: *, c: *****\n"
				 "                  ^\n");
}

Test(yaml, masks_run_over_lines, .fini = drop)
{
	struct imp_error err;
	struct imp_span in = IMP_TEXT("a: \"one\n  two\", b: 1\n");

	diags.file = "f";
	imp_diag_mask(&diags, (struct imp_mark){ 1, 4, 2, 7 });
	imp_diag(&diags, (struct imp_mark){ 2, 12, 0, 0 }, "what");
	cr_assert_eq(imp_diag_format(&diags, in, &text, &err), 0);
	cr_assert_str_eq(said(), "f:2:12: what\n    ******, b: 1\n               ^\n");
}

Test(yaml, the_same_mistake_is_kept_once_and_a_hundred_at_most, .fini = drop)
{
	struct imp_error err;
	struct imp_span in = IMP_TEXT("a\n");

	diags.file = "f";
	for (unsigned i = 0; i < 105; i++)
		for (unsigned k = 0; k < 2; k++)
			imp_diag(&diags, (struct imp_mark){ 1, i + 1, 0, 0 }, "what");
	cr_assert_eq(diags.hits, 210);
	cr_assert_eq(imp_diag_format(&diags, in, &text, &err), 0);
	cr_assert(strstr(said(), "f:1:100: what\n"));
	cr_assert_null(strstr(said(), "f:1:101:"));
	cr_assert(strstr(said(), "... and "));
}

Test(yaml, a_mistake_keeps_its_parts, .fini = drop)
{
	struct imp_error err;
	struct imp_mistake m;
	struct imp_span rest;

	diags.file = "f\033";
	diags.rows = "r.csv";
	diags.row = 7;
	diags.near = "right";
	imp_diag(&diags, (struct imp_mark){ 1, 3, 0, 0 }, "what");
	imp_diag(&diags, (struct imp_mark){ 0 }, "all");
	cr_assert_eq(imp_diag_format(&diags, IMP_TEXT("a b\n"), &text, &err), 0);
	rest = imp_secret_span(&text);
	cr_assert(imp_mistake_next(&rest, &m));
	cr_assert_str_eq(m.file, "f\033");
	cr_assert_str_eq(m.text, "what; did you mean right?");
	cr_assert_str_eq(m.near, "right");
	cr_assert_str_eq(m.shown, "    a b\n      ^\n");
	cr_assert(m.line == 1 && m.column == 3 && m.row == 7);
	cr_assert(imp_mistake_next(&rest, &m));
	cr_assert(m.line == 0 && m.near[0] == '\0' && m.shown[0] == '\0');
	cr_assert_not(imp_mistake_next(&rest, &m));
	cr_assert_str_eq(said(), "f\\x1b:1:3: what; did you mean right? (r.csv:7)\n"
				 "    a b\n      ^\nf\\x1b: all (r.csv:7)\n");
}

/* CSV-09: whoever reports on rows hears of each, not of the first that was alike. */
Test(yaml, each_row_has_its_own_mistakes_where_asked_for, .fini = drop)
{
	struct imp_error err;

	diags.file = "f";
	diags.rows = "r";
	diags.each_row = true;
	for (unsigned row = 2; row < 4; row++) {
		diags.row = row;
		imp_diag(&diags, (struct imp_mark){ 1, 1, 0, 0 }, "in a row");
		imp_diag(&diags, (struct imp_mark){ 1, 1, 0, 0 }, "in a row");
		diags.row = 0;
		imp_diag(&diags, (struct imp_mark){ 1, 1, 0, 0 }, "in any");
		cr_assert_eq(imp_diag_format(&diags, IMP_TEXT("a\n"), &text, &err), 0);
	}
	cr_assert_str_eq(said(), "f:1:1: in a row (r:2)\n    a\n    ^\n"
				 "f:1:1: in any\n    a\n    ^\n"
				 "f:1:1: in a row (r:3)\n    a\n    ^\n");
}

Test(yaml, a_message_is_taken_apart)
{
	static const struct {
		const char *message, *text;
		uint32_t line, column;
	} cases[] = {
		{ "a:b: what", "what", 0, 0 },
		{ "a:b:3:4: what", "what", 3, 4 },
		{ "a:b:3: what", "a:b:3: what", 0, 0 },
		{ "a:b:3:x: what", "a:b:3:x: what", 0, 0 },
		{ "other: what", "other: what", 0, 0 },
		{ "", "", 0, 0 },
	};

	for (size_t i = 0; i < COUNTOF(cases); i++) {
		struct imp_mistake m;

		imp_mistake_of("a:b", cases[i].message, &m);
		cr_assert_str_eq(m.text, cases[i].text, "%s", cases[i].message);
		cr_assert(m.line == cases[i].line && m.column == cases[i].column, "%s",
			  cases[i].message);
	}
}
