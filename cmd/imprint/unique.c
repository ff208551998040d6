/* SPDX-License-Identifier: Apache-2.0 */
/* Columns that must be unique, and what else the reserved columns must be. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "model/identifier.h"
#include "unique.h"

/* The first of them name a device. */
enum { DEVICE_COLUMNS = 3 };
static const char *const names[UNIQUE_COLUMNS] = { "serial", "imei", "ueid",
						   "iccid",  "eid",  "imsi" };

int unique_open(struct unique *u, const struct imp_csv *csv, struct imp_error *err)
{
	if (getrandom(u->key, sizeof(u->key), 0) != sizeof(u->key))
		return imp_fail(err, IMP_EINTERNAL, "no randomness");
	for (size_t i = 0; i < UNIQUE_COLUMNS; i++)
		u->column[i] = imp_csv_find(csv, names[i]);
	if (u->column[0] < 0 && u->column[1] < 0 && u->column[2] < 0)
		return imp_fail(
			err, IMP_EFORMAT,
			"%s:1:1: no column serial, imei or ueid: which device is a row for?",
			csv->name);
	return 0;
}

/* Two rounds of a keyed multiply: enough to tell rows apart, not a cryptographic hash. */
static uint64_t hash(const struct unique *u, const char *s)
{
	uint64_t h = u->key[0];

	for (; *s; s++)
		h = (h ^ (uint8_t)*s) * 0x9e3779b97f4a7c15u + u->key[1];
	h ^= h >> 29;
	h *= 0xbf58476d1ce4e5b9u;
	return (h ^ h >> 32) | 1;
}

static int grow(struct unique *u, size_t i, struct imp_error *err)
{
	size_t cap = u->cap[i] ? 2 * u->cap[i] : 1024;
	struct slot *more = calloc(cap, sizeof(*more));

	if (!more)
		return imp_fail(err, IMP_ERESOURCE, "out of memory for %zu rows", cap);
	for (size_t k = 0; k < u->cap[i]; k++) {
		struct slot s = u->slot[i][k];
		size_t at = s.hash & (cap - 1);

		if (!s.hash)
			continue;
		while (more[at].hash)
			at = (at + 1) & (cap - 1);
		more[at] = s;
	}
	free(u->slot[i]);
	u->slot[i] = more;
	u->cap[i] = cap;
	return 0;
}

/* The line where the same value stood before; 0: nowhere. */
static uint64_t insert(struct unique *u, size_t i, const char *value, uint64_t line)
{
	uint64_t h = hash(u, value);
	size_t at = h & (u->cap[i] - 1);

	for (; u->slot[i][at].hash; at = (at + 1) & (u->cap[i] - 1))
		if (u->slot[i][at].hash == h)
			return u->slot[i][at].line;
	u->slot[i][at] = (struct slot){ h, line };
	u->count[i]++;
	return 0;
}

/* A mistake in a field; column -1: in the row as a whole. */
static int note(const struct imp_csv *csv, int column, const char *what,
		struct imp_secret *text)
{
	struct imp_error err = { 0 };
	char line[600];

	if (column < 0)
		imp_fail(&err, IMP_EFORMAT, "%s:%lu:1: %s", csv->name, csv->row_line,
			 what);
	else
		imp_fail(&err, IMP_EFORMAT, "%s:%lu:%lu: %s %.80s: %s", csv->name,
			 csv->field_line[column], csv->field_column[column],
			 csv->column[column], imp_csv_field(csv, (size_t)column), what);
	snprintf(line, sizeof(line), "%s\n", err.msg);
	return imp_secret_append(text, imp_span_str(line), NULL) ? -IMP_ERESOURCE
								 : -IMP_EFORMAT;
}

static const char *wrong(const char *name, const char *value, char buf[128])
{
	for (int k = 0; k < IMP_ID_APN; k++)
		if (strcmp(imp_identifier_name((enum imp_identifier)k), name) == 0)
			return imp_identifier_wrong((enum imp_identifier)k, value, buf);
	return NULL;
}

static int check_column(struct unique *u, size_t i, const struct imp_csv *csv,
			struct imp_secret *text, struct imp_error *err)
{
	int column = u->column[i];
	const char *value = imp_csv_field(csv, (size_t)column), *what;
	char buf[128], where[64];
	uint64_t before;

	if (!value[0])
		return 0;
	if (2 * u->count[i] >= u->cap[i] && grow(u, i, err))
		return -IMP_ERESOURCE;
	what = wrong(names[i], value, buf);
	if (what)
		return note(csv, column, what, text);
	before = insert(u, i, value, csv->row_line);
	if (before == 0)
		return 0;
	snprintf(where, sizeof(where), "stands already in line %llu",
		 (unsigned long long)before);
	return note(csv, column, where, text);
}

static bool names_a_device(const struct unique *u, const struct imp_csv *csv)
{
	for (size_t i = 0; i < DEVICE_COLUMNS; i++)
		if (u->column[i] >= 0 && imp_csv_field(csv, (size_t)u->column[i])[0])
			return true;
	return false;
}

int unique_row(struct unique *u, const struct imp_csv *csv, struct imp_secret *text,
	       struct imp_error *err)
{
	int result = 0;

	if (!names_a_device(u, csv))
		result = note(csv, -1, "no serial, imei or ueid: which device is it for?",
			      text);
	for (size_t i = 0; i < UNIQUE_COLUMNS; i++) {
		int rc = u->column[i] < 0 ? 0 : check_column(u, i, csv, text, err);

		if (rc == -IMP_ERESOURCE)
			return rc;
		result = rc ? rc : result;
	}
	return result;
}

void unique_fini(struct unique *u)
{
	for (size_t i = 0; i < UNIQUE_COLUMNS; i++)
		free(u->slot[i]);
	*u = (struct unique){ 0 };
}
