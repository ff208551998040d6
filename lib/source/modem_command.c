/* SPDX-License-Identifier: Apache-2.0 */
/* Reading descriptions of modems: one command, what it takes and when it is made. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source/build.h"
#include "source/describe.h"

/* Only what an AT string can hold as it is. */
static bool is_plain(const char *s)
{
	for (; *s; s++)
		if (*s < ' ' || *s > '~' || *s == '"' || *s == '\\')
			return false;
	return true;
}

/* What is sent: a text for quotes, or a number, as decimal digits. */
static void read_sent(struct reading *r, const struct imp_yaml *n, bool any,
		      struct imp_at_map *at)
{
	char digits[24];
	int64_t number = 0;

	at->quoted = n->quoted;
	if (n->quoted) {
		at->text = text_of(r, n->text);
		if (any)
			imp_diag(r->diags, n->mark, "any: expected numbers");
		else if (!is_plain(n->text))
			imp_diag(
				r->diags, n->mark,
				"a character that no AT string can hold (V.250 5.4.2.2)");
		return;
	}
	number_of(r, n, 0, INT32_MAX, &number);
	snprintf(digits, sizeof(digits), "%lld", (long long)number);
	at->text = text_of(r, digits);
}

static void read_map(struct reading *r, const struct imp_yaml *n,
		     const struct imp_resource *res, struct imp_at_parameter *p)
{
	if (n->kind != IMP_YAML_MAP || n->count == 0) {
		imp_diag(r->diags, n->mark, "expected {VALUE: WHAT IS SENT, ...}");
		return;
	}
	p->map = calloc(n->count, sizeof(*p->map));
	r->out_of_memory |= !p->map;
	for (const struct imp_yaml *c = p->map ? n->child : NULL; c; c = c->next) {
		struct imp_at_map *at = &p->map[p->maps++];

		value_of_word(r, res, c->key, c->key_mark, &at->value);
		read_sent(r, c, p->form == IMP_AT_ANY, at);
	}
}

static const struct imp_resource *need_resource(struct reading *r,
						const struct imp_object *o,
						const struct imp_yaml *n,
						const char *name)
{
	const struct imp_resource *res = find_resource(o, name);

	if (!res)
		imp_diag(r->diags, n->mark, "object %s has no resource '%.40s'", o->name,
			 name);
	return res;
}

/* Can a setting of this type become that? */
static bool fits(enum imp_at_form form, const struct imp_resource *r)
{
	static const unsigned types[IMP_AT_FORMS] = {
		[IMP_AT_NUMBER] = 1u << IMP_V_INT | 1u << IMP_V_UINT | 1u << IMP_V_BOOL,
		[IMP_AT_TEXT] = 1u << IMP_V_TEXT | 1u << IMP_V_APN,
		[IMP_AT_PLMN] = 1u << IMP_V_TEXT,
		[IMP_AT_OCTET] = 1u << IMP_V_OPAQUE,
		[IMP_AT_CYCLE] = 1u << IMP_V_OPAQUE,
		[IMP_AT_WINDOW] = 1u << IMP_V_OPAQUE,
	};

	return (types[form] >> r->type & 1) || (form == IMP_AT_OCTET && is_timer(r));
}

static void read_setting(struct reading *r, const struct imp_object *o,
			 const struct imp_yaml *n, struct imp_at_parameter *p)
{
	static const char *const keys[] = { "setting", "as",  "optional",
					    "values",  "any", NULL };
	static const char *const forms[IMP_AT_FORMS] = {
		[IMP_AT_NUMBER] = "number", [IMP_AT_TEXT] = "text",
		[IMP_AT_OCTET] = "octet",   [IMP_AT_CYCLE] = "cycle",
		[IMP_AT_WINDOW] = "window", [IMP_AT_PLMN] = "plmn",
	};
	const struct imp_yaml *setting = imp_yaml_get(n, "setting"),
			      *as = imp_yaml_get(n, "as"),
			      *values = imp_yaml_get(n, "values"),
			      *any = imp_yaml_get(n, "any");
	const struct imp_resource *res;
	int form;

	check_keys(r, n, keys);
	if (!setting || !setting->text || !as + !values + !any != 2) {
		imp_diag(r->diags, n->mark,
			 "expected {setting: RESOURCE, as: FORM}, or values or any "
			 "in place of as");
		return;
	}
	p->optional = truth_of(r, imp_yaml_get(n, "optional"));
	res = need_resource(r, o, setting, setting->text);
	if (!res)
		return;
	p->resource = res->id;
	p->form = values ? IMP_AT_VALUE : IMP_AT_ANY;
	if (values || any) {
		read_map(r, values ? values : any, res, p);
		return;
	}
	form = word_of(r, as, forms, COUNTOF(forms));
	p->form = form < 0 ? IMP_AT_NOTHING : (enum imp_at_form)form;
	if (form >= 0 && !fits(p->form, res))
		imp_diag(r->diags, as->mark, "%s cannot become that", res->name);
}

