/* SPDX-License-Identifier: Apache-2.0 */
/* imprint push: carry packages to their devices, and appraise what came of it. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "base/file.h"
#include "commands.h"
#include "crypto/host.h"
#include "object/batch.h"
#include "plan.h"

struct args {
	struct dev_args dev;
	struct verifier_args verifier;
	struct report_args report;
	const char *file;
	uint64_t index; /* 1..; 0: by ueid */
	bool dry_run;
};

enum { OPT_DRY_RUN = 0x100, OPT_INDEX };

static const struct argp_option options[] = {
	{ "dry-run", OPT_DRY_RUN, NULL, 0, "Say what would change, send nothing", 0 },
	{ "index", OPT_INDEX, "N", 0,
	  "Send the Nth object of FILE, whichever device it is made for; the device judges it",
	  0 },
	{ 0 },
};

static const struct argp_child children[] = { { &dev_argp, 0, NULL, 0 },
					      { &verifier_argp, 0, NULL, 0 },
					      { &report_argp, 0, NULL, 0 },
					      { 0 } };

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->dev;
		state->child_inputs[1] = &a->verifier;
		state->child_inputs[2] = &a->report;
		return 0;
	case OPT_DRY_RUN:
		a->dry_run = true;
		return 0;
	case OPT_INDEX:
		a->index = cli_number(state, "--index", arg, 1, UINT32_MAX);
		return 0;
	case ARGP_KEY_ARG:
		if (a->file)
			return ARGP_ERR_UNKNOWN;
		a->file = arg;
		return 0;
	case ARGP_KEY_END:
		if (!a->file)
			argp_error(state, "missing FILE");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "FILE",
	.doc = "Send each device its package in FILE (or the claim or command in it), have it applied, and "
	       "appraise the evidence that the device signs. PASS means proven, not sent.",
	.children = children,
};

/* The objects of FILE, found by the device they are for. */
struct push {
	struct verifier verifier; /* first: verifier_keep() is given it */
	const struct args *a;
	struct imp_secret bytes;
	struct item {
		size_t at, len;
		uint8_t ueid[33];
		uint8_t ueid_len; /* 0: for a class */
	} * item;		  /* ascending by ueid, unless --index */
	size_t count, cap;
};

static struct imp_span ueid_of(const struct item *i)
{
	return (struct imp_span){ i->ueid, i->ueid_len };
}

static int by_ueid(const void *a, const void *b)
{
	return imp_span_cmp(ueid_of(a), ueid_of(b));
}

static int add(struct push *p, struct imp_crypto *crypto, struct imp_span object,
	       struct imp_error *err)
{
	struct plan plan;
	struct item *item;
	int rc = plan_object(crypto, object, &plan, err);

	if (rc && !p->a->index) /* by number, the device judges what it gets */
		return rc;
	if (rc)
		plan.target = (struct imp_target){ 0 };
	if (p->count == p->cap) {
		size_t cap = p->cap ? 2 * p->cap : 64;

		item = reallocarray(p->item, cap, sizeof(*item));
		if (!item)
			return imp_fail(err, IMP_ERESOURCE,
					"out of memory for %zu packages", cap);
		p->item = item;
		p->cap = cap;
	}
	item = &p->item[p->count++];
	*item = (struct item){ .at = p->bytes.len,
			       .len = object.len,
			       .ueid_len = (uint8_t)plan.target.ueid.len };
	if (plan.target.ueid.len > 0)
		memcpy(item->ueid, plan.target.ueid.ptr, plan.target.ueid.len);
	return imp_secret_append(&p->bytes, object, err);
}

static int check_unique(const struct push *p, struct imp_error *err)
{
	char name[80];

	for (size_t i = 1; !p->a->index && i < p->count; i++)
		if (p->item[i].ueid_len > 0 &&
		    by_ueid(&p->item[i - 1], &p->item[i]) == 0) {
			imp_device_name(ueid_of(&p->item[i]), name);
			return imp_hint(err,
					imp_fail(err, IMP_EUSAGE,
						 "%s: two packages for %s", p->a->file,
						 name),
					"--index N sends one of them");
		}
	return 0;
}

