/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence files. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "evidence_file.h"
#include "object/batch.h"
#include "object/signed.h"

void evidence_file_close(struct evidence_file *f)
{
	imp_secret_fini(&f->bytes);
	free(f->at);
	*f = (struct evidence_file){ 0 };
}

int evidence_file_add(struct evidence_file *f, struct imp_span item,
		      struct imp_error *err)
{
	if (f->count == f->cap) {
		size_t cap = f->cap ? 2 * f->cap : 64;
		size_t *more = reallocarray(f->at, cap, sizeof(*more));

		if (!more)
			return imp_fail(err, IMP_ERESOURCE, "out of memory");
		f->at = more;
		f->cap = cap;
	}
	f->at[f->count++] = f->bytes.len;
	return imp_secret_append(&f->bytes, item, err);
}

int evidence_file_open(struct evidence_file *f, const char *path, struct imp_error *err)
{
	CLEANUP(imp_batch_close) struct imp_batch b = { 0 };
	struct imp_span item;
	int rc;

	f->path = path;
	if (!path || (access(path, F_OK) != 0 && errno == ENOENT))
		return 0;
	rc = imp_batch_open(&b, path, IMP_BATCH_EVIDENCE, err);
	while (!rc && (rc = imp_batch_next(&b, &item, err)) > 0)
		rc = evidence_file_add(f, item, err);
	f->stored = f->count;
	return rc;
}

static struct imp_span item_at(const struct evidence_file *f, size_t i)
{
	size_t end = i + 1 < f->count ? f->at[i + 1] : f->bytes.len;

	return (struct imp_span){ f->bytes.ptr + f->at[i], end - f->at[i] };
}

int evidence_file_save(const struct evidence_file *f, struct imp_error *err)
{
	CLEANUP(imp_out_abort) struct imp_out out = { 0 };
	uint8_t head[64];
	struct imp_writer w = imp_writer(head, sizeof(head));
	int rc;

	if (!f->path || f->count == f->stored)
		return 0;
	imp_batch_head_put(&w, f->count, IMP_BATCH_EVIDENCE);
	rc = imp_out_open(&out, f->path, IMP_OUT_FORCE, err);
	if (!rc)
		rc = imp_out_write(&out, imp_written(&w), err);
	if (!rc)
		rc = imp_out_write(&out, imp_secret_span(&f->bytes), err);
	return rc ? rc : imp_out_commit(&out, err);
}

int evidence_file_last(const struct evidence_file *f, struct imp_crypto *crypto,
		       const struct imp_known *known, struct imp_chains *chains,
		       struct imp_evidence *token, struct imp_error *err)
{
	if (imp_chains_start(crypto, known, chains))
		return imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
	for (size_t i = f->count; i-- > 0;) {
		struct imp_evidence t;
		struct imp_signed s;

		if (imp_signed_decode(item_at(f, i), &s, err) ||
		    !imp_span_eq(s.issuer, IMP_SPAN(known->signing_kid)))
			continue;
		if (imp_signed_verify(crypto, &s, 0, &known->card.signing) ||
		    imp_evidence_decode(s.cose.payload, &t, err))
			return imp_fail(err, IMP_EVERIFY, "%s: item %zu does not verify",
					f->path, i + 1);
		imp_chains_take(chains, &t);
		if (token)
			*token = t;
		return 1;
	}
	return 0;
}