/* A number, "" for nothing, context, or what becomes of a setting. */
static void read_parameter(struct reading *r, const struct imp_object *o,
			   const struct imp_yaml *n, struct imp_at_parameter *p)
{
	if (n->kind == IMP_YAML_MAP) {
		read_setting(r, o, n, p);
	} else if (n->text && n->quoted && !*n->text) {
		p->form = IMP_AT_NOTHING;
	} else if (n->text && strcmp(n->text, "context") == 0) {
		p->form = IMP_AT_CONTEXT;
	} else {
		p->form = IMP_AT_CONSTANT;
		number_of(r, n, 0, INT32_MAX, &p->constant);
	}
}

static void read_parameters(struct reading *r, const struct imp_object *o,
			    const struct imp_yaml *n, struct imp_at_command *c)
{
	if (n && (n->kind != IMP_YAML_LIST || n->count > IMP_AT_PARAMETERS)) {
		imp_diag(r->diags, n->mark, "takes: expected a list of at most %d",
			 IMP_AT_PARAMETERS);
		return;
	}
	for (const struct imp_yaml *p = n ? n->child : NULL; p; p = p->next) {
		struct imp_at_parameter *at = &c->parameter[c->parameters++];

		read_parameter(r, o, p, at);
		if (c->once && at->form != IMP_AT_NOTHING &&
		    at->form != IMP_AT_CONSTANT && at->form != IMP_AT_ANY)
			imp_diag(r->diags, p->mark,
				 "a command made once takes numbers and any");
	}
}

/* {RESOURCE: VALUE or [VALUE, ...]} */
static void read_condition(struct reading *r, const struct imp_object *o,
			   const struct imp_yaml *n, bool unless,
			   struct imp_at_command *c)
{
	struct imp_at_condition *at = &c->condition[c->conditions];
	const struct imp_resource *res = need_resource(r, o, n, n->key);
	const struct imp_yaml *v = n->kind == IMP_YAML_LIST ? n->child : n;
	bool list = n->kind == IMP_YAML_LIST;

	if (!res)
		return;
	if (c->conditions == IMP_AT_CONDITIONS ||
	    (list && (n->count == 0 || n->count > COUNTOF(at->value)))) {
		imp_diag(r->diags, n->mark, "at most %d conditions of 1 to %zu values",
			 IMP_AT_CONDITIONS, COUNTOF(at->value));
		return;
	}
	c->conditions++;
	at->resource = res->id;
	at->unless = unless;
	at->bits = res->bits_count > 0;
	for (; v; v = list ? v->next : NULL)
		at->values += value_of_node(r, res, v, &at->value[at->values]);
}

static void read_conditions(struct reading *r, const struct imp_object *o,
			    const struct imp_yaml *command, struct imp_at_command *c)
{
	static const char *const keys[] = { "if", "unless" };

	for (size_t i = 0; i < COUNTOF(keys); i++) {
		const struct imp_yaml *n = imp_yaml_get(command, keys[i]);

		if (n && n->kind != IMP_YAML_MAP)
			imp_diag(r->diags, n->mark, "%s: expected {RESOURCE: VALUE}",
				 keys[i]);
		for (const struct imp_yaml *k = n && n->kind == IMP_YAML_MAP ? n->child
									     : NULL;
		     k; k = k->next)
			read_condition(r, o, k, i == 1, c);
	}
}

/* "+CPSMS", "%XPTW": what stands behind AT. */
static bool is_command(const char *s)
{
	enum { LONGEST = 24 };
	size_t n = s ? strlen(s) : 0;

	return n >= 2 && n <= LONGEST && strchr("+%^#$*&", s[0]) &&
	       strspn(s + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == n - 1;
}

static const struct imp_object *find_object(struct reading *r,
					    const struct imp_catalog *catalog,
					    const struct imp_yaml *n, uint16_t *id)
{
	const struct imp_object *o =
		n && n->text ? imp_catalog_by_name(catalog, n->text) : NULL;
	int64_t number = 0;

	/* By number it may be one that nobody has described here. */
	if (!o && number_of(r, n, 0, UINT16_MAX, &number))
		o = imp_catalog_by_id(catalog, (uint32_t)number);
	*id = o ? o->id : (uint16_t)number;
	return o;
}

void read_command(struct reading *r, const struct imp_catalog *catalog,
		  const struct imp_yaml *n, struct imp_at_command *c)
{
	static const char *const keys[] = { "command", "source", "note",
					    "object",  "once",	 "if",
					    "unless",  "takes",	 NULL };
	const struct imp_yaml *command = imp_yaml_get(n, "command"),
			      *note = imp_yaml_get(n, "note");
	const struct imp_object *o;

	c->name = text_of(r, n->key);
	c->command = text_of(r, command ? command->text : NULL);
	c->note = text_of(r, note ? note->text : NULL);
	r->at = n->key_mark;
	check_keys(r, n, keys);
	if (!is_command(command ? command->text : NULL))
		imp_diag(r->diags, command ? command->mark : n->key_mark,
			 "%s: command: expected a name such as +CPSMS", n->key);
	c->once = truth_of(r, imp_yaml_get(n, "once"));
	o = find_object(r, catalog, imp_yaml_get(n, "object"), &c->object);
	c->described = o;
	if (!o)
		return;
	read_conditions(r, o, n, c);
	read_parameters(r, o, imp_yaml_get(n, "takes"), c);
}
