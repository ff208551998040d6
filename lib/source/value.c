/* SPDX-License-Identifier: Apache-2.0 */
/* Values: from what people write to what travels. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/wipe.h"
#include "model/encoding.h"
#include "model/identifier.h"
#include "source/build.h"

enum { BYTES_MAX = 8192, GENERATED_MAX = 64 };

void value_wrong(const struct value *v, const char *text, const char *fmt, ...)
{
	char what[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	if (v->resource->secret || v->secret || !text)
		imp_diag(&v->s->diags, v->node->mark, "%s: %s", v->resource->name, what);
	else
		imp_diag(&v->s->diags, v->node->mark, "%s '%s': %s", v->resource->name,
			 text, what);
}

static void put_text(const struct value *v, const char *text)
{
	char buf[128];
	const char *wrong = v->resource->type == IMP_V_APN
				    ? imp_identifier_wrong(IMP_ID_APN, text, buf)
				    : NULL;

	if (wrong)
		value_wrong(v, text, "%s", wrong);
	for (const char *p = text; *p; p++)
		if ((unsigned char)*p < 0x20) {
			value_wrong(v, NULL, "a control character");
			return;
		}
	imp_cbor_put_text(v->w, imp_span_str(text));
}

static const struct imp_named *named(const struct imp_named *list, size_t count,
				     const char *text)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i].name, text) == 0)
			return &list[i];
	return NULL;
}

static void suggest(const struct value *v, const struct imp_named *list, size_t count,
		    const char *text)
{
	const char *names[64], *near;
	size_t n = 0;

	for (; n < count && n < COUNTOF(names); n++)
		names[n] = list[n].name;
	near = v->resource->secret ? NULL : imp_nearest(text, names, n);
	if (near)
		value_wrong(v, text, "no such value; did you mean %s?", near);
	else
		value_wrong(v, text, "no such value");
}

/* A decimal with a unit, in hundredths of a second: 10h, 20s, 81.92s. No unit: the
 * resource's own. */
static bool duration(const char *text, enum imp_unit unit, uint64_t *cs)
{
	static const struct {
		char name;
		uint64_t cs;
	} units[] = { { 's', 100 }, { 'm', 6000 }, { 'h', 360000 }, { 'd', 8640000 } };
	uint64_t whole = 0, scale = unit == IMP_UNIT_MIN ? 6000 : 100;
	unsigned digits = 0, fraction = 0, places = 0;

	for (; *text >= '0' && *text <= '9' && digits < 10; text++, digits++)
		whole = whole * 10 + (uint64_t)(*text - '0');
	if (digits == 0)
		return false;
	if (*text == '.')
		for (text++; *text >= '0' && *text <= '9' && places < 2; text++, places++)
			fraction = fraction * 10 + (unsigned)(*text - '0');
	if (places == 1)
		fraction *= 10;
	for (size_t i = 0; *text && i < COUNTOF(units); i++)
		if (units[i].name == *text) {
			scale = units[i].cs;
			text++;
			break;
		}
	*cs = whole * scale + fraction * scale / 100;
	return *text == '\0' && fraction * scale % 100 == 0;
}

static void check_timer(const struct value *v, const char *text, int64_t seconds)
{
	uint64_t below, above;
	uint8_t octet;

	if (imp_timer_encode(v->resource->encoding, (uint64_t)seconds, &octet, &below,
			     &above))
		return;
	if (above == 0)
		value_wrong(v, text,
			    "cannot be expressed; the largest value is %" PRIu64
			    " s (3GPP TS 24.008 10.5.7.4)",
			    below);
	else
		value_wrong(v, text,
			    "cannot be expressed; the nearest values are %" PRIu64
			    " s and %" PRIu64 " s (3GPP TS 24.008 10.5.7.4)",
			    below, above);
}

