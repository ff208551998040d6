/* SPDX-License-Identifier: Apache-2.0 */
/* What devices have proven so far. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/grow.h"
#include "evidence/proven.h"
#include "object/signed.h"

/* The last evidence of each device that proved something since the file was opened. */
struct imp_proven_since {
	pthread_mutex_t lock;
	struct imp_seen seen; /* by the kid that signed: which item is its */
	struct imp_secret *last;
	size_t count, cap;
};

static int start_since(struct imp_proven_since **out, struct imp_error *err)
{
	struct imp_proven_since *s = calloc(1, sizeof(*s));
	int rc = s ? imp_seen_init(&s->seen, err)
		   : imp_fail(err, IMP_ERESOURCE, "out of memory");

	if (rc) {
		free(s);
		return rc;
	}
	pthread_mutex_init(&s->lock, NULL);
	*out = s;
	return 0;
}

static void end_since(struct imp_proven_since *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->count; i++)
		imp_secret_fini(&s->last[i]);
	free(s->last);
	imp_seen_fini(&s->seen);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

int imp_proven_key(void *ctx, struct imp_span item, struct imp_span *key,
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

	if (!rc)
		rc = start_since(&p->since, err);
	if (rc || !path || (access(path, F_OK) != 0 && errno == ENOENT))
		return rc;
	return imp_index_open(&p->index, path, IMP_BATCH_EVIDENCE, imp_proven_key, NULL,
			      err);
}

/* 1 found, 0 none, or negative. */
static int read_since(struct imp_proven_since *p, struct imp_span kid,
		      struct imp_secret *bytes, struct imp_error *err)
{
	const uint32_t *at;
	int rc = 0;

	pthread_mutex_lock(&p->lock);
	at = imp_seen_find(&p->seen, kid);
	if (at)
		rc = imp_secret_set(bytes, imp_secret_span(&p->last[*at]), err);
	pthread_mutex_unlock(&p->lock);
	return rc ? rc : at != NULL;
}

/* 1 found, 0 none, or negative. */
static int read_last(const struct imp_proven *p, struct imp_span kid,
		     struct imp_secret *bytes, struct imp_error *err)
{
	uint32_t where = imp_index_find(&p->index, kid);
	int rc = read_since(p->since, kid, bytes, err);

	if (!rc && p->ask)
		rc = p->ask(p->ctx, kid, bytes, err);
	if (rc || where == IMP_SEEN_NOWHERE)
		return rc;
	rc = imp_index_read(&p->index, where, bytes, err);
	return rc ? imp_wrap(err, rc, "%s: item %u", p->index.name, where + 1) : 1;
}

int imp_proven_last(const struct imp_proven *p, struct imp_crypto *crypto,
		    const struct imp_known *known, struct imp_secret *bytes,
		    struct imp_chains *chains, struct imp_evidence *token,
		    struct imp_error *err)
{
	struct imp_signed s;
	int rc;

	if (imp_chains_start(crypto, known, chains))
		return imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
	rc = read_last(p, IMP_SPAN(known->signing_kid), bytes, err);
	if (rc <= 0)
		return rc;
	rc = imp_signed_decode(imp_secret_span(bytes), &s, err);
	if (!rc && imp_signed_verify(crypto, &s, 0, &known->card.signing))
		rc = imp_fail(err, IMP_EVERIFY, "does not verify");
	if (!rc)
		rc = imp_evidence_decode(s.cose.payload, token, err);
	if (rc)
		return imp_wrap(err, rc, "the last evidence of this device");
	imp_chains_take(chains, token);
	return 1;
}

/* With the lock held. */
static int remember(struct imp_proven_since *p, struct imp_span kid,
		    struct imp_span signed_evidence, struct imp_error *err)
{
	uint32_t *at = imp_seen_find(&p->seen, kid), before;
	struct imp_secret *more;
	int rc;

	if (at)
		return imp_secret_set(&p->last[*at], signed_evidence, err);
	more = imp_grow(p->last, p->count, &p->cap, sizeof(*more), err);
	if (!more)
		return -IMP_ERESOURCE;
	p->last = more;
	more[p->count] = (struct imp_secret){ 0 };
	rc = imp_secret_set(&more[p->count], signed_evidence, err);
	if (!rc)
		rc = imp_seen_add(&p->seen, kid, (uint32_t)p->count, &before, err);
	if (rc)
		imp_secret_fini(&more[p->count]);
	p->count += !rc;
	return rc;
}

int imp_proven_note(struct imp_proven *p, struct imp_span kid,
		    struct imp_span signed_evidence, struct imp_error *err)
{
	int rc;

	pthread_mutex_lock(&p->since->lock);
	rc = remember(p->since, kid, signed_evidence, err);
	pthread_mutex_unlock(&p->since->lock);
	return rc;
}

int imp_proven_add(struct imp_proven *p, struct imp_span kid,
		   struct imp_span signed_evidence, struct imp_error *err)
{
	int rc = imp_proven_note(p, kid, signed_evidence, err);

	return rc ? rc : imp_append(&p->file, signed_evidence, err);
}

void imp_proven_close(struct imp_proven *p)
{
	imp_index_close(&p->index);
	imp_appender_fini(&p->file);
	end_since(p->since);
	p->since = NULL;
}
