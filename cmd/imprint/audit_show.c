/* SPDX-License-Identifier: Apache-2.0 */
/* An audit as text, JSON and CSV. */
#include <inttypes.h>
#include <time.h>

#include "audit.h"
#include "base/text.h"
#include "encode.h"
#include "entry.h"
#include "json.h"

void audit_source(const struct imp_fact *f, char out[128])
{
	switch (f->source) {
	case IMP_FACT_ENTRY:
		snprintf(out, 128, "entry %" PRIu64, f->number);
		return;
	case IMP_FACT_FILE:
		snprintf(out, 128, "%s, item %" PRIu64, f->name, f->number);
		return;
	case IMP_FACT_DEVICE:
		snprintf(out, 128, "%s, now", f->name);
		return;
	case IMP_FACT_OPTION:
		snprintf(out, 128, "%s", f->name);
		return;
	case IMP_FACT_LEDGER:
		snprintf(out, 128, "the ledger");
		return;
	}
}

void audit_sum(const struct audit_result *r, char out[128])
{
	const uint64_t *v = r->stats.verdict;
	uint64_t bad = v[IMP_NOTICE] + v[IMP_WARNING] + v[IMP_ALARM];

	snprintf(out, 128,
		 "%" PRIu64 " finding%s, in %" PRIu64 " of %" PRIu64 " device%s",
		 r->spool.total, imp_plural(r->spool.total), bad, r->report.devices,
		 imp_plural(r->report.devices));
}

/* Text. */
static int put_text(void *ctx, const struct imp_finding *f, struct imp_error *err)
{
	FILE *out = ctx;

	(void)err;
	if (f->device[0])
		fprintf(out, "  %s\n", f->device);
	for (size_t i = 0; i < 2; i++) {
		char source[128];

		audit_source(&f->fact[i], source);
		fprintf(out, "    %s %s: %s\n", i == 0 ? "found" : "but  ", source,
			f->fact[i].text);
	}
	return 0;
}

static void put_totals(FILE *f, const struct audit_result *r)
{
	const struct imp_audit_report *a = &r->report;
	char sum[128];

	audit_sum(r, sum);
	fprintf(f, "%s: %s", r->ledger, sum);
	for (size_t i = IMP_SEVERITIES; i-- > 0;)
		if (r->stats.verdict[i] > 0)
			fprintf(f, "; %s %" PRIu64,
				imp_severity_name((enum imp_severity)i),
				r->stats.verdict[i]);
	fprintf(f, "\n%" PRIu64 " entr%s, %" PRIu64 " token%s of evidence", a->entries,
		a->entries == 1 ? "y" : "ies", a->evidence, imp_plural(a->evidence));
	if (a->signatures > 0)
		fprintf(f, ", %" PRIu64 " signature%s verified again", a->signatures,
			imp_plural(a->signatures));
	if (a->forgotten > 0)
		fprintf(f, ", %" PRIu64 " entries forgotten", a->forgotten);
	if (a->anchored > 0)
		fprintf(f, ", the first %" PRIu64 " entries anchored", a->anchored);
	fputc('\n', f);
}

int audit_text(FILE *f, struct audit_result *r, struct imp_error *err)
{
	int rc = 0;

	for (int i = 0; !rc && i < IMP_FOUND_CODES; i++) {
		enum imp_finding_code code = (enum imp_finding_code)i;
		const struct imp_finding_kind *k = imp_finding_kind(code);

		if (r->spool.count[i] == 0)
			continue;
		fprintf(f, "%s %s (%" PRIu64 "): %s\n", imp_severity_name(k->severity),
			k->word, r->spool.count[i], k->means);
		rc = spool_each(&r->spool, code, put_text, f, err);
		fprintf(f, "  next: %s\n\n", k->next);
	}
	if (!rc)
		put_totals(f, r);
	return rc;
}

/* JSON. */
static const char *const sources[] = { [IMP_FACT_LEDGER] = "ledger",
				       [IMP_FACT_ENTRY] = "entry",
				       [IMP_FACT_FILE] = "file",
				       [IMP_FACT_DEVICE] = "device",
				       [IMP_FACT_OPTION] = "option" };