static bool plain_number(const struct value *v, const char *text, int64_t *out)
{
	char *end;

	if (v->resource->unit != IMP_UNIT_NONE) {
		uint64_t cs, unit = v->resource->unit == IMP_UNIT_MIN ? 6000 : 100;

		if (!duration(text, v->resource->unit, &cs) || cs % unit) {
			value_wrong(
				v, text,
				"expected a whole duration such as 20s, 10m, 10h or 2d");
			return false;
		}
		*out = (int64_t)(cs / unit);
		return true;
	}
	errno = 0;
	*out = strtoll(text, &end, strncmp(text, "0x", 2) == 0 ? 16 : 10);
	if (errno || end == text || *end) {
		value_wrong(v, text, "expected a number");
		return false;
	}
	return true;
}

static void put_number(const struct value *v, const char *text)
{
	const struct imp_resource *r = v->resource;
	const struct imp_named *name = named(r->values, r->values_count, text);
	bool digits = (*text >= '0' && *text <= '9') || *text == '-';
	int64_t n = name ? name->number : 0;

	if (!name && r->values_count > 0 && !digits) {
		suggest(v, r->values, r->values_count, text);
		return;
	}
	if (!name && !plain_number(v, text, &n))
		return;
	if (r->type == IMP_V_UINT && n < 0)
		value_wrong(v, text, "is negative");
	if (r->has_range && (n < r->min || n > r->max))
		value_wrong(v, text, "is not from %" PRId64 " to %" PRId64, r->min,
			    r->max);
	if (r->encoding == IMP_ENC_T3324 || r->encoding == IMP_ENC_T3412)
		check_timer(v, text, n);
	imp_cbor_put_int(v->w, n);
}

static void put_bool(const struct value *v, const char *text)
{
	bool yes = strcmp(text, "true") == 0;

	if (!yes && strcmp(text, "false") != 0)
		value_wrong(v, text, "expected true or false");
	imp_cbor_put_bool(v->w, yes);
}

/* IEEE 754 double in 8 bytes, big-endian; NaN and infinities are no settings. */
static void put_float(const struct value *v, const char *text)
{
	char *end;
	double d;
	uint64_t bits;
	uint8_t be[8];
	struct imp_writer b = imp_writer(be, sizeof(be));

	errno = 0;
	d = strtod(text, &end);
	if (errno || end == text || *end || !isfinite(d))
		value_wrong(v, text, "expected a decimal number");
	memcpy(&bits, &d, sizeof(bits));
	imp_put_u64be(&b, bits);
	imp_cbor_put_bytes(v->w, IMP_SPAN(be));
}

static void put_link(const struct value *v, const char *text)
{
	unsigned object, instance;
	int n = 0;

	if (sscanf(text, "%5u:%5u%n", &object, &instance, &n) != 2 || text[n] ||
	    object > 65535 || instance > 65535)
		value_wrong(v, text, "expected OBJECT:INSTANCE, such as 11:0");
	imp_cbor_put_text(v->w, imp_span_str(text));
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static void put_hex(const struct value *v, const char *text)
{
	uint8_t buf[BYTES_MAX];
	size_t n = strlen(text);

	if (n % 2)
		value_wrong(v, NULL, "an odd number of hex digits");
	for (size_t i = 0; i + 1 < n && i / 2 < sizeof(buf); i += 2) {
		int hi = hex_digit(text[i]), lo = hex_digit(text[i + 1]);

		if (hi < 0 || lo < 0) {
			value_wrong(v, NULL, "is not hex");
			return;
		}
		buf[i / 2] = (uint8_t)(hi << 4 | lo);
	}
	if (n / 2 > sizeof(buf))
		value_wrong(v, NULL, "is larger than %d bytes", BYTES_MAX);
	else
		imp_cbor_put_bytes(v->w, (struct imp_span){ buf, n / 2 });
	imp_wipe(buf, sizeof(buf));
}

static void put_base64(const struct value *v, const char *text)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint8_t buf[BYTES_MAX];
	size_t n = strlen(text), len = 0, pad = 0;
	uint32_t bits = 0;

	while (n > 0 && text[n - 1] == '=' && pad < 2)
		n--, pad++;
	for (size_t i = 0; i < n && len < sizeof(buf); i++) {
		const char *at = strchr(digits, text[i]);

		if (!at) {
			value_wrong(v, NULL, "is not base64");
			return;
		}
		bits = bits << 6 | (uint32_t)(at - digits);
		if (i % 4 > 0)
			buf[len++] = (uint8_t)(bits >> (6 - 2 * (i % 4)));
	}
	if ((n + pad) % 4 || n % 4 == 1)
		value_wrong(v, NULL, "is not base64 of whole bytes");
	imp_cbor_put_bytes(v->w, (struct imp_span){ buf, len });
	imp_wipe(buf, sizeof(buf));
}

