/* SPDX-License-Identifier: Apache-2.0 */
/* Issuing in batches. */
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "issue.h"
#include "note.h"
#include "registry.h"

enum { OPT_ACCEPT_ASSERTED = 0x300, OPT_BATCH, OPT_LABEL };

static const struct argp_option seal_options[] = {
	{ "accept-asserted", OPT_ACCEPT_ASSERTED, NULL, 0,
	  "Encrypt also to keys that only the device itself, or the CSV, vouches for",
	  0 },
	{ 0 },
};

static error_t seal_parse(int key, char *arg, struct argp_state *state)
{
	struct seal_args *a = state->input;

	(void)arg;
	if (key == ARGP_KEY_INIT)
		state->child_inputs[0] = &a->known;
	else if (key == OPT_ACCEPT_ASSERTED)
		a->accept_asserted = true;
	else
		return ARGP_ERR_UNKNOWN;
	return 0;
}

static const struct argp_child seal_children[] = { { &cards_argp, 0, NULL, 0 }, { 0 } };
const struct argp seal_argp = { .options = seal_options,
				.parser = seal_parse,
				.children = seal_children };

static const struct argp_option leaves_options[] = {
	{ "batch", OPT_BATCH, NULL, 0, "Sign all of them together, by one signature", 0 },
	{ "label", OPT_LABEL, "WORD", 0,
	  "With --batch: what is signed says WORD of itself, at most 64 bytes", 0 },
	{ 0 },
};

static bool is_label(const char *arg)
{
	struct imp_span s = imp_span_str(arg);
	size_t n;

	if (s.len < 1 || s.len > IMP_LABEL_MAX)
		return false;
	for (uint32_t cp; s.len > 0; s.ptr += n, s.len -= n) {
		n = imp_utf8(s, &cp);
		if (n == 0 || imp_is_hidden(cp))
			return false;
	}
	return true;
}

