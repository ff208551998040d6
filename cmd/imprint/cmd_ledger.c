/* SPDX-License-Identifier: Apache-2.0 */
/* imprint ledger: make one, checkpoint it, prove and verify what is in it. */
#include <string.h>

#include "commands.h"
#include "ledger/registry.h"
#include "ledger_do.h"
#include "model/object.h"

enum {
	OPT_ORIGIN = 0x100,
	OPT_NAME,
	OPT_COSIGNS,
	OPT_WITNESS,
	OPT_ENTRY,
	OPT_SINCE,
	OPT_LOG,
	OPT_CHECKPOINT,
	OPT_SEEN,
	OPT_RECORDS,
	OPT_ITEM,
	OPT_ID,
	OPT_REASON,
	OPT_YES,
};

#define ACTIONS                                                                             \
	"init|show|only-issued|checkpoint|prove|verify|items|release|write-off|quarantine|" \
	"reinstate|retire|forget|export|import|key|cosign"

static const struct argp_option options[] = {
	{ "origin", OPT_ORIGIN, "WORD", 0,
	  "init: name the log WORD, for everybody who will check it (default: a random name)",
	  0 },
	{ "name", OPT_NAME, "WORD", 0, "key, cosign: the name of the log or the witness",
	  0 },
	{ "cosigns", OPT_COSIGNS, NULL, 0, "key: of a witness, not of a log", 0 },
	{ "witness", OPT_WITNESS, "FILE", 0,
	  "checkpoint: take the signatures by the verifier key in FILE; repeatable", 0 },
	{ "entry", OPT_ENTRY, "N", 0, "prove: that entry N is in the ledger", 0 },
	{ "since", OPT_SINCE, "N", 0,
	  "prove: that the ledger has only grown since it had N entries", 0 },
	{ "log", OPT_LOG, "FILE", 0,
	  "verify, cosign, import: the verifier key of the log is in FILE", 0 },
	{ "checkpoint", OPT_CHECKPOINT, "FILE", 0,
	  "verify: the ledger must go on from the checkpoint in FILE, which was kept elsewhere",
	  0 },
	{ "seen", OPT_SEEN, "FILE", 0,
	  "cosign: FILE holds the last checkpoint that this witness has signed", 0 },
	{ "records", OPT_RECORDS, "DIR", 0,
	  "export, import: what the entries say is in DIR, which is not for others", 0 },
	{ "item", OPT_ITEM, "WORD", 0, "release, write-off: the item, as items shows it",
	  0 },
	{ "id", OPT_ID, "ID", 0,
	  "quarantine, reinstate, retire, forget: the device with this imei or ueid", 0 },
	{ "reason", OPT_REASON, "WORD", 0,
	  "only-issued, release, write-off, quarantine, reinstate, retire, forget: why; it stands in the ledger",
	  0 },
	{ "yes", OPT_YES, NULL, 0, "forget: don't ask", 0 },
	{ 0 },
};

static const struct argp_child children[] = { { &ledger_argp, 0, NULL, 0 },
					      { &key_argp, 0, NULL, 0 },
					      { &out_argp, 0, NULL, 0 },
					      { &report_argp, 0, NULL, 0 },
					      { 0 } };

/* What actions take of the command line. */
enum {
	PATH = 1,
	KEY = 1 << 1,
	NAME = 1 << 2,
	LOG = 1 << 3,
	SEEN = 1 << 4,
	RECORDS = 1 << 5,
	ITEM = 1 << 6,
	ID = 1 << 7,
	REASON = 1 << 8,
	ORIGIN = 1 << 9,
	COSIGNS = 1 << 10,
	WITNESS = 1 << 11,
	ENTRY = 1 << 12,
	SINCE = 1 << 13,
	CHECKPOINT = 1 << 14,
	OUTPUT = 1 << 15,
	YES = 1 << 16,
	DECIDES = ITEM | REASON,
};

struct action {
	const char *name;
	int (*run)(const struct ledger_work *w, struct imp_error *err);
	unsigned needs, may; /* what it must have, and what it can use besides */
};

