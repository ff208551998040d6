/* SPDX-License-Identifier: Apache-2.0 */
/* Wording: names, values and octets of settings. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/quote.h"
#include "model/encoding.h"
#include "source/build.h"
#include "source/wording.h"

enum { TEXT_MIN = 4 /* shorter bytes are rather numbers that look like letters */ };

static bool may_be_secret(enum imp_cbor_type type)
{
	return type == IMP_T_BYTES || type == IMP_T_TEXT;
}

void imp_word(const struct imp_catalog *c, const struct imp_setting *setting, bool hidden,
	      struct imp_wording *out)
{
	const struct imp_setting *s = setting;
	char object[64], resource[64], index[16] = "";

	*out = (struct imp_wording){ .setting = *s };
	out->object = imp_catalog_by_id(c, s->object);
	out->resource = out->object ? imp_object_by_id(out->object, s->resource) : NULL;
	out->secret = hidden ||
		      (out->resource ? out->resource->secret : may_be_secret(s->type));
	snprintf(object, sizeof(object), "%u", s->object);
	snprintf(resource, sizeof(resource), "%u", s->resource);
	if (s->multiple)
		snprintf(index, sizeof(index), "/%u", s->resource_instance);
	snprintf(out->names, sizeof(out->names), "%.64s/%u/%.64s%s",
		 out->object ? out->object->name : object, s->instance,
		 out->resource ? out->resource->name : resource, index);
	snprintf(out->numbers, sizeof(out->numbers), "/%u/%u/%u%s", s->object,
		 s->instance, s->resource, index);
}

/* In the largest unit that has it whole. */
static int word_duration(uint64_t seconds, struct imp_secret *out, struct imp_error *err)
{
	static const struct {
		uint32_t seconds;
		char name;
	} units[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
	size_t i = 0;

	while (seconds % units[i].seconds || (seconds == 0 && units[i].seconds > 1))
		i++;
	return imp_append_fmt(out, err, "%" PRIu64 "%c", seconds / units[i].seconds,
			      units[i].name);
}

/* [psm, edrx]; false where a bit has no name. */
static bool word_bits(const struct imp_resource *r, uint64_t n, struct imp_secret *out,
		      struct imp_error *err, int *rc)
{
	uint64_t known = 0;
	const char *comma = "";

	for (size_t i = 0; i < r->bits_count; i++)
		known |= UINT64_C(1) << r->bits[i].number;
	if (r->bits_count == 0 || n & ~known)
		return false;
	*rc = imp_append_fmt(out, err, "[");
	for (size_t i = 0; !*rc && i < r->bits_count; i++)
		if (n >> r->bits[i].number & 1) {
			*rc = imp_append_fmt(out, err, "%s%s", comma, r->bits[i].name);
			comma = ", ";
		}
	*rc = *rc ? *rc : imp_append_fmt(out, err, "]");
	return true;
}

static int word_number(const struct imp_resource *r, int64_t n, struct imp_secret *out,
		       struct imp_error *err)
{
	bool number = r && (r->type == IMP_V_INT || r->type == IMP_V_UINT);
	uint64_t scale = number && r->unit == IMP_UNIT_MIN ? 60 : 1, seconds;
	int rc = 0;

	for (size_t i = 0; number && i < r->values_count; i++)
		if (r->values[i].number == n)
			return imp_append_fmt(out, err, "%s", r->values[i].name);
	if (number && n >= 0 && word_bits(r, (uint64_t)n, out, err, &rc))
		return rc;
	if (number && r->encoding == IMP_ENC_TIMER3)
		return n >= 0 && n <= UINT8_MAX &&
				       imp_timer_decode(r->encoding, (uint8_t)n, &seconds)
			       ? word_duration(seconds, out, err)
			       : imp_append_fmt(out, err, "%" PRId64, n);
	if (number && r->unit != IMP_UNIT_NONE && n >= 0 && n <= INT64_MAX / 60)
		return word_duration((uint64_t)n * scale, out, err);
	return imp_append_fmt(out, err, "%" PRId64, n);
}

static int word_hundredths(uint64_t cs, struct imp_secret *out, struct imp_error *err)
{
	int rc = imp_append_fmt(out, err, "%" PRIu64, cs / 100);

	if (!rc && cs % 100)
		rc = imp_append_fmt(out, err, cs % 10 ? ".%02" PRIu64 : ".%" PRIu64,
				    cs % 10 ? cs % 100 : cs % 100 / 10);
	return rc ? rc : imp_append_fmt(out, err, "s");
}

static int word_edrx(uint64_t cycle, uint64_t window, struct imp_secret *out,
		     struct imp_error *err)
{
	int rc = imp_append_fmt(out, err, "{cycle: ");

	if (!rc)
		rc = word_hundredths(cycle, out, err);
	if (!rc)
		rc = imp_append_fmt(out, err, ", window: ");
	if (!rc)
		rc = word_hundredths(window, out, err);
	return rc ? rc : imp_append_fmt(out, err, "}");
}

/* The shortest decimal that reads back as the same number. */
static int word_float(struct imp_span be, struct imp_secret *out, struct imp_error *err)
{
	struct imp_reader r = imp_reader(be);
	uint64_t bits = imp_take_u64be(&r);
	char text[40];
	double d;

	memcpy(&d, &bits, sizeof(d));
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, d);
		if (strtod(text, NULL) == d)
			break;
	}
	return imp_append_fmt(out, err, "%s", text);
}

static int word_form(const char *form, struct imp_span bytes, struct imp_secret *out,
		     struct imp_error *err)
{
	bool text = strcmp(form, "text") == 0;
	int rc = imp_append_fmt(out, err, text ? "{%s: " : "{%s: \"", form);

