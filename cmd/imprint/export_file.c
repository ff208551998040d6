/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials at the back-end: opened, verified, and written in the form of a server. */
#include <stdlib.h>
#include <string.h>

#include "base/seen.h"
#include "base/text.h"
#include "base/wipe.h"
#include "cose/key.h"
#include "export.h"
#include "keyarg.h"
#include "note.h"
#include "object/batch.h"
#include "stream.h"

static const struct export_format *const formats[] = {
	&export_leshan, &export_leshan_bootstrap, &export_thingsboard, &export_aws,
	&export_azure,	&export_azure_dps,	  &export_csv,
};

const struct export_format *export_format_find(const char *name)
{
	for (size_t i = 0; i < COUNTOF(formats); i++)
		if (strcmp(formats[i]->name, name) == 0)
			return formats[i];
	return NULL;
}

/* Everything that is open while a file is read. */
struct job {
	const struct export_args *args;
	struct imp_batch batch;
	struct any_key backend;
	struct imp_credentials_reader reader;
	struct imp_secret plain;
	struct imp_out out;
	struct imp_seen endpoints;
	struct exported e;
	struct stream stream;
};

static void job_fini(struct job *j)
{
	imp_batch_close(&j->batch);
	any_key_fini(&j->backend);
	imp_secret_fini(&j->plain);
	stream_fini(&j->stream);
	imp_out_abort(&j->out);
	imp_seen_fini(&j->endpoints);
	imp_wipe(j, sizeof(*j));
}

static int read_backend(struct job *j, struct imp_crypto *crypto, struct imp_error *err)
{
	struct pass_source pass = { .fd = j->args->pass_fd };
	struct imp_open_key open;
	int rc = any_key_read(crypto, j->args->key, &pass, &j->backend, err);

	if (rc)
		return rc;
	open = any_key_open(&j->backend);
	if (!open.agree)
		return imp_fail(err, IMP_EKEY,
				"%s: is no private key that decrypts (P-256, X25519)",
				j->args->key);
	j->reader.crypto = crypto;
	j->reader.opener = (struct imp_opener){ open.ctx, open.agree };
	memcpy(j->reader.sealing_kid, open.kid, sizeof(open.kid));
	return 0;
}

static int read_signer(struct job *j, struct imp_crypto *crypto, struct imp_error *err)
{
	CLEANUP(imp_key_fini) struct imp_key key = { 0 };
	int rc = trusted_read(crypto, j->args->signer, &key, err);

	if (!rc && key.pub.crv == IMP_CRV_X25519)
		rc = imp_fail(err, IMP_EKEY, "%s: does not sign", j->args->signer);
	j->reader.signer = key.pub;
	if (!rc && imp_cose_kid(crypto, &key.pub, j->reader.signer_kid))
		rc = imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
	return rc;
}

static int open_out(struct job *j, struct imp_error *err)
{
	int rc = imp_out_open(&j->out, j->args->out.path,
			      IMP_OUT_PRIVATE | (j->args->out.force ? IMP_OUT_FORCE : 0),
			      err);

	if (!rc && !j->out.tmp)
		rc = imp_fail(err, IMP_EUSAGE,
			      "%s: secrets in clear go into a regular file",
			      j->args->out.path);
	if (!rc)
		rc = stream_begin(&j->stream, &j->out, err);
	j->e.f = j->stream.f;
	return rc;
}

/* A server keeps one account for an endpoint: a second one would replace the first. */
static int check_endpoint(struct job *j, struct imp_error *err)
{
	uint32_t before = 0;
	int rc = imp_seen_add(&j->endpoints, imp_span_str(j->e.accounts.endpoint),
			      (uint32_t)j->e.index, &before, err);

	if (!rc && before != IMP_SEEN_NOWHERE)
		rc = imp_fail(err, IMP_EFORMAT, "%s: endpoint %s stands already in %u",
			      j->e.accounts.device, j->e.accounts.endpoint, before);
	return rc;
}

