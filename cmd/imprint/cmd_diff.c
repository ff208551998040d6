/* SPDX-License-Identifier: Apache-2.0 */
/* imprint diff: what two sides say of each device: profiles, packages, evidence, devices.
 */
#include <inttypes.h>
#include <string.h>

#include "base/escape.h"
#include "base/text.h"
#include "commands.h"
#include "crypto/host.h"
#include "datadir.h"
#include "diff.h"
#include "mistakes.h"
#include "note.h"
#include "source/catalog.h"

struct args {
	struct compile_args compile;
	struct dev_args dev;
	struct verifier_args verifier;
	struct report_args report;
	bool same;
	const char *path[2];
	size_t paths;
};

enum { OPT_SAME = 0x100 };

static const struct argp_option options[] = {
	{ "same", OPT_SAME, NULL, 0, "Show profiles that are the same, too", 0 },
	{ 0 },
};

static const struct argp_child children[] = { { &source_argp, 0, NULL, 0 },
					      { &ports_argp, 0, NULL, 0 },
					      { &verifier_argp, 0, NULL, 0 },
					      { &report_argp, 0, NULL, 0 },
					      { 0 } };

static void check_args(struct argp_state *state, const struct args *a)
{
	const struct verifier_args *v = &a->verifier;

	if (a->paths == 0)
		argp_error(state, "missing A");
	if (a->paths + (a->dev.devices > 0) != 2)
		argp_error(state, "expected A and B, or A and -d DEVICE");
	if (a->paths == 2 && strcmp(a->path[0], "-") == 0 && strcmp(a->path[1], "-") == 0)
		argp_error(state, "only one side can be standard input");
	if (!v->known.cards && (v->owner || v->evidence || v->known.factories.count > 0))
		argp_error(state, "--owner, --evidence and --factory go with --cards");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->compile;
		state->child_inputs[1] = &a->dev;
		state->child_inputs[2] = &a->verifier;
		state->child_inputs[3] = &a->report;
		return 0;
	case OPT_SAME:
		a->same = true;
		return 0;
	case ARGP_KEY_ARG:
		if (a->paths == COUNTOF(a->path))
			return ARGP_ERR_UNKNOWN;
		a->path[a->paths++] = arg;
		a->compile.profile = arg; /* each side sets its own */
		return 0;
	case ARGP_KEY_END:
		check_args(state, a);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "A [B]",
	.doc = "Compare what A and B say of each device: a YAML profile with its rows, profiles, signed profiles, packages, "
	       "or evidence; with -d in place of B, what devices hold. Nothing is changed.",
	.children = children,
};

struct diff {
	const struct args *a;
	struct imp_crypto *crypto;
	struct verifier verifier; /* where there are cards */
	struct side side[2];
	int streamed;	       /* which of them comes one at a time */
	struct held_list list; /* the other one */
	struct imp_catalog catalog;
	struct imp_secret seed;
	char name[2][1024]; /* of the sides, escaped */
	struct diff_report report;
};

static void diff_fini(struct diff *x)
{
	for (size_t i = 0; i < COUNTOF(x->side); i++)
		side_close(&x->side[i]);
	verifier_close(&x->verifier);
	held_fini(&x->list);
	imp_catalog_fini(&x->catalog);
	imp_secret_fini(&x->seed);
	imp_crypto_free(&x->crypto);
}

/* YAML picks its rows itself, and devices were picked as they answered. */
static bool is_wanted(const struct diff *x, int side, const struct held *h)
{
	const struct compile_args *c = &x->a->compile;
	bool wanted = c->id_count == 0 || x->side[side].kind == SIDE_YAML ||
		      x->side[1].kind == SIDE_DEVICES;

	for (size_t i = 0; i < c->id_count && !wanted; i++)
		wanted = ueid_is(held_ueid(h), c->ids[i]);
	return wanted;
}

static int tell(struct diff *x, const struct held *streamed, const struct held *held,
		struct imp_error *err)
{
	return x->streamed == 0 ? diff_one(&x->report, streamed, held, err)
				: diff_one(&x->report, held, streamed, err);
}

static int twice(const struct diff *x, const struct held *h, struct imp_error *err)
{
	char name[80];

	imp_device_name(held_ueid(h), name);
	return imp_fail(err, IMP_EFORMAT, "%s: two profiles for %s, domain %u",
			x->side[x->streamed].name, name, h->domain);
}

