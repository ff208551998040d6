/* SPDX-License-Identifier: Apache-2.0 */
/* Variables: declared in the profile, bound to columns, -s and defaults, put into quoted
 * strings. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/identifier.h"
#include "source/build.h"

static const char *const reserved[] = { "serial", "imei", "iccid", "imsi", "eid",
					"ueid",	  "key",  "class", "port", NULL };

struct imp_variable *find_variable(struct imp_profile_source *s, const char *name)
{
	for (size_t i = 0; i < s->variables; i++)
		if (strcmp(s->variable[i].name, name) == 0)
			return &s->variable[i];
	return NULL;
}

/* Append to the row's scratch; the text may move, so offsets are kept until the end. */
static bool append(struct imp_profile_source *s, const char *text, size_t len)
{
	return imp_secret_append(&s->scratch,
				 (struct imp_span){ (const uint8_t *)text, len },
				 NULL) == 0;
}

static const char *value_of(struct imp_profile_source *s, const struct imp_yaml *n,
			    const char *name, bool *secret)
{
	struct imp_variable *v = find_variable(s, name);

	if (!v) {
		imp_diag(&s->diags, n->mark,
			 "variable '%s' is not declared under variables:", name);
		return NULL;
	}
	v->used = true;
	*secret |= v->secret;
	if (!v->value)
		imp_diag(&s->diags, n->mark,
			 "variable '%s' has no value: no column, no -s, no default",
			 name);
	return v->value;
}

/* One piece at *p: a variable, a doubled dollar, or a character. */
static bool expand_piece(struct imp_profile_source *s, const struct imp_yaml *n,
			 const char **p, bool *secret)
{
	const char *end = strchr(*p, '}'), *value;
	char name[64];

	if ((*p)[0] != '$')
		return append(s, (*p)++, 1);
	if ((*p)[1] == '$') {
		*p += 2;
		return append(s, "$", 1);
	}
	if ((*p)[1] != '{' || !end || (size_t)(end - *p) - 2 >= sizeof(name)) {
		imp_diag(&s->diags, n->mark,
			 "a lone $: write ${name}, or $$ for the character");
		return false;
	}
	memcpy(name, *p + 2, (size_t)(end - *p) - 2);
	name[end - *p - 2] = '\0';
	*p = end + 1;
	value = value_of(s, n, name, secret);
	return value && append(s, value, strlen(value));
}

const char *expand(struct imp_profile_source *s, const struct imp_yaml *n, bool *secret)
{
	size_t at = s->scratch.len;

	if (n->kind != IMP_YAML_SCALAR) {
		imp_diag(&s->diags, n->mark, "expected one value");
		return NULL;
	}
	if (!n->quoted || !strchr(n->text, '$')) {
		if (!n->quoted && strstr(n->text, "${"))
			imp_diag(&s->diags, n->mark,
				 "variables are put into quoted strings only");
		return n->text;
	}
	/* The scratch never grows beyond what was reserved, so earlier results stay where
	 * they are. */
	for (const char *p = n->text; *p;)
		if (s->scratch.len + IMP_CSV_ROW_MAX / 4 > s->scratch.cap ||
		    !expand_piece(s, n, &p, secret))
			return NULL;
	return append(s, "", 1) ? (const char *)s->scratch.ptr + at : NULL;
}

void variables_read(struct imp_profile_source *s, const struct imp_yaml *n)
{
	static const char *const types[] = { "text", "int",  "float", "bool",
					     "hex",  "imei", "iccid", "eid",
					     "imsi", "ueid", "apn",   "uri" };
	const struct imp_yaml *type = imp_yaml_get(n, "type"),
			      *secret = imp_yaml_get(n, "secret");
	const struct imp_yaml *fallback = imp_yaml_get(n, "default");
	struct imp_variable *v = &s->variable[s->variables];
	bool known = false;

	if (n->kind != IMP_YAML_MAP || s->variables == IMP_VARIABLES) {
		imp_diag(&s->diags, n->mark,
			 "%s: expected {type: TYPE, default: VALUE}, at most %d of them",
			 n->key, IMP_VARIABLES);
		return;
	}
	s->variables++;
	*v = (struct imp_variable){ .name = n->key,
				    .type = type && type->text ? type->text : "text",
				    .fallback = fallback ? fallback->text : NULL,
				    .mark = n->key_mark,
				    .secret = secret && secret->text &&
					      strcmp(secret->text, "true") == 0,
				    .column = -1 };
	if (v->secret && fallback)
		imp_diag_mask(&s->diags, fallback->mark);
	for (size_t i = 0; i < COUNTOF(types); i++)
		known |= strcmp(types[i], v->type) == 0;
	if (!known)
		imp_diag(&s->diags, type->mark, "%s: unknown type '%s'", n->key, v->type);
	for (const struct imp_yaml *c = n->child; c; c = c->next)
		if (strcmp(c->key, "type") != 0 && strcmp(c->key, "default") != 0 &&
		    strcmp(c->key, "secret") != 0)
			imp_diag(&s->diags, c->key_mark, "%s: unknown key '%s'", n->key,
				 c->key);
}

