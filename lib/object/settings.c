/* SPDX-License-Identifier: Apache-2.0 */
/* Settings: the walk over {object => {instance => {resource => value}}} and its check. */
#include "object/profile.h"

/* Step into a map that must not be empty. */
static size_t enter(struct imp_cbor *c)
{
	size_t n = imp_cbor_map(c);

	if (imp_cbor_ok(c) && n == 0)
		imp_cbor_fail(c, "an empty map among the settings");
	return n;
}

static uint16_t id(struct imp_cbor *c)
{
	return (uint16_t)imp_cbor_uint_max(c, UINT16_MAX);
}

void imp_settings_begin(struct imp_settings_walk *walk, struct imp_span settings)
{
	*walk = (struct imp_settings_walk){ .c = { .in = settings } };
	walk->objects = imp_cbor_map(&walk->c);
	walk->ok = imp_cbor_ok(&walk->c);
}

static void take_scalar(struct imp_settings_walk *walk)
{
	enum imp_cbor_type type = imp_cbor_peek(&walk->c);

	if (type != IMP_T_INT && type != IMP_T_TEXT && type != IMP_T_BYTES &&
	    type != IMP_T_BOOL && type != IMP_T_NULL)
		imp_cbor_fail(&walk->c,
			      "a setting is not a number, text, bytes, bool or null");
	walk->at.type = type;
	walk->at.item = imp_cbor_item(&walk->c);
}

bool imp_settings_next(struct imp_settings_walk *walk)
{
	struct imp_cbor *c = &walk->c;

	if (walk->values == 0 && walk->resources == 0 && walk->instances == 0) {
		if (!imp_cbor_more(c, &walk->objects))
			return false;
		walk->at.object = id(c);
		walk->instances = enter(c);
	}
	if (walk->values == 0 && walk->resources == 0) {
		imp_cbor_more(c, &walk->instances);
		walk->at.instance = id(c);
		walk->resources = enter(c);
	}
	if (walk->values == 0) {
		imp_cbor_more(c, &walk->resources);
		walk->at.resource = id(c);
		walk->at.multiple = imp_cbor_peek(c) == IMP_T_MAP;
		walk->at.resource_instance = 0;
		walk->values = walk->at.multiple ? enter(c) : 0;
	}
	if (walk->at.multiple) {
		imp_cbor_more(c, &walk->values);
		walk->at.resource_instance = id(c);
	}
	take_scalar(walk);
	walk->ok = imp_cbor_ok(c);
	return walk->ok;
}

int imp_settings_walk(struct imp_span settings, struct imp_error *err)
{
	struct imp_settings_walk walk;

	imp_settings_begin(&walk, settings);
	while (imp_settings_next(&walk))
		;
	return imp_cbor_finish(&walk.c, "settings", err);
}

int imp_settings_check(struct imp_span settings, struct imp_error *err)
{
	struct imp_cbor c;
	struct imp_cbor_fault fault;

	if (imp_cbor_open(&c, settings, IMP_CBOR_STRICT, &fault))
		return imp_cbor_refuse(&fault, "settings", err);
	return imp_settings_walk(settings, err);
}
