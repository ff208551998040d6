/* SPDX-License-Identifier: Apache-2.0 */
/*
 * imprint complete -- WORD...: print completions for the last WORD, one a line,
 * "word<TAB>description". The scripts in completions/ only call this.
 */
#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>

#include "commands.h"
#include "complete.h"
#include "datadir.h"
#include "sim/fault.h"

static const struct argp argp = { 0 };

struct query {
	const char *word;     /* being completed */
	const char *value_of; /* long or short option before it, or NULL */
	const char *metavar;  /* its argument, once found */
	const char *action;   /* of a command that has several; NULL */
};

void offer(const char *word, const char *prefix, const char *help)
{
	if (strncmp(word, prefix, strlen(prefix)) == 0)
		printf("%s\t%s\n", word, help);
}

/* Is a word in a list, "a|b|c" or "a, b, c", of which len bytes count? */
static bool is_listed(const char *word, const char *list, size_t len)
{
	size_t n;

	for (const char *end = list + len; list < end; list += n) {
		list += strspn(list, "|, ");
		n = strcspn(list, "|, :");
		if (n == strlen(word) && memcmp(list, word, n) == 0)
			return true;
	}
	return false;
}

/* "key, cosign: ..." is for these actions alone. */
static bool is_for(const struct argp_option *o, const char *action)
{
	size_t len = strspn(o->doc, "abcdefghijklmnopqrstuvwxyz-, ");

	return !action || o->doc[len] != ':' || is_listed(action, o->doc, len);
}

static void option_word(const struct argp_option *o, void *arg)
{
	struct query *q = arg;
	char word[64];

	if (!is_for(o, q->action))
		return;
	snprintf(word, sizeof(word), "--%s%s", o->name, o->arg ? "=" : "");
	offer(word, q->word, o->doc);
}

static void option_metavar(const struct argp_option *o, void *arg)
{
	struct query *q = arg;
	size_t n = strcspn(q->value_of, "=");
	bool is_long = strncmp(q->value_of, "--", 2) == 0;

	if ((is_long && strlen(o->name) == n - 2 &&
	     strncmp(o->name, q->value_of + 2, n - 2) == 0) ||
	    (!is_long && n == 2 && q->value_of[0] == '-' && q->value_of[1] == o->key))
		q->metavar = o->arg;
}

/* a|b|c */
static void offer_words(const char *words, const char *prefix)
{
	while (*words) {
		size_t n = strcspn(words, "|");
		char word[32];

		snprintf(word, sizeof(word), "%.*s", (int)n, words);
		offer(word, prefix, "");
		words += n + (words[n] == '|');
	}
}

/* NAME.yaml */
static void offer_modems(const char *prefix)
{
	char dir[4096];
	struct dirent *e;
	DIR *d;

	modems_dir(dir, sizeof(dir));
	d = opendir(dir);
	while (d && (e = readdir(d))) {
		char *end = strstr(e->d_name, ".yaml");

		if (!end || e->d_name[0] == '.')
			continue;
		*end = '\0';
		offer(e->d_name, prefix, "shipped modem");
	}
	if (d)
		closedir(d);
}

/* [DEVICE:]KIND */
static void offer_faults(const char *prefix)
{
	size_t digits = strspn(prefix, "0123456789");
	int device = digits > 0 && prefix[digits] == ':' ? (int)digits + 1 : 0;
	char kind[IMP_SIM_FAULT_NAME], word[PATH_MAX];

	for (size_t i = 0; imp_sim_fault_name(i, kind); i++) {
		snprintf(word, sizeof(word), "%.*s%s", device, prefix, kind);
		offer(word, prefix, "");
	}
}

/* Where keys are that are in no file. */
static void offer_schemes(const char *prefix)
{
	offer("pkcs11:token=", prefix, "a key in a PKCS#11 token");
	offer("handle:0x81", prefix, "a key in a TPM");
}

