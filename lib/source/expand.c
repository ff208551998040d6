/* SPDX-License-Identifier: Apache-2.0 */
/* Variables, put into quoted strings. */
#include <string.h>

#include "source/build.h"

/* The scratch never grows beyond what was reserved, so earlier results stay where they
 * are. */
static bool append(struct imp_profile_source *s, const struct imp_yaml *n,
		   const char *text, size_t len)
{
	const struct imp_span bytes = { (const uint8_t *)text, len };

	if (s->scratch.len + len + 1 > s->scratch.cap) {
		s->diags.row = s->row;
		imp_diag(&s->diags, n->mark, "is too long with its variables put in");
		s->diags.row = 0;
		return false;
	}
	return imp_secret_append(&s->scratch, bytes, NULL) == 0;
}

static const char *near_variable(const struct imp_profile_source *s, const char *word)
{
	const char *names[IMP_VARIABLES];

	for (size_t i = 0; i < s->variables; i++)
		names[i] = s->variable[i].name;
	return imp_nearest(word, names, s->variables);
}

static const char *value_of(struct imp_profile_source *s, const struct imp_yaml *n,
			    const char *name, struct expanded *what)
{
	struct imp_variable *v = find_variable(s, name);

	if (!v) {
		s->diags.near = near_variable(s, name);
		imp_diag(&s->diags, n->mark,
			 "variable '%s' is not declared under variables:", name);
		return NULL;
	}
	what->hidden |= v->hidden;
	if (v->secret)
		what->secret = v->name;
	return v->wrong ? NULL : v->value;
}

/* The name in "${name}" that text starts with; false where it is none. */
static bool take_name(const char **text, char name[64])
{
	const char *end = strchr(*text, '}');
	size_t len = end ? (size_t)(end - *text) - 2 : 0;

	if (strncmp(*text, "${", 2) != 0 || !end || len == 0 || len >= 64)
		return false;
	memcpy(name, *text + 2, len);
	name[len] = '\0';
	*text = end + 1;
	return true;
}

/* One piece at *p: a variable, a doubled dollar, or what comes before the next one. */
static bool expand_piece(struct imp_profile_source *s, const struct imp_yaml *n,
			 const char **p, struct expanded *what)
{
	size_t len = strcspn(*p, "$");
	const char *value = *p;
	char name[64];

	if (len > 0) {
		*p += len;
		return append(s, n, value, len);
	}
	if ((*p)[1] == '$') {
		*p += 2;
		return append(s, n, "$", 1);
	}
	if (!take_name(p, name)) {
		imp_diag(&s->diags, n->mark,
			 "a lone $: write ${name}, or $$ for the character");
		return false;
	}
	value = value_of(s, n, name, what);
	return value && append(s, n, value, strlen(value));
}

bool has_variables(const struct imp_yaml *n)
{
	return n->kind == IMP_YAML_SCALAR && n->quoted && strstr(n->text, "${");
}

bool uses_variables(const struct imp_yaml *n)
{
	bool uses = has_variables(n);

	for (const struct imp_yaml *c = n->child; c && !uses; c = c->next)
		uses = uses_variables(c);
	return uses;
}

const char *expand(struct imp_profile_source *s, const struct imp_yaml *n,
		   struct expanded *what)
{
	size_t at = s->scratch.len;

	if (n->kind != IMP_YAML_SCALAR) {
		imp_diag(&s->diags, n->mark, "expected one value");
		return NULL;
	}
	if (!n->quoted && strstr(n->text, "${")) {
		imp_diag(&s->diags, n->mark,
			 "variables are put into quoted strings only: \"${name}\"");
		return NULL;
	}
	if (!n->quoted || !strchr(n->text, '$'))
		return n->text;
	for (const char *p = n->text; *p;)
		if (!expand_piece(s, n, &p, what))
			return NULL;
	return append(s, n, "", 1) ? (const char *)s->scratch.ptr + at : NULL;
}

const char *expand_open(struct imp_profile_source *s, const struct imp_yaml *n,
			struct expanded *what)
{
	const char *text = expand(s, n, what);

	if (!text || !what->secret)
		return text;
	imp_diag(&s->diags, n->mark,
		 "variable '%s' is secret: it goes into secret resources only",
		 what->secret);
	return NULL;
}

/* The next ${name} in a text; a doubled dollar is none. */
static bool next_name(const char **p, char name[64])
{
	while ((*p = strchr(*p, '$')) != NULL) {
		if ((*p)[1] == '$')
			*p += 2;
		else if (take_name(p, name))
			return true;
		else
			++*p;
	}
	return false;
}

static void each_variable(struct imp_profile_source *s, const struct imp_yaml *n,
			  void (*what)(struct imp_variable *))
{
	const char *p = has_variables(n) ? n->text : "";
	char name[64];

	while (next_name(&p, name)) {
		struct imp_variable *v = find_variable(s, name);

		if (v)
			what(v);
	}
	for (const struct imp_yaml *c = n->child; c; c = c->next)
		each_variable(s, c, what);
}

static void hide(struct imp_variable *v)
{
	v->hidden |= !is_identifier(v->type);
}

void variables_hide(struct imp_profile_source *s, const struct imp_yaml *n)
{
	each_variable(s, n, hide);
}

static void use(struct imp_variable *v)
{
	v->used = true;
}

void variables_use(struct imp_profile_source *s)
{
	for (const struct imp_yaml *n = s->root->child; n; n = n->next)
		if (strcmp(n->key, "variables") != 0)
			each_variable(s, n, use);
}
