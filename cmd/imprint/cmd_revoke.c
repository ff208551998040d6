/* SPDX-License-Identifier: Apache-2.0 */
/* imprint revoke: the owner's list of keys, objects and devices that are good no more. */
#include <inttypes.h>
#include <string.h>

#include "args.h"
#include "base/text.h"
#include "commands.h"
#include "keyarg.h"
#include "lastseen.h"
#include "ledger/revocations.h"
#include "note.h"
#include "revoke.h"

struct args {
	struct key_args key;
	struct out_args out;
	struct ledger_args ledger;
	struct form_args form;
	struct revoke_words words;
	const char *list, *csv;
	uint64_t sequence; /* 0: the next one */
};

enum { OPT_KID = 0x100, OPT_OBJECT, OPT_UEID, OPT_CSV, OPT_LIST, OPT_SEQUENCE };

static const struct argp_option options[] = {
	{ "kid", OPT_KID, "PUB", 0,
	  "Take back the key PUB, or the one with this kid (hex): of who signs, of a station, of a device; repeatable",
	  0 },
	{ "object", OPT_OBJECT, "FILE", 0,
	  "Take back what is in FILE, or the object with this id (hex): a grant, an order, signed profiles, packages; repeatable",
	  0 },
	{ "ueid", OPT_UEID, "ID", 0,
	  "Take back a device (imei, or ueid in hex); repeatable", 0 },
	{ "csv", OPT_CSV, "FILE", 0,
	  "Take back what the rows of FILE name in columns kid, object, imei and ueid",
	  0 },
	{ "list", OPT_LIST, "FILE", 0, "Go on from the list in FILE: what it has stays",
	  0 },
	{ "sequence", OPT_SEQUENCE, "N", 0,
	  "Number of the list (default: the one behind --list, or 1)", 0 },
	{ 0 },
};

static const struct argp_child children[] = { { &key_argp, 0, NULL, 0 },
					      { &out_argp, 0, NULL, 0 },
					      { &ledger_argp, 0, NULL, 0 },
					      { &form_argp, 0, NULL, 0 },
					      { 0 } };

static void add_word(struct argp_state *state, struct revoke_words *w,
		     enum imp_revoked_set set, const char *text)
{
	if (w->count == REVOKE_WORDS)
		argp_error(state, "more than %d of them: --csv takes any number",
			   REVOKE_WORDS);
	w->word[w->count++] = (struct revoke_word){ set, text };
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->key;
		state->child_inputs[1] = &a->out;
		state->child_inputs[2] = &a->ledger;
		state->child_inputs[3] = &a->form;
		return 0;
	case OPT_KID:
		add_word(state, &a->words, IMP_REVOKED_KEY, arg);
		return 0;
	case OPT_OBJECT:
		add_word(state, &a->words, IMP_REVOKED_OBJECT, arg);
		return 0;
	case OPT_UEID:
		add_word(state, &a->words, IMP_REVOKED_DEVICE, arg);
		return 0;
	case OPT_CSV:
		a->csv = arg;
		return 0;
	case OPT_LIST:
		a->list = arg;
		return 0;
	case OPT_SEQUENCE:
		a->sequence = cli_number(state, "--sequence", arg, 1, INT64_MAX);
		return 0;
	case ARGP_KEY_END:
		if (a->words.count == 0 && !a->csv && !a->list)
			argp_error(
				state,
				"missing what to revoke: --kid, --object, --ueid, --csv");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.doc = "Sign a list of what the owner of the key KEY (-k) takes back: keys, objects, devices. Hosts that are given "
	       "it with --revoked refuse them; devices never see it. Each list replaces the one before.",
	.children = children,
};

struct revoke {
	const struct args *a;
	struct imp_crypto *crypto;
	struct imp_key key;
	struct imp_signer signer;
	struct imp_revoked list;
	struct imp_secret parts; /* as they were signed, for the ledger */
};

static void revoke_fini(struct revoke *v)
{
	imp_revoked_fini(&v->list);
	imp_secret_fini(&v->parts);
	imp_key_fini(&v->key);
	imp_crypto_free(&v->crypto);
}

/* What the list before has, and the number of this one. */
static int begin(struct revoke *v, struct imp_error *err)
{
	const struct args *a = v->a;
	uint64_t last;
	const struct imp_quorum by = { .owner = &v->signer.pub };
	int rc = a->list ? imp_revoked_read(&v->list, v->crypto, a->list, &by, err) : 0;

	if (rc)
		return rc;
	last = v->list.sequence;
	v->list.sequence = a->sequence ? a->sequence : last + 1;
	v->list.name = a->out.path ? a->out.path : "the list";
	if (last == INT64_MAX || v->list.sequence <= last)
		return imp_fail(err, IMP_EUSAGE,
				"--sequence: expected one above %" PRIu64 ", that of %s",
				last, a->list);
	return 0;
}