static bool is_one_of(const char *metavar, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(metavar, *list) == 0)
			return true;
	return false;
}

static void offer_commands(const char *prefix)
{
	for (const struct cli_cmd *const *c = cli_cmds; *c; c++)
		offer((*c)->name, prefix, (*c)->brief);
}

/* The metavar is the type: cmd/imprint/args.h has the whole vocabulary. What the shell
 * knows best is asked for by name. */
static void complete_value(const char *metavar, const char *prefix)
{
	static const char *const files[] = { "FILE",	"FILE...", "KEY", "PUB",
					     "PROFILE", "A",	   NULL };

	if (strcmp(metavar, "KEY") == 0 || strcmp(metavar, "PUB") == 0)
		offer_schemes(prefix);
	if (strcmp(metavar, "DIR") == 0) {
		puts(":DIR");
	} else if (is_one_of(metavar, files)) {
		puts(":FILE");
	} else if (strcmp(metavar, "DEVICE") == 0) {
		offer_devices(prefix);
	} else if (strcmp(metavar, "FAULT") == 0) {
		offer_faults(prefix);
	} else if (strcmp(metavar, "COMMAND") == 0) {
		offer_commands(prefix);
	} else if (strcmp(metavar, "MODEM") == 0) {
		offer_modems(prefix);
		puts(":FILE");
	} else if (strchr(metavar, '|')) {
		offer_words(metavar, prefix);
	}
}

/* The first line of what a command takes: "[FILE]" is a FILE, too, and a word in small
 * letters stands for itself. */
static void complete_argument(const char *args_doc, const char *prefix)
{
	const char *end = args_doc + strcspn(args_doc, "\n");

	for (const char *at = args_doc; at < end;) {
		size_t n;
		char metavar[80];

		at += *at == '[';
		n = strcspn(at, " \n]");
		snprintf(metavar, sizeof(metavar), "%.*s", (int)n, at);
		if (metavar[0] >= 'a' && metavar[0] <= 'z' && !strchr(metavar, '|'))
			offer(metavar, prefix, "");
		else
			complete_value(metavar, prefix);
		at += n + 1;
	}
}

/* The word behind the command, where it is one of its actions. */
static const char *action_of(const char *args_doc, int argc, char **argv, int at)
{
	const char *actions = args_doc ? args_doc : "";
	size_t len = strcspn(actions, " \n");

	return at < argc - 1 && memchr(actions, '|', len) &&
			       is_listed(argv[at], actions, len)
		       ? argv[at]
		       : NULL;
}

static int run(const struct cli *cli, int argc, char **argv, struct imp_error *err)
{
	const struct cli_cmd *cmd;
	struct query q = { 0 };
	int first = argc > 1 && strcmp(argv[1], "--") == 0 ? 2 : 1;

	(void)cli;
	(void)err;
	if (argc - first < 2) {
		offer_commands(argc > first ? argv[first] : "");
		return 0;
	}
	cmd = cli_find(argv[first]);
	if (!cmd)
		return 0;

	q.action = action_of(cmd->argp->args_doc, argc, argv, first + 1);
	q.word = argv[argc - 1];
	q.value_of = argv[argc - 2];
	if (strncmp(q.word, "--", 2) == 0 && strchr(q.word, '='))
		q.value_of = q.word;
	if (q.value_of[0] == '-')
		cli_each_option(cmd->argp, option_metavar, &q);
	if (q.metavar)
		complete_value(q.metavar,
			       q.value_of == q.word ? strchr(q.word, '=') + 1 : q.word);
	else if (q.word[0] == '-') {
		cli_each_option(cmd->argp, option_word, &q);
		cli_each_option(&cli_std_argp, option_word, &q);
	} else if (cmd->argp->args_doc)
		complete_argument(cmd->argp->args_doc, q.word);
	return 0;
}

const struct cli_cmd cmd_complete = {
	.name = "complete",
	.brief = "print completions",
	.argp = &argp,
	.run = run,
};