/* Relative to the profile, and never outside its folder. */
static int put_file(const struct value *v, const char *name, struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret bytes = { 0 };
	struct imp_error why = { 0 };
	const char *slash = strrchr(v->s->options.path, '/');
	char path[4096];
	int rc;

	(void)err;
	if (name[0] == '/' || strstr(name, "..")) {
		value_wrong(v, name, "a file must lie in the profile's folder");
		return 0;
	}
	snprintf(path, sizeof(path), "%.*s%s",
		 slash ? (int)(slash + 1 - v->s->options.path) : 0, v->s->options.path,
		 name);
	rc = imp_file_read(path, BYTES_MAX, &bytes, &why);
	if (rc == -IMP_ERESOURCE)
		return rc;
	if (rc)
		value_wrong(v, NULL, "%s", why.msg);
	else if (v->resource->type == IMP_V_OPAQUE)
		imp_cbor_put_bytes(v->w, imp_secret_span(&bytes));
	else
		imp_cbor_put_text(v->w, imp_secret_span(&bytes));
	return 0;
}

/* HKDF over the seed: the same input and seed give the same secret. */
static int put_generated(const struct value *v, const char *text, struct imp_error *err)
{
	struct imp_profile_source *s = v->s;
	uint8_t info[128], secret[GENERATED_MAX];
	struct imp_writer w = imp_writer(info, sizeof(info));
	char *end;
	unsigned long n = strtoul(text, &end, 10);
	int rc;

	if (*end || n < 16 || n > GENERATED_MAX || v->resource->type != IMP_V_OPAQUE) {
		value_wrong(v, NULL,
			    "generate takes 16 to %d bytes, for opaque resources",
			    GENERATED_MAX);
		return 0;
	}
	if (s->options.seed.len != 32)
		return imp_fail(err, IMP_EKEY,
				"%s:%u:%u: %s is generated: --seed KEY is needed",
				s->diags.file, v->node->mark.line, v->node->mark.column,
				v->resource->name);
	imp_cbor_put_array(&w, 7);
	imp_cbor_put_text(&w, IMP_TEXT("imprint-secret-1"));
	imp_cbor_put_bytes(&w, (struct imp_span){ s->ueid, s->ueid_len });
	imp_cbor_put_uint(&w, s->domain);
	imp_cbor_put_uint(&w, v->object->id);
	imp_cbor_put_uint(&w, v->instance);
	imp_cbor_put_uint(&w, v->resource->id);
	imp_cbor_put_uint(&w, s->generation);
	rc = imp_hkdf(s->crypto, s->options.seed, imp_written(&w), secret, n);
	if (!rc)
		imp_cbor_put_bytes(v->w, (struct imp_span){ secret, n });
	imp_wipe(secret, sizeof(secret));
	return rc ? imp_fail(err, IMP_EINTERNAL, "HKDF failed") : 0;
}

