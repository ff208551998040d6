/* SPDX-License-Identifier: Apache-2.0 */
/* imprint approve: one more signature, after somebody has seen what it is for. */
#include <inttypes.h>
#include <string.h>

#include "approve.h"
#include "ask.h"
#include "base/digits.h"
#include "base/escape.h"
#include "base/text.h"
#include "commands.h"
#include "issue/leaves.h"
#include "json.h"
#include "names.h"
#include "note.h"

struct approve {
	const struct approve_args *a;
	struct imp_crypto *crypto;
	struct imp_key key, owner;
	struct imp_signer signer;
	uint8_t kid[32];
	struct imp_approval approval;
	struct imp_quorum quorum;
	struct names names;
	struct verifier verifier; /* where there are cards */
	struct profiles profiles;
	struct changes changes; /* where it was asked for */
	uint8_t seen[32];	/* of all objects, in their order */
	uint64_t count;
	struct imp_approvals least; /* of the object that has the fewest */
	char by[24];
	struct imp_recount recount; /* where one signature stands for all of them */
	bool unverified;	    /* nobody said who gave the grants */
	bool for_hosts; /* it is a list of what is revoked: no device judges it */
};

static void approve_fini(struct approve *x)
{
	imp_recount_fini(&x->recount);
	profiles_fini(&x->profiles);
	changes_fini(&x->changes);
	verifier_close(&x->verifier);
	names_close(&x->names);
	imp_key_fini(&x->owner);
	imp_key_fini(&x->key);
	imp_crypto_free(&x->crypto);
}

static int open_keys(struct approve *x, struct imp_error *err)
{
	const struct approve_args *a = x->a;
	int rc = imp_crypto_new(&x->crypto, err);

	if (!rc)
		rc = signer_read(x->crypto, a->key.path, a->key.pass_fd, &x->key,
				 &x->signer, err);
	if (!rc && imp_cose_kid(x->crypto, &x->signer.pub, x->kid))
		rc = imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
	if (!rc && a->verifier.owner) {
		rc = trusted_read(x->crypto, a->verifier.owner, &x->owner, err);
		if (!rc)
			rc = key_check_class(
				&(struct key_user){ a->key.path, x->key.class },
				a->verifier.owner, &x->owner, err);
		x->quorum.owner = &x->owner.pub;
	}
	if (!rc && a->quorum.approval) {
		rc = approval_parse(x->crypto, a->quorum.approval,
				    &(struct key_user){ a->key.path, x->key.class },
				    &x->approval, err);
		x->quorum.approval = &x->approval;
	}
	return rc;
}

/* What devices hold now, so that it can be told what changes. */
static int open_changes(struct approve *x, struct imp_error *err)
{
	const struct approve_args *a = x->a;
	struct verifier *v = a->verifier.known.cards ? &x->verifier : NULL;
	int rc = v ? verifier_open(v, x->crypto, &a->verifier, &a->dev, err) : 0;

	x->changes.diff = (struct diff_report){ .catalog = &x->names.catalog,
						.crypto = x->crypto,
						.json = a->report.json,
						.name = { NULL, a->in } };
	return rc || (!a->against && a->dev.devices == 0)
		       ? rc
		       : changes_open(&x->changes, a->against, &a->dev, v, err);
}

static int take_profile(struct approve *x, const struct imp_signed *s,
			struct imp_span object, struct imp_error *err)
{
	struct imp_profile p;
	int rc = imp_profile_decode(s->payload, &p, err);

	if (!rc)
		rc = profiles_add(&x->profiles, &p, err);
	return rc || !x->changes.diff.f ? rc : changes_add(&x->changes, object, err);
}

static void show_json(const struct approve *x, const struct imp_signed *s,
		      const struct imp_approvals *now, const char *words)
{
	struct json j = { .f = stdout, .first = true };
	uint8_t id[32];

	json_open(&j, NULL, '{');
	json_str(&j, "command", "approve");
	json_uint(&j, "object", x->count);
	json_str(&j, "kind", imp_kind_name(s->kind));
	json_str(&j, "says", words);
	json_hex(&j, "id",
		 imp_signed_id(x->crypto, s, id) ? (struct imp_span){ 0 } : IMP_SPAN(id));
	json_hex(&j, "issuer", s->issuer);
	json_hex(&j, "approver", IMP_SPAN(x->kid));
	json_uint(&j, "approvals", now->there);
	if (now->known)
		json_uint(&j, "needed", now->asked);
	else
		json_str(&j, "needed", NULL);
	json_close(&j, '}');
	putchar('\n');
}

