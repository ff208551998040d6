/* SPDX-License-Identifier: Apache-2.0 */
/* Variables: declared in the profile, bound to columns, -s and defaults. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "model/identifier.h"
#include "source/build.h"
#include "source/reserved.h"

struct imp_variable *find_variable(struct imp_profile_source *s, const char *name)
{
	for (size_t i = 0; i < s->variables; i++)
		if (strcmp(s->variable[i].name, name) == 0)
			return &s->variable[i];
	return NULL;
}

bool is_identifier(const char *type)
{
	for (int k = 0; k < IMP_ID_KINDS; k++)
		if (strcmp(imp_identifier_name((enum imp_identifier)k), type) == 0)
			return true;
	return false;
}

/* And the identifiers. */
static const char *const types[] = { "text", "int", "float", "bool", "hex", "uri" };

static const char *near_type(const char *word)
{
	const char *names[COUNTOF(types) + IMP_ID_KINDS];
	size_t n = 0;

	for (; n < COUNTOF(types); n++)
		names[n] = types[n];
	for (int k = 0; k < IMP_ID_KINDS; k++)
		names[n++] = imp_identifier_name((enum imp_identifier)k);
	return imp_nearest(word, names, n);
}

static void read_one(struct imp_profile_source *s, const struct imp_yaml *n)
{
	static const char *const keys[] = { "type", "default", "secret" };
	const struct imp_yaml *type = imp_yaml_get(n, "type"),
			      *secret = imp_yaml_get(n, "secret");
	const struct imp_yaml *fallback = imp_yaml_get(n, "default");
	struct imp_variable *v = &s->variable[s->variables++];
	bool known = !type || (type->text && is_identifier(type->text));

	*v = (struct imp_variable){ .name = n->key,
				    .type = type && type->text ? type->text : "text",
				    .fallback = fallback,
				    .mark = n->key_mark,
				    .secret = secret && secret->text &&
					      strcmp(secret->text, "true") == 0,
				    .column = -1 };
	v->hidden = v->secret;
	for (size_t i = 0; type && type->text && i < COUNTOF(types); i++)
		known |= strcmp(types[i], type->text) == 0;
	if (!known && type->text)
		s->diags.near = near_type(type->text);
	if (!known)
		imp_diag(&s->diags, type->mark, "%s: unknown type '%s'", n->key,
			 type->text ? type->text : "(a list)");
	if (secret && !v->hidden && (!secret->text || strcmp(secret->text, "false") != 0))
		imp_diag(&s->diags, secret->mark, "%s: expected secret: true", n->key);
	if (fallback && !fallback->text)
		imp_diag(&s->diags, fallback->mark, "%s: default takes one value",
			 n->key);
	for (const struct imp_yaml *c = n->child; c; c = c->next)
		if (c != type && c != fallback && c != secret) {
			s->diags.near = imp_nearest(c->key, keys, COUNTOF(keys));
			imp_diag(&s->diags, c->key_mark, "%s: unknown key '%s'", n->key,
				 c->key);
		}
}

void variables_read(struct imp_profile_source *s)
{
	const struct imp_yaml *vars = imp_yaml_get(s->root, "variables");

	if (vars && vars->kind != IMP_YAML_MAP) {
		imp_diag(&s->diags, vars->mark, "variables: expected NAME: {type: TYPE}");
		return;
	}
	for (const struct imp_yaml *n = vars ? vars->child : NULL; n; n = n->next) {
		if (n->kind != IMP_YAML_MAP)
			imp_diag(&s->diags, n->mark,
				 "%s: expected {type: TYPE, default: VALUE}", n->key);
		else if (s->variables == IMP_VARIABLES)
			imp_diag(&s->diags, n->key_mark, "more than %d variables",
				 IMP_VARIABLES);
		else
			read_one(s, n);
	}
}

static void bind_set(const struct imp_profile_source *s, struct imp_variable *v)
{
	size_t len = strlen(v->name);

	for (size_t k = 0; k < s->options.sets; k++) {
		const char *set = s->options.set[k];

		if (strncmp(set, v->name, len) == 0 && set[len] == '=') {
			v->set = set;
			v->value = set + len + 1;
			v->column = -1;
		}
	}
}

/* No row can mend it: said once, however often it is put in. */
static void check_missing(struct imp_profile_source *s, struct imp_variable *v,
			  const struct imp_csv *csv)
{
	char column[512] = "no --csv";

	v->missing = v->used && !v->value && v->column < 0;
	if (!v->missing || v->fallback)
		return;
	if (csv) {
		snprintf(column, sizeof(column), "%.160s has no column %.64s", csv->name,
			 v->name);
		s->diags.near = imp_nearest(v->name, (const char *const *)csv->column,
					    csv->columns);
	}
	imp_diag(&s->diags, v->mark, "variable '%s' has no value: %s, no -s, no default",
		 v->name, column);
}

/* From -s, else the CSV's column, else the default. */
void variables_bind(struct imp_profile_source *s, const struct imp_csv *csv)
{
	for (size_t i = 0; i < s->variables; i++) {
		struct imp_variable *v = &s->variable[i];

		v->value = v->fallback ? v->fallback->text : NULL;
		if (v->hidden && v->fallback)
			imp_diag_mask(&s->diags, v->fallback->mark);
		if (csv)
			v->column = imp_csv_find(csv, v->name);
		bind_set(s, v);
		check_missing(s, v, csv);
	}
}