static void put_edrx(const struct value *v)
{
	const struct imp_yaml *c = imp_yaml_get(v->node, "cycle"),
			      *p = imp_yaml_get(v->node, "window");
	uint64_t cycle, window, below, above;
	bool cycle_wrong, secret = false;
	const char *ct = c ? expand(v->s, c, &secret) : NULL,
		   *pt = p ? expand(v->s, p, &secret) : NULL;
	uint8_t octet;

	if (!ct || !pt || v->node->count != 2 || !duration(ct, IMP_UNIT_S, &cycle) ||
	    !duration(pt, IMP_UNIT_S, &window)) {
		value_wrong(v, NULL, "expected {cycle: 81.92s, window: 10.24s}");
		return;
	}
	if (!imp_edrx_encode(v->resource->encoding, cycle, window, &octet, &cycle_wrong,
			     &below, &above))
		value_wrong(v, cycle_wrong ? ct : pt,
			    "no such %s; the nearest are %" PRIu64 ".%02" PRIu64
			    " s and %" PRIu64 ".%02" PRIu64
			    " s (3GPP TS 24.008 10.5.5.32)",
			    cycle_wrong ? "cycle" : "window", below / 100, below % 100,
			    above / 100, above % 100);
	else
		imp_cbor_put_bytes(v->w, (struct imp_span){ &octet, 1 });
}

static bool is_edrx(const struct value *v)
{
	return v->resource->encoding == IMP_ENC_EDRX_NB ||
	       v->resource->encoding == IMP_ENC_EDRX_WB;
}

/* A map of one key says how its value is written. */
static int put_form(const struct value *outer, struct imp_error *err)
{
	const struct imp_yaml *n = outer->node->child;
	struct value v = *outer;
	bool opaque = v.resource->type == IMP_V_OPAQUE;
	const char *text;

	if (!n || n->next || n->kind != IMP_YAML_SCALAR) {
		value_wrong(outer, NULL,
			    "expected a value, or a form such as {hex: \"...\"}");
		return 0;
	}
	text = expand(v.s, n, &v.secret);
	if (!text)
		return 0;
	v.node = n;
	if (strcmp(n->key, "generate") == 0)
		return put_generated(&v, text, err);
	if (strcmp(n->key, "file") == 0)
		return put_file(&v, text, err);
	if (strcmp(n->key, "hex") == 0 && opaque)
		put_hex(&v, text);
	else if (strcmp(n->key, "base64") == 0 && opaque)
		put_base64(&v, text);
	else if (strcmp(n->key, "text") == 0 && opaque)
		imp_cbor_put_bytes(v.w, imp_span_str(text));
	else if (strcmp(n->key, "text") == 0)
		put_text(&v, text);
	else if (strcmp(n->key, "link") == 0 && v.resource->type == IMP_V_LINK)
		put_link(&v, text);
	else if (strcmp(n->key, "device-key") == 0 && opaque)
		imp_cbor_put_null(v.w);
	else
		value_wrong(
			outer, NULL,
			"form '%s' does not fit a %s; forms are text, hex, base64, file, generate, "
			"link, device-key",
			n->key, imp_type_names()[v.resource->type]);
	return 0;
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
		value_wrong(v, NULL,
			    "bytes need a form: {hex: ...}, {base64: ...}, {text: ...}, "
			    "{file: ...} or {generate: N}");
		return;
	default:
		put_text(v, text);
	}
}

int compile_value(const struct value *v, struct imp_error *err)
{
	struct value with = *v;
	const char *text;

	if (v->node->kind == IMP_YAML_MAP && is_edrx(v) &&
	    imp_yaml_get(v->node, "cycle")) {
		put_edrx(v);
		return 0;
	}
	if (v->node->kind == IMP_YAML_MAP)
		return put_form(v, err);
	if (v->node->kind == IMP_YAML_LIST) {
		value_wrong(v, NULL, "takes one value, not a list");
		return 0;
	}
	text = expand(v->s, v->node, &with.secret);
	if (text)
		put_scalar(&with, text);
	return 0;
}
