/* SPDX-License-Identifier: Apache-2.0 */
/* Many profiles at once: how many, for whom, what is the same in all and what is not. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "approve.h"
#include "base/escape.h"
#include "base/grow.h"
#include "base/text.h"
#include "evidence/known.h"
#include "source/wording.h"

static void widen(struct range *r, uint64_t v, bool first)
{
	r->low = first || v < r->low ? v : r->low;
	r->high = first || v > r->high ? v : r->high;
}

static int add_class(struct profiles *p, const struct imp_target *t,
		     struct imp_error *err)
{
	const struct imp_target class = { .has_oemid = t->has_oemid,
					  .oemid = t->oemid,
					  .hwmodel = t->hwmodel };
	char(*more)[APPROVE_TARGET], text[APPROVE_TARGET];

	if (t->hwmodel.len == 0) {
		p->no_class++;
		return 0;
	}
	approve_target(&class, text);
	for (size_t i = 0; i < p->classes; i++)
		if (strcmp(p->class[i], text) == 0)
			return 0;
	more = imp_grow(p->class, p->classes, &p->classes_cap, sizeof(*more), err);
	if (!more)
		return -IMP_ERESOURCE;
	p->class = more;
	memcpy(more[p->classes++], text, sizeof(text));
	return 0;
}

static int add_device(struct profiles *p, struct imp_span ueid, struct imp_error *err)
{
	char(*more)[80] =
		imp_grow(p->device, p->devices, &p->devices_cap, sizeof(*more), err);

	if (!more)
		return -IMP_ERESOURCE;
	p->device = more;
	imp_device_name(ueid, more[p->devices++]);
	return 0;
}

static int add_head(struct profiles *p, const struct imp_profile *profile,
		    struct imp_error *err)
{
	bool first = p->count == 0;
	char label[sizeof(p->label)];
	int rc = add_device(p, profile->target.ueid, err);

	if (!rc)
		rc = add_class(p, &profile->target, err);
	if (rc)
		return rc;
	p->domains |= (uint16_t)(1u << profile->domain);
	widen(&p->sequence, profile->sequence, first);
	widen(&p->owner_epoch, profile->epochs[0], first);
	widen(&p->domain_epoch, profile->epochs[1], first);
	p->replacing += profile->replaces.len > 0;
	imp_escape(label, sizeof(label), profile->label);
	if (first)
		memcpy(p->label, label, sizeof(label));
	p->labels_differ |= strcmp(p->label, label) != 0;
	return 0;
}

static int order(const struct imp_setting *x, const struct imp_setting *y)
{
	const int by[] = { x->object - y->object, x->instance - y->instance,
			   x->resource - y->resource, x->multiple - y->multiple,
			   x->resource_instance - y->resource_instance };

	for (size_t i = 0; i < COUNTOF(by); i++)
		if (by[i])
			return by[i];
	return 0;
}

static int insert(struct profiles *p, size_t at, const struct imp_setting *s,
		  struct imp_error *err)
{
	struct common *more =
		imp_grow(p->setting, p->settings, &p->cap, sizeof(*more), err);
	struct imp_wording w;
	struct common *c;

	if (!more)
		return -IMP_ERESOURCE;
	p->setting = more;
	c = &more[at];
	memmove(c + 1, c, (p->settings - at) * sizeof(*c));
	p->settings++;
	*c = (struct common){ .at = *s };
	c->at.item = (struct imp_span){ 0 };
	imp_word(p->catalog, s, false, &w);
	memcpy(c->names, w.names, sizeof(c->names));
	c->secret = w.secret;
	return imp_seen_init(&c->seen, err);
}

/* Count it, as another value or as one that was there before. */
static int add_value(struct profiles *p, struct common *c, const struct imp_setting *s,
		     struct imp_error *err)
{
	struct imp_wording w;
	struct value *more;
	uint8_t hash[32];
	uint32_t before;

	if (imp_sha256(p->crypto, &s->item, 1, hash))
		return imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
	if (imp_seen_add(&c->seen, IMP_SPAN(hash), (uint32_t)c->values, &before, err))
		return -IMP_ERESOURCE;
	if (before != IMP_SEEN_NOWHERE &&
	    memcmp(hash, c->value[before].hash, sizeof(hash)) == 0) {
		c->value[before].count++;
		return 0;
	}
	more = imp_grow(c->value, c->values, &c->cap, sizeof(*more), err);
	if (!more)
		return -IMP_ERESOURCE;
	c->value = more;
	more += c->values++;
	*more = (struct value){ .count = 1 };
	memcpy(more->hash, hash, sizeof(hash));
	imp_word(p->catalog, s, false, &w);
	return imp_word_value(&w, &more->is, err);
}