	if (!rc)
		rc = text ? imp_quote(out, bytes, err) : imp_append_hex(out, bytes, err);
	return rc ? rc : imp_append_fmt(out, err, text ? "}" : "\"}");
}

static int word_opaque(const struct imp_resource *r, struct imp_span bytes,
		       struct imp_secret *out, struct imp_error *err)
{
	uint64_t cycle, window;

	if (r && r->type == IMP_V_FLOAT && bytes.len == 8)
		return word_float(bytes, out, err);
	if (r && is_edrx(r) && bytes.len == 1 &&
	    imp_edrx_decode(r->encoding, bytes.ptr[0], &cycle, &window))
		return word_edrx(cycle, window, out, err);
	if (bytes.len >= TEXT_MIN && is_text(bytes))
		return word_form("text", bytes, out, err);
	return word_form("hex", bytes, out, err);
}

/* 00101, 20s, or "anything else" */
static int word_part(enum imp_encoding encoding, struct imp_span part,
		     struct imp_secret *out, struct imp_error *err)
{
	enum { DIGITS_MAX = 10 };
	char digits[DIGITS_MAX + 1] = "";
	uint64_t n;

	if (part.len <= DIGITS_MAX)
		memcpy(digits, part.ptr, part.len);
	if (encoding == IMP_ENC_LIST || !parse_uint(digits, UINT32_MAX, &n))
		return imp_quote(out, part, err);
	if (encoding == IMP_ENC_SECONDS_LIST)
		return word_duration(n, out, err);
	return imp_append_fmt(out, err, "%s", digits);
}

/* A text with commas, as the list that it was. */
static int word_list(enum imp_encoding encoding, struct imp_span text,
		     struct imp_secret *out, struct imp_error *err)
{
	int rc = imp_append_fmt(out, err, "[");

	while (!rc) {
		const uint8_t *comma =
			text.len > 0 ? memchr(text.ptr, ',', text.len) : NULL;
		size_t len = comma ? (size_t)(comma - text.ptr) : text.len;

		rc = word_part(encoding, (struct imp_span){ text.ptr, len }, out, err);
		if (rc || !comma)
			break;
		rc = imp_append_fmt(out, err, ", ");
		text.ptr += len + 1;
		text.len -= len + 1;
	}
	return rc ? rc : imp_append_fmt(out, err, "]");
}

static int word_text(const struct imp_resource *r, struct imp_span text,
		     struct imp_secret *out, struct imp_error *err)
{
	if (r && takes_list(r) && text.len > 0)
		return word_list(r->encoding, text, out, err);
	return imp_quote(out, text, err);
}

int imp_word_value(const struct imp_wording *w, struct imp_secret *out,
		   struct imp_error *err)
{
	struct imp_cbor c = { .in = w->setting.item };

	if (w->secret)
		return imp_append_fmt(out, err,
				      w->resource ? "(secret)" : "(not described)");
	switch (w->setting.type) {
	case IMP_T_INT:
		return word_number(w->resource, imp_cbor_int(&c), out, err);
	case IMP_T_TEXT:
		return word_text(w->resource, imp_cbor_text(&c), out, err);
	case IMP_T_BYTES:
		return word_opaque(w->resource, imp_cbor_bytes(&c), out, err);
	case IMP_T_BOOL:
		return imp_append_fmt(out, err, imp_cbor_bool(&c) ? "true" : "false");
	default:
		return imp_append_fmt(out, err, "{device-key: true}");
	}
}

int imp_word_bytes(const struct imp_wording *w, struct imp_secret *out,
		   struct imp_error *err)
{
	return w->secret ? imp_append_fmt(out, err, "(secret)")
			 : imp_append_hex(out, w->setting.item, err);
}

static const char *octet_name(enum imp_encoding encoding)
{
	switch (encoding) {
	case IMP_ENC_T3324:
		return "T3324";
	case IMP_ENC_T3412:
		return "T3412 extended";
	case IMP_ENC_TIMER3:
		return "GPRS timer 3";
	case IMP_ENC_EDRX_IU:
	case IMP_ENC_EDRX_WB:
	case IMP_ENC_EDRX_NB:
		return "eDRX";
	default:
		return NULL;
	}
}

bool octet_of(const struct imp_resource *r, const struct imp_setting *setting,
	      uint8_t *octet)
{
	struct imp_cbor c = { .in = setting->item };
	uint64_t n, below, above;
	struct imp_span bytes;

	if (setting->type == IMP_T_INT && is_timer(r)) {
		n = imp_cbor_uint(&c);
		*octet = (uint8_t)n;
		return imp_cbor_ok(&c) &&
		       (r->encoding == IMP_ENC_TIMER3
				? n <= UINT8_MAX
				: imp_timer_encode(r->encoding, n, octet, &below,
						   &above));
	}
	bytes = imp_cbor_bytes(&c);
	if (bytes.len != 1)
		return false;
	*octet = bytes.ptr[0];
	return true;
}

void put_bits(uint8_t octet, unsigned count, char out[9])
{
	for (unsigned i = 0; i < count; i++)
		out[i] = octet >> (count - 1 - i) & 1 ? '1' : '0';
	out[count] = '\0';
}

bool imp_word_octet(const struct imp_wording *w, char bits[9], const char **name)
{
	uint8_t octet = 0;

	*name = w->resource && !w->secret ? octet_name(w->resource->encoding) : NULL;
	if (!*name || !octet_of(w->resource, &w->setting, &octet))
		return false;
	put_bits(octet, 8, bits);
	return true;
}
