/* SPDX-License-Identifier: Apache-2.0 */
/* Values: from what people write to what travels. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "model/identifier.h"
#include "source/build.h"

void value_wrong(const struct value *v, const char *text, const char *fmt, ...)
{
	struct imp_diags *d = &v->s->diags;
	char what[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	d->row = uses_variables(v->node) ? v->s->row : 0;
	if (v->resource->secret || v->with.hidden || !text)
		imp_diag(d, v->node->mark, "%s: %s", v->resource->name, what);
	else
		imp_diag(d, v->node->mark, "%s '%.80s': %s", v->resource->name, text,
			 what);
	d->row = 0;
}

/* What the strict reader would refuse must not leave here. */
bool is_text(struct imp_span rest)
{
	while (rest.len > 0) {
		uint32_t cp = 0;
		size_t n = imp_utf8(rest, &cp);

		if (n == 0 || imp_is_hidden(cp))
			return false;
		rest.ptr += n;
		rest.len -= n;
	}
	return true;
}

/* An empty one asks the network for its default, but only where it was meant: nothing
 * that a variable left empty. Source: OMA LwM2M registry, 11.xml, resource 1. */
static void check_apn(const struct value *v, struct imp_span text)
{
	char buf[128], apn[128];
	const char *wrong;

	if (text.len == 0 && !has_variables(v->node))
		return;
	snprintf(apn, sizeof(apn), "%.*s", (int)(text.len < 127 ? text.len : 127),
		 (const char *)text.ptr);
	wrong = imp_identifier_wrong(IMP_ID_APN, apn, buf);
	if (wrong)
		value_wrong(v, apn, "%s", wrong);
}

void check_length(const struct value *v, struct imp_span bytes)
{
	const struct imp_resource *r = v->resource;
	bool open = !r->secret && !v->with.hidden;
	char has[40] = "";

	if (!r->has_range ||
	    ((int64_t)bytes.len >= r->min && (int64_t)bytes.len <= r->max))
		return;
	if (open)
		snprintf(has, sizeof(has), "has %zu byte%s, ", bytes.len,
			 imp_plural(bytes.len));
	if (r->min == r->max)
		value_wrong(v, NULL, "%smust have %" PRId64, has, r->min);
	else
		value_wrong(v, NULL, "%smust have %" PRId64 " to %" PRId64 "%s", has,
			    r->min, r->max, open ? "" : " bytes");
}

void put_text(const struct value *v, struct imp_span text)
{
	if (!is_text(text))
		value_wrong(v, NULL,
			    "is not UTF-8, or has a control or bidirectional character");
	else if (v->resource->type == IMP_V_APN)
		check_apn(v, text);
	if (is_encoded_text(v->resource)) {
		put_encoded_text(v, text);
		return;
	}
	check_length(v, text);
	imp_cbor_put_text(v->w, text);
}

static void put_bool(const struct value *v, const char *text)
{
	bool yes = strcmp(text, "true") == 0;

	if (!yes && strcmp(text, "false") != 0)
		value_wrong(v, text, "expected true or false");
	imp_cbor_put_bool(v->w, yes);
}

static void put_scalar(const struct value *v, const char *text)
{
	switch (v->resource->type) {
	case IMP_V_INT:
	case IMP_V_UINT:
		put_number(v, text);
		return;
	case IMP_V_BOOL:
		put_bool(v, text);
		return;
	case IMP_V_FLOAT:
		put_float(v, text);
		return;
	case IMP_V_LINK:
		put_link(v, text);
		return;
	case IMP_V_OPAQUE:
		if (is_edrx(v->resource))
			value_wrong(v, NULL, "expected {cycle: 81.92s, window: 10.24s}");
		else
			value_wrong(v, NULL,
				    "bytes need a form: {hex: ...}, {base64: ...}, "
				    "{text: ...}, {file: ...} or {generate: N}");
		return;
	default:
		put_text(v, imp_span_str(text));
	}
}

static int form_hex(const struct value *v, const char *text, struct imp_error *err)
{
	(void)err;
	put_hex(v, text);
	return 0;
}

static int form_base64(const struct value *v, const char *text, struct imp_error *err)
{
	(void)err;
	put_base64(v, text);
	return 0;
}

static int form_text(const struct value *v, const char *text, struct imp_error *err)
{
	(void)err;
	if (v->resource->type == IMP_V_OPAQUE)
		put_bytes(v, imp_span_str(text));
	else
		put_text(v, imp_span_str(text));
	return 0;
}

static int form_link(const struct value *v, const char *text, struct imp_error *err)
{
	(void)err;
	put_link(v, text);
	return 0;
}

