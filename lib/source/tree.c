/* SPDX-License-Identifier: Apache-2.0 */
/* YAML as a tree that keeps marks, from libyaml's events: the only door to <yaml.h>. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/wipe.h"
#include "source/tree.h"

/* Bounds the search for duplicates. */
enum { KEYS_MAX = 1000 };

struct parser {
	struct imp_span source;
	yaml_parser_t y;
	struct imp_diags *diags;
	struct imp_yaml *stack[IMP_YAML_DEPTH];
	unsigned depth;
	struct imp_yaml *root;
	char *key; /* waiting for its value; owned */
	struct imp_mark key_mark;
	bool failed, out_of_memory, many;
	unsigned documents;
};

static struct imp_mark mark_of(const yaml_event_t *e)
{
	return (struct imp_mark){ (unsigned)e->start_mark.line + 1,
				  (unsigned)e->start_mark.column + 1,
				  (unsigned)e->end_mark.line + 1,
				  (unsigned)e->end_mark.column + 1 };
}

/* Where it breaks off nobody knows what is secret: of that line only what stands before
 * is shown, without values. */
static void fail(struct parser *p, struct imp_mark mark, const char *what)
{
	imp_diag_mask(p->diags, (struct imp_mark){ mark.line, mark.column, UINT_MAX, 1 });
	imp_diag(p->diags, mark, "%s", what);
	p->failed = true;
}

static struct imp_yaml *top(const struct parser *p)
{
	return p->depth > 0 ? p->stack[p->depth - 1] : NULL;
}

static bool key_is_there(const struct imp_yaml *map, const char *key)
{
	return imp_yaml_get(map, key) != NULL;
}

/* Hang a node where it belongs; false where there is no memory. */
static struct imp_yaml *add(struct parser *p, enum imp_yaml_kind kind,
			    struct imp_mark mark)
{
	struct imp_yaml *n = calloc(1, sizeof(*n)), *parent = top(p);

	if (!n) {
		p->out_of_memory = true;
		return NULL;
	}
	n->kind = kind;
	n->mark = mark;
	if (!parent) {
		imp_yaml_free(&p->root);
		p->root = n;
		return n;
	}
	if (parent->kind == IMP_YAML_MAP) {
		n->key = p->key;
		n->key_mark = p->key_mark;
		p->key = NULL;
	}
	if (parent->last)
		parent->last->next = n;
	else
		parent->child = n;
	parent->last = n;
	parent->count++;
	return n;
}

/* What is wrong with a character; NULL: nothing. Source: Unicode TR 36; CVE-2021-42574.
 */
static const char *wrong_character(size_t len, uint32_t cp)
{
	if (len == 0)
		return "is not UTF-8";
	if (cp == 0xfeff)
		return "a byte order mark";
	if (imp_is_bidirectional(cp))
		return "a bidirectional character";
	if (imp_is_control(cp) && cp != '\n' && cp != '\r' && cp != '\t')
		return "a control character";
	return NULL;
}

/* The whole source, comments included: what people read is what is parsed. */
static bool check_characters(struct imp_span rest, struct imp_diags *diags)
{
	struct imp_mark at = { 1, 1, 0, 0 };

	while (rest.len > 0) {
		uint32_t cp = 0;
		size_t n = imp_utf8(rest, &cp);
		const char *wrong = wrong_character(n, cp);

		if (wrong) {
			imp_diag_mask(diags, (struct imp_mark){ at.line, at.column,
								at.line + 1, 1 });
			imp_diag(diags, at, "%s", wrong);
			return false;
		}
		at.column++;
		if (cp == '\n' || (cp == '\r' && (rest.len < 2 || rest.ptr[1] != '\n')))
			at = (struct imp_mark){ at.line + 1, 1, 0, 0 };
		rest.ptr += n;
		rest.len -= n;
	}
	return true;
}

/* Escapes in quotes can make what the source itself must not hold. */
static bool bad_characters(const char *s, size_t len)
{
	struct imp_span rest = { (const uint8_t *)s, len };

	while (rest.len > 0) {
		uint32_t cp = 0;
		size_t n = imp_utf8(rest, &cp);

		if (wrong_character(n, cp) || cp == '\r')
			return true;
		rest.ptr += n;
		rest.len -= n;
	}
	return false;
}

static char *copy(struct parser *p, const yaml_event_t *e)
{
	char *s = strndup((const char *)e->data.scalar.value, e->data.scalar.length);

	p->out_of_memory |= !s;
	return s;
}

static void on_key(struct parser *p, const yaml_event_t *e)
{
	p->key_mark = mark_of(e);
	p->key = copy(p, e);
	if (!p->key)
		return;
	if (top(p)->count == KEYS_MAX)
		fail(p, p->key_mark, "more than 1000 keys in one map");
	else if (strcmp(p->key, "<<") == 0)
		fail(p, p->key_mark, "merge keys are not used here");
	else if (key_is_there(top(p), p->key))
		imp_diag(p->diags, p->key_mark, "key '%s' stands there twice", p->key);
}

