/* SPDX-License-Identifier: Apache-2.0 */
/* Explaining profiles, as text or as JSON. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/grow.h"
#include "base/quote.h"
#include "evidence/known.h"
#include "explain.h"
#include "json.h"
#include "source/at.h"
#include "source/profile_source.h"
#include "source/wording.h"

/* A command, kept until all settings are shown. */
struct line {
	struct imp_at at;
	char *shown; /* owned; "" where it was left out */
};

struct lines {
	struct line *at; /* owned */
	size_t count, cap;
};

static void lines_fini(struct lines *l)
{
	for (size_t i = 0; i < l->count; i++)
		free(l->at[i].shown);
	free(l->at);
}

static int keep(void *ctx, const struct imp_at *at, struct imp_error *err)
{
	struct lines *l = ctx;
	struct line *line;

	line = imp_grow(l->at, l->count, &l->cap, sizeof(*line), err);
	if (!line)
		return -IMP_ERESOURCE;
	l->at = line;
	line = &l->at[l->count];
	line->at = *at;
	if (asprintf(&line->shown, "%.*s", (int)at->shown.len,
		     at->shown.ptr ? (const char *)at->shown.ptr : "") < 0)
		return imp_fail(err, IMP_ERESOURCE, "out of memory");
	l->count++;
	return 0;
}

/* One setting, in all its words. */
struct shown {
	struct imp_wording w;
	struct imp_secret value, bytes;
	char bits[9];
	const char *octet; /* NULL: it has none */
};

static void shown_fini(struct shown *s)
{
	imp_secret_fini(&s->value);
	imp_secret_fini(&s->bytes);
}

static void put_text(FILE *f, const struct shown *s, const struct lines *l)
{
	fprintf(f, "%s  %s  %.*s\n", s->w.names, s->w.numbers, (int)s->value.len,
		(const char *)s->value.ptr);
	fprintf(f, "    bytes  %.*s\n", (int)s->bytes.len, (const char *)s->bytes.ptr);
	if (s->octet)
		fprintf(f, "    octet  %s  %s\n", s->bits, s->octet);
	for (size_t i = 0; i < l->count; i++) {
		const struct imp_at *at = &l->at[i].at;

		if (!imp_at_takes(at, &s->w.setting))
			continue;
		if (at->why[0])
			fprintf(f, "    AT     %s is left out: %s\n",
				at->command->command, at->why);
		else
			fprintf(f, "    AT     %s%s%s\n", l->at[i].shown,
				at->command->note[0] ? "  " : "", at->command->note);
	}
}

static void put_json(FILE *f, const struct shown *s, const struct lines *l)
{
	struct json j = { .f = f, .first = true };
	const struct imp_span none = { 0 };
	bool secret = s->w.secret;

	json_open(&j, NULL, '{');
	json_str(&j, "kind", "setting");
	json_str(&j, "setting", s->w.names);
	json_str(&j, "numbers", s->w.numbers);
	json_bool(&j, "secret", secret);
	json_some(&j, "value", secret ? none : imp_secret_span(&s->value));
	json_some(&j, "bytes", secret ? none : imp_secret_span(&s->bytes));
	json_str(&j, "octet", s->octet ? s->bits : NULL);
	json_str(&j, "encoding", s->octet);
	json_open(&j, "at", '[');
	for (size_t i = 0; i < l->count; i++) {
		const struct imp_at *at = &l->at[i].at;

		if (!imp_at_takes(at, &s->w.setting))
			continue;
		json_open(&j, NULL, '{');
		json_str(&j, "command", at->command->command);
		json_str(&j, "line", at->why[0] ? NULL : l->at[i].shown);
		json_str(&j, "left_out", at->why[0] ? at->why : NULL);
		json_close(&j, '}');
	}
	json_close(&j, ']');
	json_close(&j, '}');
	fputc('\n', f);
}

static int put_setting(const struct explain *x, const struct imp_setting *setting,
		       bool hidden, const struct lines *l, struct imp_error *err)
{
	CLEANUP(shown_fini) struct shown s = { 0 };
	int rc;

	imp_word(x->catalog, setting, hidden, &s.w);
	rc = imp_word_value(&s.w, &s.value, err);
	if (!rc)
		rc = imp_word_bytes(&s.w, &s.bytes, err);
	if (rc)
		return rc;
	if (!imp_word_octet(&s.w, s.bits, &s.octet))
		s.octet = NULL;
	(x->json ? put_json : put_text)(x->f, &s, l);
	return 0;
}

static struct imp_span label_of(const struct explain *x, const struct imp_profile *p)
{
	return x->label_hidden ? IMP_TEXT("(secret)") : p->label;
}

static int put_head(const struct explain *x, const struct imp_profile *p,
		    struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret label = { 0 };
	char name[80];
	struct json j = { .f = x->f, .first = true };
	int rc = imp_quote(&label, label_of(x, p), err);

	if (rc)
		return rc;
	imp_device_name(p->target.ueid, name);
	if (!x->json) {
		fprintf(x->f,
			"%s, profile %.*s, domain %u, sequence %" PRIu64
			", epochs %u,%u, AT commands of %s\n\n",
			name, (int)label.len, (const char *)label.ptr, p->domain,
			p->sequence, p->epochs[0], p->epochs[1], x->modem->name);
		return 0;
	}
	json_open(&j, NULL, '{');
	json_str(&j, "kind", "profile");
	json_str(&j, "device", name);
	json_hex(&j, "ueid", p->target.ueid);
	json_some(&j, "label", label_of(x, p));
	json_uint(&j, "domain", p->domain);
	json_uint(&j, "sequence", p->sequence);
	json_uint(&j, "owner_epoch", p->epochs[0]);
	json_uint(&j, "domain_epoch", p->epochs[1]);
	json_str(&j, "modem", x->modem->name);
	json_close(&j, '}');
	fputc('\n', x->f);
	return 0;
}

int explain_profile(const struct explain *x, const struct imp_profile *p,
		    struct imp_span marks, struct imp_error *err)
{
	CLEANUP(lines_fini) struct lines lines = { 0 };
	const struct imp_at_job job = { x->modem, x->catalog, p->settings, marks };
	struct imp_settings_walk walk;
	int rc = imp_at_make(&job, keep, &lines, err);

	if (!rc)
		rc = put_head(x, p, err);
	imp_settings_begin(&walk, p->settings);
	for (size_t i = 0; !rc && imp_settings_next(&walk); i++)
		rc = put_setting(x, &walk.at,
				 i < marks.len && marks.ptr[i] & IMP_SETTING_HIDDEN,
				 &lines, err);
	return rc;
}