/* A list without its signer's key would undo itself. */
static int check_own(const struct revoke *v, struct imp_error *err)
{
	uint8_t kid[32];

	if (imp_cose_kid(v->crypto, &v->signer.pub, kid))
		return imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
	if (!imp_revoked_has(&v->list, IMP_REVOKED_KEY, IMP_SPAN(kid)))
		return 0;
	return imp_fail(err, IMP_EPOLICY,
			"%s: is the key that signs the list: an owner ends by a change "
			"of owner",
			v->a->key.path);
}

/* Everything that it had not revoked in the ledger is so from here on. */
static int enter(struct imp_ledger *l, void *ctx, struct imp_error *err)
{
	const struct revoke *v = ctx;
	struct imp_span rest = imp_secret_span(&v->parts);
	int rc = 0;

	while (!rc && rest.len > 0) {
		size_t len = imp_cbor_item_len(rest, IMP_CBOR_STRICT, NULL);

		rc = cli_check_cancel(err);
		if (!rc)
			rc = imp_ledger_revoke_part(l, (struct imp_span){ rest.ptr, len },
						    &v->signer.pub, err);
		rest = (struct imp_span){ rest.ptr + len, rest.len - len };
	}
	return rc;
}

static int enter_all(struct revoke *v, struct imp_error *err)
{
	CLEANUP(imp_ledger_close) struct imp_ledger *l = NULL;
	int rc = ledger_open(&v->a->ledger, NULL, &l, err);

	return rc ? rc : imp_ledger_do(l, enter, v, err);
}

/* What hosts will ask for is remembered before the list is there for them; one that
 * nobody has approved yet is none of theirs. */
static int write_out(struct revoke *v, struct imp_error *err)
{
	CLEANUP(imp_out_abort) struct imp_out out = { 0 };
	const struct args *a = v->a;
	int rc = imp_out_open(&out, a->out.path,
			      IMP_OUT_BINARY | (a->out.force ? IMP_OUT_FORCE : 0), err);

	if (ledger_is_named(&a->ledger))
		v->list.parts = &v->parts;
	if (!rc)
		rc = imp_revoked_write(&v->list, v->crypto, &v->signer, a->form.many,
				       &out, err);
	if (!rc && !a->form.many)
		rc = lastseen_check(&v->list, &a->ledger, true, err);
	if (!rc && !a->form.many && ledger_is_named(&a->ledger))
		rc = enter_all(v, err);
	return rc ? rc : imp_out_commit(&out, err);
}

static void note(const struct revoke *v)
{
	size_t n[IMP_REVOKED_SETS];

	for (int set = 0; set < IMP_REVOKED_SETS; set++)
		n[set] = imp_revoked_count(&v->list, (enum imp_revoked_set)set);
	say_note("%s: sequence %" PRIu64
		 ": revokes %zu key%s, %zu object%s, %zu device%s",
		 v->list.name, v->list.sequence, n[IMP_REVOKED_KEY],
		 imp_plural(n[IMP_REVOKED_KEY]), n[IMP_REVOKED_OBJECT],
		 imp_plural(n[IMP_REVOKED_OBJECT]), n[IMP_REVOKED_DEVICE],
		 imp_plural(n[IMP_REVOKED_DEVICE]));
}

static void note_approval(const struct revoke *v)
{
	if (v->a->form.many)
		say_note("%s: is none yet: imprint approve adds the signatures of others",
			 v->list.name);
}

static int revoke(struct revoke *v, struct imp_error *err)
{
	const struct args *a = v->a;
	int rc = signer_read(v->crypto, a->key.path, a->key.pass_fd, &v->key, &v->signer,
			     err);

	if (!rc)
		rc = begin(v, err);
	if (!rc)
		rc = revoke_words(&v->list, v->crypto, &a->words, err);
	if (!rc && a->csv)
		rc = revoke_csv(&v->list, a->csv, err);
	imp_revoked_sort(&v->list);
	if (!rc)
		rc = check_own(v, err);
	return rc ? rc : write_out(v, err);
}

static int run(const struct cli *cli, int argc, char **argv, struct imp_error *err)
{
	CLEANUP(revoke_fini) struct revoke v = { 0 };
	struct args a = { 0 };
	int rc;

	(void)cli;
	cli_parse(&cmd_revoke, argc, argv, &a);
	v.a = &a;
	rc = imp_crypto_new(&v.crypto, err);
	if (!rc)
		rc = revoke(&v, err);
	if (!rc)
		note(&v);
	if (!rc)
		note_approval(&v);
	return rc;
}

const struct cli_cmd cmd_revoke = {
	.name = "revoke",
	.brief = "list what hosts refuse from now on",
	.argp = &argp,
	.run = run,
};
