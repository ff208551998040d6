/* SPDX-License-Identifier: Apache-2.0 */
/* The devices that the rows of a CSV name. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/grow.h"
#include "listed.h"
#include "source/csv.h"
#include "target.h"

enum { COLUMNS = 3, SERIAL = 2, NAME_MAX_BYTES = 256 };
static const char *const columns[COLUMNS] = { "ueid", "imei", "serial" };

/* Ueids and serials, which are of their owner's choice, are told apart. */
static struct imp_span name_of(bool serial, struct imp_span bytes,
			       uint8_t out[NAME_MAX_BYTES])
{
	size_t len = bytes.len < NAME_MAX_BYTES - 1 ? bytes.len : NAME_MAX_BYTES - 1;

	out[0] = serial;
	if (len > 0)
		memcpy(out + 1, bytes.ptr, len);
	return (struct imp_span){ out, 1 + len };
}

/* Who stands twice is meant once. */
static int add(struct listed *l, struct imp_span name, unsigned long line,
	       struct imp_error *err)
{
	struct listed_row *more = imp_grow(l->row, l->count, &l->cap, sizeof(*more), err);
	uint32_t before;
	int rc;

	if (!more)
		return -IMP_ERESOURCE;
	l->row = more;
	rc = imp_seen_add(&l->seen, name, (uint32_t)l->count, &before, err);
	if (!rc && before == IMP_SEEN_NOWHERE)
		l->row[l->count++] = (struct listed_row){ .line = (uint32_t)line };
	return rc;
}

static int add_row(struct listed *l, const struct imp_csv *csv, const int at[COLUMNS],
		   bool serials, struct imp_error *err)
{
	uint8_t name[NAME_MAX_BYTES], ueid[33];
	struct imp_span key = { 0 };
	const char *text = "";
	char where[600];
	size_t i = 0;
	int rc = 0;

	for (; i < COLUMNS; i++) {
		text = at[i] < 0 ? "" : imp_csv_field(csv, (size_t)at[i]);
		if (*text)
			break;
	}
	if (i == COLUMNS)
		return imp_fail(err, IMP_EFORMAT, "%s:%lu: names no device", csv->name,
				csv->row_line);
	if (i == SERIAL && !serials)
		return imp_fail(err, IMP_EFORMAT,
				"%s:%lu: expected an imei or a ueid: a ledger does not "
				"find serials; name the --cards, too",
				csv->name, csv->row_line);
	snprintf(where, sizeof(where), "%.500s:%lu: %s", csv->name, csv->row_line,
		 columns[i]);
	if (i == SERIAL)
		key = imp_span_str(text);
	else
		rc = device_parse(where, text, ueid, &key, err);
	if (rc && err)
		err->code = IMP_EFORMAT;
	return rc ? -IMP_EFORMAT
		  : add(l, name_of(i == SERIAL, key, name), csv->row_line, err);
}

int listed_open(struct listed *l, const char *path, bool serials, struct imp_error *err)
{
	CLEANUP(imp_csv_close) struct imp_csv csv = { 0 };
	int at[COLUMNS], found = 0, rc = imp_csv_open(&csv, path, ',', err);

	if (!rc)
		rc = imp_seen_init(&l->seen, err);
	for (size_t i = 0; !rc && i < COLUMNS; i++) {
		at[i] = imp_csv_find(&csv, columns[i]);
		found += at[i] >= 0;
	}
	if (!rc && found == 0)
		return imp_fail(err, IMP_EFORMAT,
				"%s: expected a column ueid, imei or serial", path);
	l->path = path;
	while (!rc && (rc = imp_csv_next(&csv, err)) > 0)
		rc = add_row(l, &csv, at, serials, err);
	return rc;
}

int listed_find(struct listed *l, struct imp_span ueid, struct imp_span serial,
		uint8_t **standing, struct imp_error *err)
{
	uint8_t name[NAME_MAX_BYTES];
	const uint32_t *i;

	*standing = NULL;
	if (!l->path)
		return 1;
	i = imp_seen_find(&l->seen, name_of(false, ueid, name));
	if (!i && serial.len > 0)
		i = imp_seen_find(&l->seen, name_of(true, serial, name));
	if (!i)
		return 0;
	if (l->row[*i].standing != LISTED_UNKNOWN)
		return imp_hint(err,
				imp_fail(err, IMP_EPOLICY,
					 "%s:%" PRIu32 ": two devices have this serial",
					 l->path, l->row[*i].line),
				"name the imei or the ueid");
	*standing = &l->row[*i].standing;
	return 1;
}

int listed_check(const struct listed *l, struct imp_error *err)
{
	static const char *const says[] = {
		[LISTED_UNKNOWN] = "there is no card of it",
		[LISTED_UNPROVEN] = "it has not proven anything yet",
	};

	for (size_t i = 0; i < l->count; i++)
		if (l->row[i].standing != LISTED_DONE)
			return imp_fail(err, IMP_EUSAGE, "%s:%" PRIu32 ": %s", l->path,
					l->row[i].line, says[l->row[i].standing]);
	return 0;
}

void listed_close(struct listed *l)
{
	imp_seen_fini(&l->seen);
	free(l->row);
	*l = (struct listed){ 0 };
}
