/* SPDX-License-Identifier: Apache-2.0 */
/* What a grant allows and does not allow, in words. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "base/text.h"
#include "evidence/known.h"
#include "issue/grants.h"

enum { WORDS = 160 };

struct words {
	char *text;
	size_t len, cap;
	bool cut; /* something did not fit */
};

static void IMP_PRINTF(2, 3) say(struct words *w, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(w->text + w->len, w->cap - w->len, fmt, ap);
	va_end(ap);
	w->len += n > 0 ? (size_t)n : 0;
	if (w->len >= w->cap) {
		w->len = w->cap - 1;
		w->cut = true;
	}
}

/* "10, 11/0, 11/1" */
static void say_objects(struct words *w, struct imp_span objects)
{
	struct imp_granted_walk g;
	const char *comma = "";

	imp_granted_begin(&g, objects);
	while (imp_granted_next(&g)) {
		say(w, "%s%u", comma, g.object);
		if (!g.all)
			say(w, "/%u", g.instance);
		comma = ", ";
	}
}

static void say_target(struct words *w, const struct imp_target *t)
{
	char name[80];

	if (t->ueid.len > 0) {
		imp_device_name(t->ueid, name);
		say(w, "%s", name);
		return;
	}
	say(w, "class ");
	if (t->has_oemid)
		say(w, "%u/", t->oemid);
	for (size_t i = 0; i < t->hwmodel.len; i++) {
		unsigned char c = t->hwmodel.ptr[i];

		say(w, c > 0x20 && c < 0x7f ? "%c" : "\\x%02x", c);
	}
}

/* "class keel-2, imei 001010010000014" */
static void say_targets(struct words *w, struct imp_span targets)
{
	struct imp_cbor c = { .in = targets };
	size_t n = imp_cbor_array(&c);
	const char *comma = "";

	while (imp_cbor_more(&c, &n)) {
		struct imp_target t;

		imp_target_take(&c, &t);
		say(w, "%s", comma);
		say_target(w, &t);
		comma = ", ";
	}
}

static void say_sequences(struct words *w, const struct imp_grant *g)
{
	if (g->sequences[1] == INT64_MAX)
		say(w, "%" PRIu64 " and above", g->sequences[0]);
	else
		say(w, "%" PRIu64 " to %" PRIu64, g->sequences[0], g->sequences[1]);
}

static void say_time(struct words *w, uint64_t seconds)
{
	time_t t = (time_t)seconds;
	struct tm tm;
	char text[32];

	if (!gmtime_r(&t, &tm) || !strftime(text, sizeof(text), "%FT%TZ", &tm))
		snprintf(text, sizeof(text), "second %" PRIu64, seconds);
	say(w, "%s", text);
}

struct facts {
	const struct imp_grant *g;
	const struct imp_write *w;
	size_t below;
	struct words found, granted;
};

static void tell_domain(struct facts *f)
{
	say(&f->found, "domain %u", f->w->domain);
	say(&f->granted, "domain %u", f->g->domain);
}

static void tell_epochs(struct facts *f)
{
	say(&f->found, "epochs %u,%u", f->w->epochs[0], f->w->epochs[1]);
	say(&f->granted, "epochs %u,%u", f->g->epochs[0], f->g->epochs[1]);
}

static void tell_depth(struct facts *f)
{
	say(&f->found, "%zu further grant%s", f->below, imp_plural(f->below));
	say(&f->granted, "%u", f->g->depth);
}

static void tell_device(struct facts *f)
{
	say_target(&f->found, f->w->device);
	if (f->w->device->ueid.len > 0 && f->w->device->hwmodel.len > 0) {
		struct imp_target class = *f->w->device;

		class.ueid = (struct imp_span){ 0 };
		say(&f->found, " of ");
		say_target(&f->found, &class);
	}
	say_targets(&f->granted, f->g->targets);
}

static void tell_sequence(struct facts *f)
{
	say(&f->found, "sequence %" PRIu64, f->w->sequence);
	say(&f->granted, "sequences ");
	say_sequences(&f->granted, f->g);
}

static void tell_object(struct facts *f)
{
	struct imp_setting outside = { 0 };

	imp_scope_outside(f->g->objects, f->w->settings, &outside);
	say(&f->found, "object %u/%u", outside.object, outside.instance);
	say(&f->granted, "objects ");
	say_objects(&f->granted, f->g->objects);
}

static void tell_expired(struct facts *f)
{
	say(&f->found, "now it is ");
	say_time(&f->found, f->w->now_s);
	say(&f->granted, "up to ");
	say_time(&f->granted, f->g->exp);
}

static void (*const tell[])(struct facts *) = {
	[IMP_SCOPE_DOMAIN] = tell_domain,     [IMP_SCOPE_EPOCHS] = tell_epochs,
	[IMP_SCOPE_DEPTH] = tell_depth,	      [IMP_SCOPE_DEVICE] = tell_device,
	[IMP_SCOPE_SEQUENCE] = tell_sequence, [IMP_SCOPE_OBJECT] = tell_object,
	[IMP_SCOPE_EXPIRED] = tell_expired,
};

struct imp_setting imp_grants_outside(const struct imp_grants *g,
				      struct imp_span settings)
{
	struct imp_setting outside = { 0 };

