/* SPDX-License-Identifier: Apache-2.0 */
/* The settings that a simulated board has, as firmware knows them: in a table. */
#include <string.h>

#include "cbor/writer.h"
#include "object/profile.h"
#include "sim/settings.h"

/* Ascending; the type is that on the wire. Source: imprint-objects(5). */
static const struct row {
	uint16_t object, resource;
	enum imp_cbor_type type;
	bool multiple;
} rows[] = {
	{ 0, 0, IMP_T_TEXT, false },	{ 0, 1, IMP_T_BOOL, false },
	{ 0, 2, IMP_T_INT, false },	{ 0, 3, IMP_T_BYTES, false },
	{ 0, 4, IMP_T_BYTES, false },	{ 0, 5, IMP_T_BYTES, false },
	{ 0, 6, IMP_T_INT, false },	{ 0, 7, IMP_T_BYTES, false },
	{ 0, 8, IMP_T_BYTES, false },	{ 0, 9, IMP_T_TEXT, false },
	{ 0, 10, IMP_T_INT, false },	{ 0, 11, IMP_T_INT, false },
	{ 0, 12, IMP_T_INT, false },	{ 0, 13, IMP_T_INT, false },
	{ 0, 14, IMP_T_TEXT, false },	{ 0, 15, IMP_T_INT, false },
	{ 0, 16, IMP_T_INT, true },	{ 0, 17, IMP_T_TEXT, false },
	{ 0, 18, IMP_T_INT, true },	{ 0, 19, IMP_T_INT, true },
	{ 0, 20, IMP_T_INT, true },	{ 0, 21, IMP_T_INT, true },
	{ 0, 22, IMP_T_INT, false },	{ 0, 23, IMP_T_INT, false },
	{ 0, 24, IMP_T_INT, false },	{ 0, 25, IMP_T_TEXT, true },
	{ 0, 26, IMP_T_TEXT, false },	{ 0, 27, IMP_T_TEXT, true },
	{ 0, 28, IMP_T_INT, false },	{ 0, 29, IMP_T_INT, false },
	{ 0, 30, IMP_T_TEXT, false },	{ 1, 0, IMP_T_INT, false },
	{ 1, 1, IMP_T_INT, false },	{ 1, 2, IMP_T_INT, false },
	{ 1, 3, IMP_T_INT, false },	{ 1, 5, IMP_T_INT, false },
	{ 1, 6, IMP_T_BOOL, false },	{ 1, 7, IMP_T_TEXT, false },
	{ 1, 10, IMP_T_TEXT, false },	{ 1, 13, IMP_T_INT, false },
	{ 1, 14, IMP_T_INT, false },	{ 1, 15, IMP_T_BOOL, false },
	{ 1, 16, IMP_T_BOOL, false },	{ 1, 17, IMP_T_INT, false },
	{ 1, 18, IMP_T_INT, false },	{ 1, 19, IMP_T_INT, false },
	{ 1, 20, IMP_T_INT, false },	{ 1, 21, IMP_T_BOOL, false },
	{ 1, 22, IMP_T_TEXT, false },	{ 1, 23, IMP_T_BOOL, false },
	{ 1, 24, IMP_T_TEXT, true },	{ 1, 25, IMP_T_TEXT, true },
	{ 1, 26, IMP_T_INT, false },	{ 1, 27, IMP_T_INT, false },
	{ 10, 0, IMP_T_TEXT, false },	{ 10, 1, IMP_T_INT, false },
	{ 10, 2, IMP_T_TEXT, false },	{ 10, 4, IMP_T_INT, false },
	{ 10, 5, IMP_T_INT, false },	{ 10, 7, IMP_T_BYTES, false },
	{ 10, 8, IMP_T_BYTES, false },	{ 10, 9, IMP_T_BYTES, false },
	{ 10, 10, IMP_T_BYTES, false }, { 10, 13, IMP_T_INT, false },
	{ 10, 14, IMP_T_INT, false },	{ 11, 0, IMP_T_TEXT, false },
	{ 11, 1, IMP_T_TEXT, false },	{ 11, 2, IMP_T_BOOL, false },
	{ 11, 3, IMP_T_BOOL, false },	{ 11, 4, IMP_T_INT, false },
	{ 11, 5, IMP_T_TEXT, false },	{ 11, 6, IMP_T_TEXT, false },
	{ 11, 7, IMP_T_TEXT, false },	{ 11, 8, IMP_T_TEXT, true },
	{ 11, 15, IMP_T_TEXT, true },	{ 11, 16, IMP_T_TEXT, true },
	{ 11, 17, IMP_T_TEXT, true },	{ 11, 18, IMP_T_TEXT, true },
	{ 11, 19, IMP_T_TEXT, true },	{ 11, 20, IMP_T_TEXT, true },
	{ 11, 21, IMP_T_INT, false },	{ 11, 24, IMP_T_INT, false },
	{ 11, 26, IMP_T_INT, false },	{ 11, 27, IMP_T_INT, false },
	{ 11, 29, IMP_T_INT, false },	{ 11, 30, IMP_T_INT, true },
	{ 11, 31, IMP_T_TEXT, true },	{ 11, 32, IMP_T_INT, true },
	{ 11, 33, IMP_T_INT, true },	{ 13, 0, IMP_T_INT, true },
	{ 13, 1, IMP_T_INT, false },	{ 13, 2, IMP_T_INT, false },
	{ 13, 3, IMP_T_INT, false },	{ 13, 4, IMP_T_INT, false },
	{ 13, 5, IMP_T_TEXT, false },	{ 13, 6, IMP_T_TEXT, false },
	{ 13, 7, IMP_T_BOOL, false },	{ 13, 10, IMP_T_INT, false },
	{ 13, 11, IMP_T_INT, false },	{ 13, 12, IMP_T_BOOL, false },
	{ 18, 0, IMP_T_INT, false },	{ 18, 1, IMP_T_BOOL, false },
	{ 18, 2, IMP_T_INT, false },	{ 18, 3, IMP_T_BOOL, false },
	{ 18, 4, IMP_T_BOOL, false },	{ 18, 5, IMP_T_BOOL, false },
	{ 18, 6, IMP_T_BOOL, false },	{ 18, 7, IMP_T_BOOL, false },
	{ 18, 8, IMP_T_BOOL, false },	{ 18, 9, IMP_T_BOOL, false },
	{ 18, 10, IMP_T_INT, false },	{ 18, 11, IMP_T_BOOL, false },
	{ 18, 12, IMP_T_BOOL, false },	{ 21, 0, IMP_T_BYTES, false },
	{ 21, 1, IMP_T_BYTES, false },	{ 21, 2, IMP_T_BYTES, false },
	{ 21, 3, IMP_T_INT, false },	{ 21, 4, IMP_T_INT, false },
	{ 21, 5, IMP_T_BYTES, false },	{ 21, 6, IMP_T_BYTES, false },
};

