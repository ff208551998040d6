/* SPDX-License-Identifier: Apache-2.0 */
/* Who simulated devices are. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "identities.h"
#include "source/csv.h"

/* Without a CSV: test TACs of 00101, a serial number, and the check digit. */
static void number_identity(unsigned number, struct imp_sim_identity *out)
{
	unsigned sum = 0;

	snprintf(out->imei, sizeof(out->imei), "00101001%06u", number % 1000000);
	for (unsigned i = 0; i < 14; i++) {
		unsigned d = (unsigned)(out->imei[i] - '0') << (i & 1);

		sum += d > 9 ? d - 9 : d;
	}
	out->imei[14] = (char)('0' + (10 - sum % 10) % 10);
	out->imei[15] = '\0';
	snprintf(out->serial, sizeof(out->serial), "SIM-%06u", number);
}

static void copy_field(const struct imp_csv *csv, const char *column, char *out,
		       size_t cap)
{
	int at = imp_csv_find(csv, column);

	if (at >= 0)
		snprintf(out, cap, "%s", imp_csv_field(csv, (size_t)at));
}

static int row_identity(struct imp_csv *csv, unsigned number,
			struct imp_sim_identity *out, struct imp_error *err)
{
	int rc = imp_csv_next(csv, err);

	if (rc < 0)
		return rc;
	if (rc == 0)
		return imp_fail(err, IMP_EUSAGE, "%s: has fewer than %u row%s", csv->name,
				number, imp_plural(number));
	copy_field(csv, "imei", out->imei, sizeof(out->imei));
	copy_field(csv, "iccid", out->iccid, sizeof(out->iccid));
	copy_field(csv, "serial", out->serial, sizeof(out->serial));
	if (strlen(out->imei) != 15 || strspn(out->imei, "0123456789") != 15)
		return imp_fail(err, IMP_EFORMAT, "%s:%lu: imei '%s' is not 15 digits",
				csv->name, csv->row_line, out->imei);
	return 0;
}

static int count_rows(struct imp_csv *csv, size_t *out, struct imp_error *err)
{
	int rc;

	for (*out = 0; (rc = imp_csv_next(csv, err)) > 0; ++*out)
		;
	if (!rc && (*out == 0 || *out > IMP_SIM_DEVICES))
		rc = imp_fail(err, IMP_EUSAGE, "%s: %zu row%s, expected 1 to %d",
			      csv->name, *out, imp_plural(*out), IMP_SIM_DEVICES);
	return rc ? rc : imp_csv_rewind(csv, err);
}

static int make(struct imp_csv *csv, struct identities *out, struct imp_error *err)
{
	int rc = 0;

	out->identity = calloc(out->count, sizeof(*out->identity));
	if (!out->identity)
		return imp_fail(err, IMP_ERESOURCE, "out of memory for %zu devices",
				out->count);
	for (unsigned i = 0; !rc && i < out->count; i++) {
		if (csv)
			rc = row_identity(csv, i + 1, &out->identity[i], err);
		else
			number_identity(i + 1, &out->identity[i]);
	}
	return rc;
}

int identities_read(const char *path, unsigned count, struct identities *out,
		    struct imp_error *err)
{
	CLEANUP(imp_csv_close) struct imp_csv csv = { 0 };
	CLEANUP(identities_fini) struct identities all = { .count = count ? count : 1 };
	int rc = path ? imp_csv_open(&csv, path, ',', err) : 0;

	if (!rc && path && count == 0)
		rc = count_rows(&csv, &all.count, err);
	if (!rc)
		rc = make(path ? &csv : NULL, &all, err);
	if (rc)
		return rc;
	*out = all;
	all.identity = NULL;
	return 0;
}

void identities_fini(struct identities *all)
{
	free(all->identity);
	*all = (struct identities){ 0 };
}