static void on_scalar(struct parser *p, const yaml_event_t *e)
{
	struct imp_yaml *n;

	if (e->data.scalar.tag || e->data.scalar.anchor) {
		fail(p, mark_of(e), "tags and anchors are not used here");
		return;
	}
	if (strlen((const char *)e->data.scalar.value) != e->data.scalar.length ||
	    bad_characters((const char *)e->data.scalar.value, e->data.scalar.length)) {
		fail(p, mark_of(e), "a control or bidirectional character");
		return;
	}
	if (top(p) && top(p)->kind == IMP_YAML_MAP && !p->key) {
		on_key(p, e);
		return;
	}
	n = add(p, IMP_YAML_SCALAR, mark_of(e));
	if (!n)
		return;
	n->text = copy(p, e);
	n->quoted = e->data.scalar.style == YAML_SINGLE_QUOTED_SCALAR_STYLE ||
		    e->data.scalar.style == YAML_DOUBLE_QUOTED_SCALAR_STYLE;
}

static void on_start(struct parser *p, const yaml_event_t *e, enum imp_yaml_kind kind)
{
	const yaml_char_t *tag = kind == IMP_YAML_MAP ? e->data.mapping_start.tag
						      : e->data.sequence_start.tag;
	const yaml_char_t *anchor = kind == IMP_YAML_MAP ? e->data.mapping_start.anchor
							 : e->data.sequence_start.anchor;
	struct imp_yaml *n;

	if (tag || anchor)
		fail(p, mark_of(e), "tags and anchors are not used here");
	else if (top(p) && top(p)->kind == IMP_YAML_MAP && !p->key)
		fail(p, mark_of(e), "a key that is not a text");
	else if (p->depth == IMP_YAML_DEPTH)
		fail(p, mark_of(e), "nested deeper than 16");
	if (p->failed)
		return;
	n = add(p, kind, mark_of(e));
	if (n)
		p->stack[p->depth++] = n;
}

static void on_document(struct parser *p, const yaml_event_t *e)
{
	if (e->data.document_start.version_directive ||
	    e->data.document_start.tag_directives.start !=
		    e->data.document_start.tag_directives.end)
		fail(p, mark_of(e), "directives are not used here");
	if (++p->documents > 1 && !p->many)
		fail(p, mark_of(e), "a second document");
}

static void on_event(struct parser *p, const yaml_event_t *e)
{
	switch (e->type) {
	case YAML_DOCUMENT_START_EVENT:
		on_document(p, e);
		break;
	case YAML_SCALAR_EVENT:
		on_scalar(p, e);
		break;
	case YAML_ALIAS_EVENT:
		fail(p, mark_of(e), "aliases are not used here");
		break;
	case YAML_MAPPING_START_EVENT:
		on_start(p, e, IMP_YAML_MAP);
		break;
	case YAML_SEQUENCE_START_EVENT:
		on_start(p, e, IMP_YAML_LIST);
		break;
	case YAML_MAPPING_END_EVENT:
	case YAML_SEQUENCE_END_EVENT:
		p->depth--;
		break;
	default:
		break;
	}
}

/* Does "${" stand there, with its brace at the character `index` of the source? */
static bool at_variable(struct imp_span source, size_t index)
{
	uint32_t cp;
	size_t n = 1;

	for (; index > 1 && n > 0; index--) {
		n = imp_utf8(source, &cp);
		source.ptr += n;
		source.len -= n;
	}
	return index == 1 && source.len >= 2 && memcmp(source.ptr, "${", 2) == 0;
}

/* What people most often did where libyaml says so. */
static const struct {
	const char *problem, *context, *hint;
} habits[] = {
	{ "mapping values are not allowed", "",
	  "a space behind each colon, here and in the line before? indented as its "
	  "neighbours? a text with ': ' in it is quoted" },
	{ "did not find expected key", "", "indented as its neighbours?" },
	{ "did not find expected '-'", "", "indented as its neighbours?" },
	{ "did not find expected ',' or '}'", "",
	  "a comma or brace left out? a text with ': ' in it is quoted" },
	{ "did not find expected ',' or ']'", "", "a comma or bracket left out?" },
	{ "could not find expected ':'", "", "a colon and a space behind each key?" },
	{ "found unexpected end of stream", "quoted scalar", "a quote left out?" },
};

static const char *hint_of(const struct parser *p, const char *problem,
			   const char *context)
{
	const char *at = (const char *)p->y.buffer.pointer;

	if (strstr(problem, "cannot start any token") && at && *at == '\t')
		return "a tab: indent with spaces";
	for (size_t i = 0; i < COUNTOF(habits); i++)
		if (strstr(problem, habits[i].problem) &&
		    strstr(context, habits[i].context))
			return habits[i].hint;
	return "";
}

/* libyaml's words; the line itself is not shown, since nobody knows yet what in it is
 * secret. */
