/* SPDX-License-Identifier: Apache-2.0 */
/* PKCS#11 URIs. */
#include <string.h>

#include "base/digits.h"
#include "crypto/pkcs11_uri.h"

static const char scheme[] = "pkcs11:";

static const struct row {
	const char *name;
	enum imp_pkcs11_field field;
	size_t max; /* bytes. Source: PKCS #11 2.40, CK_TOKEN_INFO */
	bool query;
} rows[] = {
	{ "token", IMP_PKCS11_TOKEN, 32, false },
	{ "manufacturer", IMP_PKCS11_MANUFACTURER, 32, false },
	{ "serial", IMP_PKCS11_SERIAL, 16, false },
	{ "model", IMP_PKCS11_MODEL, 16, false },
	{ "slot-id", IMP_PKCS11_SLOT_ID, 20, false },
	{ "object", IMP_PKCS11_OBJECT, IMP_PKCS11_VALUE_MAX, false },
	{ "id", IMP_PKCS11_ID, IMP_PKCS11_VALUE_MAX, false },
	{ "type", IMP_PKCS11_TYPE, 16, false },
	{ "module-path", IMP_PKCS11_MODULE_PATH, IMP_PKCS11_VALUE_MAX, true },
	{ "module-name", IMP_PKCS11_MODULE_NAME, 64, true },
	{ "pin-source", IMP_PKCS11_PIN_SOURCE, IMP_PKCS11_VALUE_MAX, true },
};

bool imp_pkcs11_uri_is(const char *name)
{
	return strncmp(name, scheme, strlen(scheme)) == 0;
}

/* What of a URI may be shown: up to where a PIN could stand. */
static int shown(const char *uri)
{
	const char *pin = strstr(uri, "pin-value");
	size_t n = strcspn(uri, "?");

	return pin && (size_t)(pin - uri) < n ? (int)(pin - uri) : (int)n;
}

static int bad_name(const char *uri, struct imp_span name, bool query,
		    struct imp_error *err)
{
	return imp_fail(err, IMP_EUSAGE, "%.*s: '%.*s' is unknown %s, expected %s",
			shown(uri), uri, (int)name.len, (const char *)name.ptr,
			query ? "behind the ?" : "in a key's URI",
			query ? "module-path, module-name or pin-source"
			      : "token, serial, manufacturer, model, slot-id, object, id "
				"or type");
}

static const struct row *find(struct imp_span name, bool query)
{
	for (size_t i = 0; i < COUNTOF(rows); i++)
		if (rows[i].query == query &&
		    imp_span_eq(name, imp_span_str(rows[i].name)))
			return &rows[i];
	return NULL;
}

/* May it stand unescaped? Source: RFC 7512 2.3, pk11-pchar and pk11-qchar. */
static bool plain(uint8_t c, bool query)
{
	static const char marks[] = "-._~:[]@!$'()*+,=&/?|";

	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	       (c >= 'a' && c <= 'z') || c >= 0x80 ||
	       (c != 0 && strchr(marks, c) &&
		(query || (c != '/' && c != '?' && c != '|')));
}

/* The byte that stands at the start of `in`, which loses it; negative: none that may. */
static int next_byte(struct imp_reader *in, bool query)
{
	uint8_t c = imp_take_u8(in), byte = 0;
	struct imp_writer w = imp_writer(&byte, 1);

	if (c != '%')
		return plain(c, query) ? c : -1;
	return imp_from_hex(imp_take(in, 2), &w) && w.len == 1 ? byte : -1;
}

static int decode(const char *uri, const struct row *row, struct imp_span in,
		  struct imp_pkcs11_value *out, struct imp_error *err)
{
	struct imp_reader r = imp_reader(in);

	while (r.rest.len > 0) {
		int c = next_byte(&r, row->query);

		if (c < 0 || (c == 0 && row->field != IMP_PKCS11_ID))
			return imp_hint(err,
					imp_fail(err, IMP_EUSAGE,
						 "%.*s: %s: a character that must be "
						 "written as %%XX",
						 shown(uri), uri, row->name),
					"; stands between attributes before the ?, & "
					"between those behind it");
		if (out->len == row->max)
			return imp_fail(err, IMP_EUSAGE,
					"%.*s: %s: longer than %zu bytes", shown(uri),
					uri, row->name, row->max);
		out->text[out->len++] = (char)c;
	}
	out->given = true;
	return out->len > 0 ? 0
			    : imp_fail(err, IMP_EUSAGE, "%.*s: %s is empty", shown(uri),
				       uri, row->name);
}

static int take_attribute(const char *uri, struct imp_span text, bool query,
			  struct imp_pkcs11_uri *out, struct imp_error *err)
{
	const uint8_t *equals = memchr(text.ptr, '=', text.len);
	struct imp_span name = { text.ptr, equals ? (size_t)(equals - text.ptr) : 0 };
	const struct row *row = equals ? find(name, query) : NULL;

