/* SPDX-License-Identifier: Apache-2.0 */
/* imprint grant: let somebody else write a domain of devices, within a scope. */
#include "args.h"
#include "base/file.h"
#include "commands.h"
#include "cose/key.h"
#include "crypto/alg.h"
#include "grantarg.h"
#include "issue/issuer.h"
#include "keyarg.h"
#include "ledger/journal.h"
#include "note.h"
#include "object/signed.h"
#include "scope.h"

enum { PAYLOAD_MAX = 16 * 1024, OBJECT_MAX = IMP_LEDGER_OBJECT };

struct args {
	struct key_args key;
	struct out_args out;
	struct grant_args parent;
	struct scope_args scope;
	struct form_args form;
	struct ledger_args ledger;
	const char *holder;
};

enum { OPT_HOLDER = 0x100 };

static const struct argp_option options[] = {
	{ "holder", OPT_HOLDER, "PUB", 0, "Whose signature counts: the public key PUB",
	  0 },
	{ 0 },
};

static const struct argp_child children[] = { { &key_argp, 0, NULL, 0 },
					      { &out_argp, 0, NULL, 0 },
					      { &grant_argp, 0, NULL, 0 },
					      { &scope_argp, 0, NULL, 0 },
					      { &form_argp, 0, NULL, 0 },
					      { &ledger_argp, 0, NULL, 0 },
					      { 0 } };

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->key;
		state->child_inputs[1] = &a->out;
		state->child_inputs[2] = &a->parent;
		state->child_inputs[3] = &a->scope;
		state->child_inputs[4] = &a->form;
		state->child_inputs[5] = &a->ledger;
		return 0;
	case OPT_HOLDER:
		a->holder = arg;
		return 0;
	case ARGP_KEY_END:
		if (!a->holder)
			argp_error(state, "missing --holder PUB");
		if (!a->parent.grant && a->scope.domain == 0)
			argp_error(state, "missing --domain N");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.doc = "Let the holder of the key PUB write one domain of devices, as far as the options say. The owner signs "
	       "(-k), or with --grant somebody who holds a grant gives a part of it on.",
	.children = children,
};

struct maker {
	const struct args *a;
	struct key_user by; /* who signs */
	struct imp_crypto *crypto;
	struct imp_key key;
	struct imp_signer signer;
	struct imp_grants parent;
	struct imp_revoked revoked;
	struct scope scope;
	struct imp_grant grant;
	bool many;
};

static void maker_fini(struct maker *m)
{
	imp_grants_fini(&m->parent);
	imp_revoked_fini(&m->revoked);
	imp_key_fini(&m->key);
	imp_crypto_free(&m->crypto);
}

static int check_revoked(const struct maker *m, struct imp_error *err)
{
	uint8_t kid[32];

	if (imp_cose_kid(m->crypto, &m->grant.holder, kid))
		return imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
	return imp_wrap(err,
			imp_revoked_check(&m->revoked, IMP_REVOKED_KEY, "the key",
					  IMP_SPAN(kid), err),
			"%s", m->a->holder);
}

static int read_holder(struct maker *m, struct imp_error *err)
{
	CLEANUP(imp_key_fini) struct imp_key holder = { 0 };
	int rc = trusted_read(m->crypto, m->a->holder, &holder, err);

	if (!rc && imp_alg_for(holder.pub.crv) == 0)
		rc = imp_fail(err, IMP_EKEY, "%s: is no key that signs", m->a->holder);
	if (!rc && imp_pub_eq(&holder.pub, &m->signer.pub))
		rc = imp_fail(err, IMP_EPOLICY,
			      "%s: is the key that signs the grant; expected another's",
			      m->a->holder);
	if (!rc)
		rc = key_check_class(&m->by, m->a->holder, &holder, err);
	m->grant.holder = holder.pub;
	return rc ? rc : check_revoked(m, err);
}

/* What is not said is as the grant above has it. */
static int gather(struct maker *m, struct imp_error *err)
{
	const struct imp_grants *parent = grants_given(&m->parent);
	int rc = read_holder(m, err);

	if (!rc)
		rc = scope_make(&m->scope, m->crypto, &m->a->scope, &m->by,
				parent ? &parent->link[0].grant : NULL, &m->grant, err);
	if (!rc)
		rc = approval_check_own(&m->grant.approval, &m->grant.holder, "holder",
					err);
	if (!rc && parent)
		rc = imp_grants_allow_grant(parent, &m->grant, err);
	return rc;
}