/* Evidence and devices tell of every domain; profiles are about their own. */
static bool is_about(const struct diff *x, int side, const struct held *h)
{
	const struct side *other = &x->side[!side];

	return x->side[side].kind < SIDE_EVIDENCE || other->kind >= SIDE_EVIDENCE ||
	       other->domains >> h->domain & 1;
}

static int each(void *ctx, const struct held *h, const struct imp_profile_source *source,
		struct imp_error *err)
{
	struct diff *x = ctx;
	struct held_entry *e = held_find(&x->list, held_ueid(h), h->domain);
	const struct held_entry *known = held_find(&x->list, held_ueid(h), NO_DOMAIN);

	x->report.catalog = source ? &source->catalog : &x->catalog;
	if (h->domain == NO_DOMAIN && known && is_wanted(x, x->streamed, h))
		diff_owner(&x->report, x->streamed ? &known->held : h,
			   x->streamed ? h : &known->held);
	if (h->domain == NO_DOMAIN || !is_wanted(x, x->streamed, h) ||
	    !is_about(x, x->streamed, h))
		return 0;
	/* Devices that are not attached are not compared. */
	if (x->side[1].kind == SIDE_DEVICES && !known)
		return 0;
	if (e && e->seen)
		return twice(x, h, err);
	if (e)
		e->seen = true;
	return tell(x, h, e ? &e->held : known ? &known->held : NULL, err);
}

static int rest(struct diff *x, struct imp_error *err)
{
	int held = !x->streamed, rc = 0;

	x->report.catalog = &x->catalog;
	for (size_t i = 0; !rc && i < x->list.count; i++) {
		struct held_entry *e = &x->list.at[i];
		const struct held *h = held_at(&x->list, e);

		if (!e->seen && h->domain != NO_DOMAIN && is_wanted(x, held, h) &&
		    is_about(x, held, h))
			rc = tell(x, NULL, h, err);
	}
	return rc;
}

static int hold(void *ctx, const struct held *h, const struct imp_profile_source *source,
		struct imp_error *err)
{
	(void)source;
	return held_add(ctx, h, err);
}

static int read_catalog(struct diff *x, struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret mistakes = { 0 };
	char dir[4096];
	int said, rc;

	objects_dir(dir, sizeof(dir));
	rc = imp_catalog_read(&x->catalog,
			      x->a->compile.objects ? x->a->compile.objects : dir,
			      &mistakes, err);
	said = mistakes_say(&mistakes, rc ? NULL : err);
	return rc ? rc : said;
}

static int open_sides(struct diff *x, struct imp_error *err)
{
	const struct args *a = x->a;
	int rc = 0;

	for (size_t i = 0; !rc && i < a->paths; i++)
		rc = side_open(&x->side[i], a->path[i], err);
	if (a->paths == 1)
		x->side[1] = (struct side){ .kind = SIDE_DEVICES, .name = "the device" };
	/* Descriptions that a YAML file names are at hand while it is read. */
	x->streamed = x->side[1].kind < x->side[0].kind;
	for (size_t i = 0; !rc && i < COUNTOF(x->side); i++) {
		imp_escape(x->name[i], sizeof(x->name[i]), imp_span_str(x->side[i].name));
		x->report.name[i] = x->name[i];
		x->report.drawn[i] = x->side[i].kind == SIDE_YAML && !a->compile.seed;
	}
	return rc;
}

static int prepare(struct diff *x, struct imp_error *err)
{
	int rc = imp_crypto_new(&x->crypto, err);

	if (!rc)
		rc = open_sides(x, err);
	if (!rc && x->a->verifier.known.cards)
		rc = verifier_open(&x->verifier, x->crypto, &x->a->verifier, &x->a->dev,
				   err);
	if (!rc)
		rc = read_catalog(x, err);
	if (!rc)
		rc = draw_seed(x->crypto, &x->seed, err);
	x->report.f = stdout;
	x->report.json = x->a->report.json;
	x->report.same = x->a->same;
	x->report.crypto = x->crypto;
	return rc;
}

/* Both sides; devices that failed are told of, and the others compared all the same. */
static int compare(struct diff *x, struct compile_args *c, int *devices,
		   struct imp_error *err)
{
	bool cards = x->a->verifier.known.cards;
	struct side_work w = { .crypto = x->crypto,
			       .compile = c,
			       .verifier = cards ? &x->verifier : NULL,
			       .each = hold,
			       .ctx = &x->list };
	struct side *held = &x->side[!x->streamed];
	struct imp_error later = { 0 };
	int rc = 0;

