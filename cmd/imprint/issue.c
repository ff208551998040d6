/* SPDX-License-Identifier: Apache-2.0 */
/* Issuing: signing profiles and sealing packages, one at a time. */
#include "issue.h"
#include "object/profile.h"
#include "object/seal.h"
#include "object/signed.h"

enum { OPT_CARDS = 0x300, OPT_FACTORY, OPT_ACCEPT_ASSERTED };

static const struct argp_option seal_options[] = {
	{ "cards", OPT_CARDS, "FILE", 0, "The devices' cards, as enroll wrote them", 0 },
	{ "factory", OPT_FACTORY, "PUB", 0,
	  "Trust device keys that the factory key PUB has endorsed; repeatable", 0 },
	{ "accept-asserted", OPT_ACCEPT_ASSERTED, NULL, 0,
	  "Encrypt also to keys that only the device itself vouches for", 0 },
	{ 0 },
};

static error_t seal_parse(int key, char *arg, struct argp_state *state)
{
	struct seal_args *a = state->input;

	switch (key) {
	case OPT_CARDS:
		a->cards = arg;
		return 0;
	case OPT_FACTORY:
		path_list_add(state, &a->factories, arg);
		return 0;
	case OPT_ACCEPT_ASSERTED:
		a->accept_asserted = true;
		return 0;
	case ARGP_KEY_END:
		if (!a->cards)
			argp_error(state, "missing --cards FILE");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp seal_argp = { .options = seal_options, .parser = seal_parse };

int pubs_read(struct imp_crypto *crypto, const struct path_list *l, struct imp_pub *out,
	      struct imp_error *err)
{
	for (size_t i = 0; i < l->count; i++) {
		CLEANUP(imp_key_fini) struct imp_key key = { 0 };
		int rc = imp_key_read_public(crypto, l->path[i], &key, err);

		if (rc)
			return rc;
		out[i] = key.pub;
	}
	return 0;
}

int sealer_open(struct sealer *s, struct imp_crypto *crypto, const struct seal_args *a,
		struct imp_error *err)
{
	struct imp_pub key[COUNTOF(a->factories.path)];
	const struct imp_factories factories = { .key = key,
						 .count = a->factories.count };
	int rc = pubs_read(crypto, &a->factories, key, err);

	s->crypto = crypto;
	s->accept_asserted = a->accept_asserted;
	s->asserted = 0;
	return rc ? rc : imp_known_read(crypto, a->cards, &factories, &s->known, err);
}

void sealer_close(struct sealer *s)
{
	imp_known_list_fini(&s->known);
}

int sign_profile(struct imp_crypto *crypto, const struct imp_signer *signer,
		 struct imp_span profile, struct imp_writer *w, struct imp_error *err)
{
	struct imp_profile p;
	int rc = imp_profile_decode(profile, &p, err);

	if (!rc && imp_signed_put_one(crypto, signer, IMP_KIND_PROFILE,
				      (struct imp_span){ 0 }, profile, w, NULL))
		rc = imp_fail(err, IMP_EKEY, "signing failed");
	return rc;
}

static int check_known(struct sealer *s, const struct imp_known *k,
		       const struct imp_profile *p, struct imp_error *err)
{
	char name[80];
	int rc;

	imp_device_name(p->target.ueid, name);
	if (!k) {
		rc = imp_fail(err, IMP_EPOLICY, "%s: no card", name);
		return imp_hint(err, rc, "imprint enroll reads it from the device");
	}
	if (k->assurance == IMP_ASSERTED && !s->accept_asserted) {
		rc = imp_fail(
			err, IMP_EPOLICY,
			"%s: its key is asserted by the device alone, and the profile may hold "
			"secrets",
			name);
		return imp_hint(err, rc,
				"--factory PUB names the key that endorsed it; "
				"--accept-asserted goes without");
	}
	if (p->target.sealing.len > 0 &&
	    !imp_span_eq(p->target.sealing, IMP_SPAN(k->sealing_kid)))
		return imp_fail(err, IMP_EPOLICY,
				"%s: the profile is for another sealing key", name);
	s->asserted += k->assurance == IMP_ASSERTED;
	return 0;
}

int seal_profile(struct sealer *s, struct imp_span object, struct imp_span *package,
		 struct imp_error *err)
{
	struct imp_writer w = imp_writer(s->buf, sizeof(s->buf));
	struct imp_package_claims claims;
	const struct imp_known *k;
	struct imp_signed signed_;
	struct imp_profile p;
	uint8_t id[32];
	int rc = imp_signed_decode(object, &signed_, err);

	if (!rc && signed_.kind != IMP_KIND_PROFILE)
		rc = imp_fail(err, IMP_EFORMAT, "is a %s, expected a profile",
			      imp_kind_name(signed_.kind));
	if (!rc)
		rc = imp_profile_decode(signed_.cose.payload, &p, err);
	if (rc)
		return rc;
	k = imp_known_find(&s->known, p.target.ueid);
	rc = check_known(s, k, &p, err);
	if (rc)
		return rc;
	if (imp_signed_id(s->crypto, &signed_, id))
		return imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
	claims = (struct imp_package_claims){ .ueid = p.target.ueid,
					      .profile_id = IMP_SPAN(id),
					      .issuer = signed_.issuer,
					      .domain = p.domain,
					      .epochs = { p.epochs[0], p.epochs[1] },
					      .sequence = p.sequence };
	rc = imp_package_seal(s->crypto, &k->card.sealing, &claims, object, &w);
	if (rc)
		return imp_fail(err, (enum imp_code) - rc, "sealing failed");
	if (w.len > k->card.largest)
		return imp_fail(err, IMP_EPOLICY,
				"package of %zu bytes, the device takes %u", w.len,
				k->card.largest);
	*package = imp_written(&w);
	return 0;
}

int put_head(struct imp_out *out, uint64_t count, enum imp_batch_kind kind,
	     struct imp_error *err)
{
	uint8_t buf[64];
	struct imp_writer w = imp_writer(buf, sizeof(buf));

	imp_batch_head_put(&w, count, kind);
	return imp_out_write(out, imp_written(&w), err);
}

void report_asserted(const struct sealer *s)
{
	if (s->asserted > 0)
		fprintf(stderr,
			"note: %llu packages to keys that only the devices vouch for\n",
			(unsigned long long)s->asserted);
}

static int filter_items(const struct filter *f, struct imp_batch *b, struct imp_out *o,
			struct imp_error *err)
{
	struct imp_span item, made;
	int rc = b->lone ? 0 : put_head(o, b->count, f->out, err);

	while (!rc && (rc = imp_batch_next(b, &item, err)) > 0) {
		rc = cli_check_cancel(err);
		if (!rc)
			rc = f->each(f->ctx, item, &made, err);
		if (rc)
			return imp_wrap(err, rc, "%s: %s %llu", b->name,
					imp_batch_kind_name(f->in),
					(unsigned long long)b->index);
		rc = imp_out_write(o, made, err);
	}
	return rc;
}

int run_filter(const struct filter *f, const char *in, const struct out_args *out,
	       struct imp_error *err)
{
	CLEANUP(imp_batch_close) struct imp_batch b = { 0 };
	CLEANUP(imp_out_abort) struct imp_out o = { 0 };
	int rc = imp_batch_open(&b, in, f->in, err);

	if (!rc)
		rc = imp_out_open(&o, out->path,
				  f->flags | IMP_OUT_BINARY |
					  (out->force ? IMP_OUT_FORCE : 0),
				  err);
	if (!rc)
		rc = filter_items(f, &b, &o, err);
	return rc ? rc : imp_out_commit(&o, err);
}