/* The objects that ship, and their versions. Source: OMNA, LwM2M object registry. */
static const struct version {
	uint16_t object;
	const char *text;
} shipped[] = {
	{ 0, "1.2" },  { 1, "1.2" },  { 10, "1.1" }, { 11, "1.1" },
	{ 13, "1.1" }, { 18, "1.0" }, { 21, "2.0" },
};

/* urn:oma:lwm2m:x:42770:1.1; without a version it is 1.0. Source: OMA LwM2M registry,
 * DDF.xml. */
static const char *version_of(const struct imp_object *o)
{
	const char *last = strrchr(o->urn, ':');
	size_t major = last ? strspn(last + 1, "0123456789") : 0;

	if (major == 0 || last[1 + major] != '.' || strlen(last + 1) > 7)
		return "1.0";
	return last + 1;
}

/* In its place, ascending. False: there is one already. */
static bool insert(struct version *list, size_t count, struct version v)
{
	size_t at = count;

	while (at > 0 && list[at - 1].object > v.object)
		at--;
	if (at > 0 && list[at - 1].object == v.object)
		return false;
	memmove(list + at + 1, list + at, (count - at) * sizeof(*list));
	list[at] = v;
	return true;
}

int sim_objects_init(struct sim_objects *o, const struct imp_catalog *vendor,
		     struct imp_error *err)
{
	struct version all[COUNTOF(shipped) + SIM_VENDOR_OBJECTS];
	struct imp_writer w = imp_writer(o->map, sizeof(o->map));
	size_t count = COUNTOF(shipped), more = vendor ? vendor->objects : 0;