static int show_one(struct approve *x, const struct imp_signed *s,
		    const struct imp_approvals *now, struct imp_error *err)
{
	char words[APPROVE_WORDS];
	struct imp_profile p;
	char target[APPROVE_TARGET];
	int rc = 0;

	if (s->kind != IMP_KIND_PROFILE) {
		rc = approve_words(x->crypto, s, words, err);
	} else if (imp_profile_decode(s->payload, &p, NULL) == 0) {
		approve_target(&p.target, target);
		snprintf(words, sizeof(words),
			 "profile: %s, domain %" PRIu32 ", sequence %" PRIu64
			 ", owner-epoch %" PRIu32 ", domain-epoch %" PRIu32,
			 target, p.domain, p.sequence, p.epochs[0], p.epochs[1]);
	}
	if (rc)
		return rc;
	if (x->a->report.json)
		show_json(x, s, now, words);
	else if (s->kind != IMP_KIND_PROFILE)
		printf("%s\n", words);
	return 0;
}

/* One signature that stands for many is approved for all of them, or not at all: each is
 * shown, and their root made again. */
static int look(struct approve *x, struct imp_span object, struct imp_error *err)
{
	struct imp_approvals now;
	struct imp_signed s;
	int rc = imp_signed_decode(object, &s, err);

	if (!rc)
		rc = imp_recount_any(&x->recount, x->crypto, &s, err);
	if (!rc)
		rc = imp_approvals_look(x->crypto, &s, &x->quorum, &now, err);
	if (!rc)
		rc = imp_approvals_allow(x->crypto, &s, &x->quorum, &x->signer.pub, err);
	if (rc)
		return rc;
	if (x->count++ == 0 || now.there < x->least.there)
		x->least = now;
	if (x->count == 1)
		imp_short_hex(s.issuer, x->by);
	x->for_hosts |= s.kind == IMP_KIND_REVOCATION;
	x->unverified |= s.cose.uh.chain.len > 0 && !x->quorum.owner;
	rc = s.kind == IMP_KIND_PROFILE ? take_profile(x, &s, object, err) : 0;
	if (!rc)
		rc = show_one(x, &s, &now, err);
	return rc ? rc : approve_chain(x->crypto, object, x->seen, err);
}

/* Each object of the file in its turn. */
static int each(struct approve *x, struct imp_batch *b,
		int (*one)(struct approve *x, struct imp_span object,
			   struct imp_error *err),
		struct imp_error *err)
{
	struct imp_span object;
	int rc = 0;

	while (!rc && (rc = imp_batch_next(b, &object, err)) > 0) {
		rc = cli_check_cancel(err);
		if (!rc)
			rc = imp_wrap(err, one(x, object, err), "%s: object %" PRIu64,
				      b->name, b->index);
	}
	return rc;
}

static void show_standing(const struct approve *x)
{
	const struct imp_approvals *a = &x->least;
	char kid[24], label[4 * IMP_LABEL_MAX + 1];

	imp_short_hex(IMP_SPAN(x->kid), kid);
	if (imp_recount_is_batch(&x->recount)) {
		imp_escape(label, sizeof(label), x->recount.root.label);
		printf("all of them are one batch, by one signature%s%s\n",
		       label[0] ? ": " : "", label);
	}
	printf("signed by %s; ", x->by);
	if (a->known)
		printf("approved by %" PRIu32 " of the %" PRIu32 " that it needs, ",
		       a->there, a->asked);
	else
		printf("approved by %" PRIu32 ", how many it needs is not known, ",
		       a->there);
	printf("with %s by %" PRIu32 "\n", kid, a->there + 1);
}

static void show_all(struct approve *x)
{
	if (x->a->report.json)
		return;
	if (x->profiles.count > 0) {
		printf("%" PRIu64 " profile%s:\n", x->profiles.count,
		       imp_plural(x->profiles.count));
		profiles_show(&x->profiles, stdout);
		if (x->changes.diff.f)
			changes_show(&x->changes, stdout);
	}
	show_standing(x);
	if (x->unverified)
		say_note("%s: the owner's signature of a grant is not verified without "
			 "--owner PUB",
			 x->a->in);
	fflush(stdout);
}

