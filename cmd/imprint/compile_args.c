/* SPDX-License-Identifier: Apache-2.0 */
/* What the command line says about a profile and its rows. */
#include <string.h>

#include "compile.h"

enum {
	OPT_CSV = 0x600,
	OPT_DELIMITER,
	OPT_SEED,
	OPT_OBJECTS,
	OPT_SEQUENCE,
	OPT_EPOCHS,
	OPT_GENERATION,
	OPT_ID,
	OPT_KEEP_GOING,
};

static const struct argp_option options[] = {
	{ "csv", OPT_CSV, "FILE", 0, "Make a profile for each row of FILE", 0 },
	{ "delimiter", OPT_DELIMITER, "CHAR", 0,
	  "Character between the fields of the CSV, or tab (default ,)", 0 },
	{ "set", 's', "NAME=VALUE", 0, "Set a variable; repeatable", 0 },
	{ "seed", OPT_SEED, "KEY", 0,
	  "Derive generated secrets and salts from the seed in KEY", 0 },
	{ "objects", OPT_OBJECTS, "DIR", 0, "Read object descriptions from DIR", 0 },
	{ "sequence", OPT_SEQUENCE, "N", 0, "Sequence, in place of the file's", 0 },
	{ "epochs", OPT_EPOCHS, "A,B", 0,
	  "Owner-epoch and domain-epoch, in place of the file's", 0 },
	{ "generation", OPT_GENERATION, "N", 0, "Generation of generated secrets", 0 },
	{ "id", OPT_ID, "ID", 0, "Only rows with this serial, imei or ueid; repeatable",
	  0 },
	{ 0 },
};

static void parse_epochs(struct argp_state *state, struct compile_args *a,
			 const char *arg)
{
	const char *comma = strchr(arg, ',');
	char owner[16] = "";

	if (!comma || comma - arg >= (ptrdiff_t)sizeof(owner))
		argp_error(state, "--epochs: '%s' is not OWNER-EPOCH,DOMAIN-EPOCH", arg);
	memcpy(owner, arg, (size_t)(comma - arg));
	a->epochs[0] = (uint32_t)cli_number(state, "--epochs", owner, 0, UINT32_MAX);
	a->epochs[1] = (uint32_t)cli_number(state, "--epochs", comma + 1, 0, UINT32_MAX);
	a->has_epochs = true;
}

static void add(struct argp_state *state, const char **list, size_t *count, size_t cap,
		const char *arg)
{
	if (*count == cap)
		argp_error(state, "more than %zu times the same option", cap);
	list[(*count)++] = arg;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct compile_args *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		a->delimiter = ',';
		return 0;
	case OPT_CSV:
		a->csv = arg;
		return 0;
	case OPT_DELIMITER:
		a->delimiter = cli_delimiter(state, arg);
		return 0;
	case 's':
		add(state, a->set, &a->sets, COUNTOF(a->set), arg);
		return 0;
	case OPT_SEED:
		a->seed = arg;
		return 0;
	case OPT_OBJECTS:
		a->objects = arg;
		return 0;
	case OPT_SEQUENCE:
		a->sequence = cli_number(state, "--sequence", arg, 1, INT64_MAX);
		return 0;
	case OPT_EPOCHS:
		parse_epochs(state, a, arg);
		return 0;
	case OPT_GENERATION:
		a->generation =
			(uint32_t)cli_number(state, "--generation", arg, 0, UINT32_MAX);
		a->has_generation = true;
		return 0;
	case OPT_ID:
		add(state, a->ids, &a->id_count, COUNTOF(a->ids), arg);
		return 0;
	case ARGP_KEY_ARG:
		if (a->profile)
			return ARGP_ERR_UNKNOWN;
		a->profile = arg;
		return 0;
	case ARGP_KEY_END:
		if (!a->profile)
			argp_error(state, "missing PROFILE");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp source_argp = { .options = options, .parser = parse };

static const struct argp_option going_options[] = {
	{ "keep-going", OPT_KEEP_GOING, NULL, 0,
	  "Leave out rows with mistakes, report them, and end with status 11", 0 },
	{ 0 },
};

static error_t parse_going(int key, char *arg, struct argp_state *state)
{
	struct compile_args *a = state->input;

	(void)arg;
	if (key == ARGP_KEY_INIT)
		state->child_inputs[0] = a;
	else if (key == OPT_KEEP_GOING)
		a->keep_going = true;
	else
		return ARGP_ERR_UNKNOWN;
	return 0;
}

static const struct argp_child children[] = { { &source_argp, 0, NULL, 0 }, { 0 } };

const struct argp compile_argp = { .options = going_options,
				   .parser = parse_going,
				   .children = children };