/* No format has a place for it, and it must not get lost unnoticed. */
static int check_sms(struct exported *e, struct imp_error *err)
{
	return e->account->sms_secret.there
		       ? export_refuse(e, "sms-secret", err, "%s has no place for it",
				       e->args->format->server)
		       : 0;
}

static int take(struct job *j, const struct imp_credentials *c, struct imp_error *err)
{
	const struct account_pick *pick = &j->args->pick;
	enum export_scope scope = j->args->format->scope;
	struct exported *e = &j->e;
	int rc;

	e->c = c;
	if (scope == EXPORT_ANY) {
		accounts_name(c, &e->accounts);
		return 0;
	}
	rc = accounts_take(c, pick, &e->accounts, err);
	if (!rc)
		rc = check_endpoint(j, err);
	if (!rc && scope == EXPORT_ONE)
		rc = account_find(&e->accounts, pick, &e->account, err);
	if (!rc && scope == EXPORT_ONE)
		rc = check_sms(e, err);
	for (size_t i = 0; !rc && scope == EXPORT_ALL && i < e->accounts.count; i++) {
		e->account = &e->accounts.at[i];
		rc = check_sms(e, err);
	}
	return rc;
}

static int put(struct job *j, const struct imp_credentials *c, struct imp_error *err)
{
	const struct export_format *f = j->args->format;
	int rc = take(j, c, err);

	if (!rc && j->e.index > 1 && f->between)
		fputs(f->between, j->e.f);
	if (!rc)
		rc = f->each(&j->e, err);
	return rc ? rc : stream_check(&j->stream, err);
}

static int put_all(struct job *j, struct imp_error *err)
{
	const struct export_format *f = j->args->format;
	struct imp_credentials c;
	struct imp_span item;
	int rc = 0;

	if (f->head)
		fputs(f->head, j->e.f);
	while (!rc && (rc = imp_batch_next(&j->batch, &item, err)) > 0) {
		j->e.index = j->batch.index;
		rc = cli_check_cancel(err);
		if (!rc)
			rc = imp_credentials_open(&j->reader, item, &j->plain, &c, err);
		if (!rc)
			rc = put(j, &c, err);
		imp_wrap(err, rc, "%s: credentials %llu", j->batch.name,
			 (unsigned long long)j->batch.index);
	}
	if (!rc && j->e.index == 0)
		rc = imp_fail(err, IMP_EFORMAT, "%s: holds no credentials",
			      j->batch.name);
	if (!rc && f->tail)
		fputs(f->tail, j->e.f);
	return rc;
}

static int run(struct job *j, struct imp_crypto *crypto, struct imp_error *err)
{
	int rc = read_backend(j, crypto, err);

	if (!rc)
		rc = read_signer(j, crypto, err);
	if (!rc)
		rc = imp_batch_open(&j->batch, j->args->file, IMP_BATCH_CREDENTIALS, err);
	if (!rc)
		rc = imp_seen_init(&j->endpoints, err);
	if (!rc)
		rc = open_out(j, err);
	if (!rc)
		rc = put_all(j, err);
	if (!rc)
		rc = stream_end(&j->stream, err);
	return rc ? rc : imp_out_commit(&j->out, err);
}

int export_file(const struct export_args *a, struct imp_error *err)
{
	CLEANUP(imp_crypto_free) struct imp_crypto *crypto = NULL;
	struct job *j = calloc(1, sizeof(*j));
	int rc = j ? imp_crypto_new(&crypto, err)
		   : imp_fail(err, IMP_ERESOURCE, "out of memory");

	if (!rc) {
		j->args = a;
		j->e.args = a;
		j->e.crypto = crypto;
		rc = run(j, crypto, err);
	}
	if (!rc)
		say_note("%s: %llu device%s, %s, mode 0600: it holds secrets in clear",
			 a->out.path, (unsigned long long)j->e.index,
			 imp_plural(j->e.index), a->format->name);
	if (j)
		job_fini(j);
	free(j);
	return rc;
}
