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

static const struct argp_option options[] = {
	{ "key", 'k', "KEY", 0,
	  "Sign credentials with the owner's KEY; to open them, the back-end's", 0 },
	{ "pass-fd", OPT_PASS_FD, "FD", 0,
	  "Read the passphrase of an encrypted key from the descriptor FD, one line", 0 },
	{ "to", OPT_TO, "PUB", 0, "Encrypt credentials to the back-end's key PUB", 0 },
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

static const struct argp_child children[] = {
	{ &compile_argp, 0, "To make credentials, as for build:", 1 },
	{ &jobs_argp, 0, NULL, 1 },
	{ &out_argp, 0, "Output:", 2 },
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

/* Options that belong to the other half of the command are mistakes, not ignored. */
static void check(struct argp_state *state, const struct export_args *a)
{
	const struct compile_args *c = &a->compile;
	const struct {
		const char *name;
		bool given, credentials;
	} given[] = {
		{ "--format", a->format, false },
		{ "--signer", a->signer, false },
		{ "--instance", a->pick.has_instance, false },
		{ "--without", a->pick.withouts > 0, false },
		{ "--type", a->type, false },
		{ "--to", a->to, true },
		{ "--csv", c->csv, true },
		{ "--seed", c->seed, true },
		{ "--objects", c->objects, true },
		{ "--set", c->sets > 0, true },
		{ "--id", c->id_count > 0, true },
		{ "--sequence", c->sequence > 0, true },
		{ "--epochs", c->has_epochs, true },
		{ "--generation", c->has_generation, true },
		{ "--delimiter", c->delimiter != ',', true },
		{ "--keep-going", c->keep_going, true },
	};

	for (size_t i = 0; i < COUNTOF(given); i++)
		if (given[i].given && given[i].credentials != a->credentials)
			argp_error(state, "%s is not for %s", given[i].name,
				   a->credentials ? "export credentials" : "--format");
	if (!a->key)
		argp_error(state, "missing -k KEY");
	if (a->credentials && !a->to)
		argp_error(state, "missing --to PUB");
	if (!a->credentials && !a->signer)
		argp_error(state, "missing --signer PUB");
	if (!a->credentials && (!a->out.path || strcmp(a->out.path, "-") == 0))
		argp_error(state, "missing -o FILE: secrets in clear go into a file");
	if (a->format && a->format->scope != EXPORT_ONE && a->pick.has_instance)
		argp_error(state, "--instance: %s takes all of them", a->format->name);
	if (a->format && a->format->scope == EXPORT_ANY && a->pick.withouts > 0)
		argp_error(state, "--without: %s takes every object", a->format->name);
}

static error_t parse_arg(struct export_args *a, char *arg, struct argp_state *state)
{
	if (state->arg_num > 0 || a->format || strcmp(arg, "credentials") != 0)
		return ARGP_ERR_UNKNOWN; /* the file: compile_argp takes it */
	a->credentials = true;
	return 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct export_args *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		a->pass_fd = -1;
		state->child_inputs[0] = &a->compile;
		state->child_inputs[1] = &a->jobs;
		state->child_inputs[2] = &a->out;
		return 0;
	case 'k':
		a->key = arg;
		return 0;
	case OPT_PASS_FD:
		a->pass_fd = (int)cli_number(state, "--pass-fd", arg, 0, 1023);
		return 0;
	case OPT_TO:
		a->to = arg;
		return 0;
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
	case ARGP_KEY_ARG:
		return parse_arg(a, arg, state);
	case ARGP_KEY_NO_ARGS:
		if (!a->compile.profile && !a->format)
			argp_error(state, "missing 'credentials PROFILE' or --format");
		return 0;
	case ARGP_KEY_END:
		check(state, a);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "credentials PROFILE\n--format FORMAT FILE",
	.doc = "With the word credentials, compile PROFILE as build does and write what a server needs to know of each "
	       "device's secrets, signed and encrypted to a back-end. At the back-end, open such a FILE, verify it, and "
	       "write what a server takes.",
	.children = children,
};

static int run(const struct cli *cli, int argc, char **argv, struct imp_error *err)
{
	struct export_args a = { 0 };

	(void)cli;
	cli_parse(&cmd_export, argc, argv, &a);
	if (a.credentials)
		return export_credentials(&a, err);
	if (!a.format)
		return imp_fail(err, IMP_EUSAGE, "missing --format %s", FORMATS);
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
