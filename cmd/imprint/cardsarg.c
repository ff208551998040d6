/* SPDX-License-Identifier: Apache-2.0 */
/* Cards, and the factories that vouch for them. */
#include "cardsarg.h"

enum { OPT_CARDS = 0xc00, OPT_FACTORY };

static const struct argp_option options[] = {
	{ "cards", OPT_CARDS, "FILE", 0, "The devices' cards, as enroll wrote them", 0 },
	{ "factory", OPT_FACTORY, "PUB", 0,
	  "Trust device keys that the factory key PUB has endorsed; repeatable", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct cards_args *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->ledger;
		return 0;
	case OPT_CARDS:
		a->cards = arg;
		return 0;
	case OPT_FACTORY:
		path_list_add(state, &a->factories, arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = { { &ledger_argp, 0, NULL, 0 }, { 0 } };
const struct argp cards_argp = { .options = options,
				 .parser = parse,
				 .children = children };

bool cards_are_named(const struct cards_args *a)
{
	return a->cards || ledger_is_named(&a->ledger);
}

int pubs_read(struct imp_crypto *crypto, const struct path_list *l, struct imp_pub *out,
	      const char **test, struct imp_error *err)
{
	const char *found = NULL;

	for (size_t i = 0; i < l->count; i++) {
		CLEANUP(imp_key_fini) struct imp_key key = { 0 };
		int rc = trusted_read(crypto, l->path[i], &key, err);

		if (rc)
			return rc;
		out[i] = key.pub;
		if (key.class == IMP_CLASS_TEST)
			found = l->path[i];
	}
	if (test)
		*test = found;
	return 0;
}

int factories_check(const struct key_user *by, const char *test, struct imp_error *err)
{
	return !test || by->class == IMP_CLASS_TEST
		       ? 0
		       : imp_fail(err, IMP_EPOLICY,
				  "--factory %s: is a test key, and %s is for production",
				  test, by->path);
}
