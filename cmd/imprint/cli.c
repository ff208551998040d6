/* SPDX-License-Identifier: Apache-2.0 */
/* The command table; argp, made exact. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli.h"
#include "commands.h"
#include "model/object.h"

static const struct cli_cmd *find_in(const struct cli_cmd *const *t, const char *name)
{
	for (; *t; t++)
		if (strcmp((*t)->name, name) == 0)
			return *t;
	return NULL;
}

const struct cli_cmd *cli_find(const char *name)
{
	const struct cli_cmd *c = find_in(cli_cmds, name);

	return c ? c : find_in(cli_hidden, name);
}

enum { COMMANDS_MAX = 64 };

int cli_unknown(const char *name, struct imp_error *err)
{
	const char *names[COMMANDS_MAX], *near;
	char all[IMP_ERROR_TEXT] = "";
	size_t count = 0, len = 0;
	int rc;

	for (; cli_cmds[count] && count < COMMANDS_MAX; count++) {
		names[count] = cli_cmds[count]->name;
		len += (size_t)snprintf(all + len, sizeof(all) - len, "%s%s",
					count ? ", " : "", names[count]);
	}
	near = imp_nearest(name, names, count);
	rc = near ? imp_fail(err, IMP_EUSAGE, "no command '%.40s'; did you mean %s?",
			     name, near)
		  : imp_fail(err, IMP_EUSAGE, "no command '%.40s'", name);
	return imp_hint(err, rc, "the commands are %s", all);
}

void cli_each_option(const struct argp *argp,
		     void (*fn)(const struct argp_option *o, void *arg), void *arg)
{
	for (const struct argp_option *o = argp->options;
	     o && (o->name || o->key || o->doc); o++)
		if (o->name && !(o->flags & (OPTION_HIDDEN | OPTION_DOC)))
			fn(o, arg);
	for (const struct argp_child *c = argp->children; c && c->argp; c++)
		cli_each_option(c->argp, fn, arg);
}

enum { OPT_USAGE = 0x1000 };

static const struct argp_option std_options[] = {
	{ "help", 'h', NULL, 0, "Print this help and exit", -1 },
	{ "usage", OPT_USAGE, NULL, 0, "Print the options in one line and exit", -1 },
	{ 0 },
};

static error_t std_parse(int key, char *arg, struct argp_state *state)
{
	(void)arg;
	switch (key) {
	case 'h':
		argp_state_help(state, stdout, ARGP_HELP_STD_HELP);
		return 0;
	case OPT_USAGE:
		argp_state_help(state, stdout, ARGP_HELP_USAGE | ARGP_HELP_EXIT_OK);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* argp's own --help and --usage come with a hidden --HANG and --program-name;
 * ARGP_NO_HELP drops all four and this brings back the two we want. */
const struct argp cli_std_argp = { .options = std_options, .parser = std_parse };

/* Looking for the option behind a word. */
struct query {
	const char *name; /* long; NULL: short */
	size_t len;
	char letter;
	const struct argp_option *found;
};

static void match(const struct argp_option *o, void *arg)
{
	struct query *q = arg;
	bool fits = q->name ? strlen(o->name) == q->len &&
				      memcmp(o->name, q->name, q->len) == 0
			    : o->key == q->letter;

	if (fits)
		q->found = o;
}

/* What was given so far: an option with a value is given once, unless its words say that
 * it is repeatable. */
struct given {
	const struct argp *argp;
	const struct argp_option *option[256];
	size_t count;
	const char *program;
};

static void note(struct given *g, const struct argp_option *o)
{
	if (!o->arg || strstr(o->doc, "repeatable"))
		return;
	for (size_t i = 0; i < g->count; i++)
		if (g->option[i] == o) {
			fprintf(stderr, "%s: --%s is given twice\n", g->program, o->name);
			exit(argp_err_exit_status);
		}
	if (g->count < COUNTOF(g->option))
		g->option[g->count++] = o;
}

/* -dDEV has its value in the word, -d takes the next one. */
static bool check_letters(struct given *g, const char *word)
{
	for (const char *p = word + 1; *p; p++) {
		struct query q = { .letter = *p };

		cli_each_option(g->argp, match, &q);
		if (!q.found)
			continue; /* argp says so */
		note(g, q.found);
		if (q.found->arg)
			return p[1] == '\0';
	}
	return false;
}

