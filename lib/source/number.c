/* SPDX-License-Identifier: Apache-2.0 */
/* Values that are numbers: names, bits, durations, timers, eDRX, floats, links. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/encoding.h"
#include "source/build.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool parse_uint(const char *text, uint64_t max, uint64_t *out)
{
	uint64_t v;

	errno = 0;
	v = strtoull(text, NULL, 10);
	if (!*text || text[strspn(text, "0123456789")] || errno || v > max)
		return false;
	*out = v;
	return true;
}

bool parse_int(const char *text, int64_t *out)
{
	const char *digits = text + (*text == '-');
	bool hex = strncmp(digits, "0x", 2) == 0;
	const char *set = hex ? "0123456789abcdefABCDEF" : "0123456789";
	long long v;

	digits += hex ? 2 : 0;
	errno = 0;
	v = strtoll(text, NULL, hex ? 16 : 10);
	if (!*digits || digits[strspn(digits, set)] || errno)
		return false;
	*out = v;
	return true;
}

static const struct imp_named *named(const struct imp_named *list, size_t count,
				     const char *text)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i].name, text) == 0)
			return &list[i];
	return NULL;
}

static const struct imp_named *numbered(const struct imp_named *list, size_t count,
					int64_t number)
{
	for (size_t i = 0; i < count; i++)
		if (list[i].number == number)
			return &list[i];
	return NULL;
}

/* ": expected none or pap" */
static void put_names(char *out, size_t cap, const struct imp_named *list, size_t count)
{
	size_t n = 0;

	for (size_t i = 0; i < count && n < cap; i++)
		n += (size_t)snprintf(out + n, cap - n, "%s%s",
				      i == 0	       ? ": expected "
				      : i == count - 1 ? " or "
						       : ", ",
				      list[i].name);
}

/* What may have been meant, or else all that can be. */
static void suggest(const struct value *v, const struct imp_named *list, size_t count,
		    const char *what, const char *text)
{
	const char *names[64] = { 0 }, *near = NULL;
	char all[180] = "";
	size_t n = 0;

	for (; n < count && n < COUNTOF(names); n++)
		names[n] = list[n].name;
	if (!v->resource->secret && !v->with.hidden)
		near = imp_nearest(text, names, n);
	if (!near)
		put_names(all, sizeof(all), list, count);
	v->s->diags.near = near;
	value_wrong(v, text, "no such %s%s", what, all);
}