static int ask(const struct approve *x, struct imp_error *err)
{
	int rc = x->a->yes ? 1
			   : ask_yes(x->count == 1 ? "Sign it" : "Sign all of them", err);

	if (rc == -IMP_EUSAGE)
		return imp_hint(err, rc,
				"--yes, where a script's user has looked at it before");
	return rc == 0	? imp_fail(err, IMP_EPOLICY, "not approved: nothing was written")
	       : rc > 0 ? 0
			: rc;
}

/* Nothing is kept unless what was signed is what was shown. */
static int write_out(struct approve *x, struct imp_error *err)
{
	CLEANUP(imp_batch_close) struct imp_batch b = { 0 };
	CLEANUP(imp_out_abort) struct imp_out out = { 0 };
	const struct out_args *a = &x->a->out;
	uint8_t seen[32] = { 0 };
	unsigned flags = IMP_OUT_BINARY | (a->force ? IMP_OUT_FORCE : 0) |
			 (x->profiles.count > 0 ? IMP_OUT_PRIVATE : 0);
	int rc = imp_batch_open_any(&b, x->a->in, err);

	if (!rc)
		rc = imp_out_open(&out, a->path, flags, err);
	if (!rc)
		rc = approve_sign(x->crypto, &x->signer, &b, &out, seen, err);
	if (!rc && memcmp(seen, x->seen, sizeof(seen)) != 0)
		rc = imp_fail(err, IMP_EFORMAT, "%s: changed after it was shown",
			      x->a->in);
	return rc ? rc : imp_out_commit(&out, err);
}

static int show_file(struct approve *x, struct imp_error *err)
{
	CLEANUP(imp_batch_close) struct imp_batch b = { 0 };
	int rc = imp_batch_open_any(&b, x->a->in, err);

	if (!rc && b.kind != IMP_BATCH_SIGNED && b.kind != IMP_BATCH_REVOCATIONS)
		rc = imp_hint(err,
			      imp_fail(err, IMP_EFORMAT,
				       "%s: holds %s, expected what is signed", b.name,
				       imp_batch_kind_name(b.kind)),
			      "sign, approve, then encrypt");
	if (!rc)
		rc = each(x, &b, look, err);
	if (!rc && imp_recount_is_batch(&x->recount))
		rc = imp_wrap(err, imp_recount_end(&x->recount, x->crypto, err), "%s",
			      b.name);
	if (!rc)
		show_all(x);
	return rc;
}

static void tell(const struct approve *x)
{
	const struct imp_approvals *a = &x->least;

	if (!a->known)
		say_note("%s: whether that is enough, %s; --approval tells this host",
			 x->a->out.path,
			 x->for_hosts ? "hosts know that have --revoked-approval"
				      : "the device knows");
	else if (a->there + 1 < a->asked)
		say_note("%s: %" PRIu32 " more must approve it", x->a->out.path,
			 a->asked - a->there - 1);
	else
		say_note("%s: all who must have approved it", x->a->out.path);
}

static int run(const struct cli *cli, int argc, char **argv, struct imp_error *err)
{
	CLEANUP(approve_fini) struct approve x = { 0 };
	struct approve_args a = { 0 };
	int rc;

	(void)cli;
	cli_parse(&cmd_approve, argc, argv, &a);
	x.a = &a;
	/* Before anybody is asked: for a PIN, or for a yes. */
	rc = imp_out_check(a.out.path, a.out.force ? IMP_OUT_FORCE : 0, err);
	if (!rc)
		rc = open_keys(&x, err);
	if (!rc)
		rc = names_open(&x.names, a.objects, err);
	x.profiles.crypto = x.crypto;
	x.profiles.catalog = &x.names.catalog;
	if (!rc)
		rc = open_changes(&x, err);
	if (!rc)
		rc = show_file(&x, err);
	if (!rc)
		rc = ask(&x, err);
	if (!rc)
		rc = write_out(&x, err);
	if (!rc)
		tell(&x);
	return rc;
}

const struct cli_cmd cmd_approve = {
	.name = "approve",
	.brief = "add a signature to what several must sign",
	.argp = &approve_argp,
	.run = run,
};
