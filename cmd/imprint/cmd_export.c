/* SPDX-License-Identifier: Apache-2.0 */
/* imprint export: the network side of a profile: credentials for a back-end, and files
 * for its servers. */
#include <string.h>

#include "commands.h"
#include "export.h"

enum {
	OPT_PASS_FD = 0x100,
	OPT_TO,
	OPT_FORMAT,
	OPT_SIGNER,
	OPT_INSTANCE,
	OPT_WITHOUT,
	OPT_TYPE
};

#define FORMATS "leshan|leshan-bootstrap|thingsboard|aws|azure|azure-dps|csv"

/* Both halves have these. */
static const struct argp_option common_options[] = {
	{ "key", 'k', "KEY", 0,
	  "Sign credentials with the owner's KEY; to open them, the back-end's", 0 },
	{ "pass-fd", OPT_PASS_FD, "FD", 0,
	  "Read the passphrase of an encrypted key from the descriptor FD, one line", 0 },
	{ 0 },
};

static const struct argp_child common_children[] = { { &out_argp, 0, "Output:", 2 },
						     { 0 } };

static error_t parse_common(int key, char *arg, struct argp_state *state)
{
	struct export_args *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		a->pass_fd = -1;
		state->child_inputs[0] = &a->out;
		return 0;
	case 'k':
		a->key = arg;
		return 0;
	case OPT_PASS_FD:
		a->pass_fd = (int)cli_number(state, "--pass-fd", arg, 0, 1023);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp common = { .options = common_options,
				    .parser = parse_common,
				    .children = common_children };

static const struct argp_option making_options[] = {
	{ "to", OPT_TO, "PUB", 0, "Encrypt credentials to the back-end's key PUB", 0 },
	{ 0 },
};

static const struct argp_child making_children[] = {
	{ &compile_argp, 0, "To make credentials, as for build:", 1 },
	{ &jobs_argp, 0, NULL, 1 },
	{ 0 },
};

static error_t parse_making(int key, char *arg, struct argp_state *state)
{
	struct export_args *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->compile;
		state->child_inputs[1] = &a->jobs;
		return 0;
	case OPT_TO:
		a->to = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp making = { .options = making_options,
				    .parser = parse_making,
				    .children = making_children };

static const struct argp_option opening_options[] = {
	{ "format", OPT_FORMAT, FORMATS, 0,
	  "Open credentials and write them for a server", 0 },
	{ "signer", OPT_SIGNER, "PUB", 0, "The key PUB must have signed them", 0 },
	{ "instance", OPT_INSTANCE, "N", 0,
	  "Hand on instance N of security, where a device has several", 0 },
	{ "without", OPT_WITHOUT, "N", 0, "Leave object N out; repeatable", 0 },
	{ "type", OPT_TYPE, "WORD", 0,
	  "The devices' type at ThingsBoard, a device profile (default lwm2m)", 0 },
	{ 0 },
};

static void add_without(struct argp_state *state, struct account_pick *pick,
			const char *arg)
{
	if (pick->withouts == COUNTOF(pick->without))
		argp_error(state, "more than %zu times --without", pick->withouts);
	pick->without[pick->withouts++] =
		(uint16_t)cli_number(state, "--without", arg, 0, UINT16_MAX);
}

static void set_format(struct argp_state *state, struct export_args *a, const char *arg)
{
	a->format = export_format_find(arg);
	if (!a->format)
		argp_error(state, "--format: '%s' is none of %s", arg, FORMATS);
}

static error_t parse_opening(int key, char *arg, struct argp_state *state)
{
	struct export_args *a = state->input;

	switch (key) {
	case OPT_FORMAT:
		set_format(state, a, arg);
		return 0;
	case OPT_SIGNER:
		a->signer = arg;
		return 0;
	case OPT_INSTANCE:
		a->pick.instance =
			(uint16_t)cli_number(state, "--instance", arg, 0, UINT16_MAX);
		a->pick.has_instance = true;
		return 0;
	case OPT_WITHOUT:
		add_without(state, &a->pick, arg);
		return 0;
	case OPT_TYPE:
		a->type = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp opening = { .options = opening_options,
				     .parser = parse_opening };

static error_t parse_credentials(int key, char *arg, struct argp_state *state)
{
	struct export_args *a = state->input;

	(void)arg;
	if (key == ARGP_KEY_INIT)
		state->child_inputs[0] = state->child_inputs[1] = a;
	else if (key == ARGP_KEY_END && !a->key)
		argp_error(state, "missing -k KEY");
	else if (key == ARGP_KEY_END && !a->to)
		argp_error(state, "missing --to PUB");
	else if (key != ARGP_KEY_END)
		return ARGP_ERR_UNKNOWN;
	return 0;
}

static const struct argp_child credentials_children[] = { { &making, 0, NULL, 0 },
							  { &common, 0, NULL, 0 },
							  { 0 } };

static const struct argp credentials_argp = {
	.parser = parse_credentials,
	.args_doc = "PROFILE",
	.doc = "Compile PROFILE as build does and write what a server needs to know of each device's secrets, signed and "
	       "encrypted to a back-end.",
	.children = credentials_children,
};

/* What the format has no use for is a mistake, not ignored. */
static void check_format(struct argp_state *state, const struct export_args *a)
{
	const struct export_format *f = a->format;

	if (f->scope != EXPORT_ONE && a->pick.has_instance)
		argp_error(state, "--instance: %s takes all of them", f->name);
	if (f->scope == EXPORT_ANY && a->pick.withouts > 0)
		argp_error(state, "--without: %s takes every object", f->name);
	if (!f->typed && a->type)
		argp_error(state, "--type: %s has none", f->name);
}

static void check_opening(struct argp_state *state, const struct export_args *a)
{
	if (!a->format)
		argp_error(state, "missing --format " FORMATS);
	if (!a->file)
		argp_error(state, "missing FILE");
	if (!a->key)
		argp_error(state, "missing -k KEY");
	if (!a->signer)
		argp_error(state, "missing --signer PUB");
	if (!a->out.path || strcmp(a->out.path, "-") == 0)
		argp_error(state, "missing -o FILE: secrets in clear go into a file");
	check_format(state, a);
}

static error_t parse_format(int key, char *arg, struct argp_state *state)
{
	struct export_args *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = state->child_inputs[1] = a;
		return 0;
	case ARGP_KEY_ARG:
		if (a->file)
			return ARGP_ERR_UNKNOWN;
		a->file = arg;
		return 0;
	case ARGP_KEY_END:
		check_opening(state, a);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child format_children[] = { { &opening, 0, NULL, 0 },
						     { &common, 0, NULL, 0 },
						     { 0 } };

static const struct argp format_argp = {
	.parser = parse_format,
	.args_doc = "FILE",
	.doc = "Open credentials at the back-end, verify them, and write what a server takes.",
	.children = format_children,
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct export_args *a = state->input;

	(void)arg;
	if (key == ARGP_KEY_INIT)
		for (size_t i = 0; i < 3; i++)
			state->child_inputs[i] = a;
	else if (key == ARGP_KEY_NO_ARGS)
		argp_error(state, "missing 'credentials PROFILE' or --format");
	else
		return ARGP_ERR_UNKNOWN;
	return 0;
}

static const struct argp_child children[] = {
	{ &common, 0, NULL, 0 }, { &opening, 0, NULL, 0 }, { &making, 0, NULL, 1 }, { 0 }
};

/* Both halves, for those who ask what there is. */
static const struct argp argp = {
	.parser = parse,
	.args_doc = "credentials PROFILE\n--format FORMAT FILE",
	.doc = "With the word credentials, compile PROFILE as build does and write what a server needs to know of each "
	       "device's secrets, signed and encrypted to a back-end. At the back-end, open such a FILE, verify it, and "
	       "write what a server takes.",
	.children = children,
};

static bool asks(const char *word)
{
	return strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0 ||
	       strcmp(word, "--usage") == 0;
}

/* The first word says which half it is. */
static int run(const struct cli *cli, int argc, char **argv, struct imp_error *err)
{
	static const struct cli_cmd credentials = { .name = "export credentials",
						    .argp = &credentials_argp };
	static const struct cli_cmd format = { .name = "export", .argp = &format_argp };
	struct export_args a = { 0 };

	(void)cli;
	if (argc > 1 && strcmp(argv[1], "credentials") == 0) {
		cli_parse(&credentials, argc - 1, argv + 1, &a);
		return export_credentials(&a, err);
	}
	cli_parse(argc < 2 || asks(argv[1]) ? &cmd_export : &format, argc, argv, &a);
	if (!a.type)
		a.type = "lwm2m";
	return export_file(&a, err);
}

const struct cli_cmd cmd_export = {
	.name = "export",
	.brief = "hand secrets to servers: credentials and bulk files",
	.argp = &argp,
	.run = run,
};
