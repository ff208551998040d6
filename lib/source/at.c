/* SPDX-License-Identifier: Apache-2.0 */
/* Making AT commands. */
#include <stdlib.h>

#include "source/build.h"
#include "source/maker.h"

static const char *name_of(const struct maker *m, uint16_t resource)
{
	const struct imp_resource *r = imp_object_by_id(m->object, resource);

	return r ? r->name : "?";
}

/* Commas behind the last value are left out. Source: V.250 5.4.2.3. */
static void trim(struct imp_secret *s)
{
	while (s->len > 0 && s->ptr[s->len - 1] == ',')
		s->len--;
}

static int put_line(struct maker *m, struct imp_error *err)
{
	const struct imp_at_command *c = m->command;
	int rc;

	m->line.len = m->shown.len = 0;
	rc = put_at(m, false, "AT", err);
	if (!rc)
		rc = put_at(m, false, c->command, err);
	for (size_t i = 0; !rc && i < c->parameters; i++) {
		rc = put_at(m, false, i == 0 ? "=" : ",", err);
		if (!rc)
			rc = put_parameter(m, &c->parameter[i], err);
	}
	trim(&m->line);
	trim(&m->shown);
	return rc;
}

/* Does it say one of its values? False where the resource is not set, too. */
static bool holds(const struct maker *m, const struct imp_at_condition *c)
{
	size_t count;
	const struct entry *e = find_entry(m, c->resource, &count);
	bool has = false;
	int64_t n = 0;

	if (!e || !number_in(&e->s, &n))
		return false;
	for (size_t i = 0; i < c->values; i++)
		has |= c->bits ? (n & c->value[i]) == c->value[i] : n == c->value[i];
	return has != c->unless;
}

static bool is_set(const struct maker *m, uint16_t resource)
{
	size_t count;

	return find_entry(m, resource, &count);
}

/* Is the command asked for? What it needs and does not have is noted. */
static bool is_due(struct maker *m)
{
	const struct imp_at_command *c = m->command;
	size_t takes = 0, has = 0;

	for (size_t i = 0; i < c->parameters; i++) {
		const struct imp_at_parameter *p = &c->parameter[i];

		if (p->form <= IMP_AT_CONTEXT)
			continue;
		takes++;
		if (is_set(m, p->resource))
			has++;
		else if (!p->optional)
			leave_out(m, "%s is missing", name_of(m, p->resource));
	}
	for (size_t i = 0; i < c->conditions; i++) {
		if (is_set(m, c->condition[i].resource)) {
			if (!holds(m, &c->condition[i]))
				return false;
			continue;
		}
		leave_out(m, "%s is missing", name_of(m, c->condition[i].resource));
		if (takes == 0)
			return false;
	}
	return takes == 0 || has > 0;
}

static int make(struct maker *m,
		int (*each)(void *ctx, const struct imp_at *at, struct imp_error *err),
		void *ctx, struct imp_error *err)
{
	struct imp_at at = { .command = m->command, .instance = m->instance };
	int rc = 0;

	m->at = &at;
	if (!is_due(m))
		return 0;
	if (!at.why[0])
		rc = put_line(m, err);
	if (!at.why[0]) {
		at.line = imp_secret_span(&m->line);
		at.shown = imp_secret_span(&m->shown);
	}
	return rc ? rc : each(ctx, &at, err);
}

static bool is_secret(const struct imp_at_job *job, const struct imp_setting *s, size_t i)
{
	const struct imp_object *o = imp_catalog_by_id(job->catalog, s->object);
	const struct imp_resource *r = o ? imp_object_by_id(o, s->resource) : NULL;

	return (r && r->secret) ||
	       (i < job->marks.len && (job->marks.ptr[i] & IMP_SETTING_HIDDEN));
}

static int gather(struct maker *m, struct imp_error *err)
{
	struct imp_settings_walk walk;
	size_t n = 0;

	imp_settings_begin(&walk, m->job->settings);
	while (imp_settings_next(&walk))
		n++;
	m->entry = calloc(n + 1, sizeof(*m->entry));
	if (!m->entry)
		return imp_fail(err, IMP_ERESOURCE, "out of memory");
	imp_settings_begin(&walk, m->job->settings);
	for (; imp_settings_next(&walk); m->count++)
		m->entry[m->count] =
			(struct entry){ .s = walk.at,
					.hidden = is_secret(m->job, &walk.at, m->count) };
	return 0;
}

/* Settings come in the order of the wire: an instance in one run. */
static int make_all(struct maker *m,
		    int (*each)(void *ctx, const struct imp_at *at,
				struct imp_error *err),
		    void *ctx, struct imp_error *err)
{
	bool first = true;
	int rc = 0;

	for (size_t i = 0; !rc && i < m->count; i++) {
		const struct imp_setting *s = &m->entry[i].s;

		if (s->object != m->command->object ||
		    (!first && (m->command->once || s->instance == m->instance)))
			continue;
		first = false;
		m->instance = s->instance;
		rc = make(m, each, ctx, err);
	}
	return rc;
}

int imp_at_make(const struct imp_at_job *job,
		int (*each)(void *ctx, const struct imp_at *at, struct imp_error *err),
		void *ctx, struct imp_error *err)
{
	struct maker m = { .job = job };
	int rc = gather(&m, err);

	for (size_t i = 0; !rc && i < job->modem->commands; i++) {
		m.command = &job->modem->command[i];
		m.object = imp_catalog_by_id(job->catalog, m.command->object);
		if (m.command->described && m.object)
			rc = make_all(&m, each, ctx, err);
	}
	imp_secret_fini(&m.line);
	imp_secret_fini(&m.shown);
	free(m.entry);
	return rc;
}

bool imp_at_takes(const struct imp_at *at, const struct imp_setting *s)
{
	const struct imp_at_command *c = at->command;
	bool takes = false;

	if (s->object != c->object || (!c->once && s->instance != at->instance))
		return false;
	for (size_t i = 0; i < c->parameters; i++)
		takes |= c->parameter[i].form > IMP_AT_CONTEXT &&
			 c->parameter[i].resource == s->resource;
	/* What makes it be sent, where it is sent. */
	for (size_t i = 0; i < c->conditions && !at->why[0]; i++)
		takes |= c->condition[i].resource == s->resource;
	return takes;
}