	for (size_t i = 0; i < g->links; i++)
		if (imp_scope_outside(g->link[i].grant.objects, settings, &outside))
			break;
	return outside;
}

static const char *name_of(const struct imp_grants *g, size_t i)
{
	return i == 0 ? g->name : "a grant above it";
}

/* With so many links below the holder's. */
static int allow(const struct imp_grants *g, const struct imp_write *w, size_t below,
		 enum imp_scope *what, struct imp_error *err)
{
	for (size_t i = 0; i < g->links; i++) {
		enum imp_scope scope = imp_scope_of(&g->link[i].grant, w, i + below);
		char found[WORDS] = "", granted[WORDS] = "";
		struct facts f = { &g->link[i].grant,
				   w,
				   below,
				   { found, 0, sizeof(found), false },
				   { granted, 0, sizeof(granted), false } };

		if (scope == IMP_SCOPE_ALLOWS)
			continue;
		if (what)
			*what = scope;
		tell[scope](&f);
		return imp_fail(err, IMP_EPOLICY, "%s: %s grants %s", found,
				name_of(g, i), granted);
	}
	return 0;
}

int imp_grants_allow(const struct imp_grants *g, const struct imp_write *w,
		     enum imp_scope *scope, struct imp_error *err)
{
	struct imp_write at = *w;

	at.now_s = g->now_s;
	return allow(g, &at, 0, scope, err);
}

int imp_grants_allow_profile(const struct imp_grants *g, const struct imp_profile *p,
			     const struct imp_target *device, enum imp_scope *scope,
			     struct imp_error *err)
{
	struct imp_target known = p->target;
	const struct imp_write w = {
		.device = &known,
		.partly = true,
		.domain = p->domain,
		.epochs = { p->epochs[0], p->epochs[1] },
		.sequence = p->sequence,
		.settings = p->settings,
	};

	if (device) {
		known.has_oemid = device->has_oemid;
		known.oemid = device->oemid;
		known.hwmodel = device->hwmodel;
	}
	return imp_grants_allow(g, &w, scope, err);
}

/* Is one entry of a grant among those of another? */
static bool has_entry(struct imp_span objects, const struct imp_granted_walk *e)
{
	struct imp_granted_walk g;

	imp_granted_begin(&g, objects);
	while (imp_granted_next(&g))
		if (g.object == e->object &&
		    (g.all || (!e->all && g.instance == e->instance)))
			return true;
	return false;
}

static int allow_objects(const struct imp_grants *g, struct imp_span objects,
			 struct imp_error *err)
{
	struct imp_granted_walk e;

	imp_granted_begin(&e, objects);
	while (imp_granted_next(&e))
		for (size_t i = 0; i < g->links; i++) {
			char text[WORDS] = "", what[16] = "";
			struct words w = { text, 0, sizeof(text), false };

			if (has_entry(g->link[i].grant.objects, &e))
				continue;
			if (!e.all)
				snprintf(what, sizeof(what), "/%u", e.instance);
			say_objects(&w, g->link[i].grant.objects);
			return imp_fail(err, IMP_EPOLICY,
					"object %u%s: %s grants objects %s", e.object,
					what, name_of(g, i), text);
		}
	return 0;
}

int imp_grants_allow_grant(const struct imp_grants *g, const struct imp_grant *next,
			   struct imp_error *err)
{
	struct imp_cbor c = { .in = next->targets };
	size_t n = imp_cbor_array(&c);
	int rc = allow_objects(g, next->objects, err);

	while (!rc && imp_cbor_more(&c, &n)) {
		struct imp_target t;
		struct imp_write w = { .device = &t,
				       .domain = next->domain,
				       .epochs = { next->epochs[0], next->epochs[1] },
				       .settings = IMP_TEXT("\xa0"),
				       .now_s = g->now_s };

		imp_target_take(&c, &t);
		/* Of a device its class is not known here; the device fits every link. */
		w.partly = t.ueid.len > 0;
		for (size_t end = 0; !rc && end < 2; end++) {
			w.sequence = next->sequences[end];
			rc = allow(g, &w, 1 + next->depth, NULL, err);
		}
	}
	return rc;
}

static void say_depth(struct words *w, uint32_t depth)
{
	if (depth == 0)
		say(w, ", depth 0: its holder may not give it on");
	else
		say(w, ", depth %" PRIu32 ": up to %" PRIu32 " further grant%s below it",
		    depth, depth, imp_plural(depth));
}

int imp_grant_says(const struct imp_grant *g, char out[IMP_GRANT_WORDS],
		   struct imp_error *err)
{
	struct words w = { out, 0, IMP_GRANT_WORDS, false };

	out[0] = '\0';
	say(&w, "objects ");
	say_objects(&w, g->objects);
	say(&w, " of domain %u of ", g->domain);
	say_targets(&w, g->targets);
	say(&w, ", epochs %u,%u, sequences ", g->epochs[0], g->epochs[1]);
	say_sequences(&w, g);
	if (g->has_exp) {
		say(&w, ", up to ");
		say_time(&w, g->exp);
	} else {
		say(&w, ", without expiry");
	}
	say_depth(&w, g->depth);
	return w.cut ? imp_fail(err, IMP_ERESOURCE,
				"a grant of more than %d bytes in words",
				IMP_GRANT_WORDS - 1)
		     : 0;
}
