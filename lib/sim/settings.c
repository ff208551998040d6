/* SPDX-License-Identifier: Apache-2.0 */
/* The settings that a simulated board has, as firmware knows them: in a table. */
#include "sim/settings.h"
#include "base/reason.h"
#include "object/profile.h"

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

static const struct row *find(const struct imp_setting *s)
{
	for (size_t i = 0; i < COUNTOF(rows); i++)
		if (rows[i].object == s->object && rows[i].resource == s->resource)
			return &rows[i];
	return NULL;
}

/* Null is the key that the device holds itself, in the place of bytes. */
static bool fits(const struct row *row, const struct imp_setting *s)
{
	return row->multiple == s->multiple &&
	       (s->type == row->type ||
		(s->type == IMP_T_NULL && row->type == IMP_T_BYTES));
}

enum imp_reason sim_settings_check(struct imp_span settings)
{
	struct imp_settings_walk walk;

	imp_settings_begin(&walk, settings);
	while (imp_settings_next(&walk)) {
		const struct row *row = find(&walk.at);

		if (!row)
			return IMP_R_UNSUPPORTED;
		if (!fits(row, &walk.at))
			return IMP_R_MALFORMED;
	}
	return walk.ok ? IMP_R_NONE : IMP_R_MALFORMED;
}