static int sign(struct maker *m, struct imp_writer *w, struct imp_error *err)
{
	uint8_t payload[PAYLOAD_MAX];
	struct imp_writer p = imp_writer(payload, sizeof(payload));
	struct imp_grant again;
	int rc;

	imp_grant_encode(&m->grant, &p);
	if (!p.ok)
		return imp_fail(err, IMP_EUSAGE, "the grant is larger than %d bytes",
				PAYLOAD_MAX);
	rc = imp_grant_decode(imp_written(&p), &again, err);
	return rc ? rc
		  : imp_issuer_sign(m->crypto, &m->signer, m->many, IMP_KIND_GRANT,
				    imp_secret_span(&m->parent.un), imp_written(&p), w,
				    err);
}

/* Before anybody has it: an auditor knows then who may write what. */
static int record(const struct maker *m, struct imp_span object, struct imp_error *err)
{
	CLEANUP(imp_ledger_close) struct imp_ledger *l = NULL;
	struct imp_signed s;
	uint8_t id[32];
	int rc;

	if (!ledger_is_named(&m->a->ledger))
		return 0;
	rc = imp_signed_decode(object, &s, err);
	if (!rc && imp_signed_id(m->crypto, &s, id))
		rc = imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
	if (!rc)
		rc = ledger_open(&m->a->ledger, NULL, &l, err);
	return rc ? rc : imp_ledger_grant(l, id, object, err);
}

static int write_out(const struct maker *m, struct imp_span object, struct imp_error *err)
{
	CLEANUP(imp_out_abort) struct imp_out out = { 0 };
	const struct out_args *a = &m->a->out;
	int rc = imp_out_open(&out, a->path,
			      IMP_OUT_BINARY | (a->force ? IMP_OUT_FORCE : 0), err);

	if (!rc)
		rc = imp_out_write(&out, object, err);
	return rc ? rc : imp_out_commit(&out, err);
}

static void say_granted(const struct maker *m, const char *says)
{
	const struct imp_approval *a = &m->grant.approval;

	if (a->threshold > 0)
		say_note("grant of %s; what its holder signs needs %u of %u others", says,
			 a->threshold, a->count);
	else
		say_note("grant of %s", says);
	if (m->many)
		say_note("it counts when it is approved: imprint approve");
}

static int run(const struct cli *cli, int argc, char **argv, struct imp_error *err)
{
	CLEANUP(maker_fini) struct maker m = { 0 };
	uint8_t object[OBJECT_MAX];
	char says[IMP_GRANT_WORDS];
	struct imp_writer w = imp_writer(object, sizeof(object));
	struct args a = { 0 };
	int rc;

	(void)cli;
	cli_parse(&cmd_grant, argc, argv, &a);
	m.a = &a;
	rc = imp_crypto_new(&m.crypto, err);
	if (!rc)
		rc = signer_read(m.crypto, a.key.path, a.key.pass_fd, &m.key, &m.signer,
				 err);
	if (!rc)
		rc = grants_open(&m.parent, &m.revoked, m.crypto, &a.parent,
				 &(struct grant_use){ .path = a.key.path,
						      .key = &m.key,
						      .ledger = &a.ledger },
				 err);
	m.by = (struct key_user){ a.key.path, m.key.class };
	if (!rc)
		rc = grants_form(&m.parent, &a.form, &m.many, err);
	if (!rc)
		rc = gather(&m, err);
	if (!rc)
		rc = imp_grant_says(&m.grant, says, err);
	if (!rc)
		rc = sign(&m, &w, err);
	if (!rc)
		rc = record(&m, imp_written(&w), err);
	if (!rc)
		rc = write_out(&m, imp_written(&w), err);
	if (!rc)
		say_granted(&m, says);
	return rc;
}

const struct cli_cmd cmd_grant = {
	.name = "grant",
	.brief = "let somebody else write a domain of devices",
	.argp = &argp,
	.run = run,
};
