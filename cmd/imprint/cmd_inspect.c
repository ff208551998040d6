/* SPDX-License-Identifier: Apache-2.0 */
/* imprint inspect: show objects and any CBOR as a tree; check one item strictly. */
#include <string.h>

#include "args.h"
#include "base/file.h"
#include "base/text.h"
#include "cbor/reader.h"
#include "commands.h"
#include "crypto/host.h"
#include "named_keys.h"
#include "names.h"

enum { FILE_MAX = 64 << 20 };

struct args {
	struct report_args report;
	const char *in, *objects;
	bool strict;
};

enum { OPT_STRICT = 0x100, OPT_OBJECTS };

static const struct argp_option options[] = {
	{ "strict", OPT_STRICT, NULL, 0,
	  "Take exactly one item in imprint's strict form; name the offset and the rule otherwise",
	  0 },
	{ "objects", OPT_OBJECTS, "DIR", 0, "Read object descriptions from DIR", 0 },
	{ 0 },
};

static const struct argp_child children[] = { { &report_argp, 0, NULL, 0 }, { 0 } };

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		a->in = "-";
		state->child_inputs[0] = &a->report;
		return 0;
	case OPT_STRICT:
		a->strict = true;
		return 0;
	case OPT_OBJECTS:
		a->objects = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num > 0)
			return ARGP_ERR_UNKNOWN;
		a->in = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "[FILE]",
	.doc = "Show what is in FILE (or standard input): any of imprint's objects, batch files, or any CBOR "
	       "sequence, with names for labels, claims, objects and resources. Secrets are not shown.",
	.children = children,
};

static int not_cbor(const struct args *a, const char *kind, struct imp_error *err)
{
	int rc = imp_fail(err, IMP_EFORMAT, "%s: is %s, expected CBOR", a->in, kind);

	return strcmp(kind, IMP_TEXT_PEM) == 0
		       ? imp_hint(err, rc, "imprint key %s shows a key", a->in)
		       : rc;
}

/* Whatever a file is, it must be CBOR to its end before any of it is shown: the start of
 * a key may look like some. */
static int check_sequence(const struct args *a, struct imp_span all,
			  struct imp_error *err)
{
	const char *text = imp_text_kind(all);
	size_t at = 0;

	if (all.len == 0)
		return imp_fail(err, IMP_EFORMAT, "%s: is empty", a->in);
	if (text)
		return not_cbor(a, text, err);
	while (at < all.len) {
		struct imp_cbor_fault fault = { 0 };
		size_t len =
			imp_cbor_item_len((struct imp_span){ all.ptr + at, all.len - at },
					  IMP_CBOR_ANY, &fault);

		fault.offset += at;
		if (len == 0)
			return imp_cbor_refuse(&fault, a->in, err);
		at += len;
	}
	return 0;
}

static int show_sequence(const struct args *a, struct imp_span all,
			 const struct show_names *names, struct imp_error *err)
{
	int rc = check_sequence(a, all, err);

	for (size_t at = 0, len; !rc && at < all.len; at += len) {
		const struct imp_span rest = { all.ptr + at, all.len - at };

		len = imp_cbor_item_len(rest, IMP_CBOR_ANY, NULL);
		rc = imp_wrap(err,
			      show_item(stdout, a->report.json,
					(struct imp_span){ rest.ptr, len }, names, err),
			      "%s", a->in);
	}
	return rc;
}

static int show_strict(const struct args *a, struct imp_span all,
		       const struct show_names *names, struct imp_error *err)
{
	struct imp_cbor_fault fault;
	struct imp_cbor c;

	if (imp_cbor_open(&c, all, IMP_CBOR_STRICT, &fault))
		return imp_cbor_refuse(&fault, a->in, err);
	return show_item(stdout, a->report.json, all, names, err);
}

/* What was shown may count for somebody: not if everybody can sign so. */
static int warn(const struct args *a, struct imp_span all, struct imp_error *err)
{
	CLEANUP(imp_crypto_free) struct imp_crypto *crypto = NULL;
	struct named_keys keys = { 0 };
	int rc = imp_crypto_new(&crypto, err);

	keys.crypto = crypto;
	for (size_t at = 0, len = 1; !rc && len > 0 && at < all.len; at += len) {
		const struct imp_span rest = { all.ptr + at, all.len - at };

		len = imp_cbor_item_len(rest, IMP_CBOR_ANY, NULL);
		named_keys_look(&keys, (struct imp_span){ rest.ptr, len });
	}
	if (!rc)
		named_keys_warn(&keys, a->in);
	return rc;
}

static int run(const struct cli *cli, int argc, char **argv, struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret all = { 0 };
	CLEANUP(names_close) struct names names = { 0 };
	struct args a = { 0 };
	int rc;

	(void)cli;
	cli_parse(&cmd_inspect, argc, argv, &a);
	rc = imp_file_read(a.in, FILE_MAX, &all, err);
	if (rc)
		return rc;
	rc = names_open(&names, a.objects, err);
	if (rc)
		return rc;
	rc = a.strict ? show_strict(&a, imp_secret_span(&all), NULL, err)
		      : show_sequence(&a, imp_secret_span(&all), &names.table, err);
	return rc ? rc : warn(&a, imp_secret_span(&all), err);
}

const struct cli_cmd cmd_inspect = {
	.name = "inspect",
	.brief = "show objects and CBOR as a tree",
	.argp = &argp,
	.run = run,
	.basic = true,
};
