/* SPDX-License-Identifier: Apache-2.0 */
/* Object descriptions: resources. */
#include <stdlib.h>
#include <string.h>

#include "source/build.h"
#include "source/describe.h"

static void read_named(struct reading *r, const struct imp_yaml *n, int64_t max,
		       struct imp_named **out, size_t *count)
{
	if (!n)
		return;
	if (n->kind != IMP_YAML_MAP) {
		imp_diag(r->diags, n->mark, "expected {NAME: NUMBER, ...}");
		return;
	}
	*out = calloc(children(n) + 1, sizeof(**out));
	r->out_of_memory |= !*out;
	for (const struct imp_yaml *c = *out ? n->child : NULL; c; c = c->next) {
		struct imp_named *at = &(*out)[(*count)++];

		at->name = text_of(r, c->key);
		number_of(r, c, 0, max, &at->number);
	}
}

/* LOW..HIGH: of a number, or of the bytes of a text. */
static void read_range(struct reading *r, const struct imp_yaml *n,
		       struct imp_resource *out)
{
	const char *dots = n && n->text ? strstr(n->text, "..") : NULL;
	char low[32] = "";

	if (!n)
		return;
	if (dots && dots - n->text < (ptrdiff_t)sizeof(low))
		memcpy(low, n->text, (size_t)(dots - n->text));
	if (!dots || !parse_int(low, &out->min) || !parse_int(dots + 2, &out->max) ||
	    out->min > out->max)
		imp_diag(r->diags, n->mark, "expected LOW..HIGH");
	out->has_range = true;
}

enum {
	NUMBERS = 1 << IMP_V_INT | 1 << IMP_V_UINT,
	TEXTS = 1 << IMP_V_TEXT | 1 << IMP_V_APN,
	BYTES = 1 << IMP_V_OPAQUE,
};

/* Which encoding is for what. */
static const struct {
	unsigned types;
	enum imp_unit unit;
	const char *says;
} encoded[IMP_ENCODINGS] = {
	[IMP_ENC_T3324] = { NUMBERS, IMP_UNIT_S, "a timer is an int with unit s" },
	[IMP_ENC_T3412] = { NUMBERS, IMP_UNIT_S, "a timer is an int with unit s" },
	[IMP_ENC_TIMER3] = { NUMBERS, IMP_UNIT_S, "a timer is an int with unit s" },
	[IMP_ENC_EDRX_IU] = { BYTES, IMP_UNIT_NONE, "eDRX is opaque" },
	[IMP_ENC_EDRX_WB] = { BYTES, IMP_UNIT_NONE, "eDRX is opaque" },
	[IMP_ENC_EDRX_NB] = { BYTES, IMP_UNIT_NONE, "eDRX is opaque" },
	[IMP_ENC_RAI] = { NUMBERS, IMP_UNIT_NONE, "rai is a uint with bits" },
	[IMP_ENC_PLMN] = { TEXTS, IMP_UNIT_NONE, "PLMNs are text" },
	[IMP_ENC_PLMN_PAIR] = { TEXTS, IMP_UNIT_NONE, "PLMNs are text" },
	[IMP_ENC_PLMN_LIST] = { TEXTS, IMP_UNIT_NONE, "PLMNs are text" },
	[IMP_ENC_LIST] = { TEXTS, IMP_UNIT_NONE, "a list with commas is text" },
	[IMP_ENC_SECONDS_LIST] = { TEXTS, IMP_UNIT_NONE, "a list with commas is text" },
};

/* Which key is for what. */
static const struct {
	const char *key;
	unsigned types;
	const char *says;
} keys_for[] = {
	{ "range", NUMBERS, "a range is for int and uint" },
	{ "unit", NUMBERS, "a unit is for int and uint" },
	{ "values", NUMBERS, "values are for int and uint" },
	{ "bits", NUMBERS, "bits are for int and uint" },
	{ "length", TEXTS | BYTES, "a length is for text, apn and opaque" },
	{ "to", 1 << IMP_V_LINK, "only a link leads to an object" },
};