static const struct action actions[] = {
	{ "init", ledger_do_init, 0, ORIGIN },
	{ "show", ledger_do_show, 0, 0 },
	{ "only-issued", ledger_do_only_issued, REASON, 0 },
	{ "key", ledger_do_key, PATH | NAME, COSIGNS | OUTPUT },
	{ "checkpoint", ledger_do_checkpoint, 0, PATH | KEY | WITNESS | OUTPUT },
	{ "prove", ledger_do_prove, 0, ENTRY | SINCE | OUTPUT },
	{ "verify", ledger_do_verify, 0, PATH | LOG | CHECKPOINT },
	{ "cosign", ledger_do_cosign, PATH | KEY | NAME | LOG | SEEN, OUTPUT },
	{ "items", ledger_do_items, 0, 0 },
	{ "release", ledger_do_release, DECIDES, 0 },
	{ "write-off", ledger_do_write_off, DECIDES, 0 },
	{ "quarantine", ledger_do_quarantine, ID | REASON, 0 },
	{ "reinstate", ledger_do_reinstate, ID | REASON, 0 },
	{ "retire", ledger_do_retire, ID | REASON, 0 },
	{ "forget", ledger_do_forget, ID | REASON, YES },
	{ "export", ledger_do_export, PATH, RECORDS },
	{ "import", ledger_do_import, PATH | LOG | RECORDS, 0 },
};

static const struct action *action_of(const char *name)
{
	for (size_t i = 0; i < COUNTOF(actions); i++)
		if (strcmp(actions[i].name, name) == 0)
			return &actions[i];
	return NULL;
}

enum { UNSAID = INT64_MAX }; /* no ledger has as many entries */

/* What is missing, and what would not be looked at. */
static void check_words(struct argp_state *state, const struct ledger_work *w,
			const struct action *a)
{
	const struct {
		unsigned bit;
		const char *word;
		bool there;
	} words[] = {
		{ PATH, "FILE", w->file },
		{ KEY, "-k KEY", w->key.path },
		{ NAME, "--name WORD", w->name },
		{ LOG, "--log FILE", w->log },
		{ SEEN, "--seen FILE", w->seen },
		{ RECORDS, "--records DIR", w->records },
		{ ITEM, "--item WORD", w->item },
		{ ID, "--id ID", w->id },
		{ REASON, "--reason WORD", w->reason },
		{ ORIGIN, "--origin WORD", w->origin },
		{ COSIGNS, "--cosigns", w->cosigns },
		{ WITNESS, "--witness FILE", w->witnesses.count > 0 },
		{ ENTRY, "--entry N", w->entry != UNSAID },
		{ SINCE, "--since N", w->since != UNSAID },
		{ CHECKPOINT, "--checkpoint FILE", w->checkpoint },
		{ OUTPUT, "-o FILE", w->out.path },
		{ YES, "--yes", w->yes },
	};

	for (size_t i = 0; i < COUNTOF(words); i++) {
		if (!words[i].there && (a->needs & words[i].bit))
			argp_error(state, "%s: missing %s", w->action, words[i].word);
		if (words[i].there && !((a->needs | a->may) & words[i].bit))
			argp_error(state, "%s: takes no %s", w->action, words[i].word);
	}
}

/* What goes together, of actions that do two things. */
static void check_choice(struct argp_state *state, const struct ledger_work *w)
{
	bool proves = strcmp(w->action, "prove") == 0;
	bool checkpoints = strcmp(w->action, "checkpoint") == 0;

	if (proves && (w->entry == UNSAID) == (w->since == UNSAID))
		argp_error(state, "prove: expected --entry N or --since N");
	if (checkpoints && !w->key.path == !w->file)
		argp_error(state, "checkpoint: expected -k KEY to make one, or FILE that "
				  "witnesses have signed");
	if (checkpoints && w->file && w->witnesses.count == 0)
		argp_error(state, "checkpoint FILE: missing --witness FILE");
	if (strcmp(w->action, "verify") == 0 && (w->file || w->checkpoint) && !w->log)
		argp_error(state, "verify: missing --log FILE: whose signature counts?");
}