static void put_fact(struct json *j, const struct imp_fact *f)
{
	bool numbered = f->source == IMP_FACT_ENTRY || f->source == IMP_FACT_FILE;

	json_open(j, NULL, '{');
	json_str(j, "source", sources[f->source]);
	json_some(j, "name", imp_span_str(f->name));
	if (numbered)
		json_uint(j, "number", f->number);
	else
		json_str(j, "number", NULL);
	json_str(j, "text", f->text);
	json_close(j, '}');
}

static int put_json(void *ctx, const struct imp_finding *f, struct imp_error *err)
{
	const struct imp_finding_kind *k = imp_finding_kind(f->code);
	struct json j = { .f = ctx, .first = true };
	char when[TIME_TEXT];

	(void)err;
	time_text(f->time, when);
	json_open(&j, NULL, '{');
	json_str(&j, "finding", k->word);
	json_str(&j, "severity", imp_severity_name(k->severity));
	json_some(&j, "device", imp_span_str(f->device));
	json_hex(&j, "ueid", (struct imp_span){ f->ueid, f->ueid_len });
	if (f->has_domain)
		json_uint(&j, "domain", f->domain);
	else
		json_str(&j, "domain", NULL);
	json_str(&j, "time", f->time > 0 ? when : NULL);
	json_some(&j, "station", imp_span_str(f->station));
	json_open(&j, "facts", '[');
	put_fact(&j, &f->fact[0]);
	put_fact(&j, &f->fact[1]);
	json_close(&j, ']');
	json_str(&j, "means", k->means);
	json_str(&j, "next", k->next);
	json_close(&j, '}');
	fputc('\n', ctx);
	return 0;
}

static void put_json_totals(FILE *f, const struct audit_result *r)
{
	const struct imp_audit_report *a = &r->report;
	struct json j = { .f = f, .first = true };

	json_open(&j, NULL, '{');
	json_str(&j, "ledger", r->ledger);
	json_str(&j, "origin", r->origin);
	json_uint(&j, "findings", r->spool.total);
	json_uint(&j, "devices", a->devices);
	for (size_t i = 0; i < IMP_SEVERITIES; i++)
		json_uint(&j, imp_severity_name((enum imp_severity)i),
			  r->stats.verdict[i]);
	json_uint(&j, "entries", a->entries);
	json_uint(&j, "forgotten", a->forgotten);
	json_uint(&j, "evidence", a->evidence);
	json_uint(&j, "signatures", a->signatures);
	json_uint(&j, "anchored_entries", a->anchored);
	json_close(&j, '}');
	fputc('\n', f);
}

int audit_json(FILE *f, struct audit_result *r, struct imp_error *err)
{
	int rc = 0;

	for (int i = 0; !rc && i < IMP_FOUND_CODES; i++)
		rc = spool_each(&r->spool, (enum imp_finding_code)i, put_json, f, err);
	if (!rc)
		put_json_totals(f, r);
	return rc;
}

/* CSV. */
static void put_cell(FILE *f, const char *text)
{
	encode_safe_cell(f, imp_span_str(text));
	fputc(',', f);
}

static int put_csv(void *ctx, const struct imp_finding *f, struct imp_error *err)
{
	const struct imp_finding_kind *k = imp_finding_kind(f->code);
	char when[TIME_TEXT], source[128];
	FILE *out = ctx;

	(void)err;
	time_text(f->time, when);
	fprintf(out, "%s,%s,", k->word, imp_severity_name(k->severity));
	put_cell(out, f->device);
	encode_hex(out, (struct imp_span){ f->ueid, f->ueid_len });
	fputc(',', out);
	if (f->has_domain)
		fprintf(out, "%u", f->domain);
	fprintf(out, ",%s,", f->time > 0 ? when : "");
	put_cell(out, f->station);
	for (size_t i = 0; i < 2; i++) {
		audit_source(&f->fact[i], source);
		put_cell(out, source);
		put_cell(out, f->fact[i].text);
	}
	encode_safe_cell(out, imp_span_str(k->next));
	fputs("\n", out);
	return 0;
}

int audit_csv(FILE *f, struct audit_result *r, struct imp_error *err)
{
	int rc = 0;

	fputs("finding,severity,device,ueid,domain,time,station,found_in,found,"
	      "but_in,but,next\n",
	      f);
	for (int i = 0; !rc && i < IMP_FOUND_CODES; i++)
		rc = spool_each(&r->spool, (enum imp_finding_code)i, put_csv, f, err);
	return rc;
}
