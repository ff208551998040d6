/* SPDX-License-Identifier: Apache-2.0 */
/* imprint keygen: make a key. */
#include <string.h>

#include "args.h"
#include "base/file.h"
#include "commands.h"
#include "compile.h"
#include "cose/key.h"
#include "encode.h"
#include "json.h"
#include "pass.h"

struct args {
	struct out_args out;
	struct report_args report;
	const struct type *type;
	enum imp_key_class class;
	bool has_class, encrypt;
	int pass_fd;
	const char *public;
};

static const struct type {
	const char *name;
	int32_t crv; /* 0: a seed */
	bool signs;
	const char *says;
} types[] = {
	{ "es256", IMP_CRV_P256, true, "signing, ES256" },
	{ "eddsa", IMP_CRV_ED25519, true, "signing, EdDSA" },
	{ "seal-p256", IMP_CRV_P256, false, "sealing, P-256" },
	{ "seal-x25519", IMP_CRV_X25519, false, "sealing, X25519" },
	{ "seed", 0, false, "seed of generated secrets" },
};

enum { OPT_TYPE = 0x100, OPT_CLASS, OPT_ENCRYPT, OPT_PASS_FD, OPT_PUBLIC };

static const struct argp_option options[] = {
	{ "type", OPT_TYPE, "es256|eddsa|seal-p256|seal-x25519|seed", 0,
	  "What the key is for (default es256)", 0 },
	{ "class", OPT_CLASS, "test|production", 0,
	  "Mark it as a test key, or not (default production)", 0 },
	{ "encrypt", OPT_ENCRYPT, NULL, 0, "Encrypt the file with a passphrase", 0 },
	{ "pass-fd", OPT_PASS_FD, "FD", 0,
	  "Read the passphrase from the descriptor FD, one line; implies --encrypt. Of a token: its PIN",
	  0 },
	{ "public", OPT_PUBLIC, "FILE", 0, "Write the public key to FILE, too", 0 },
	{ 0 },
};

static const struct argp_child children[] = { { &file_argp, 0, NULL, 0 },
					      { &report_argp, 0, NULL, 0 },
					      { 0 } };

static void set_type(struct argp_state *state, struct args *a, const char *arg)
{
	for (size_t i = 0; i < COUNTOF(types); i++)
		if (strcmp(arg, types[i].name) == 0) {
			a->type = &types[i];
			return;
		}
	argp_error(state,
		   "--type: '%s' is none of es256, eddsa, seal-p256, seal-x25519, seed",
		   arg);
}

static void check_token(struct argp_state *state, const struct args *a)
{
	if (strncmp(a->out.path, "pkcs11:", 7) != 0)
		argp_error(state,
			   "-o %s: keys are made in files and in tokens; "
			   "imprint-keys(7) tells how one gets into a TPM",
			   a->out.path);
	if (a->encrypt && a->pass_fd < 0)
		argp_error(state,
			   "--encrypt: is for files; a token keeps its keys itself");
	if (a->out.force)
		argp_error(state, "--force: keys in hardware are not replaced");
	if (!a->type->signs)
		argp_error(state, "--type %s: is made in a file only", a->type->name);
}

static void check(struct argp_state *state, const struct args *a)
{
	if (!a->out.path)
		argp_error(state, "missing -o FILE");
	if (imp_key_in_hardware(a->out.path))
		check_token(state, a);
	if (a->type->crv == 0 && (a->encrypt || a->public || a->has_class))
		argp_error(state,
			   "a seed is 32 bytes: no public part, no class, not encrypted");
	if (a->public && strcmp(a->public, a->out.path) == 0)
		argp_error(state, "-o and --public: two files, not one");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		a->type = &types[0];
		a->pass_fd = -1;
		state->child_inputs[0] = &a->out;
		state->child_inputs[1] = &a->report;
		return 0;
	case OPT_TYPE:
		set_type(state, a, arg);
		return 0;
	case OPT_CLASS:
		if (strcmp(arg, "test") != 0 && strcmp(arg, "production") != 0)
			argp_error(state, "--class: '%s' is neither test nor production",
				   arg);
		a->has_class = true;
		a->class = arg[0] == 't' ? IMP_CLASS_TEST : IMP_CLASS_PRODUCTION;
		return 0;
	case OPT_PASS_FD:
		a->pass_fd = (int)cli_number(state, "--pass-fd", arg, 0, 1023);
		a->encrypt = true;
		return 0;
	case OPT_ENCRYPT:
		a->encrypt = true;
		return 0;
	case OPT_PUBLIC:
		a->public = arg;
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
	.doc = "Make a key, in a file that only you can read, or in a token that never gives it away.",
	.children = children,
};

static int begin(struct imp_out *out, const char *path, struct imp_span bytes,
		 unsigned flags, struct imp_error *err)
{
	int rc = imp_out_open(out, path, flags, err);

	return rc ? rc : imp_out_write(out, bytes, err);
}

static int make_seed(struct imp_crypto *c, const struct args *a, struct imp_error *err)
{
	CLEANUP(imp_out_abort) struct imp_out out = { 0 };
	CLEANUP(imp_secret_fini) struct imp_secret seed = { 0 };
	unsigned flags =
		IMP_OUT_PRIVATE | IMP_OUT_BINARY | (a->out.force ? IMP_OUT_FORCE : 0);
	int rc = draw_seed(c, &seed, err);

	if (!rc)
		rc = begin(&out, a->out.path, imp_secret_span(&seed), flags, err);
	return rc ? rc : imp_out_commit(&out, err);
}

