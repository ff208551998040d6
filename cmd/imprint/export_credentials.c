/* SPDX-License-Identifier: Apache-2.0 */
/* Making credentials: a sink of the compiler that keeps what a back-end needs, signs it
 * and encrypts it. */
#include <inttypes.h>

#include "base/text.h"
#include "evidence/known.h"
#include "export.h"
#include "keyarg.h"
#include "note.h"

struct maker {
	const struct export_args *args;
	struct imp_crypto *crypto;
	struct imp_signer signer;
	struct imp_pub to;
	struct imp_pool *pool;
	struct bundle out;
	struct compile_report report;
	struct imp_secret picked, payload;
};

static bool is_secret(void *ctx, uint16_t object, uint16_t resource)
{
	const struct imp_object *o = imp_catalog_by_id(ctx, object);
	const struct imp_resource *r = o ? imp_object_by_id(o, resource) : NULL;

	return r && r->secret;
}

/* Any thread. */
static int make(void *ctx, struct imp_crypto *crypto, const struct imp_pool_item *item,
		struct imp_writer *out, struct imp_error *err)
{
	const struct maker *m = ctx;
	int rc = imp_credentials_seal(crypto, &m->signer, &m->to, item->in, out);

	if (rc && m->signer.why(m->signer.ctx, NULL))
		return imp_sign_failed(&m->signer, err);
	return rc ? imp_fail(err, (enum imp_code) - rc,
			     rc == -IMP_ERESOURCE
				     ? "out of memory"
				     : "signing or encrypting credentials failed")
		  : 0;
}

static int take(void *ctx, uint64_t where, int rc, struct imp_span out,
		struct imp_error *err)
{
	struct maker *m = ctx;

	if (rc)
		return compile_failed(&m->report, where, rc, err);
	return compile_is_lost(&m->report) ? 0 : bundle_put(&m->out, out, err);
}

static int begin(void *ctx, uint64_t count, bool lone, struct imp_error *err)
{
	struct maker *m = ctx;
	const struct imp_pool_work work = { make, take, m };
	int rc = bundle_begin(&m->out, count, lone, err);

	return rc ? rc
		  : imp_pool_open(&m->pool, lone ? 1 : m->args->jobs.jobs, m->crypto,
				  &work, err);
}

static int pick(struct maker *m, const struct imp_profile_source *source,
		const struct imp_profile *p, struct imp_span *secrets,
		struct imp_error *err)
{
	const struct imp_secrecy secrecy = { (void *)&source->catalog, is_secret };
	struct imp_writer w = imp_writer(m->picked.ptr, m->picked.cap);
	size_t n = imp_credentials_pick(p->settings, &secrecy, &w);
	char name[80];

	*secrets = imp_written(&w);
	if (n > 0)
		return 0;
	imp_device_name(p->target.ueid, name);
	return imp_fail(err, IMP_EPOLICY, "%s: its profile has no secret for a server",
			name);
}

/* The credentials of one profile, in m->payload. */
static int prepare(struct maker *m, const struct compiled *one, struct imp_span *out,
		   struct imp_error *err)
{
	struct imp_writer w = imp_writer(m->payload.ptr, m->payload.cap);
	uint8_t hash[IMP_SHA256_LEN];
	struct imp_credentials c;
	struct imp_profile p;
	int rc = imp_profile_decode(one->payload, &p, err);

	if (!rc)
		rc = pick(m, one->source, &p, &c.secrets, err);
	if (rc)
		return rc;
	if (imp_sha256(m->crypto, &one->payload, 1, hash))
		return imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
	c.domain = p.domain;
	c.sequence = p.sequence;
	c.profile = IMP_SPAN(hash);
	c.endpoint = one->source->endpoint;
	c.ueid = p.target.ueid;
	imp_credentials_encode(&c, &w);
	*out = imp_written(&w);
	return w.ok ? 0 : imp_fail(err, IMP_ERESOURCE, "credentials of more than 64 KiB");
}

static int each(void *ctx, const struct compiled *one, struct imp_error *err)
{
	struct maker *m = ctx;
	struct imp_pool_item item = { .where = one->line };
	int rc = prepare(m, one, &item.in, err);

	return rc ? compile_failed(&m->report, one->line, rc, err)
		  : imp_pool_put(m->pool, &item, err);
}

static int end(void *ctx, struct imp_error *err)
{
	struct maker *m = ctx;

	return imp_pool_finish(m->pool, err);
}

/* Whose secrets are real must not be readable with a key that everybody may have. */
static int read_backend(struct maker *m, enum imp_key_class class, struct imp_error *err)
{
	CLEANUP(imp_key_fini) struct imp_key key = { 0 };
	int rc = trusted_read(m->crypto, m->args->to, &key, err);

	if (!rc && key.pub.crv == IMP_CRV_ED25519)
		rc = imp_hint(err,
			      imp_fail(err, IMP_EKEY,
				       "%s: only signs, expected a key to encrypt to",
				       m->args->to),
			      "imprint keygen --type seal-p256 or seal-x25519");
	if (!rc)
		rc = key_check_class(&(struct key_user){ m->args->key, class },
				     m->args->to, &key, err);
	m->to = key.pub;
	return rc;
}

static int run(struct maker *m, struct imp_key *key, struct imp_error *err)
{
	const struct export_args *a = m->args;
	const struct compile_sink sink = { begin, each, end, m, &m->report };
	int rc = imp_secret_reserve(&m->picked, IMP_CBOR_MAX, err);

	if (!rc)
		rc = imp_secret_reserve(&m->payload, IMP_CBOR_MAX, err);
	if (!rc)
		rc = signer_read(m->crypto, a->key, a->pass_fd, key, &m->signer, err);
	if (!rc)
		rc = read_backend(m, key->class, err);
	return rc ? rc : compile(m->crypto, &a->compile, &sink, err);
}

int export_credentials(const struct export_args *a, struct imp_error *err)
{
	CLEANUP(imp_crypto_free) struct imp_crypto *crypto = NULL;
	CLEANUP(imp_key_fini) struct imp_key key = { 0 };
	const struct bundle_args out = { .out = a->out };
	struct maker m = { .args = a,
			   .out = { .args = &out,
				    .verb = "export",
				    .kind = IMP_BATCH_CREDENTIALS,
				    .flags = IMP_OUT_PRIVATE,
				    .unsure = a->compile.keep_going } };
	int rc = imp_crypto_new(&crypto, err);

	m.crypto = crypto;
	if (!rc)
		rc = run(&m, &key, err);
	rc = bundle_finish(&m.out, rc, err);
	if ((!rc || rc == -IMP_EFINDINGS) && bundle_name(&m.out))
		say_note("%s: credentials of %" PRIu64 " device%s", bundle_name(&m.out),
			 m.out.count, imp_plural(m.out.count));
	imp_pool_close(&m.pool);
	bundle_abort(&m.out);
	imp_secret_fini(&m.picked);
	imp_secret_fini(&m.payload);
	return rc;
}
