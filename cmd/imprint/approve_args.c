/* SPDX-License-Identifier: Apache-2.0 */
/* What approve is told on its command line. */
#include <string.h>

#include "approve.h"

enum { OPT_AGAINST = 0x100, OPT_OBJECTS, OPT_YES };

static const struct argp_option options[] = {
	{ "against", OPT_AGAINST, "FILE", 0,
	  "Show what profiles change, compared with profiles, signed profiles, packages or evidence in FILE",
	  0 },
	{ "objects", OPT_OBJECTS, "DIR", 0, "Read object descriptions from DIR", 0 },
	{ "yes", OPT_YES, NULL, 0, "Don't ask: whoever runs this has looked", 0 },
	{ 0 },
};

static const struct argp_child children[] = { { &key_argp, 0, NULL, 0 },
					      { &file_argp, 0, NULL, 0 },
					      { &ports_argp, 0, NULL, 0 },
					      { &verifier_argp, 0, NULL, 0 },
					      { &report_argp, 0, NULL, 0 },
					      { &quorum_argp, 0, NULL, 0 },
					      { 0 } };

static void check_sides(struct argp_state *state, const struct approve_args *a)
{
	const struct verifier_args *v = &a->verifier;
	bool asks = a->dev.devices > 0;

	if (a->against && asks)
		argp_error(state, "--against or -d, not both");
	if (!asks && (v->evidence || v->challenge))
		argp_error(state,
			   "--evidence and --challenge go with -d; --against takes "
			   "evidence, too");
	if (!asks && !a->against && (v->known.cards || v->known.factories.count > 0))
		argp_error(state, "--cards and --factory go with -d or --against");
}

static void check_args(struct argp_state *state, const struct approve_args *a)
{
	if (!a->in)
		argp_error(state, "missing FILE");
	if (strcmp(a->in, "-") == 0)
		argp_error(state, "expected a file: it is read twice, and only what was "
				  "shown is signed");
	if (!a->out.path)
		argp_error(state, "missing -o FILE");
	check_sides(state, a);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct approve_args *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->key;
		state->child_inputs[1] = &a->out;
		state->child_inputs[2] = &a->dev;
		state->child_inputs[3] = &a->verifier;
		state->child_inputs[4] = &a->report;
		state->child_inputs[5] = &a->quorum;
		return 0;
	case OPT_AGAINST:
		a->against = arg;
		return 0;
	case OPT_OBJECTS:
		a->objects = arg;
		return 0;
	case OPT_YES:
		a->yes = true;
		return 0;
	case ARGP_KEY_ARG:
		if (a->in)
			return ARGP_ERR_UNKNOWN;
		a->in = arg;
		return 0;
	case ARGP_KEY_END:
		check_args(state, a);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp approve_argp = {
	.options = options,
	.parser = parse,
	.args_doc = "FILE",
	.doc = "Add the signature of KEY (-k) to what needs the approval of several: shown in words first, and signed after a yes.",
	.children = children,
};