static void no_action(struct argp_state *state, const char *word)
{
	const char *names[COUNTOF(actions)], *near;
	char all[256] = "";
	size_t len = 0;

	for (size_t i = 0; i < COUNTOF(actions); i++) {
		names[i] = actions[i].name;
		len += (size_t)snprintf(all + len, sizeof(all) - len, "%s%s",
					i ? ", " : "", names[i]);
	}
	near = word ? imp_nearest(word, names, COUNTOF(names)) : NULL;
	if (near)
		argp_error(state, "no action '%.40s'; did you mean %s?", word, near);
	argp_error(state, "expected one of %s", all);
}

static void check(struct argp_state *state, const struct ledger_work *w)
{
	const struct action *action = w->action ? action_of(w->action) : NULL;

	if (!action)
		no_action(state, w->action);
	check_words(state, w, action);
	check_choice(state, w);
}

static error_t parse_word(struct ledger_work *w, char *arg)
{
	if (w->action && w->file)
		return ARGP_ERR_UNKNOWN;
	*(w->action ? &w->file : &w->action) = arg;
	return 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct ledger_work *w = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		w->entry = w->since = UNSAID;
		state->child_inputs[0] = &w->ledger;
		state->child_inputs[1] = &w->key;
		state->child_inputs[2] = &w->out;
		state->child_inputs[3] = &w->report;
		return 0;
	case OPT_ORIGIN:
		w->origin = arg;
		return 0;
	case OPT_NAME:
		w->name = arg;
		return 0;
	case OPT_COSIGNS:
		w->cosigns = true;
		return 0;
	case OPT_WITNESS:
		path_list_add(state, &w->witnesses, arg);
		return 0;
	case OPT_ENTRY:
		w->entry = cli_number(state, "--entry", arg, 0, UNSAID - 1);
		return 0;
	case OPT_SINCE:
		w->since = cli_number(state, "--since", arg, 0, UNSAID - 1);
		return 0;
	case OPT_LOG:
		w->log = arg;
		return 0;
	case OPT_CHECKPOINT:
		w->checkpoint = arg;
		return 0;
	case OPT_SEEN:
		w->seen = arg;
		return 0;
	case OPT_RECORDS:
		w->records = arg;
		return 0;
	case OPT_ITEM:
		w->item = arg;
		return 0;
	case OPT_ID:
		w->id = arg;
		return 0;
	case OPT_REASON:
		w->reason = cli_text(state, "--reason", arg, IMP_LEDGER_REASON);
		return 0;
	case OPT_YES:
		w->yes = true;
		return 0;
	case ARGP_KEY_ARG:
		return parse_word(w, arg);
	case ARGP_KEY_END:
		check(state, w);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = ACTIONS " [FILE]",
	.doc = "Make a ledger (init), tell what it is (show), let it carry only what was issued in it (only-issued), sign its state (checkpoint), prove an entry or its "
	       "growth (prove), check all of it or a proof (verify); write it as plain files (export), or make one of "
	       "such files (import); tell what is in doubt (items) and decide it (release, write-off), take a device out "
	       "(quarantine, retire) and in again (reinstate), forget one (forget); and for others: write a verifier key (key), sign as a witness (cosign).",
	.children = children,
};

static int run(const struct cli *cli, int argc, char **argv, struct imp_error *err)
{
	CLEANUP(imp_crypto_free) struct imp_crypto *crypto = NULL;
	struct ledger_work w = { 0 };
	int rc;

	(void)cli;
	cli_parse(&cmd_ledger, argc, argv, &w);
	rc = imp_crypto_new(&crypto, err);
	w.crypto = crypto;
	if (!rc && w.since != UNSAID)
		return ledger_do_grow(&w, err);
	return rc ? rc : action_of(w.action)->run(&w, err);
}

const struct cli_cmd cmd_ledger = {
	.name = "ledger",
	.brief = "checkpoint, prove and verify the ledger",
	.argp = &argp,
	.run = run,
};
