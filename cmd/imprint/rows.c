/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of devices. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/digits.h"
#include "model/identifier.h"
#include "object/target.h"
#include "rows.h"
#include "source/pubkey.h"

/* Why a field is wrong: NULL, or one clause, static or in buf. */
typedef const char *check_fn(struct rows *r, const char *value, char buf[128]);

static const char *check_text(struct rows *r, const char *value, char buf[128])
{
	(void)r, (void)buf;
	for (struct imp_span rest = imp_span_str(value); rest.len > 0;) {
		uint32_t cp = 0;
		size_t n = imp_utf8(rest, &cp);

		if (n == 0 || imp_is_hidden(cp))
			return "has a control or bidirectional character";
		rest.ptr += n;
		rest.len -= n;
	}
	return NULL;
}

/* PEN/MODEL, or a bare MODEL. */
static const char *check_class(struct rows *r, const char *value, char buf[128])
{
	const char *slash = strchr(value, '/'), *model = slash ? slash + 1 : value;
	size_t pen = slash ? (size_t)(slash - value) : 0;

	if (slash && (pen == 0 || pen > 10 || strspn(value, "0123456789") != pen))
		return "expected PEN/MODEL or MODEL";
	if (strlen(model) < 1 || strlen(model) > IMP_HWMODEL_MAX)
		return "a model has 1 to 32 bytes";
	return check_text(r, value, buf);
}

static const char *check_key(struct rows *r, const char *value, char buf[128])
{
	struct imp_error err = { 0 };

	if (imp_pub_from_text(value, &r->key, &err))
		snprintf(buf, 128, "%.127s", err.msg);
	else if (imp_pub_check(r->crypto, &r->key))
		snprintf(buf, 128, "the point is not on its curve, or of small order");
	else
		return NULL;
	return buf;
}

/* What the values of each must be. */
static const struct {
	check_fn *wrong; /* NULL: an identifier */
	enum imp_identifier id;
	bool unique;
} columns[IMP_ROW_COLUMNS] = {
	[IMP_ROW_SERIAL] = { check_text, 0, true },
	[IMP_ROW_IMEI] = { NULL, IMP_ID_IMEI, true },
	[IMP_ROW_UEID] = { NULL, IMP_ID_UEID, true },
	[IMP_ROW_ICCID] = { NULL, IMP_ID_ICCID, true },
	[IMP_ROW_EID] = { NULL, IMP_ID_EID, true },
	[IMP_ROW_IMSI] = { NULL, IMP_ID_IMSI, true },
	[IMP_ROW_KEY] = { check_key, 0, true },
	[IMP_ROW_CLASS] = { check_class, 0, false },
	[IMP_ROW_PORT] = { check_text, 0, false },
};

/* Columns have names, and these are spelled otherwise. */
static int hint_names(const struct imp_csv *csv, int rc, struct imp_error *err)
{
	for (size_t i = 0; i < csv->columns; i++)
		for (size_t k = 0; k < IMP_ROW_NAMES; k++) {
			const char *name = imp_reserved_name((enum imp_reserved)k);

			if (strcasecmp(csv->column[i], name) == 0)
				return imp_hint(err, rc, "column %s is to be called %s",
						csv->column[i], name);
		}
	return imp_hint(err, rc, "the first line names the columns, such as serial,imei");
}

/* One column whose name has what others put between fields. */
static int hint_delimiter(const struct imp_csv *csv, int rc, struct imp_error *err)
{
	static const struct {
		char is;
		const char *typed;
	} others[] = { { ';', "';'" }, { '\t', "tab" }, { '|', "'|'" }, { ',', "," } };

	for (size_t i = 0; csv->columns == 1 && i < COUNTOF(others); i++)
		if (strchr(csv->column[0], others[i].is))
			return imp_hint(err, rc, "--delimiter %s", others[i].typed);
	return hint_names(csv, rc, err);
}

int rows_begin(struct rows *r, struct imp_crypto *crypto, struct imp_error *err)
{
	int rc = 0;

	*r = (struct rows){ .crypto = crypto };
	for (size_t i = 0; !rc && i < IMP_ROW_COLUMNS; i++)
		rc = imp_seen_init(&r->seen[i], err);
	return rc;
}

/* "serial, imei": what comes behind the comma is part of the name, and hard to see. */
static int check_spaces(const struct imp_csv *csv, struct imp_error *err)
{
	for (size_t i = 0; i < csv->columns; i++) {
		const char *name = csv->column[i];

		if (name[0] == ' ' || name[strlen(name) - 1] == ' ')
			return imp_fail(err, IMP_EFORMAT,
					"%s:%lu:%lu: column '%s' starts or ends with a "
					"space: leave it out (RFC 4180 2)",
					csv->name, csv->field_line[i],
					csv->field_column[i], name);
	}
	return 0;
}

int rows_open(struct rows *r, struct imp_crypto *crypto, const struct imp_csv *csv,
	      struct imp_error *err)
{
	bool named = false;
	int rc = rows_begin(r, crypto, err);