static void syntax_error(struct parser *p)
{
	const struct imp_mark mark = { (unsigned)p->y.problem_mark.line + 1,
				       (unsigned)p->y.problem_mark.column + 1, 0, 0 };
	const char *problem = p->y.problem ? p->y.problem : "unreadable";
	const char *context = p->y.context ? p->y.context : "";
	const char *hint = at_variable(p->source, p->y.problem_mark.index)
				   ? "variables are put into quoted strings: \"${name}\""
				   : hint_of(p, problem, context);
	char from[40] = "";

	if (p->y.context && p->y.context_mark.index != p->y.problem_mark.index)
		snprintf(from, sizeof(from), " from %zu:%zu on",
			 p->y.context_mark.line + 1, p->y.context_mark.column + 1);
	imp_diag_mask(p->diags, (struct imp_mark){ 1, 1, UINT_MAX, 1 });
	imp_diag(p->diags, mark, "not YAML: %s%s%s%s%s%s", problem, *context ? ", " : "",
		 context, from, *hint ? "; " : "", hint);
	p->failed = true;
}

/* libyaml frees what it read as it is. */
static void wipe_event(const yaml_event_t *e)
{
	if (e->type == YAML_SCALAR_EVENT)
		imp_wipe(e->data.scalar.value, e->data.scalar.length);
}

static void wipe_buffers(const yaml_parser_t *y)
{
	imp_wipe(y->raw_buffer.start, (size_t)(y->raw_buffer.end - y->raw_buffer.start));
	imp_wipe(y->buffer.start, (size_t)(y->buffer.end - y->buffer.start));
}

static void run(struct parser *p)
{
	bool end = false;

	while (!end && !p->failed && !p->out_of_memory) {
		yaml_event_t e;

		if (!yaml_parser_parse(&p->y, &e)) {
			p->out_of_memory = p->y.error == YAML_MEMORY_ERROR;
			if (!p->out_of_memory)
				syntax_error(p);
			return;
		}
		end = e.type == YAML_STREAM_END_EVENT;
		on_event(p, &e);
		wipe_event(&e);
		yaml_event_delete(&e);
	}
}

/* Below keys that stand there twice only the first is looked at later; whatever else is
 * there may be secret. Where the parser gave up, all of it. */
static void mask_unseen(struct imp_diags *diags, const struct imp_yaml *n, bool all)
{
	if (all && n->kind == IMP_YAML_SCALAR)
		imp_diag_mask(diags, n->mark);
	for (const struct imp_yaml *c = n->child; c; c = c->next)
		mask_unseen(diags, c, all || (c->key && imp_yaml_get(n, c->key) != c));
}

static int parse(struct imp_span source, bool many, struct imp_diags *diags,
		 struct imp_yaml **out, struct imp_error *err)
{
	struct parser p = { .source = source, .diags = diags, .many = many };
	const struct imp_mark start = { 1, 1, 0, 0 };

	*out = NULL;
	if (source.len > IMP_YAML_MAX) {
		imp_diag(diags, (struct imp_mark){ 0 }, "larger than %d bytes",
			 IMP_YAML_MAX);
		return 0;
	}
	if (!check_characters(source, diags))
		return 0;
	if (!yaml_parser_initialize(&p.y))
		return imp_fail(err, IMP_ERESOURCE, "out of memory");
	yaml_parser_set_encoding(&p.y, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&p.y, source.ptr, source.len);
	if (many && add(&p, IMP_YAML_LIST, start))
		p.stack[p.depth++] = p.root;
	run(&p);
	wipe_buffers(&p.y);
	yaml_parser_delete(&p.y);
	free(p.key);
	if (p.root && diags->hits > 0)
		mask_unseen(diags, p.root, p.failed);
	if (p.failed || p.out_of_memory)
		imp_yaml_free(&p.root);
	else if (!p.root)
		imp_diag(diags, (struct imp_mark){ 0 }, "is empty");
	if (p.out_of_memory)
		return imp_fail(err, IMP_ERESOURCE, "out of memory");
	*out = p.root;
	return 0;
}

int imp_yaml_parse(struct imp_span source, struct imp_diags *diags, struct imp_yaml **out,
		   struct imp_error *err)
{
	return parse(source, false, diags, out, err);
}

int imp_yaml_parse_all(struct imp_span source, struct imp_diags *diags,
		       struct imp_yaml **out, struct imp_error *err)
{
	return parse(source, true, diags, out, err);
}

const struct imp_yaml *imp_yaml_get(const struct imp_yaml *map, const char *key)
{
	for (const struct imp_yaml *n = map && map->kind == IMP_YAML_MAP ? map->child
									 : NULL;
	     n; n = n->next)
		if (n->key && strcmp(n->key, key) == 0)
			return n;
	return NULL;
}

/* Depth is bounded by the parser. */
static void free_list(struct imp_yaml *n)
{
	while (n) {
		struct imp_yaml *next = n->next;

		free_list(n->child);
		if (n->text)
			imp_wipe(n->text, strlen(n->text));
		free(n->text);
		free(n->key);
		free(n);
		n = next;
	}
}

void imp_yaml_free(struct imp_yaml **root)
{
	free_list(*root);
	*root = NULL;
}

const char *imp_yaml_version(void)
{
	return yaml_get_version_string();
}
