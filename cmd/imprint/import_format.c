/* SPDX-License-Identifier: Apache-2.0 */
/* Forms of lists: what columns they have, and what of them is a device.
 *
 * Sources: nRF Cloud Utils, device_credentials_installer, gather_attestation_tokens and
 * nrf91_gather_self_signed_certs; nRF Cloud, Onboarding devices in bulk; pySim manual,
 * "Card programming using CSV files", "Writing CSV files" and "CardKeyProviderCsv"; 3GPP
 * TS 23.003 6.2. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/attr.h"
#include "base/text.h"
#include "import.h"
#include "model/identifier.h"

#define DIGITS "0123456789"

enum { IMEI_LEN = 15 };

/* An id of nRF Cloud is a UUID, or, where the firmware is built so, nrf- and the IMEI. */
static const char *complete_nrfcloud(struct import_lists *lists, struct import_row *row,
				     enum imp_reserved *column, char what[128])
{
	const char *id = row->value[IMP_ROW_SERIAL];
	const char *imei = strncmp(id, "nrf-", 4) == 0 ? id + 4 : id;

	(void)lists, (void)what;
	*column = IMP_ROW_SERIAL;
	if (row->column[IMP_ROW_SERIAL] < 0)
		return NULL;
	if (!id[0])
		return "has no device id";
	if (strlen(imei) != IMEI_LEN || strspn(imei, DIGITS) != IMEI_LEN)
		return NULL;
	if (row->value[IMP_ROW_IMEI][0])
		return strcmp(imei, row->value[IMP_ROW_IMEI]) == 0
			       ? NULL
			       : "is of another imei than its row";
	row->value[IMP_ROW_IMEI] = imei;
	row->column[IMP_ROW_IMEI] = row->column[IMP_ROW_SERIAL];
	return NULL;
}

/* The digit that makes it pass. */
static void add_check_digit(char imei[IMEI_LEN + 1])
{
	char what[128];

	imei[IMEI_LEN] = '\0';
	for (imei[IMEI_LEN - 1] = '0'; imp_identifier_wrong(IMP_ID_IMEI, imei, what);)
		imei[IMEI_LEN - 1]++;
}

/* Some lists leave the check digit out, in all lines; a spreadsheet takes a zero off the
 * front, which looks the same. */
static const char *complete_imei(struct import_lists *lists, struct import_row *row,
				 enum imp_reserved *column, char what[128])
{
	const char *value = row->value[IMP_ROW_IMEI];
	size_t n = strlen(value);
	char zero[IMEI_LEN + 1], why[128];

	*column = IMP_ROW_IMEI;
	if (value[strspn(value, DIGITS)])
		return NULL; /* the check of the column says what it is */
	if (n != IMEI_LEN && n != IMEI_LEN - 1)
		return NULL;
	if (lists->digits == 0)
		lists->digits = n;
	if (n != lists->digits) {
		snprintf(what, 128,
			 "has %zu digits, those before have %zu: leading zero lost by a "
			 "spreadsheet?",
			 n, lists->digits);
		return what;
	}
	if (n == IMEI_LEN)
		return NULL;
	snprintf(zero, sizeof(zero), "0%s", value);
	lists->shortened += imp_identifier_wrong(IMP_ID_IMEI, zero, why) == NULL;
	lists->completed++;
	memcpy(row->imei, value, IMEI_LEN - 1);
	add_check_digit(row->imei);
	row->value[IMP_ROW_IMEI] = row->imei;
	return NULL;
}

static const char *const onboarding[] = { "deviceId", "subType", "tags", "fwTypes",
					  "certPem" };
static const char *const device_info[] = { "deviceId", "mfwv", "imei" };
static const char *const tokens[] = { "imei", "uuid", "token", "time" };
static const char *const written[] = { "name", "iccid", "mcc", "mnc",
				       "imsi", "smsp",	"ki",  "opc" };
static const char *const only_imei[] = { "imei", NULL };

static const struct import_format formats[] = {
	{ .name = "nrfcloud",
	  .expected = "a column deviceId, or no header and the 5 columns of onboarding, "
		      "the 3 of device info or the 4 of attestation tokens",
	  .map = (const struct import_map[]){ { "deviceId", IMP_ROW_SERIAL },
					      { "uuid", IMP_ROW_SERIAL },
					      { "imei", IMP_ROW_IMEI },
					      { 0 } },
	  .layouts =
		  (const struct import_layout[]){ { COUNTOF(onboarding), onboarding },
						  { COUNTOF(device_info), device_info },
						  { COUNTOF(tokens), tokens },
						  { 0 } },
	  .open = (const char *const[]){ "deviceId", "subType", "tags", "fwTypes",
					 "certPem", "mfwv", "imei", "uuid", "token",
					 "time", "attestationToken",
					 "selfSignedCertificateAttestation", NULL },
	  .complete = complete_nrfcloud },
	{ .name = "pysim",
	  .expected = "a column iccid, imsi or EID, or no header and the 8 columns that "
		      "pySim-prog writes",
	  .map = (const struct import_map[]){ { "serial", IMP_ROW_SERIAL },
					      { "imei", IMP_ROW_IMEI },
					      { "iccid", IMP_ROW_ICCID },
					      { "imsi", IMP_ROW_IMSI },
					      { "eid", IMP_ROW_EID },
					      { 0 } },
	  .layouts =
		  (const struct import_layout[]){ { COUNTOF(written), written }, { 0 } },
	  .open =
		  (const char *const[]){
			  "serial", "imei",   "iccid",	       "imsi",	"eid",
			  "name",   "mcc",    "mnc",	       "smsp",	"acc",
			  "msisdn", "epdgid", "epdgSelection", "pcscf", "ims_hdomain",
			  "impi",   "impu",   "opmode",	       "fplmn", NULL } },
	{ .name = "imei",
	  .expected = "an imei a line",
	  .map = (const struct import_map[]){ { "imei", IMP_ROW_IMEI }, { 0 } },
	  .layouts = (const struct import_layout[]){ { 1, only_imei }, { 0 } },
	  .open = only_imei,
	  .complete = complete_imei },
};

const struct import_format *import_format_find(const char *name)
{
	for (size_t i = 0; i < COUNTOF(formats); i++)
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
	return NULL;
}

int import_find(const struct imp_csv *csv, const char *column)
{
	for (size_t i = 0; i < csv->columns; i++)
		if (strcasecmp(csv->column[i], column) == 0)
			return (int)i;
	return -1;
}

bool import_may_be_secret(const struct import_format *f, const char *column)
{
	for (const char *const *open = f->open; *open; open++)
		if (strcasecmp(*open, column) == 0)
			return false;
	return true;
}

static bool is_header(const struct import_format *f, const struct imp_csv *csv,
		      size_t fields)
{
	for (const struct import_map *m = f->map; m->column; m++)
		for (size_t i = 0; i < fields; i++)
			if (strcasecmp(imp_csv_field(csv, i), m->column) == 0)
				return true;
	return false;
}

int import_names(void *ctx, const struct imp_csv *csv, size_t fields,
		 const char *const **names, struct imp_error *err)
{
	const struct import_format *f = *(const struct import_format **)ctx;

	if (is_header(f, csv, fields))
		return 0;
	for (const struct import_layout *l = f->layouts; l->columns; l++)
		if (l->columns == fields) {
			*names = l->name;
			return 0;
		}
	return imp_fail(err, IMP_EFORMAT,
			"%s:%lu:1: %zu column%s, and no name that is known: expected %s",
			csv->name, csv->row_line, fields, imp_plural(fields),
			f->expected);
}