	if (!rc)
		rc = check_spaces(csv, err);
	for (size_t i = 0; i < IMP_ROW_COLUMNS; i++) {
		r->column[i] = imp_csv_find(csv, imp_reserved_name((enum imp_reserved)i));
		named |= i < IMP_ROW_NAMES && r->column[i] >= 0;
	}
	if (rc || named)
		return rc;
	rc = imp_fail(
		err, IMP_EFORMAT,
		"%s:%lu:1: no column serial, imei or ueid: which device is a row for?",
		csv->name, csv->row_line);
	return hint_delimiter(csv, rc, err);
}

int rows_note(const struct imp_csv *csv, int column, const char *value, const char *what,
	      struct imp_secret *text, struct imp_error *err)
{
	return column < 0 ? imp_csv_mistake(csv, column, text, err, "%s", what)
			  : imp_csv_mistake(csv, column, text, err, "%s%s%.80s: %s",
					    csv->column[column], value ? " " : "",
					    value ? value : "", what);
}

/* One key has several forms: what is compared is the key. */
static int first_place(struct rows *r, size_t i, const char *value, uint32_t line,
		       uint32_t *before, struct imp_error *err)
{
	struct imp_span bytes = imp_span_str(value);

	if (i == IMP_ROW_KEY)
		bytes = (struct imp_span){ (const uint8_t *)&r->key, sizeof(r->key) };
	return imp_seen_add(&r->seen[i], bytes, line, before, err);
}

int rows_value(struct rows *r, enum imp_reserved i, const char *value,
	       const struct imp_csv *csv, int column, struct imp_secret *text,
	       struct imp_error *err)
{
	char buf[128];
	const char *what = columns[i].wrong
				   ? columns[i].wrong(r, value, buf)
				   : imp_identifier_wrong(columns[i].id, value, buf);
	uint32_t before = IMP_SEEN_NOWHERE;

	if (what)
		return rows_note(csv, column, value, what, text, err);
	if (columns[i].unique &&
	    first_place(r, i, value, (uint32_t)csv->row_line, &before, err))
		return -IMP_ERESOURCE;
	if (before == IMP_SEEN_NOWHERE)
		return 0;
	snprintf(buf, sizeof(buf), "stands already in line %u", before);
	return rows_note(csv, column, value, buf, text, err);
}

static int check_column(struct rows *r, size_t i, const struct imp_csv *csv,
			struct imp_secret *text, struct imp_error *err)
{
	const char *value = imp_csv_field(csv, (size_t)r->column[i]);

	return value[0] ? rows_value(r, (enum imp_reserved)i, value, csv, r->column[i],
				     text, err)
			: 0;
}

static bool names_a_device(const struct rows *r, const struct imp_csv *csv)
{
	for (size_t i = 0; i < IMP_ROW_NAMES; i++)
		if (r->column[i] >= 0 && imp_csv_field(csv, (size_t)r->column[i])[0])
			return true;
	return false;
}

/* A ueid beside an imei must be its own. */
static bool agree(const struct rows *r, const struct imp_csv *csv)
{
	const char *imei = r->column[IMP_ROW_IMEI] < 0
				   ? ""
				   : imp_csv_field(csv, (size_t)r->column[IMP_ROW_IMEI]);
	const char *ueid = r->column[IMP_ROW_UEID] < 0
				   ? ""
				   : imp_csv_field(csv, (size_t)r->column[IMP_ROW_UEID]);
	char hex[65];
	uint8_t bytes[15];

	if (!*imei || !*ueid)
		return true;
	imp_ueid_of_imei(imei, bytes);
	imp_hex(IMP_SPAN(bytes), hex);
	return strcasecmp(hex, ueid) == 0;
}

int rows_check(struct rows *r, const struct imp_csv *csv, struct imp_secret *text,
	       struct imp_error *err)
{
	int result = 0;

	if (!names_a_device(r, csv))
		result = rows_note(csv, -1, NULL,
				   "no serial, imei or ueid: which device is it for?",
				   text, err);
	for (size_t i = 0; i < IMP_ROW_COLUMNS; i++) {
		int rc = r->column[i] < 0 ? 0 : check_column(r, i, csv, text, err);

		if (rc == -IMP_ERESOURCE)
			return rc;
		result = rc ? rc : result;
	}
	if (!result && !agree(r, csv))
		result = rows_note(csv, r->column[IMP_ROW_UEID],
				   imp_csv_field(csv, (size_t)r->column[IMP_ROW_UEID]),
				   "is not the ueid of the imei", text, err);
	return result;
}

struct imp_pub rows_key(const struct rows *r, const struct imp_csv *csv)
{
	struct imp_pub pub = { 0 };
	int column = r->column[IMP_ROW_KEY];

	if (column >= 0 && imp_csv_field(csv, (size_t)column)[0] &&
	    imp_pub_from_text(imp_csv_field(csv, (size_t)column), &pub, NULL))
		pub.crv = 0;
	return pub;
}

void rows_close(struct rows *r)
{
	for (size_t i = 0; i < IMP_ROW_COLUMNS; i++)
		imp_seen_fini(&r->seen[i]);
}