bool parse_duration(const char *text, enum imp_unit unit, uint64_t *cs)
{
	static const struct {
		char name;
		uint64_t cs;
	} units[] = { { 's', 100 }, { 'm', 6000 }, { 'h', 360000 }, { 'd', 8640000 } };
	uint64_t whole = 0, scale = unit == IMP_UNIT_MIN ? 6000 : 100;
	unsigned digits = 0, fraction = 0, places = 0;

	for (; is_digit(*text) && digits < 10; text++, digits++)
		whole = whole * 10 + (uint64_t)(*text - '0');
	if (digits == 0)
		return false;
	if (*text == '.') {
		for (text++; is_digit(*text) && places < 2; text++, places++)
			fraction = fraction * 10 + (unsigned)(*text - '0');
		if (places == 0)
			return false;
	}
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

/* As it is written: 10h, 81.92s. */
static size_t put_time(char *out, size_t cap, uint64_t cs)
{
	static const struct {
		uint64_t cs;
		char name;
	} units[] = { { 8640000, 'd' }, { 360000, 'h' }, { 6000, 'm' }, { 100, 's' } };

	for (size_t i = 0; i < COUNTOF(units); i++)
		if (cs % units[i].cs == 0)
			return (size_t)snprintf(out, cap, "%" PRIu64 "%c",
						cs / units[i].cs, units[i].name);
	return (size_t)snprintf(out, cap, "%" PRIu64 ".%02" PRIu64 "s", cs / 100,
				cs % 100);
}

/* "the nearest are 40.96s and 81.92s"; 0: there is none on that side. */
static void nearest(char *out, size_t cap, uint64_t below_cs, uint64_t above_cs)
{
	const uint64_t side[] = { below_cs, above_cs };
	size_t n = (size_t)snprintf(out, cap, "the nearest %s",
				    below_cs && above_cs ? "are" : "is");

	for (size_t i = 0; i < COUNTOF(side); i++) {
		if (side[i] == 0)
			continue;
		n += (size_t)snprintf(out + n, cap - n, "%s ",
				      i == 1 && below_cs ? " and" : "");
		n += put_time(out + n, cap - n, side[i]);
	}
}

/* The seconds, or of a GPRS timer 3 the octet that says them. */
static int64_t timer(const struct value *v, const char *text, int64_t seconds)
{
	enum imp_encoding encoding = v->resource->encoding;
	uint64_t below, above;
	uint8_t octet;
	char near[96];

	if (imp_timer_encode(encoding, (uint64_t)seconds, &octet, &below, &above))
		return encoding == IMP_ENC_TIMER3 ? octet : seconds;
	nearest(near, sizeof(near), below * 100, above * 100);
	value_wrong(v, text, "cannot be expressed; %s (3GPP TS 24.008 %s)", near,
		    encoding == IMP_ENC_T3324 ? "10.5.7.4" : "10.5.7.4a");
	return 0;
}

bool is_timer(const struct imp_resource *r)
{
	return r->encoding == IMP_ENC_T3324 || r->encoding == IMP_ENC_T3412 ||
	       r->encoding == IMP_ENC_TIMER3;
}

static bool plain_number(const struct value *v, const char *text, int64_t *out)
{
	uint64_t cs, unit = v->resource->unit == IMP_UNIT_MIN ? 6000 : 100;

	if (v->resource->unit == IMP_UNIT_NONE) {
		if (!parse_int(text, out)) {
			value_wrong(v, text, "expected a number");
			return false;
		}
		return true;
	}
	if (!parse_duration(text, v->resource->unit, &cs) || cs % unit) {
		value_wrong(v, text, "expected %s",
			    v->resource->unit == IMP_UNIT_MIN
				    ? "whole minutes, such as 10m, 10h or 2d"
				    : "a whole duration such as 20s, 10m, 10h or 2d");
		return false;
	}
	*out = (int64_t)(cs / unit);
	return true;
}

static const char *const unit_shown[] = {
	[IMP_UNIT_NONE] = "", [IMP_UNIT_S] = " s", [IMP_UNIT_MIN] = " min"
};

void check_number(const struct value *v, const char *text, int64_t n)
{
	const struct imp_resource *r = v->resource;
	const char *rai = r->encoding == IMP_ENC_RAI ? imp_rai_wrong((uint64_t)n) : NULL;
	uint64_t bits = 0;

	for (size_t i = 0; i < r->bits_count; i++)
		bits |= UINT64_C(1) << r->bits[i].number;
	if (r->type == IMP_V_UINT && n < 0)
		value_wrong(v, text, "is negative");
	else if (r->has_range && (n < r->min || n > r->max))
		value_wrong(v, text, "is not from %" PRId64 " to %" PRId64 "%s", r->min,
			    r->max, unit_shown[r->unit]);
	else if (r->values_count > 0 && !numbered(r->values, r->values_count, n))
		suggest(v, r->values, r->values_count, "value", text ? text : "");
	else if (r->bits_count > 0 && ((uint64_t)n & ~bits))
		value_wrong(v, text, "has bits that mean nothing");
	else if (rai)
		value_wrong(v, text, "%s", rai);
}

/* A number that is written as one. */
static int64_t number(const struct value *v, const char *text)
{
	int64_t n = 0;

	if (!plain_number(v, text, &n))
		return 0;
	check_number(v, text, n);
	return is_timer(v->resource) ? timer(v, text, n) : n;
}

void put_number(const struct value *v, const char *text)
{
	const struct imp_resource *r = v->resource;
	const struct imp_named *value = named(r->values, r->values_count, text);
	const struct imp_named *bit = named(r->bits, r->bits_count, text);
	bool numeric = is_digit(*text) || *text == '-';
	int64_t n = 0;

	if (value)
		n = value->number;
	else if (bit)
		check_number(v, text, n = INT64_C(1) << bit->number);
	else if (r->values_count > 0 && !numeric)
		suggest(v, r->values, r->values_count, "value", text);
	else if (r->bits_count > 0 && !numeric)
		suggest(v, r->bits, r->bits_count, "bit", text);
	else
		n = number(v, text);
	imp_cbor_put_int(v->w, n);
}

bool bit_of(const struct value *v, const char *text, uint64_t *bit)
{
	const struct imp_resource *r = v->resource;
	const struct imp_named *name = named(r->bits, r->bits_count, text);

	if (!name) {
		suggest(v, r->bits, r->bits_count, "bit", text);
		return false;
	}
	*bit = UINT64_C(1) << name->number;
	return true;
}

/* IEEE 754 double in 8 bytes, big-endian; NaN and infinities are no settings. */
void put_float(const struct value *v, const char *text)
{
	double d;
	uint64_t bits;
	uint8_t be[8];
	struct imp_writer b = imp_writer(be, sizeof(be));
	char *end;

	errno = 0;
	d = strtod(text, &end);
	if (!*text || text[strspn(text, "+-.0123456789eE")] || *end || errno ||
	    !isfinite(d))
		value_wrong(v, text, "expected a decimal number");
	memcpy(&bits, &d, sizeof(bits));
	imp_put_u64be(&b, bits);
	imp_cbor_put_bytes(v->w, IMP_SPAN(be));
}

void put_link(const struct value *v, const char *text)
{
	unsigned object = 0, instance = 0;
	char same[16];

	/* Only one way to write it: the text is what travels. */
	if (sscanf(text, "%5u:%5u", &object, &instance) == 2 && object <= UINT16_MAX &&
	    instance <= UINT16_MAX)
		snprintf(same, sizeof(same), "%u:%u", object, instance);
	else
		same[0] = '\0';
	if (strcmp(same, text) != 0 || !*text)
		value_wrong(v, text, "expected OBJECT:INSTANCE, such as 11:0");
	else if (v->resource->has_to && object != v->resource->to &&
		 !(object == UINT16_MAX && instance == UINT16_MAX))
		value_wrong(v, text, "leads to object %u, must lead to object %u", object,
			    v->resource->to);
	imp_cbor_put_text(v->w, imp_span_str(text));
}

bool is_edrx(const struct imp_resource *r)
{
	return r->encoding == IMP_ENC_EDRX_IU || r->encoding == IMP_ENC_EDRX_WB ||
	       r->encoding == IMP_ENC_EDRX_NB;
}

void put_edrx(const struct value *v)
{
	const struct imp_yaml *c = imp_yaml_get(v->node, "cycle"),
			      *p = imp_yaml_get(v->node, "window");
	uint64_t cycle, window, below, above;
	struct value with = *v;
	bool cycle_wrong = false;
	const char *ct = c ? expand_value(&with, c) : NULL,
		   *pt = p ? expand_value(&with, p) : NULL;
	uint8_t octet = 0;
	char near[96];

	if (!ct || !pt || v->node->count != 2 ||
	    !parse_duration(ct, IMP_UNIT_S, &cycle) ||
	    !parse_duration(pt, IMP_UNIT_S, &window)) {
		value_wrong(v, NULL, "expected {cycle: 81.92s, window: 10.24s}");
	} else if (!imp_edrx_encode(v->resource->encoding, cycle, window, &octet,
				    &cycle_wrong, &below, &above)) {
		nearest(near, sizeof(near), below, above);
		with.node = cycle_wrong ? c : p;
		value_wrong(&with, cycle_wrong ? ct : pt,
			    "no such %s; %s (3GPP TS 24.008 10.5.5.32)",
			    cycle_wrong ? "cycle" : "window", near);
	}
	imp_cbor_put_bytes(v->w, (struct imp_span){ &octet, 1 });
}

void check_edrx(const struct value *v, struct imp_span octets)
{
	uint64_t cycle, window;

	if (octets.len != 1 ||
	    !imp_edrx_decode(v->resource->encoding, octets.ptr[0], &cycle, &window))
		value_wrong(
			v, NULL,
			"is not one octet of window and cycle (3GPP TS 24.008 10.5.5.32)");
}