/* From -s, else the CSV's column, else the default. */
void variables_bind(struct imp_profile_source *s, const struct imp_csv *csv)
{
	for (size_t i = 0; i < s->variables; i++) {
		struct imp_variable *v = &s->variable[i];

		v->value = v->fallback;
		if (csv)
			v->column = imp_csv_find(csv, v->name);
		for (size_t k = 0; k < s->options.sets; k++) {
			const char *set = s->options.set[k], *eq = strchr(set, '=');

			if ((size_t)(eq - set) == strlen(v->name) &&
			    strncmp(set, v->name, (size_t)(eq - set)) == 0) {
				v->value = eq + 1;
				v->column = -1;
			}
		}
	}
}

int variables_check_sets(struct imp_profile_source *s, struct imp_error *err)
{
	for (size_t k = 0; k < s->options.sets; k++) {
		const char *set = s->options.set[k], *eq = strchr(set, '=');
		char name[64];

		if (!eq || eq == set || (size_t)(eq - set) >= sizeof(name))
			return imp_fail(err, IMP_EUSAGE, "-s %s: expected NAME=VALUE",
					set);
		memcpy(name, set, (size_t)(eq - set));
		name[eq - set] = '\0';
		if (!find_variable(s, name))
			return imp_fail(err, IMP_EUSAGE,
					"-s %s: %s declares no such variable", name,
					s->diags.file);
	}
	return 0;
}

static const char *kind_wrong(const char *type, const char *value, char buf[128])
{
	for (int k = 0; k < IMP_ID_KINDS; k++)
		if (strcmp(imp_identifier_name((enum imp_identifier)k), type) == 0)
			return imp_identifier_wrong((enum imp_identifier)k, value, buf);
	if (strcmp(type, "hex") == 0 &&
	    (strlen(value) % 2 ||
	     strspn(value, "0123456789abcdefABCDEF") != strlen(value)))
		return "is not hex of whole bytes";
	if (strcmp(type, "bool") == 0 && strcmp(value, "true") != 0 &&
	    strcmp(value, "false") != 0)
		return "is neither true nor false";
	if (strcmp(type, "int") == 0) {
		char *end;

		errno = 0;
		(void)strtoll(value, &end, 10);
		return errno || end == value || *end ? "is not a number" : NULL;
	}
	if (strcmp(type, "uri") == 0 && !strstr(value, "://"))
		return "is not a URI";
	return NULL;
}

/* Where a value came from: a cell of the CSV, or the profile. */
static int wrong_value(struct imp_profile_source *s, const struct imp_csv *csv,
		       const struct imp_variable *v, const char *wrong,
		       struct imp_secret *text, struct imp_error *err)
{
	char line[400];

	if (!csv || v->column < 0) {
		imp_diag(&s->diags, v->mark, "%s%s%s: %s", v->name, v->secret ? "" : " ",
			 v->secret ? "" : v->value, wrong);
		return 0;
	}
	imp_fail(err, IMP_EFORMAT, "%s:%lu:%lu: %s%s%s: %s", csv->name,
		 csv->field_line[v->column], csv->field_column[v->column], v->name,
		 v->secret ? "" : " ", v->secret ? "" : v->value, wrong);
	snprintf(line, sizeof(line), "%.390s\n", err->msg);
	return imp_secret_append(text, imp_span_str(line), err) ? -IMP_ERESOURCE
								: -IMP_EFORMAT;
}

int variables_take_row(struct imp_profile_source *s, const struct imp_csv *csv,
		       struct imp_secret *text, struct imp_error *err)
{
	int result = 0;

	for (size_t i = 0; i < s->variables; i++) {
		struct imp_variable *v = &s->variable[i];
		char buf[128];
		const char *wrong;

		if (csv && v->column >= 0) {
			v->value = imp_csv_field(csv, (size_t)v->column);
			v->used = true;
		}
		wrong = v->value ? kind_wrong(v->type, v->value, buf) : NULL;
		if (wrong) {
			int rc = wrong_value(s, csv, v, wrong, text, err);

			result = rc ? rc : result;
		}
	}
	return result;
}

void imp_profile_source_unused(const struct imp_profile_source *s,
			       const struct imp_csv *csv, char *out, size_t cap)
{
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < csv->columns; i++) {
		bool used = false;

		for (size_t k = 0; reserved[k]; k++)
			used |= strcmp(csv->column[i], reserved[k]) == 0;
		for (size_t k = 0; k < s->variables; k++)
			used |= s->variable[k].column == (int)i;
		if (!used && n < cap)
			n += (size_t)snprintf(out + n, cap - n, "%s%s", n ? ", " : "",
					      csv->column[i]);
	}
}