/* getopt accepts any unique prefix of a long option. A suite that can retire devices must
 * not: `--forc` has to be an error. */
static bool check_name(struct given *g, const char *word)
{
	struct query q = { .name = word + 2, .len = strcspn(word + 2, "=") };

	cli_each_option(g->argp, match, &q);
	if (!q.found) {
		fprintf(stderr, "%s: unknown option '%s'\n", g->program, word);
		exit(argp_err_exit_status);
	}
	note(g, q.found);
	return q.found->arg && q.name[q.len] == '\0';
}

static void check_options(const struct argp *argp, int argc, char **argv)
{
	struct given g = { .argp = argp, .program = argv[0] };

	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (argv[i][0] == '-' && argv[i][1] != '\0')
			i += argv[i][1] == '-' ? check_name(&g, argv[i])
					       : check_letters(&g, argv[i]);
}

static error_t root_parse(int key, char *arg, struct argp_state *state)
{
	(void)arg;
	if (key == ARGP_KEY_INIT)
		state->child_inputs[0] = state->input;
	return ARGP_ERR_UNKNOWN;
}

static char *root_help_filter(int key, const char *text, void *input)
{
	(void)input;
	return key == ARGP_KEY_HELP_DUP_ARGS_NOTE ? NULL : (char *)text;
}

/* A word that the command did not take. */
static error_t surplus_parse(int key, char *arg, struct argp_state *state)
{
	if (key == ARGP_KEY_ARG)
		argp_error(state, "unexpected '%s'", arg);
	return ARGP_ERR_UNKNOWN;
}

static const struct argp surplus_argp = { .parser = surplus_parse };

void cli_parse(const struct cli_cmd *cmd, int argc, char **argv, void *input)
{
	const struct argp_child children[] = {
		{ cmd->argp, 0, NULL, 0 },
		{ &cli_std_argp, 0, NULL, -1 },
		{ &surplus_argp, 0, NULL, -1 },
		{ 0 },
	};
	const struct argp root = {
		.parser = root_parse,
		.children = children,
		.help_filter = root_help_filter,
	};
	char *typed = argv[0], name[64];

	snprintf(name, sizeof(name), "imprint %s", cmd->name);
	argv[0] = name; /* argp prints argv[0] in usage and errors */
	check_options(&root, argc, argv);
	cli_argp(&root, argc, argv, NULL, input);
	argv[0] = typed;
}

/* It ends the process at mistakes, and comes back with nothing parsed only where there is
 * no memory. */
void cli_argp(const struct argp *argp, int argc, char **argv, int *first, void *input)
{
	if (argp_parse(argp, argc, argv, ARGP_IN_ORDER | ARGP_NO_HELP, first, input) == 0)
		return;
	fputs("imprint: out of memory\n", stderr);
	exit(IMP_ERESOURCE);
}

const char *cli_text(struct argp_state *state, const char *what, const char *arg,
		     size_t max)
{
	if (!*arg || strlen(arg) > max || !imp_text_clean(imp_span_str(arg)))
		argp_error(state,
			   "%s: expected 1 to %zu bytes of UTF-8, without control "
			   "characters",
			   what, max);
	return arg;
}

bool cli_date(const char *text, uint64_t *out)
{
	struct tm tm = { 0 }, day;
	const char *end = strptime(text, "%Y-%m-%d", &tm);
	time_t t;

	if (end && *end == 'T')
		end = strptime(end, "T%H:%M:%SZ", &tm);
	day = tm;
	t = timegm(&tm);
	if (!end || *end || t <= 0 || tm.tm_mday != day.tm_mday)
		return false;
	*out = (uint64_t)t;
	return true;
}

uint64_t cli_number(struct argp_state *state, const char *what, const char *arg,
		    uint64_t min, uint64_t max)
{
	char *end;
	unsigned long long n;

	errno = 0;
	n = strtoull(arg, &end, 10);
	if (errno || *end || end == arg || arg[0] < '0' || arg[0] > '9' || n < min ||
	    n > max)
		argp_error(state, "%s: '%s' is not a number from %llu to %llu", what, arg,
			   (unsigned long long)min, (unsigned long long)max);
	return n;
}