int profiles_add(struct profiles *p, const struct imp_profile *profile,
		 struct imp_error *err)
{
	struct imp_settings_walk walk;
	size_t at = 0;
	int rc = add_head(p, profile, err);

	p->count++;
	imp_settings_begin(&walk, profile->settings);
	while (!rc && imp_settings_next(&walk)) {
		while (at < p->settings && order(&p->setting[at].at, &walk.at) < 0)
			at++;
		if (at == p->settings || order(&p->setting[at].at, &walk.at) != 0)
			rc = insert(p, at, &walk.at, err);
		if (!rc)
			rc = add_value(p, &p->setting[at], &walk.at, err);
		if (!rc)
			p->setting[at++].count++;
	}
	return rc;
}

static void show_line(FILE *f, const char *what, const char *text)
{
	fprintf(f, "  %-13s %s\n", what, text);
}

static void show_range(FILE *f, const char *what, const struct range *r)
{
	char text[48];

	if (r->low == r->high)
		snprintf(text, sizeof(text), "%" PRIu64, r->low);
	else
		snprintf(text, sizeof(text), "%" PRIu64 " to %" PRIu64, r->low, r->high);
	show_line(f, what, text);
}

static void show_domains(FILE *f, uint16_t domains)
{
	static const char *const names[] = { " (owner)", " (network)", " (service)" };
	const char *what = "domain";
	char text[32];

	for (unsigned d = 0; d < 16; d++) {
		if (!(domains >> d & 1))
			continue;
		snprintf(text, sizeof(text), "%u%s", d,
			 d < COUNTOF(names) ? names[d] : "");
		show_line(f, what, text);
		what = "";
	}
}

static void show_devices(const struct profiles *p, FILE *f)
{
	const char *what = "device";

	for (size_t i = 0; i < p->devices; i++, what = "")
		show_line(f, what, p->device[i]);
	what = "only if it is";
	for (size_t i = 0; i < p->classes; i++, what = "")
		show_line(f, what, p->class[i] + strlen("every device "));
	if (p->classes > 0 && p->no_class > 0)
		fprintf(f, "  %-13s of any class, %" PRIu64 " of them\n", "",
			p->no_class);
}

/* All values, where they differ one a line with how many have it. */
static void show_value(const struct profiles *p, const struct common *c, FILE *f)
{
	bool same = c->values == 1;

	fprintf(f, "    %s:", c->names);
	if (c->secret && !same)
		fprintf(f, " (secret, %zu different ones)", c->values);
	else if (same)
		fprintf(f, " %.*s", (int)c->value->is.len,
			(const char *)c->value->is.ptr);
	if (c->count < p->count)
		fprintf(f, " (in %" PRIu64 " of %" PRIu64 ")", c->count, p->count);
	fputc('\n', f);
	for (size_t i = 0; !c->secret && !same && i < c->values; i++)
		fprintf(f, "      %" PRIu64 " x %.*s\n", c->value[i].count,
			(int)c->value[i].is.len, (const char *)c->value[i].is.ptr);
}

static void show_settings(const struct profiles *p, bool same, const char *title, FILE *f)
{
	for (size_t i = 0; i < p->settings; i++) {
		const struct common *c = &p->setting[i];

		if ((c->values == 1 && c->count == p->count) != same)
			continue;
		if (title)
			fprintf(f, "  %s\n", title);
		title = NULL;
		show_value(p, c, f);
	}
}

void profiles_show(const struct profiles *p, FILE *f)
{
	show_devices(p, f);
	show_domains(f, p->domains);
	show_range(f, "owner-epoch", &p->owner_epoch);
	show_range(f, "domain-epoch", &p->domain_epoch);
	show_range(f, "sequence", &p->sequence);
	if (p->labels_differ || p->label[0])
		show_line(f, "label", p->labels_differ ? "(they differ)" : p->label);
	if (p->replacing > 0)
		fprintf(f,
			"  %-13s a certain earlier profile only, %" PRIu64 " of them\n",
			"replaces", p->replacing);
	if (p->settings == 0)
		show_line(f, "settings", "none: the domain is emptied");
	show_settings(p, true,
		      p->count > 1 ? "the same on all, and nothing else in the domain:"
				   : "settings, and nothing else in the domain:",
		      f);
	show_settings(p, false, "not the same on all:", f);
}

void profiles_fini(struct profiles *p)
{
	for (size_t i = 0; i < p->settings; i++) {
		struct common *c = &p->setting[i];

		for (size_t v = 0; v < c->values; v++)
			imp_secret_fini(&c->value[v].is);
		free(c->value);
		imp_seen_fini(&c->seen);
	}
	free(p->setting);
	free(p->device);
	free(p->class);
	*p = (struct profiles){ 0 };
}
