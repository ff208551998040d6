/* SPDX-License-Identifier: Apache-2.0 */
/* One row of a list: what device it is, and every mistake in it. */
#include <string.h>
#include <strings.h>

#include "encode.h"
#include "import.h"

/* Columns that differ only in case would be taken for one another. */
static int check_names(const struct imp_csv *csv, struct imp_error *err)
{
	for (size_t i = 0; i < csv->columns; i++)
		if (import_find(csv, csv->column[i]) != (int)i)
			return imp_fail(err, IMP_EFORMAT,
					"%s:%lu:%lu: column %s stands there twice, in "
					"another case",
					csv->name, csv->field_line[i],
					csv->field_column[i], csv->column[i]);
	return 0;
}

/* A column that was asked for by name. */
static int bind_column(const struct imp_csv *csv, const char *name, int *column,
		       struct imp_error *err)
{
	*column = import_find(csv, name);
	return *column >= 0 ? 0
			    : imp_fail(err, IMP_EUSAGE, "%s: has no column %s", csv->name,
				       name);
}

static bool is_reserved(const char *name)
{
	for (size_t i = 0; i < IMP_ROW_COLUMNS; i++)
		if (strcasecmp(name, imp_reserved_name((enum imp_reserved)i)) == 0)
			return true;
	return false;
}

static int bind_keeps(struct import *j, struct imp_error *err)
{
	for (size_t i = 0; i < j->args->keeps; i++) {
		const char *name = j->args->keep[i];
		int rc = bind_column(&j->csv, name, &j->keep[i], err);

		if (!rc && is_reserved(name))
			rc = imp_fail(err, IMP_EUSAGE,
				      "--keep %s: the name has a meaning of its own in a "
				      "table of devices",
				      name);
		for (size_t k = 0; !rc && k < i; k++)
			if (j->keep[k] == j->keep[i])
				rc = imp_fail(err, IMP_EUSAGE, "--keep %s: twice", name);
		if (rc)
			return rc;
	}
	return 0;
}

int import_bind(struct import *j, struct imp_error *err)
{
	int rc = check_names(&j->csv, err);

	for (size_t i = 0; i < IMP_ROW_COLUMNS; i++)
		j->column[i] = -1;
	for (const struct import_map *m = j->args->format->map; m->column; m++)
		if (j->column[m->out] < 0)
			j->column[m->out] = import_find(&j->csv, m->column);
	if (!rc && j->args->serial)
		rc = bind_column(&j->csv, j->args->serial, &j->column[IMP_ROW_SERIAL],
				 err);
	return rc ? rc : bind_keeps(j, err);
}

static void fill(const struct import *j, struct import_row *row)
{
	for (size_t i = 0; i < IMP_ROW_COLUMNS; i++) {
		row->column[i] = j->column[i];
		row->value[i] = j->column[i] < 0
					? ""
					: imp_csv_field(&j->csv, (size_t)j->column[i]);
	}
}

/* "+49301234567", "-70.5" and PEM: harmless, though they start like a formula. */
static bool is_harmless(const char *value)
{
	size_t number = strspn(value + 1, "0123456789., ");

	return strncmp(value, "-----BEGIN ", 11) == 0 ||
	       (strchr("+-", value[0]) && number > 0 && !value[1 + number]);
}

/* What a spreadsheet would run may not get into the table, and may not be altered. */
static int check_formula(struct import *j, int column, bool show, struct imp_error *err)
{
	const char *value = imp_csv_field(&j->csv, (size_t)column);

	if (!is_formula(imp_span_str(value)) || is_harmless(value))
		return 0;
	return rows_note(&j->csv, column, show ? value : NULL,
			 "a spreadsheet would take it for a formula", &j->text, err);
}

static int check_kept(struct import *j, struct imp_error *err)
{
	int result = 0;

	for (size_t i = 0; i < j->args->keeps; i++) {
		int rc = check_formula(j, j->keep[i], false, err);

		if (rc == -IMP_ERESOURCE)
			return rc;
		result = rc ? rc : result;
	}
	return result;
}

static int check_value(struct import *j, enum imp_reserved i,
		       const struct import_row *row, struct imp_error *err)
{
	int rc;

	if (!row->value[i][0])
		return 0;
	j->there[i] = true;
	rc = check_formula(j, row->column[i], true, err);
	return rc ? rc
		  : rows_value(&j->rows, i, row->value[i], &j->csv, row->column[i],
			       &j->text, err);
}

static int check_values(struct import *j, const struct import_row *row,
			struct imp_error *err)
{
	bool any = false;
	int result = 0;

	for (size_t i = 0; i < IMP_ROW_COLUMNS; i++) {
		int rc = check_value(j, (enum imp_reserved)i, row, err);

		if (rc == -IMP_ERESOURCE)
			return rc;
		any |= row->value[i][0] != '\0';
		result = rc ? rc : result;
	}
	if (any)
		return result;
	return rows_note(&j->csv, -1, NULL, "nothing in it names a device", &j->text,
			 err);
}

int import_read(struct import *j, struct import_row *row, struct imp_error *err)
{
	const struct import_format *f = j->args->format;
	enum imp_reserved column = IMP_ROW_SERIAL;
	const char *wrong = NULL;
	char what[128];
	int rc, rc2;

	fill(j, row);
	if (f->complete)
		wrong = f->complete(&j->lists, row, &column, what);
	if (wrong)
		rc = rows_note(&j->csv, row->column[column], row->value[column], wrong,
			       &j->text, err);
	else
		rc = check_values(j, row, err);
	if (rc == -IMP_ERESOURCE)
		return rc;
	rc2 = check_kept(j, err);
	return rc2 ? rc2 : rc;
}
