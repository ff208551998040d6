/* SPDX-License-Identifier: Apache-2.0 */
/* Telling findings, and the facts that they are made of. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/digits.h"
#include "base/escape.h"
#include "ledger/audit_case.h"

static void IMP_PRINTF(2, 0) say(struct imp_fact *f, const char *fmt, va_list ap)
{
	char text[2 * IMP_FACT_TEXT];

	vsnprintf(text, sizeof(text), fmt, ap);
	imp_escape(f->text, sizeof(f->text), imp_span_str(text));
}

struct imp_fact imp_fact_entry(uint64_t entry, const char *fmt, ...)
{
	struct imp_fact f = { .source = IMP_FACT_ENTRY, .number = entry };
	va_list ap;

	va_start(ap, fmt);
	say(&f, fmt, ap);
	va_end(ap);
	return f;
}

struct imp_fact imp_fact_ledger(const char *fmt, ...)
{
	struct imp_fact f = { .source = IMP_FACT_LEDGER };
	va_list ap;

	va_start(ap, fmt);
	say(&f, fmt, ap);
	va_end(ap);
	return f;
}

struct imp_fact imp_fact_option(const char *option, const char *fmt, ...)
{
	struct imp_fact f = { .source = IMP_FACT_OPTION };
	va_list ap;

	imp_escape(f.name, sizeof(f.name), imp_span_str(option));
	va_start(ap, fmt);
	say(&f, fmt, ap);
	va_end(ap);
	return f;
}

struct imp_fact imp_fact_token(const struct imp_shown_token *t, const char *fmt, ...)
{
	struct imp_fact f = t->from;
	va_list ap;

	va_start(ap, fmt);
	say(&f, fmt, ap);
	va_end(ap);
	return f;
}

struct imp_fact imp_fact_owners(const struct imp_auditing *a)
{
	if (a->owners == 0)
		return imp_fact_option("--owner", "is not given");
	return imp_fact_option("--owner", "names %s%s",
			       imp_short((struct imp_span){ a->owner[0], 32 }).text,
			       a->owners > 1 ? " and others" : "");
}

struct imp_short imp_short(struct imp_span hash)
{
	struct imp_short s;

	imp_short_hex(hash, s.text);
	return s;
}

struct imp_short imp_date(uint64_t seconds)
{
	time_t t = (time_t)seconds;
	struct imp_short s;
	struct tm tm;

	if (seconds > INT32_MAX * UINT64_C(64) || !gmtime_r(&t, &tm) ||
	    !strftime(s.text, sizeof(s.text), "%FT%TZ", &tm))
		snprintf(s.text, sizeof(s.text), "%" PRIu64, seconds);
	return s;
}

static struct imp_finding make(const struct imp_charge *charge)
{
	struct imp_finding f = { .code = charge->code,
				 .has_domain = charge->domain >= 0,
				 .domain = charge->domain >= 0 ? (uint32_t)charge->domain
							       : 0,
				 .time = charge->time,
				 .fact = { charge->fact[0], charge->fact[1] } };

	snprintf(f.station, sizeof(f.station), "%s",
		 charge->station ? charge->station : "");
	return f;
}

int imp_run_tell(struct imp_audit_run *r, const struct imp_charge *charge,
		 struct imp_error *err)
{
	const struct imp_finding f = make(charge);

	return r->a->found(r->a->ctx, &f, err);
}

bool imp_case_name(struct imp_case *c, struct imp_span id)
{
	for (size_t i = 0; i < c->named_count; i++)
		if (imp_span_eq(IMP_SPAN(c->named[i]), id))
			return false;
	if (c->named_count < IMP_NAMED_MAX)
		memcpy(c->named[c->named_count++], id.ptr, 32);
	return true;
}

int imp_case_tell(struct imp_case *c, const struct imp_charge *charge,
		  struct imp_error *err)
{
	const struct imp_auditing *a = c->run->a;
	uint64_t bit = UINT64_C(1) << (charge->domain < 0 ? 63 : charge->domain);
	enum imp_severity severity = imp_finding_kind(charge->code)->severity;
	struct imp_finding f;

	if ((!charge->each && (c->told[charge->code] & bit)) ||
	    (charge->time > 0 && charge->time < a->since_s))
		return 0;
	c->told[charge->code] |= bit;
	if (severity > c->verdict)
		c->verdict = severity;
	f = make(charge);
	f.ueid_len = c->ueid.len < sizeof(f.ueid) ? c->ueid.len : sizeof(f.ueid);
	memcpy(f.ueid, c->ueid.ptr, f.ueid_len);
	imp_device_name(c->ueid, f.device);
	return a->found(a->ctx, &f, err);
}
