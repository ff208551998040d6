/* SPDX-License-Identifier: Apache-2.0 */
/* Making AT commands: what becomes of one setting. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/quote.h"
#include "source/build.h"
#include "source/maker.h"

/* Does the setting belong to the instance (or to any) of the command at hand? */
static bool belongs(const struct maker *m, const struct imp_setting *s)
{
	return s->object == m->command->object &&
	       (m->command->once || s->instance == m->instance);
}

const struct entry *find_entry(const struct maker *m, uint16_t resource, size_t *count)
{
	const struct entry *found = NULL;

	*count = 0;
	for (size_t i = 0; i < m->count; i++) {
		if (!belongs(m, &m->entry[i].s) || m->entry[i].s.resource != resource)
			continue;
		found = found ? found : &m->entry[i];
		(*count)++;
	}
	return found;
}

bool number_in(const struct imp_setting *s, int64_t *out)
{
	struct imp_cbor c = { .in = s->item };

	if (s->type != IMP_T_INT && s->type != IMP_T_BOOL)
		return false;
	*out = s->type == IMP_T_INT ? imp_cbor_int(&c) : imp_cbor_bool(&c);
	return imp_cbor_ok(&c);
}

void leave_out(struct maker *m, const char *fmt, ...)
{
	va_list ap;

	if (m->at->why[0])
		return;
	va_start(ap, fmt);
	vsnprintf(m->at->why, sizeof(m->at->why), fmt, ap);
	va_end(ap);
}

int put_at(struct maker *m, bool hidden, const char *text, struct imp_error *err)
{
	int rc = imp_secret_append(&m->line, imp_span_str(text), err);

	if (!rc)
		rc = imp_secret_append(&m->shown,
				       hidden ? IMP_TEXT("(secret)") : imp_span_str(text),
				       err);
	return rc;
}

/* In quotes; two characters of it need the escapes of V.250 5.4.2.2. */
static int put_string(struct maker *m, const struct entry *e, struct imp_span text,
		      struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret escaped = { 0 };
	int rc = 0;

	for (size_t i = 0; !rc && i < text.len; i++) {
		uint8_t c = text.ptr[i];
		bool special = c == '"' || c == '\\';

		if (c < ' ' || c > '~')
			leave_out(m,
				  "%s has characters that AT strings do not carry "
				  "(V.250 5.4.2.2)",
				  m->resource->name);
		else if (special && !m->job->modem->escapes)
			leave_out(m,
				  "%s has a quote or a backslash, which this modem "
				  "does not take",
				  m->resource->name);
		rc = special ? imp_append_fmt(&escaped, err, "\\%02X", c)
			     : imp_secret_append(&escaped, (struct imp_span){ &c, 1 },
						 err);
	}
	if (!rc)
		rc = imp_secret_append(&escaped, IMP_SPAN("\0"), err);
	if (!rc)
		rc = put_at(m, false, "\"", err);
	if (!rc)
		rc = put_at(m, e->hidden, (const char *)escaped.ptr, err);
	return rc ? rc : put_at(m, false, "\"", err);
}

static int put_text_of(struct maker *m, const struct entry *e, bool plmn,
		       struct imp_error *err)
{
	struct imp_cbor c = { .in = e->s.item };
	struct imp_span text = imp_cbor_text(&c);
	bool digits = text.len == 5 || text.len == 6;

	for (size_t i = 0; i < text.len; i++)
		digits &= text.ptr[i] >= '0' && text.ptr[i] <= '9';
	if (!imp_cbor_ok(&c))
		leave_out(m, "%s is no text", m->resource->name);
	else if (plmn && !digits)
		leave_out(m, "%s is not the 5 or 6 digits of one network",
			  m->resource->name);
	return put_string(m, e, text, err);
}

static int put_int(struct maker *m, const struct entry *e, struct imp_error *err)
{
	char text[24];
	int64_t n = 0;

	if (!number_in(&e->s, &n) || n < 0)
		leave_out(m, "%s is no number that AT commands carry", m->resource->name);
	snprintf(text, sizeof(text), "%" PRId64, n);
	return put_at(m, e->hidden, text, err);
}