static error_t leaves_parse(int key, char *arg, struct argp_state *state)
{
	struct leaves_args *a = state->input;

	switch (key) {
	case OPT_BATCH:
		a->batch = true;
		return 0;
	case OPT_LABEL:
		if (!is_label(arg))
			argp_error(state, "--label: expected 1 to 64 bytes of text");
		a->label = arg;
		return 0;
	case ARGP_KEY_END:
		if (a->label && !a->batch)
			argp_error(state, "--label goes with --batch");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp leaves_argp = { .options = leaves_options, .parser = leaves_parse };

static const struct argp_option jobs_options[] = {
	{ "jobs", 'j', "N", 0, "Work in N threads (default: one a processor)", 0 },
	{ 0 },
};

static unsigned processors(void)
{
	cpu_set_t set;
	int n = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;

	return n < IMP_POOL_THREADS ? (unsigned)n : IMP_POOL_THREADS;
}

static error_t jobs_parse(int key, char *arg, struct argp_state *state)
{
	struct jobs_args *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		a->jobs = processors();
		return 0;
	case 'j':
		a->jobs = (unsigned)cli_number(state, "-j", arg, 1, IMP_POOL_THREADS);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp jobs_argp = { .options = jobs_options, .parser = jobs_parse };

int sealing_open(struct sealing *s, struct imp_crypto *crypto, const struct seal_args *a,
		 struct imp_error *err)
{
	struct imp_pub key[COUNTOF(a->known.factories.path)];
	const struct imp_factories factories = { .key = key,
						 .count = a->known.factories.count };
	int rc = pubs_read(crypto, &a->known.factories, key, &s->test_factory, err);

	s->sealer.accept_asserted = a->accept_asserted;
	if (rc || !cards_are_named(&a->known))
		return rc;
	s->sealer.cards = &s->cards;
	if (a->known.cards)
		return imp_cards_open(&s->cards, a->known.cards, &factories, err);
	rc = ledger_open(&a->known.ledger, NULL, &s->ledger, err);
	if (!rc)
		registry_cards(&s->cards, s->ledger, &factories);
	return rc;
}

int sealing_make(struct sealing *s, struct imp_crypto *crypto, const struct imp_pub *key,
		 struct imp_span object, struct imp_writer *w, struct imp_error *err)
{
	bool asserted = false;
	int rc = imp_issue_seal(crypto, &s->sealer, key->crv ? key : NULL, object, w,
				&asserted, err);

	if (!rc && asserted)
		s->asserted++;
	return rc;
}

void sealing_report(const struct sealing *s)
{
	if (s->asserted > 0)
		say_note("%" PRIu64 " package%s to keys that only the devices or the CSV "
			 "vouch for",
			 (uint64_t)s->asserted, imp_plural(s->asserted));
}

void sealing_close(struct sealing *s)
{
	imp_cards_close(&s->cards);
	imp_ledger_close(&s->ledger);
}

static int take(void *ctx, uint64_t where, int rc, struct imp_span out,
		struct imp_error *err)
{
	struct filter *f = ctx;

	if (rc)
		return imp_wrap(err, rc, "%s %" PRIu64, imp_batch_kind_name(f->in),
				where);
	return bundle_put(&f->out, out, err);
}

static int put_all(struct imp_batch *b, struct imp_pool *pool, struct imp_error *err)
{
	struct imp_pool_item item = { 0 };
	int rc = 0;

	while (!rc && (rc = imp_batch_next(b, &item.in, err)) > 0) {
		rc = cli_check_cancel(err);
		item.where = b->index;
		item.leaf = (uint32_t)(b->index - 1);
		if (!rc)
			rc = imp_wrap(err, imp_pool_put(pool, &item, err), "%s", b->name);
	}
	if (!rc)
		rc = imp_wrap(err, imp_pool_finish(pool, err), "%s", b->name);
	/* What ended the command before us in a pipe is what ends us. */
	return rc && cli_check_cancel(err) ? -IMP_EINTERRUPTED : rc;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* Open what is read more than once, from its start. */
static int open_again(int fd, const char *in, enum imp_batch_kind kind,
		      struct imp_batch *out, struct imp_error *err)
{
	const char *name = strcmp(in, "-") == 0 ? "standard input" : in;
	int own = lseek(fd, 0, SEEK_SET) == 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 3) : -1;

	return own < 0 ? imp_read_failed(name, err)
		       : imp_batch_open_fd(out, own, name, kind, err);
}

static int survey(struct filter *f, int fd, const char *in, struct imp_crypto *crypto,
		  uint64_t *count, struct imp_error *err)
{
	CLEANUP(imp_batch_close) struct imp_batch b = { 0 };
	struct imp_span item;
	int rc = open_again(fd, in, f->in, &b, err);

	while (!rc && (rc = imp_batch_next(&b, &item, err)) > 0) {
		rc = cli_check_cancel(err);
		if (!rc)
			rc = imp_wrap(err, f->survey(f->ctx, crypto, item, err),
				      "%s: %s %" PRIu64, b.name,
				      imp_batch_kind_name(f->in), b.index);
	}
	*count = b.count;
	if (!rc)
		rc = f->surveyed(f->ctx, crypto, err);
	return rc && cli_check_cancel(err) ? -IMP_EINTERRUPTED : rc;
}

static int open_input(struct filter *f, const char *in, struct imp_crypto *crypto,
		      struct imp_batch *out, struct imp_error *err)
{
	CLEANUP(close_fd) int fd = -1;
	uint64_t count = 0;
	int rc;

	if (!f->survey)
		return imp_batch_open(out, in, f->in, err);
	rc = imp_file_open_twice(in, &fd, err);
	if (!rc)
		rc = survey(f, fd, in, crypto, &count, err);
	if (!rc)
		rc = open_again(fd, in, f->in, out, err);
	return rc || out->count == count
		       ? rc
		       : imp_fail(err, IMP_EFORMAT, "%s: changed while it was read",
				  out->name);
}

int run_filter(struct filter *f, const char *in, struct imp_crypto *crypto,
	       struct imp_error *err)
{
	CLEANUP(imp_batch_close) struct imp_batch b = { 0 };
	CLEANUP(imp_pool_close) struct imp_pool *pool = NULL;
	const struct imp_pool_work work = { f->make, take, f };
	int rc = open_input(f, in, crypto, &b, err);

	if (!rc)
		rc = bundle_begin(&f->out, b.count, b.lone, err);
	if (!rc)
		rc = imp_pool_open(&pool, b.lone ? 1 : f->jobs, crypto, &work, err);
	if (!rc)
		rc = put_all(&b, pool, err);
	rc = bundle_finish(&f->out, rc, err);
	bundle_abort(&f->out);
	return rc;
}