	c->drawn = imp_secret_span(&x->seed);
	if (held->kind == SIDE_DEVICES)
		*devices = devices_read(&x->a->dev, cards ? &x->verifier : NULL,
					x->report.json, &x->list, err);
	else
		rc = side_read(held, &w, err);
	if (!rc)
		rc = held_sort(&x->list, held->name, err);
	w.each = each;
	w.ctx = x;
	/* What was wrong with a device stays in *err. */
	if (!rc)
		rc = side_read(&x->side[x->streamed], &w, *devices ? &later : err);
	if (!rc)
		rc = rest(x, *devices ? &later : err);
	if (rc && *devices)
		*err = later;
	return rc;
}

/* What cannot be compared is not the same, nor does it differ. */
static int found(const struct diff_report *r, struct imp_error *err)
{
	const char *s = imp_plural(r->total);
	char differ[64] = "", unknown[64] = "", owners[64] = "";

	if (r->differing > 0)
		snprintf(differ, sizeof(differ),
			 "%" PRIu64 " of %" PRIu64 " profile%s %s", r->differing,
			 r->total, s, r->differing == 1 ? "differs" : "differ");
	if (r->unknown > 0 && r->differing > 0)
		snprintf(unknown, sizeof(unknown), ", %" PRIu64 " cannot be compared",
			 r->unknown);
	else if (r->unknown > 0)
		snprintf(unknown, sizeof(unknown),
			 "%" PRIu64 " of %" PRIu64 " profile%s cannot be compared",
			 r->unknown, r->total, s);
	if (r->owners > 0)
		snprintf(owners, sizeof(owners), "%s%" PRIu64 " %s another owner",
			 r->differing + r->unknown > 0 ? ", " : "", r->owners,
			 r->owners == 1 ? "device has" : "devices have");
	return imp_fail(err, IMP_EFINDINGS, "%s and %s: %s%s%s", r->name[0], r->name[1],
			differ, unknown, owners);
}

static int conclude(const struct diff *x, struct imp_error *err)
{
	const struct diff_report *r = &x->report;
	const char *s = imp_plural(r->total);
	char unproven[48] = "";

	for (size_t i = 0; i < COUNTOF(x->side); i++)
		if (x->side[i].packages)
			say_note("%s: encrypted: only outer claims were compared",
				 r->name[i]);
	if (x->side[1].kind == SIDE_DEVICES && !x->a->verifier.known.cards)
		say_note("without --cards devices prove nothing, nor do they tell "
			 "whether a domain was wiped");
	if (r->not_compared)
		say_note("generated secrets were not compared: --seed KEY makes those of "
			 "a YAML profile");
	if (r->total == 0 && r->owners == 0)
		return imp_fail(err, IMP_EUSAGE, "%s and %s: nothing to compare",
				r->name[0], r->name[1]);
	if (r->differing > 0 || r->unknown > 0 || r->owners > 0)
		return found(r, err);
	if (r->unproven == r->total)
		snprintf(unproven, sizeof(unproven), ", unproven");
	else if (r->unproven > 0)
		snprintf(unproven, sizeof(unproven), ", %" PRIu64 " of them unproven",
			 r->unproven);
	if (!r->json)
		printf("no difference in %" PRIu64 " profile%s%s\n", r->total, s,
		       unproven);
	return 0;
}

static int run(const struct cli *cli, int argc, char **argv, struct imp_error *err)
{
	CLEANUP(diff_fini) struct diff x = { 0 };
	struct args a = { 0 };
	int rc, devices = 0;

	(void)cli;
	cli_parse(&cmd_diff, argc, argv, &a);
	while (a.dev.ids < a.compile.id_count) {
		a.dev.id[a.dev.ids] = a.compile.ids[a.dev.ids];
		a.dev.ids++;
	}
	x.a = &a;
	rc = prepare(&x, err);
	if (!rc)
		rc = compare(&x, &a.compile, &devices, err);
	if (!rc && !devices)
		rc = conclude(&x, err);
	return rc ? rc : devices;
}

const struct cli_cmd cmd_diff = {
	.name = "diff",
	.brief = "compare profiles with what devices hold",
	.argp = &argp,
	.run = run,
};