/* All eight bits, or one half of them. */
static int put_octet(struct maker *m, const struct entry *e, enum imp_at_form form,
		     struct imp_error *err)
{
	uint8_t octet = 0;
	char bits[9];
	int rc;

	if (!octet_of(m->resource, &e->s, &octet))
		leave_out(m, "%s has no octet (3GPP TS 24.008)", m->resource->name);
	put_bits(form == IMP_AT_WINDOW ? octet >> 4 : octet, form == IMP_AT_OCTET ? 8 : 4,
		 bits);
	rc = put_at(m, false, "\"", err);
	if (!rc)
		rc = put_at(m, e->hidden, bits, err);
	return rc ? rc : put_at(m, false, "\"", err);
}

static const struct imp_at_map *mapped(const struct imp_at_parameter *p, int64_t n)
{
	for (size_t i = 0; i < p->maps; i++)
		if (p->map[i].value == n)
			return &p->map[i];
	return NULL;
}

static int put_value(struct maker *m, const struct imp_at_parameter *p,
		     const struct entry *e, struct imp_error *err)
{
	const struct imp_at_map *map = NULL;
	const char *quote;
	int64_t n;
	int rc;

	if (number_in(&e->s, &n))
		map = mapped(p, n);
	if (!map) {
		leave_out(m, "%s has a value that it cannot say", m->resource->name);
		return 0;
	}
	quote = map->quoted ? "\"" : "";
	rc = put_at(m, false, quote, err);
	if (!rc)
		rc = put_at(m, e->hidden, map->text, err);
	return rc ? rc : put_at(m, false, quote, err);
}

/* Values that the map does not have count for nothing, but one of them must be there. */
static int put_any(struct maker *m, const struct imp_at_parameter *p,
		   struct imp_error *err)
{
	bool hidden = false, any = false;
	uint64_t bits = 0;
	char text[24];

	for (size_t i = 0; i < m->count; i++) {
		const struct entry *e = &m->entry[i];
		const struct imp_at_map *map = NULL;
		int64_t n;

		if (belongs(m, &e->s) && e->s.resource == p->resource &&
		    number_in(&e->s, &n))
			map = mapped(p, n);
		if (!map)
			continue;
		bits |= strtoull(map->text, NULL, 10);
		hidden |= e->hidden;
		any = true;
	}
	if (!any)
		leave_out(m, "%s has none of the values that it says", m->resource->name);
	snprintf(text, sizeof(text), "%" PRIu64, bits);
	return put_at(m, hidden, text, err);
}

static int put_setting(struct maker *m, const struct imp_at_parameter *p,
		       struct imp_error *err)
{
	size_t count;
	const struct entry *e = find_entry(m, p->resource, &count);

	if (!e)
		return 0;
	if (p->form == IMP_AT_ANY)
		return put_any(m, p, err);
	if (count > 1)
		leave_out(m, "%s has %zu values, it says one", m->resource->name, count);
	switch (p->form) {
	case IMP_AT_NUMBER:
		return put_int(m, e, err);
	case IMP_AT_TEXT:
	case IMP_AT_PLMN:
		return put_text_of(m, e, p->form == IMP_AT_PLMN, err);
	case IMP_AT_VALUE:
		return put_value(m, p, e, err);
	default:
		return put_octet(m, e, p->form, err);
	}
}

int put_parameter(struct maker *m, const struct imp_at_parameter *p,
		  struct imp_error *err)
{
	char text[24];

	switch (p->form) {
	case IMP_AT_NOTHING:
		return 0;
	case IMP_AT_CONSTANT:
		snprintf(text, sizeof(text), "%" PRId64, p->constant);
		return put_at(m, false, text, err);
	case IMP_AT_CONTEXT:
		snprintf(text, sizeof(text), "%u",
			 m->job->modem->first_context + m->instance);
		return put_at(m, false, text, err);
	default:
		m->resource = imp_object_by_id(m->object, p->resource);
		return m->resource ? put_setting(m, p, err) : 0;
	}
}