static int read_file(struct push *p, struct imp_crypto *crypto, struct imp_error *err)
{
	CLEANUP(imp_batch_close) struct imp_batch b = { 0 };
	struct imp_span object;
	int rc = imp_batch_open(&b, p->a->file, IMP_BATCH_PACKAGES, err);

	while (!rc && (rc = imp_batch_next(&b, &object, err)) > 0)
		rc = imp_wrap(err, add(p, crypto, object, err), "%s: object %" PRIu64,
			      b.name, b.index);
	if (!rc && p->a->index > p->count)
		rc = imp_fail(err, IMP_EUSAGE, "%s: has %zu objects, not %" PRIu64,
			      p->a->file, p->count, p->a->index);
	if (!rc && !p->a->index)
		qsort(p->item, p->count, sizeof(*p->item), by_ueid);
	return rc ? rc : check_unique(p, err);
}

static const struct item *find(const struct push *p, struct device *d)
{
	struct item key = { .ueid_len = (uint8_t)d->ueid.len };
	const struct item *found = NULL;

	if (p->a->index)
		return &p->item[p->a->index - 1];
	if (d->ueid.len > 0) {
		memcpy(key.ueid, d->ueid.ptr, d->ueid.len);
		found = bsearch(&key, p->item, p->count, sizeof(key), by_ueid);
	}
	/* A lone object is for whoever is asked: a class, or a device that hides who it
	 * is. */
	if (!found && p->count == 1 && (p->item[0].ueid_len == 0 || d->ueid.len == 0))
		found = &p->item[0];
	return found;
}

static int try_dry(struct device *d, const struct plan *plan)
{
	unsigned domain = plan->entry.domain;
	bool held = d->describe.domains >> domain & 1;
	const struct imp_described *have = &d->describe.domain[domain];

	if (plan->entry.kind != IMP_ENTRY_PROFILE)
		snprintf(d->says, sizeof(d->says), "would apply: %s", plan->what);
	else if (held && imp_span_eq(have->id, IMP_SPAN(plan->id)))
		snprintf(d->says, sizeof(d->says),
			 "already there: domain %u sequence %" PRIu64, domain,
			 have->sequence);
	else if (plan_foresee(d, plan))
		return -(int)d->err.code;
	else
		snprintf(d->says, sizeof(d->says),
			 "would set domain %u to sequence %" PRIu64 " (now %" PRIu64
			 ", %s)",
			 domain, plan->entry.sequence, held ? have->sequence : 0,
			 imp_life_name(d->describe.life));
	return 0;
}

static int talk(struct device *d, void *ctx)
{
	const struct push *p = ctx;
	const struct item *item = find(p, d);
	struct imp_span object;
	struct plan plan;

	if (!item)
		return imp_fail(&d->err, IMP_EPOLICY, "%s: no package for %s in %s",
				d->uri, d->name, p->a->file);
	object = (struct imp_span){ p->bytes.ptr + item->at, item->len };
	if (plan_object(d->crypto, object, &plan,
			NULL)) /* by number: the device judges it */
		plan = (struct plan){ .object = object, .what = "object" };
	if (!verifier_card(&p->verifier, d))
		return -(int)d->err.code;
	return p->a->dry_run ? try_dry(d, &plan) : plan_apply(d, &plan, &p->verifier);
}

static int keep(struct device *d, void *ctx, struct imp_error *err)
{
	struct push *p = ctx;

	return verifier_keep(&p->verifier, d, err);
}

static int save(void *ctx, struct imp_error *err)
{
	const struct push *p = ctx;

	return evidence_file_save(&p->verifier.evidence, err);
}

static int run(const struct cli *cli, int argc, char **argv, struct imp_error *err)
{
	CLEANUP(imp_crypto_free) struct imp_crypto *crypto = NULL;
	struct args a = { 0 };
	struct push p = { .a = &a };
	struct device_work work = { .verb = "push",
				    .talk = talk,
				    .done = keep,
				    .save = save,
				    .ctx = &p,
				    .cards = &p.verifier.cards,
				    .progress = true };
	int rc;

	(void)cli;
	cli_parse(&cmd_push, argc, argv, &a);
	work.json = a.report.json;
	rc = imp_crypto_new(&crypto, err);
	if (!rc)
		rc = verifier_open(&p.verifier, crypto, &a.verifier, err);
	if (!rc)
		rc = read_file(&p, crypto, err);
	if (!rc)
		rc = devices_run(&a.dev, &work, err);
	verifier_close(&p.verifier);
	imp_secret_fini(&p.bytes);
	free(p.item);
	return rc;
}

const struct cli_cmd cmd_push = {
	.name = "push",
	.brief = "push packages to devices and prove them",
	.argp = &argp,
	.run = run,
	.basic = true,
};
