/* SPDX-License-Identifier: Apache-2.0 */
/* imprint init: a project folder that works at once. */
#include <string.h>

#include "args.h"
#include "commands.h"
#include "json.h"
#include "project.h"

#define EXAMPLES "nb-iot-sensor|lte-m-tracker|calibration"

struct args {
	struct report_args report;
	const char *dir, *example;
};

enum { OPT_EXAMPLE = 0x100 };

static const struct argp_option options[] = {
	{ "example", OPT_EXAMPLE, EXAMPLES, 0,
	  "The example to begin with (default nb-iot-sensor)", 0 },
	{ 0 },
};

static const struct argp_child children[] = { { &report_argp, 0, NULL, 0 }, { 0 } };

/* Is it one of a|b|c? */
static bool is_among(const char *words, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = words; at; at = strchr(at, '|')) {
		at += *at == '|';
		if (strcspn(at, "|") == len && strncmp(at, word, len) == 0)
			return true;
	}
	return false;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		a->example = "nb-iot-sensor";
		state->child_inputs[0] = &a->report;
		return 0;
	case OPT_EXAMPLE:
		if (!is_among(EXAMPLES, arg))
			argp_error(state, "--example: '%s' is none of " EXAMPLES, arg);
		a->example = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (a->dir)
			return ARGP_ERR_UNKNOWN;
		a->dir = arg;
		return 0;
	case ARGP_KEY_END:
		if (!a->dir)
			argp_error(state, "missing DIR");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "DIR",
	.doc = "Make a project folder that works at once: a profile, a table of test devices, test keys, and a "
	       "README.md that says what to type next.",
	.children = children,
};

static void list_files(struct json *j, const struct project *p, const char *key,
		       bool private)
{
	json_open(j, key, '[');
	for (size_t i = 0; i < p->count; i++)
		if (p->file[i].private == private)
			json_str(j, NULL, p->file[i].name);
	json_close(j, ']');
}

static void report_json(const struct args *a, const struct project *p)
{
	struct json j = { .f = stdout, .first = true };

	json_open(&j, NULL, '{');
	json_str(&j, "folder", a->dir);
	json_str(&j, "example", a->example);
	list_files(&j, p, "files", false);
	list_files(&j, p, "private_files", true);
	json_open(&j, "next", '[');
	for (size_t i = 0; i < p->nexts; i++)
		json_str(&j, NULL, p->next[i]);
	json_close(&j, ']');
	json_close(&j, '}');
	putchar('\n');
}

static void print_files(const struct project *p, bool private)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->file[i].private == private)
			printf(" %s", p->file[i].name);
	putchar('\n');
}

/* As a shell takes it for one word. */
static void print_word(const char *word)
{
	const char *plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    "0123456789_./+-:@%,";

	if (*word && word[strspn(word, plain)] == '\0') {
		fputs(word, stdout);
		return;
	}
	putchar('\'');
	for (; *word; word++)
		if (*word == '\'')
			fputs("'\\''", stdout);
		else
			putchar(*word);
	putchar('\'');
}

static void report_text(const struct args *a, const struct project *p)
{
	printf("%s: from the example %s\n ", a->dir, a->example);
	print_files(p, false);
	fputs("  for tests only, and for you alone:", stdout);
	print_files(p, true);
	fputs("next, as its README.md says:\n  cd ", stdout);
	print_word(a->dir);
	putchar('\n');
	for (size_t i = 0; i < p->nexts; i++)
		printf("  %s\n", p->next[i]);
}

static int run(const struct cli *cli, int argc, char **argv, struct imp_error *err)
{
	CLEANUP(imp_crypto_free) struct imp_crypto *crypto = NULL;
	struct project project;
	struct args a = { 0 };
	int rc;

	(void)cli;
	cli_parse(&cmd_init, argc, argv, &a);
	rc = imp_crypto_new(&crypto, err);
	if (!rc)
		rc = project_make(&project, crypto, a.dir, a.example, err);
	if (rc)
		return rc;
	if (a.report.json)
		report_json(&a, &project);
	else
		report_text(&a, &project);
	return 0;
}

const struct cli_cmd cmd_init = {
	.name = "init",
	.brief = "make a project folder that works at once",
	.argp = &argp,
	.run = run,
	.basic = true,
};