/* What is said about a value must fit its type. */
static void check_resource(struct reading *r, const struct imp_yaml *n,
			   const struct imp_resource *out)
{
	const struct imp_yaml *length = imp_yaml_get(n, "length"),
			      *bits = imp_yaml_get(n, "bits"),
			      *encoding = imp_yaml_get(n, "encoding");
	unsigned type = 1u << out->type;

	for (size_t i = 0; i < COUNTOF(keys_for); i++) {
		const struct imp_yaml *at = imp_yaml_get(n, keys_for[i].key);

		if (at && !(keys_for[i].types & type))
			imp_diag(r->diags, at->key_mark, "%s: %s", n->key,
				 keys_for[i].says);
	}
	if (length && out->has_range && out->min < 0)
		imp_diag(r->diags, length->mark, "%s: no length is negative", n->key);
	if (out->encoding && (!(encoded[out->encoding].types & type) ||
			      encoded[out->encoding].unit != out->unit))
		imp_diag(r->diags, encoding->mark, "%s: %s", n->key,
			 encoded[out->encoding].says);
	if ((out->values || out->unit) && out->bits)
		imp_diag(r->diags, bits->key_mark, "%s: bits stand alone", n->key);
}

/* The number of a word, 0 where there is none or it is unknown. */
static int optional_word(struct reading *r, const struct imp_yaml *n,
			 const char *const *list, size_t count)
{
	int word = n ? word_of(r, n, list, count) : 0;

	return word < 0 ? 0 : word;
}

static void read_to(struct reading *r, const struct imp_yaml *n, struct imp_resource *out)
{
	int64_t id = 0;

	out->has_to = n && number_of(r, n, 0, UINT16_MAX, &id);
	out->to = (uint16_t)id;
}

static void read_resource(struct reading *r, const struct imp_yaml *n,
			  struct imp_resource *out)
{
	static const char *const keys[] = { "id",   "type",	"range",  "length",
					    "unit", "encoding", "values", "bits",
					    "to",   "multiple", "secret", "required",
					    NULL };
	static const char *const units[] = { NULL, "s", "min" };
	const struct imp_yaml *type = imp_yaml_get(n, "type");
	int64_t id = 0;

	out->name = text_of(r, n->key);
	r->at = n->mark;
	if (n->kind != IMP_YAML_MAP || !n->key) {
		imp_diag(r->diags, n->mark, "expected NAME: {id: N, type: TYPE, ...}");
		return;
	}
	check_keys(r, n, keys);
	number_of(r, imp_yaml_get(n, "id"), 0, UINT16_MAX, &id);
	out->id = (uint16_t)id;
	if (!type)
		imp_diag(r->diags, n->mark, "resource %s: no type", n->key);
	out->type = (enum imp_value_type)optional_word(r, type, imp_type_names(),
						       IMP_V_TYPES);
	out->unit = (enum imp_unit)optional_word(r, imp_yaml_get(n, "unit"), units,
						 COUNTOF(units));
	out->encoding = (enum imp_encoding)optional_word(
		r, imp_yaml_get(n, "encoding"), imp_encoding_names(), IMP_ENCODINGS);
	out->multiple = truth_of(r, imp_yaml_get(n, "multiple"));
	out->secret = truth_of(r, imp_yaml_get(n, "secret"));
	out->required = truth_of(r, imp_yaml_get(n, "required"));
	read_range(r, imp_yaml_get(n, "range"), out);
	read_range(r, imp_yaml_get(n, "length"), out);
	read_to(r, imp_yaml_get(n, "to"), out);
	read_named(r, imp_yaml_get(n, "values"), UINT32_MAX, &out->values,
		   &out->values_count);
	read_named(r, imp_yaml_get(n, "bits"), 31, &out->bits, &out->bits_count);
	check_resource(r, n, out);
}

static int by_id(const void *a, const void *b)
{
	const struct imp_resource *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

void read_resources(struct reading *r, const struct imp_yaml *n, struct imp_object *o)
{
	o->resource = calloc(children(n) + 1, sizeof(*o->resource));
	if (!o->resource) {
		r->out_of_memory = true;
		return;
	}
	if (!n || n->kind != IMP_YAML_MAP || n->count == 0) {
		imp_diag(r->diags, n ? n->mark : r->at,
			 "resources: expected NAME: {id: N, type: TYPE, ...}");
		return;
	}
	for (const struct imp_yaml *c = n->child; c; c = c->next)
		read_resource(r, c, &o->resource[o->resources++]);
	qsort(o->resource, o->resources, sizeof(*o->resource), by_id);
	for (size_t i = 1; i < o->resources; i++)
		if (o->resource[i].id == o->resource[i - 1].id)
			imp_diag(r->diags, n->mark, "two resources have id %u",
				 o->resource[i].id);
}
