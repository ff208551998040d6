/* SPDX-License-Identifier: Apache-2.0 */
/* imprint key: show a key, or write its public part. */
#include <string.h>

#include "args.h"
#include "base/file.h"
#include "commands.h"
#include "cose/key.h"
#include "encode.h"
#include "json.h"
#include "keyarg.h"

struct args {
	struct out_args out;
	struct report_args report;
	const char *path;
	bool public, cose;
	int pass_fd;
};

enum { OPT_PUBLIC = 0x100, OPT_COSE, OPT_PASS_FD };

static const struct argp_option options[] = {
	{ "public", OPT_PUBLIC, NULL, 0, "Write the public key in PEM", 0 },
	{ "cose", OPT_COSE, NULL, 0, "Write the public key as a COSE_Key", 0 },
	{ "pass-fd", OPT_PASS_FD, "FD", 0,
	  "Read the passphrase of an encrypted key from the descriptor FD, one line", 0 },
	{ 0 },
};

static const struct argp_child children[] = { { &out_argp, 0, NULL, 0 },
					      { &report_argp, 0, NULL, 0 },
					      { 0 } };

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		a->pass_fd = -1;
		state->child_inputs[0] = &a->out;
		state->child_inputs[1] = &a->report;
		return 0;
	case OPT_PUBLIC:
		a->public = true;
		return 0;
	case OPT_COSE:
		a->cose = true;
		return 0;
	case OPT_PASS_FD:
		a->pass_fd = (int)cli_number(state, "--pass-fd", arg, 0, 1023);
		return 0;
	case ARGP_KEY_ARG:
		if (a->path)
			return ARGP_ERR_UNKNOWN;
		a->path = arg;
		return 0;
	case ARGP_KEY_END:
		if (!a->path)
			argp_error(state, "missing KEY");
		if (a->public && a->cose)
			argp_error(state, "--public and --cose: one of them");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "KEY",
	.doc = "Show the key in the file KEY (PEM, a COSE_Key, or 32 bytes), never its secret part; "
	       "refuse one that must not be used.",
	.children = children,
};

static int save(const struct args *a, struct imp_span bytes, unsigned flags,
		struct imp_error *err)
{
	CLEANUP(imp_out_abort) struct imp_out out = { 0 };
	int rc = imp_out_open(&out, a->out.path,
			      flags | (a->out.force ? IMP_OUT_FORCE : 0), err);

	if (!rc)
		rc = imp_out_write(&out, bytes, err);
	return rc ? rc : imp_out_commit(&out, err);
}

static int write_public(struct imp_crypto *c, const struct args *a,
			const struct any_key *k, struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret pem = { 0 };
	const struct imp_key key = { .pub = k->pub, .class = k->class };
	int rc = imp_key_pem_public(c, &key, &pem, err);

	return rc ? rc : save(a, imp_secret_span(&pem), 0, err);
}

static const char *type_of(const struct any_key *k)
{
	return k->pub.crv == IMP_CRV_P256      ? "P-256 (ES256, or sealing)"
	       : k->pub.crv == IMP_CRV_ED25519 ? "Ed25519 (EdDSA)"
	       : k->pub.crv == IMP_CRV_X25519  ? "X25519 (sealing)"
					       : "32 bytes (seed or symmetric key)";
}

static void print_hex(const char *name, struct imp_span s)
{
	printf("%-9s", name);
	encode_hex(stdout, s);
	putchar('\n');
}

static void show_json(const struct any_key *k, const char *class, struct imp_span cose)
{
	struct imp_span kid = IMP_SPAN(k->kid);
	struct json j = { .f = stdout, .first = true };

	json_open(&j, NULL, '{');
	json_str(&j, "file", k->path);
	json_str(&j, "type", k->pub.crv ? imp_curve_name(k->pub.crv) : "symmetric");
	json_str(&j, "class", class);
	json_bool(&j, "private", k->has_private || k->symmetric.len > 0);
	json_bool(&j, "hardware", imp_key_in_hardware(k->path) || k->key.held);
	json_hex(&j, "kid", k->pub.crv ? kid : (struct imp_span){ 0 });
	json_hex(&j, "cose_key", cose);
	json_close(&j, '}');
	putchar('\n');
}

static void show_text(const struct any_key *k, const char *class, struct imp_span cose)
{
	printf("type     %s\n", type_of(k));
	if (class)
		printf("class    %s\n", class);
	printf("holds    %s\n", k->key.held	       ? "a private key, in hardware"
				: k->has_private       ? "a private key"
				: k->symmetric.len > 0 ? "a secret"
						       : "a public key");
	if (k->pub.crv == 0)
		return;
	print_hex("kid", IMP_SPAN(k->kid));
	print_hex("COSE_Key", cose);
}

/* Of 32 bytes nobody can tell what they are for. */
static const char *class_of(const struct any_key *k)
{
	return k->pub.crv == 0		    ? NULL
	       : k->class == IMP_CLASS_TEST ? "test"
					    : "production";
}

static void show(const struct args *a, const struct any_key *k, struct imp_span cose)
{
	if (a->report.json)
		show_json(k, class_of(k), cose);
	else
		show_text(k, class_of(k), cose);
}

static int run(const struct cli *cli, int argc, char **argv, struct imp_error *err)
{
	CLEANUP(imp_crypto_free) struct imp_crypto *c = NULL;
	CLEANUP(any_key_fini) struct any_key k = { 0 };
	struct args a = { 0 };
	struct pass_source pass;
	uint8_t cose[IMP_COSE_KEY_MAX];
	struct imp_writer w = imp_writer(cose, sizeof(cose));
	int rc;

	(void)cli;
	cli_parse(&cmd_key, argc, argv, &a);
	pass = (struct pass_source){ .fd = a.pass_fd };
	rc = imp_crypto_new(&c, err);
	if (!rc)
		rc = any_key_read(c, a.path, &pass, &k, err);
	if (rc)
		return rc;
	if ((a.public || a.cose) && k.pub.crv == 0)
		return imp_fail(err, IMP_EKEY, "%s: has no public part", a.path);
	any_key_warn(&k);
	if (k.pub.crv != 0)
		imp_cose_key_put(&w, &k.pub);
	if (a.public)
		return write_public(c, &a, &k, err);
	if (a.cose)
		return save(&a, imp_written(&w), IMP_OUT_BINARY, err);
	show(&a, &k, imp_written(&w));
	return 0;
}

const struct cli_cmd cmd_key = {
	.name = "key",
	.brief = "show a key and its kid",
	.argp = &argp,
	.run = run,
	.basic = true,
};