static int form_device_key(const struct value *v, const char *text, struct imp_error *err)
{
	(void)err;
	if (strcmp(text, "true") != 0)
		value_wrong(v, NULL, "expected {device-key: true}");
	imp_cbor_put_null(v->w);
	return 0;
}

/* Which form fits which types. */
enum { TEXTS = 1 << IMP_V_TEXT | 1 << IMP_V_APN, BYTES = 1 << IMP_V_OPAQUE };

static const struct form {
	const char *name;
	unsigned types;
	int (*put)(const struct value *v, const char *text, struct imp_error *err);
} forms[] = {
	{ "text", TEXTS | BYTES, form_text },	  { "hex", BYTES, form_hex },
	{ "base64", BYTES, form_base64 },	  { "file", TEXTS | BYTES, put_file },
	{ "generate", BYTES, put_generated },	  { "link", 1 << IMP_V_LINK, form_link },
	{ "device-key", BYTES, form_device_key },
};

static const struct form *find_form(const char *name)
{
	for (size_t i = 0; i < COUNTOF(forms); i++)
		if (strcmp(forms[i].name, name) == 0)
			return &forms[i];
	return NULL;
}

bool is_form(const char *name)
{
	return find_form(name) != NULL;
}

static bool fits(const struct form *f, const struct imp_resource *r)
{
	return f->types & 1u << r->type && (!is_edrx(r) || strcmp(f->name, "hex") == 0);
}

/* A word that is no form may be the secret itself: {abc} is a map with a key abc. */
static void wrong_form(const struct value *v, const char *name)
{
	bool say = is_form(name) || !v->resource->secret;
	char fit[80] = "";
	size_t n = 0;

	for (size_t i = 0; i < COUNTOF(forms); i++)
		if (fits(&forms[i], v->resource))
			n += (size_t)snprintf(fit + n, sizeof(fit) - n, "%s%s",
					      n > 0 ? ", " : ": expected ",
					      forms[i].name);
	value_wrong(v, NULL, "%s%.40s%s does not fit this resource%s",
		    say ? "form '" : "that form", say ? name : "", say ? "'" : "", fit);
}

const char *expand_value(struct value *v, const struct imp_yaml *n)
{
	const char *text = expand(v->s, n, &v->with);

	v->s->has_secret |= v->with.hidden;
	if (v->with.hidden)
		v->s->mark |= IMP_SETTING_HIDDEN;
	if (!text || !v->with.secret || v->resource->secret)
		return text;
	value_wrong(v, NULL, "is no secret, and the variable '%s' is", v->with.secret);
	return NULL;
}

/* What YAML takes for null: a mistake more often than a text. */
static bool is_null(const struct imp_yaml *n)
{
	return !n->quoted &&
	       (!*n->text || strcmp(n->text, "~") == 0 || strcmp(n->text, "null") == 0 ||
		strcmp(n->text, "Null") == 0 || strcmp(n->text, "NULL") == 0);
}

/* A map of one key says how its value is written. */
static int put_form(const struct value *outer, struct imp_error *err)
{
	const struct imp_yaml *n = outer->node->child;
	const struct form *form;
	struct value v = *outer;
	const char *text;

	if (!n || n->next || n->kind != IMP_YAML_SCALAR) {
		value_wrong(outer, NULL,
			    "expected a value, or a form such as {hex: \"...\"}");
		return 0;
	}
	form = find_form(n->key);
	if (!form || !fits(form, v.resource)) {
		wrong_form(outer, n->key);
		return 0;
	}
	text = expand_value(&v, n);
	v.node = n;
	return text ? form->put(&v, text, err) : 0;
}

int compile_value(const struct value *v, struct imp_error *err)
{
	struct value with = *v;
	const char *text;

	if (v->node->kind == IMP_YAML_MAP && is_edrx(v->resource) &&
	    !imp_yaml_get(v->node, "hex")) {
		put_edrx(v);
		return 0;
	}
	if (v->node->kind == IMP_YAML_MAP)
		return put_form(v, err);
	if (v->node->kind == IMP_YAML_LIST) {
		value_wrong(v, NULL, "takes one value, not a list");
		return 0;
	}
	if (is_null(v->node)) {
		value_wrong(v, NULL, "null is no value: leave the key out, or quote it");
		return 0;
	}
	text = expand_value(&with, with.node);
	if (text && !*text && v->resource->required)
		value_wrong(v, NULL, "is required, and empty");
	else if (text)
		put_scalar(&with, text);
	return 0;
}