/* Both files or none: each is whole before one of them gets its name. */
static int save(const struct args *a, struct imp_span private, struct imp_span public,
		struct imp_error *err)
{
	CLEANUP(imp_out_abort) struct imp_out first = { 0 };
	CLEANUP(imp_out_abort) struct imp_out second = { 0 };
	unsigned force = a->out.force ? IMP_OUT_FORCE : 0;
	int rc = begin(&first, a->out.path, private, IMP_OUT_PRIVATE | force, err);

	if (!rc && a->public)
		rc = begin(&second, a->public, public, force, err);
	if (!rc && a->public)
		rc = imp_out_commit(&second, err);
	return rc ? rc : imp_out_commit(&first, err);
}

static int make_key(struct imp_crypto *c, const struct args *a, struct imp_key *key,
		    struct imp_error *err)
{
	CLEANUP(imp_secret_fini)
	struct imp_secret pass = { 0 }, pem = { 0 }, public = { 0 };
	struct pass_source source = { .fd = a->pass_fd };
	unsigned force = a->out.force ? IMP_OUT_FORCE : 0;
	int rc = imp_out_check(a->out.path, force, err);

	if (!rc && a->public)
		rc = imp_out_check(a->public, force, err);
	if (!rc)
		rc = imp_key_generate(c, a->type->crv, a->class, key, err);
	if (!rc && a->encrypt)
		rc = pass_new(&source, a->out.path, &pass, err);
	if (!rc)
		rc = imp_key_pem_private(c, key, imp_secret_span(&pass), &pem, err);
	if (!rc && a->public)
		rc = imp_key_pem_public(c, key, &public, err);
	return rc ? rc : save(a, imp_secret_span(&pem), imp_secret_span(&public), err);
}

static int save_public(struct imp_crypto *c, const struct args *a,
		       const struct imp_key *key, struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret pem = { 0 };
	CLEANUP(imp_out_abort) struct imp_out out = { 0 };
	int rc = imp_key_pem_public(c, key, &pem, err);

	if (!rc)
		rc = begin(&out, a->public, imp_secret_span(&pem), 0, err);
	if (!rc)
		rc = imp_out_commit(&out, err);
	return imp_hint(err, rc, "the key is in the token: imprint key --public '%s'",
			a->out.path);
}

static int make_in_token(struct imp_crypto *c, struct args *a, struct imp_key *key,
			 struct imp_error *err)
{
	struct pass_source source = { .fd = a->pass_fd };
	struct imp_pass pass = pass_from(&source);
	const struct imp_token_new new = { a->out.path, a->type->crv, a->has_class,
					   a->class };
	int rc = a->public ? imp_out_check(a->public, 0, err) : 0;

	if (!rc)
		rc = imp_key_make_in_token(c, &new, &pass, key, err);
	a->class = key->class;
	a->encrypt = false;
	return rc || !a->public ? rc : save_public(c, a, key, err);
}

/* NULL: a seed has none. */
static const char *class_of(const struct args *a)
{
	return a->type->crv == 0	    ? NULL
	       : a->class == IMP_CLASS_TEST ? "test"
					    : "production";
}

static void report(const struct args *a, const uint8_t kid[32])
{
	const char *class = class_of(a);
	struct json j = { .f = stdout, .first = true };

	if (a->report.json) {
		json_open(&j, NULL, '{');
		json_str(&j, "file", a->out.path);
		json_str(&j, "type", a->type->name);
		json_str(&j, "class", class);
		json_bool(&j, "encrypted", a->encrypt);
		json_str(&j, "public_file", a->public);
		json_hex(&j, "kid", (struct imp_span){ kid, kid ? 32 : 0 });
		json_close(&j, '}');
		putchar('\n');
		return;
	}
	printf("%s: %s%s%s%s\n", a->out.path, a->type->says, class ? ", " : "",
	       class ? class : "", a->encrypt ? ", encrypted" : "");
	if (!kid)
		return;
	printf("kid ");
	encode_hex(stdout, (struct imp_span){ kid, 32 });
	putchar('\n');
}

static int run(const struct cli *cli, int argc, char **argv, struct imp_error *err)
{
	CLEANUP(imp_crypto_free) struct imp_crypto *c = NULL;
	CLEANUP(imp_key_fini) struct imp_key key = { 0 };
	struct args a = { 0 };
	uint8_t kid[32];
	int rc;

	(void)cli;
	cli_parse(&cmd_keygen, argc, argv, &a);
	rc = imp_crypto_new(&c, err);
	if (!rc)
		rc = a.type->crv == 0		       ? make_seed(c, &a, err)
		     : imp_key_in_hardware(a.out.path) ? make_in_token(c, &a, &key, err)
						       : make_key(c, &a, &key, err);
	if (!rc && a.type->crv != 0 && imp_cose_kid(c, &key.pub, kid))
		rc = imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
	if (!rc)
		report(&a, a.type->crv == 0 ? NULL : kid);
	return rc;
}

const struct cli_cmd cmd_keygen = {
	.name = "keygen",
	.brief = "make a key or a seed",
	.argp = &argp,
	.run = run,
	.basic = true,
};
