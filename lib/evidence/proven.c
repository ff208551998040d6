/* SPDX-License-Identifier: Apache-2.0 */
/* What devices have proven so far. */
#include <errno.h>
#include <unistd.h>

#include "evidence/proven.h"
#include "object/signed.h"

static int key_of(void *ctx, struct imp_span item, struct imp_span *key,
		  struct imp_error *err)
{
	struct imp_signed s;
	int rc = imp_signed_decode(item, &s, err);

	(void)ctx;
	if (!rc && s.kind != IMP_KIND_EVIDENCE)
		rc = imp_fail(err, IMP_EFORMAT, "is a %s, expected evidence",
			      imp_kind_name(s.kind));
	*key = s.issuer;
	return rc;
}

int imp_proven_open(struct imp_proven *p, const char *path, struct imp_error *err)
{
	int rc = imp_appender_init(&p->file, path, IMP_BATCH_EVIDENCE, err);

	if (rc || !path || (access(path, F_OK) != 0 && errno == ENOENT))
		return rc;
	return imp_index_open(&p->index, path, IMP_BATCH_EVIDENCE, key_of, NULL, err);
}

int imp_proven_last(const struct imp_proven *p, struct imp_crypto *crypto,
		    const struct imp_known *known, struct imp_secret *bytes,
		    struct imp_chains *chains, struct imp_evidence *token,
		    struct imp_error *err)
{
	uint32_t where = imp_index_find(&p->index, IMP_SPAN(known->signing_kid));
	struct imp_signed s;
	int rc;

	if (imp_chains_start(crypto, known, chains))
		return imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
	if (where == IMP_SEEN_NOWHERE)
		return 0;
	rc = imp_index_read(&p->index, where, bytes, err);
	if (!rc)
		rc = imp_signed_decode(imp_secret_span(bytes), &s, err);
	if (!rc && imp_signed_verify(crypto, &s, 0, &known->card.signing))
		rc = imp_fail(err, IMP_EVERIFY, "does not verify");
	if (!rc)
		rc = imp_evidence_decode(s.cose.payload, token, err);
	if (rc)
		return imp_wrap(err, rc, "%s: item %u", p->index.name, where + 1);
	imp_chains_take(chains, token);
	return 1;
}

int imp_proven_add(struct imp_proven *p, struct imp_span signed_evidence,
		   struct imp_error *err)
{
	return imp_append(&p->file, signed_evidence, err);
}

void imp_proven_close(struct imp_proven *p)
{
	imp_index_close(&p->index);
	imp_appender_fini(&p->file);
}