int variables_check_sets(struct imp_profile_source *s, struct imp_error *err)
{
	for (size_t k = 0; k < s->options.sets; k++) {
		const char *set = s->options.set[k], *eq = strchr(set, '=');
		const struct imp_variable *v;
		char name[64];

		if (!eq || eq == set || (size_t)(eq - set) >= sizeof(name))
			return imp_fail(err, IMP_EUSAGE, "-s %s: expected NAME=VALUE",
					set);
		memcpy(name, set, (size_t)(eq - set));
		name[eq - set] = '\0';
		v = find_variable(s, name);
		if (!v)
			return imp_fail(err, IMP_EUSAGE,
					"-s %s: %s declares no such variable", name,
					s->diags.file);
		if (v->secret)
			return imp_hint(err,
					imp_fail(err, IMP_EUSAGE,
						 "-s %s: is secret, and everybody may "
						 "read a command line",
						 name),
					"give it in a column of the CSV, or as {file: "
					"...} in the profile");
	}
	return 0;
}

static const char *kind_wrong(const char *type, const char *value, char buf[128])
{
	int64_t ignored;
	char *end;

	for (int k = 0; k < IMP_ID_KINDS; k++)
		if (strcmp(imp_identifier_name((enum imp_identifier)k), type) == 0)
			return imp_identifier_wrong((enum imp_identifier)k, value, buf);
	if (strcmp(type, "hex") == 0 &&
	    (strlen(value) % 2 ||
	     strspn(value, "0123456789abcdefABCDEF") != strlen(value)))
		return "is not hex of whole bytes";
	if (strcmp(type, "bool") == 0 && strcmp(value, "true") != 0 &&
	    strcmp(value, "false") != 0)
		return "expected true or false, in small letters";
	if (strcmp(type, "int") == 0)
		return parse_int(value, &ignored) ? NULL : "is not a number";
	if (strcmp(type, "float") == 0) {
		(void)strtod(value, &end);
		return !*value || value[strspn(value, "+-.0123456789eE")] || *end
			       ? "is not a decimal number"
			       : NULL;
	}
	if (strcmp(type, "uri") == 0 && !strstr(value, "://"))
		return "is not a URI";
	return NULL;
}

/* Where a value came from: a cell of the CSV, -s, or the profile. */
static int wrong_value(struct imp_profile_source *s, const struct imp_csv *csv,
		       const struct imp_variable *v, const char *wrong,
		       struct imp_secret *text, struct imp_error *err)
{
	const char *shown = v->hidden || !v->value ? "" : v->value;
	const char *space = *shown ? " " : "";

	if (csv && v->column >= 0)
		return imp_csv_mistake(csv, v->column, text, err, "%s%s%.80s: %s",
				       v->name, space, shown, wrong);
	if (v->set)
		imp_diag(&s->diags, (struct imp_mark){ 0 }, "-s %s%s%.80s: %s", v->name,
			 *shown ? "=" : "", shown, wrong);
	else
		imp_diag(&s->diags, v->fallback->mark, "%s%s%.80s: %s", v->name, space,
			 shown, wrong);
	return 0;
}

/* An empty cell gives no value: the default, if there is one. */
static const char *cell_of(const struct imp_csv *csv, const struct imp_variable *v)
{
	const char *cell = imp_csv_field(csv, (size_t)v->column);

	return *cell ? cell : v->fallback ? v->fallback->text : NULL;
}

static const char *why_wrong(const struct imp_variable *v, char buf[128])
{
	if (v->value)
		return kind_wrong(v->type, v->value, buf);
	return v->used && v->column >= 0 ? "is empty, and the variable has no default"
					 : NULL;
}

int variables_take_row(struct imp_profile_source *s, const struct imp_csv *csv,
		       struct imp_secret *text, struct imp_error *err)
{
	int result = 0;

	for (size_t i = 0; i < s->variables; i++) {
		struct imp_variable *v = &s->variable[i];
		char buf[128];
		const char *wrong;
		int rc;

		if (csv && v->column >= 0)
			v->value = cell_of(csv, v);
		wrong = why_wrong(v, buf);
		v->wrong = wrong || v->missing;
		rc = wrong ? wrong_value(s, csv, v, wrong, text, err) : 0;
		if (rc == -IMP_ERESOURCE)
			return rc;
		result = rc ? rc : result;
	}
	return result;
}

void imp_profile_source_unused(const struct imp_profile_source *s,
			       const struct imp_csv *csv, char *out, size_t cap)
{
	char name[IMP_LABEL_MAX * 4];
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < csv->columns; i++) {
		bool used = imp_reserved_is(csv->column[i]);

		for (size_t k = 0; k < s->variables; k++)
			used |= s->variable[k].column == (int)i;
		if (!used && n < cap) {
			imp_escape(name, sizeof(name), imp_span_str(csv->column[i]));
			n += (size_t)snprintf(out + n, cap - n, "%s%s", n ? ", " : "",
					      name);
		}
	}
}