	if (more > SIM_VENDOR_OBJECTS)
		return imp_fail(err, IMP_EUSAGE, "%zu vendor objects, at most %d", more,
				SIM_VENDOR_OBJECTS);
	memcpy(all, shipped, sizeof(shipped));
	for (size_t i = 0; i < more; i++) {
		const struct imp_object *v = &vendor->object[i];

		if (!insert(all, count++, (struct version){ v->id, version_of(v) }))
			return imp_fail(err, IMP_EUSAGE,
					"object %u (%s): is one that the devices have",
					v->id, v->name);
	}
	imp_cbor_put_map(&w, count);
	for (size_t i = 0; i < count; i++) {
		imp_cbor_put_uint(&w, all[i].object);
		imp_cbor_put_text(&w, imp_span_str(all[i].text));
	}
	o->vendor = vendor;
	o->len = w.len;
	return w.ok ? 0 : imp_fail(err, IMP_EINTERNAL, "objects that do not fit a card");
}

/* The type that a described resource has on the wire. Source: imprint-objects(5). */
static enum imp_cbor_type type_of(enum imp_value_type type)
{
	switch (type) {
	case IMP_V_INT:
	case IMP_V_UINT:
		return IMP_T_INT;
	case IMP_V_BOOL:
		return IMP_T_BOOL;
	case IMP_V_OPAQUE:
	case IMP_V_FLOAT:
		return IMP_T_BYTES;
	default:
		return IMP_T_TEXT;
	}
}

static bool find_vendor(const struct sim_objects *o, const struct imp_setting *s,
			struct row *out)
{
	const struct imp_object *object =
		o->vendor ? imp_catalog_by_id(o->vendor, s->object) : NULL;
	const struct imp_resource *r =
		object ? imp_object_by_id(object, s->resource) : NULL;

	if (!r || (!object->multiple && s->instance != 0))
		return false;
	*out = (struct row){ s->object, s->resource, type_of(r->type), r->multiple };
	return true;
}

static bool find(const struct sim_objects *o, const struct imp_setting *s,
		 struct row *out)
{
	for (size_t i = 0; i < COUNTOF(rows); i++)
		if (rows[i].object == s->object && rows[i].resource == s->resource) {
			*out = rows[i];
			return true;
		}
	return find_vendor(o, s, out);
}

/* Null is the key that the device holds itself, in the place of bytes. */
static bool fits(const struct row *row, const struct imp_setting *s)
{
	return row->multiple == s->multiple &&
	       (s->type == row->type ||
		(s->type == IMP_T_NULL && row->type == IMP_T_BYTES));
}

enum imp_reason sim_settings_check(const struct sim_objects *o, struct imp_span settings)
{
	struct imp_settings_walk walk;

	imp_settings_begin(&walk, settings);
	while (imp_settings_next(&walk)) {
		struct row row;

		if (!find(o, &walk.at, &row))
			return IMP_R_UNSUPPORTED;
		if (!fits(&row, &walk.at))
			return IMP_R_MALFORMED;
	}
	return walk.ok ? IMP_R_NONE : IMP_R_MALFORMED;
}