	if (equals && imp_span_eq(name, IMP_TEXT("pin-value")))
		return imp_hint(err,
				imp_fail(err, IMP_EUSAGE,
					 "%.*s: pin-value: a PIN in an argument is read "
					 "by everybody on this machine, and stays in the "
					 "shell's history",
					 shown(uri), uri),
				"--pass-fd FD reads it from a descriptor; without it the "
				"terminal is asked");
	if (!equals)
		return imp_fail(err, IMP_EUSAGE,
				"%.*s: expected name=value between ; in front of a ? and "
				"& behind it",
				shown(uri), uri);
	if (!row)
		return bad_name(uri, name, query, err);
	if (out->value[row->field].given)
		return imp_fail(err, IMP_EUSAGE, "%.*s: %s stands twice", shown(uri), uri,
				row->name);
	text.len -= name.len + 1;
	text.ptr += name.len + 1;
	return decode(uri, row, text, &out->value[row->field], err);
}

static int take_list(const char *uri, struct imp_span list, bool query,
		     struct imp_pkcs11_uri *out, struct imp_error *err)
{
	int rc = 0;

	while (!rc && list.len > 0) {
		const uint8_t *end = memchr(list.ptr, query ? '&' : ';', list.len);
		struct imp_span one = { list.ptr,
					end ? (size_t)(end - list.ptr) : list.len };

		rc = take_attribute(uri, one, query, out, err);
		list.ptr += one.len + (end ? 1 : 0);
		list.len -= one.len + (end ? 1 : 0);
		if (!rc && end && list.len == 0)
			rc = imp_fail(err, IMP_EUSAGE, "%.*s: ends in a separator",
				      shown(uri), uri);
	}
	return rc;
}

static int check_type(const char *uri, struct imp_pkcs11_uri *u, struct imp_error *err)
{
	const struct imp_pkcs11_value *type = &u->value[IMP_PKCS11_TYPE];

	u->wants_public = type->given && strcmp(type->text, "public") == 0;
	if (!type->given || u->wants_public || strcmp(type->text, "private") == 0)
		return 0;
	return imp_fail(err, IMP_EUSAGE, "%.*s: type=%s, expected private or public",
			shown(uri), uri, type->text);
}

/* A module is code that runs here: which one must not depend on where that is. */
static int check_module(const char *uri, const struct imp_pkcs11_uri *u,
			struct imp_error *err)
{
	const struct imp_pkcs11_value *path = &u->value[IMP_PKCS11_MODULE_PATH];
	const struct imp_pkcs11_value *name = &u->value[IMP_PKCS11_MODULE_NAME];

	if (path->given && name->given)
		return imp_fail(err, IMP_EUSAGE,
				"%.*s: module-path and module-name: one of them",
				shown(uri), uri);
	if (path->given && path->text[0] != '/')
		return imp_fail(err, IMP_EUSAGE,
				"%.*s: module-path: expected an absolute path, not %s",
				shown(uri), uri, path->text);
	if (name->given && strchr(name->text, '/'))
		return imp_fail(err, IMP_EUSAGE,
				"%.*s: module-name: expected a name, not the path %s",
				shown(uri), uri, name->text);
	return 0;
}

/* A program that is run for a PIN is not started from an argument. */
static int check_pin(const char *uri, const struct imp_pkcs11_uri *u,
		     struct imp_error *err)
{
	const struct imp_pkcs11_value *pin = &u->value[IMP_PKCS11_PIN_SOURCE];

	return !pin->given || pin->text[0] == '/' || strncmp(pin->text, "file:/", 6) == 0
		       ? 0
		       : imp_fail(err, IMP_EUSAGE,
				  "%.*s: pin-source: expected file:/PATH of a file that "
				  "only you can read",
				  shown(uri), uri);
}

int imp_pkcs11_uri_parse(const char *uri, struct imp_pkcs11_uri *out,
			 struct imp_error *err)
{
	struct imp_pkcs11_uri u = { 0 };
	struct imp_span path, query = { 0 };
	const char *mark;
	int rc;

	if (!imp_pkcs11_uri_is(uri))
		return imp_fail(err, IMP_EUSAGE, "expected pkcs11:token=...;object=...");
	path = imp_span_str(uri + strlen(scheme));
	mark = strchr(uri, '?');
	if (mark) {
		query = imp_span_str(mark + 1);
		path.len -= query.len + 1;
	}
	rc = take_list(uri, path, false, &u, err);
	if (!rc)
		rc = take_list(uri, query, true, &u, err);
	if (!rc)
		rc = check_type(uri, &u, err);
	if (!rc)
		rc = check_module(uri, &u, err);
	if (!rc)
		rc = check_pin(uri, &u, err);
	if (!rc)
		*out = u;
	return rc;
}
